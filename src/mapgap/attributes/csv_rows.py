"""A CSV file as rows of text; what their columns mean is decided when all of them have been seen.

The csv module and not DuckDB: it guesses nothing from a sample, and says which line is wrong.
"""

import csv
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NoReturn

from mapgap.attributes.expression_text import shown_text
from mapgap.attributes.row_source import MOST_COLUMNS, Row, RowSource, checked_columns, open_file
from mapgap.errors import AccessError, InputError

GZIP_MAGIC = b"\x1f\x8b"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
ZIP_MAGIC = b"PK\x03\x04"
JSON_STARTS = (b"{", b"[")
DELIMITERS = ",;\t"
WIDEST_HEADER = 1 << 20


def csv_rows(path: str | os.PathLike[str], name: str, *, most_columns: int = MOST_COLUMNS) -> RowSource:
    """The rows of a CSV file in UTF-8, plain or gzip, separated by commas, or by semicolons or tabs as the header is.

    Empty lines are skipped. Raises InputError for a file that is empty or none of this, and, when the row is reached,
    for one of another length than the header or with broken quotes; AccessError if the file cannot be read.
    """
    rows = _rows(path, name)
    _, header = next(rows)
    return RowSource(name, checked_columns(header, name, most_columns), _checked_rows(rows, header, name), is_text=True)


def _rows(path: str | os.PathLike[str], name: str) -> Iterator[tuple[str, list[str]]]:
    """Every line that is not empty, the header first; where it stands is the line it begins in."""
    with open_file(path, name) as file, _unpacked(file, name) as content:
        text = io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
        try:
            yield from _records(text, name)
        except UnicodeDecodeError:
            _refuse_encoding(path, name)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(
                f"invalid gzip: {error}", file=name, fix="Compress or copy the file again, whole"
            ) from None
        except OSError as error:
            raise AccessError(f"{name}: cannot be read: {error.strerror or error}") from None


def _unpacked(file: BinaryIO, name: str) -> BinaryIO:
    start = file.read(4)
    file.seek(0)
    if start.startswith(ZIP_MAGIC):
        raise InputError("this is a zip or Excel file", file=name, fix="Save the table as CSV")
    if start.startswith(UTF16_MARKS):
        raise InputError("the file is UTF-16", file=name, fix="Save it as CSV in UTF-8")
    if start.lstrip().startswith(JSON_STARTS):
        raise InputError("this is JSON", file=name, fix="Give a CSV or Parquet file with a column for each attribute")
    return gzip.GzipFile(fileobj=file) if start.startswith(GZIP_MAGIC) else file  # type: ignore[return-value]


def _records(text: io.TextIOWrapper, name: str) -> Iterator[tuple[str, list[str]]]:
    header = _first_line(text, name)
    text.seek(0)
    reader = csv.reader(text, delimiter=max(DELIMITERS, key=header.count), strict=True)
    line = 1
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            fix = 'Double the quotes inside a quoted text, as in "5"" disk", and close every quote'
            raise InputError(f"no CSV: {error}", file=name, where=f"line {line}", fix=fix) from None
        if fields is None:
            return
        if fields:
            yield f"line {line}", fields
        line = reader.line_num + 1


def _first_line(text: io.TextIOWrapper, name: str) -> str:
    """The first line that is not empty, without what stands in quotes: commas there separate nothing."""
    for line in iter(lambda: text.readline(WIDEST_HEADER), ""):
        if line.strip():
            return "".join(line.split('"')[::2])
    raise InputError("the file is empty", file=name, fix="Give a CSV file with a header, or a Parquet file")


def _checked_rows(rows: Iterator[tuple[str, list[str]]], header: list[str], name: str) -> Iterator[Row]:
    for place, fields in rows:
        if len(fields) != len(header):
            what = f"{len(fields)} fields, but the header has {len(header)}; it begins with {shown_text(fields[0])}"
            fix = "Give every row one field a column; a text with a comma in it stands in quotes"
            raise InputError(what, file=name, where=place, fix=fix)
        yield place, fields


def _refuse_encoding(path: str | os.PathLike[str], name: str) -> NoReturn:
    """Reads the file once more, because decoding runs ahead of the rows and does not know their lines."""
    where = None
    with open_file(path, name) as file, _unpacked(file, name) as content:
        for number, line in enumerate(content, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                where = f"line {number}, byte {error.start + 1}"
                break
    raise InputError("no UTF-8", file=name, where=where, fix="Save the file as CSV in UTF-8") from None
