"""Whether the ground truth's boxes are corners: its own areas and the sides of its images tell, without detections."""

from dataclasses import dataclass

import numpy as np

from mapgap.readings.boxes import LAYOUTS
from mapgap.tables import BoolArray, FloatArray, GroundTruth

LEAST_BOXES = 10
_CORNERS = ("xyxy", "yxyx", "xxyy")
_NEARLY_ALL = 0.995
_OFTEN_OUTSIDE = 0.2
_EQUAL_AREAS, _UNEQUAL_AREAS = 0.9, 0.5


@dataclass(frozen=True)
class Corners:
    """Counts of boxes, as read and in the layout that fits."""

    layout: str
    boxes: int
    outside: int
    """As read, that end outside of their image."""
    outside_there: int
    equal_areas: int
    """As read, that have the area which the file gives them, within a hundredth."""
    equal_areas_there: int


def corner_layouts(ground_truth: GroundTruth) -> list[Corners]:
    """The layouts of corners that fit boxes which do not fit as read; usually none or one.

    They fit if nearly every box has a positive size and lies within its image. As read they do not fit if a fifth of
    them end outside of their images, or if fewer than half have the area that the file gives them while nearly all
    have it as corners.
    """
    is_usable = ~ground_truth.crowd & np.isfinite(ground_truth.box).all(axis=1)
    box, area = ground_truth.box[is_usable], ground_truth.area[is_usable]
    image = ground_truth.image[is_usable]
    size = np.column_stack([ground_truth.images.width[image], ground_truth.images.height[image]])
    if len(box) < LEAST_BOXES:
        return []
    outside, equal = _is_outside(box, size), _has_area(box, area)
    found = []
    for layout in _CORNERS:
        read = LAYOUTS[layout](box)
        outside_there, equal_there = _is_outside(read, size), _has_area(read, area)
        counts = (int(np.count_nonzero(one)) for one in (outside, outside_there, equal, equal_there))
        fits = np.mean((read[:, 2:] > 0).all(axis=1) & ~outside_there) >= _NEARLY_ALL
        is_odd = np.mean(outside) >= _OFTEN_OUTSIDE
        is_odd |= np.mean(equal_there) >= _EQUAL_AREAS and np.mean(equal) <= _UNEQUAL_AREAS
        if fits and is_odd:
            found.append(Corners(layout, len(box), *counts))
    return found


def _is_outside(box: FloatArray, size: FloatArray) -> BoolArray:
    """Ends more than two pixels and a hundredth of the side outside; False where the size is unknown."""
    return np.asarray((box[:, :2] + box[:, 2:] > size * 1.01 + 2).any(axis=1))


def _has_area(box: FloatArray, area: FloatArray) -> BoolArray:
    return np.asarray(np.abs(box[:, 2] * box[:, 3] - area) <= 0.01 * np.abs(area))
