"""Read single curves for the summary: from the cubes of `eval`, or one by one while nobody has asked for those."""

from typing import Any

import numpy as np

from mapgap.pycocotools.accumulation import Curves
from mapgap.pycocotools.whole_matches import read_curves
from mapgap.tables import FloatArray


class CurveReader:
    """Precision and recall by place of area range and limit, made from the matches; holds one precision at a time.

    The cubes of 20,000 classes take 2 GB each, one area range and limit 160 MB.
    """

    def __init__(self, curves: Curves) -> None:
        self.curves = curves
        self.recalls: dict[tuple[int, int], FloatArray] = {}
        self.place: tuple[int, int] | None = None
        self.precision: FloatArray = np.zeros(0)

    def can_read(self, areas: list[int], limits: list[int]) -> bool:
        """Whether this is one area range and limit that was accumulated."""
        is_one = len(areas) == len(limits) == 1
        return is_one and areas[0] < self.curves.counts[3] and limits[0] < len(self.curves.limits)

    def read(self, kind: str, areas: list[int], limits: list[int]) -> Any:
        """The array (T, R, K, 1) or (T, K, 1), classes without annotations left out at the end."""
        place = areas[0], limits[0]
        if kind == "precision" and place != self.place:
            self.place, self.precision = None, np.zeros(0)
            self.precision, self.recalls[place], _ = self._curves(place, self.curves.recall_points)
            self.place = place
        if kind == "precision":
            return self.precision[..., np.newaxis]
        if place not in self.recalls:
            self.recalls[place] = self._curves(place, np.zeros(0))[1]
        return self.recalls[place][..., np.newaxis]

    def _curves(self, place: tuple[int, int], points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        return read_curves(self.curves.matched, place[0], self.curves.limits[place[1]], points)
