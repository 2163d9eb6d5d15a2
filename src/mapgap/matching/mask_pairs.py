"""Pairs of a detection and an annotation that overlap, from masks, by pycocotools' mask code."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgap.tables import BoolArray, Detections, FloatArray, GroundTruth, IndexArray, Masks, Pairs


def find_mask_pairs(
    ground_truth: GroundTruth,
    detections: Detections,
    order: IndexArray,
    *,
    minimum_iou: float,
    across_classes: bool,
) -> Pairs:
    """What `box_pairs` of the kernel gives, with the IoU of masks; both tables must hold their masks.

    An IoU is a ratio of whole pixel counts (pycocotools 2.0.11, maskApi.c, rleIou), so it does not matter which masks
    are compared in one call.
    """
    object_order = np.lexsort((np.arange(len(ground_truth.ids)), ground_truth.category, ground_truth.image))
    counts = np.zeros(len(order), dtype=np.int64)
    objects: list[NDArray[np.int64]] = []
    ious: list[FloatArray] = []
    for first, last, object_rows in _image_blocks(ground_truth, detections, order, object_order):
        rows = order[first:last]
        iou = _iou(detections.masks, rows, ground_truth.masks, object_rows, ground_truth.crowd[object_rows])
        is_pair = _may_pair(ground_truth, detections, rows, object_rows, across_classes) & ~(iou < minimum_iou)
        counts[first:last] = is_pair.sum(axis=1)
        objects.append(np.broadcast_to(object_rows, is_pair.shape)[is_pair])
        ious.append(iou[is_pair])
    return Pairs(
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        object=np.concatenate([np.zeros(0, np.int64), *objects]).astype(np.int32),
        iou=np.concatenate([np.zeros(0), *ious]),
    )


def _image_blocks(
    ground_truth: GroundTruth, detections: Detections, order: IndexArray, object_order: NDArray[np.intp]
) -> list[tuple[int, int, NDArray[np.intp]]]:
    """(first, last) of each image's stretch of `order`, and its annotations; images without either are left out."""
    images = np.arange(len(ground_truth.images.ids) + 1)
    detection_starts = np.searchsorted(detections.image[order], images)
    object_starts = np.searchsorted(ground_truth.image[object_order], images)
    has_both = (np.diff(detection_starts) > 0) & (np.diff(object_starts) > 0)
    return [
        (int(detection_starts[i]), int(detection_starts[i + 1]), object_order[object_starts[i] : object_starts[i + 1]])
        for i in np.flatnonzero(has_both)
    ]


def _iou(
    detection_masks: Masks | None,
    rows: IndexArray,
    object_masks: Masks | None,
    object_rows: NDArray[np.intp],
    crowd: BoolArray,
) -> FloatArray:
    """(rows, object_rows) IoU; for a crowd intersection / detection area."""
    from pycocotools import mask

    assert detection_masks is not None
    assert object_masks is not None
    return np.asarray(
        mask.iou(_chosen(detection_masks, rows), _chosen(object_masks, object_rows), crowd.astype(np.uint8).tolist())
    )


def _chosen(masks: Masks, rows: IndexArray | NDArray[np.intp]) -> Sequence[Any]:
    return [masks[row] for row in rows.tolist()]


def _may_pair(
    ground_truth: GroundTruth,
    detections: Detections,
    rows: IndexArray,
    object_rows: NDArray[np.intp],
    across_classes: bool,
) -> BoolArray:
    same_class = detections.category[rows][:, np.newaxis] == ground_truth.category[object_rows]
    return np.asarray(same_class | ~ground_truth.crowd[object_rows] if across_classes else same_class)
