"""A shard that is a Parquet file: one row an image with nested lists, or one row a detection."""

import os
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from mapgap.coco.detection_array import DetectionColumns
from mapgap.coco.input_bytes import Limit
from mapgap.coco.sources import text_in_memory
from mapgap.errors import InputError, ResourceError
from mapgap.memory import require_addresses
from mapgap.report.parquet import ADDRESSES, CONFIGURATION
from mapgap.shards.contents import ShardContent, ground_truth_text, mark_of, with_image_id, without_nulls

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Found = TypeVar("Found")
PARQUET_MAGIC = b"PAR1"
MARK_KEY = "mapgap"
"""Of the file's key-value metadata: a JSON object with `shard` and `categories`."""
LAYOUT = (
    "A shard has one row an image, with the columns id, annotations and (or) detections, or one row a detection, with "
    "image_id, category_id, score and bbox (or x, y, width and height)"
)
BYTES_A_VALUE = 8
CORNERS = ("x", "y", "width", "height")


def open_parquet(
    path: Path, *, with_masks: bool = False, only_images: bool = False, max_input_bytes: int | None = None
) -> ShardContent:
    """What the table holds: detections as columns, with `with_masks` as JSON, with `only_images` their images alone."""
    limit = Limit(path.name, max_input_bytes)
    limit.require(os.stat(path).st_size)
    require_addresses(ADDRESSES, "reading Parquet")

    def content(connection: "DuckDBPyConnection") -> ShardContent:
        (values,) = connection.execute("SELECT sum(num_values) FROM shard_columns").fetchone() or (0,)
        limit.require(BYTES_A_VALUE * int(values or 0), "it unpacks to")
        return _content(connection, path.name, with_masks, only_images)

    return _asked(path, content)


def _content(connection: "DuckDBPyConnection", name: str, with_masks: bool, only_images: bool) -> ShardContent:
    types = {column: str(kind) for column, kind, *_ in connection.execute("DESCRIBE shard").fetchall()}
    lowered = {column.lower(): kind for column, kind in types.items()}  # as SQL reads names
    types = lowered if {"image_id", "score"} <= lowered.keys() else types
    marks = _metadata(connection, name)
    mark = mark_of(marks.get("shard"), name)
    categories = bytes(marks["categories"]) if "categories" in marks else None
    if {"image_id", "score"} <= types.keys():
        with_masks = with_masks or _has_masks_alone(types)
        if not with_masks:
            _require_columns(name, types)
        if only_images:
            return ShardContent(name, mark, categories, None, _image_ids(connection, name, "image_id FROM shard"))
        return ShardContent(name, mark, categories, None, _rows(connection, name, types, with_masks))
    if "id" not in types or not {"annotations", "detections"} & types.keys():
        raise InputError(f"no shard has the columns {', '.join(types)}", file=name, fix=LAYOUT)
    inner = _names_in_list(connection, "detections") if "detections" in types else ()
    with_masks = with_masks or _has_masks_alone(inner)
    return ShardContent(
        name,
        mark,
        categories,
        _nested_ground_truth(connection, name, types, categories) if "annotations" in types else None,
        _nested_detections(connection, name, with_masks, only_images) if "detections" in types else None,
    )


def _names_in_list(connection: "DuckDBPyConnection", column: str) -> Collection[str]:
    """The fields of the structs in a column of lists."""
    query = f"DESCRIBE SELECT record.* FROM (SELECT unnest({column}) AS record FROM shard)"
    return [name for name, *_ in connection.execute(query).fetchall()]


def _has_masks_alone(names: Collection[str]) -> bool:
    """Whether records have no box but a mask, from which the reader of JSON takes one."""
    return "segmentation" in names and "bbox" not in names and not set(CORNERS) <= set(names)


def _require_columns(name: str, types: Mapping[str, str]) -> None:
    for column in ["category_id", *(["bbox"] if "bbox" in types else CORNERS)]:
        if column not in types:
            raise InputError(f"the table has no column {column}", file=name, fix=LAYOUT)


def _metadata(connection: "DuckDBPyConnection", name: str) -> Mapping[str, msgspec.Raw]:
    found = connection.execute("SELECT value FROM shard_metadata WHERE key = ?", [MARK_KEY.encode()]).fetchone()
    if found is None:
        return {}
    try:
        return msgspec.json.decode(found[0], type=dict[str, msgspec.Raw])
    except msgspec.DecodeError as error:
        raise InputError(f"metadata {MARK_KEY!r} is no JSON object: {error}", file=name, fix=LAYOUT) from None


def _rows(
    connection: "DuckDBPyConnection", name: str, types: Mapping[str, str], with_masks: bool
) -> "DetectionColumns | Any":
    if with_masks:
        records = connection.execute("SELECT to_json(shard)::VARCHAR FROM shard").fetchall()
        texts = [_json(name, "of a row", record) for (record,) in records]
        return text_in_memory(name, b"[%b]" % b",".join(texts))
    box = "bbox" if "bbox" in types else f"[{', '.join(CORNERS)}]"
    return _columns(connection, name, f"SELECT image_id, category_id, {box} AS bbox, score FROM shard")


def _nested_detections(
    connection: "DuckDBPyConnection", name: str, with_masks: bool, only_images: bool
) -> "DetectionColumns | Any":
    if only_images:
        return _image_ids(connection, name, "unnest(range(len(detections))) AS place, id AS image_id FROM shard")
    if with_masks:
        rows = connection.execute("SELECT id, to_json(detections)::VARCHAR FROM shard").fetchall()
        records = [record for image_id, text in rows for record in _records(name, image_id, text)]
        return text_in_memory(name, b"[%b]" % b",".join(records))
    given = "SELECT id AS image_id, unnest(detections) AS detection FROM shard"
    taken = "SELECT image_id, detection.category_id, detection.bbox, detection.score"
    return _columns(connection, name, f"{taken} FROM ({given})")


