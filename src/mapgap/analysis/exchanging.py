"""A folder exchanged with a new one: in one step where the system can, else entry by entry, which a next run can end.

Entry by entry, the new folder first gets a note with the name of the place; the old entries move into a folder in it,
which is renamed when all are there; then the new entries move to the place. Whoever finds that half done, after a run
that was killed, moves the old ones back if some are still at the place, and else the new ones on.
"""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mapgap.analysis.partial import NOTE, is_temporary, leftovers

OUT, ALL_OUT = ".mapgap-old", ".mapgap-all-old"
OWN = (NOTE, OUT, ALL_OUT)
HERE = "."
"""What the note says where the new folder stands in the place itself."""


def replace_folder(fresh: Path, place: Path, *, has_to_stay: bool) -> None:
    """Puts the content of `fresh` into `place`, and what was there into `fresh`. `place` is locked."""
    if not has_to_stay:
        with suppress(OSError):
            exchange(fresh, place)
            return
    exchange_entries(fresh, place)


def exchange(one: Path, other: Path) -> None:
    """Swaps two folders in one step, which only Linux' renameat2 can; OSError where it cannot."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    at_current_folder, exchange_both = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    if rename(at_current_folder, os.fsencode(one), at_current_folder, os.fsencode(other), exchange_both) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def exchange_entries(fresh: Path, place: Path) -> None:
    """Moves the entries of `place` into `fresh` and those of `fresh` into `place`; all go back if one cannot."""
    coming = [entry.name for entry in fresh.iterdir()]
    (fresh / NOTE).write_text(HERE if fresh.parent == place else place.name, encoding="utf-8", errors="surrogateescape")
    (fresh / OUT).mkdir()
    try:
        for entry in _entries(place):
            entry.rename(fresh / OUT / entry.name)
        (fresh / OUT).rename(fresh / ALL_OUT)
        for name in coming:
            (fresh / name).rename(place / name)
    except BaseException:  # a signal too
        _undo(fresh, place, coming)
        raise


def restore(place: Path) -> None:
    """Ends what a killed run left half exchanged at the place; does nothing where there is nothing, or no right to."""
    with suppress(OSError):
        for fresh in _half_exchanged(place):
            with locked(place):
                if (fresh / NOTE).exists():  # no other run was faster
                    _end(fresh, place)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lets one process at a time look at and exchange entries; the lock of one that died is free."""
    descriptor = _open_and_lock(folder)
    try:
        yield
    finally:
        os.close(descriptor)


def _entries(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if not is_temporary(entry.name) and entry.name not in OWN]


def _half_exchanged(place: Path) -> list[Path]:
    inside = leftovers(place) if place.is_dir() else []
    beside = leftovers(place.parent) if place.parent.is_dir() else []
    noted = [(fresh, HERE) for fresh in inside] + [(fresh, place.name) for fresh in beside]
    return [fresh for fresh, name in noted if _note_of(fresh) == name]


def _note_of(fresh: Path) -> str | None:
    try:
        return (fresh / NOTE).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def _end(fresh: Path, place: Path) -> None:
    if (fresh / ALL_OUT).is_dir():
        for entry in _entries(fresh):
            entry.rename(place / entry.name)
    elif (fresh / OUT).is_dir():
        _put_back(fresh / OUT, place)
    shutil.rmtree(fresh, ignore_errors=True)


def _undo(fresh: Path, place: Path, coming: list[str]) -> None:
    if (fresh / ALL_OUT).is_dir():
        for name in coming:
            with suppress(FileNotFoundError):  # has not come yet
                (place / name).rename(fresh / name)
        _put_back(fresh / ALL_OUT, place)
    else:
        _put_back(fresh / OUT, place)
    for mark in (fresh / OUT, fresh / ALL_OUT):
        with suppress(OSError):
            mark.rmdir()
    (fresh / NOTE).unlink(missing_ok=True)


def _put_back(out: Path, place: Path) -> None:
    for entry in out.iterdir():
        entry.rename(place / entry.name)


def _open_and_lock(folder: Path) -> int:
    """A descriptor of the folder, locked, that stands there: another may have come while the lock was waited for."""
    import fcntl  # not everywhere

    while True:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(descriptor), os.stat(folder)):
                return descriptor
        except BaseException:  # a signal too
            os.close(descriptor)
            raise
        os.close(descriptor)
