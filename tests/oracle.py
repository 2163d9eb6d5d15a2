"""pycocotools as the authority: its arrays and per-image matches for a generated pair."""

import contextlib
import copy
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def run_pycocotools(
    ground_truth: dict[str, Any],
    detections: list[dict[str, Any]],
    *,
    iou_thresholds: Sequence[float] | None = None,
    area_ranges: Mapping[str, tuple[float, float]] | None = None,
    max_detections: Sequence[int] | None = None,
    image_ids: Sequence[int] | None = None,
    category_ids: Sequence[int] | None = None,
    iou_type: str = "bbox",
    class_agnostic: bool = False,
    summarize: bool = True,
) -> COCOeval:
    """A finished COCOeval over copies of both, its printing swallowed."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = copy.deepcopy(ground_truth)
        truth.createIndex()
        if detections:
            results = truth.loadRes(copy.deepcopy(detections))
        else:
            results = COCO()
            results.dataset = {"images": truth.dataset["images"], "annotations": [], "categories": []}
            results.createIndex()
        evaluation = COCOeval(truth, results, iou_type)
        evaluation.params.useCats = 0 if class_agnostic else 1
        if iou_thresholds is not None:
            evaluation.params.iouThrs = np.asarray(iou_thresholds, dtype=np.float64)
        if area_ranges is not None:
            evaluation.params.areaRng = [list(pair) for pair in area_ranges.values()]
            evaluation.params.areaRngLbl = list(area_ranges)
        if max_detections is not None:
            evaluation.params.maxDets = list(max_detections)
        if image_ids is not None:
            evaluation.params.imgIds = list(image_ids)
        if category_ids is not None:
            evaluation.params.catIds = list(category_ids)
        evaluation.evaluate()
        evaluation.accumulate()
        if summarize:
            evaluation.summarize()
    return evaluation
