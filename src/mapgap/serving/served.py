"""Which file, if any, an address stands for: only files of a report, and pictures inside their folder."""

import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from os import PathLike
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from mapgap.errors import AccessError, InputError
from mapgap.pictures.places import OutsideError, find_picture

PAGE = "report.html"
MARK = "summary.json"
SCHEMA_PREFIX = "mapgap/"

REPORT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".parquet": "application/octet-stream",
}
PICTURE_TYPES = {
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".j2k": "image/jp2",
    ".jp2": "image/jp2",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".mpo": "image/jpeg",
    ".pgm": "image/x-portable-anymap",
    ".png": "image/png",
    ".pnm": "image/x-portable-anymap",
    ".ppm": "image/x-portable-anymap",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
}
"""What a browser may be told; SVG is none of them, as it may hold scripts."""


@dataclass(frozen=True)
class Served:
    """What a server shows: folders without symbolic links, and the names in the report folder that are a report's."""

    folder: Path
    entries: frozenset[str]
    images: Path | None = None

    @property
    def report_names(self) -> list[str]:
        """Where the report stands below the token: as it lies beside the pictures, so that its links lead to them."""
        return list(self.folder.relative_to(self._above).parts)

    @property
    def image_names(self) -> list[str] | None:
        """Where the pictures stand below the token; None without pictures."""
        return None if self.images is None else list(self.images.relative_to(self._above).parts)

    @property
    def page(self) -> str:
        """The address of the page below the token."""
        return quote("/".join([*self.report_names, PAGE]))

    @property
    def _above(self) -> Path:
        return self.folder if self.images is None else Path(os.path.commonpath([self.folder, self.images]))


def report_folder(folder: str | PathLike[str]) -> Path:
    """The folder without symbolic links; AccessError if it cannot be read, InputError if it holds no mapgap report."""
    place = Path(folder)
    try:
        real = place.resolve(strict=True)
        if not real.is_dir():
            raise AccessError(f"{place} is not a folder. Name the folder that mapgap report wrote")
        page, mark = real / PAGE, (real / MARK).read_bytes() if (real / MARK).is_file() else b""
        if page.is_file() and _is_ours(mark):
            return real
    except (ValueError, RuntimeError):  # a NUL in the name; links in a circle
        raise AccessError(f"{str(place)!r} is no path. Name the folder that mapgap report wrote") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise AccessError(f"{place} cannot be read: {reason}. Name the folder that mapgap report wrote") from error
    raise InputError(
        f"there is no mapgap report, which is {PAGE} beside a {MARK} of mapgap",
        file=str(place),
        fix="Name the folder that mapgap report wrote",
    )


def addressed_file(served: Served, path: str) -> tuple[Path, str] | None:
    """The file and its content type for the part of an address behind the token, percent signs undecoded; None if none.

    An empty path is the page. Names are decoded once; one that then is empty, starts with a dot, or holds a slash, a
    backslash or a control character stands for nothing. So does a symbolic link that leads out of the folder.
    """
    names = _names(path or served.page)
    if names is None:
        return None
    of_report = _below(names, served.report_names)
    if of_report and of_report[0] in served.entries:
        return _found(served.folder, of_report, REPORT_TYPES)
    of_images = None if served.image_names is None else _below(names, served.image_names)
    return _found(served.images, of_images, PICTURE_TYPES) if of_images and served.images is not None else None


def _names(path: str) -> list[str] | None:
    try:
        return [unquote(name, errors="strict") for name in path.split("/")]
    except UnicodeDecodeError:
        return None


def _below(names: list[str], folder: list[str]) -> list[str] | None:
    """What is left of the names within a folder; None where they are not in it or one of them is no plain name."""
    rest = names[len(folder) :]
    return rest if names[: len(folder)] == folder and all(map(_is_plain, rest)) else None


def _is_plain(name: str) -> bool:
    return bool(name) and not name.startswith(".") and not any(map(_is_special, name))


def _is_special(character: str) -> bool:
    return character in "/\\" or ord(character) < 0x20 or ord(character) == 0x7F


def _found(folder: Path, names: Collection[str], types: dict[str, str]) -> tuple[Path, str] | None:
    relative = "/".join(names)
    content_type = types.get(PurePosixPath(relative).suffix.lower())
    if content_type is None:
        return None
    try:
        place = find_picture(folder, relative, by_base_name=False)
    except OutsideError:
        return None
    return None if place is None else (place, content_type)


def _is_ours(summary: bytes) -> bool:
    try:
        content = json.loads(summary)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and str(content.get("schema", "")).startswith(SCHEMA_PREFIX)
