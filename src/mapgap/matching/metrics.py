"""The COCO summary numbers from precision and recall arrays."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from mapgap import _kernel
from mapgap.matching.curves import Curves
from mapgap.tables import FloatArray, IdArray

AREA_SUFFIXES = {"small": "s", "medium": "m", "large": "l"}


def coco_metrics(
    curves_of: Callable[[str, int], Curves],
    *,
    iou_thresholds: FloatArray,
    area_names: Sequence[str],
    max_detections: Sequence[int],
    pycocotools_limits: bool = False,
) -> Mapping[str, float | None]:
    """The 12 numbers of COCO by name, None where not defined; the means are NumPy's, to the last bit.

    `curves_of(area name, max_detections)` gives the arrays, all thresholds together. AP and its kin are taken at 100
    detections, or at the largest limit of a list without 100 (there pycocotools gives -1 for AP: with
    `pycocotools_limits` None). AR is named after its limit. An area range other than COCO's gives `AP_name`.
    Source: pycocotools 2.0.11, cocoeval.py, summarize.
    """
    limits = sorted(max_detections)
    limit = 100 if 100 in limits else limits[-1]
    others = [name for name in area_names if name != "all"]
    metrics: dict[str, float | None] = {"AP": None, "AP50": None, "AP75": None}
    if "all" in area_names:
        curves = curves_of("all", limit)
        hide_ap = pycocotools_limits and 100 not in limits
        metrics["AP"] = None if hide_ap else defined_mean(curves.precision)
        metrics["AP50"] = defined_mean(curves.precision[iou_thresholds == 0.5])
        metrics["AP75"] = defined_mean(curves.precision[iou_thresholds == 0.75])
    for name in others:
        metrics[f"AP{_suffix(name)}"] = defined_mean(curves_of(name, limit).precision)
    for each_limit in limits if "all" in area_names else ():
        metrics[f"AR{each_limit}"] = defined_mean(curves_of("all", each_limit).recall)
    for name in others:
        metrics[f"AR{_suffix(name)}"] = defined_mean(curves_of(name, limit).recall)
    return metrics


def class_average_precision(precision: FloatArray, positives: IdArray) -> FloatArray:
    """(K,) AP of each class: mean of `precision` (T, R, K) over T and R, NaN for a class without ground truth."""
    has_ground_truth = positives > 0
    result = np.full(len(positives), np.nan)
    if len(precision):
        result[has_ground_truth] = precision[:, :, has_ground_truth].mean(axis=(0, 1))
    return result


def defined_mean(values: FloatArray) -> float | None:
    """Mean of the entries above -1 in C order, as pycocotools takes it; None if there are none."""
    defined = values[values > -1]
    return _kernel.pairwise_mean(defined) if len(defined) else None


def _suffix(area_name: str) -> str:
    return AREA_SUFFIXES.get(area_name, f"_{area_name}")
