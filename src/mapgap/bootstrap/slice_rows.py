"""Which rows of a table of slices an object lies in, a part of the table at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mapgap.tables import Attribute, BoolArray, IdArray, IndexArray, Scalar, Where

COUNTS_AT_ONCE = 1 << 22
"""Counts of slices and resamples held in memory at a time."""
SMALL_TABLE = 1 << 16


@dataclass(frozen=True)
class SliceCodes:
    """Attributes and their values by name."""

    attributes: Mapping[str, Attribute]
    code_of: Mapping[str, Mapping[tuple[type, Scalar], int]]

    @classmethod
    def of(cls, attributes: Sequence[Attribute]) -> "SliceCodes":
        """The codes of these attributes."""
        # True == 1 in Python, and here they are two values.
        code_of: dict[str, dict[tuple[type, Scalar], int]] = {
            a.name: {(type(v), v): code for code, v in enumerate(a.values)} for a in attributes
        }
        return cls({a.name: a for a in attributes}, code_of)

    def of_rows(self, keys: Sequence[str], wheres: Sequence[Where]) -> list[IdArray]:
        """For each key its code in each of the slices, which have these keys."""
        return [
            np.array([self.code_of[key][type(where[key]), where[key]] for where in wheres], dtype=np.int64)
            for key in keys
        ]

    def sizes(self, keys: Sequence[str]) -> list[int]:
        """Number of values of each."""
        return [len(self.attributes[key].values) for key in keys]


def rows_by_keys(wheres: Sequence[Where]) -> dict[tuple[str, ...], list[int]]:
    """The rows of each cross of attributes."""
    rows_of: dict[tuple[str, ...], list[int]] = {}
    for row, where in enumerate(wheres):
        rows_of.setdefault(tuple(where), []).append(row)
    return rows_of


@dataclass(frozen=True)
class SlicePart:
    """Some rows of a table of slices, and where each of some objects lies in them."""

    rows: list[int]
    columns: list[IndexArray]
    """Of each cross the place of each object among its rows; one past the last for an object in none of them."""
    sizes: IdArray
    """Of each cross the number of its rows, and one."""

    def is_row(self) -> BoolArray:
        """(cells,) which of the cells of all columns are rows, and not for objects in none."""
        is_row = np.ones(int(self.sizes.sum()), dtype=np.bool_)
        is_row[np.cumsum(self.sizes) - 1] = False
        return is_row


def slice_parts(
    wheres: Sequence[Where], attributes: Sequence[Attribute], objects: IdArray, counts_a_row: int
) -> Iterator[SlicePart]:
    """All rows, in parts that need at most so many counts at once, with the places of these objects."""
    codes = SliceCodes.of(attributes)
    object_codes = {name: attribute.object_codes[objects] for name, attribute in codes.attributes.items()}
    for part in _parts(rows_by_keys(wheres), COUNTS_AT_ONCE // max(1, counts_a_row)):
        columns = []
        for rows in part:
            chosen = [wheres[row] for row in rows]
            keys = tuple(chosen[0])
            row_codes = codes.of_rows(keys, chosen)
            columns.append(_row_of_object([object_codes[key] for key in keys], row_codes, codes.sizes(keys)))
        sizes = np.array([len(rows) + 1 for rows in part], dtype=np.int64)
        yield SlicePart([row for rows in part for row in rows], columns, sizes)


def _parts(rows_of: Mapping[tuple[str, ...], list[int]], most: int) -> Iterator[list[list[int]]]:
    """The rows of the crosses, a long cross cut into several, in parts of at most so many rows."""
    most = max(1, most)
    part: list[list[int]] = []
    held = 0
    for whole in rows_of.values():
        for first in range(0, len(whole), most):
            rows = whole[first : first + most]
            if part and held + len(rows) > most:
                yield part
                part, held = [], 0
            part.append(rows)
            held += len(rows)
    if part:
        yield part


def _row_of_object(codes: list[IndexArray], row_codes: list[IdArray], sizes: list[int]) -> IndexArray:
    """(objects,) the slice each object lies in, of slices with these codes; one past the last for none of them."""
    rows = len(row_codes[0])
    of_objects, of_rows, cells = codes[0].astype(np.int64), row_codes[0], sizes[0]
    for code, row_code, size in zip(codes[1:], row_codes[1:], sizes[1:], strict=True):
        of_objects, of_rows, cells = of_objects * size + code, of_rows * size + row_code, cells * size
        if cells > max(SMALL_TABLE, len(of_objects)):
            known, places = np.unique(np.concatenate([of_objects, of_rows]), return_inverse=True)
            of_objects, of_rows, cells = places[: len(of_objects)], places[len(of_objects) :], len(known)
    row_of_cell = np.full(cells, rows, dtype=np.int32)
    row_of_cell[of_rows] = np.arange(rows)
    return row_of_cell[of_objects]
