"""Parquet through DuckDB, so that nobody needs pyarrow; written from arrays, so that nobody waits for pandas."""

import errno
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mapgap.errors import AccessError, InputError, ResourceError
from mapgap.memory import require_addresses
from mapgap.report.column_values import Column, Labels, Nullable
from mapgap.unfinished import unfinished

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection

    Source = dict[str, NDArray[np.generic]]

Rows = TypeVar("Rows")

FEW_TEXTS = 256
"""Up to here DuckDB looks texts up by code; where there are more, Python strings are quicker."""
OPTIONS = "FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 1"
"""Of .43 s CPU for 500,000 rows and 34 columns zstd takes .12 s, to save a third of the bytes, and looking for a
dictionary in every column of numbers .07 s. Labels are written as a dictionary whatever the limit."""
CONFIGURATION: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "pandas_analyze_sample": 0,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
}
"""Without a sample, Python strings are text even where the first ones are null. Nothing is fetched, nothing loaded, and
no name in a query is taken for a variable of ours."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
ADDRESSES = 560 << 20
"""DuckDB crashes where it finds none, so they are asked for before."""
LITERAL, IDENTIFIER = "'", '"'


def parquet_files(tables: Iterable[tuple[str, Mapping[str, Column]]]) -> Iterator[tuple[str, bytes]]:
    """(name, Parquet file) of each table: its columns in their order, rows in theirs, NaN and null as null.

    One thread: with several, DuckDB's row groups may come in any order. The bytes carry DuckDB's version. Raises
    ResourceError where memory does not suffice.
    """
    require_addresses(ADDRESSES, "writing Parquet")
    import duckdb

    with duckdb.connect(":memory:", config=CONFIGURATION) as connection:
        for name, columns in tables:
            yield name, _parquet_bytes(connection, columns)


def parquet_bytes(columns: Mapping[str, Column]) -> bytes:
    """One table as a Parquet file, like `parquet_files`."""
    ((_, content),) = parquet_files([("", columns)])
    return content


def _parquet_bytes(connection: "DuckDBPyConnection", columns: Mapping[str, Column]) -> bytes:
    source: Source = {}
    selected = [
        f"{_expression(f'column_{place}', column, source)} AS {_quoted(name, IDENTIFIER)}"
        for place, (name, column) in enumerate(columns.items())
    ]
    connection.register("mapgap_rows", source)
    with tempfile.TemporaryDirectory(prefix="mapgap-") as folder, unfinished(folder):
        path = Path(folder) / "table.parquet"
        rows = f"SELECT {', '.join(selected)} FROM mapgap_rows"
        _execute(connection, f"COPY ({rows}) TO {_quoted(str(path), LITERAL)} ({OPTIONS})")
        connection.unregister("mapgap_rows")
        return path.read_bytes()


def _execute(connection: "DuckDBPyConnection", query: str) -> None:
    """DuckDB's complaints about memory and disk as ours."""
    import duckdb

    try:
        connection.execute(query)
    except duckdb.OutOfMemoryException as error:
        raise ResourceError("not enough memory to write the tables as Parquet") from error
    except duckdb.IOException as error:
        folder = tempfile.gettempdir()
        if any(f'"errno":"{number}"' in str(error) or os.strerror(number) in str(error) for number in NO_ROOM):
            fix = "Free some, or set TMPDIR to another folder"
            raise ResourceError(f"no room in {folder} for a table while it is written. {fix}") from error
        raise AccessError(f"cannot write a table in {folder}: {str(error).splitlines()[0]}") from error


