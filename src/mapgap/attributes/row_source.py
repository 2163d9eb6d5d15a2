"""A table to be joined, read row by row: what a CSV file, a Parquet file and a DataFrame have in common."""

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import BinaryIO, Final

from mapgap.attributes.expression_text import shown_text
from mapgap.errors import AccessError, InputError
from mapgap.tables import Scalar

MOST_COLUMNS = 200
LARGEST_INTEGER: Final = 2**63


class NoScalar:
    """Stands for a value that is neither a number nor text nor true nor false, such as a list."""


NO_SCALAR = NoScalar()
Cell = Scalar | NoScalar
Row = tuple[str, Sequence[Cell]]
"""Where the row stands, in words, and one value a column."""


@dataclass(frozen=True)
class RowSource:
    """One row a row of the table; the rows can be read once, and reading them may raise InputError."""

    name: str
    """What messages call it."""
    columns: tuple[str, ...]
    rows: Iterator[Row]
    is_text: bool
    """Whether all values are text, and what they mean is still to be found out; empty text means missing."""


def checked_columns(names: Sequence[str], file: str, most: int = MOST_COLUMNS) -> tuple[str, ...]:
    """The names without white space around them; raises InputError for too many, one given twice, or no Unicode."""
    stripped = tuple(name.strip() for name in names)
    if len(stripped) > most:
        what = f"the table has {len(stripped):,} columns"
        raise InputError(what, file=file, fix=f"Keep the at most {most} to slice by, and the key")
    seen: dict[str, int] = {}
    for place, name in enumerate(stripped, start=1):
        if not is_writable(name):
            raise InputError(f"the name {shown_text(name)} of column {place} is no Unicode text", file=file)
        if name and name in seen:
            what = f"columns {seen[name]} and {place} are both called {shown_text(name)}"
            raise InputError(what, file=file, fix="Give every column a name of its own")
        seen[name] = place
    return stripped


def open_file(path: str | os.PathLike[str], name: str) -> BinaryIO:
    """The file, open for reading bytes; AccessError if it cannot be read or is no regular file."""
    if os.path.exists(path) and not os.path.isfile(path):
        # Reading a pipe twice, for its hash and its rows, would find nothing; a directory has no rows.
        raise AccessError(f"{name}: is no regular file. Give a CSV or Parquet file")
    try:
        return open(path, "rb")
    except OSError as error:
        raise AccessError(f"{name}: cannot be read: {error.strerror or error}. Check path and permissions") from None
    except ValueError as error:
        raise AccessError(f"{name}: is not a path: {error}") from None


def scalar(value: object) -> Cell:
    """The value as an attribute has it: NaN and infinity are None, dates are text, lists and bytes are NO_SCALAR.

    Integers beyond 64 bits are names rather than quantities (hashes), hence text.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if -LARGEST_INTEGER <= value < LARGEST_INTEGER else str(value)
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime | date | time | timedelta):
        return str(value)
    return NO_SCALAR


def is_writable(text: str) -> bool:
    """Whether UTF-8 can write the text."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