def _image_ids(connection: "DuckDBPyConnection", name: str, query: str) -> DetectionColumns:
    """One row a detection, with nothing but its image."""
    found: dict[str, Any] = connection.execute(f"SELECT image_id AS image_id FROM (SELECT {query})").fetchnumpy()
    images = _unmasked(found["image_id"])
    _require_numbers(name, "image_id", images)
    nothing = np.zeros(0)
    return DetectionColumns(name, images, nothing, nothing.reshape(0, 4), nothing)


def _columns(connection: "DuckDBPyConnection", name: str, query: str) -> DetectionColumns:
    """The columns of a query for image_id, category_id, bbox and score; what is null, or no box, is NaN."""
    sides = ", ".join(f"CASE WHEN len(bbox) = 4 THEN bbox[{side}]::DOUBLE END AS side_{side}" for side in range(1, 5))
    selected = (
        f"SELECT image_id AS image_id, category_id AS category_id, score::DOUBLE AS score, {sides} FROM ({query})"
    )
    found: dict[str, Any] = connection.execute(selected).fetchnumpy()
    columns = {key: _unmasked(column) for key, column in found.items()}
    box = np.column_stack([columns[f"side_{side}"] for side in range(1, 5)]).astype(np.float64, copy=False)
    for key in ("image_id", "category_id"):
        _require_numbers(name, key, columns[key])
    return DetectionColumns(name, columns["image_id"], columns["category_id"], box, columns["score"])


def _require_numbers(name: str, column: str, values: NDArray[Any]) -> None:
    if values.dtype.kind not in "iuf":
        raise InputError(f"the column {column} has no numbers", file=name, fix=LAYOUT)


def _unmasked(column: NDArray[Any]) -> NDArray[Any]:
    """DuckDB gives a masked array where there are nulls."""
    if not isinstance(column, np.ma.MaskedArray):
        return column
    if not column.mask.any() or column.dtype.kind not in "iuf":
        return np.asarray(column.data)
    filled = column.data.astype(np.float64)
    filled[np.ma.getmaskarray(column)] = np.nan
    return filled


def _nested_ground_truth(
    connection: "DuckDBPyConnection", name: str, types: Mapping[str, str], categories: bytes | None
) -> Any:
    left_out = ", ".join(column for column in ("annotations", "detections") if column in types)
    query = f"SELECT id, to_json(image)::VARCHAR, to_json(annotations)::VARCHAR FROM (SELECT id, annotations, \
struct_pack(*COLUMNS(* EXCLUDE ({left_out}))) AS image FROM shard)"
    rows = connection.execute(query).fetchall()
    images = [_json(name, image_id, image) for image_id, image, _ in rows]
    annotations = [record for image_id, _, text in rows for record in _records(name, image_id, text)]
    return ground_truth_text(name, images, annotations, categories)


def _records(name: str, image_id: object, text: str | None) -> list[bytes]:
    if not isinstance(image_id, int):
        raise InputError(f"an image has the id {image_id!r}, which is no whole number", file=name, fix=LAYOUT)
    try:
        records = msgspec.json.decode(text or "[]", type=list[msgspec.Raw] | None)
    except msgspec.ValidationError as error:
        raise InputError(f"image {image_id} has no list of records: {error}", file=name, fix=LAYOUT) from None
    except msgspec.DecodeError:
        raise _not_json(name, image_id) from None
    return [without_nulls(with_image_id(record, image_id, name)) for record in records or ()]


def _json(name: str, image_id: object, text: str) -> bytes:
    """The JSON that DuckDB makes of a row, without nulls."""
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise _not_json(name, image_id) from None
    return without_nulls(text.encode())


def _not_json(name: str, image_id: object) -> InputError:
    what = f"image {image_id} or a record of it holds a number that is none (NaN or infinity)"
    return InputError(what, file=name, fix="Remove the record or write a number; null says that a value is missing")


def _asked(path: Path, ask: "Callable[[DuckDBPyConnection], Found]") -> Found:
    """What `ask` finds in the views `shard`, `shard_metadata` and `shard_columns` of the file."""
    import duckdb

    # read_parquet takes a pattern: brackets and stars of the name must stand for themselves.
    pattern = "".join(f"[{c}]" if c in "*?[" else c for c in str(path.absolute())).replace("'", "''")
    try:
        with _database().cursor() as connection:
            connection.execute(f"CREATE TEMP VIEW shard AS FROM read_parquet('{pattern}', hive_partitioning = false)")
            connection.execute(f"CREATE TEMP VIEW shard_metadata AS FROM parquet_kv_metadata('{pattern}')")
            connection.execute(f"CREATE TEMP VIEW shard_columns AS FROM parquet_metadata('{pattern}')")
            return ask(connection)
    except duckdb.OutOfMemoryException:
        raise ResourceError(f"{path.name}: not enough memory to read the table") from None
    except (duckdb.BinderException, duckdb.ConversionException) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"the table is not laid out as a shard ({reason})", file=path.name, fix=LAYOUT) from None
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].replace(str(path.absolute()), path.name)
        fix = f"Copy or write the file again, whole. {LAYOUT}"
        raise InputError(f"not a readable Parquet file ({reason})", file=path.name, fix=fix) from None


@cache
def _database() -> "DuckDBPyConnection":
    """One for all files: making one takes as long as reading 100,000 rows. Each file has a connection of its own."""
    import duckdb

    return duckdb.connect(":memory:", config=CONFIGURATION)
