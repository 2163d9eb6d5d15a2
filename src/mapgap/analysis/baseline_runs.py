"""The run behind a baseline, from the tables of its report."""

from dataclasses import replace

import numpy as np

from mapgap.analysis.baseline import Baseline, BaselineDetections
from mapgap.analysis.baseline_truth import object_keys
from mapgap.coco.columns import box_area
from mapgap.errors import InputError
from mapgap.tables import BoolArray, Detections, GroundTruth, IdArray, IndexArray, Results


def baseline_detections(truth: GroundTruth, baseline: Baseline) -> Detections:
    """The detections of the baseline's file in images of the ground truth, in file order, without masks.

    Raises InputError for a class that the ground truth has not.
    """
    assert baseline.tables is not None
    _, table = baseline.tables
    rows = np.flatnonzero(np.isin(table.image_id, truth.images.ids))
    known = baseline.summary.inputs.detections
    box = table.box[rows]
    return Detections(
        name=known.name,
        sha256=known.sha256,
        record=table.record[rows],
        image=_places(table.image_id[rows], truth.images.ids),
        category=_categories(table, truth)[rows],
        box=box,
        area=np.asarray(box_area(box), dtype=np.float64),
        score=table.score[rows],
    )


def with_baseline_outcomes(now: Results, baseline: Baseline, score_threshold: float | None) -> Results:
    """The results of a later run with the baseline's detections and outcomes, at a score threshold or at its own point.

    For masks, which no table of a report holds: the tables tell which detections and objects matched. Everything else
    in what comes back is that of the later run, and means nothing.
    """
    assert baseline.tables is not None
    objects, table = baseline.tables
    truth, detections = now.ground_truth, baseline_detections(now.ground_truth, baseline)
    kept_rows, found_rows = table.kept, objects.found
    if score_threshold is not None:
        is_counted = (table.outcome == "tp") | (table.outcome == "fp")
        kept_rows = is_counted & (table.score >= score_threshold)
        found_rows = objects.detection_score >= score_threshold
    in_truth = np.isin(table.image_id, truth.images.ids)
    kept: BoolArray = np.asarray(kept_rows[in_truth], dtype=np.bool_)
    true_positive = kept & np.asarray(table.outcome[in_truth] == "tp", dtype=np.bool_)
    found_keys = {key for key, is_found in zip(object_keys(objects.ids), found_rows.tolist(), strict=True) if is_found}
    rows = np.flatnonzero(truth.is_object)
    found: BoolArray = np.zeros(len(truth.ids), dtype=np.bool_)
    found[rows] = [key in found_keys for key in object_keys(truth.ids[rows])]
    classes = len(truth.categories.ids)
    class_tp = _count(truth.category[found], classes)
    point = replace(
        now.operating_point,
        score_threshold=score_threshold,
        kept=kept,
        true_positive=true_positive,
        found=found,
        class_tp=class_tp,
        class_fp=_count(detections.category[kept & ~true_positive], classes),
        class_fn=_count(truth.category[truth.is_object], classes) - class_tp,
    )
    return replace(now, detections=detections, operating_point=point)


def _categories(table: BaselineDetections, truth: GroundTruth) -> IndexArray:
    is_known = np.isin(table.category_id, truth.categories.ids)
    if not is_known.all():
        unknown = int(table.category_id[np.argmin(is_known)])
        raise InputError(
            f"the baseline detects a class of id {unknown}, which the ground truth has not",
            file="detections.parquet",
            fix="Make the baseline anew on this ground truth",
        )
    return _places(table.category_id, truth.categories.ids)


def _places(ids: IdArray, known: IdArray) -> IndexArray:
    return np.searchsorted(known, ids).astype(np.int32)


def _count(category: IndexArray, classes: int) -> IdArray:
    return np.bincount(category, minlength=classes).astype(np.int64)
