"""A shard as a Parquet file: one row an image, its annotations and detections as nested lists."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from mapgap.memory import require_addresses
from mapgap.report.parquet import ADDRESSES, CONFIGURATION
from mapgap.shards.parquet_shard import MARK_KEY
from mapgap.unfinished import unfinished

IMAGE_TYPES = {
    "id": "BIGINT",
    "width": "DOUBLE",
    "height": "DOUBLE",
    "file_name": "VARCHAR",
    "date_captured": "VARCHAR",
}
RECORD_TYPES = {
    "id": "BIGINT",
    "image_id": "BIGINT",
    "category_id": "BIGINT",
    "bbox": "DOUBLE[]",
    "area": "DOUBLE",
    "score": "DOUBLE",
}
OTHER = "JSON"
"""What COCO does not define, or has several forms of, stays as it was written."""


def parquet_shard(lines: Sequence[bytes], fields: Mapping[str, Sequence[str]], head: bytes) -> bytes:
    """The file of rows that are given as JSON; `fields` has the names for "image", "annotation" and "detection"."""
    require_addresses(ADDRESSES, "writing Parquet")
    import duckdb

    nested = {kind: _struct(fields[kind]) for kind in ("annotation", "detection")}
    columns = {name: IMAGE_TYPES.get(name, OTHER) for name in fields["image"]}
    columns |= {f"{kind}s": f"{struct}[]" for kind, struct in nested.items() if struct}
    selected = [_quoted(name) for name in columns] + [f"[] AS {kind}s" for kind, struct in nested.items() if not struct]
    with tempfile.TemporaryDirectory(prefix="mapgap-") as folder, unfinished(folder):
        source, target = Path(folder) / "rows.jsonl", Path(folder) / "shard.parquet"
        source.write_bytes(b"\n".join([*lines, b""]))
        with duckdb.connect(":memory:", config=CONFIGURATION) as connection:
            types = ", ".join(f"{_literal(name)}: {_literal(kind)}" for name, kind in columns.items())
            longest = max(map(len, lines), default=0) + 64
            rows = f"read_json(?, columns = {{{types}}}, format = 'newline_delimited', maximum_object_size = {longest})"
            connection.execute(
                f"COPY (SELECT {', '.join(selected)} FROM {rows}) TO {_literal(str(target))} "
                f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{MARK_KEY}: {_literal(head.decode())}}})",
                [str(source)],
            )
        return target.read_bytes()


def _struct(names: Sequence[str]) -> str:
    return f"STRUCT({', '.join(f'{_quoted(name)} {RECORD_TYPES.get(name, OTHER)}' for name in names)})" if names else ""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
