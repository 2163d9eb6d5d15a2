"""Rows of slices by name: attributes and values as numbers, and one table of two."""

from collections.abc import Iterable, Sequence
from dataclasses import fields

import numpy as np

from mapgap.tables import Attribute, IdArray, Slices, Where

Named = tuple[tuple[int, ...], tuple[int, ...]]
"""Positions of attributes by name, and the codes of their values; sorts as slices of equally many keys do."""


def name_rows(slices: Iterable[Where], attributes: Sequence[Attribute]) -> dict[Named, int]:
    """The row of each slice, in their order; `attributes` by name."""
    key_of = {attribute.name: key for key, attribute in enumerate(attributes)}
    # True == 1 in Python, and here they are two values.
    code_of = [{(type(v), v): code for code, v in enumerate(attribute.values)} for attribute in attributes]
    rows: dict[Named, int] = {}
    for row, where in enumerate(slices):
        keys = tuple(key_of[name] for name in where)
        codes = tuple(code_of[key][type(v), v] for key, v in zip(keys, where.values(), strict=True))
        rows[keys, codes] = row
    return rows


def join_slices(slices: Slices, others: Slices, chosen: Sequence[int], attributes: Sequence[Attribute]) -> Slices:
    """`slices` and the chosen rows of `others`, none of which it has, in the order of slices."""
    both = _concatenated(slices, _taken(others, np.array(chosen, dtype=np.int64)))
    rows = name_rows(both.where, attributes)
    order = sorted(rows, key=lambda named: (len(named[0]), named))
    return _taken(both, np.array([rows[named] for named in order], dtype=np.int64))


def _concatenated(first: Slices, second: Slices) -> Slices:
    columns = {name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in _ARRAYS}
    return Slices(where=(*first.where, *second.where), **columns)


def _taken(slices: Slices, rows: IdArray) -> Slices:
    columns = {name: getattr(slices, name)[rows] for name in _ARRAYS}
    return Slices(where=tuple(slices.where[row] for row in rows.tolist()), **columns)


_ARRAYS = tuple(field.name for field in fields(Slices) if field.name != "where")
