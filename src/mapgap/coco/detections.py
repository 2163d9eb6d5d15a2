"""Read detections in the format of COCO's results files, or as an array."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mapgap.coco.as_asked import (
    COCO_BOXES,
    boxes_as_asked,
    mapped_categories,
    mapped_images,
    objects,
    written_identifiers,
)
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
from mapgap.coco.detection_array import CheckedColumns, DetectionColumns, columns_of_array, columns_of_table
from mapgap.coco.layout import SWAPPED, DetectionList, looks_like_ground_truth, open_detections
from mapgap.coco.mask_columns import FIX_DETECTION, detection_masks, take_masks
from mapgap.coco.masks import mask_areas_and_boxes
from mapgap.coco.records import Records
from mapgap.coco.scanned import scanned_detections
from mapgap.coco.sources import JsonText, is_path
from mapgap.coco.structs import DetectionRecord, MaskRecord, ResultRecord, WrittenRecord
from mapgap.coco.values import loosely
from mapgap.errors import InputError
from mapgap.findings import Finding
from mapgap.readings import USUAL, Reading
from mapgap.readings.raw import RawDetections
from mapgap.readings.scores import to_score
from mapgap.tables import Detections, FloatArray, GroundTruth, IndexArray

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
    is_text = is_path(source) or isinstance(source, JsonText)
    if is_text and not with_masks and reading.image_map is None and reading.category_map is None:
        scanned = scanned_detections(source, name, ground_truth, reading.max_input_bytes)  # type: ignore[arg-type]
        asked = None if scanned is None else _as_asked(scanned, ground_truth, reading)
        if asked is not None and np.isfinite(asked.area).all():
            return asked
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


def has_masks(source: object, *, reading: Reading = USUAL) -> bool:
    """Whether the first record has a mask. InputError where nothing can be read."""
    if isinstance(source, np.ndarray | Detections):
        return False
    first = first_record(open_detections(source, None, reading.max_input_bytes).records)
    return first is not None and bool(loosely(first.get("segmentation")))


def read_raw_detections(source: object, name: str | None = None, *, reading: Reading = USUAL) -> RawDetections:
    """The sound records of what `read_detections` reads, as they were written; of any image and class.

    InputError where nothing can be read.
    """
    if isinstance(source, np.ndarray):
        columns = columns_of_array(Records("", "detections", ()), source)
        ids, classes = columns.image_id.tolist(), columns.category_id.tolist()
        return RawDetections(name or "detections", objects(ids), objects(classes), columns.box, columns.score)
    opened = open_detections(source, name, reading.max_input_bytes)
    records = opened.records
    rows = decode_records(records, WrittenRecord)
    score = number_column([row.score for row in rows])
    require_finite(records, rows, "score", score)
    image, category = (written_identifiers(records, rows, field) for field in ("image_id", "category_id"))
    box, _ = _boxes_and_areas(records, rows)
    kept = records.kept(len(rows))
    return RawDetections(opened.name, image[kept], category[kept], box[kept], score[kept])


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
        records = Records("detections" if name is None else name, "detections", ())
        return _read_columns(records, columns_of_array(records, source), ground_truth, reading)
    if isinstance(source, DetectionColumns):
        if with_masks:
            raise InputError("the table holds boxes, and masks are to be compared", file=source.name, fix=FIX_DETECTION)
        records = Records(source.name, "detections", ())
        return _read_columns(records, columns_of_table(records, source), ground_truth, reading)
    opened = open_detections(source, name, reading.max_input_bytes)
    detections = _read_records(opened, ground_truth, with_masks=with_masks, reading=reading)
    return detections, (*opened.findings, *opened.records.complaints.findings)


def empty_detections(ground_truth: GroundTruth) -> Detections:
    """No detections at all."""
    return _read_records(open_detections([], None), ground_truth)


def _read_columns(
    records: Records, columns: CheckedColumns, ground_truth: GroundTruth, reading: Reading
) -> tuple[Detections, tuple[Finding, ...]]:
    image, category = _places_of_columns(records, columns, ground_truth, reading)
    box, area = columns.box, columns.area
    if reading.box_format != COCO_BOXES:
        box = boxes_as_asked(box, reading.box_format, image, ground_truth.images)
        area = box_area(box)
        require_finite(records, (), "bbox", box)
        require_finite_area(records, (), area, box)
    score = columns.score if reading.score_format is None else to_score(columns.score, reading.score_format)
    kept = np.flatnonzero(records.kept(len(image))).astype(np.int64)
    detections = Detections(
        name=records.file,
        sha256=None,
        record=kept,
        image=image[kept],
        category=category[kept],
        box=box[kept],
        area=area[kept],
        score=score[kept],
    )
    return detections, records.complaints.findings


def _places_of_columns(
    records: Records, columns: CheckedColumns, ground_truth: GroundTruth, reading: Reading
) -> tuple[IndexArray, IndexArray]:
    """As `_places`; records are made only where ids are mapped."""
    if reading.image_map is None and reading.category_map is None:
        image = positions_of(records, (), "image_id", columns.image_id, ground_truth.images.ids)
        return image, positions_of(records, (), "category_id", columns.category_id, ground_truth.categories.ids)
    rows = [
        WrittenRecord(image_id, category_id, 0.0)
        for image_id, category_id in zip(columns.image_id.tolist(), columns.category_id.tolist(), strict=True)
    ]
    return _places(records, rows, ground_truth, reading)


def _as_asked(detections: Detections, ground_truth: GroundTruth, reading: Reading) -> Detections:
    """Boxes and scores as they were written made what COCO's format has; ids are right already."""
    if reading.score_format is not None:
        detections = replace(detections, score=to_score(detections.score, reading.score_format))
    if reading.box_format == COCO_BOXES:
        return detections
    box = boxes_as_asked(detections.box, reading.box_format, detections.image, ground_truth.images)
    return replace(detections, box=box, area=box_area(box))


