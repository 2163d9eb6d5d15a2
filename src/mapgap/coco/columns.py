"""Columns from decoded records: identifiers, numbers and boxes, each checked as a whole array."""

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgap.coco.complaints import LEFT_OUT
from mapgap.coco.records import Records
from mapgap.coco.values import is_identifier
from mapgap.number_words import plural
from mapgap.tables import BoolArray, FloatArray, IdArray, IndexArray, Notice

EXAMPLES = 3


def identifier_column(records: Records, rows: Sequence[Any], field: str) -> IdArray:
    """(N,) ids as int64; a number with a fraction or beyond 64 bits is complained of, and 0 stands for it."""
    values = list(map(attrgetter(field), rows))
    if set(map(type, values)) <= {int}:
        try:
            return np.fromiter(values, np.int64, len(values))
        except OverflowError:
            pass
    is_sound = [is_identifier(value) for value in values]
    for row, value in enumerate(values):
        if not is_sound[row]:
            records.refuse(row, own_id(rows[row], field), field, value)
    return np.array([int(value) if sound else 0 for value, sound in zip(values, is_sound, strict=True)], dtype=np.int64)


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


def require_finite(
    records: Records, rows: Sequence[Any], field: str, column: FloatArray, *, lenient: str = LEFT_OUT
) -> BoolArray:
    """(N,) which rows of (N,) or (N, 4) numbers are finite; the others are complained of."""
    is_finite: BoolArray = np.isfinite(column.reshape(len(column), 4 if column.ndim == 2 else 1)).all(axis=1)  # type: ignore[assignment]
    for row in np.flatnonzero(~is_finite).tolist():
        identifier = own_id(rows[row]) if len(rows) else None
        records.refuse(row, identifier, field, column[row].tolist(), lenient=lenient)
    return is_finite


def box_area(box: NDArray[Any]) -> NDArray[Any]:
    """(N,) width x height in the boxes' own precision; infinite where the product leaves it."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(box[:, 2] * box[:, 3])


def require_finite_area(records: Records, rows: Sequence[Any], area: FloatArray, box: FloatArray) -> None:
    """Complains of boxes of finite numbers whose width x height is too large for a number."""
    is_bad = ~np.isfinite(area) & np.isfinite(box).all(axis=1)
    for row in np.flatnonzero(is_bad).tolist():
        shown_box = box[row].tolist()
        records.complain(
            "box_invalid",
            row,
            lambda shown_box=shown_box: f"the area of box {shown_box} is not a finite number",  # type: ignore[misc]
            identifier=own_id(rows[row]) if len(rows) else None,
            field="bbox",
            value=shown_box,
            fix="Write the box as [x, y, width, height] in pixels",
        )


def positions_of(records: Records, rows: Sequence[Any], field: str, values: IdArray, known: IdArray) -> IndexArray:
    """(N,) place of each id in `known` (ascending); unknown ids are complained of, and 0 stands for them."""
    place, is_known = places_among(values, known)
    unknown = [row for row in np.flatnonzero(~is_known).tolist() if row not in records.bad_rows]
    if unknown:
        kind, plural = ("image", "images") if field == "image_id" else ("category", "categories")
        extent = f"{len(known)} {plural}, ids {known[0]} to {known[-1]}" if len(known) else f"no {plural}"
        for row in unknown:
            value = int(values[row])
            records.complain(
                f"unknown_{kind}",
                row,
                lambda value=value: f"{value} is not the id of any {kind} (the ground truth has {extent})",  # type: ignore[misc]
                identifier=own_id(rows[row]) if len(rows) else None,
                field=field,
                value=value,
                fix=f"Add the {kind} to the ground truth's {plural!r} or remove the records; "
                "do both inputs belong together?",
            )
    return place.astype(np.int32)


def places_among(values: IdArray, known: IdArray) -> tuple[IdArray, BoolArray]:
    """((N,) place of each id in `known`, which is ascending, 0 where there is none; (N,) whether there is one)."""
    if len(known) == 0:
        return np.zeros(len(values), dtype=np.int64), np.zeros(len(values), dtype=np.bool_)
    place = np.searchsorted(known, values).astype(np.int64)
    place[place == len(known)] = 0
    is_known = known[place] == values
    place[~is_known] = 0
    return place, is_known


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
    counted = f"{records.file}: {message} ({plural(len(positions), 'record')})"
    return (Notice(code, counted, len(positions), examples),)
