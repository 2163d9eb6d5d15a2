"""LaECE, LRP and optimal LRP of a run that has been analysed, by class and as means over the classes."""

from typing import Any

import numpy as np

from mapgap.operating_point import (
    Found,
    LocalizationRecallPrecision,
    localization_recall_precision,
    optimal_localization_recall_precision,
)
from mapgap.reliability import localization_aware_error
from mapgap.report.columns import target_of_detections
from mapgap.report.json_values import Record, number, numbers
from mapgap.tables import FloatArray, IndexArray, Results

PARTS = ("error", "localization", "false_positive", "false_negative", "score_threshold")


def quality_records(results: Results, score_threshold: float) -> list[Record]:
    """One record a class, then that of all: `laece` and `lrp` at the threshold, `optimal_lrp` at the best of each.

    Over all images, at the analysis IoU. What is said of all is the mean over the classes with objects in which it is
    defined, as in the papers; the optimal thresholds have no mean.
    """
    found, iou_threshold = _found(results), results.operating_point.iou_threshold
    objects = results.matches.positives[0]
    kept = found.score >= score_threshold
    laece = localization_aware_error(found.score[kept], found.iou[kept], found.category[kept], len(objects))
    laece[objects == 0] = np.nan
    at_threshold = localization_recall_precision(
        found, objects, iou_threshold=iou_threshold, score_threshold=score_threshold
    )
    optimal = optimal_localization_recall_precision(found, objects, iou_threshold=iou_threshold)
    return [
        {"laece": error, "lrp": one, "optimal_lrp": best}
        for error, one, best in zip(
            [*numbers(laece.tolist()), _mean(laece)],
            _records(at_threshold, PARTS[:-1]),
            _records(optimal, PARTS),
            strict=True,
        )
    ]


def _found(results: Results) -> Found:
    threshold, most = results.analysis_threshold, results.settings.max_detections
    rows = np.flatnonzero(results.matches.is_counted(threshold, most))
    right = results.matches.is_true_positive(threshold, most)
    target, iou = target_of_detections(results)
    iou = np.where(right, iou, 0.0)
    unknown = np.flatnonzero(np.isnan(iou))
    iou[unknown] = _mask_iou(results, unknown, target[unknown])
    return Found(results.detections.category[rows], results.detections.score[rows], right[rows], iou[rows])


def _mask_iou(results: Results, rows: "np.ndarray[Any, Any]", target: IndexArray) -> list[float]:
    """Of masks that match an object which is not their nearest."""
    if not len(rows):
        return []
    from pycocotools import mask

    found, truth = results.detections.masks, results.ground_truth.masks
    assert found is not None
    assert truth is not None
    pairs = zip(rows.tolist(), target.tolist(), strict=True)
    return [float(mask.iou([found[row]], [truth[annotation]], [0])[0, 0]) for row, annotation in pairs]


def _records(values: LocalizationRecallPrecision, parts: tuple[str, ...]) -> list[Record]:
    columns = [getattr(values, part).tolist() for part in parts]
    of_classes = [dict(zip(parts, numbers(row), strict=True)) for row in zip(*columns, strict=True)]
    means = {part: None if part == "score_threshold" else _mean(getattr(values, part)) for part in parts}
    return [*of_classes, means]


def _mean(values: FloatArray) -> float | None:
    defined = values[~np.isnan(values)]
    return number(float(defined.mean())) if len(defined) else None
