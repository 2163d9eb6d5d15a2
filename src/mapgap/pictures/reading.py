"""The bytes of the picture of an image."""

import os
from pathlib import Path

from mapgap.pictures.failures import PictureError
from mapgap.pictures.places import OutsideError, find_picture

MOST_BYTES = 1 << 29


def read_picture(folder: Path, file_name: str | None, *, by_base_name: bool = True) -> bytes:
    """The content of the file that `find_picture` finds in the folder; PictureError where there is none to be read."""
    if not file_name:
        raise PictureError("missing", "the ground truth gives no file name")
    try:
        place = find_picture(folder, file_name, by_base_name=by_base_name)
    except OutsideError as error:
        raise PictureError("refused", "its name, or a link, leads out of the folder") from error
    if place is None and os.path.exists(folder / file_name):
        raise PictureError("unreadable", "it is a folder or a device, not a file")
    if place is None:
        others = "" if by_base_name else ", and other images have its base name too"
        raise PictureError("missing", f"it is not in the folder{others}")
    try:
        if place.stat().st_size > MOST_BYTES:
            raise PictureError("oversized", f"the file has {place.stat().st_size:,} bytes")
        return place.read_bytes()
    except OSError as error:
        raise PictureError("unreadable", error.strerror or str(error)) from error
