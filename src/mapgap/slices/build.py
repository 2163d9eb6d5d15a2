"""Slices of single attributes, pairs and deeper crosses."""

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import combinations

import numpy as np

from mapgap.errors import InputError
from mapgap.slices.addresses import Addresses, collect_addresses
from mapgap.slices.cells import Cells, attribute_cells, combine_cells
from mapgap.tables import (
    NOT_AVAILABLE_BACKGROUND,
    Attribute,
    BoolArray,
    Debts,
    Detections,
    Errors,
    FloatArray,
    GroundTruth,
    IdArray,
    IndexArray,
    OperatingPoint,
    Slices,
    Where,
)

AveragePrecisionOf = Callable[[IndexArray, IndexArray, int], FloatArray]
"""AP of every code: (code of each annotation, code of each detection, number of codes); crowds never count."""


def build_slices(
    ground_truth: GroundTruth,
    detections: Detections,
    attributes: tuple[Attribute, ...],
    operating_point: OperatingPoint,
    errors: Errors,
    debts: Debts,
    average_precision_of: AveragePrecisionOf,
    *,
    crosses: Sequence[tuple[str, ...]] | None = None,
) -> Slices:
    """All single attributes and all pairs, "class" and "n/a" values included, and the named deeper `crosses`.

    The rows of one attribute, or one pair, partition the objects, the errors and the gap. See `cross`.
    """
    names = [attribute.name for attribute in attributes]
    wanted = [(name,) for name in names] + list(combinations(names, 2)) + list(crosses or ())
    return cross(ground_truth, detections, attributes, operating_point, errors, debts, average_precision_of, wanted)


def cross(
    ground_truth: GroundTruth,
    detections: Detections,
    attributes: tuple[Attribute, ...],
    operating_point: OperatingPoint,
    errors: Errors,
    debts: Debts,
    average_precision_of: AveragePrecisionOf,
    crosses: Sequence[tuple[str, ...]],
) -> Slices:
    """The slices of the named crosses of attributes, one row a combination of values.

    A combination is a row if an object, an error or a debt has it as its address. Names within a cross may come in
    any order, a name or a cross given twice counts once. Rows are ordered by number of keys, keys, then values.
    Raises InputError for a name that no attribute has, or an empty cross.
    """
    by_name = {attribute.name: attribute for attribute in attributes}
    wanted = _ordered_crosses(crosses, by_name)
    addresses = collect_addresses(ground_truth, len(detections.score), operating_point, errors, debts)
    cells_of = {name: attribute_cells(by_name[name]) for name in sorted({n for c in wanted for n in c})}
    annotations = len(ground_truth.ids)
    parts = []
    for names in wanted:
        cells = reduce(combine_cells, [cells_of[name] for name in names])
        average_precision = average_precision_of(
            cells.of_place[:annotations], cells.of_place[annotations:], cells.count
        )
        parts.append(_tabulate(cells, addresses, [by_name[name] for name in names], average_precision))
    return _concatenate(parts)


def _ordered_crosses(crosses: Sequence[tuple[str, ...]], known: dict[str, Attribute]) -> list[tuple[str, ...]]:
    for names in crosses:
        if not names:
            raise InputError("a cross without attributes", fix=f"Known attributes: {', '.join(sorted(known))}")
        for name in names:
            if name not in known:
                raise InputError(f"unknown attribute {name!r}", fix=f"Known attributes: {', '.join(sorted(known))}")
    return sorted({tuple(sorted(set(names))) for names in crosses}, key=lambda names: (len(names), names))


def _tabulate(
    cells: Cells, addresses: Addresses, attributes: Sequence[Attribute], average_precision: FloatArray
) -> Slices:
    count = cells.count
    of_address = cells.of_place[addresses.place].astype(np.intp)
    occurring = np.flatnonzero(np.bincount(of_address, minlength=count))
    columns = [codes[occurring] for codes in cells.values]
    of_object = of_address[addresses.objects]
    objects = _count(of_object, count)[occurring]
    tp = _count(of_address[addresses.found], count)[occurring]
    gap = np.bincount(of_address, weights=addresses.gap, minlength=count).astype(np.float64)
    return Slices(
        where=_where(attributes, columns),
        objects=objects,
        images=_count_images(of_object, addresses.image, count)[occurring],
        tp=tp,
        fp=_count(of_address[addresses.false_positives], count)[occurring],
        fn=objects - tp,
        gap=gap[occurring],
        ap=np.where(objects > 0, average_precision[occurring], np.nan),
        without_background=_without_background(attributes, columns, len(occurring)),
    )


def _count(cell: IdArray, count: int) -> IdArray:
    return np.bincount(cell, minlength=count).astype(np.int64)


def _where(attributes: Sequence[Attribute], columns: Sequence[IdArray]) -> tuple[Where, ...]:
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return tuple({a.name: a.values[code] for a, code in zip(attributes, row, strict=True)} for row in rows)


def _without_background(attributes: Sequence[Attribute], columns: Sequence[IdArray], count: int) -> BoolArray:
    without_background = np.zeros(count, dtype=np.bool_)
    for attribute, column in zip(attributes, columns, strict=True):
        is_background = np.array([value == NOT_AVAILABLE_BACKGROUND for value in attribute.values], dtype=np.bool_)
        if attribute.kind == "object":
            without_background |= ~is_background[column]
    return without_background


def _count_images(cell: IdArray, image: IndexArray, count: int) -> IdArray:
    """(count,) distinct images of each cell; rows come in image order. Sorting 16-bit numbers is linear in NumPy."""
    order = np.argsort(cell.astype(np.uint16) if count <= 1 << 16 else cell, kind="stable")
    cell, image = cell[order], image[order]
    is_new = np.ones(len(cell), dtype=np.bool_)
    is_new[1:] = (cell[1:] != cell[:-1]) | (image[1:] != image[:-1])
    return np.bincount(cell[is_new], minlength=count).astype(np.int64)


def _concatenate(parts: Sequence[Slices]) -> Slices:
    return Slices(
        where=tuple(where for part in parts for where in part.where),
        objects=np.concatenate([np.zeros(0, np.int64), *(part.objects for part in parts)]),
        images=np.concatenate([np.zeros(0, np.int64), *(part.images for part in parts)]),
        tp=np.concatenate([np.zeros(0, np.int64), *(part.tp for part in parts)]),
        fp=np.concatenate([np.zeros(0, np.int64), *(part.fp for part in parts)]),
        fn=np.concatenate([np.zeros(0, np.int64), *(part.fn for part in parts)]),
        gap=np.concatenate([np.zeros(0), *(part.gap for part in parts)]),
        ap=np.concatenate([np.zeros(0), *(part.ap for part in parts)]),
        without_background=np.concatenate([np.zeros(0, np.bool_), *(part.without_background for part in parts)]),
    )
