"""Forget the classes: every annotation and detection of one class, in the order in which pycocotools lists them."""

import dataclasses
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from mapgap.coco.mask_columns import take_masks
from mapgap.tables import Categories, Detections, GroundTruth, IdArray, IntegerArray

Table = TypeVar("Table", GroundTruth, Detections)

ALL_CLASSES = Categories(np.array([-1], dtype=np.int64), ("all classes",))


def merge_classes(
    ground_truth: GroundTruth, detections: Detections, category_ids: Sequence[int] | None = None
) -> tuple[GroundTruth, Detections]:
    """Both tables with the one category -1.

    Rows are sorted by category, in the order of `category_ids` (None: rising ids), then file order: pycocotools joins
    the lists of an image class after class (cocoeval.py, evaluateImg), and that decides between equal scores and equal
    IoUs. `record` still says where a row stood in its file.
    """
    place = _places(ground_truth.categories.ids, category_ids)
    truth_rows = np.argsort(place[ground_truth.category], kind="stable")
    attributes, fields = (
        {name: tuple(column[row] for row in truth_rows.tolist()) for name, column in columns.items()}
        for columns in (ground_truth.attributes, ground_truth.fields)
    )
    merged = dataclasses.replace(
        _take(ground_truth, truth_rows, ("record", "ids", "image", "area", "crowd")),
        categories=ALL_CLASSES,
        attributes=attributes,
        fields=fields,
    )
    return merged, _take(
        detections, np.argsort(place[detections.category], kind="stable"), ("record", "image", "area", "score")
    )


def _places(known: IdArray, category_ids: Sequence[int] | None) -> IdArray:
    """(K,) the place of each category's list among the others."""
    if category_ids is None:
        return np.arange(len(known))
    first_place = {identifier: place for place, identifier in reversed(list(enumerate(category_ids)))}
    return np.array([first_place[identifier] for identifier in known.tolist()], dtype=np.int64)


def _take(table: Table, rows: IntegerArray, columns: tuple[str, ...]) -> Table:
    return dataclasses.replace(
        table,
        category=np.zeros(len(rows), dtype=np.int32),
        box=np.ascontiguousarray(table.box[rows]),
        masks=take_masks(table.masks, rows),
        **{name: getattr(table, name)[rows] for name in columns},
    )
