"""What pycocotools says of input that mapgap refuses: NaN boxes, unknown categories and the like."""

import contextlib
import copy
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mapgap.analysis.parameters import Parameters
from mapgap.coco.sources import is_coco_object, is_path, read_json_text
from mapgap.errors import InputError
from mapgap.matching import area_suffix, third_limit
from mapgap.pycocotools import COCO, COCOeval
from mapgap.tables import FloatArray, Notice


@dataclass(frozen=True)
class CopiedEvaluation:
    """The COCO numbers alone, as `Evaluation` has them: there are no tables of input without a meaning."""

    metrics: Mapping[str, float | None]
    precision: FloatArray
    recall: FloatArray
    scores: FloatArray
    notices: tuple[Notice, ...]


def evaluate_as_pycocotools(
    gt: Any,
    dt: Any,
    iou_type: str,
    parameters: Parameters,
    image_ids: Any,
    refusal: InputError,
) -> CopiedEvaluation:
    """Reads as loosely as pycocotools does and evaluates with the drop-in; `refusal` says what mapgap refused.

    Raises `refusal` where pycocotools would fail too.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = _evaluate(gt, dt, iou_type, parameters, image_ids)
    except Exception as error:  # whatever pycocotools stumbles over, the refusal explains it
        raise refusal from error
    arrays = _arrays(evaluation)
    notice = Notice("read_as_pycocotools", f"mapgap refuses this input without compat: {refusal}", 1)
    return CopiedEvaluation(_metrics(arrays, parameters), **arrays, notices=(notice,))


def _evaluate(gt: Any, dt: Any, iou_type: str, parameters: Parameters, image_ids: Any) -> COCOeval:
    truth = _as_coco(gt)
    evaluation = COCOeval(truth, _as_results(dt, truth), iou_type)
    evaluation.params.iouThrs = parameters.thresholds
    evaluation.params.maxDets = list(parameters.limits)
    evaluation.params.areaRng = [list(bounds) for bounds in parameters.area_ranges.values()]
    evaluation.params.areaRngLbl = list(parameters.area_ranges)
    evaluation.params.useCats = 0 if parameters.class_agnostic else 1
    if image_ids is not None:
        evaluation.params.imgIds = list(image_ids)
    if parameters.category_ids is not None:
        evaluation.params.catIds = list(parameters.category_ids)
    evaluation.evaluate()
    evaluation.accumulate()
    return evaluation


def _as_coco(gt: Any) -> COCO:
    truth = COCO()
    truth.dataset = _content(gt)
    truth.createIndex()
    return truth


def _as_results(dt: Any, truth: COCO) -> Any:
    content = dt if isinstance(dt, np.ndarray) else _content(dt)
    if isinstance(content, dict):
        content = content["annotations"]
    if len(content):
        return truth.loadRes(content)
    nothing = COCO()
    nothing.dataset = {"images": truth.dataset["images"], "annotations": [], "categories": []}
    nothing.createIndex()
    return nothing


def _content(source: Any) -> Any:
    """The plain content, a copy: evaluating writes into it. Python's own reader takes NaN, as pycocotools' does."""
    if is_path(source):
        return json.loads(read_json_text(source, None).text)
    return copy.deepcopy(source.dataset if is_coco_object(source) else source)


def _arrays(evaluation: COCOeval) -> dict[str, FloatArray]:
    """Precision, recall and scores, NaN where pycocotools has -1 for "not defined"; a score may truly be -1."""
    precision, recall, scores = (np.asarray(evaluation.eval[name]) for name in ("precision", "recall", "scores"))
    return {
        "precision": np.where(precision == -1, np.nan, precision),
        "recall": np.where(recall == -1, np.nan, recall),
        "scores": np.where(precision == -1, np.nan, scores),
    }


def _metrics(arrays: Mapping[str, FloatArray], parameters: Parameters) -> dict[str, float | None]:
    """The numbers by the names that `coco_metrics` gives them."""
    names, limits = list(parameters.area_ranges), list(parameters.limits)
    last = limits.index(100) if 100 in limits else len(limits) - 1
    place = limits.index(third_limit(limits, limits[last]))
    precision, recall = arrays["precision"], arrays["recall"]
    metrics: dict[str, float | None] = {"AP": None, "AP50": None, "AP75": None}
    recalls: dict[str, float | None] = {}
    for area, name in enumerate(names):
        cell = precision[..., area, place]
        if name == "all":
            metrics["AP"] = _mean(precision[..., area, last]) if 100 in limits else None
            metrics["AP50"] = _mean(cell[parameters.thresholds == 0.5])
            metrics["AP75"] = _mean(cell[parameters.thresholds == 0.75])
            recalls = {f"AR{limit}": _mean(recall[..., area, m]) for m, limit in enumerate(limits)} | recalls
    for area, name in enumerate(names):
        if name != "all":
            suffix = area_suffix(name)
            metrics[f"AP{suffix}"] = _mean(precision[..., area, place])
            recalls[f"AR{suffix}"] = _mean(recall[..., area, place])
    return {**metrics, **recalls}


def _mean(values: FloatArray) -> float | None:
    defined = values[~np.isnan(values)]
    return float(np.mean(defined)) if len(defined) else None
