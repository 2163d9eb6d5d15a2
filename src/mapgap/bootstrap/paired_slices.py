"""Recall, precision and AP of slices of two runs in the same resamples."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mapgap import _kernel
from mapgap.bootstrap.paired import ChangesInParts
from mapgap.bootstrap.slice_rows import SliceCodes, rows_by_keys, slice_parts
from mapgap.bootstrap.slices import GroupsOf, objects_by_image, slice_ap_samples
from mapgap.changes import Changes
from mapgap.tables import Attribute, BoolArray, DrawnArray, FloatArray, IdArray, IndexArray, Results, Where


@dataclass(frozen=True)
class RunSlices:
    """What the slices of a run are counted from."""

    results: Results
    groups_of: GroupsOf


def found_by_either(before: Results, after: Results, wheres: Sequence[Where], objects: IdArray) -> IdArray:
    """(R, 4) objects of each slice that neither run finds, only the first, only the second, and both.

    `objects` (R,) is the number of the objects of each slice.
    """
    counts = np.zeros((len(wheres), 4), dtype=np.int64)
    once = np.ones((len(before.ground_truth.images.ids), 1), dtype=np.uint16)
    for rows, found in _found_counts(before, after, wheres, objects, once):
        counts[rows] = found[:, :, 0]
    return counts


def recall_changes(
    before: Results,
    after: Results,
    wheres: Sequence[Where],
    objects: IdArray,
    is_tested: BoolArray,
    recall: FloatArray,
    drawn: DrawnArray,
) -> Changes:
    """One row a slice; `objects` (R,) is the number of its own, `recall` (R, 2) before and after.

    Slices that `is_tested` (R,) does not mark have no q-value.
    """
    table = ChangesInParts(recall[:, 0], recall[:, 1], is_tested)
    for rows, counts in _found_counts(before, after, wheres, objects, drawn):
        neither, only_before, only_after, both = counts.transpose(1, 0, 2).astype(np.float64)
        with np.errstate(invalid="ignore"):
            differences = (only_after - only_before) / (neither + only_before + only_after + both)
        table.add(rows.tolist(), differences)
    return table.changes()


def precision_changes(
    before: Results,
    after: Results,
    wheres: Sequence[Where],
    is_tested: BoolArray,
    precision: FloatArray,
    drawn: DrawnArray,
) -> Changes:
    """One row a slice, NaN for slices of more than one key; `precision` (R, 2) before and after."""
    table = ChangesInParts(*_of_one_key(wheres, precision), is_tested)
    addresses = [_addresses_of_kept(results) for results in (before, after)]
    for rows, attributes, codes in _single_keys(wheres, before.attributes, after.attributes):
        samples = [
            _precision_samples(attribute, address, drawn)[codes_of_run]
            for attribute, address, codes_of_run in zip(attributes, addresses, codes, strict=True)
        ]
        table.add(rows, samples[1] - samples[0])
    return table.changes()


def ap_changes(
    before: RunSlices,
    after: RunSlices,
    wheres: Sequence[Where],
    is_tested: BoolArray,
    ap: FloatArray,
    drawn: DrawnArray,
) -> Changes:
    """One row a slice, NaN for slices of more than one key; `ap` (R, 2) before and after."""
    table = ChangesInParts(*_of_one_key(wheres, ap), is_tested)
    places = [run.groups_of.places() for run in (before, after)]
    image_of_places = [
        np.concatenate([run.results.ground_truth.image, run.results.detections.image])[of_run]
        for run, of_run in zip((before, after), places, strict=True)
    ]
    for rows, attributes, codes in _single_keys(wheres, before.results.attributes, after.results.attributes):
        samples = [
            slice_ap_samples(attributes[at], run.groups_of, places[at], image_of_places[at], drawn)[codes[at]]
            for at, run in enumerate((before, after))
        ]
        table.add(rows, samples[1] - samples[0])
    return table.changes()


def _found_counts(
    before: Results, after: Results, wheres: Sequence[Where], objects: IdArray, drawn: DrawnArray
) -> Iterator[tuple[IdArray, NDArray[np.uint32]]]:
    """Rows of slices with an object and how many of their objects (rows, 4, B) each run finds, by `found_by_either`."""
    with_objects = np.flatnonzero(objects > 0)
    truth = before.ground_truth
    in_order = objects_by_image(truth)
    # Whether either finds an object is one kind of four, so that both recalls are counted at once.
    found = before.operating_point.found.view(np.uint8) + np.uint8(2) * after.operating_point.found.view(np.uint8)
    chosen = [wheres[row] for row in with_objects.tolist()]
    for part in slice_parts(chosen, before.attributes, in_order, 4 * drawn.shape[1]):
        counts = _kernel.resampled_counts(part.columns, part.sizes, truth.image[in_order], found[in_order], 4, drawn)
        yield with_objects[part.rows], counts[part.is_row()]


def _of_one_key(wheres: Sequence[Where], values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The columns, NaN for slices of more than one key."""
    has_one_key = np.array([len(where) == 1 for where in wheres], dtype=np.bool_)
    before, after = np.where(has_one_key[:, None], values, np.nan).T
    return before, after


def _single_keys(
    wheres: Sequence[Where], before: Sequence[Attribute], after: Sequence[Attribute]
) -> Iterator[tuple[list[int], tuple[Attribute, Attribute], tuple[IdArray, IdArray]]]:
    """Of each attribute the rows of its slices that both runs know, and the codes of their values in each."""
    codes = [SliceCodes.of(attributes) for attributes in (before, after)]
    for keys, rows in rows_by_keys(wheres).items():
        if len(keys) > 1:
            continue
        (name,) = keys
        known = [
            row
            for row in rows
            if all((type(wheres[row][name]), wheres[row][name]) in of.code_of.get(name, {}) for of in codes)
        ]
        if known:
            chosen = [wheres[row] for row in known]
            first, second = (of.of_rows(keys, chosen)[0] for of in codes)
            yield known, (codes[0].attributes[name], codes[1].attributes[name]), (first, second)


@dataclass(frozen=True)
class _Addresses:
    """One row a kept detection: where it is counted, and whether it is right."""

    object: IndexArray
    detection: IndexArray
    image: IndexArray
    is_right: BoolArray


def _addresses_of_kept(results: Results) -> _Addresses:
    """The kept detections, by image: true positives at the object they matched, the others at their address."""
    kept = np.flatnonzero(results.operating_point.kept)
    kept = kept[np.argsort(results.detections.image[kept], kind="stable")]
    is_right = results.operating_point.true_positive[kept]
    matched = results.matches.matched[0, results.analysis_threshold, kept]
    target = results.causes.points_at(results.analysis_threshold)[kept]
    return _Addresses(
        object=np.where(is_right, matched, target).astype(np.int32),
        detection=kept.astype(np.int32),
        image=results.detections.image[kept],
        is_right=is_right,
    )


def _precision_samples(attribute: Attribute, of: _Addresses, drawn: DrawnArray) -> FloatArray:
    """(values, B) precision of the slice of each value; NaN where no kept detection is drawn."""
    column = np.ascontiguousarray(attribute.codes_at(of.object, of.detection), dtype=np.int32)
    sizes = np.array([len(attribute.values)], dtype=np.int64)
    counts = _kernel.resampled_counts([column], sizes, of.image, of.is_right.view(np.uint8), 2, drawn)
    wrong, right = counts.transpose(1, 0, 2).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.asarray(right / (right + wrong))
