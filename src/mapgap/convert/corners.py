"""Boxes given by two corners: what the numbers of a corner mean differs from format to format."""

from collections.abc import Sequence

from mapgap.convert.coco_records import Box
from mapgap.errors import InputError

EDGES, PIXELS = "edges", "pixels"
CORNER_WORDS = (EDGES, PIXELS)


def require_corners(asked: str | None) -> None:
    """Raises InputError for what is no word of CORNER_WORDS."""
    if asked is not None and asked not in CORNER_WORDS:
        raise InputError(f"corners cannot be {asked!r}", fix=f"Use one of: {', '.join(CORNER_WORDS)}")


def box_of_corners(corners: Sequence[float], meaning: str, first_pixel: int = 0) -> Box:
    """x, y, width, height of left, top, right, bottom.

    `edges`: the numbers are places between pixels, and the width is right - left. `pixels`: they are pixels that belong
    to the box, counted from `first_pixel`, and the width is right - left + 1.
    """
    left, top, right, bottom = corners
    if meaning == EDGES:
        return left, top, right - left, bottom - top
    return left - first_pixel, top - first_pixel, right - left + 1, bottom - top + 1


def is_turned(corners: Sequence[float]) -> bool:
    """Whether right lies left of left, or bottom above top."""
    left, top, right, bottom = corners
    return right < left or bottom < top
