"""Columns of records that are not written as COCO's format says, made what it would have."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from mapgap.coco.columns import own_id
from mapgap.coco.records import Records
from mapgap.coco.values import is_identifier, shown
from mapgap.readings import Reading
from mapgap.readings.boxes import parse_box_format, to_xywh
from mapgap.readings.categories import map_categories
from mapgap.readings.images import map_images
from mapgap.readings.raw import ObjectArray
from mapgap.tables import Categories, FloatArray, IdArray, Images, IndexArray

COCO_BOXES = "xywh"


def boxes_as_asked(box: FloatArray, box_format: str, image: IndexArray, images: Images) -> FloatArray:
    """(N, 4) xywh in pixels of boxes as written; `image` (N,) is the image index of each."""
    if box_format == COCO_BOXES or not len(images.ids):
        return box
    return to_xywh(box, parse_box_format(box_format), images.width[image], images.height[image])


def written_identifiers(records: Records, rows: Sequence[Any], field: str) -> ObjectArray:
    """(N,) ids as int or str; what is neither is complained of, and 0 stands for it."""
    values: list[int | str] = []
    for row, value in enumerate(map(attrgetter(field), rows)):
        if isinstance(value, str):
            values.append(value)
        elif is_identifier(value):
            values.append(int(value))
        else:
            records.refuse(row, own_id(rows[row], field), field, value)
            values.append(0)
    return objects(values)


def mapped_images(records: Records, rows: Sequence[Any], reading: Reading, images: Images) -> IdArray:
    """(N,) image ids of the ground truth; those that map to none are complained of, and 0 stands for them."""
    written = written_identifiers(records, rows, "image_id")
    assert reading.image_map is not None
    ids, is_known = map_images(reading.image_map, written, images)
    _complain_of_unknown(records, "image", "image_id", written, is_known, f"--image-map {reading.image_map}")
    return np.where(is_known, ids, 0)


def mapped_categories(records: Records, rows: Sequence[Any], reading: Reading, categories: Categories) -> IdArray:
    """(N,) category ids of the ground truth, likewise."""
    written = written_identifiers(records, rows, "category_id")
    assert reading.category_map is not None
    ids, is_known = map_categories(reading.category_map, written, categories)
    _complain_of_unknown(
        records, "category", "category_id", written, is_known, f"--category-map {reading.category_map}"
    )
    return np.where(is_known, ids, 0)


def objects(values: Sequence[int | str]) -> ObjectArray:
    """(N,) the values as they are."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _complain_of_unknown(
    records: Records, kind: str, field: str, written: ObjectArray, is_known: Any, option: str
) -> None:
    for row in np.flatnonzero(~is_known).tolist():
        if row in records.bad_rows:
            continue
        value = written[row]
        what = f"{shown(value)} is the id of no {kind} of the ground truth, read with {option}"
        records.complain(
            f"unknown_{kind}",
            row,
            lambda what=what: what,  # type: ignore[misc]
            field=field,
            value=value,
            fix=f"Choose another {option.split()[0]}, or remove the records",
        )
