"""Parts of a picture as they are, without a line drawn: for a page that draws the boxes itself."""

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapgap.pictures.opening import OpenedPicture, decoder_errors, open_picture, plain, upright

if TYPE_CHECKING:
    from PIL import Image

Box = tuple[float, float, float, float]
"""Left, top, width, height in pixels of the picture."""

LONGEST_SIDE = 256
QUALITY = 75
METHOD = 2
"""Of WebP: three per cent larger than its usual 4, in three quarters of the time."""
MOST_SHRUNK = 8
"""So much a JPEG decoder shrinks for nothing."""


@dataclass(frozen=True)
class CutWindow:
    """A part of a picture, shrunk to at most `LONGEST_SIDE`."""

    window: tuple[int, int, int, int]
    """Left, top, width, height in whole pixels: what the crop shows."""
    picture: tuple[int, int]
    """Width and height of the whole picture."""
    content: bytes
    """A WebP file."""


def cut_windows(content: bytes, width: float, height: float, windows: Sequence[Box]) -> Iterator[CutWindow | None]:
    """Each window of one picture, None where it lies outside.

    A window is widened to whole pixels and cut off at the picture's edge; it lies as boxes do, see `open_picture`.
    What comes back of a window does not depend on the others. Raises PictureError.
    """
    opened: dict[int, _Shrunk] = {}
    for window in windows:
        factor = _factor(window)
        with decoder_errors():
            if factor not in opened:
                opened[factor] = _decoded(open_picture(content, width, height), factor)
            yield _cut(opened[factor], window)


@dataclass(frozen=True)
class _Shrunk:
    picture: "Image.Image"
    """Lies as the boxes do."""
    factor: int
    size: tuple[int, int]
    """Of the picture that was not shrunk."""


def _factor(window: Box) -> int:
    """How much a decoder may shrink: a power of two."""
    scale = max(window[2], window[3]) / LONGEST_SIDE
    return 1 if not scale >= 2 else min(MOST_SHRUNK, 1 << int(math.log2(min(scale, MOST_SHRUNK))))


def _decoded(opened: OpenedPicture, factor: int) -> _Shrunk:
    stored = opened.stored
    width, height = stored.size
    is_jpeg = stored.format in ("JPEG", "MPO")
    if is_jpeg and factor > 1:
        stored.draft(None, (max(1, width // factor), max(1, height // factor)))
    # What a decoder makes of it: 1 where it cannot shrink.
    drafted = 1 if stored.size == (width, height) else -(-max(width, height) // max(stored.size))
    stored.load()
    picture = upright(stored, opened.orientation) if opened.is_turned else stored
    return _Shrunk(picture, drafted, (height, width) if opened.is_turned else (width, height))


def _cut(shrunk: _Shrunk, window: Box) -> CutWindow | None:
    if not all(math.isfinite(number) for number in window):
        return None
    # Whole pixels of what was decoded.
    factor, size = shrunk.factor, shrunk.size
    left, top = (max(0, math.floor(window[axis] / factor) * factor) for axis in range(2))
    right, bottom = (
        min(size[axis], math.ceil((window[axis] + window[axis + 2]) / factor) * factor) for axis in range(2)
    )
    if left >= right or top >= bottom:
        return None
    part = left // factor, top // factor, -(-right // factor), -(-bottom // factor)
    cut = plain(shrunk.picture.crop(part)).convert("RGB")
    scale = min(1.0, LONGEST_SIDE / max(right - left, bottom - top))
    shown = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    if shown != cut.size:
        from PIL import Image

        cut = cut.resize(shown, Image.Resampling.LANCZOS, reducing_gap=2.0)
    stream = io.BytesIO()
    cut.save(stream, "WEBP", quality=QUALITY, method=METHOD)
    return CutWindow((left, top, right - left, bottom - top), size, stream.getvalue())
