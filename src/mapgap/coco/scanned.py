"""Tables from the columns that the kernel scans, where a file is written as usual."""

import os
from typing import TYPE_CHECKING

import numpy as np

from mapgap.coco.annotated import Column, is_url, join_image_columns, scalars_of_text
from mapgap.coco.columns import box_area
from mapgap.coco.file_identity import base_name, sha256_of_file
from mapgap.coco.scanning import scan_detections, scan_ground_truth
from mapgap.coco.sources import JsonText
from mapgap.tables import Categories, Detections, GroundTruth, IdArray, Images

if TYPE_CHECKING:  # names of the kernel's contract
    from mapgap._kernel import AttributeColumns, ScannedGroundTruth

Source = str | os.PathLike[str] | JsonText
"""A file, or what was read of one."""
Columns = dict[str, Column]


def scanned_ground_truth(
    source: Source, name: str | None, *, with_attributes: bool, max_input_bytes: int | None = None
) -> GroundTruth | None:
    """What the careful reader makes of the file, or None where that reader is needed."""
    scanned = scan_ground_truth(_scannable(source), with_attributes=with_attributes, max_input_bytes=max_input_bytes)
    if scanned is None:
        return None
    order = np.asarray(scanned.image_order)
    columns = _annotated_columns(scanned, order)
    identity = None if columns is None else _identity(source, name)
    if columns is None or identity is None:
        return None
    image_attributes, fields, attributes = columns
    ids = np.asarray(scanned.ids)
    images = Images(
        ids=np.asarray(scanned.image_ids),
        file_position=order,
        width=np.asarray(scanned.width)[order],
        height=np.asarray(scanned.height)[order],
        file_names=tuple(scanned.file_names),
        dates_captured=tuple(scanned.dates_captured),
        attributes=image_attributes,
    )
    category_ids = np.asarray(scanned.category_ids)
    names = zip(scanned.category_names, category_ids.tolist(), strict=True)
    return GroundTruth(
        name=identity[0],
        sha256=identity[1],
        images=images,
        categories=Categories(
            category_ids, tuple(str(identifier) if text is None else text for text, identifier in names)
        ),
        record=np.arange(len(ids), dtype=np.int64),
        ids=ids,
        image=np.asarray(scanned.image),
        category=np.asarray(scanned.category),
        box=np.asarray(scanned.box),
        area=np.asarray(scanned.area),
        crowd=np.asarray(scanned.crowd).view(np.bool_),
        attributes=attributes,
        fields=fields,
    )


def scanned_detections(
    source: Source, name: str | None, ground_truth: GroundTruth, max_input_bytes: int | None = None
) -> Detections | None:
    """What the careful reader makes of the file, or None where that reader is needed."""
    scanned = scan_detections(
        _scannable(source), ground_truth.images.ids, ground_truth.categories.ids, max_input_bytes=max_input_bytes
    )
    identity = None if scanned is None else _identity(source, name)
    if scanned is None or identity is None:
        return None
    box = np.asarray(scanned.box)
    return Detections(
        name=identity[0],
        sha256=identity[1],
        record=np.arange(len(box), dtype=np.int64),
        image=np.asarray(scanned.image),
        category=np.asarray(scanned.category),
        box=box,
        area=box_area(box),
        score=np.asarray(scanned.score),
    )


def _annotated_columns(scanned: "ScannedGroundTruth", image_order: IdArray) -> tuple[Columns, Columns, Columns] | None:
    """(what images have, fields of annotations, their `attributes`), or None if a value would be refused."""
    image_fields = [column for column in scanned.image_fields if not is_url(column[0])]
    groups = (image_fields, scanned.image_attributes, scanned.annotation_fields, scanned.annotation_attributes)
    columns = [_decoded(group) for group in groups]
    if None in columns:
        return None
    of_image_fields, of_image_attributes, fields, attributes = (group for group in columns if group is not None)
    order = image_order.tolist()
    joined = join_image_columns(of_image_fields, of_image_attributes)
    return {name: tuple(column[place] for place in order) for name, column in joined.items()}, fields, attributes


def _decoded(columns: "AttributeColumns") -> Columns | None:
    """Columns of values by name; those without any value are left out."""
    decoded = {}
    for name, codes, text in columns:
        values = scalars_of_text(text)
        if values is None:
            return None
        # Code -1, for "no value", is the last entry.
        column = tuple(map([*values, None].__getitem__, codes.tolist()))
        if column.count(None) < len(column):
            decoded[name] = column
    return decoded


def _scannable(source: Source) -> str | os.PathLike[str] | bytes:
    return source.text if isinstance(source, JsonText) else source


def _identity(source: Source, name: str | None) -> tuple[str, str | None] | None:
    """(name, hash); None where the file can no longer be read, which the careful reader explains."""
    if isinstance(source, JsonText):
        return source.name if name is None else name, source.sha256
    try:
        return base_name(source) if name is None else name, sha256_of_file(source)
    except OSError:
        return None
