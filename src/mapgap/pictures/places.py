"""Which file of the folder belongs to an image, without ever leaving the folder."""

import errno
import os
import stat
from collections import Counter
from collections.abc import Iterable
from os import PathLike
from pathlib import Path, PurePosixPath

from mapgap.errors import AccessError


class OutsideError(Exception):
    """A name that leads out of the folder."""


def picture_folder(folder: str | PathLike[str]) -> Path:
    """The folder without symbolic links; AccessError if it is not there, no folder, or not to be read."""
    try:
        place = Path(os.path.realpath(folder))
        os.stat(place)
    except (TypeError, ValueError):  # neither text nor path, or with a NUL inside
        raise AccessError(f"{folder!r} is no path. Give the folder that holds the pictures") from None
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            reason = error.strerror or error
            raise AccessError(f"{os.fspath(folder)}: the folder of the pictures cannot be read: {reason}") from None
    if not place.is_dir():
        what = "is not a folder" if place.exists() else "is not there"
        raise AccessError(f"{os.fspath(folder)}: the folder of the pictures {what}. Give the folder that holds them")
    if not os.access(place, os.R_OK | os.X_OK):
        raise AccessError(f"{os.fspath(folder)}: the folder of the pictures cannot be read. Check its permissions")
    return place


def own_base_names(file_names: Iterable[str | None]) -> frozenset[str]:
    """The file names whose base name no other one has: one picture in the folder must not stand for several images."""
    names = {name for name in file_names if name}
    uses = Counter(PurePosixPath(name).name for name in names)
    return frozenset(name for name in names if uses[PurePosixPath(name).name] == 1)


def find_picture(folder: Path, file_name: str, *, by_base_name: bool = True) -> Path | None:
    """The regular file of that name below the folder, else, if allowed, the one of its base name in it, else None.

    Raises OutsideError for an absolute name, for one with "..", and for a symbolic link that leads out of the folder.
    """
    name = PurePosixPath(file_name)
    if "\0" in file_name or name.is_absolute() or ".." in name.parts:
        raise OutsideError(file_name)
    base_names = (folder / name.name,) if by_base_name else ()
    for candidate in dict.fromkeys((folder / name, *base_names)):
        try:
            real = Path(os.path.realpath(candidate))
            is_file = stat.S_ISREG(os.stat(real).st_mode)
        except (OSError, ValueError):  # not there, not to be reached, or a name that no file can have
            continue
        if not real.is_relative_to(folder):
            raise OutsideError(file_name)
        if is_file:
            return real
    return None
