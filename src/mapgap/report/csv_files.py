"""slices.csv and failure_modes.csv: RFC 4180, one line feed a row, floats at full precision, formulas disarmed."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from mapgap.report.json_values import ENCODER, Record
from mapgap.report.number_texts import Number, number_texts
from mapgap.where_text import where_text

Cell = str | int | float | None

SLICE_COLUMNS = (
    "where", "objects", "images", "tp", "fp", "fn", "recall", "recall_low", "recall_high", "precision", "f1", "AP",
    "AP_low", "AP_high", "gap", "gap_share", "lift", "q_value", "adjusted_odds_ratio", "flags",
)  # fmt: skip
MODE_COLUMNS = (
    "rank", "cause", "where", "errors", "images", "population", "gap", "gap_share", "excess", "hotter_within", "gain",
    "gain_low", "gain_high", "q_value", "adjusted_odds_ratio", "flags", "recommendation", "examples",
)  # fmt: skip

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NEEDS_QUOTES = re.compile('[",\r\n]')


def slices_csv(slices: Sequence[Record]) -> bytes:
    """One row a slice, all of them."""
    return _record_csv(SLICE_COLUMNS, slices)


def failure_modes_csv(modes: Sequence[Record]) -> bytes:
    """One row a hot spot; `hotter_within` is a list of expressions, `examples` is JSON."""
    return _record_csv(MODE_COLUMNS, modes)


def csv_bytes(columns: Mapping[str, Sequence[Cell]]) -> bytes:
    """A header and rows as UTF-8; None is an empty cell, floats are written shortest, text cannot start a formula."""
    header = ",".join(map(_text_cell, columns))
    rows = zip(*map(_cells, columns.values()), strict=True)
    return "\n".join([header, *map(",".join, rows), ""]).encode("utf-8", "backslashreplace")


def _cells(values: Sequence[Cell]) -> list[str]:
    if not any(isinstance(value, str) for value in values):
        return number_texts(cast(Sequence[Number], values), undefined="")
    # Not csv.writer: with "\n" ending a row it leaves a lone carriage return unquoted, which readers take for one.
    return [_text_cell(value) if isinstance(value, str) else "" if value is None else repr(value) for value in values]


def _text_cell(cell: str) -> str:
    # A spreadsheet runs text that starts like this; a leading apostrophe tells it not to (OWASP, "CSV injection").
    text = "'" + cell if cell.startswith(_FORMULA_STARTS) else cell
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def _record_csv(columns: Sequence[str], records: Sequence[Record]) -> bytes:
    return csv_bytes({column: _column(records, column) for column in columns})


def _column(records: Sequence[Record], column: str) -> list[Cell]:
    stem, _, end = column.rpartition("_")
    if end in ("low", "high"):
        intervals = [record[f"{stem}_interval"] for record in records]
        return [None if interval is None else float(interval[end == "high"]) for interval in intervals]
    values = [record[column] for record in records]
    write = _WRITERS.get(column)
    return values if write is None else [None if value is None else write(value) for value in values]


_WRITERS: dict[str, Callable[[Any], str]] = {
    "where": where_text,
    "flags": " ".join,
    "hotter_within": lambda entries: "; ".join(where_text(entry["where"]) for entry in entries),
    "recommendation": lambda advice: str(advice["text"]),
    "examples": ENCODER.encode,
}
