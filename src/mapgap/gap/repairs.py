"""Which detections own the errors of a cause at which thresholds, and which of them a fix makes right."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from mapgap import _kernel
from mapgap.tables import CAUSES, IOU_THRESHOLDS, BitArray, BoolArray, Causes, FloatArray, IdArray, IndexArray

THRESHOLDS = len(IOU_THRESHOLDS)
POINTS_AT_SAME_CLASS = ("localization", "duplicate")


@dataclass(frozen=True)
class Owners:
    """One row a detection and cause, where some threshold has that error; bit t of `thresholds` for threshold t."""

    row: IdArray
    """Detection, or the row that it has in a table of them."""
    address: IndexArray
    """The object pointed at, for background the detection itself."""
    thresholds: BitArray

    def within(self, is_inside: BoolArray | None) -> "Owners":
        """Those whose address is marked; all without marks."""
        if is_inside is None:
            return self
        chosen = np.flatnonzero(is_inside[self.address])
        return Owners(self.row[chosen], self.address[chosen], self.thresholds[chosen])


def owners(causes: Causes, names: Iterable[str]) -> Mapping[str, Owners]:
    """The false positives of each of the causes at their addresses; `row` is the detection index."""
    offsets, detection, thresholds = _kernel.thresholds_by_cause(causes.detection[:THRESHOLDS], len(CAUSES))
    found = {}
    for name in names:
        code = CAUSES.index(name)
        rows = slice(offsets[code], offsets[code + 1])
        found[name] = Owners(detection[rows], _address(causes, name, detection[rows]), thresholds[rows])
    return found


def _address(causes: Causes, name: str, detection: IdArray) -> IndexArray:
    if name == "background":
        return detection.astype(np.int32)
    at_same_class = name in POINTS_AT_SAME_CLASS
    return (causes.nearest.same_class_object if at_same_class else causes.nearest.other_class_object)[detection]


def best_pointing(pointing: Owners, missed: BitArray, score: FloatArray) -> Owners:
    """For each object and threshold that misses it, the best-scoring detection that points at it.

    `missed` (N,): the thresholds that miss each object. Ties go to the first in the file.
    """
    repairs = pointing.thresholds & missed[pointing.address]
    able = np.flatnonzero(repairs)
    able = able[np.lexsort((-pointing.row[able], score[pointing.row[able]]))]
    row, address, repairs = pointing.row[able], pointing.address[able], repairs[able]
    best_at = np.zeros(len(row), dtype=np.uint32)
    for threshold in range(THRESHOLDS):
        bit = np.uint32(1 << threshold)
        best = np.full(len(missed), -1, dtype=np.int64)
        pointing_now = np.flatnonzero(repairs & bit)
        # The last one written stays, and the best one stands last.
        best[address[pointing_now]] = pointing_now
        best_at[best[best >= 0]] |= bit
    chosen = np.flatnonzero(best_at)
    return Owners(row[chosen], address[chosen], best_at[chosen])


def without_localized(classified: Owners, localized: Owners, objects: int) -> Owners:
    """Localization wins where both kinds point at an object."""
    localized_at = np.zeros(objects, dtype=np.uint32)
    np.bitwise_or.at(localized_at, localized.address, localized.thresholds)
    return replace(classified, thresholds=classified.thresholds & ~localized_at[classified.address])


def threshold_bits(holds: BoolArray) -> BitArray:
    """(X,) from (T, X): bit t says whether row t holds."""
    bits = np.zeros(holds.shape[1], dtype=np.uint32)
    for threshold, row in enumerate(holds):
        bits |= row.astype(np.uint32) << np.uint32(threshold)
    return bits
