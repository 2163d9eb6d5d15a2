"""slices.csv and failure_modes.csv: RFC 4180, one line feed a row, floats at full precision, formulas disarmed."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mapgap.report.wording import where_text

Record = dict[str, Any]
Cell = str | int | float | None

SLICE_COLUMNS = (
    "where", "objects", "images", "tp", "fp", "fn", "recall", "recall_low", "recall_high", "precision", "f1", "AP",
    "AP_low", "AP_high", "gap", "gap_share", "lift", "q_value", "adjusted_odds_ratio", "flags",
)  # fmt: skip
MODE_COLUMNS = (
    "rank", "cause", "where", "errors", "images", "population", "gap", "gap_share", "excess", "hotter_within", "gain",
    "gain_low", "gain_high", "q_value", "adjusted_odds_ratio", "flags", "recommendation", "examples",
)  # fmt: skip


def slices_csv(slices: Iterable[Record]) -> bytes:
    """One row a slice, all of them."""
    return csv_bytes(SLICE_COLUMNS, (_cells(record, SLICE_COLUMNS) for record in slices))


def failure_modes_csv(modes: Iterable[Record]) -> bytes:
    """One row a hot spot; `hotter_within` is a list of expressions, `examples` is JSON."""
    return csv_bytes(MODE_COLUMNS, (_cells(record, MODE_COLUMNS) for record in modes))


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A header and rows as UTF-8; None is an empty cell, floats are written shortest, text cannot start a formula."""
    lines = [",".join(_written(cell) for cell in row) for row in (columns, *rows)]
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def _written(cell: Cell) -> str:
    # Not csv.writer: with "\n" ending a row it leaves a lone carriage return unquoted, which readers take for one.
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return repr(cell)
    # A spreadsheet runs text that starts like this; a leading apostrophe tells it not to (OWASP, "CSV injection").
    text = "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and cell else cell
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in '",\r\n') else text


def _cells(record: Record, columns: Sequence[str]) -> list[Cell]:
    return [_cell(record, column) for column in columns]


def _cell(record: Record, column: str) -> Cell:
    stem, _, end = column.rpartition("_")
    if end in ("low", "high"):
        interval = record[f"{stem}_interval"]
        return None if interval is None else float(interval[end == "high"])
    value = record[column]
    write = _WRITERS.get(column)
    cell: Cell = write(value) if write is not None and value is not None else value
    return cell


_WRITERS: dict[str, Callable[[Any], str]] = {
    "where": where_text,
    "flags": " ".join,
    "hotter_within": lambda entries: "; ".join(where_text(entry["where"]) for entry in entries),
    "recommendation": lambda advice: str(advice["text"]),
    "examples": lambda examples: json.dumps(examples, allow_nan=False),
}
