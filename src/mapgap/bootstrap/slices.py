"""Intervals of the recall and AP of slices."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from mapgap import _kernel
from mapgap.bootstrap.percentiles import intervals_of
from mapgap.bootstrap.slice_rows import SliceCodes, rows_by_keys, slice_parts
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
    Slices,
)


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
    codes = SliceCodes.of(attributes)
    recall, ap = np.full((2, len(slices.where), 2), np.nan)
    for rows, samples in _recall_samples(ground_truth, attributes, operating_point, slices, drawn):
        recall[rows] = intervals_of(samples)
    places = groups_of.places()
    image = np.concatenate([ground_truth.image, detections.image])[places]
    for keys, rows in rows_by_keys(slices.where).items():
        if len(keys) == 1:
            (code,) = codes.of_rows(keys, [slices.where[row] for row in rows])
            ap[rows] = intervals_of(slice_ap_samples(codes.attributes[keys[0]], groups_of, places, image, drawn))[code]
    return recall, ap


def _recall_samples(
    ground_truth: GroundTruth,
    attributes: Sequence[Attribute],
    operating_point: OperatingPoint,
    slices: Slices,
    drawn: DrawnArray,
) -> Iterator[tuple[list[int], FloatArray]]:
    """Rows of slices and their recalls (rows, B), a part of all slices at a time; NaN where no object is drawn."""
    objects = objects_by_image(ground_truth)
    image, found = ground_truth.image[objects], operating_point.found[objects].view(np.uint8)
    for part in slice_parts(slices.where, attributes, objects, 2 * drawn.shape[1]):
        counts = _kernel.resampled_counts(part.columns, part.sizes, image, found, 2, drawn)
        missed, hit = counts[part.is_row()].transpose(1, 0, 2).astype(np.float64)
        with np.errstate(invalid="ignore"):
            yield part.rows, hit / (hit + missed)


def objects_by_image(ground_truth: GroundTruth) -> IdArray:
    """The objects by image, because the draws of an image stand together."""
    objects = np.flatnonzero(ground_truth.is_object)
    return objects[np.argsort(ground_truth.image[objects], kind="stable")]


def slice_ap_samples(
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
