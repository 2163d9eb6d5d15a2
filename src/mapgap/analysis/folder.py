"""A folder written whole or not at all: under a temporary name beside its place, then exchanged with what is there."""

import errno
import json
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from fnmatch import fnmatchcase
from pathlib import Path

from mapgap.analysis.exchanging import locked, replace_folder, restore
from mapgap.analysis.partial import fresh_folder, is_temporary
from mapgap.errors import AccessError, ResourceError

SCHEMA_PREFIX = "mapgap/"
REPORT_MARKS = ("summary.json",)
SIGNED = ("summary.json", "missed.json", "crops.json")
"""Marks that must name one of our schemas, as `schema` or in `info`, because others have files of these names."""
ADVICE = "Choose another output folder with -o"

Output = str | os.PathLike[str]


class NoRoomError(ResourceError, AccessError):
    """A folder that cannot be written because the disk is full."""


def write_folder(
    output: Output, files: Iterable[tuple[str, bytes]], *, known: Collection[str], marks: Sequence[str] = REPORT_MARKS
) -> Path:
    """The folder's path, holding `files` (relative name, content) and nothing else.

    What is there already is replaced where `require_writable` says so, in one step: whoever looks, and however this
    ends, finds the old folder or the new one. Only where the system cannot exchange two folders, or the folder itself
    has to stay (a mount point, the current folder), its entries are exchanged one by one, and put back if that fails;
    where the process is killed meanwhile, the next run ends it. Of two runs into one folder the later replaces the
    earlier. Raises AccessError; NoRoomError on a full disk.
    """
    target = Path(output)
    require_writable(target, known=known, marks=marks)
    place = _real_path(target)
    has_to_stay = _has_to_stay(place)
    beside = place if has_to_stay else place.parent
    new_parents = [folder for folder in (beside, *beside.parents) if not folder.exists()]
    try:
        with fresh_folder(beside) as fresh:
            for name, content in files:
                (fresh / name).parent.mkdir(parents=True, exist_ok=True)
                (fresh / name).write_bytes(content)
            if not _took_free_name(fresh, place):
                with locked(place):
                    _require_replaceable(place, known, marks)  # what is there may have come after the first look
                    replace_folder(fresh, place, has_to_stay=has_to_stay)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        for folder in new_parents:
            with suppress(OSError):  # one that holds the new folder stays
                folder.rmdir()
    return target


def require_writable(
    output: Output,
    *,
    known: Collection[str],
    marks: Sequence[str] = REPORT_MARKS,
    inputs: Collection[Output] = (),
) -> None:
    """Raises AccessError where `write_folder` would refuse the folder, or where replacing it would remove an input.

    A folder may be replaced if it is empty, or if it holds all `marks` (JSON files, one of them signed by us) and
    nothing but what `known` names: top-level entries, or patterns of relative paths.
    """
    target = Path(output)
    place = _real_path(target)
    for path in inputs:
        if _real_path(Path(path)).is_relative_to(place) and place.is_dir():
            raise AccessError(f"{target} holds the input {path} and would be replaced. {ADVICE}")
    restore(place)
    try:
        with locked(place) if place.is_dir() else nullcontext():
            _require_replaceable(target, known, marks)
        if not place.exists():
            _require_writable_parent(place)
        elif not (_may_write(place.parent) or _may_write(place)):
            raise AccessError(f"{target} is not writable. {ADVICE}")
    except OSError as error:
        raise AccessError(f"cannot read {target}: {error.strerror or error}. {ADVICE}") from error


def _require_replaceable(target: Path, known: Collection[str], marks: Sequence[str]) -> None:
    if target.is_symlink():
        raise AccessError(f"{target} is a symbolic link, not a folder. {ADVICE}")
    if target.is_dir():
        _require_ours(target, known, marks)
    elif target.exists():
        raise AccessError(f"{target} is there and is not a folder. {ADVICE}")


def _require_ours(target: Path, known: Collection[str], marks: Sequence[str]) -> None:
    paths = sorted(_relative_paths(target))
    strangers = [path for path in paths if not _is_known(path, known)]
    if strangers:
        raise AccessError(f"{target} is not a folder this command wrote (it holds {strangers[0]!r}). {ADVICE}")
    if paths and not all(_is_mark(target / mark) for mark in marks):
        raise AccessError(f"{target} is not a folder this command wrote (it lacks {marks[-1]}). {ADVICE}")


def _relative_paths(folder: Path) -> Iterator[str]:
    """Files and empty folders; what a run in progress writes here is not looked at."""

    def refuse(error: OSError) -> None:
        raise error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not is_temporary(name)]
        is_empty = not folders and not files and Path(parent) != folder
        names = [""] if is_empty else [*files, *(name for name in folders if Path(parent, name).is_symlink())]
        yield from (Path(parent, name).relative_to(folder).as_posix() for name in names)


def _is_known(path: str, known: Collection[str]) -> bool:
    return path.split("/")[0] in known or any(fnmatchcase(path, pattern) for pattern in known)


def _is_mark(path: Path) -> bool:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    if not isinstance(content, dict):
        return False
    info = content.get("info")
    signed = info if "schema" not in content and isinstance(info, dict) else content
    return path.name not in SIGNED or str(signed.get("schema", "")).startswith(SCHEMA_PREFIX)


def _require_writable_parent(place: Path) -> None:
    """Told before a long analysis, not after it."""
    parent = next(folder for folder in place.parents if folder.exists())
    if not parent.is_dir():
        raise AccessError(f"{parent} is not a folder. {ADVICE}")
    if not _may_write(parent):
        raise AccessError(f"{parent} is not writable. {ADVICE}")


def _may_write(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


def _real_path(path: Path) -> Path:
    """The absolute path without symbolic links; the last name is kept, so that a link there is seen as one."""
    if path.name in ("", ".."):
        return Path(os.path.realpath(path))
    return Path(os.path.realpath(path.parent)) / path.name


def _has_to_stay(place: Path) -> bool:
    """Whether the folder itself cannot be renamed, or whoever stands in it would stand in a deleted one."""
    if not place.is_dir():
        return False
    here = Path(os.path.realpath(os.curdir))
    return os.path.ismount(place) or place in (here, *here.parents) or not _may_write(place.parent)


def _took_free_name(fresh: Path, place: Path) -> bool:
    if place.exists():
        return False
    try:
        fresh.rename(place)
    except OSError:
        if place.exists():  # another run was faster
            return False
        raise
    return True


def _cannot_write(place: Path, error: OSError) -> AccessError:
    kind = NoRoomError if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else AccessError
    return kind(f"cannot write {place}: {error.strerror or error}. {ADVICE}")
