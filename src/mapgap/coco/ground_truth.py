"""Read ground truth in COCO's format."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from mapgap.coco.annotated import Column, annotation_columns, image_columns, text_column
from mapgap.coco.as_asked import COCO_BOXES, boxes_as_asked
from mapgap.coco.columns import (
    box_area,
    box_column,
    identifier_column,
    notice,
    number_column,
    positions_of,
    repeated,
    require_finite,
    require_finite_area,
)
from mapgap.coco.complaints import READ_WITHOUT, notices_of, refuse
from mapgap.coco.decoding import decode_records
from mapgap.coco.layout import GroundTruthLists, open_ground_truth
from mapgap.coco.mask_columns import object_masks, take_masks
from mapgap.coco.records import Records
from mapgap.coco.scanned import scanned_ground_truth
from mapgap.coco.sources import JsonText, is_path
from mapgap.coco.structs import AnnotationRecord, CategoryRecord, ImageRecord
from mapgap.findings import Finding
from mapgap.readings import USUAL, Reading
from mapgap.tables import BoolArray, Categories, FloatArray, GroundTruth, IdArray, Images, IntegerArray, Notice

Notices = tuple[Notice, ...]


def read_ground_truth(
    source: object,
    *,
    name: str | None = None,
    with_masks: bool = False,
    with_attributes: bool = True,
    reading: Reading = USUAL,
) -> GroundTruth:
    """The ground truth of a path (JSON, plain or gzip), a dict in COCO's layout or a pycocotools `COCO` object.

    One row an annotation, in file order; images and categories in ascending id order. `name` is the file's base name
    unless given, "ground truth" for Python objects, which have no `sha256`. A missing `iscrowd` is 0, a missing or null
    `area` that of the box (notice `area_missing`). Of images or categories with one id the last counts, as in
    pycocotools (notices `duplicate_image_id`, `duplicate_category_id`); annotations with one id all count (notice
    `duplicate_annotation_id`). `with_masks` reads the masks too and wants one of every annotation. Without
    `with_attributes` only COCO's own fields are looked at. InputError for anything without a meaning, which has all of
    it as `findings`; with `reading.lenient` such records are left out or mended, and a notice counts each kind.
    AccessError for an unreadable file.
    """
    is_text = is_path(source) or isinstance(source, JsonText)
    if is_text and not with_masks and reading.ground_truth_box_format == COCO_BOXES:
        scanned = scanned_ground_truth(
            source,  # type: ignore[arg-type]
            name,
            with_attributes=with_attributes,
            max_input_bytes=reading.max_input_bytes,
        )
        if scanned is not None:
            return scanned
    return read_ground_truth_carefully(
        source, name=name, with_masks=with_masks, with_attributes=with_attributes, reading=reading
    )


def read_ground_truth_carefully(
    source: object,
    *,
    name: str | None = None,
    with_masks: bool = False,
    with_attributes: bool = True,
    reading: Reading = USUAL,
) -> GroundTruth:
    """The same, record by record: slower, but explains what has no meaning."""
    ground_truth, findings = examine_ground_truth(
        source, name=name, with_masks=with_masks, with_attributes=with_attributes, reading=reading
    )
    if not findings:
        return ground_truth
    if not reading.lenient:
        refuse(findings)
    return replace(ground_truth, notices=(*notices_of(findings), *ground_truth.notices))


def examine_ground_truth(
    source: object,
    *,
    name: str | None = None,
    with_masks: bool = False,
    with_attributes: bool = True,
    reading: Reading = USUAL,
) -> tuple[GroundTruth, tuple[Finding, ...]]:
    """What has a meaning, as a table, and what has none, as findings; InputError where nothing can be read."""
    lists = open_ground_truth(source, name, reading.max_input_bytes)
    images, image_notices = _read_images(lists.images, with_attributes)
    categories, category_notices = _read_categories(lists.categories)
    notices = lists.notices + image_notices + category_notices
    ground_truth = _read_annotations(
        lists, images, categories, notices, with_attributes, with_masks, reading.ground_truth_box_format
    )
    of_records = (records.complaints.findings for records in (lists.images, lists.categories, lists.annotations))
    return ground_truth, (*lists.findings, *chain.from_iterable(of_records))


def no_ground_truth() -> GroundTruth:
    """Neither images nor categories nor annotations."""
    return read_ground_truth_carefully({"images": [], "categories": [], "annotations": []})


def _read_images(records: Records, with_attributes: bool) -> tuple[Images, Notices]:
    rows = decode_records(records, ImageRecord)
    ids = identifier_column(records, rows, "id")
    width, height = (_size_column(records, rows, field) for field in ("width", "height"))
    names = text_column(records, [row.file_name for row in rows], "file_name")
    dates = [row.date_captured if isinstance(row.date_captured, str) else None for row in rows]
    dates = text_column(records, dates, "date_captured")
    columns, not_objects = image_columns(records) if with_attributes else ({}, [])
    last, others = _last_of_each(records, ids)
    order = last.tolist()
    images = Images(
        ids=ids[last],
        file_position=np.array([records.record(row) for row in order], dtype=np.int64),
        width=width[last],
        height=height[last],
        file_names=tuple(names[row] for row in order),
        dates_captured=tuple(dates[row] for row in order),
        attributes={name: tuple(column[row] for row in order) for name, column in columns.items()},
    )
    return images, (
        *_duplicates(records, "image", "the last one counts", ids, others),
        *_not_objects(records, "image", ids, not_objects),
    )


def _last_of_each(records: Records, ids: IdArray) -> tuple[IdArray, IdArray]:
    """`repeated` of the rows that mean something."""
    sound = np.flatnonzero(records.kept(len(ids))).astype(np.int64)
    last, others = repeated(ids[sound])
    return sound[last], sound[others]


def _size_column(records: Records, rows: Sequence[ImageRecord], field: str) -> FloatArray:
    sizes = [getattr(row, field) for row in rows]
    column = number_column(sizes)
    is_given = np.array([size is not None for size in sizes], dtype=np.bool_)
    is_bad = is_given & ~((column >= 0) & np.isfinite(column))
    for row in np.flatnonzero(is_bad).tolist():
        records.refuse(row, rows[row].id, field, float(column[row]), lenient=READ_WITHOUT)
    column[is_bad] = np.nan
    return column


def _read_categories(records: Records) -> tuple[Categories, Notices]:
    rows = decode_records(records, CategoryRecord)
    ids = identifier_column(records, rows, "id")
    texts = [None if row.name is None else str(row.name) for row in rows]
    own = text_column(records, texts, "name")
    last, others = _last_of_each(records, ids)
    names = tuple(str(ids[row]) if (name := own[row]) is None else name for row in last.tolist())
    return Categories(ids[last], names), _duplicates(records, "category", "the last one counts", ids, others)


def _read_annotations(
    lists: GroundTruthLists,
    images: Images,
    categories: Categories,
    notices: Notices,
    with_attributes: bool,
    with_masks: bool,
    box_format: str,
) -> GroundTruth:
    records = lists.annotations
    rows = decode_records(records, AnnotationRecord)
    ids = identifier_column(records, rows, "id")
    image_ids = identifier_column(records, rows, "image_id")
    category_ids = identifier_column(records, rows, "category_id")
    box = box_column([row.bbox for row in rows])
    require_finite(records, rows, "bbox", box)
    image = positions_of(records, rows, "image_id", image_ids, images.ids)
    if box_format != COCO_BOXES:
        box = boxes_as_asked(box, box_format, image, images)
        require_finite(records, rows, "bbox", box)
    area, is_missing = _area_column(records, rows, box)
    crowd = _crowd_column(records, rows)
    category = positions_of(records, rows, "category_id", category_ids, categories.ids)
    attributes, fields, not_objects = annotation_columns(records) if with_attributes else ({}, {}, [])
    masks = object_masks(records, ids, image, images) if with_masks else None
    kept = np.flatnonzero(records.kept(len(rows)))
    missing = np.intersect1d(np.flatnonzero(is_missing), kept)
    return GroundTruth(
        name=lists.name,
        sha256=lists.sha256,
        images=images,
        categories=categories,
        record=np.array([records.record(row) for row in kept.tolist()], dtype=np.int64),
        ids=ids[kept],
        image=image[kept],
        category=category[kept],
        box=box[kept],
        area=area[kept],
        crowd=crowd[kept],
        attributes=_taken(attributes, kept),
        fields=_taken(fields, kept),
        notices=(
            *notices,
            *notice(records, "area_missing", "annotations have no area; the area of their box is used", ids, missing),
            *_duplicates(records, "annotation", "all of them count", ids, kept[repeated(ids[kept])[1]]),
            *_not_objects(records, "annotation", ids, not_objects),
        ),
        masks=take_masks(masks, kept),
    )


def _area_column(records: Records, rows: Sequence[AnnotationRecord], box: FloatArray) -> tuple[FloatArray, BoolArray]:
    """((N,) the area, the box's where there is none; (N,) where there is none)."""
    areas = [row.area for row in rows]
    is_missing = np.array([area is None for area in areas], dtype=np.bool_)
    area = number_column(areas)
    area[is_missing] = 0.0
    is_missing |= ~require_finite(records, rows, "area", area, lenient=READ_WITHOUT)
    area[is_missing] = box_area(box[is_missing])
    require_finite_area(records, rows, area, box)
    return area, is_missing


def _crowd_column(records: Records, rows: Sequence[AnnotationRecord]) -> BoolArray:
    values = [row.iscrowd for row in rows]
    if float in set(map(type, values)):
        for row, value in enumerate(values):
            if isinstance(value, float) and not value.is_integer():
                records.refuse(row, rows[row].id, "iscrowd", value, lenient=READ_WITHOUT)
                values[row] = 0
    return np.fromiter(map(bool, values), np.bool_, len(values))


def _taken(columns: Mapping[str, Column], kept: IntegerArray) -> dict[str, Column]:
    """The columns of these rows, without those that have no value there."""
    taken = {name: tuple(column[row] for row in kept.tolist()) for name, column in columns.items()}
    return {name: column for name, column in taken.items() if column.count(None) < len(column)}


def _duplicates(records: Records, kind: str, which: str, ids: IdArray, earlier: IdArray) -> Notices:
    message = f"{records.list_name} have an id that a later one has too; {which}"
    return notice(records, f"duplicate_{kind}_id", message, ids, earlier)


def _not_objects(records: Records, kind: str, ids: IdArray, positions: Sequence[int]) -> Notices:
    message = f"{records.list_name} have a field 'attributes' that is not an object of names and values; it is not read"
    return notice(records, f"{kind}_attributes_not_read", message, ids, np.array(positions, dtype=np.int64))
