"""From the bytes of a picture to one that Pillow can decode: known formats, limits, which side is up."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np

from mapgap.pictures.failures import PictureError

if TYPE_CHECKING:
    from PIL import Image

# Formats whose decoders stay in this process: EPS, for one, would start Ghostscript.
COMMON_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM")
OTHER_FORMATS = ("MPO", "WEBP", "TIFF", "JPEG2000", "AVIF")
MOST_PIXELS = 1024 * 1024 * 1024 // 4 // 3
"""Pillow's own limit against decompression bombs, whatever a program has set it to."""
LONGEST_SIDE = 1 << 16
ORIENTATION_TAG = 0x0112


@dataclass(frozen=True)
class OpenedPicture:
    """A picture whose pixels are not decoded yet, as it is stored."""

    stored: "Image.Image"
    orientation: int
    """From EXIF: 1 to 8, 1 where it says nothing."""
    is_turned: bool
    """Whether its boxes lie in the upright picture and not in the stored pixels."""


@contextmanager
def decoder_errors() -> Iterator[None]:
    """Makes a PictureError of whatever a decoder stumbles over, and keeps its warnings of odd metadata quiet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except PictureError:
            raise
        except Exception as error:  # whatever it is, the file is at fault
            raise PictureError("unreadable", str(error) or type(error).__name__) from error


def open_picture(content: bytes, width: float, height: float) -> OpenedPicture:
    """The picture whose size the ground truth gives as width x height (NaN or 0: not known).

    Boxes lie in the stored pixels where the stored size is width x height or none is given. Where it is height x width
    and the EXIF orientation lays the picture on its side, boxes lie in the upright picture. To be called within
    `decoder_errors`; raises PictureError.
    """
    stored = _opened(io.BytesIO(content))
    orientation = _orientation(stored)
    return OpenedPicture(stored, orientation, _is_turned(stored.size, (width, height), orientation))


def oriented_size(file: IO[bytes]) -> tuple[int, int]:
    """Width and height with the EXIF orientation applied, from the head of the file; called and raises as above."""
    stored = _opened(file)
    width, height = stored.size
    return (height, width) if 5 <= _orientation(stored) <= 8 else (width, height)


def plain(picture: "Image.Image") -> "Image.Image":
    """The decoded picture in mode "L" or "RGB": the first frame, without transparency, of 16 bits the upper 8."""
    from PIL import Image

    picture.load()
    if picture.mode in ("L", "RGB"):
        return picture
    if picture.mode.startswith("I"):
        tones = np.asarray(picture)
        if tones.size and (tones.min() < 0 or tones.max() > 0xFFFF):
            raise PictureError("unreadable", "its numbers do not fit in 16 bits")
        return Image.fromarray((tones >> 8).astype(np.uint8))
    if picture.mode == "F":
        raise PictureError("unreadable", "its numbers are fractions, whose range no file tells")
    if picture.mode in ("P", "PA"):
        return picture.convert("RGBA").convert("RGB")
    return picture.convert("L" if picture.mode in ("1", "LA") else "RGB")


def upright(picture: "Image.Image", orientation: int) -> "Image.Image":
    """The picture turned as an EXIF orientation from 5 to 8 wants it."""
    from PIL.Image import Transpose

    turns = {5: Transpose.TRANSPOSE, 6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE, 8: Transpose.ROTATE_90}
    return picture.transpose(turns[orientation])


def _opened(file: IO[bytes]) -> "Image.Image":
    from PIL import Image, UnidentifiedImageError

    try:
        try:
            picture = Image.open(file, formats=COMMON_FORMATS)
        except UnidentifiedImageError:
            Image.init()
            known = [name for name in OTHER_FORMATS if name in Image.OPEN]
            picture = Image.open(file, formats=known)
    except Image.DecompressionBombError as error:
        raise PictureError("oversized", str(error)) from error
    except UnidentifiedImageError as error:
        raise PictureError("unreadable", "it is no picture of a known format") from error
    width, height = picture.size
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise PictureError("oversized", f"it has {width} x {height} pixels")
    if not width * height:
        raise PictureError("unreadable", "it has no pixels")
    return picture


def _orientation(picture: "Image.Image") -> int:
    try:
        return int(picture.getexif().get(ORIENTATION_TAG, 1))
    except Exception:  # EXIF that cannot be read says nothing about orientation
        return 1


def _is_turned(stored: tuple[int, int], told: tuple[float, float], orientation: int) -> bool:
    is_told = told[0] > 0 and told[1] > 0
    if not is_told or stored == told:
        return False
    if stored[::-1] == told and 5 <= orientation <= 8:
        return True
    sizes = f"it has {stored[0]} x {stored[1]} pixels, the ground truth says {told[0]:g} x {told[1]:g}"
    raise PictureError("wrong_size", sizes)
