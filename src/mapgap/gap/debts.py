"""Who owes the gap: definitions.md, section 4."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.gap.outcomes import detection_statuses
from mapgap.tables import (
    CAUSES,
    GAP_CAUSES,
    IOU_THRESHOLDS,
    NO_CAUSE,
    RECALL_THRESHOLDS,
    Causes,
    CodeArray,
    Debts,
    Detections,
    FloatArray,
    GapSummary,
    GroundTruth,
    IndexArray,
    IntegerArray,
    Matches,
)

DETECTION_CAUSES = ("localization", "classification", "both", "duplicate", "background")
OBJECT_CAUSES = ("missed", "localization", "classification", "both", "crowded_out")


def divide_gap(ground_truth: GroundTruth, detections: Detections, matches: Matches, causes: Causes) -> Debts:
    """One row a debtor and cause, false positives first, each by cause and row; what owes nothing has no row.

    The first ten thresholds of `matches` must be COCO's. A false positive of rank <= r*(q) owes 1 / (101 r*) for each
    recall point q reached; recall points not reached are owed in equal parts by the missed objects of the class.
    """
    positives = matches.positives[0]
    classes = max(1, int(np.count_nonzero(positives)))
    statuses = detection_statuses(matches, len(IOU_THRESHOLDS))
    of_detections = _Owed.nothing(len(detections.score))
    of_objects = _Owed.nothing(len(ground_truth.ids))
    for threshold in range(len(IOU_THRESHOLDS)):
        detection_debt, unreached, _ = _kernel.divide_gap(
            matches.class_order, matches.class_offsets, statuses[threshold], positives, RECALL_THRESHOLDS
        )
        object_debt = _share_unreached(ground_truth, causes.object[threshold], unreached)
        weight = 1 / (classes * len(IOU_THRESHOLDS))
        of_detections.add(causes.detection[threshold], detection_debt * weight)
        of_objects.add(causes.object[threshold], object_debt * weight)
        if IOU_THRESHOLDS[threshold] == 0.5:
            of_detections.set_at_50(causes.detection[threshold], detection_debt * (1 / classes))
            of_objects.set_at_50(causes.object[threshold], object_debt * (1 / classes))
    return _as_table(ground_truth, detections, causes, of_detections, of_objects)


def summarize_gap(debts: Debts, *, ap: float | None, ap50: float | None) -> GapSummary:
    """The gap by cause, at all IoUs and at .5; `ap` and `ap50` are COCO's own numbers, None without ground truth.

    `residual` is what the debts add up to minus 1 - AP: 0 up to rounding, whatever the data.
    """
    by_cause = _sum_by_cause(debts.cause, debts.gap)
    by_cause_at_50 = _sum_by_cause(debts.cause, debts.gap_at_50)
    return GapSummary(
        total=None if ap is None else 1 - ap,
        by_cause=by_cause,
        total_at_50=None if ap50 is None else 1 - ap50,
        by_cause_at_50=by_cause_at_50,
        residual=None if ap is None else math.fsum(debts.gap.tolist()) - (1 - ap),
    )


@dataclass
class _Owed:
    """What each detection, or each object, owes by cause, added up threshold by threshold."""

    total: FloatArray
    """(causes, D): the rows that are never touched take no memory."""
    cause_at_50: CodeArray
    debt_at_50: FloatArray
    """(D,) at one threshold there is one cause."""

    @classmethod
    def nothing(cls, debtors: int) -> "_Owed":
        return cls(np.zeros((len(CAUSES), debtors)), np.full(debtors, NO_CAUSE, dtype=np.int8), np.zeros(debtors))

    def add(self, cause: CodeArray, debt: FloatArray) -> None:
        owing = np.flatnonzero(debt)
        # A view of the rows end to end: one index instead of two is twice as fast.
        self.total.reshape(-1)[cause[owing] * np.int64(self.total.shape[1]) + owing] += debt[owing]

    def set_at_50(self, cause: CodeArray, debt: FloatArray) -> None:
        self.cause_at_50, self.debt_at_50 = cause, debt

    def debtors(self) -> tuple[IntegerArray, IntegerArray, FloatArray]:
        """Cause, index and debt of those who owe something, by cause and index."""
        indices = [np.flatnonzero(row) for row in self.total]
        cause = np.repeat(np.arange(len(CAUSES)), [len(index) for index in indices])
        debts = [row[index] for row, index in zip(self.total, indices, strict=True)]
        return cause, np.concatenate(indices), np.concatenate(debts)

    def at_50(self, cause: IntegerArray, index: IntegerArray) -> FloatArray:
        return np.where(self.cause_at_50[index] == cause, self.debt_at_50[index], 0.0)


def _share_unreached(ground_truth: GroundTruth, cause: CodeArray, unreached: FloatArray) -> FloatArray:
    """(N,) equal parts of each class's unreached share for its missed objects."""
    is_missed = cause != NO_CAUSE
    missed_of_class = np.bincount(ground_truth.category[is_missed], minlength=len(unreached))
    share = np.divide(unreached, missed_of_class, out=np.zeros_like(unreached), where=missed_of_class > 0)
    return np.where(is_missed, share[ground_truth.category], 0.0)


def _as_table(
    ground_truth: GroundTruth,
    detections: Detections,
    causes: Causes,
    of_detections: "_Owed",
    of_objects: "_Owed",
) -> Debts:
    detection_cause, detection, detection_gap = of_detections.debtors()
    object_cause, missed, object_gap = of_objects.debtors()
    address = _address_by_cause(causes, detection_cause, detection)
    objects = np.concatenate([address, missed]).astype(np.int32)
    owing_detection = np.concatenate([detection, np.full(len(missed), -1)]).astype(np.int32)
    is_background = objects < 0
    image = np.empty(len(objects), dtype=np.int32)
    category = np.empty(len(objects), dtype=np.int32)
    for column, of_object, of_detection in (
        (image, ground_truth.image, detections.image),
        (category, ground_truth.category, detections.category),
    ):
        column[~is_background] = of_object[objects[~is_background]]
        column[is_background] = of_detection[owing_detection[is_background]]
    return Debts(
        cause=np.concatenate([detection_cause, object_cause]).astype(np.int8),
        object=objects,
        detection=owing_detection,
        image=image,
        category=category,
        gap=np.concatenate([detection_gap, object_gap]),
        gap_at_50=np.concatenate(
            [of_detections.at_50(detection_cause, detection), of_objects.at_50(object_cause, missed)]
        ),
    )


def _address_by_cause(causes: Causes, cause: IntegerArray, detection: IntegerArray) -> IndexArray:
    """The object a false positive points at depends on its cause alone, not on the threshold."""
    nearest = causes.nearest
    points_at_same = np.isin(cause, [CAUSES.index("localization"), CAUSES.index("duplicate")])
    points_at_other = np.isin(cause, [CAUSES.index("classification"), CAUSES.index("both")])
    address = np.where(points_at_same, nearest.same_class_object[detection], np.int32(-1))
    return np.where(points_at_other, nearest.other_class_object[detection], address).astype(np.int32)


def _sum_by_cause(cause: CodeArray, gap: FloatArray) -> Mapping[str, float]:
    return {name: math.fsum(gap[cause == CAUSES.index(name)].tolist()) for name in GAP_CAUSES}
