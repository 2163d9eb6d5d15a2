"""Localization recall precision (LRP): misses, false alarms and loose boxes in one error, by class.

Source: Oksuz, Cam, Akbas, Kalkan: Localization Recall Precision (LRP): A New Performance Metric for Object Detection,
ECCV 2018, and One Metric to Measure them All, TPAMI 2021.
"""

from dataclasses import dataclass

import numpy as np

from mapgap.tables import BoolArray, FloatArray, IdArray, IndexArray


@dataclass(frozen=True)
class Found:
    """One row a detection that counts; the IoU of a true positive with its object, 0 for a false positive."""

    category: IndexArray
    score: FloatArray
    right: BoolArray
    iou: FloatArray


@dataclass(frozen=True)
class LocalizationRecallPrecision:
    """One row a category; NaN where not defined, for a category without objects everywhere."""

    error: FloatArray
    """(sum over true positives of (1 - IoU) / (1 - t) + FP + FN) / (TP + FP + FN)."""
    localization: FloatArray
    """Mean of 1 - IoU over the true positives."""
    false_positive: FloatArray
    """Share of the kept detections that is wrong."""
    false_negative: FloatArray
    """Share of the objects that is missed."""
    score_threshold: FloatArray
    """The lowest score kept for it, NaN where no threshold has a true positive or all categories share one."""


def localization_recall_precision(
    found: Found, objects: IdArray, *, iou_threshold: float, score_threshold: float
) -> LocalizationRecallPrecision:
    """LRP of each category where detections with score >= `score_threshold` are kept; `objects` (K,) counts them.

    `iou_threshold` is the one of the true positives. At 1 boxes are right only if they are equal, and nothing is loose.
    """
    kept = found.score >= score_threshold
    classes = len(objects)
    right = np.bincount(found.category[kept & found.right], minlength=classes)
    wrong = np.bincount(found.category[kept & ~found.right], minlength=classes)
    is_hit = kept & found.right
    loose: FloatArray = np.bincount(found.category[is_hit], weights=1 - found.iou[is_hit], minlength=classes).astype(
        np.float64
    )
    return _parts(right, wrong, objects, loose, iou_threshold, np.full(classes, np.nan))


def optimal_localization_recall_precision(
    found: Found, objects: IdArray, *, iou_threshold: float
) -> LocalizationRecallPrecision:
    """The lowest LRP that any score threshold gives each category, on equal error at the highest score.

    Without a true positive the error is 1.
    """
    classes = len(objects)
    right, wrong, loose = (np.zeros(classes) for _ in range(3))
    threshold = np.full(classes, np.nan)
    order = np.lexsort((-found.score, found.category))
    starts = np.searchsorted(found.category[order], np.arange(classes + 1))
    for category in np.flatnonzero(objects).tolist():
        rows = order[starts[category] : starts[category + 1]]
        score, is_right = found.score[rows], found.right[rows]
        if not is_right.any():
            continue
        last = np.flatnonzero(np.append(score[1:] != score[:-1], True))
        hits = np.cumsum(is_right)[last]
        misses = last + 1 - hits
        off = np.cumsum(np.where(is_right, 1 - found.iou[rows], 0.0))[last]
        errors = (_scaled(off, iou_threshold) + misses + objects[category] - hits) / (objects[category] + misses)
        best = int(np.argmin(np.where(hits > 0, errors, np.inf)))
        right[category], wrong[category], loose[category] = hits[best], misses[best], off[best]
        threshold[category] = score[last[best]]
    return _parts(right, wrong, objects, loose, iou_threshold, threshold)


def _parts(
    right: FloatArray | IdArray,
    wrong: FloatArray | IdArray,
    objects: IdArray,
    loose: FloatArray,
    iou_threshold: float,
    threshold: FloatArray,
) -> LocalizationRecallPrecision:
    def share(part: FloatArray | IdArray, whole: FloatArray | IdArray) -> FloatArray:
        is_defined = (whole > 0) & (objects > 0)
        return np.asarray(np.divide(part, whole, out=np.full(len(objects), np.nan), where=is_defined))

    missed = objects - right
    return LocalizationRecallPrecision(
        error=share(_scaled(loose, iou_threshold) + wrong + missed, objects + wrong),
        localization=share(loose, right),
        false_positive=share(wrong, right + wrong),
        false_negative=share(missed, objects),
        score_threshold=threshold,
    )


def _scaled(loose: FloatArray, iou_threshold: float) -> FloatArray:
    return np.zeros_like(loose) if iou_threshold == 1 else loose / (1 - iou_threshold)
