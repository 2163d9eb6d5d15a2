"""The overlaps of a few objects, picked out of all pairs."""

from dataclasses import dataclass

import numpy as np

from mapgap.tables import BoolArray, FloatArray, IndexArray, Matches, Pairs


@dataclass(frozen=True)
class Overlaps:
    """One row a detection and an object of its image that overlap, in the order of `Pairs`."""

    detection: IndexArray
    object: IndexArray
    iou: FloatArray

    def where(self, is_wanted: BoolArray) -> "Overlaps":
        """The rows wanted."""
        return Overlaps(self.detection[is_wanted], self.object[is_wanted], self.iou[is_wanted])


def overlaps_of(objects: IndexArray, annotations: int, matches: Matches, pairs: Pairs) -> Overlaps:
    """The pairs of these objects, of `annotations` in all."""
    is_asked = np.zeros(annotations, dtype=np.bool_)
    is_asked[objects] = True
    rows = np.flatnonzero(is_asked[pairs.object])
    return Overlaps(matches.order[pairs.positions(rows)], pairs.object[rows], pairs.iou[rows])
