"""Non-maximum suppression tried on detections that are there: which IoU would do best, and what it removes."""

from dataclasses import dataclass

import numpy as np

from mapgap.advice.overlaps import Overlaps
from mapgap.tables import BoolArray

NMS_IOUS = tuple(round(0.3 + 0.05 * step, 2) for step in range(14))
"""Suppression is tried at .3, .35, ..., .95."""


@dataclass(frozen=True)
class Suppression:
    """Suppression at the IoU with the best F1 over all data, of equal ones the highest."""

    iou: float
    removed: BoolArray
    """(D,) the detections it removes."""
    f1_now: float
    f1: float


def best_suppression(overlaps: Overlaps, kept: BoolArray, right: BoolArray, objects: int) -> Suppression:
    """The best of fourteen tries on the `kept` detections, of which `right` are true positives."""
    tries = [(iou, suppressed(overlaps, len(kept), iou)) for iou in NMS_IOUS]
    f1 = [_f1(right & ~removed, kept & ~removed, objects) for _, removed in tries]
    best = max(range(len(tries)), key=lambda place: (f1[place], place))
    iou, removed = tries[best]
    return Suppression(iou, removed, _f1(right, kept, objects), f1[best])


def suppressed(overlaps: Overlaps, detections: int, iou: float) -> BoolArray:
    """(D,) which detections greedy non-maximum suppression removes: a kept one of higher score overlaps by more."""
    is_close = overlaps.iou > iou
    higher, lower = overlaps.higher[is_close], overlaps.lower[is_close]
    removed = np.zeros(detections, dtype=np.bool_)
    # After round n the n highest of every chain are settled: a removed detection removes nobody.
    while True:
        again = np.zeros(detections, dtype=np.bool_)
        again[lower[~removed[higher]]] = True
        if np.array_equal(again, removed):
            return removed
        removed = again


def _f1(right: BoolArray, kept: BoolArray, objects: int) -> float:
    return 2 * int(right.sum()) / max(1, int(kept.sum()) + objects)
