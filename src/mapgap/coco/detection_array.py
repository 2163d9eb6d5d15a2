"""Detections as columns: of a table, or of an (N, 7) array, the array format of pycocotools' `loadRes`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mapgap.coco.columns import box_area, require_finite, require_finite_area
from mapgap.coco.records import Records
from mapgap.coco.values import is_identifier
from mapgap.errors import InputError
from mapgap.tables import BoolArray, FloatArray, IdArray

COLUMNS = "[image_id, x, y, width, height, score, category_id]"
NUMBER_KINDS = "iuf"


@dataclass(frozen=True)
class DetectionColumns:
    """Detections of a table, as they were written: one row each."""

    name: str
    """Of the file."""
    image_id: NDArray[np.generic]
    """(N,) numbers; like all of them NaN where there is none, or integers and None, of type object."""
    category_id: NDArray[np.generic]
    box: FloatArray
    """(N, 4)"""
    score: FloatArray


@dataclass(frozen=True)
class CheckedColumns:
    """One row a detection, in the order of the array or table."""

    image_id: IdArray
    category_id: IdArray
    box: FloatArray
    area: FloatArray
    score: FloatArray


def columns_of_array(records: Records, array: NDArray[np.generic]) -> CheckedColumns:
    """The checked columns; areas of a float32 array are float32 products, as pycocotools computes them."""
    if array.size == 0 and array.shape in ((0,), (0, 7)):
        array = np.zeros((0, 7))
    _require_layout(records, array)
    box = array[:, 1:5].astype(np.float64)
    score = array[:, 5].astype(np.float64)
    require_finite(records, (), "bbox", box)
    require_finite(records, (), "score", score)
    area = box_area(array[:, 1:5]).astype(np.float64) if array.dtype == np.float32 else box_area(box)
    require_finite_area(records, (), area, box)
    image_id = _identifiers(records, array[:, 0], "image_id")
    return CheckedColumns(image_id, _identifiers(records, array[:, 6], "category_id"), box, area, score)


def columns_of_table(records: Records, table: DetectionColumns) -> CheckedColumns:
    """The checked columns of a table."""
    box, score = table.box, table.score
    require_finite(records, (), "bbox", box)
    require_finite(records, (), "score", score)
    area = box_area(box)
    require_finite_area(records, (), area, box)
    image_id = _identifiers(records, table.image_id, "image_id")
    return CheckedColumns(image_id, _identifiers(records, table.category_id, "category_id"), box, area, score)


def _require_layout(records: Records, array: NDArray[np.generic]) -> None:
    if array.ndim != 2 or array.shape[1] != 7:
        raise InputError(
            f"an array of shape {array.shape} is not a list of detections",
            file=records.file,
            fix=f"Give an array of shape (N, 7) with the columns {COLUMNS}",
            code="not_detections",
        )
    if array.dtype.kind not in NUMBER_KINDS:
        raise InputError(
            f"an array of type {array.dtype} has no numbers",
            file=records.file,
            fix=f"Give an array of numbers with the columns {COLUMNS}",
            code="not_detections",
        )


def _identifiers(records: Records, column: NDArray[np.generic], field: str) -> IdArray:
    """(N,) ids as int64; a number with a fraction or beyond 64 bits is complained of, and 0 stands for it."""
    is_whole: BoolArray
    if column.dtype.kind == "i":
        return column.astype(np.int64)
    if column.dtype.kind == "O":
        is_whole = np.array(list(map(is_identifier, column)), dtype=np.bool_)
    elif column.dtype.kind == "u":
        is_whole = np.asarray(column <= np.uint64(2**63 - 1))
    else:
        number = column.astype(np.float64)
        is_whole = (np.floor(number) == number) & (number >= -(2.0**63)) & (number < 2.0**63)
    for row in np.flatnonzero(~is_whole).tolist():
        records.refuse(row, None, field, column[row : row + 1].tolist()[0])
    return np.where(is_whole, column, 0).astype(np.int64)
