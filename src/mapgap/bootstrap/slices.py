"""Intervals of the recall and AP of slices."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mapgap import _kernel
from mapgap.bootstrap.percentiles import intervals_of
from mapgap.tables import (
    IOU_THRESHOLDS,
    RECALL_THRESHOLDS,
    Attribute,
    BitArray,
    Detections,
    DrawnArray,
    FloatArray,
    GroundTruth,
    IdArray,
    IndexArray,
    OperatingPoint,
    Scalar,
    Slices,
    Where,
)

COUNTS_AT_ONCE = 1 << 22
"""Counts of slices and resamples held in memory at a time."""
SMALL_TABLE = 1 << 16


class GroupsOf(Protocol):
    """Knows the rows and objects behind the AP of any slice; see `_kernel.SliceAveragePrecision`."""

    def places(self) -> IndexArray:
        """(P,) the places it must know the codes of: an annotation, or number of annotations + a detection."""

    def grouped(
        self, column: IndexArray, size: int
    ) -> tuple[IndexArray, IdArray, IndexArray, BitArray, BitArray, IdArray, IndexArray]:
        """The rows and objects of each class and cell of a partition."""


def slice_intervals(
    ground_truth: GroundTruth,
    detections: Detections,
    attributes: Sequence[Attribute],
    operating_point: OperatingPoint,
    slices: Slices,
    groups_of: GroupsOf,
    drawn: DrawnArray,
) -> tuple[FloatArray, FloatArray]:
    """((S, 2) intervals of recall, (S, 2) of AP): recall of every slice, AP of those of one key; NaN where undefined.

    Rows are in the order of `slices`, any of whose keys are names of `attributes`. The AP of named slices is among
    them, because each is an attribute of its own.
    """
    codes = _Codes.of(attributes)
    rows_of = _rows_by_keys(slices.where)
    recall, ap = np.full((2, len(slices.where), 2), np.nan)
    for rows, samples in _recall_samples(ground_truth, codes, operating_point, slices, rows_of, drawn):
        recall[rows] = intervals_of(samples)
    places = groups_of.places()
    image = np.concatenate([ground_truth.image, detections.image])[places]
    for keys, rows in rows_of.items():
        if len(keys) == 1:
            (code,) = codes.of_rows(keys, [slices.where[row] for row in rows])
            ap[rows] = intervals_of(_ap_samples(codes.attributes[keys[0]], groups_of, places, image, drawn))[code]
    return recall, ap


@dataclass(frozen=True)
class _Codes:
    """Attributes and their values by name."""

    attributes: Mapping[str, Attribute]
    code_of: Mapping[str, Mapping[tuple[type, Scalar], int]]

    @classmethod
    def of(cls, attributes: Sequence[Attribute]) -> "_Codes":
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


def _rows_by_keys(wheres: Sequence[Where]) -> dict[tuple[str, ...], list[int]]:
    rows_of: dict[tuple[str, ...], list[int]] = {}
    for row, where in enumerate(wheres):
        rows_of.setdefault(tuple(where), []).append(row)
    return rows_of


def _ap_samples(
    attribute: Attribute, groups_of: GroupsOf, places: IndexArray, image: IndexArray, drawn: DrawnArray
) -> FloatArray:
    """(values, B) AP of the slice of each value: mean over its classes that have an object in the resample."""
    values = len(attribute.values)
    column = np.concatenate([attribute.object_codes, attribute.detection_codes])[places]
    cell, row_offsets, row, counted_at, true_positive_at, object_offsets, objects = groups_of.grouped(column, values)
    return _kernel.resampled_average_precision(
        row_offsets,
        image[row],
        counted_at,
        true_positive_at,
        object_offsets,
        image[objects],
        np.full(len(objects), (1 << len(IOU_THRESHOLDS)) - 1, dtype=np.uint32),
        cell,
        values,
        drawn,
        len(IOU_THRESHOLDS),
        RECALL_THRESHOLDS,
    )


def _recall_samples(
    ground_truth: GroundTruth,
    codes: _Codes,
    operating_point: OperatingPoint,
    slices: Slices,
    rows_of: Mapping[tuple[str, ...], list[int]],
    drawn: DrawnArray,
) -> Iterator[tuple[list[int], FloatArray]]:
    """Rows of slices and their recalls (rows, B), a part of all slices at a time; NaN where no object is drawn."""
    objects = np.flatnonzero(ground_truth.is_object)
    # By image, because the draws of an image stand together.
    objects = objects[np.argsort(ground_truth.image[objects], kind="stable")]
    object_codes = {name: attribute.object_codes[objects] for name, attribute in codes.attributes.items()}
    image, found = ground_truth.image[objects], operating_point.found[objects].view(np.uint8)
    for part in _parts(rows_of, COUNTS_AT_ONCE // (2 * max(1, drawn.shape[1]))):
        columns = []
        for rows in part:
            wheres = [slices.where[row] for row in rows]
            keys = tuple(wheres[0])
            row_codes = codes.of_rows(keys, wheres)
            columns.append(_row_of_object([object_codes[key] for key in keys], row_codes, codes.sizes(keys)))
        sizes = np.array([len(rows) + 1 for rows in part], dtype=np.int64)
        counts = _kernel.resampled_counts(columns, sizes, image, found, 2, drawn)
        # The last cell of each column is for objects in none of the rows.
        is_row = np.ones(len(counts), dtype=np.bool_)
        is_row[np.cumsum(sizes) - 1] = False
        missed, hit = counts[is_row].transpose(1, 0, 2).astype(np.float64)
        with np.errstate(invalid="ignore"):
            yield [row for rows in part for row in rows], hit / (hit + missed)


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
