"""Reading: COCO files, Python objects and arrays become the frozen tables of `mapgap.tables`."""

from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.coco.selection import select

__all__ = ["read_detections", "read_ground_truth", "select"]
