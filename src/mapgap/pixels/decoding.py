"""From the bytes of a picture to a small grey picture."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mapgap.pictures.opening import OpenedPicture, decoder_errors, open_picture, plain, upright
from mapgap.pixels.jpeg import jpeg_quality

if TYPE_CHECKING:
    from PIL import Image

REDUCED_SIDE = 240
"""A picture is halved while its longer side stays at least so long..."""
MOST_HALVINGS = 3
"""...but not more often than a JPEG decoder does for nothing."""


@dataclass(frozen=True)
class Picture:
    """The grey tones of a picture after reduction, upright if its boxes are."""

    luma: NDArray[np.uint8]
    """(height, width), each pixel the mean of `factor` x `factor` stored ones."""
    factor: int
    jpeg_quality: float
    remarks: tuple[str, ...]


def decode(content: bytes, width: float, height: float) -> Picture:
    """The picture whose size the ground truth gives as width x height (NaN or 0: not known), as `open_picture` says.

    Tones lie as the boxes do. The first frame counts, transparency does not. Raises PictureError.
    """
    with decoder_errors():
        opened = open_picture(content, width, height)
        picture = opened.stored
        stored_width, stored_height = picture.size
        factor = _reduction(picture.size)
        tables = getattr(picture, "quantization", None)
        quality = float(jpeg_quality(tables[0])) if tables and 0 in tables else float("nan")
        remarks = _remarks(opened)
        drafted = 1
        if picture.format in ("JPEG", "MPO"):
            picture.draft("L", (max(1, stored_width // factor), max(1, stored_height // factor)))
            drafted = -(-max(stored_width, stored_height) // max(picture.size))
        grey = _grey(picture)
        if factor > drafted:
            grey = grey.reduce(factor // drafted)
        if opened.is_turned:
            grey = upright(grey, opened.orientation)
        return Picture(np.ascontiguousarray(grey, dtype=np.uint8), factor, quality, remarks)


def _reduction(size: tuple[int, int]) -> int:
    halvings = 0
    while halvings < MOST_HALVINGS and max(size) >> (halvings + 1) >= REDUCED_SIDE:
        halvings += 1
    return 1 << halvings


def _remarks(opened: OpenedPicture) -> tuple[str, ...]:
    picture = opened.stored
    mode = picture.mode
    has_alpha = mode in ("RGBA", "LA", "PA", "La", "RGBa") or (mode != "P" and "transparency" in picture.info)
    holds = {
        "16_bit": mode.startswith("I"),
        "alpha": has_alpha,
        "animated": picture.format != "MPO" and bool(getattr(picture, "is_animated", False)),
        "cmyk": mode == "CMYK",
        "palette": mode in ("P", "PA"),
        "turned_upright": opened.is_turned,
        "turned_stored": not opened.is_turned and 2 <= opened.orientation <= 8,
    }
    return tuple(remark for remark, applies in holds.items() if applies)


def _grey(picture: "Image.Image") -> "Image.Image":
    """The whole picture in tones from 0 to 255, by the luma of ITU-R 601."""
    tones = plain(picture)
    return tones if tones.mode == "L" else tones.convert("L")
