"""Slices of single attributes, pairs and deeper crosses."""

from collections.abc import Collection, Sequence
from itertools import combinations
from typing import Protocol

import numpy as np

from mapgap import _kernel
from mapgap.alikeness import listed, most_alike_first
from mapgap.errors import InputError
from mapgap.slices.addresses import collect_addresses
from mapgap.slices.cells import Partitions, partition
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


class AveragePrecisionOf(Protocol):
    """Gives the AP of any slice; crowds never count."""

    def places(self) -> IndexArray:
        """(P,) the places it must know the codes of: an annotation, or number of annotations + a detection."""

    def average_precision(self, columns: list[IndexArray], sizes: IdArray, crosses: IndexArray) -> FloatArray:
        """(cells,) AP of every cell of the partitions, of codes at its places; see `Partitions`."""


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
    single_only: Collection[str] = (),
) -> Slices:
    """All single attributes and all pairs, "class" and "n/a" values included, and the named deeper `crosses`.

    Attributes in `single_only` are in no pair that `crosses` does not name.
    The rows of one attribute, or one pair, partition the objects, the errors and the gap. See `cross`.
    """
    names = [attribute.name for attribute in attributes]
    paired = [name for name in names if name not in single_only]
    wanted = [(name,) for name in names] + list(combinations(paired, 2)) + list(crosses or ())
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
    places = np.concatenate([addresses.place, average_precision_of.places()])
    partitions = partition(wanted, by_name, places)
    own, of_average_precision = slice(len(addresses.place)), slice(len(addresses.place), None)
    objects, images, tp, fp, gap = _kernel.count_slices(
        partitions.columns_at(own),
        partitions.sizes,
        partitions.crosses,
        addresses.gap,
        addresses.objects,
        addresses.image,
        addresses.found,
        addresses.false_positives,
    )
    ap = average_precision_of.average_precision(
        partitions.columns_at(of_average_precision), partitions.sizes, partitions.crosses
    )
    # Whatever is an address is an object, a false positive, or owes.
    rows = np.flatnonzero((objects > 0) | (fp > 0) | (gap != 0))
    attributes_of = [[by_name[name] for name in names] for names in wanted]
    values = _occurring_values(partitions, rows)
    return Slices(
        where=tuple(where for pair in zip(attributes_of, values, strict=True) for where in _where(*pair)),
        objects=objects[rows],
        images=images[rows],
        tp=tp[rows],
        fp=fp[rows],
        fn=objects[rows] - tp[rows],
        gap=gap[rows],
        ap=np.where(objects[rows] > 0, ap[rows], np.nan),
        without_background=np.concatenate(
            [np.zeros(0, np.bool_), *(_without_background(*pair) for pair in zip(attributes_of, values, strict=True))]
        ),
    )


def _ordered_crosses(crosses: Sequence[tuple[str, ...]], known: dict[str, Attribute]) -> list[tuple[str, ...]]:
    for names in crosses:
        if not names:
            raise InputError("a cross without attributes", fix=f"Known attributes: {listed(sorted(known))}")
        for name in names:
            if name not in known:
                alike = most_alike_first(str(name), sorted(known))
                raise InputError(f"unknown attribute {name!r}", fix=f"Known attributes: {listed(alike)}")
    return sorted({tuple(sorted(set(names))) for names in crosses}, key=lambda names: (len(names), names))


def _occurring_values(partitions: Partitions, rows: IdArray) -> list[list[IdArray]]:
    """For each partition and attribute of its cross the codes in the cells that occur, which rise in `rows`."""
    ends = np.cumsum([len(columns[0]) for columns in partitions.values])
    parts = np.split(rows, np.searchsorted(rows, ends[:-1]))
    starts = [0, *ends.tolist()]
    return [
        [column[part - start] for column in columns]
        for columns, part, start in zip(partitions.values, parts, starts, strict=False)
    ]


def _where(attributes: Sequence[Attribute], columns: Sequence[IdArray]) -> tuple[Where, ...]:
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return tuple({a.name: a.values[code] for a, code in zip(attributes, row, strict=True)} for row in rows)


def _without_background(attributes: Sequence[Attribute], columns: Sequence[IdArray]) -> BoolArray:
    without_background = np.zeros(len(columns[0]), dtype=np.bool_)
    for attribute, column in zip(attributes, columns, strict=True):
        is_background = np.array([value == NOT_AVAILABLE_BACKGROUND for value in attribute.values], dtype=np.bool_)
        if attribute.kind == "object":
            without_background |= ~is_background[column]
    return without_background
