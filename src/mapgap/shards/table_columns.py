"""Detections of a table as columns of numbers, whatever types of numbers the table has."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mapgap.coco.detection_array import DetectionColumns
from mapgap.errors import InputError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LAYOUT = (
    "A shard has one row an image, with the columns id, annotations and (or) detections, or one row a detection, with "
    "image_id, category_id, score and bbox (or x, y, width and height)"
)
CORNERS = ("x", "y", "width", "height")
TAKEN = ("image_id", "category_id", "bbox", *CORNERS, "score")
"""The columns that are looked at."""
FLOATS = {"FLOAT", "DOUBLE"}
INTEGERS = {f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG")} | {"INTEGER", "UINTEGER"}
EXACT = 1 << 53
"""From here on not every integer is a double."""


def detection_columns(
    connection: "DuckDBPyConnection", name: str, table: str, types: Mapping[str, str], *, only_images: bool = False
) -> DetectionColumns:
    """The columns of a table or query in brackets; what is null, or no box, is NaN; with `only_images` their images.

    `types` has the type of each column. InputError, naming the file `name`, where one is missing or has no numbers; a
    table of masks, whose records the reader of JSON looks at, may lack boxes.
    """
    box = _require_columns(connection, name, table, types)
    identifiers = ["image_id"] if only_images else ["image_id", "category_id"]
    selected = [f"{_identifier(column, types[column])} AS {column}" for column in identifiers]
    if not only_images:
        sides = [f"CASE WHEN len({box}) = 4 THEN {box}[{side}]::DOUBLE END AS side_{side}" for side in range(1, 5)]
        selected += ["score::DOUBLE AS score", *sides]
    found: dict[str, Any] = connection.execute(f"SELECT {', '.join(selected)} FROM {table}").fetchnumpy()
    columns = {key: _unmasked(column) for key, column in found.items()}
    for column in identifiers:
        _require_whole(connection, name, table, column, types[column])
    if only_images:
        nothing = np.zeros(0)
        return DetectionColumns(name, columns["image_id"], nothing, nothing.reshape(0, 4), nothing)
    boxes = np.column_stack([columns[f"side_{side}"] for side in range(1, 5)]).astype(np.float64, copy=False)
    return DetectionColumns(name, columns["image_id"], columns["category_id"], boxes, columns["score"])


def _require_columns(connection: "DuckDBPyConnection", name: str, table: str, types: Mapping[str, str]) -> str:
    """SQL for the box."""
    boxes = ("bbox",) if "bbox" in types else () if has_masks_alone(types) else CORNERS
    for column in ("image_id", "category_id", "score", *boxes):
        if column not in types:
            raise InputError(f"the table has no column {column}", file=name, fix=LAYOUT)
    if connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None:
        return "NULL::DOUBLE[]"  # without rows a column is of any type
    for column in ("image_id", "category_id", "score", *boxes):
        kind = types[column].partition("[")[0] if column == "bbox" else types[column]
        is_list = types[column] != kind
        if is_list != (column == "bbox") or not _is_number(kind):
            what = "lists of numbers" if column == "bbox" else "numbers"
            raise InputError(f"the column {column} has no {what} but {types[column]}", file=name, fix=LAYOUT)
    return "bbox" if "bbox" in types else f"[{', '.join(CORNERS)}]"


def has_masks_alone(names: Collection[str]) -> bool:
    """Whether records have no box but a mask, from which the reader of JSON takes one."""
    return "segmentation" in names and "bbox" not in names and not set(CORNERS) <= set(names)


def _is_number(kind: str) -> bool:
    return kind in INTEGERS | FLOATS or kind.startswith("DECIMAL")


def _identifier(column: str, kind: str) -> str:
    """SQL for an id: as 64 bits where NumPy would have doubles, which round from 2^53 on."""
    if kind.startswith("DECIMAL"):
        return f"CASE WHEN {column} = floor({column}) THEN TRY_CAST({column} AS BIGINT) END"
    return column


def _require_whole(connection: "DuckDBPyConnection", name: str, table: str, column: str, kind: str) -> None:
    """That the id as 64 bits is the id; other types say so themselves, as they are read."""
    taken = _identifier(column, kind)
    if taken != column:
        lost = f"SELECT {column}::VARCHAR FROM {table} WHERE {column} IS NOT NULL AND {taken} IS NULL LIMIT 1"
        for (value,) in connection.execute(lost).fetchall():
            raise InputError(f"the {column} {value} is no whole number of 64 bits", file=name, fix=LAYOUT)


def _unmasked(column: NDArray[Any]) -> NDArray[Any]:
    """DuckDB gives a masked array where there are nulls: NaN, or None among integers that doubles would round."""
    if not isinstance(column, np.ma.MaskedArray):
        return column
    mask = np.ma.getmaskarray(column)
    if not mask.any():
        return np.asarray(column.data)
    given = column.compressed()
    is_rounded = column.dtype.kind in "iu" and len(given) > 0 and (given.min() < -EXACT or given.max() > EXACT)
    filled: NDArray[Any] = column.data.astype(object if is_rounded else np.float64)
    filled[mask] = None if is_rounded else np.nan
    return filled
