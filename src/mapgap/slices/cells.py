"""The cells of crosses of attributes: one small code for every combination of values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from mapgap.tables import Attribute, IdArray, IndexArray

# Cells that nothing lies in cost less than sorting as long as there are not many more of them than rows.
SMALL_TABLE = 1 << 16


@dataclass(frozen=True)
class Cells:
    """One row a place: the code of its cell.

    Codes keep the order of the values. There may be cells that no place lies in.
    """

    of_place: IndexArray
    values: tuple[IdArray, ...]
    """For each attribute of the cross its code in each cell."""

    @property
    def count(self) -> int:
        """Number of cells."""
        return len(self.values[0])


@dataclass(frozen=True)
class Partitions:
    """One row a cross of attributes, in their order: the columns that make its cells.

    The cells of all partitions stand one after another, those of one in the order of their values.
    """

    columns: tuple[IndexArray, ...]
    """Each (P,), the codes of the places in one column."""
    sizes: IdArray
    """Number of codes of each column."""
    crosses: IndexArray
    """(partitions, 2) the columns of each; the second is -1 where the first holds the cells already."""
    values: tuple[tuple[IdArray, ...], ...]
    """For each partition and attribute of its cross the attribute's code in each cell."""

    def columns_at(self, places: slice) -> list[IndexArray]:
        """The columns at some of the places."""
        return [column[places] for column in self.columns]


def partition(crosses: Sequence[tuple[str, ...]], attributes: Mapping[str, Attribute], places: IdArray) -> Partitions:
    """The partitions of places by the named crosses, of known names; memory stays linear in the places.

    A place is an annotation, or the number of annotations + a detection with its own values.
    """
    names = sorted({name for cross in crosses for name in cross})
    column_of = {name: number for number, name in enumerate(names)}
    columns = [_attribute_cells(attributes[name], places) for name in names]
    pairs: list[tuple[int, int]] = []
    values: list[tuple[IdArray, ...]] = []
    for cross in crosses:
        chosen = [columns[column_of[name]] for name in cross]
        if len(chosen) == 2 and _is_small(chosen[0].count * chosen[1].count, len(places)):
            pairs.append((column_of[cross[0]], column_of[cross[1]]))
            values.append(_crossed_values(chosen[0], chosen[1], np.arange(chosen[0].count * chosen[1].count)))
            continue
        if len(chosen) > 1:
            columns.append(reduce(_combine, chosen))
        number = column_of[cross[0]] if len(chosen) == 1 else len(columns) - 1
        pairs.append((number, -1))
        values.append(columns[number].values)
    return Partitions(
        tuple(column.of_place for column in columns),
        np.array([column.count for column in columns], dtype=np.int64),
        np.array(pairs, dtype=np.int32).reshape(-1, 2),
        tuple(values),
    )


def _attribute_cells(attribute: Attribute, places: IdArray) -> Cells:
    """The cells of one attribute: its values."""
    of_place = np.concatenate([attribute.object_codes, attribute.detection_codes])[places]
    return Cells(of_place, (np.arange(len(attribute.values)),))


def _combine(first: Cells, second: Cells) -> Cells:
    """The cells of both together, ordered by the first, then the second."""
    size = first.count * second.count
    radix = np.int64(second.count) if size > np.iinfo(np.int32).max else np.int32(second.count)
    of_place = first.of_place * radix
    of_place += second.of_place
    cells = np.arange(size) if _is_small(size, len(of_place)) else None
    if cells is None:
        cells, of_place = np.unique(of_place, return_inverse=True)
    return Cells(of_place.astype(np.int32, copy=False), _crossed_values(first, second, cells))


def _is_small(cells: int, places: int) -> bool:
    return cells <= max(SMALL_TABLE, places)


def _crossed_values(first: Cells, second: Cells, cells: IdArray) -> tuple[IdArray, ...]:
    of_first, of_second = np.divmod(cells, second.count)
    return (*(column[of_first] for column in first.values), *(column[of_second] for column in second.values))
