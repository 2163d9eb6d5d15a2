"""Who is right and wrong at one score threshold and one IoU threshold."""

import numpy as np

from mapgap.tables import Detections, FloatArray, GroundTruth, IdArray, IndexArray, Matches, OperatingPoint


def operate(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    *,
    threshold: int,
    score_threshold: float | None,
    class_score_thresholds: FloatArray | None = None,
    max_detections: int = 100,
) -> OperatingPoint:
    """Outcomes of every detection and object where detections with score >= `score_threshold` are kept.

    `threshold` is a row of `matches.iou_thresholds`. With `score_threshold` None every counted detection is kept,
    or, where `class_score_thresholds` (K,) are given, those that reach the threshold of their own category.
    The matches of the kept detections do not depend on the others, so one matching serves every score threshold.
    """
    is_counted = matches.is_counted(threshold, max_detections)
    kept = is_counted
    if class_score_thresholds is not None:
        kept = is_counted & (detections.score >= class_score_thresholds[detections.category])
    elif score_threshold is not None:
        kept = is_counted & (detections.score >= score_threshold)
    true_positive = kept & matches.is_true_positive(threshold, max_detections)
    found = np.zeros(len(ground_truth.category), dtype=np.bool_)
    found[matches.matched[0, threshold, true_positive]] = True
    classes = len(ground_truth.categories.ids)
    class_tp = _count(ground_truth.category[found], classes)
    return OperatingPoint(
        score_threshold=score_threshold,
        iou_threshold=float(matches.iou_thresholds[threshold]),
        kept=kept,
        true_positive=true_positive,
        found=found,
        class_tp=class_tp,
        class_fp=_count(detections.category[kept & ~true_positive], classes),
        class_fn=_count(ground_truth.category[ground_truth.is_object], classes) - class_tp,
        class_score_thresholds=class_score_thresholds,
    )


def _count(category: IndexArray, classes: int) -> IdArray:
    return np.bincount(category, minlength=classes).astype(np.int64)
