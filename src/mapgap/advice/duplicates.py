"""Second boxes on objects that are found: the IoU of non-maximum suppression that would remove them."""

import numpy as np

from mapgap.advice.hot_spots import HotSpot
from mapgap.advice.suppression import NMS_IOUS
from mapgap.advice.verifying import look_at_slice
from mapgap.number_words import count, fraction
from mapgap.tables import FloatArray, Recommendation

MOST = 0.5


def nms_iou(spot: HotSpot) -> Recommendation | None:
    """The IoU of suppression with the best F1 over all data, if F1 rises and most of the duplicates here go."""
    best, right = spot.case.suppression, spot.results.operating_point.true_positive
    duplicates, gone = len(spot.false_positives), int(best.removed[spot.false_positives].sum())
    if not duplicates or best.f1 <= best.f1_now or gone < MOST * duplicates:
        return None
    lost, all_right = int((best.removed & right).sum()), int(right.sum())
    iou = _iou_with_finder(spot)
    evidence = {
        "nms_iou": best.iou,
        "duplicates": duplicates,
        "duplicates_removed": gone,
        "true_positives": all_right,
        "true_positives_lost": lost,
        "other_false_positives_removed": int(best.removed.sum()) - lost - gone,
        "median_iou_with_true_positive": float(np.median(iou)),
        "duplicates_above_iou": {fraction(one, 2): int((iou > one).sum()) for one in NMS_IOUS},
        "f1_now": best.f1_now,
        "f1": best.f1,
    }
    text = (
        f"Set the IoU of non-maximum suppression to {fraction(best.iou, 2)}: that would remove {count(gone)} of these "
        f"{count(duplicates)} duplicates. Over all data it would cost {count(lost)} of {count(all_right)} true "
        "positives (objects close to another one)."
    )
    return Recommendation("nms_iou", text, evidence, look_at_slice(spot, "fewer fp, recall as it is"))


def _iou_with_finder(spot: HotSpot) -> FloatArray:
    """Of each duplicate with the detection that found its object; 0 below the lowest IoU looked at."""
    results, overlaps = spot.results, spot.case.overlaps
    target = results.causes.points_at(results.analysis_threshold)
    is_pair = np.isin(overlaps.lower, spot.false_positives)
    is_pair &= spot.case.finder[target[overlaps.lower]] == overlaps.higher
    iou = np.zeros(len(results.detections.score))
    iou[overlaps.lower[is_pair]] = overlaps.iou[is_pair]
    return iou[spot.false_positives]
