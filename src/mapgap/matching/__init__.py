"""Matching: which detection found which object, by COCO's rules, and the COCO numbers that follow."""

from mapgap.matching.curves import Curves, accumulate
from mapgap.matching.matches import find_pairs, match_detections, order_detections
from mapgap.matching.metrics import area_suffix, class_average_precision, coco_metrics, precision_of, third_limit

__all__ = [
    "Curves",
    "accumulate",
    "area_suffix",
    "class_average_precision",
    "coco_metrics",
    "find_pairs",
    "match_detections",
    "order_detections",
    "precision_of",
    "third_limit",
]
