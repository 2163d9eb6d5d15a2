"""Second boxes on objects that are found: the IoU of non-maximum suppression that would remove them."""

import numpy as np

from mapgap.advice.hot_spots import HotSpot
from mapgap.advice.suppression import NMS_IOUS
from mapgap.advice.verifying import look_at_slice
from mapgap.number_words import count, fraction, plural
from mapgap.tables import FloatArray, Recommendation

MOST = 0.5


def nms_iou(spot: HotSpot) -> Recommendation | None:
    """An IoU of suppression that raises F1 on images it was not chosen on and removes most of the duplicates here."""
    best = spot.case.suppression
    duplicates, gone = len(spot.false_positives), int(best.removed[spot.false_positives].sum())
    if not duplicates or gone < MOST * duplicates or not best.is_confirmed():
        return None
    half = best.held_out
    right, lost = int(half.right[best.kept].sum()), int(half.right[best.gone].sum())
    wrong = int(best.gone.sum()) - lost
    iou = _iou_with_finder(spot)
    evidence = {
        "nms_iou": best.iou,
        "duplicates": duplicates,
        "duplicates_removed": gone,
        "images_chosen_on": int((~half.images).sum()),
        "held_out_images": int(half.images.sum()),
        "held_out_true_positives": right,
        "held_out_true_positives_lost": lost,
        "held_out_false_positives_removed": wrong,
        "held_out_f1_now": best.f1_now,
        "held_out_f1": best.f1,
        "median_iou_with_true_positive": float(np.median(iou)),
        "duplicates_above_iou": {fraction(one, 2): int((iou > one).sum()) for one in NMS_IOUS},
    }
    text = (
        f"Set the IoU of non-maximum suppression to {fraction(best.iou, 2)}: that would remove {count(gone)} of these "
        f"{count(duplicates)} duplicates. Chosen on one half of the images, it removes "
        f"{plural(wrong, 'false positive')} in the other half and costs {count(lost)} of "
        f"{plural(right, 'true positive')} (objects close to another one)."
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
