"""Rows kept as columns, drawn as dicts or, several times faster, as JSON text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mapgap.report.column_values import Nullable
from mapgap.report.json_values import ENCODER, Record
from mapgap.report.number_texts import number_texts


@dataclass(frozen=True)
class Coded:
    """One row a code: the position of its value, of any JSON type, in `values`; -1 is the last one."""

    codes: NDArray[np.integer]
    values: Sequence[Any]
    is_optional: bool = False
    """Whether the key is left out where the value is null; not for a first field."""


Field: TypeAlias = "NDArray[Any] | Nullable | Coded | Mapping[str, Field]"
"""One row a number, a list of numbers (an array of two axes), a number or null, any value, or an object in turn."""


@dataclass(frozen=True)
class Rows:
    """One row a JSON object with these keys, in their order; all fields have the same length."""

    fields: Mapping[str, Field]


def row_records(rows: Rows) -> list[Record]:
    """The rows as dicts."""
    optional = [key for key, field in rows.fields.items() if isinstance(field, Coded) and field.is_optional]
    records = [
        dict(zip(rows.fields, values, strict=True)) for values in zip(*map(_values, rows.fields.values()), strict=True)
    ]
    for record in records:
        for key in optional:
            if record[key] is None:
                del record[key]
    return records


def _values(field: Field) -> Sequence[Any]:
    if isinstance(field, Mapping):
        return row_records(Rows(field))
    if isinstance(field, Coded):
        return [field.values[code] for code in field.codes.tolist()]
    if isinstance(field, Nullable):
        pairs = zip(field.values.tolist(), field.is_missing.tolist(), strict=True)
        return [None if is_missing else value for value, is_missing in pairs]
    values: list[Any] = field.tolist()
    return values


def row_texts(rows: Rows) -> list[str]:
    """The rows as JSON, one text a row: what `ENCODER` makes of its dict. Raises ValueError for NaN and infinity."""
    columns: list[list[str]] = []
    head = ""
    for piece in _pieces(rows.fields):
        if isinstance(piece, str):
            head += piece
        else:
            columns += [[head] * len(piece)] if head else []
            columns.append(piece)
            head = ""
    return ["".join(row) + head for row in zip(*columns, strict=True)]


def _pieces(fields: Mapping[str, Field]) -> Iterator[str | list[str]]:
    """What rows are put together from, in order: a text that all of them have, or one text a row."""
    yield "{"
    for place, (key, field) in enumerate(fields.items()):
        head = f"{', ' if place else ''}{ENCODER.encode(key)}: "
        if isinstance(field, Coded):
            yield _coded_texts(head, field)
            continue
        yield head
        if isinstance(field, Mapping):
            yield from _pieces(field)
        elif isinstance(field, Nullable):
            _require_finite(field.values[~field.is_missing])
            yield number_texts(_values(field))
        else:
            yield from _number_pieces(field)
    yield "}"


def _coded_texts(head: str, field: Coded) -> list[str]:
    texts = ["" if value is None and field.is_optional else head + ENCODER.encode(value) for value in field.values]
    taken: list[str] = np.array(texts, dtype=object)[field.codes].tolist()
    return taken


def _number_pieces(values: NDArray[Any]) -> Iterator[str | list[str]]:
    _require_finite(values)
    texts = number_texts(values.ravel().tolist())
    if values.ndim == 1:
        yield texts
        return
    for axis in range(values.shape[1]):
        yield ", " if axis else "["
        yield texts[axis :: values.shape[1]]
    yield "]"


def _require_finite(values: NDArray[Any]) -> None:
    if not np.isfinite(values).all():
        raise ValueError("Out of range float values are not JSON compliant")
