"""Reading: COCO files, Python objects and arrays become the frozen tables of `mapgap.tables`."""

from mapgap.coco.agnostic import merge_classes
from mapgap.coco.detections import empty_detections, read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.coco.mask_columns import take_masks
from mapgap.coco.selection import select
from mapgap.coco.sources import is_coco_object, is_path, read_json_text

__all__ = [
    "empty_detections",
    "is_coco_object",
    "is_path",
    "merge_classes",
    "read_detections",
    "read_ground_truth",
    "read_json_text",
    "select",
    "take_masks",
]
