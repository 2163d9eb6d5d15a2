"""The COCO summary numbers from matches."""

from collections.abc import Mapping, Sequence

import numpy as np

from mapgap import _kernel
from mapgap.matching.curves import accumulate_defined
from mapgap.tables import Detections, FloatArray, IdArray, Matches

AREA_SUFFIXES = {"small": "s", "medium": "m", "large": "l"}


def coco_metrics(
    detections: Detections, pieces: Sequence[Matches], *, pycocotools_limits: bool = False
) -> Mapping[str, float | None]:
    """The 12 numbers of COCO by name, None where not defined; the means are NumPy's, to the last bit.

    `pieces` are matches at consecutive stretches of the IoU thresholds. AP and its kin are taken at 100 detections, or
    at the largest limit of a list without 100. With `pycocotools_limits` AP is None there, and all other numbers are
    taken at the third limit, as in pycocotools. AR is named after its limit; an area range other than COCO's gives
    `AP_name`.
    Source: pycocotools 2.0.11, cocoeval.py, summarize.
    """
    limits, names = pieces[0].max_detections, list(pieces[0].area_ranges)
    limit = 100 if 100 in limits else limits[-1]
    thresholds = np.concatenate([piece.iou_thresholds for piece in pieces])
    metrics: dict[str, float | None] = {"AP": None, "AP50": None, "AP75": None}
    recalls: dict[str, float | None] = {}
    others_limit = third_limit(limits, limit) if pycocotools_limits else limit
    if "all" in names:
        area = names.index("all")
        precision, recall = curves_of(detections, pieces, area, others_limit)
        metrics["AP50"] = _mean(precision[thresholds == 0.5])
        metrics["AP75"] = _mean(precision[thresholds == 0.75])
        if others_limit != limit:
            precision = precision_of(detections, pieces, area, limit)
        metrics["AP"] = None if pycocotools_limits and 100 not in limits else _mean(precision)
        for each in limits:
            at_limit = recall if each == others_limit else recall_of(detections, pieces, area, each)
            recalls[f"AR{each}"] = _mean(at_limit)
    for area, name in enumerate(names):
        if name != "all":
            precision, recall = curves_of(detections, pieces, area, others_limit)
            metrics[f"AP{area_suffix(name)}"] = _mean(precision)
            recalls[f"AR{area_suffix(name)}"] = _mean(recall)
    return {**metrics, **recalls}


def curves_of(
    detections: Detections, pieces: Sequence[Matches], area: int, limit: int
) -> tuple[FloatArray, FloatArray]:
    """(precision (T, R, K'), recall (T, K')) of the classes that have a counted object."""
    parts = [
        accumulate_defined(detections, piece, area=area, max_detections=limit, with_precision=True) for piece in pieces
    ]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([precision for precision, _ in parts]), np.concatenate([recall for _, recall in parts])


def precision_of(detections: Detections, pieces: Sequence[Matches], area: int, limit: int) -> FloatArray:
    """(T, R, K') precision of the classes that have a counted object."""
    return curves_of(detections, pieces, area, limit)[0]


def recall_of(detections: Detections, pieces: Sequence[Matches], area: int, limit: int) -> FloatArray:
    """(T, K') recall of the classes that have a counted object."""
    return np.concatenate(
        [
            accumulate_defined(detections, piece, area=area, max_detections=limit, with_precision=False)[1]
            for piece in pieces
        ]
    )


def class_average_precision(precision: FloatArray, positives: IdArray) -> FloatArray:
    """(K,) AP of each class from `precision_of` at some thresholds, NaN for a class without ground truth."""
    result = np.full(len(positives), np.nan)
    if len(precision):
        result[positives > 0] = precision.mean(axis=(0, 1))
    return result


def _mean(values: FloatArray) -> float | None:
    """Mean in C order, as pycocotools takes it over what is defined; None if nothing is."""
    return _kernel.pairwise_mean(values.reshape(-1)) if values.size else None


def third_limit(limits: Sequence[int], otherwise: int) -> int:
    """The limit at which pycocotools takes all numbers but AP (cocoeval.py, _summarizeDets)."""
    return limits[2] if len(limits) > 2 else otherwise


def area_suffix(area_name: str) -> str:
    """How a number is named after its area range: s, m and l for COCO's, else the name."""
    return AREA_SUFFIXES.get(area_name, f"_{area_name}")
