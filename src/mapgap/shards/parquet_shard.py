"""A shard that is a Parquet file: one row an image with nested lists, or one row a detection."""

import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from mapgap.coco.detection_array import DetectionColumns
from mapgap.coco.input_bytes import Limit
from mapgap.coco.sources import JsonText, text_in_memory
from mapgap.coco.values import is_writable
from mapgap.errors import AccessError, InputError, ResourceError
from mapgap.memory import require_addresses
from mapgap.report.parquet import ADDRESSES, CONFIGURATION
from mapgap.shards.contents import (
    ShardContent,
    ground_truth_text,
    mark_of,
    of_another_image,
    with_image_id,
    without_nulls,
)
from mapgap.shards.table_columns import LAYOUT, TAKEN, detection_columns, has_masks_alone
from mapgap.visible_text import visible

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Found = TypeVar("Found")
PARQUET_MAGIC = b"PAR1"
MARK_KEY = "mapgap"
"""Of the file's key-value metadata: a JSON object with `shard` and `categories`."""
BYTES_A_VALUE = 8


def open_parquet(
    path: Path, *, with_masks: bool = False, only_images: bool = False, max_input_bytes: int | None = None
) -> ShardContent:
    """What the table holds: detections as columns, with `with_masks` as JSON, with `only_images` their images alone."""
    if not is_writable(str(path)):
        raise AccessError(f"{visible(str(path))}: Parquet files need a path in UTF-8. Rename it")
    limit = Limit(path.name, max_input_bytes)
    limit.require(os.stat(path).st_size)
    require_addresses(ADDRESSES, "reading Parquet")

    def content(connection: "DuckDBPyConnection") -> ShardContent:
        (values,) = connection.execute("SELECT sum(num_values) FROM shard_columns").fetchone() or (0,)
        limit.require(BYTES_A_VALUE * int(values or 0), "it unpacks to")
        return _content(connection, path.name, with_masks, only_images)

    return _asked(path, content)


def _content(connection: "DuckDBPyConnection", name: str, with_masks: bool, only_images: bool) -> ShardContent:
    types = _types(connection, "shard")
    lowered = {column.lower(): kind for column, kind in types.items()}  # as SQL reads names
    types = lowered if {"image_id", "score"} <= lowered.keys() else types
    marks = _metadata(connection, name)
    mark = mark_of(marks.get("shard"), name)
    categories = bytes(marks["categories"]) if "categories" in marks else None
    if {"image_id", "score"} <= types.keys():
        with_masks = with_masks or has_masks_alone(types)
        return ShardContent(name, mark, categories, None, _rows(connection, name, types, with_masks, only_images))
    if "id" not in types or not {"annotations", "detections"} & types.keys():
        raise InputError(f"no shard has the columns {', '.join(types)}", file=name, fix=LAYOUT)
    inner = _types_in_list(connection, "detections") if "detections" in types else {}
    with_masks = with_masks or has_masks_alone(inner)
    return ShardContent(
        name,
        mark,
        categories,
        _nested_ground_truth(connection, name, types, categories) if "annotations" in types else None,
        _nested_detections(connection, name, inner, with_masks, only_images) if "detections" in types else None,
    )


def _types(connection: "DuckDBPyConnection", table: str) -> dict[str, str]:
    """Column -> its type."""
    return {column: str(kind) for column, kind, *_ in connection.execute(f"DESCRIBE FROM {table}").fetchall()}


def _types_in_list(connection: "DuckDBPyConnection", column: str) -> Mapping[str, str]:
    """Field -> its type of the structs in a column of lists; none where all lists are empty, of whatever type."""
    if connection.execute(f"SELECT 1 FROM shard WHERE len({column}) > 0 LIMIT 1").fetchone() is None:
        return {}
    types = _types(connection, f"(SELECT record.* FROM (SELECT unnest({column}) AS record FROM shard))")
    return {field.lower(): kind for field, kind in types.items()}  # as SQL reads names


def _metadata(connection: "DuckDBPyConnection", name: str) -> Mapping[str, msgspec.Raw]:
    found = connection.execute("SELECT value FROM shard_metadata WHERE key = ?", [MARK_KEY.encode()]).fetchone()
    if found is None:
        return {}
    try:
        return msgspec.json.decode(found[0], type=dict[str, msgspec.Raw])
    except msgspec.DecodeError as error:
        raise InputError(f"metadata {MARK_KEY!r} is no JSON object: {error}", file=name, fix=LAYOUT) from None


def _rows(
    connection: "DuckDBPyConnection", name: str, types: Mapping[str, str], with_masks: bool, only_images: bool
) -> DetectionColumns | JsonText:
    """One row a detection."""
    if not with_masks or only_images:
        return detection_columns(connection, name, "shard", types, only_images=only_images)
    records = connection.execute("SELECT to_json(struct_pack(*COLUMNS(*)))::VARCHAR FROM shard").fetchall()
    texts = [_json(name, "of a row", record) for (record,) in records]
    return text_in_memory(name, b"[%b]" % b",".join(texts))


def _nested_detections(
    connection: "DuckDBPyConnection", name: str, types: Mapping[str, str], with_masks: bool, only_images: bool
) -> DetectionColumns | JsonText:
    """A list of detections in the row of their image."""
    if not types:
        return text_in_memory(name, b"[]")
    if with_masks and not only_images:
        rows = connection.execute("SELECT id, to_json(detections)::VARCHAR FROM shard").fetchall()
        records = [record for image_id, text in rows for record in _records(name, image_id, text)]
        return text_in_memory(name, b"[%b]" % b",".join(records))
    given = "SELECT id AS image_id, unnest(detections) AS detection FROM shard"
    if "image_id" in types:
        elsewhere = f"SELECT image_id, detection.image_id FROM ({given}) WHERE detection.image_id <> image_id"
        for image_id, own in connection.execute(f"{elsewhere} LIMIT 1").fetchall():
            raise of_another_image(name, image_id, str(own))
    fields = [field for field in types if field in TAKEN and field != "image_id"]
    query = f"(SELECT {', '.join(['image_id', *(f'detection.{field}' for field in fields)])} FROM ({given}))"
    kinds = {**types, "image_id": _types(connection, "shard")["id"]}
    return detection_columns(connection, name, query, kinds, only_images=only_images)


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
    return [with_image_id(without_nulls(bytes(record)), image_id, name) for record in records or ()]


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
