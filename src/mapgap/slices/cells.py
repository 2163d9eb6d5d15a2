"""The cells of a cross of attributes: one small code for every combination of values that occurs."""

from dataclasses import dataclass

import numpy as np

from mapgap.slices.addresses import Addresses
from mapgap.tables import Attribute, IdArray, IndexArray

# A lookup table is faster than sorting as long as it is not much longer than the column itself.
TABLE_ROWS_PER_CODE = 4
SMALL_TABLE = 1 << 16


@dataclass(frozen=True)
class Cells:
    """The code of its cell for each address and each detection's own values; codes keep the order of the values.

    Only combinations that some address has are cells; -1 is a detection whose own values are no cell.
    """

    of_address: IndexArray
    of_detection: IndexArray
    count: int


def attribute_cells(attribute: Attribute, addresses: Addresses) -> Cells:
    """The cells of one attribute."""
    of_address = attribute.codes_at(addresses.object, addresses.detection)
    return _compress(of_address, attribute.detection_codes, len(attribute.values))


def combine_cells(first: Cells, second: Cells) -> Cells:
    """The cells of both together, ordered by the first, then the second; memory stays linear in the rows."""
    size = first.count * second.count
    radix = np.int64(second.count) if size > np.iinfo(np.int32).max else np.int32(second.count)
    is_cell = (first.of_detection >= 0) & (second.of_detection >= 0)
    of_detection = np.where(is_cell, first.of_detection * radix + second.of_detection, -1)
    return _compress(first.of_address * radix + second.of_address, of_detection, size)


def _compress(of_address: IndexArray | IdArray, of_detection: IndexArray | IdArray, size: int) -> Cells:
    if size <= max(SMALL_TABLE, TABLE_ROWS_PER_CODE * len(of_address)):
        return _compress_by_table(of_address, of_detection, size)
    occurring, inverse = np.unique(of_address, return_inverse=True)
    if len(occurring) == 0:
        return Cells(inverse.astype(np.int32), np.full(len(of_detection), -1, np.int32), 0)
    position = np.minimum(np.searchsorted(occurring, of_detection), len(occurring) - 1)
    is_cell = occurring[position] == of_detection
    return Cells(inverse.astype(np.int32), np.where(is_cell, position, -1).astype(np.int32), len(occurring))


def _compress_by_table(of_address: IndexArray | IdArray, of_detection: IndexArray | IdArray, size: int) -> Cells:
    occurring = np.flatnonzero(np.bincount(of_address, minlength=size))
    # The extra last row answers for code -1.
    code_of = np.full(size + 1, -1, dtype=np.int32)
    code_of[occurring] = np.arange(len(occurring), dtype=np.int32)
    return Cells(code_of[of_address], code_of[of_detection], len(occurring))
