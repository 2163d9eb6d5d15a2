"""Reading: COCO files, Python objects and arrays become the frozen tables of `mapgap.tables`."""

from mapgap.coco.agnostic import merge_classes
from mapgap.coco.detections import empty_detections, read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.coco.mask_columns import take_masks
from mapgap.coco.selection import select

__all__ = ["empty_detections", "merge_classes", "read_detections", "read_ground_truth", "select", "take_masks"]
