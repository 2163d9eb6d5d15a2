"""One crop out of a decoded picture, as the bytes of a WebP file."""

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapgap.pictures.opening import plain

if TYPE_CHECKING:
    from PIL import Image

Box = tuple[float, float, float, float]
"""Left, top, width, height in pixels of the picture."""
Corners = tuple[int, int, int, int]
"""Left, top, right, bottom."""

MARGIN = 0.5
"""The surroundings reach so far beyond the object on each side, in lengths of its longer side."""
LEAST_MARGIN = 8.0
LONGEST_SIDE = 320
MOST_ENLARGED = 8
"""An object of a few pixels is shown large, but not as one grey blur."""
QUALITY = 85
LINE = 2
DASH, PAUSE = 8, 5
SOLID_COLOUR = (64, 224, 144)
DASHED_COLOUR = (255, 176, 32)
EDGE_COLOUR = (0, 0, 0)
"""Beside every line, so that it is seen on any ground."""


@dataclass(frozen=True)
class Outline:
    """A box to draw: solid as a label, or dashed as a detection."""

    box: Box
    is_dashed: bool = False


def draw_crop(
    picture: "Image.Image",
    outlines: Sequence[Outline],
    *,
    margin: float = MARGIN,
    longest_side: int = LONGEST_SIDE,
) -> bytes | None:
    """The part of the picture around the first box, with all boxes drawn, as WebP; None where the box is outside.

    The picture is as it was opened and lies as the boxes do. The crop reaches `margin` lengths of the box beyond it,
    and as far as the other boxes do, but not beyond the picture. Its longer side becomes `longest_side` pixels, unless
    that would enlarge it more than eightfold. Touches no file. Raises whatever a decoder raises: see
    `pictures.opening.decoder_errors`.
    """
    window = _window(outlines, picture.size, margin)
    if window is None:
        return None
    from PIL import Image, ImageDraw

    cut = plain(picture.crop(window)).convert("RGB")
    scale = min(longest_side / max(cut.size), MOST_ENLARGED)
    size = tuple(max(1, round(length * scale)) for length in cut.size)
    way = Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.LANCZOS
    shown = cut.resize((size[0], size[1]), way)
    pen = ImageDraw.Draw(shown)
    for outline in sorted(outlines, key=lambda outline: outline.is_dashed):  # a solid line shows between dashes
        bars = _bars(_on_crop(outline.box, window, shown.size), shown.size)
        pieces = [dash for bar in bars for dash in _dashes(bar)] if outline.is_dashed else bars
        for left, top, right, bottom in pieces:
            pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), fill=EDGE_COLOUR)
        for piece in pieces:
            pen.rectangle(piece, fill=DASHED_COLOUR if outline.is_dashed else SOLID_COLOUR)
    stream = io.BytesIO()
    shown.save(stream, "WEBP", quality=QUALITY, method=4)
    return stream.getvalue()


def _window(outlines: Sequence[Outline], size: tuple[int, int], margin: float) -> Corners | None:
    """In whole pixels of the picture; None if nothing of the first box lies in it."""
    left, top, width, height = outlines[0].box
    is_outside = left >= size[0] or top >= size[1] or left + width <= 0 or top + height <= 0
    if is_outside or not all(math.isfinite(number) for outline in outlines for number in outline.box):
        return None
    around = max(LEAST_MARGIN, margin * max(width, height))
    boxes = [outline.box for outline in outlines[1:]]
    low_x = min([left - around, *(box[0] - LINE for box in boxes)])
    low_y = min([top - around, *(box[1] - LINE for box in boxes)])
    high_x = max([left + width + around, *(box[0] + box[2] + LINE for box in boxes)])
    high_y = max([top + height + around, *(box[1] + box[3] + LINE for box in boxes)])
    return (
        max(0, math.floor(low_x)),
        max(0, math.floor(low_y)),
        min(size[0], math.ceil(high_x)),
        min(size[1], math.ceil(high_y)),
    )


def _on_crop(box: Box, window: Corners, size: tuple[int, int]) -> Corners:
    """The outermost pixels of the box on each side, within the crop."""
    places = []
    for axis in range(2):
        scale = size[axis] / (window[axis + 2] - window[axis])
        first = round((box[axis] - window[axis]) * scale)
        last = round((box[axis] + box[axis + 2] - window[axis]) * scale) - 1
        limit = size[axis] - 1
        places.append((min(max(first, 0), limit), min(max(last, 0), limit)))
    (left, right), (top, bottom) = places
    return left, top, right, bottom


def _bars(corners: Corners, size: tuple[int, int]) -> list[Corners]:
    """Left, right, top and bottom line, just outside of the box where there is room: they hide nothing of it."""
    left, top = max(corners[0] - LINE, 0), max(corners[1] - LINE, 0)
    right, bottom = min(corners[2] + LINE, size[0] - 1), min(corners[3] + LINE, size[1] - 1)
    beyond = LINE - 1
    return [
        (left, top, left + beyond, bottom),
        (right - beyond, top, right, bottom),
        (left, top, right, top + beyond),
        (left, bottom - beyond, right, bottom),
    ]


def _dashes(bar: Corners) -> Iterator[Corners]:
    left, top, right, bottom = bar
    if right - left > bottom - top:
        for start in range(left, right + 1, DASH + PAUSE):
            yield start, top, min(start + DASH - 1, right), bottom
    else:
        for start in range(top, bottom + 1, DASH + PAUSE):
            yield left, start, right, min(start + DASH - 1, bottom)
