"""Read ground truth in COCO's format."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mapgap.coco.annotated import annotation_columns, image_columns, require_text
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
from mapgap.coco.layout import GroundTruthLists, open_ground_truth
from mapgap.coco.mask_columns import object_masks
from mapgap.coco.records import Records, decode_records
from mapgap.coco.scanned import scanned_ground_truth
from mapgap.coco.sources import is_path
from mapgap.coco.structs import AnnotationRecord, CategoryRecord, ImageRecord
from mapgap.tables import BoolArray, Categories, FloatArray, GroundTruth, IdArray, Images, Notice

Notices = tuple[Notice, ...]


def read_ground_truth(
    source: object, *, name: str | None = None, with_masks: bool = False, with_attributes: bool = True
) -> GroundTruth:
    """The ground truth of a path (JSON, plain or gzip), a dict in COCO's layout or a pycocotools `COCO` object.

    One row an annotation, in file order; images and categories in ascending id order. `name` is the file's base name
    unless given, "ground truth" for Python objects, which have no `sha256`. A missing `iscrowd` is 0, a missing or null
    `area` that of the box (notice `area_missing`). Of images or categories with one id the last counts, as in
    pycocotools (notices `duplicate_image_id`, `duplicate_category_id`); annotations with one id all count (notice
    `duplicate_annotation_id`). `with_masks` reads the masks too and wants one of every annotation. Without
    `with_attributes` only COCO's own fields are looked at. InputError for anything without a meaning, AccessError for
    an unreadable file.
    """
    if is_path(source) and not with_masks:
        scanned = scanned_ground_truth(source, name, with_attributes=with_attributes)  # type: ignore[arg-type]
        if scanned is not None:
            return scanned
    return read_ground_truth_carefully(source, name=name, with_masks=with_masks, with_attributes=with_attributes)


def read_ground_truth_carefully(
    source: object, *, name: str | None = None, with_masks: bool = False, with_attributes: bool = True
) -> GroundTruth:
    """The same, record by record: slower, but explains what has no meaning."""
    lists = open_ground_truth(source, name)
    images, image_notices = _read_images(lists.images, with_attributes)
    categories, category_notices = _read_categories(lists.categories)
    ground_truth = _read_annotations(lists, images, categories, image_notices + category_notices, with_attributes)
    if not with_masks:
        return ground_truth
    masks = object_masks(lists.annotations, ground_truth.ids, ground_truth.image, images)
    return replace(ground_truth, masks=masks)


def _read_images(records: Records, with_attributes: bool) -> tuple[Images, Notices]:
    rows = decode_records(records, ImageRecord)
    ids = identifier_column(records, rows, "id")
    width, height = (_size_column(records, rows, field) for field in ("width", "height"))
    dates = [row.date_captured if isinstance(row.date_captured, str) else None for row in rows]
    require_text(records, (row.file_name for row in rows), "file_name")
    require_text(records, dates, "date_captured")
    columns, not_objects = image_columns(records) if with_attributes else ({}, [])
    last, others = repeated(ids)
    order = last.tolist()
    images = Images(
        ids=ids[last],
        file_position=last,
        width=width[last],
        height=height[last],
        file_names=tuple(rows[position].file_name for position in order),
        dates_captured=tuple(dates[position] for position in order),
        attributes={name: tuple(column[position] for position in order) for name, column in columns.items()},
    )
    return images, (
        *_duplicates(records, "image", "the last one counts", ids, others),
        *_not_objects(records, "image", ids, not_objects),
    )


def _size_column(records: Records, rows: Sequence[ImageRecord], field: str) -> FloatArray:
    column = number_column([getattr(row, field) for row in rows])
    is_bad = (column < 0) | np.isinf(column)
    if is_bad.any():
        position = int(is_bad.argmax())
        raise records.refusal(position, rows[position].id, field, float(column[position]))
    return column


def _read_categories(records: Records) -> tuple[Categories, Notices]:
    rows = decode_records(records, CategoryRecord)
    ids = identifier_column(records, rows, "id")
    names = [str(ids[position]) if row.name is None else str(row.name) for position, row in enumerate(rows)]
    require_text(records, names, "name")
    last, others = repeated(ids)
    categories = Categories(ids[last], tuple(names[position] for position in last.tolist()))
    return categories, _duplicates(records, "category", "the last one counts", ids, others)


def _read_annotations(
    lists: GroundTruthLists, images: Images, categories: Categories, notices: Notices, with_attributes: bool
) -> GroundTruth:
    records = lists.annotations
    rows = decode_records(records, AnnotationRecord)
    ids = identifier_column(records, rows, "id")
    image_ids = identifier_column(records, rows, "image_id")
    category_ids = identifier_column(records, rows, "category_id")
    box = box_column([row.bbox for row in rows])
    require_finite(records, rows, "bbox", box)
    area, area_notices = _area_column(records, rows, ids, box)
    attributes, fields, not_objects = annotation_columns(records) if with_attributes else ({}, {}, [])
    return GroundTruth(
        name=lists.name,
        sha256=lists.sha256,
        images=images,
        categories=categories,
        record=np.arange(len(rows), dtype=np.int64),
        ids=ids,
        image=positions_of(records, rows, "image_id", image_ids, images.ids),
        category=positions_of(records, rows, "category_id", category_ids, categories.ids),
        box=box,
        area=area,
        crowd=_crowd_column(records, rows),
        attributes=attributes,
        fields=fields,
        notices=(
            *notices,
            *area_notices,
            *_duplicates(records, "annotation", "all of them count", ids, repeated(ids)[1]),
            *_not_objects(records, "annotation", ids, not_objects),
        ),
    )


def _area_column(
    records: Records, rows: Sequence[AnnotationRecord], ids: IdArray, box: FloatArray
) -> tuple[FloatArray, Notices]:
    areas = [row.area for row in rows]
    is_missing = np.array([area is None for area in areas], dtype=np.bool_)
    area = number_column(areas)
    area[is_missing] = 0.0
    require_finite(records, rows, "area", area)
    area[is_missing] = box_area(box[is_missing])
    require_finite_area(records, rows, area, box)
    message = "annotations have no area; the area of their box is used"
    return area, notice(records, "area_missing", message, ids, np.flatnonzero(is_missing))


def _crowd_column(records: Records, rows: Sequence[AnnotationRecord]) -> BoolArray:
    values = [row.iscrowd for row in rows]
    if float in set(map(type, values)):
        for position, value in enumerate(values):
            if isinstance(value, float) and not value.is_integer():
                raise records.refusal(position, rows[position].id, "iscrowd", value)
    return np.fromiter(map(bool, values), np.bool_, len(values))


def _duplicates(records: Records, kind: str, which: str, ids: IdArray, earlier: IdArray) -> Notices:
    message = f"{records.list_name} have an id that a later one has too; {which}"
    return notice(records, f"duplicate_{kind}_id", message, ids, earlier)


def _not_objects(records: Records, kind: str, ids: IdArray, positions: Sequence[int]) -> Notices:
    message = f"{records.list_name} have a field 'attributes' that is not an object of names and values; it is not read"
    return notice(records, f"{kind}_attributes_not_read", message, ids, np.array(positions, dtype=np.int64))
