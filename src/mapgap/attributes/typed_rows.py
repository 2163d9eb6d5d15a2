"""A Parquet file or a DataFrame as rows of values that have their types already."""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mapgap.attributes.row_source import Cell, Row, RowSource, checked_columns, open_file, scalar
from mapgap.errors import InputError, ResourceError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PARQUET_MAGIC = b"PAR1"
ROWS_AT_ONCE = 10_000
CONFIGURATION: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
}
"""One thread, so that rows keep their order. Nothing is fetched, nothing loaded from the user's folders."""
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE")
TAKEN = {"BOOLEAN", "VARCHAR", *NUMBERS, *(f"U{name}" for name in NUMBERS[:5])}
"""Types that come as they are; decimals come as DOUBLE, other plain ones as text, nested ones and bytes not at all."""
NOT_PLAIN = ("STRUCT", "MAP", "UNION", "BLOB", "BIT", "VARIANT", "GEOMETRY")


def is_parquet(path: str | os.PathLike[str], name: str) -> bool:
    """Whether the file begins as Parquet files do, whatever it is called; AccessError if it cannot be read."""
    with open_file(path, name) as file:
        return file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC


def parquet_rows(path: str | os.PathLike[str], name: str) -> RowSource:
    """The rows of a Parquet file, through DuckDB; dates come as text. Raises InputError if DuckDB cannot read it."""
    rows = _parquet_rows(path, name)
    _, columns = next(rows)
    return RowSource(name, checked_columns([str(column) for column in columns], name), rows, is_text=False)


def frame_rows(frame: Any, name: str) -> RowSource:
    """The rows of a DataFrame; an index that is called like a key is a column too."""
    if frame.index.name in ("id", "image_id", "file_name") and frame.index.name not in frame.columns:
        frame = frame.reset_index()
    columns = checked_columns([str(column) for column in frame.columns], name)
    values = [_column_values(frame.iloc[:, place]) for place in range(len(columns))]
    rows = zip(*values, strict=True) if values else iter(())
    return RowSource(name, columns, ((_place(number), row) for number, row in enumerate(rows)), is_text=False)


def _place(number: int) -> str:
    return f"row {number} (counted from 0)"


def _parquet_rows(path: str | os.PathLike[str], name: str) -> Iterator[Row]:
    """The names of the columns, then the rows."""
    import duckdb

    # read_parquet takes a pattern: brackets and stars of the path must stand for themselves.
    pattern = "".join(f"[{c}]" if c in "*?[" else c for c in os.path.abspath(os.fsdecode(path)))
    try:
        with duckdb.connect(":memory:", config=CONFIGURATION) as connection:
            connection.execute("SET TimeZone = 'UTC'")  # moments would be written in the time of this machine
            names = _top_names(connection, pattern)
            source = "read_parquet(?, hive_partitioning = false)"
            described = connection.execute(f"DESCRIBE SELECT * FROM {source}", [pattern]).fetchall()
            yield "", names if len(names) == len(described) else [row[0] for row in described]
            selected = ", ".join(_selected(row[0], row[1]) for row in described)
            connection.execute(f"SELECT {selected} FROM {source}", [pattern])
            number = 0
            while rows := connection.fetchmany(ROWS_AT_ONCE):
                for row in rows:
                    yield _place(number), [scalar(value) for value in row]
                    number += 1
    except duckdb.OutOfMemoryException:
        raise ResourceError(f"{name}: not enough memory to read the table") from None
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].replace(pattern, name)
        raise InputError(f"not a readable Parquet file ({reason})", file=name, fix="Write it again, whole") from None


def _top_names(connection: "DuckDBPyConnection", pattern: str) -> list[str]:
    """The names of the columns as they are: DuckDB does not tell them apart by case and renames some."""
    schema = connection.execute("SELECT name, num_children FROM parquet_schema(?)", [pattern]).fetchall()
    names, inside = [], 0
    for name, children in schema[1:]:
        if inside == 0:
            names.append(name)
        else:
            inside -= 1
        inside += children or 0
    return names


def _selected(column: str, kind: str) -> str:
    quoted = '"' + column.replace('"', '""') + '"'
    if kind in TAKEN:
        return quoted
    if kind.startswith("DECIMAL"):
        return f"{quoted}::DOUBLE"
    if kind.endswith("]") or kind.startswith(NOT_PLAIN):
        return f"CASE WHEN {quoted} IS NOT NULL THEN ''::BLOB END"  # bytes are no scalar, so all of these are left out
    return f"{quoted}::VARCHAR"


def _column_values(column: Any) -> Sequence[Cell]:
    is_missing = column.isna().tolist()
    values = column.tolist()
    return [None if missing else _scalar(value) for missing, value in zip(is_missing, values, strict=True)]


def _scalar(value: object) -> Cell:
    return scalar(value.item() if isinstance(value, np.generic) else value)
