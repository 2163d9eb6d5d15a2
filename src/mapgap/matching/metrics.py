"""The COCO summary numbers from matches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mapgap import _kernel
from mapgap.matching.curves import accumulate_defined
from mapgap.tables import Detections, FloatArray, IdArray, Matches

AREA_SUFFIXES = {"small": "s", "medium": "m", "large": "l"}


class CurveSource(Protocol):
    """Where precision and recall come from: of the K' classes that have a counted object, at T thresholds."""

    @property
    def iou_thresholds(self) -> FloatArray:
        """(T,)"""

    @property
    def area_names(self) -> Sequence[str]:
        """Of the area ranges, in their order."""

    @property
    def max_detections(self) -> Sequence[int]:
        """The limits of detections an image and class, rising."""

    def curves(self, area: int, limit: int) -> tuple[FloatArray, FloatArray]:
        """(precision (T, R, K'), recall (T, K'))."""

    def recall(self, area: int, limit: int) -> FloatArray:
        """(T, K')"""


@dataclass(frozen=True)
class _Matched:
    detections: Detections
    pieces: Sequence[Matches]

    @property
    def iou_thresholds(self) -> FloatArray:
        return np.concatenate([piece.iou_thresholds for piece in self.pieces])

    @property
    def area_names(self) -> Sequence[str]:
        return list(self.pieces[0].area_ranges)

    @property
    def max_detections(self) -> Sequence[int]:
        return self.pieces[0].max_detections

    def curves(self, area: int, limit: int) -> tuple[FloatArray, FloatArray]:
        return curves_of(self.detections, self.pieces, area, limit)

    def recall(self, area: int, limit: int) -> FloatArray:
        return recall_of(self.detections, self.pieces, area, limit)


def coco_metrics(
    detections: Detections, pieces: Sequence[Matches], *, pycocotools_limits: bool = False
) -> Mapping[str, float | None]:
    """The 12 numbers of COCO from matches at consecutive stretches of the IoU thresholds, as `metrics_of_curves`."""
    return metrics_of_curves(_Matched(detections, pieces), pycocotools_limits=pycocotools_limits)


def metrics_of_curves(source: CurveSource, *, pycocotools_limits: bool = False) -> Mapping[str, float | None]:
    """The 12 numbers of COCO by name, None where not defined; the means are NumPy's, to the last bit.

    AP and its kin are taken at 100 detections, or at the largest limit of a list without 100. With
    `pycocotools_limits` AP is None there, and all other numbers are taken at the third limit, as in pycocotools. AR is
    named after its limit; an area range other than COCO's gives `AP_name`.
    Source: pycocotools 2.0.11, cocoeval.py, summarize.
    """
    limits, names = source.max_detections, source.area_names
    limit = 100 if 100 in limits else limits[-1]
    thresholds = source.iou_thresholds
    metrics: dict[str, float | None] = {"AP": None, "AP50": None, "AP75": None}
    recalls: dict[str, float | None] = {}
    others_limit = third_limit(limits, limit) if pycocotools_limits else limit
    if "all" in names:
        area = names.index("all")
        precision, recall = source.curves(area, others_limit)
        metrics["AP50"] = _mean(precision[thresholds == 0.5])
        metrics["AP75"] = _mean(precision[thresholds == 0.75])
        if others_limit != limit:
            precision, _ = source.curves(area, limit)
        metrics["AP"] = None if pycocotools_limits and 100 not in limits else _mean(precision)
        for each in limits:
            recalls[f"AR{each}"] = _mean(recall if each == others_limit else source.recall(area, each))
    for area, name in enumerate(names):
        if name != "all":
            precision, recall = source.curves(area, others_limit)
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
