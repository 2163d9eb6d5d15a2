"""What AP would be if a set of errors were fixed: the gain of definitions.md, section 4."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mapgap import _kernel
from mapgap.gap.outcomes import COUNTED_FALSE, COUNTED_TRUE, NOT_COUNTED, addresses, detection_statuses
from mapgap.tables import (
    CAUSES,
    GAP_CAUSES,
    IOU_THRESHOLDS,
    NO_CAUSE,
    RECALL_THRESHOLDS,
    BoolArray,
    Causes,
    Detections,
    FloatArray,
    GroundTruth,
    IdArray,
    IndexArray,
    Matches,
)

REMOVES_DETECTIONS = ("duplicate", "background", "both")
REMOVES_OBJECTS = ("missed", "both", "crowded_out")
MAKES_TRUE_POSITIVES = ("localization", "classification")


@dataclass(frozen=True)
class Oracle:
    """The data once, ready to be fixed in many ways: one row a threshold and detection or object."""

    object_category: IndexArray
    detection_category: IndexArray
    positives: IdArray
    class_order: IndexArray
    class_offsets: IdArray
    place: IdArray
    """(D,) place of each detection among all: falling score, then image, then file order."""
    sorted_places: IdArray
    """(D,) category * D + place in class order, rising: where a detection moved to another class goes."""
    statuses: NDArray[np.uint8]
    address: IndexArray
    causes: Causes
    base_ap: float | None
    """Mean AP over the classes with ground truth and the thresholds; None without ground truth."""

    def gain(
        self, causes: Collection[str], in_slice: BoolArray | None = None, own_in_slice: BoolArray | None = None
    ) -> float | None:
        """AP after fixing all errors of `causes` addressed to the slice, minus AP now; None without ground truth.

        `in_slice` (N,) marks the slice's objects, `own_in_slice` (D,) the detections that count as its own where they
        point at no object; None means everything. Causes that owe nothing (below_threshold, max_detections) gain 0.
        """
        if self.base_ap is None:
            return None
        active = [cause for cause in GAP_CAUSES if cause in causes]
        if not active:
            return 0.0
        objects = np.ones(len(self.object_category), dtype=np.bool_) if in_slice is None else in_slice
        own = np.ones(len(self.detection_category), dtype=np.bool_) if own_in_slice is None else own_in_slice
        fixed = [self._fixed_ap(threshold, active, objects, own) for threshold in range(len(self.statuses))]
        # Never negative but for rounding: a fix only removes errors or turns them into true positives.
        return max(0.0, float(np.mean(fixed)) - self.base_ap)

    def _fixed_ap(self, threshold: int, active: list[str], in_slice: BoolArray, own_in_slice: BoolArray) -> float:
        """Mean AP over the classes with ground truth at one threshold after the fix."""
        address = self.address[threshold]
        cause = self.causes.detection[threshold]
        at_home = np.where(address >= 0, in_slice[address] if len(in_slice) else False, own_in_slice)
        status = self.statuses[threshold].copy()
        moved = np.zeros(0, dtype=np.int32)
        free = in_slice & (self.causes.object[threshold] != NO_CAUSE)
        for name in MAKES_TRUE_POSITIVES:
            if name not in active:
                continue
            selected = np.flatnonzero((cause == CAUSES.index(name)) & at_home).astype(np.int32)
            winners = self._winners(selected, address[selected], free)
            free[address[winners]] = False
            status[selected] = NOT_COUNTED
            if name == "localization":
                status[winners] = COUNTED_TRUE
            else:
                moved = winners
        for name in REMOVES_DETECTIONS:
            if name in active:
                status[(cause == CAUSES.index(name)) & at_home] = NOT_COUNTED
        removed_codes = [CAUSES.index(name) for name in REMOVES_OBJECTS if name in active]
        is_removed = np.isin(self.causes.object[threshold], removed_codes) & in_slice
        removed = np.bincount(self.object_category[is_removed], minlength=len(self.positives))
        return self._mean_ap(status, self.positives - removed, moved, self.object_category[address[moved]])

    def _winners(self, pointing: IndexArray, target: IndexArray, free: BoolArray) -> IndexArray:
        """For each free object the first in place of the detections that point at it."""
        best = np.full(len(free), -1, dtype=np.int32)
        last_first = np.argsort(-self.place[pointing], kind="stable")
        best[target[last_first]] = pointing[last_first]
        best = best[free]
        return best[best >= 0]

    def _mean_ap(
        self, status: NDArray[np.uint8], positives: IdArray, moved: IndexArray, new_category: IndexArray
    ) -> float:
        detections = len(self.place)
        class_order, class_offsets = self.class_order, self.class_offsets
        if len(moved):
            new_place = new_category.astype(np.int64) * detections + self.place[moved]
            by_place = np.argsort(new_place)
            position = np.searchsorted(self.sorted_places, new_place[by_place])
            class_order = np.insert(class_order, position, detections + np.arange(len(moved), dtype=np.int32))
            added = np.bincount(new_category, minlength=len(positives))
            class_offsets = class_offsets + np.concatenate([[0], np.cumsum(added)])
            status = np.concatenate([status, np.full(len(moved), COUNTED_TRUE, dtype=np.uint8)])
        ap = _kernel.average_precision(class_order, class_offsets, status, positives, RECALL_THRESHOLDS)
        had_ground_truth = self.positives > 0
        is_empty = (positives == 0) & had_ground_truth
        if is_empty.any():
            false_positives = np.bincount(
                self.detection_category[status[:detections] == COUNTED_FALSE], minlength=len(ap)
            )
            ap[is_empty] = np.where(false_positives[is_empty] > 0, 0.0, 1.0)
        return float(np.mean(ap[had_ground_truth]))


def build_oracle(ground_truth: GroundTruth, detections: Detections, matches: Matches, causes: Causes) -> Oracle:
    """An oracle over COCO's ten thresholds, which must be the first of `matches`."""
    thresholds = len(IOU_THRESHOLDS)
    statuses = detection_statuses(matches, thresholds)
    place = np.empty(len(detections.score), dtype=np.int64)
    everyone = np.lexsort((np.arange(len(place)), detections.image, -detections.score))
    place[everyone] = np.arange(len(place))
    sorted_places = detections.category[matches.class_order].astype(np.int64) * len(place) + place[matches.class_order]
    positives = matches.positives[0]
    return Oracle(
        object_category=ground_truth.category,
        detection_category=detections.category,
        positives=positives,
        class_order=matches.class_order,
        class_offsets=matches.class_offsets,
        place=place,
        sorted_places=sorted_places,
        statuses=statuses,
        address=addresses(matches, causes, thresholds),
        causes=causes,
        base_ap=_base_ap(matches, statuses, positives),
    )


def _base_ap(matches: Matches, statuses: NDArray[np.uint8], positives: IdArray) -> float | None:
    has_ground_truth = positives > 0
    if not has_ground_truth.any():
        return None
    rows: list[FloatArray] = [
        _kernel.average_precision(matches.class_order, matches.class_offsets, status, positives, RECALL_THRESHOLDS)
        for status in statuses
    ]
    return float(np.mean(np.stack(rows)[:, has_ground_truth]))
