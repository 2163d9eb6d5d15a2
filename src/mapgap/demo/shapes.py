"""Simple shapes painted into an array of colour numbers, by whole-number arithmetic only and without anti-aliasing.

A patch is an (h, w) array of colour numbers. Coordinates are hundredths of the patch's width and height, so the same
sketch serves every size; a shape always reaches outwards to the next whole pixel.
"""

import numpy as np
from numpy.typing import NDArray

Patch = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Corners = tuple[int, int, int, int]


def rectangle(patch: Patch, colour: int, corners: Corners) -> None:
    """Fill the rectangle from (left, top) to (right, bottom)."""
    left, top, right, bottom = _pixels(patch, corners)
    patch[top:bottom, left:right] = colour


def ellipse(patch: Patch, colour: int, corners: Corners) -> None:
    """Fill the ellipse inscribed in the rectangle."""
    patch[_ellipse_mask(patch, _pixels(patch, corners))] = colour


def ring(patch: Patch, colour: int, corners: Corners, thickness: int) -> None:
    """Draw an ellipse's outline, `thickness` pixels inwards from the rectangle it is inscribed in."""
    left, top, right, bottom = _pixels(patch, corners)
    outer = _ellipse_mask(patch, (left, top, right, bottom))
    inner = (left + thickness, top + thickness, right - thickness, bottom - thickness)
    if inner[2] > inner[0] and inner[3] > inner[1]:
        outer &= ~_ellipse_mask(patch, inner)
    patch[outer] = colour


def polygon(patch: Patch, colour: int, points: tuple[tuple[int, int], ...]) -> None:
    """Fill a convex polygon whose points go clockwise on the screen."""
    height, width = patch.shape
    x, y = _centres(patch)
    inside = np.ones(patch.shape, dtype=bool)
    scaled = [(2 * px * width, 2 * py * height) for px, py in points]
    for (ax, ay), (bx, by) in zip(scaled, scaled[1:] + scaled[:1], strict=True):
        inside &= (bx - ax) * (100 * y - ay) - (by - ay) * (100 * x - ax) >= 0
    patch[inside] = colour


def line(patch: Patch, colour: int, corners: Corners, thickness: int) -> None:
    """Draw a straight line of the given thickness in pixels, clipped to the patch."""
    height, width = patch.shape
    ax, bx = (_inner(c, width) for c in (corners[0], corners[2]))
    ay, by = (_inner(c, height) for c in (corners[1], corners[3]))
    x, y = _centres(patch)
    dx, dy = bx - ax, by - ay
    length_squared = dx * dx + dy * dy
    across = dx * (y - ay) - dy * (x - ax)
    along = dx * (x - ax) + dy * (y - ay)
    near = across * across <= thickness * thickness * length_squared
    patch[near & (along >= 0) & (along <= length_squared)] = colour


def _pixels(patch: Patch, corners: Corners) -> Corners:
    """Hundredths -> pixel edges, rounded outwards."""
    height, width = patch.shape
    left, top, right, bottom = corners
    return left * width // 100, top * height // 100, -(-right * width // 100), -(-bottom * height // 100)


def _inner(hundredths: int, length: int) -> int:
    """Twice the centre of the pixel that a coordinate falls into."""
    return 2 * min(hundredths * length // 100, length - 1) + 1


def _centres(patch: Patch) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Twice the pixel centres: x as a row, y as a column."""
    height, width = patch.shape
    x = 2 * np.arange(width, dtype=np.int64)[None, :] + 1
    y = 2 * np.arange(height, dtype=np.int64)[:, None] + 1
    return x, y


def _ellipse_mask(patch: Patch, pixels: Corners) -> Mask:
    left, top, right, bottom = pixels
    width, height = right - left, bottom - top
    x, y = _centres(patch)
    across, down = (x - left - right) * height, (y - top - bottom) * width
    return np.asarray(across * across + down * down <= width * width * height * height)
