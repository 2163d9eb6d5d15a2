"""Who owes the gap: definitions.md, section 4."""

import math
from collections.abc import Mapping

import numpy as np

from mapgap import _kernel
from mapgap.gap.outcomes import counted_and_right
from mapgap.tables import (
    CAUSES,
    GAP_CAUSES,
    IOU_THRESHOLDS,
    RECALL_THRESHOLDS,
    Causes,
    CodeArray,
    Debts,
    Detections,
    FloatArray,
    GapSummary,
    GroundTruth,
    IndexArray,
    Matches,
)

THRESHOLDS = len(IOU_THRESHOLDS)


def divide_gap(ground_truth: GroundTruth, detections: Detections, matches: Matches, causes: Causes) -> Debts:
    """One row a debtor and cause, false positives first, each by cause and row; what owes nothing has no row.

    The first ten thresholds of `matches` must be COCO's. A false positive of rank <= r*(q) owes 1 / (101 r*) for each
    recall point q reached; recall points not reached are owed in equal parts by the missed objects of the class.
    """
    positives = matches.positives[0]
    classes = max(1, int(np.count_nonzero(positives)))
    of_detections, of_objects = _kernel.divide_gap(
        matches.class_order,
        matches.class_offsets,
        *counted_and_right(matches, THRESHOLDS),
        causes.detection[:THRESHOLDS],
        ground_truth.category,
        causes.object[:THRESHOLDS],
        positives,
        RECALL_THRESHOLDS,
        1 / (classes * THRESHOLDS),
        len(CAUSES),
    )
    return _as_table(ground_truth, detections, causes, of_detections, of_objects, 1 / classes)


def summarize_gap(debts: Debts, *, ap: float | None, ap50: float | None) -> GapSummary:
    """The gap by cause, at all IoUs and at .5; `ap` and `ap50` are COCO's own numbers, None without ground truth.

    `residual` is what the debts add up to minus 1 - AP: 0 up to rounding, whatever the data.
    """
    by_cause, owed = _sums_by_cause(debts.cause, debts.gap)
    by_cause_at_50, _ = _sums_by_cause(debts.cause, debts.gap_at_50)
    return GapSummary(
        total=None if ap is None else 1 - ap,
        by_cause=by_cause,
        total_at_50=None if ap50 is None else 1 - ap50,
        by_cause_at_50=by_cause_at_50,
        residual=None if ap is None else owed - (1 - ap),
    )


def _as_table(
    ground_truth: GroundTruth,
    detections: Detections,
    causes: Causes,
    of_detections: "_kernel.DebtTable",
    of_objects: "_kernel.DebtTable",
    weight_at_50: float,
) -> Debts:
    detection_cause, detection, detection_gap, detection_gap_at_50 = of_detections
    object_cause, missed, object_gap, object_gap_at_50 = of_objects
    address = _address_by_cause(causes, detection_cause, detection)
    is_background = address < 0
    own = detection[is_background]
    at_objects = np.concatenate([address, missed])

    def at_address(of_object: IndexArray, of_detection: IndexArray) -> IndexArray:
        column = of_object[at_objects] if len(of_object) else np.empty(len(at_objects), dtype=np.int32)
        column[: len(address)][is_background] = of_detection[own]
        return column

    return Debts(
        cause=np.concatenate([detection_cause, object_cause]),
        object=at_objects,
        detection=np.concatenate([detection, np.full(len(missed), -1, dtype=np.int32)]),
        image=at_address(ground_truth.image, detections.image),
        category=at_address(ground_truth.category, detections.category),
        gap=np.concatenate([detection_gap, object_gap]),
        gap_at_50=np.concatenate([detection_gap_at_50, object_gap_at_50]) * weight_at_50,
    )


def _address_by_cause(causes: Causes, cause: CodeArray, detection: IndexArray) -> IndexArray:
    """The object a false positive points at depends on its cause alone, not on the threshold."""
    nearest = causes.nearest
    points_at_same = (cause == CAUSES.index("localization")) | (cause == CAUSES.index("duplicate"))
    points_at_other = (cause == CAUSES.index("classification")) | (cause == CAUSES.index("both"))
    address = np.where(points_at_same, nearest.same_class_object[detection], np.int32(-1))
    return np.where(points_at_other, nearest.other_class_object[detection], address)


def _sums_by_cause(cause: CodeArray, gap: FloatArray) -> tuple[Mapping[str, float], float]:
    """The gap by cause, and all of it, as if added without rounding."""
    exact = _kernel.exact_sums(gap, cause, len(CAUSES))
    sums = [math.fsum(gap[cause == code]) for code in range(len(CAUSES))] if exact is None else exact[:-1].tolist()
    total = math.fsum(gap) if exact is None else float(exact[-1])
    return {name: sums[CAUSES.index(name)] for name in GAP_CAUSES}, total