def _read_records(
    detections: DetectionList, ground_truth: GroundTruth, *, with_masks: bool = False, reading: Reading = USUAL
) -> Detections:
    records = detections.records
    rows = _decode(detections, reading)
    score = number_column([row.score for row in rows])
    require_finite(records, rows, "score", score)
    if reading.score_format is not None:
        score = to_score(score, reading.score_format)
    image, category = _places(records, rows, ground_truth, reading)
    box, area = _boxes_and_areas(records, rows)
    if reading.box_format != COCO_BOXES:
        box = boxes_as_asked(box, reading.box_format, image, ground_truth.images)
        area = box_area(box)
        require_finite(records, rows, "bbox", box)
        require_finite_area(records, rows, area, box)
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
        notices=detections.notices,
        masks=take_masks(masks, kept),
    )


def _places(records: Records, rows: Rows, ground_truth: GroundTruth, reading: Reading) -> tuple[IndexArray, IndexArray]:
    """((N,) image index, (N,) category index), 0 for those complained of."""
    images, categories = ground_truth.images, ground_truth.categories
    if reading.image_map is None:
        image_ids = identifier_column(records, rows, "image_id")
    else:
        image_ids = mapped_images(records, rows, reading, images)
    if reading.category_map is None:
        category_ids = identifier_column(records, rows, "category_id")
    else:
        category_ids = mapped_categories(records, rows, reading, categories)
    image = positions_of(records, rows, "image_id", image_ids, images.ids)
    return image, positions_of(records, rows, "category_id", category_ids, categories.ids)


def _decode(detections: DetectionList, reading: Reading) -> Rows:
    given = replace(detections, records=replace(detections.records))
    kind = DetectionRecord
    if reading.image_map is not None or reading.category_map is not None:
        kind = WrittenRecord
    elif detections.has_areas:
        kind = ResultRecord
    rows = decode_records(detections.records, kind)
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
