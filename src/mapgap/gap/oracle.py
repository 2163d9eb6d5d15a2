"""What AP would be if a set of errors were fixed: the gain of definitions.md, section 4."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from mapgap import _kernel
from mapgap.gap.outcomes import counted_and_right
from mapgap.gap.placing import RowPlaces, place_rows
from mapgap.gap.repairs import THRESHOLDS, Owners, best_pointing, owners, threshold_bits, without_localized
from mapgap.tables import (
    CAUSES,
    GAP_CAUSES,
    NO_CAUSE,
    RECALL_THRESHOLDS,
    BitArray,
    BoolArray,
    Causes,
    Detections,
    FloatArray,
    GroundTruth,
    IdArray,
    IndexArray,
    Matches,
)

REMOVES_DETECTIONS = ("localization", "classification", "duplicate", "background", "both")
REMOVES_OBJECTS = ("missed", "both", "crowded_out")


@dataclass(frozen=True)
class Removable:
    """One row an unmatched object, cause and threshold: the place of its class and threshold in a (T, K) table."""

    object: IdArray
    cell: IdArray


@dataclass(frozen=True)
class Fixed:
    """The classes that a fix changes, one after another, with one row a detection as in `Oracle`."""

    classes: IdArray
    rows: tuple[slice, ...]
    """For each of the classes its rows in the oracle."""
    class_offsets: IdArray
    counted_at: BitArray
    true_positive_at: BitArray
    positives: IdArray
    """(T, classes) number of objects left."""


@dataclass(frozen=True)
class Oracle:
    """The data once, ready to be fixed in many ways.

    One row a detection, in class order, and one more for a detection at the place it takes in another class once
    its classification is fixed. Bits are thresholds.
    """

    class_offsets: IdArray
    counted_at: BitArray
    true_positive_at: BitArray
    positives: IdArray
    """(T, K) number of objects."""
    errors: Mapping[str, Owners]
    """By cause: the false positives that its fix removes."""
    localized: Owners
    """The best detections of localization, as the true positives that they become."""
    classified: Owners
    """The best detections of classification, in the class of their object."""
    classified_alone: Owners
    """The same, where no localization error points at the object."""
    removable: Mapping[str, Removable]
    """By cause: the objects that its fix takes out."""
    detection: IndexArray
    """Detection of each row."""
    category: IndexArray
    """Class of each row."""
    base_cells: FloatArray
    """(T, K) AP of each class and threshold."""
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
        fixed = self.fix(causes, in_slice, own_in_slice)
        if not len(fixed.classes):
            return 0.0
        cells = self.base_cells.copy()
        cells[:, fixed.classes] = _cells(fixed.class_offsets, fixed.counted_at, fixed.true_positive_at, fixed.positives)
        # Never negative but for rounding: a fix only removes errors or turns them into true positives.
        return max(0.0, _mean(cells, self.positives[0] > 0) - self.base_ap)

    def fix(
        self, causes: Collection[str], in_slice: BoolArray | None = None, own_in_slice: BoolArray | None = None
    ) -> Fixed:
        """What is left once all errors of `causes` addressed to the slice are fixed; marks as in `gain`."""
        active = [cause for cause in GAP_CAUSES if cause in causes]
        removed = [
            self.errors[cause].within(own_in_slice if cause == "background" else in_slice)
            for cause in active
            if cause in REMOVES_DETECTIONS
        ]
        right = [repaired.within(in_slice) for repaired in self._repaired(active)]
        left = self._objects_left(active, in_slice)
        is_changed = (left != self.positives).any(axis=0)
        for rows in (*removed, *right):
            is_changed[self.category[rows.row]] = True
        return self._fixed(is_changed, removed, right, left)

    def taken_out(self, causes: Collection[str], in_slice: BoolArray | None = None) -> tuple[IdArray, IdArray]:
        """(objects, thresholds) where the fix of `causes` takes an object out of the ground truth, each pair once."""
        chosen = [
            (removed.object[here], removed.cell[here] // self.positives.shape[1])
            for cause, removed in self.removable.items()
            if cause in causes
            for here in [slice(None) if in_slice is None else in_slice[removed.object]]
        ]
        nothing = np.zeros(0, dtype=np.int64)
        return (
            np.concatenate([nothing, *(objects for objects, _ in chosen)]),
            np.concatenate([nothing, *(thresholds for _, thresholds in chosen)]),
        )

    def _fixed(self, is_changed: BoolArray, removed: list[Owners], right: list[Owners], left: IdArray) -> Fixed:
        """The changed classes once the rows of `removed` do not count and those of `right` are right."""
        changed = np.flatnonzero(is_changed)
        first, length = self.class_offsets[changed], np.diff(self.class_offsets)[changed]
        offsets = np.append(0, np.cumsum(length))
        moved_up = np.zeros(len(is_changed), dtype=np.int64)
        moved_up[changed] = first - offsets[:-1]
        chosen = tuple(slice(start, start + rows) for start, rows in zip(first.tolist(), length.tolist(), strict=True))
        nothing = np.zeros(0, dtype=np.uint32)
        counted_at = np.concatenate([nothing, *(self.counted_at[part] for part in chosen)])
        true_positive_at = np.concatenate([nothing, *(self.true_positive_at[part] for part in chosen)])
        for rows in removed:
            counted_at[rows.row - moved_up[self.category[rows.row]]] &= ~rows.thresholds
        for rows in right:
            row = rows.row - moved_up[self.category[rows.row]]
            counted_at[row] |= rows.thresholds
            true_positive_at[row] |= rows.thresholds
        return Fixed(changed, chosen, offsets, counted_at, true_positive_at, np.ascontiguousarray(left[:, changed]))

    def _repaired(self, active: list[str]) -> list[Owners]:
        repaired = []
        if "localization" in active:
            repaired.append(self.localized)
        if "classification" in active:
            repaired.append(self.classified_alone if "localization" in active else self.classified)
        return repaired

    def _objects_left(self, active: list[str], in_slice: BoolArray | None) -> IdArray:
        left = self.positives.ravel().copy()
        for cause in active:
            if cause in REMOVES_OBJECTS:
                removed = self.removable[cause]
                cell = removed.cell if in_slice is None else removed.cell[in_slice[removed.object]]
                left -= np.bincount(cell, minlength=len(left))
        return left.reshape(self.positives.shape)


def build_oracle(ground_truth: GroundTruth, detections: Detections, matches: Matches, causes: Causes) -> Oracle:
    """An oracle over COCO's ten thresholds, which must be the first of `matches`."""
    pointing = owners(causes, REMOVES_DETECTIONS)
    missed = threshold_bits(causes.object[:THRESHOLDS] != NO_CAUSE)
    localized = best_pointing(pointing["localization"], missed, detections.score)
    classified = best_pointing(pointing["classification"], missed, detections.score)
    moved = classified.row
    rows = place_rows(matches, detections, moved, ground_truth.category[classified.address])
    counted, true_positive = counted_and_right(matches, THRESHOLDS)
    counted_at = np.zeros(len(rows.of_detection) + len(rows.of_moved), dtype=np.uint32)
    true_positive_at = np.zeros_like(counted_at)
    counted_at[rows.of_detection] = counted
    true_positive_at[rows.of_detection] = true_positive
    positives = np.tile(matches.positives[0], (THRESHOLDS, 1))
    classified = replace(classified, row=rows.of_moved)
    had_ground_truth = positives[0] > 0
    base_cells = _cells(rows.class_offsets, counted_at, true_positive_at, positives)
    return Oracle(
        class_offsets=rows.class_offsets,
        counted_at=counted_at,
        true_positive_at=true_positive_at,
        positives=positives,
        errors={cause: replace(those, row=rows.of_detection[those.row]) for cause, those in pointing.items()},
        localized=replace(localized, row=rows.of_detection[localized.row]),
        classified=classified,
        classified_alone=without_localized(classified, localized, len(missed)),
        removable={cause: _removable(ground_truth, causes, cause) for cause in REMOVES_OBJECTS},
        detection=_detection_of_row(rows, moved),
        category=np.repeat(np.arange(len(had_ground_truth), dtype=np.int32), np.diff(rows.class_offsets)),
        base_cells=base_cells,
        base_ap=_mean(base_cells, had_ground_truth) if had_ground_truth.any() else None,
    )


