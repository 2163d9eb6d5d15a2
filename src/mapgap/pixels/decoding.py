"""From the bytes of a picture to a small grey picture."""

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mapgap.pixels.jpeg import jpeg_quality
from mapgap.pixels.looks import Outcome

if TYPE_CHECKING:
    from PIL import Image

# Formats whose decoders stay in this process: EPS, for one, would start Ghostscript.
COMMON_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM")
OTHER_FORMATS = ("MPO", "WEBP", "TIFF", "JPEG2000", "AVIF")
MOST_PIXELS = 1024 * 1024 * 1024 // 4 // 3
"""Pillow's own limit against decompression bombs, whatever a program has set it to."""
LONGEST_SIDE = 1 << 16
REDUCED_SIDE = 240
"""A picture is halved while its longer side stays at least so long..."""
MOST_HALVINGS = 3
"""...but not more often than a JPEG decoder does for nothing."""
ORIENTATION_TAG = 0x0112


class PictureError(Exception):
    """A picture that cannot be measured: the outcome and the reason."""

    def __init__(self, outcome: Outcome, reason: str):
        self.outcome: Outcome = outcome
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Picture:
    """The grey tones of a picture after reduction, upright if its boxes are."""

    luma: NDArray[np.uint8]
    """(height, width), each pixel the mean of `factor` x `factor` stored ones."""
    factor: int
    jpeg_quality: float
    remarks: tuple[str, ...]


def decode(content: bytes, width: float, height: float) -> Picture:
    """The picture whose size the ground truth gives as width x height (NaN or 0: not known).

    Boxes lie in the stored pixels where the stored size is width x height or none is given. Where it is height x width
    and the EXIF orientation lays the picture on its side, boxes lie in the upright picture, and so do the tones that
    come back. The first frame counts, transparency does not. Raises PictureError.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata; what matters becomes an outcome or a remark
        try:
            return _decoded(content, width, height)
        except PictureError:
            raise
        except Exception as error:  # whatever a decoder stumbles over, the file is at fault
            raise PictureError("unreadable", str(error) or type(error).__name__) from error


def _decoded(content: bytes, width: float, height: float) -> Picture:
    picture = _opened(content)
    stored_width, stored_height = picture.size
    orientation = _orientation(picture)
    is_turned = _is_turned(picture.size, (width, height), orientation)
    factor = _reduction(picture.size)
    tables = getattr(picture, "quantization", None)
    quality = float(jpeg_quality(tables[0])) if tables and 0 in tables else float("nan")
    remarks = _remarks(picture, orientation, is_turned)
    drafted = 1
    if picture.format in ("JPEG", "MPO"):
        picture.draft("L", (max(1, stored_width // factor), max(1, stored_height // factor)))
        drafted = -(-max(stored_width, stored_height) // max(picture.size))
    grey = _grey(picture)
    if factor > drafted:
        grey = grey.reduce(factor // drafted)
    if is_turned:
        grey = _upright(grey, orientation)
    return Picture(np.ascontiguousarray(grey, dtype=np.uint8), factor, quality, remarks)


def _opened(content: bytes) -> "Image.Image":
    from PIL import Image, UnidentifiedImageError

    try:
        try:
            picture = Image.open(io.BytesIO(content), formats=COMMON_FORMATS)
        except UnidentifiedImageError:
            Image.init()
            known = [name for name in OTHER_FORMATS if name in Image.OPEN]
            picture = Image.open(io.BytesIO(content), formats=known)
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


def _reduction(size: tuple[int, int]) -> int:
    halvings = 0
    while halvings < MOST_HALVINGS and max(size) >> (halvings + 1) >= REDUCED_SIDE:
        halvings += 1
    return 1 << halvings


def _remarks(picture: "Image.Image", orientation: int, is_turned: bool) -> tuple[str, ...]:
    mode = picture.mode
    has_alpha = mode in ("RGBA", "LA", "PA", "La", "RGBa") or (mode != "P" and "transparency" in picture.info)
    holds = {
        "16_bit": mode.startswith("I"),
        "alpha": has_alpha,
        "animated": picture.format != "MPO" and bool(getattr(picture, "is_animated", False)),
        "cmyk": mode == "CMYK",
        "palette": mode in ("P", "PA"),
        "turned_upright": is_turned,
        "turned_stored": not is_turned and 2 <= orientation <= 8,
    }
    return tuple(remark for remark, applies in holds.items() if applies)


def _grey(picture: "Image.Image") -> "Image.Image":
    """The whole picture in tones from 0 to 255, by the luma of ITU-R 601."""
    from PIL import Image

    picture.load()
    if picture.mode == "L":
        return picture
    if picture.mode.startswith("I"):
        tones = np.asarray(picture)
        if tones.size and (tones.min() < 0 or tones.max() > 0xFFFF):
            raise PictureError("unreadable", "its numbers do not fit in 16 bits")
        return Image.fromarray((tones >> 8).astype(np.uint8))
    if picture.mode == "F":
        raise PictureError("unreadable", "its numbers are fractions, whose range no file tells")
    if picture.mode in ("P", "PA"):
        return picture.convert("RGBA").convert("RGB").convert("L")
    return picture.convert("L") if picture.mode in ("RGB", "RGBA", "LA", "1") else picture.convert("RGB").convert("L")


def _upright(picture: "Image.Image", orientation: int) -> "Image.Image":
    from PIL.Image import Transpose

    turns = {5: Transpose.TRANSPOSE, 6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE, 8: Transpose.ROTATE_90}
    return picture.transpose(turns[orientation])
