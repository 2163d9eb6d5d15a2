"""Matching: which detection found which object, by COCO's rules, and the COCO numbers that follow."""

from mapgap.matching.curves import Curves, accumulate
from mapgap.matching.matches import find_pairs, match_detections, order_detections
from mapgap.matching.metrics import class_average_precision, coco_metrics

__all__ = [
    "Curves",
    "accumulate",
    "class_average_precision",
    "coco_metrics",
    "find_pairs",
    "match_detections",
    "order_detections",
]