def _cells(class_offsets: IdArray, counted_at: BitArray, true_positive_at: BitArray, positives: IdArray) -> FloatArray:
    """(T, K) AP; a class left without objects has 1, or 0 with detections."""
    ap, counted = _kernel.average_precision_by_threshold(
        class_offsets, counted_at, true_positive_at, positives, RECALL_THRESHOLDS
    )
    return np.where(positives > 0, ap, counted == 0)


def _mean(cells: FloatArray, had_ground_truth: BoolArray) -> float:
    """Mean AP over the classes with ground truth and the thresholds."""
    return float(np.mean(cells[:, had_ground_truth]))


def _detection_of_row(rows: RowPlaces, moved: IdArray) -> IndexArray:
    detection = np.empty(len(rows.of_detection) + len(rows.of_moved), dtype=np.int32)
    detection[rows.of_detection] = np.arange(len(rows.of_detection))
    detection[rows.of_moved] = moved
    return detection


def _removable(ground_truth: GroundTruth, causes: Causes, cause: str) -> Removable:
    places = np.flatnonzero(causes.object[:THRESHOLDS] == CAUSES.index(cause))
    annotations = max(1, len(ground_truth.ids))
    threshold, missed = places // annotations, places % annotations
    return Removable(missed, threshold * len(ground_truth.categories.ids) + ground_truth.category[missed])
