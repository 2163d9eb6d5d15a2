"""Read detections in the format of COCO's results files, or as an array."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mapgap.coco.columns import (
    box_area,
    box_column,
    identifier_column,
    number_column,
    positions_of,
    require_finite,
    require_finite_area,
)
from mapgap.coco.detection_array import columns_of_array
from mapgap.coco.layout import SWAPPED, DetectionList, looks_like_ground_truth, open_detections
from mapgap.coco.mask_columns import FIX_DETECTION, detection_masks
from mapgap.coco.masks import mask_areas_and_boxes
from mapgap.coco.records import Records, decode_records, first_record
from mapgap.coco.scanned import scanned_detections
from mapgap.coco.sources import is_path
from mapgap.coco.structs import DetectionRecord, MaskRecord, ResultRecord
from mapgap.errors import InputError
from mapgap.tables import Detections, FloatArray, GroundTruth

Rows = Sequence[DetectionRecord]


def read_detections(
    source: object, ground_truth: GroundTruth, *, name: str | None = None, with_masks: bool = False
) -> Detections:
    """The detections of a path, list of dicts, dict with `annotations`, (N, 7) array or pycocotools `COCO` object.

    One row a detection, in file order. An array has the columns [image_id, x, y, w, h, score, category_id]. As in
    pycocotools' `loadRes` the first record decides what the area is: with a box there, every record needs a box and has
    its width x height; else every record needs a run-length mask, has its area, and the mask's box if it has none. The
    areas of a `COCO` object made by `loadRes` are kept. `with_masks` reads the masks too and wants one of every
    detection. InputError for anything without a meaning, an image or category
    that the ground truth does not have included; AccessError for an unreadable file.
    """
    if isinstance(source, np.ndarray):
        if with_masks:
            raise InputError("an array holds boxes, and masks are to be compared", file=name, fix=FIX_DETECTION)
        return _read_array(source, ground_truth, "detections" if name is None else name)
    if is_path(source) and not with_masks:
        scanned = scanned_detections(source, name, ground_truth)  # type: ignore[arg-type]
        if scanned is not None:
            return scanned
    return read_detections_carefully(source, ground_truth, name=name, with_masks=with_masks)


def read_detections_carefully(
    source: object, ground_truth: GroundTruth, *, name: str | None = None, with_masks: bool = False
) -> Detections:
    """The same for all but arrays, record by record: slower, but explains what has no meaning."""
    opened = open_detections(source, name)
    detections = _read_records(opened, ground_truth)
    if not with_masks:
        return detections
    return replace(detections, masks=detection_masks(opened.records, detections.image, ground_truth.images))


def empty_detections(ground_truth: GroundTruth) -> Detections:
    """No detections at all."""
    return _read_records(open_detections([], None), ground_truth)


def _read_array(array: NDArray[np.generic], ground_truth: GroundTruth, name: str) -> Detections:
    records = Records(name, "detections", ())
    columns = columns_of_array(records, array)
    return Detections(
        name=name,
        sha256=None,
        record=np.arange(len(columns.score), dtype=np.int64),
        image=positions_of(records, (), "image_id", columns.image_id, ground_truth.images.ids),
        category=positions_of(records, (), "category_id", columns.category_id, ground_truth.categories.ids),
        box=columns.box,
        area=columns.area,
        score=columns.score,
    )


def _read_records(detections: DetectionList, ground_truth: GroundTruth) -> Detections:
    records = detections.records
    rows = _decode(detections)
    score = number_column([row.score for row in rows])
    require_finite(records, rows, "score", score)
    image_ids = identifier_column(records, rows, "image_id")
    category_ids = identifier_column(records, rows, "category_id")
    box, area = _boxes_and_areas(records, rows)
    return Detections(
        name=detections.name,
        sha256=detections.sha256,
        record=np.arange(len(rows), dtype=np.int64),
        image=positions_of(records, rows, "image_id", image_ids, ground_truth.images.ids),
        category=positions_of(records, rows, "category_id", category_ids, ground_truth.categories.ids),
        box=box,
        area=area,
        score=score,
    )


def _decode(detections: DetectionList) -> Rows:
    try:
        return decode_records(detections.records, ResultRecord if detections.has_areas else DetectionRecord)
    except InputError:
        if looks_like_ground_truth(detections):
            raise InputError(
                "the records have no 'score'; this looks like ground truth", file=detections.name, fix=SWAPPED
            ) from None
        raise


def _boxes_and_areas(records: Records, rows: Rows) -> tuple[FloatArray, FloatArray]:
    if rows and all(isinstance(row, ResultRecord) and row.bbox and row.area is not None for row in rows):
        area = number_column([row.area for row in rows])  # type: ignore[attr-defined]
        require_finite(records, rows, "area", area)
        return _checked_boxes(records, rows), area
    if rows and not rows[0].bbox and "segmentation" in (first_record(records) or ()):
        return _from_masks(records, rows)
    box = _checked_boxes(records, rows)
    area = box_area(box)
    require_finite_area(records, rows, area, box)
    return box, area


def _checked_boxes(records: Records, rows: Rows) -> FloatArray:
    boxes = [row.bbox for row in rows]
    if not all(boxes) or set(map(len, boxes)) - {4}:  # type: ignore[arg-type]
        _refuse_box(records, boxes)
    box = box_column(boxes)  # type: ignore[arg-type]
    require_finite(records, rows, "bbox", box)
    return box


def _refuse_box(records: Records, boxes: Sequence[tuple[float, ...] | None]) -> None:
    for position, box in enumerate(boxes):
        if not box:
            raise InputError(
                "field 'bbox' is missing or empty",
                file=records.file,
                where=records.where(position),
                fix="Write the box as [x, y, width, height] in pixels or remove the record",
            )
        if len(box) != 4:
            raise records.refusal(position, None, "bbox", box)


def _from_masks(records: Records, rows: Rows) -> tuple[FloatArray, FloatArray]:
    masks = [row.segmentation for row in decode_records(records, MaskRecord)]
    area, mask_box = mask_areas_and_boxes(records, masks)
    boxes = [row.bbox if row.bbox else tuple(at.tolist()) for row, at in zip(rows, mask_box, strict=True)]
    if set(map(len, boxes)) - {4}:
        _refuse_box(records, boxes)
    box = box_column(boxes)
    require_finite(records, rows, "bbox", box)
    return box, area
