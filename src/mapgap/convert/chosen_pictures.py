"""Which pictures of a folder are wanted: a list of names, as VOC, KITTI and YOLO have one for each split."""

import os
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path, PurePosixPath

from mapgap.convert.label_files import LabelFile, lines_of
from mapgap.convert.picture_files import PICTURE_ENDINGS
from mapgap.errors import AccessError, InputError

Only = str | PathLike[str] | Sequence[str]


class Chosen:
    """The names that were asked for, each to be met once."""

    def __init__(self, names: dict[str, str], file: str):
        self._names, self._file = names, file
        """Stem -> where it is asked for, as messages have it."""

    def keeps(self, name: str) -> bool:
        """Whether the picture, or the label file, of that name is wanted."""
        return PurePosixPath(name).stem in self._names

    def require_met(self, names: Iterable[str], what: str) -> None:
        """InputError where one that was asked for is not among the names; `what` they are the names of."""
        met = {PurePosixPath(name).stem for name in names}
        for stem, where in self._names.items():
            if stem not in met:
                fix = "Correct the list, or give the data that it is about"
                raise InputError(f"there is no {what} {stem!r}", file=self._file, where=where, fix=fix)


def choose(files: list[LabelFile], only: Only | None) -> list[LabelFile]:
    """The label files that the list names; all of them without one.

    `only` is a file with one name a line, or names: of pictures, with or without folder and ending; what stands behind
    a name is not looked at, as VOC's lists have a number there. InputError for a name without a label file.
    """
    if only is None:
        return files
    chosen = read_chosen(only)
    chosen.require_met((file.name for file in files), "label file")
    return [file for file in files if chosen.keeps(file.name)]


def read_chosen(only: Only) -> Chosen:
    """The list; AccessError for a file that cannot be read, InputError for one without a name."""
    if isinstance(only, str | PathLike):
        path = Path(only)
        if not path.is_file():
            raise AccessError(f"{os.fspath(only)}: there is no such file. Give a file with one name a line")
        found = [(line.words[0], f"line {line.number}") for line in lines_of(LabelFile(path, path.name))]
        name = path.name
    else:
        found, name = [(word, f"only[{place}]") for place, word in enumerate(only)], "only"
    if not found:
        raise InputError("the list names no picture", file=name, fix="Write one name a line")
    return Chosen({_stem(word): where for word, where in found}, name)


def _stem(name: str) -> str:
    """Without folder and ending; a name such as `img.001` has none that is a picture's."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.stem if path.suffix.lower() in PICTURE_ENDINGS else path.name
