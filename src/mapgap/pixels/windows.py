"""Which pixels of a reduced picture belong to an object and to its surroundings."""

import numpy as np

from mapgap import _kernel
from mapgap.pixels.decoding import Picture
from mapgap.tables import FloatArray, IndexArray

MARGIN = 0.1
"""A crop is the box with so much of its width and height more on each side."""
SURROUNDINGS = 0.5
"""The surroundings of an object reach so far beyond its box on each side, again in widths and heights."""


def measure(picture: Picture, box: FloatArray) -> FloatArray:
    """(1 + n, 5) MEASURES of the whole picture and of each box; NaN where not defined.

    A crop reaches outwards to whole pixels of the reduced picture and ends where that ends; a box outside has none.
    """
    height, width = picture.luma.shape
    inside, crop, around = _windows(picture, box)
    inside[0] = around[0] = 0  # the whole picture has no surroundings
    crop[0] = 0, 0, width, height
    return _kernel.measure_windows(picture.luma, crop, inside, around)


def _windows(picture: Picture, box: FloatArray) -> IndexArray:
    """(3, 1 + n, 4) left, top, right, bottom in whole reduced pixels, by margin; the first row is to be filled."""
    limits = np.array(picture.luma.shape[::-1], dtype=np.float64)
    margins = np.array([0.0, MARGIN, SURROUNDINGS])[:, None, None]
    corners = np.zeros((3, 1 + len(box), 4), dtype=np.int32)
    with np.errstate(over="ignore"):  # what overflows lies far outside and is cut off
        low = (box[:, :2] - margins * box[:, 2:]) / picture.factor
        high = (box[:, :2] + (1.0 + margins) * box[:, 2:]) / picture.factor
    corners[:, 1:, :2] = np.floor(np.minimum(np.maximum(low, 0.0), limits))
    corners[:, 1:, 2:] = np.ceil(np.minimum(np.maximum(high, 0.0), limits))
    return corners
