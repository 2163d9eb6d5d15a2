"""Parquet through DuckDB, so that nobody needs pyarrow."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mapgap.errors import AccessError, InputError

if TYPE_CHECKING:
    import pandas as pd

    from mapgap.report.column_values import Column


def parquet_bytes(columns: Mapping[str, "Column"]) -> bytes:
    """The columns as a Parquet file, rows in their order, NaN as null.

    One thread: with several, DuckDB's row groups may come in any order. The bytes carry DuckDB's version.
    """
    import duckdb
    import pandas as pd

    frame = pd.DataFrame(dict(columns), copy=False)
    with tempfile.TemporaryDirectory(prefix="mapgap-") as folder:
        path = Path(folder) / "table.parquet"
        with duckdb.connect(":memory:", config={"threads": 1, "preserve_insertion_order": True}) as connection:
            connection.register("mapgap_rows", frame)
            target = str(path).replace("'", "''")
            connection.execute(f"COPY (SELECT * FROM mapgap_rows) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        return path.read_bytes()


def read_table(path: str | Path) -> "pd.DataFrame":
    """A table of a report folder as a DataFrame: `.parquet` through DuckDB, `.csv` through pandas.

    Nullable integers and booleans stay such (`Int64`, `boolean`); the text "n/a" stays text. Raises AccessError if
    the file cannot be opened and InputError if it is no such table.
    """
    path = Path(path)
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise AccessError(f"{path.name}: cannot be read: {error.strerror or error}") from error
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _read_parquet(path)
    if suffix == ".csv":
        return _read_csv(path)
    raise InputError(
        f"not a table I know: {suffix or 'no suffix'}", file=path.name, fix="Give a .parquet or .csv file."
    )


def _read_parquet(path: Path) -> "pd.DataFrame":
    import duckdb

    try:
        with duckdb.connect(":memory:") as connection:
            # read_parquet takes a pattern: brackets and stars of the name must stand for themselves.
            pattern = "".join(f"[{c}]" if c in "*?[" else c for c in str(path.absolute()))
            return connection.execute("SELECT * FROM read_parquet(?)", [pattern]).df()
    except duckdb.Error as error:
        raise InputError(f"not a readable Parquet file ({str(error).splitlines()[0]})", file=path.name) from error


def _read_csv(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_csv(path, keep_default_na=False, na_values=[""])
    except (ValueError, OSError) as error:  # pandas' parser errors and UnicodeDecodeError are ValueErrors
        raise InputError(f"not a readable CSV file ({str(error).splitlines()[0]})", file=path.name) from error
