"""Matching: which detection found which object, by COCO's rules, and the COCO numbers that follow."""

from mapgap.matching.curves import Curves, accumulate
from mapgap.matching.matches import find_pairs, match_detections, order_detections
from mapgap.matching.metrics import (
    CurveSource,
    area_suffix,
    class_average_precision,
    coco_metrics,
    metrics_of_curves,
    precision_of,
    third_limit,
)

__all__ = [
    "CurveSource",
    "Curves",
    "accumulate",
    "area_suffix",
    "class_average_precision",
    "coco_metrics",
    "find_pairs",
    "match_detections",
    "metrics_of_curves",
    "order_detections",
    "precision_of",
    "third_limit",
]
