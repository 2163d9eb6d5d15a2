"""The bytes of the picture of an image."""

from pathlib import Path

from mapgap.pictures.failures import PictureError
from mapgap.pictures.places import OutsideError, find_picture

MOST_BYTES = 1 << 29


def read_picture(folder: Path, file_name: str | None) -> bytes:
    """The content of the file that `find_picture` finds in the folder; PictureError where there is none to be read."""
    if not file_name:
        raise PictureError("missing", "the ground truth gives no file name")
    try:
        place = find_picture(folder, file_name)
    except OutsideError as error:
        raise PictureError("refused", "its name leads out of the folder") from error
    if place is None:
        raise PictureError("missing", "it is not in the folder")
    try:
        if place.stat().st_size > MOST_BYTES:
            raise PictureError("oversized", f"the file has {place.stat().st_size:,} bytes")
        return place.read_bytes()
    except OSError as error:
        raise PictureError("unreadable", error.strerror or str(error)) from error
