"""Columns from decoded records: identifiers, numbers and boxes, each checked as a whole array."""

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgap.coco.records import Records
from mapgap.errors import InputError
from mapgap.tables import FloatArray, IdArray, IndexArray, Notice

INT64 = np.iinfo(np.int64)
EXAMPLES = 3


def identifier_column(records: Records, rows: Sequence[Any], field: str) -> IdArray:
    """(N,) ids as int64; a number with a fraction or beyond 64 bits is refused."""
    values = list(map(attrgetter(field), rows))
    if set(map(type, values)) <= {int}:
        try:
            return np.fromiter(values, np.int64, len(values))
        except OverflowError:
            pass
    for position, value in enumerate(values):
        if not is_identifier(value):
            raise records.refusal(position, own_id(rows[position], field), field, value)
    return np.fromiter(map(int, values), np.int64, len(values))


def is_identifier(value: object) -> bool:
    """Whether a number is whole and fits 64 bits; a bool is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (isinstance(value, int) or value.is_integer()) and INT64.min <= value <= INT64.max


def own_id(row: Any, field: str | None = None) -> object:
    """The record's id for a message, if it has one and is not itself the bad field."""
    return None if field == "id" else getattr(row, "id", None)


def number_column(values: Sequence[float | None]) -> FloatArray:
    """(N,) float64, NaN for None."""
    if None in values:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.fromiter(values, np.float64, len(values))


def box_column(boxes: Sequence[Sequence[float]]) -> FloatArray:
    """(N, 4) boxes from sequences of four numbers."""
    return np.fromiter(chain.from_iterable(boxes), np.float64, 4 * len(boxes)).reshape(-1, 4)


def require_finite(records: Records, rows: Sequence[Any], field: str, column: FloatArray) -> None:
    """Refuse the first row of (N,) or (N, 4) numbers with a NaN or an infinity."""
    is_bad = ~np.isfinite(column) if column.ndim == 1 else ~np.isfinite(column).all(axis=1)
    if is_bad.any():
        position = int(is_bad.argmax())
        identifier = own_id(rows[position]) if len(rows) else None
        raise records.refusal(position, identifier, field, column[position].tolist())


def box_area(box: NDArray[Any]) -> NDArray[Any]:
    """(N,) width x height in the boxes' own precision; infinite where the product leaves it."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(box[:, 2] * box[:, 3])


def require_finite_area(records: Records, rows: Sequence[Any], area: FloatArray, box: FloatArray) -> None:
    """Refuse the first box whose width x height is too large for a number."""
    is_bad = ~np.isfinite(area)
    if is_bad.any():
        position = int(is_bad.argmax())
        raise InputError(
            f"the area of box {box[position].tolist()} is not a finite number",
            file=records.file,
            where=records.where(position, own_id(rows[position]) if len(rows) else None, "bbox"),
            fix="Write the box as [x, y, width, height] in pixels",
        )


def positions_of(records: Records, rows: Sequence[Any], field: str, values: IdArray, known: IdArray) -> IndexArray:
    """(N,) place of each id in `known` (ascending); unknown ids are refused, the first one by name."""
    if len(known) == 0:
        is_known = np.zeros(len(values), dtype=bool)
        place = np.zeros(len(values), dtype=np.int64)
    else:
        place = np.searchsorted(known, values)
        place[place == len(known)] = 0
        is_known = known[place] == values
    if not is_known.all():
        raise _unknown_identifier(records, rows, field, values, is_known, known)
    return place.astype(np.int32)


def repeated(identifiers: IdArray) -> tuple[IdArray, IdArray]:
    """(last record of each id, in ascending id order; the other records, in file order)."""
    order = np.argsort(identifiers, kind="stable").astype(np.int64)
    is_last = np.ones(len(order), dtype=bool)
    is_last[:-1] = identifiers[order][1:] != identifiers[order][:-1]
    return order[is_last], np.sort(order[~is_last])


def notice(records: Records, code: str, message: str, ids: IdArray, positions: IdArray) -> tuple[Notice, ...]:
    """One notice about the records at these positions with its first examples, or none."""
    if len(positions) == 0:
        return ()
    examples = tuple(records.where(position, ids[position]) for position in positions[:EXAMPLES].tolist())
    return (Notice(code, message, len(positions), examples),)


def _unknown_identifier(
    records: Records,
    rows: Sequence[Any],
    field: str,
    values: IdArray,
    is_known: NDArray[np.bool_],
    known: IdArray,
) -> InputError:
    kind, plural = ("image", "images") if field == "image_id" else ("category", "categories")
    position = int(is_known.argmin())
    others = int((~is_known).sum()) - 1
    complaint = f"{values[position]} is not the id of any {kind}"
    complaint += f", and {others} more records name unknown {plural}" if others else ""
    extent = f"{len(known)} {plural}, ids {known[0]} to {known[-1]}" if len(known) else f"no {plural}"
    return InputError(
        f"{complaint} (the ground truth has {extent})",
        file=records.file,
        where=records.where(position, own_id(rows[position]) if len(rows) else None, field),
        fix=f"Add the {kind} to the ground truth's {plural!r} or remove the records; do both inputs belong together?",
    )
