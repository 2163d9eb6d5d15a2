"""Boxes of one image and class that overlap."""

from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.tables import Detections, FloatArray, GroundTruth, IdArray, IndexArray

LOWEST_IOU = 0.3
"""Suppression below this would take one of two objects that merely touch; pairs below it are not looked at."""


@dataclass(frozen=True)
class Overlaps:
    """One row a pair of detections of one image and class with IoU >= LOWEST_IOU: of boxes, also for masks."""

    higher: IndexArray
    """The detection of the higher score, of equal ones the earlier in the file."""
    lower: IndexArray
    iou: FloatArray


def find_overlaps(detections: Detections, order: IndexArray, images: int) -> Overlaps:
    """The overlapping pairs of the detections `order`, which stand by image, class and falling score."""
    image, category = detections.image[order], detections.category[order]
    row, other, iou = _pairs(image, category, detections.box[order], images)
    is_lower = other < row
    return Overlaps(order[other[is_lower]], order[row[is_lower]], iou[is_lower])


def closest_neighbour(ground_truth: GroundTruth) -> FloatArray:
    """(N,) highest IoU of each object with another one of its image and class; 0 below LOWEST_IOU, and for crowds."""
    objects = np.flatnonzero(ground_truth.is_object)
    image, category, box = ground_truth.image[objects], ground_truth.category[objects], ground_truth.box[objects]
    row, other, iou = _pairs(image, category, box, len(ground_truth.images.ids))
    closest = np.zeros(len(ground_truth.ids))
    is_other = row != other
    np.maximum.at(closest, objects[row[is_other]], iou[is_other])
    return closest


def _pairs(
    image: IndexArray, category: IndexArray, box: FloatArray, images: int
) -> tuple[IdArray, IndexArray, FloatArray]:
    """(row, other row, IoU) of the boxes with each other and themselves, by row."""
    own = np.arange(len(image), dtype=np.int32)
    nobody = np.zeros(len(image), dtype=np.uint8)
    columns = (np.ascontiguousarray(image), np.ascontiguousarray(category), np.ascontiguousarray(box))
    offsets, other, iou = _kernel.box_pairs(own, *columns, *columns, nobody, images, LOWEST_IOU, False)
    return np.repeat(own.astype(np.int64), np.diff(offsets)), other, iou
