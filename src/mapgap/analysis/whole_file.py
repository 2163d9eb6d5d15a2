"""A file read, or written whole or not at all: under a temporary name beside its place, then renamed."""

import errno
import os
import stat
from collections.abc import Collection
from pathlib import Path

from mapgap.analysis.folder import NoRoomError
from mapgap.analysis.partial import fresh_file
from mapgap.errors import AccessError

ADVICE = "Choose another file"

FilePath = str | os.PathLike[str]


def write_file(path: FilePath, content: bytes) -> None:
    """Writes the file; what is there is replaced in one step, and a link is followed.

    A pipe or a device is written to as it is. Raises AccessError; NoRoomError on a full disk.
    """
    try:
        place = Path(os.path.realpath(path))
        if place.exists() and not place.is_file():
            place.write_bytes(content)
            return
        with fresh_file(place.parent) as (fresh, descriptor):
            with open(descriptor, "wb", closefd=False) as file:
                file.write(content)
            if place.exists():
                fresh.chmod(stat.S_IMODE(place.stat().st_mode))
            fresh.replace(place)
    except OSError as error:
        raise _cannot_write(path, error) from error


def read_file(path: FilePath) -> bytes:
    """What the file holds; AccessError for an unreadable one."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise AccessError(f"{path}: cannot be read: {error.strerror or error}. Check path and permissions") from error


def append_to_file(path: FilePath, content: bytes) -> None:
    """Writes behind what the file holds; raises as `write_file`."""
    try:
        with open(path, "ab") as file:
            file.write(content)
    except OSError as error:
        raise _cannot_write(path, error) from error


def require_file_writable(path: FilePath, inputs: Collection[FilePath]) -> None:
    """Raises AccessError where the file could not be written or is one of the inputs, or lies in one that is a folder.

    Told before a long analysis, not after it.
    """
    place = Path(os.path.realpath(path))
    for given in inputs:
        source = Path(os.path.realpath(given))
        if place == source or (source.is_dir() and place.is_relative_to(source)):
            raise AccessError(f"{path} is an input, or lies in one, and would be replaced. {ADVICE}")
        if place.exists() and source.exists() and place.samefile(source):
            raise AccessError(f"{path} is the input {given} by another name. {ADVICE}")
    if place.is_dir():
        raise AccessError(f"{path} is a folder. {ADVICE}")
    if not place.parent.is_dir():
        raise AccessError(f"cannot write {path}: its folder is not there. {ADVICE}, or make the folder")
    if not os.access(place if place.exists() and not place.is_file() else place.parent, os.W_OK):
        raise AccessError(f"{path} is not writable. {ADVICE}")


def _cannot_write(path: FilePath, error: OSError) -> AccessError:
    kind = NoRoomError if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else AccessError
    return kind(f"cannot write {path}: {error.strerror or error}. {ADVICE}")
