"""Compare the detections and annotations of all images and classes at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from mapgap import _kernel
from mapgap.pycocotools.columns import (
    AnnotationColumns,
    DetectionColumns,
    Placed,
    Plan,
    Record,
    annotation_columns,
    box_columns,
    detection_columns,
    place_records,
)
from mapgap.pycocotools.similarity import SHAPE_FIELDS, keypoint_similarity, shape_similarity
from mapgap.tables import EQUAL_BOXES_IOU, FloatArray, IdArray, IndexArray, Pairs


@dataclass(frozen=True)
class Cells:
    """One row an image and class with an annotation or a detection, by image, then class.

    Detections of cell c are `order[detection_offsets[c]:detection_offsets[c + 1]]` by falling score, annotations
    likewise from `annotation_order`, in file order.
    """

    image: IdArray
    category: IdArray
    order: IndexArray
    detection_offsets: IdArray
    annotation_order: IndexArray
    annotation_offsets: IdArray


@dataclass(frozen=True)
class Boxes:
    """(n, 4) boxes of both sides."""

    detections: FloatArray
    annotations: FloatArray


@dataclass(frozen=True)
class Compared:
    """Everything before matching: columns, orders and what is alike."""

    plan: Plan
    annotations: AnnotationColumns
    detections: DetectionColumns
    rank: IndexArray
    class_order: IndexArray
    class_offsets: IdArray
    """See `Matches` for these orders."""
    cells: Cells
    boxes: Boxes | None
    """None where masks or keypoints are compared."""
    similarity: Sequence[Any]
    """One matrix a cell where masks or keypoints are compared."""
    pairs: Pairs


def compare_whole_set(plan: Plan, annotations: list[Record], detections: list[Record], sigmas: Any) -> Compared | None:
    """How alike detections and annotations are, None where a record or a similarity is not plain."""
    try:
        placed, found = place_records(plan, annotations), place_records(plan, detections)
        if placed is None or found is None:
            return None
        truth, results = annotation_columns(plan, placed), detection_columns(plan, found)
        boxes = _boxes(placed, found) if plan.iou_type == "bbox" else None
    except KeyError:
        return None
    if truth is None or results is None or (boxes is None and plan.iou_type == "bbox"):
        return None
    compared = _compare(plan, truth, results, boxes, sigmas)
    # After an undefined similarity pycocotools takes whatever comes next, even what does not overlap at all.
    return None if np.isnan(compared.pairs.iou).any() else compared


def _boxes(annotations: Placed, detections: Placed) -> Boxes | None:
    found, true = box_columns(detections), box_columns(annotations)
    return None if found is None or true is None else Boxes(found, true)


def _compare(
    plan: Plan, annotations: AnnotationColumns, detections: DetectionColumns, boxes: Boxes | None, sigmas: Any
) -> Compared:
    classes = len(plan.category_ids)
    placed = detections.placed
    order, rank, class_order, class_offsets = _kernel.order_detections(
        placed.image, placed.category, detections.sort_key, len(plan.image_ids), classes
    )
    cells = _cells(order, placed, annotations.placed, classes)
    least = min(float(plan.thresholds.min()), EQUAL_BOXES_IOU)
    if boxes is None:
        each_cell = range(len(cells.image))
        similarity = [_similarity(plan, cells, cell, annotations, detections, sigmas) for cell in each_cell]
        pairs = _pairs_of_matrices(cells, similarity, least)
    else:
        similarity = []
        pairs = _pairs_of_boxes(plan, order, annotations, detections, boxes, least)
    return Compared(plan, annotations, detections, rank, class_order, class_offsets, cells, boxes, similarity, pairs)


def _cells(order: IndexArray, detections: Placed, annotations: Placed, classes: int) -> Cells:
    detection_code = _code(detections, classes)[order]
    annotation_code = _code(annotations, classes)
    annotation_order = np.argsort(annotation_code, kind="stable")
    codes = np.union1d(_distinct(detection_code), annotation_code)
    return Cells(
        image=codes // classes,
        category=codes % classes,
        order=order,
        detection_offsets=np.append(np.searchsorted(detection_code, codes), len(order)),
        annotation_order=annotation_order.astype(np.int32),
        annotation_offsets=np.append(np.searchsorted(annotation_code[annotation_order], codes), len(annotation_order)),
    )


def _distinct(ascending: IdArray) -> IdArray:
    return ascending[np.flatnonzero(np.diff(ascending, prepend=-1))]


def _code(placed: Placed, classes: int) -> IdArray:
    return placed.image.astype(np.int64) * classes + placed.category


def _similarity(
    plan: Plan, cells: Cells, cell: int, annotations: AnnotationColumns, detections: DetectionColumns, sigmas: Any
) -> Any:
    """(D, G) similarity of the detections of a cell that are not cut and its annotations; [] if either is empty."""
    start, stop = cells.detection_offsets[cell], cells.detection_offsets[cell + 1]
    found = [detections.placed.records[row] for row in cells.order[start : min(stop, start + plan.limit)]]
    rows = cells.annotation_order[cells.annotation_offsets[cell] : cells.annotation_offsets[cell + 1]]
    true = [annotations.placed.records[row] for row in rows]
    if plan.iou_type in SHAPE_FIELDS:
        return shape_similarity(found, true, plan.iou_type)
    # Without classes pycocotools looks for the keypoints of category -1 and finds none (cocoeval.py, computeOks).
    return keypoint_similarity(found, true, sigmas) if plan.tells_classes_apart else []


def _pairs_of_matrices(cells: Cells, similarity: Sequence[Any], least: float) -> Pairs:
    counts = np.zeros(len(cells.order), dtype=np.int64)
    objects: list[IndexArray] = []
    values: list[FloatArray] = []
    starts = zip(cells.detection_offsets.tolist(), pairwise(cells.annotation_offsets.tolist()), strict=False)
    for (start, (first, last)), matrix in zip(starts, similarity, strict=True):
        if len(matrix) == 0:
            continue
        is_pair = ~(matrix < least)
        counts[start : start + len(matrix)] = is_pair.sum(axis=1)
        objects.append(cells.annotation_order[first:last][np.nonzero(is_pair)[1]])
        values.append(np.asarray(matrix[is_pair], dtype=np.float64))
    return Pairs(
        offsets=np.append(0, np.cumsum(counts)).astype(np.int64),
        object=np.concatenate([np.zeros(0, dtype=np.int32), *objects]),
        iou=np.concatenate([np.zeros(0), *values]),
    )


def _pairs_of_boxes(
    plan: Plan,
    order: IndexArray,
    annotations: AnnotationColumns,
    detections: DetectionColumns,
    boxes: Boxes,
    least: float,
) -> Pairs:
    offsets, objects, iou = _kernel.box_pairs(
        order,
        detections.placed.image,
        detections.placed.category,
        boxes.detections,
        annotations.placed.image,
        annotations.placed.category,
        boxes.annotations,
        annotations.crowd.view(np.uint8),
        len(plan.image_ids),
        least,
        False,
    )
    return Pairs(offsets, objects, iou)
