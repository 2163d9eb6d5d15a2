"""The slices of two runs side by side."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mapgap.tables import FloatArray, IdArray, Results, Scalar, Slices, Where

Column = TypeVar("Column", FloatArray, IdArray)


@dataclass(frozen=True)
class AlignedSlices:
    """One row a slice, in the order of `Slices`; a slice that one run has nothing in has zeros there."""

    where: tuple[Where, ...]
    objects: IdArray
    images: IdArray
    recall: FloatArray
    """(R, 2) before and after, like the following; NaN where not defined."""
    precision: FloatArray
    ap: FloatArray
    gap: FloatArray


_Key = tuple[tuple[str, type, Scalar], ...]


def align_slices(before: Results, after: Results) -> AlignedSlices:
    """All slices of one key that either run has, and those of more keys that both have and that hold an object."""
    first, second = before.slices, after.slices
    rows_of_first, rows_of_second = _rows(first), _rows(second)
    order = _merged(list(rows_of_first), list(rows_of_second))
    kept = [key for key in order if len(key) == 1 or (key in rows_of_first and key in rows_of_second)]
    rows = np.array([(rows_of_first.get(key, -1), rows_of_second.get(key, -1)) for key in kept], dtype=np.int64)
    rows = rows.reshape(-1, 2)
    objects = np.maximum(_column(first.objects, rows[:, 0]), _column(second.objects, rows[:, 1]))
    has_one_key = np.array([len(key) == 1 for key in kept], dtype=np.bool_)
    is_kept = has_one_key | (objects > 0)
    rows = rows[is_kept]
    sides = ((first, rows[:, 0]), (second, rows[:, 1]))
    return AlignedSlices(
        where=tuple({name: value for name, _, value in key} for key, keep in zip(kept, is_kept, strict=True) if keep),
        objects=objects[is_kept],
        images=np.maximum(_column(first.images, rows[:, 0]), _column(second.images, rows[:, 1])),
        recall=_rates(sides, "tp", "fn"),
        precision=_rates(sides, "tp", "fp"),
        ap=np.stack([_column(slices.ap, at, np.nan) for slices, at in sides], axis=1),
        gap=np.stack([_column(slices.gap, at) for slices, at in sides], axis=1),
    )


def _rows(slices: Slices) -> dict[_Key, int]:
    return {
        tuple((name, type(value), value) for name, value in where.items()): row
        for row, where in enumerate(slices.where)
    }


def _merged(first: list[_Key], second: list[_Key]) -> list[_Key]:
    """The keys of both: those of the first in their order, each other one behind its neighbour in the second."""
    known = set(first)
    behind: dict[_Key | None, list[_Key]] = {}
    last: _Key | None = None
    for key in second:
        if key in known:
            last = key
        else:
            behind.setdefault(last, []).append(key)
    merged = list(behind.get(None, []))
    for key in first:
        merged += [key, *behind.get(key, [])]
    return merged


def _column(values: Column, rows: IdArray, missing: float = 0) -> Column:
    """The values at rows, `missing` at row -1."""
    whole = np.append(values, missing).astype(values.dtype)
    column: Column = whole[rows]
    return column


def _rates(sides: tuple[tuple[Slices, IdArray], ...], right: str, wrong: str) -> FloatArray:
    columns = []
    for slices, rows in sides:
        part, rest = _column(getattr(slices, right), rows), _column(getattr(slices, wrong), rows)
        with np.errstate(invalid="ignore"):
            columns.append(np.true_divide(part, part + rest))
    return np.stack(columns, axis=1)
