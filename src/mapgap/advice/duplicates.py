"""Second boxes on objects that are found: the IoU of non-maximum suppression that would remove them."""

from dataclasses import dataclass

import numpy as np

from mapgap.advice.hot_spots import HotSpot
from mapgap.advice.overlaps import suppressed
from mapgap.advice.verifying import look_at_slice
from mapgap.number_words import count, fraction
from mapgap.tables import FloatArray, Recommendation

NMS_IOUS = tuple(round(0.3 + 0.05 * step, 2) for step in range(14))
"""Suppression is tried at .3, .35, ..., .95."""
MOST = 0.5


def nms_iou(spot: HotSpot) -> Recommendation | None:
    """The IoU of suppression with the best F1 over all data, if F1 rises and most of the duplicates here go."""
    duplicates = len(spot.false_positives)
    best = max((_suppress(spot, iou) for iou in NMS_IOUS), key=lambda one: (one.f1, one.iou))
    if not duplicates or best.f1 <= _f1_now(spot) or best.duplicates < MOST * duplicates:
        return None
    all_right = int(spot.results.operating_point.true_positive.sum())
    iou = _iou_with_finder(spot)
    evidence = {
        "nms_iou": best.iou,
        "duplicates": duplicates,
        "duplicates_removed": best.duplicates,
        "true_positives": all_right,
        "true_positives_lost": best.true_positives,
        "other_false_positives_removed": best.other_false_positives,
        "median_iou_with_true_positive": float(np.median(iou)),
        "duplicates_above_iou": {fraction(one, 2): int((iou > one).sum()) for one in NMS_IOUS},
        "f1_now": _f1_now(spot),
        "f1": best.f1,
    }
    text = (
        f"Set the IoU of non-maximum suppression to {fraction(best.iou, 2)}: that would remove "
        f"{count(best.duplicates)} of these {count(duplicates)} duplicates. Over all data it would cost "
        f"{count(best.true_positives)} of {count(all_right)} true positives (objects close to another one)."
    )
    return Recommendation("nms_iou", text, evidence, look_at_slice(spot, "fewer fp, recall as it is"))


@dataclass(frozen=True)
class _Try:
    """What suppression at one IoU removes: duplicates of the hot spot, and what else over all data."""

    iou: float
    duplicates: int
    true_positives: int
    other_false_positives: int
    f1: float


def _suppress(spot: HotSpot, iou: float) -> _Try:
    point = spot.results.operating_point
    removed = suppressed(spot.case.overlaps, len(point.kept), iou)
    duplicates = int(removed[spot.false_positives].sum())
    lost = int((removed & point.true_positive).sum())
    all_removed = int(removed.sum())
    right, kept = int(point.true_positive.sum()) - lost, int(point.kept.sum()) - all_removed
    return _Try(iou, duplicates, lost, all_removed - lost - duplicates, _f1(right, kept, spot))


def _f1_now(spot: HotSpot) -> float:
    point = spot.results.operating_point
    return _f1(int(point.true_positive.sum()), int(point.kept.sum()), spot)


def _f1(right: int, kept: int, spot: HotSpot) -> float:
    return 2 * right / max(1, kept + int(spot.results.ground_truth.is_object.sum()))


def _iou_with_finder(spot: HotSpot) -> FloatArray:
    """Of each duplicate with the detection that found its object; 0 below the lowest IoU looked at."""
    results, overlaps = spot.results, spot.case.overlaps
    target = results.causes.points_at(results.analysis_threshold)
    is_pair = np.isin(overlaps.lower, spot.false_positives)
    is_pair &= spot.case.finder[target[overlaps.lower]] == overlaps.higher
    iou = np.zeros(len(results.detections.score))
    iou[overlaps.lower[is_pair]] = overlaps.iou[is_pair]
    return iou[spot.false_positives]
