"""What speaks for the cause of each missed object: who overlaps it, how well, and who took what it needed."""

import numpy as np

from mapgap.causes.overlaps import Overlaps, overlaps_of
from mapgap.tables import (
    Causes,
    Detections,
    Errors,
    FloatArray,
    GroundTruth,
    IndexArray,
    Matches,
    MissedEvidence,
    Pairs,
)


def missed_evidence(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    pairs: Pairs,
    causes: Causes,
    errors: Errors,
    *,
    threshold: int,
    background_iou: float,
    max_detections: int = 100,
) -> MissedEvidence:
    """The evidence of every missed object; `threshold` is the position of the analysis IoU.

    `pairs` are those of `find_causes`. Of equal overlaps with another class the better score counts, then the first
    in the file.
    """
    rows = np.flatnonzero(errors.is_false_negative)
    objects, looked_at = errors.object[rows], errors.detection[rows]
    overlaps = overlaps_of(objects, len(ground_truth.ids), matches, pairs)
    other, other_iou = _best_of_other_class(
        ground_truth, detections, overlaps.where(matches.rank[overlaps.detection] < max_detections), background_iou
    )
    same_iou = causes.nearest.kept_iou[objects]
    return MissedEvidence(
        iou=_iou_with(objects, looked_at, overlaps, len(ground_truth.ids)),
        same_class_iou=np.where(same_iou >= background_iou, same_iou, np.nan),
        other_class_detection=other[objects],
        other_class_iou=other_iou[objects],
        taken_by=_taken_by(objects, looked_at, matches, threshold, max_detections),
    )


def _iou_with(objects: IndexArray, detection: IndexArray, overlaps: Overlaps, annotations: int) -> FloatArray:
    """IoU of each object with one detection, NaN where that is -1."""
    asked = np.full(annotations, -1, dtype=np.int32)
    asked[objects] = detection
    iou = np.full(annotations, np.nan)
    is_asked = overlaps.detection == asked[overlaps.object]
    iou[overlaps.object[is_asked]] = overlaps.iou[is_asked]
    return iou[objects]


def _best_of_other_class(
    ground_truth: GroundTruth, detections: Detections, overlaps: Overlaps, background_iou: float
) -> tuple[IndexArray, FloatArray]:
    """(N,) detection and IoU."""
    is_other = ground_truth.category[overlaps.object] != detections.category[overlaps.detection]
    others = overlaps.where(is_other & (overlaps.iou >= background_iou))
    worst_first = np.lexsort((-others.detection, detections.score[others.detection], others.iou))
    best = np.full(len(ground_truth.ids), -1, dtype=np.int32)
    iou = np.full(len(best), np.nan)
    best[others.object[worst_first]] = others.detection[worst_first]
    iou[others.object[worst_first]] = others.iou[worst_first]
    return best, iou


def _taken_by(
    objects: IndexArray, detection: IndexArray, matches: Matches, threshold: int, max_detections: int
) -> IndexArray:
    if not len(matches.order):
        return np.full(len(objects), -1, dtype=np.int32)
    is_hit = (detection >= 0) & matches.is_true_positive(threshold, max_detections)[detection]
    taken = np.where(is_hit, matches.matched[0, threshold][detection], -1)
    return np.where(taken == objects, -1, taken).astype(np.int32)
