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
from mapgap.coco.complaints import notices_of, refuse
from mapgap.coco.decoding import decode_records, decode_rows, first_record
from mapgap.coco.detection_array import columns_of_array
from mapgap.coco.layout import SWAPPED, DetectionList, looks_like_ground_truth, open_detections
from mapgap.coco.mask_columns import FIX_DETECTION, detection_masks, take_masks
from mapgap.coco.masks import mask_areas_and_boxes
from mapgap.coco.records import Records
from mapgap.coco.scanned import scanned_detections
from mapgap.coco.sources import is_path
from mapgap.coco.structs import DetectionRecord, MaskRecord, ResultRecord
from mapgap.errors import InputError
from mapgap.findings import Finding
from mapgap.readings import USUAL, Reading
from mapgap.tables import Detections, FloatArray, GroundTruth

Rows = Sequence[DetectionRecord]


def read_detections(
    source: object,
    ground_truth: GroundTruth,
    *,
    name: str | None = None,
    with_masks: bool = False,
    reading: Reading = USUAL,
) -> Detections:
    """The detections of a path, list of dicts, dict with `annotations`, (N, 7) array or pycocotools `COCO` object.

    One row a detection, in file order. An array has the columns [image_id, x, y, w, h, score, category_id]. As in
    pycocotools' `loadRes` the first record decides what the area is: with a box there, every record needs a box and has
    its width x height; else every record needs a run-length mask, has its area, and the mask's box if it has none. The
    areas of a `COCO` object made by `loadRes` are kept. `with_masks` reads the masks too and wants one of every
    detection. InputError for anything without a meaning, an image or category that the ground truth does not have
    included, which has all of it as `findings`; with `reading.lenient` such records are left out or mended, and a
    notice counts each kind. AccessError for an unreadable file.
    """
    if is_path(source) and not with_masks:
        scanned = scanned_detections(source, name, ground_truth)  # type: ignore[arg-type]
        if scanned is not None:
            return scanned
    return read_detections_carefully(source, ground_truth, name=name, with_masks=with_masks, reading=reading)


def read_detections_carefully(
    source: object,
    ground_truth: GroundTruth,
    *,
    name: str | None = None,
    with_masks: bool = False,
    reading: Reading = USUAL,
) -> Detections:
    """The same, record by record: slower, but explains what has no meaning."""
    detections, findings = examine_detections(source, ground_truth, name=name, with_masks=with_masks, reading=reading)
    if not findings:
        return detections
    if not reading.lenient:
        refuse(findings)
    return replace(detections, notices=(*notices_of(findings), *detections.notices))


def examine_detections(
    source: object,
    ground_truth: GroundTruth,
    *,
    name: str | None = None,
    with_masks: bool = False,
    reading: Reading = USUAL,
) -> tuple[Detections, tuple[Finding, ...]]:
    """What has a meaning, as a table, and what has none, as findings; InputError where nothing can be read."""
    if isinstance(source, np.ndarray):
        if with_masks:
            raise InputError("an array holds boxes, and masks are to be compared", file=name, fix=FIX_DETECTION)
        return _read_array(source, ground_truth, "detections" if name is None else name)
    opened = open_detections(source, name)
    detections = _read_records(opened, ground_truth, with_masks=with_masks)
    return detections, (*opened.findings, *opened.records.complaints.findings)


def empty_detections(ground_truth: GroundTruth) -> Detections:
    """No detections at all."""
    return _read_records(open_detections([], None), ground_truth)


def _read_array(
    array: NDArray[np.generic], ground_truth: GroundTruth, name: str
) -> tuple[Detections, tuple[Finding, ...]]:
    records = Records(name, "detections", ())
    columns = columns_of_array(records, array)
    image = positions_of(records, (), "image_id", columns.image_id, ground_truth.images.ids)
    category = positions_of(records, (), "category_id", columns.category_id, ground_truth.categories.ids)
    kept = np.flatnonzero(records.kept(len(image))).astype(np.int64)
    detections = Detections(
        name=name,
        sha256=None,
        record=kept,
        image=image[kept],
        category=category[kept],
        box=columns.box[kept],
        area=columns.area[kept],
        score=columns.score[kept],
    )
    return detections, records.complaints.findings


def _read_records(detections: DetectionList, ground_truth: GroundTruth, *, with_masks: bool = False) -> Detections:
    records = detections.records
    rows = _decode(detections)
    score = number_column([row.score for row in rows])
    require_finite(records, rows, "score", score)
    image_ids = identifier_column(records, rows, "image_id")
    category_ids = identifier_column(records, rows, "category_id")
    box, area = _boxes_and_areas(records, rows)
    image = positions_of(records, rows, "image_id", image_ids, ground_truth.images.ids)
    category = positions_of(records, rows, "category_id", category_ids, ground_truth.categories.ids)
    masks = detection_masks(records, image, ground_truth.images) if with_masks else None
    kept = np.flatnonzero(records.kept(len(rows)))
    return Detections(
        name=detections.name,
        sha256=detections.sha256,
        record=np.array([records.record(row) for row in kept.tolist()], dtype=np.int64),
        image=image[kept],
        category=category[kept],
        box=box[kept],
        area=area[kept],
        score=score[kept],
        masks=take_masks(masks, kept),
    )


def _decode(detections: DetectionList) -> Rows:
    given = replace(detections, records=replace(detections.records))
    rows = decode_records(detections.records, ResultRecord if detections.has_areas else DetectionRecord)
    if not rows and looks_like_ground_truth(given):
        what = "the records have no 'score'; this looks like ground truth"
        raise InputError(what, file=detections.name, fix=SWAPPED, code="inputs_swapped")
    return rows


def _boxes_and_areas(records: Records, rows: Rows) -> tuple[FloatArray, FloatArray]:
    if rows and all(isinstance(row, ResultRecord) and row.bbox and row.area is not None for row in rows):
        area = number_column([row.area for row in rows])  # type: ignore[attr-defined]
        require_finite(records, rows, "area", area)
        return _checked_boxes(records, [row.bbox for row in rows]), area
    if rows and not rows[0].bbox and "segmentation" in (first_record(records) or ()):
        return _from_masks(records, rows)
    box = _checked_boxes(records, [row.bbox for row in rows])
    area = box_area(box)
    require_finite_area(records, rows, area, box)
    return box, area


def _checked_boxes(records: Records, boxes: Sequence[tuple[float, ...] | None]) -> FloatArray:
    """(N, 4) the boxes, zeros for those complained of."""
    if not all(boxes) or set(map(len, boxes)) - {4}:  # type: ignore[arg-type]
        boxes = [box if box and len(box) == 4 else _no_box(records, row, box) for row, box in enumerate(boxes)]
    box = box_column(boxes)  # type: ignore[arg-type]
    require_finite(records, (), "bbox", box)
    return box


def _no_box(records: Records, row: int, box: tuple[float, ...] | None) -> tuple[float, ...]:
    if box:
        records.refuse(row, None, "bbox", box)
    else:
        fix = "Write the box as [x, y, width, height] in pixels or remove the record"
        records.complain("box_missing", row, lambda: "field 'bbox' is missing or empty", fix=fix)
    return (0.0, 0.0, 0.0, 0.0)


def _from_masks(records: Records, rows: Rows) -> tuple[FloatArray, FloatArray]:
    masks = [None if row is None else row.segmentation for row in decode_rows(records, MaskRecord)]
    area, mask_box = mask_areas_and_boxes(records, masks)
    boxes = [row.bbox if row.bbox else tuple(at.tolist()) for row, at in zip(rows, mask_box, strict=True)]
    return _checked_boxes(records, boxes), area
