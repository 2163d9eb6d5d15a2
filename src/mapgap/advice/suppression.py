"""Non-maximum suppression tried on detections that are there: which IoU does best on half the images."""

from dataclasses import dataclass

import numpy as np

from mapgap.advice.comparing import BEYOND_CHANCE, clustered_error
from mapgap.advice.halves import Half
from mapgap.advice.overlaps import Overlaps
from mapgap.tables import BoolArray

NMS_IOUS = tuple(round(0.3 + 0.05 * step, 2) for step in range(14))
"""Suppression is tried at .3, .35, ..., .95."""


@dataclass(frozen=True)
class Suppression:
    """Suppression at the IoU with the best F1 on one half of the images, of equal ones the highest."""

    iou: float
    removed: BoolArray
    """(D,) the detections it removes."""
    held_out: Half
    """The images it was not chosen on; `kept` and `gone` have one row a row of it."""
    kept: BoolArray
    gone: BoolArray

    @property
    def f1_now(self) -> float:
        """On the images it was not chosen on."""
        return self.held_out.f1(self.kept)

    @property
    def f1(self) -> float:
        """With suppression, on the images it was not chosen on."""
        return self.held_out.f1(self.kept & ~self.gone)

    def is_confirmed(self) -> bool:
        """Whether F1 rises there by more than chance.

        It rises where F1 times the detections removed, minus twice the right ones among them, is above 0.
        """
        worth = (self.f1_now - 2.0 * self.held_out.right[self.gone]).astype(np.float64)
        noise = BEYOND_CHANCE * clustered_error(worth, self.held_out.image[self.gone])
        return float(worth.sum()) > noise and self.f1 > self.f1_now


def best_suppression(overlaps: Overlaps, kept: BoolArray, chosen_on: Half, held_out: Half) -> Suppression:
    """The best of fourteen tries on the `kept` detections (D,) of one half of the images."""
    tries = [(iou, suppressed(overlaps, len(kept), iou)) for iou in NMS_IOUS]
    f1 = [chosen_on.f1((kept & ~removed)[chosen_on.detection]) for _, removed in tries]
    best = max(range(len(tries)), key=lambda place: (f1[place], place))
    iou, removed = tries[best]
    return Suppression(iou, removed, held_out, kept[held_out.detection], removed[held_out.detection])


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
