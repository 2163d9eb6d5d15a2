"""Records as JSON text: strict (no NaN), ASCII, one list entry a line so that differences read well."""

from collections.abc import Iterator, Mapping
from typing import Any

from mapgap.report.json_values import ENCODER

OPEN_LEVELS = 2
PLAIN = (Mapping, list, tuple, str, int, float, type(None))
"""What JSON knows by itself. Anything else in a record is `Rows`, whose module takes NumPy along: a record without
tables can do without."""


def json_bytes(record: Mapping[str, Any] | list[Any]) -> bytes:
    """The record, or the list of records, as JSON.

    One key a line on the first two levels, one entry of a list a line, the rest on one line.
    `Rows` in it stand for the list of their dicts.
    Raises ValueError for NaN or infinity, which JSON cannot say.
    """
    return "".join([*_pieces(record, 0), "\n"]).encode("ascii")


def _pieces(value: Any, depth: int) -> Iterator[str]:
    indented, end = "\n" + "  " * (depth + 1), "\n" + "  " * depth
    if isinstance(value, Mapping) and value and depth < OPEN_LEVELS:
        for place, (key, inner) in enumerate(value.items()):
            yield f"{',' if place else '{'}{indented}{ENCODER.encode(key)}: "
            yield from _pieces(inner, depth + 1)
        yield end + "}"
        return
    entries = _entries(value)
    if not entries:
        yield ENCODER.encode(value if isinstance(value, PLAIN) else [])
        return
    yield "[" + indented
    yield ("," + indented).join(entries)
    yield end + "]"


def _entries(value: Any) -> list[str]:
    """The texts of a list's entries where each of them gets a line."""
    if not isinstance(value, PLAIN):
        from mapgap.report.json_rows import row_texts

        return row_texts(value)
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return [ENCODER.encode(entry) for entry in value]
    return []
