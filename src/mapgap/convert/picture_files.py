"""The pictures that labels belong to: found by their names without ending, measured without being decoded."""

import os
from dataclasses import dataclass
from os import PathLike
from pathlib import Path, PurePosixPath

from mapgap.convert.label_files import LabelFile, files_below
from mapgap.errors import AccessError, InputError
from mapgap.pictures.failures import PictureError
from mapgap.pictures.sizes import upright_size

PICTURE_ENDINGS = (
    ".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm", ".pgm", ".mpo", ".jp2", ".avif",
)  # fmt: skip


@dataclass(frozen=True)
class Pictures:
    """The pictures of a folder by their paths below it without ending."""

    folder: str
    """As messages call it."""
    by_stem: dict[str, LabelFile]

    def of(self, stem: str) -> LabelFile | None:
        """The picture of that path, else of that name if only one has it."""
        found = self.by_stem.get(stem)
        if found is not None or "/" in stem:
            return found
        alike = [file for path, file in self.by_stem.items() if PurePosixPath(path).name == stem]
        return alike[0] if len(alike) == 1 else None


def find_pictures(folder: str | PathLike[str]) -> Pictures:
    """InputError where two pictures differ only in their ending; otherwise as `files_below`."""
    by_stem: dict[str, LabelFile] = {}
    for file in files_below(folder, PICTURE_ENDINGS):
        other = by_stem.setdefault(file.stem, file)
        if other is not file:
            what = f"{other.name} and {file.name} would share one label file"
            raise InputError(what, file=os.fspath(folder), fix="Rename or remove one of them")
    return Pictures(os.fspath(folder), by_stem)


def size_of(picture: LabelFile) -> tuple[int, int]:
    """Width and height of the picture as it is seen, turned as its EXIF data says; InputError if it cannot be read."""
    try:
        return upright_size(picture.place)
    except PictureError as error:
        raise InputError(f"the picture cannot be read: {error.reason}", file=picture.name, fix="Mend it") from None
    except OSError as error:
        raise AccessError(f"{picture.name}: cannot be read: {error.strerror}. Check its permissions") from None


def folder_beside(labels: str | PathLike[str], name: str, instead: str) -> Path | None:
    """The folder whose path has `instead` in place of the last part `name`, if it is there: images beside labels."""
    parts = list(Path(os.path.abspath(labels)).parts)
    if name not in parts:
        return None
    place = len(parts) - 1 - parts[::-1].index(name)
    beside = Path(*parts[:place], instead, *parts[place + 1 :])
    return beside if beside.is_dir() else None
