"""The cells of a cross of attributes: one small code for every combination of values."""

from dataclasses import dataclass

import numpy as np

from mapgap.tables import Attribute, IdArray, IndexArray

# Cells that nothing lies in cost less than sorting as long as there are not many more of them than rows.
SMALL_TABLE = 1 << 16


@dataclass(frozen=True)
class Cells:
    """One row a place, first the annotations, then the detections with their own values: the code of its cell.

    Codes keep the order of the values. There may be cells that no place lies in.
    """

    of_place: IndexArray
    values: tuple[IdArray, ...]
    """For each attribute of the cross its code in each cell."""

    @property
    def count(self) -> int:
        """Number of cells."""
        return len(self.values[0])


def attribute_cells(attribute: Attribute) -> Cells:
    """The cells of one attribute: its values."""
    of_place = np.concatenate([attribute.object_codes, attribute.detection_codes])
    return Cells(of_place, (np.arange(len(attribute.values)),))


def combine_cells(first: Cells, second: Cells) -> Cells:
    """The cells of both together, ordered by the first, then the second; memory stays linear in the places."""
    size = first.count * second.count
    radix = np.int64(second.count) if size > np.iinfo(np.int32).max else np.int32(second.count)
    of_place = first.of_place * radix
    of_place += second.of_place
    cells = np.arange(size) if size <= max(SMALL_TABLE, len(of_place)) else None
    if cells is None:
        cells, of_place = np.unique(of_place, return_inverse=True)
    values = [column[cells // second.count] for column in first.values]
    values += [column[cells % second.count] for column in second.values]
    return Cells(of_place.astype(np.int32, copy=False), tuple(values))