def _expression(name: str, column: Column, source: "Source") -> str:
    """The column in SQL, made of arrays that are put into `source` under `name`."""
    if isinstance(column, Nullable):
        source[name], source[f"{name}_is_missing"] = column.values, column.is_missing
        return f"CASE WHEN NOT {name}_is_missing THEN {name} END"
    if not isinstance(column, Labels):
        source[name] = column
        return name
    written = [None if text is None else _quoted(text, LITERAL) for text in column.texts]
    distinct = dict.fromkeys(text for text in written if text is not None)
    if not distinct or len(written) > FEW_TEXTS:
        source[name] = np.array([*column.texts, None], dtype=object)[column.codes]
        return f"{name}::VARCHAR"
    # Values of an enumeration stay small codes down to the file. Places in a list begin at 1; at place 0 is null.
    source[name] = np.add(column.codes, 1, dtype=np.int16)
    return f"([{', '.join(text or 'NULL' for text in written)}]::ENUM({', '.join(distinct)})[])[{name}]"


def _quoted(text: str, quote: str) -> str:
    return quote + text.replace(quote, quote * 2) + quote


def read_table(path: str | Path) -> "pd.DataFrame":
    """A table of a report folder as a DataFrame: `.parquet` through DuckDB, `.csv` through pandas.

    Nullable integers and booleans stay such (`Int64`, `boolean`); the text "n/a" stays text. Raises AccessError if
    the file cannot be opened and InputError if it is no such table.
    """
    path = Path(path)
    _require_readable(path)
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _read_parquet(path)
    if suffix == ".csv":
        return _read_csv(path)
    raise InputError(
        f"not a table I know: {suffix or 'no suffix'}", file=path.name, fix="Give a .parquet or .csv file."
    )


def _require_readable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise AccessError(f"{path.name}: cannot be read: {error.strerror or error}") from error


def read_columns(path: str | Path, types: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Some columns of a Parquet file in the order of its rows: name -> array of a type of SQL.

    Null is NaN in columns of DOUBLE and None in those of VARCHAR. Raises AccessError if the file cannot be opened and
    InputError if it is no Parquet file, lacks a column, or has what is not of the type.
    """
    path = Path(path)
    _require_readable(path)
    casts = ", ".join(
        f"CAST({_quoted(name, IDENTIFIER)} AS {kind}) AS {_quoted(name, IDENTIFIER)}" for name, kind in types.items()
    )
    columns: dict[str, Any] = _query_parquet(path, casts, lambda found: dict(found.fetchnumpy()))
    return {name: _without_mask(columns[name], name, path.name) for name in types}


def _without_mask(column: NDArray[Any], name: str, file: str) -> NDArray[Any]:
    """DuckDB gives a masked array where there are nulls."""
    if not isinstance(column, np.ma.MaskedArray):
        return column
    if column.dtype.kind not in "fO":
        raise InputError(f"the column {name} has a null", file=file)
    filled: NDArray[Any] = np.array(column.data)
    filled[np.ma.getmaskarray(column)] = np.nan if column.dtype.kind == "f" else None
    return filled


def _read_parquet(path: Path) -> "pd.DataFrame":
    return _query_parquet(path, "*", lambda relation: relation.df())


def _query_parquet(path: Path, selected: str, fetch: "Callable[[DuckDBPyConnection], Rows]") -> "Rows":
    import duckdb

    try:
        with duckdb.connect(":memory:", config=CONFIGURATION) as connection:
            # read_parquet takes a pattern: brackets and stars of the name must stand for themselves.
            pattern = "".join(f"[{c}]" if c in "*?[" else c for c in str(path.absolute()))
            return fetch(
                connection.execute(f"SELECT {selected} FROM read_parquet(?, hive_partitioning = false)", [pattern])
            )
    except duckdb.OutOfMemoryException as error:
        raise ResourceError(f"{path.name}: not enough memory to read the table") from error
    except duckdb.Error as error:
        raise InputError(f"not a readable Parquet file ({str(error).splitlines()[0]})", file=path.name) from error


def _read_csv(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_csv(path, keep_default_na=False, na_values=[""])
    except (ValueError, OSError) as error:  # pandas' parser errors and UnicodeDecodeError are ValueErrors
        raise InputError(f"not a readable CSV file ({str(error).splitlines()[0]})", file=path.name) from error
