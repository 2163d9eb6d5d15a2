"""Candidates for missing labels that say the same twice, or that a crowd annotation answers for."""

import numpy as np
from numpy.typing import NDArray

from mapgap import _kernel
from mapgap.tables import BACKGROUND_IOU, BoolArray, Detections, FloatArray, GroundTruth, IndexArray

SAME_THING_IOU = 0.5


def speaks_for_itself(ground_truth: GroundTruth, detections: Detections, ranked: IndexArray) -> BoolArray:
    """(n,) which detections to keep, of those in `ranked` order: one a place, and none that lies in a crowd.

    A detection is a repeat if a better one that is kept overlaps it by SAME_THING_IOU, of whatever class. It lies in
    a crowd annotation, of whatever class, if a tenth of its box does. Boxes are compared, of masks too.
    """
    image, box = detections.image[ranked], np.ascontiguousarray(detections.box[ranked])
    is_crowd = np.flatnonzero(ground_truth.crowd)
    images = len(ground_truth.images.ids)
    in_crowd, _ = _overlaps(
        image, box, ground_truth.image[is_crowd], ground_truth.box[is_crowd], images, BACKGROUND_IOU, crowd=True
    )
    kept = np.ones(len(ranked), dtype=np.bool_)
    kept[in_crowd] = False
    later, earlier = _overlaps(image, box, image, box, images, SAME_THING_IOU, crowd=False)
    is_pair = earlier < later
    pairs = np.stack([later[is_pair], earlier[is_pair]], axis=1)
    for row, better in pairs[np.argsort(pairs[:, 0], kind="stable")].tolist():
        if kept[better]:
            kept[row] = False
    return kept


def _overlaps(
    image: IndexArray,
    box: FloatArray,
    other_image: IndexArray,
    other_box: FloatArray,
    images: int,
    minimum_iou: float,
    *,
    crowd: bool,
) -> tuple[NDArray[np.intp], IndexArray]:
    """(rows, other rows) that overlap so much; by the share of the row's own box with crowds."""
    order = np.argsort(image, kind="stable").astype(np.int32)
    offsets, other, _ = _kernel.box_pairs(
        order,
        np.ascontiguousarray(image),
        np.zeros(len(image), dtype=np.int32),
        box,
        np.ascontiguousarray(other_image),
        np.zeros(len(other_image), dtype=np.int32),
        np.ascontiguousarray(other_box),
        np.full(len(other_image), crowd, dtype=np.uint8),
        images,
        minimum_iou,
        True,
    )
    return np.repeat(order, np.diff(offsets)).astype(np.intp), other
