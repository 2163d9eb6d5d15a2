"""Names, locks and leftovers of what is written beside its place: a run removes what a killed one left behind.

Whoever writes holds a lock on what it writes, which ends with the process; what nobody holds is a leftover.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mapgap.unfinished import unfinished

NOTE = ".mapgap-place"
"""In a folder that is being exchanged entry by entry: the name of the place."""
PREFIX, SUFFIX = ".mapgap-", ".partial"


def temporary_name() -> str:
    """A name that no other run has."""
    return f"{PREFIX}{secrets.token_hex(8)}{SUFFIX}"


def is_temporary(name: str) -> bool:
    """Whether a run gave the name."""
    return name.startswith(PREFIX) and name.endswith(SUFFIX)


@contextmanager
def fresh_folder(place: Path) -> Iterator[Path]:
    """A new folder in `place` that is ours while this is open, and gone with all it holds behind it."""
    with suppress(OSError):
        remove_leftovers(place)
    while True:
        fresh = place / temporary_name()
        fresh.mkdir(parents=True)
        try:
            descriptor = os.open(fresh, os.O_RDONLY)
        except FileNotFoundError:  # another run took it for a leftover
            continue
        try:
            if _holds(descriptor, fresh):
                with unfinished(str(fresh)):
                    yield fresh
                return
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
            os.close(descriptor)


@contextmanager
def fresh_file(place: Path) -> Iterator[tuple[Path, int]]:
    """A new empty file in `place`, and its descriptor, ours while this is open; behind it, gone unless renamed."""
    with suppress(OSError):
        remove_leftovers(place)
    while True:
        fresh = place / temporary_name()
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            if _holds(descriptor, fresh):
                with unfinished(str(fresh)):
                    yield fresh, descriptor
                return
        finally:
            with suppress(OSError):
                fresh.unlink()
            os.close(descriptor)


def remove_leftovers(place: Path) -> None:
    """Removes what dead runs left in the folder, except what may belong to a place: see `exchanging`."""
    for entry in leftovers(place):
        if (entry / NOTE).exists():
            continue
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            with suppress(OSError):
                entry.unlink()


def leftovers(place: Path) -> list[Path]:
    """Temporary entries of the folder that nobody holds."""
    return [entry for entry in sorted(place.iterdir()) if is_temporary(entry.name) and not _is_held(entry)]


def _is_held(entry: Path) -> bool:
    """Whether somebody holds it, or, on a file system without locks, may."""
    try:
        descriptor = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return True
    try:
        _lock(descriptor)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _holds(descriptor: int, path: Path) -> bool:
    """Takes the lock of what was just made; false where another run was looking at it, or took it for a leftover."""
    try:
        _lock(descriptor)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks, where nothing is a leftover
        return True
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _lock(descriptor: int) -> None:
    """Raises BlockingIOError where somebody holds it, another OSError where there are no locks."""
    import fcntl  # not everywhere

    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
