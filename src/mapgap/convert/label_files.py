"""Label files below a folder: found in a fixed order without ever leaving the folder, read within limits."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path, PurePosixPath

from mapgap.coco.input_bytes import read_input
from mapgap.coco.other_formats import other_format
from mapgap.errors import AccessError, InputError

MOST_BYTES = 1 << 26
"""Of one label file, unless the user allows another number; the largest that data sets have are some hundred kB."""
BYTE_ORDER_MARK = "\ufeff"

Folder = str | PathLike[str]


@dataclass(frozen=True)
class LabelFile:
    """A file below a folder."""

    place: Path
    name: str
    """Its path below the folder, with slashes."""

    @property
    def stem(self) -> str:
        """The path below the folder without the ending: what a label file shares with its picture."""
        return str(PurePosixPath(self.name).with_suffix(""))


@dataclass(frozen=True)
class Line:
    """A line that holds something."""

    file: str
    number: int
    """From 1."""
    words: tuple[str, ...]

    def refuse(self, what: str, fix: str, field: str | None = None) -> InputError:
        """What is wrong in this line, to be raised."""
        place = f"line {self.number}" if field is None else f"line {self.number}, {field}"
        return InputError(what, file=self.file, where=place, fix=fix)


def files_below(folder: Folder, endings: Sequence[str]) -> list[LabelFile]:
    """Regular files with one of the endings (lower case, with dot) below the folder, by name.

    AccessError for a folder that cannot be read; InputError for a link that leads out of it or to another folder, for
    what is no file, and for a name that no JSON could hold.
    """
    root = _root(folder)
    found = []
    for parent, folders, names in os.walk(root, onerror=_refuse_unreadable):
        _require_no_links(Path(parent), folders, root)
        for name in names:
            if PurePosixPath(name).suffix.lower() in endings:
                found.append(_checked(Path(parent, name), root))
    return sorted(found, key=lambda file: file.name)


def read_text(file: LabelFile, max_input_bytes: int | None = None) -> str:
    """The text of a UTF-8 file, without its byte order mark; InputError with the line where it is none."""
    content = read_bytes(file, max_input_bytes)
    try:
        return content.decode().removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        other = other_format(content)
        what = f"the file is {other[0]}" if other else f"no UTF-8 at byte {error.start}"
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(what, file=file.name, where=f"line {line}", fix="Write labels as text in UTF-8") from None


def read_bytes(file: LabelFile, max_input_bytes: int | None = None) -> bytes:
    """The content of a file of at most MOST_BYTES, or of as many as the user allows."""
    try:
        return read_input(str(file.place), file.name, MOST_BYTES if max_input_bytes is None else max_input_bytes)
    except OSError as error:
        raise AccessError(f"{file.name}: cannot be read: {error.strerror}. Check its permissions") from None


def lines_of(file: LabelFile, max_input_bytes: int | None = None) -> Iterator[Line]:
    """The lines of a text file that hold more than blanks, cut at blanks."""
    for number, line in enumerate(read_text(file, max_input_bytes).split("\n"), start=1):
        words = tuple(line.split())
        if words:
            yield Line(file.name, number, words)


def _root(folder: Folder) -> Path:
    try:
        root = Path(os.path.realpath(folder))
        is_folder = stat.S_ISDIR(os.stat(root).st_mode)
    except (OSError, TypeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AccessError(f"{folder}: cannot be read: {reason}. Give the folder of the labels") from None
    if not is_folder:
        raise AccessError(f"{folder}: is not a folder. Give the folder of the labels")
    return root


def _refuse_unreadable(error: OSError) -> None:
    raise AccessError(f"{error.filename}: cannot be read: {error.strerror}. Check its permissions") from None


def _require_no_links(parent: Path, folders: list[str], root: Path) -> None:
    """Links to folders are not followed, as they may lead anywhere or round in circles; nor passed over in silence."""
    for name in sorted(folders):
        if (parent / name).is_symlink():
            where = (parent / name).relative_to(root).as_posix()
            raise InputError(
                "is a link to a folder", file=where, fix="Put the folder itself there, or give that folder"
            )


def _checked(place: Path, root: Path) -> LabelFile:
    name = place.relative_to(root).as_posix()
    if not name.isprintable() or not _is_unicode(name):
        raise InputError(f"the name of a file, {name!r}, is no printable text", fix="Rename the file and its picture")
    real = Path(os.path.realpath(place))
    if not real.is_relative_to(root):
        raise InputError("is a link that leads out of the folder", file=name, fix="Put the file itself there")
    try:
        is_file = stat.S_ISREG(os.stat(real).st_mode)
    except OSError as error:
        raise AccessError(f"{name}: cannot be read: {error.strerror}. Remove or mend it") from None
    if not is_file:
        raise InputError("is no file", file=name, fix="Remove it, or put a file there")
    return LabelFile(real, name)


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
