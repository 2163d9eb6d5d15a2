"""Candidates for each kind of label error, all scored by one rule.

Two explanations of what the detector says are weighed: the label is wrong and the detector right, or the label is right
and the detector does what it does to comparable objects. Odds: share of wrong labels x confidence / usual.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mapgap.label_doubt.testimony import WITNESS_CONFIDENCE, Testimony, surest_of
from mapgap.label_doubt.usual import pair_lift, rows_as_low, share_at_fit, share_at_score, share_in_cell, slice_lift
from mapgap.tables import (
    AREA_RANGES,
    Attribute,
    BoolArray,
    Causes,
    Detections,
    FloatArray,
    GroundTruth,
    IdArray,
    IndexArray,
    OperatingPoint,
)

ONE_SIDED_PRIOR = 0.001
"""Share of labels taken to be loose, or of nothing: such labels look much like the detector's own faults."""
TIGHT_IOU = 0.7
"""A label that a detection fits this well is not loose."""


@dataclass(frozen=True)
class Candidates:
    """One row a label that may be wrong in this way; arrays as in `LabelDoubts`."""

    kind: str
    object: IndexArray
    detection: IndexArray
    score: FloatArray
    confidence: FloatArray
    iou: FloatArray
    usual_rate: FloatArray
    similar: IdArray
    comparable: IdArray
    slice: IndexArray
    """Place among the attributes of the kind of the one in whose slice this is most usual, or -1."""

    def only(self, wanted: BoolArray | NDArray[np.intp]) -> "Candidates":
        """These rows, by a mask or in an order."""
        columns = {name: column[wanted] for name, column in vars(self).items() if name != "kind"}
        return Candidates(self.kind, **columns)


def wrong_class(
    ground_truth: GroundTruth,
    detections: Detections,
    heard: Testimony,
    attributes: Sequence[Attribute],
    reached_iou: float,
) -> Candidates:
    """Objects that the surest detection on them gives another class; comparable are the objects of both classes.

    A wrong label is taken to name any other class alike. A detection that gives the label's class takes as much away
    as it is sure.
    """
    fits = heard.is_true_positive | (heard.iou >= reached_iou)
    objects, row = _spoken_of(heard, fits, len(ground_truth.ids))
    confidence, iou, is_misnamed = heard.confidence[row], heard.iou[row], ~heard.is_named[row]
    detection = heard.detection[row]
    label, named = ground_truth.category[objects], detections.category[detection]
    classes = len(ground_truth.categories.ids)
    others = max(len(np.unique(ground_truth.category[ground_truth.is_object])) - 1, 1)
    share = share_at_score(ground_truth.image[objects], detections.score[detection], is_misnamed)
    pair, similar = pair_lift(label, named, is_misnamed, share.by_detector + share.by_label, classes, others)
    lift = slice_lift(is_misnamed, share.by_detector + share.by_label, [a.object_codes[objects] for a in attributes])
    usual = share.by_detector * pair * lift.times
    confirmed = _confirmation(heard, fits & heard.is_named, objects, len(ground_truth.ids))
    right = confidence * (1.0 - confirmed) * _fit(iou, is_misnamed)
    of_class = np.bincount(label, minlength=classes)
    return Candidates(
        "wrong_class",
        objects.astype(np.int32),
        detection.astype(np.int32),
        posterior(share.by_label, right, usual),
        confidence,
        iou,
        usual / others,
        similar,
        (of_class[label] + of_class[named] - 1).astype(np.int64),
        lift.slice,
    ).only(is_misnamed & (confidence >= WITNESS_CONFIDENCE))


def loose_box(
    ground_truth: GroundTruth, detections: Detections, heard: Testimony, attributes: Sequence[Attribute]
) -> Candidates:
    """Objects that the surest detection of their class fits worse than TIGHT_IOU; comparable are objects of the size.

    A detection that fits it well takes as much away as it is sure.
    """
    speaks = heard.is_named & ~np.isnan(heard.iou) & (heard.confidence >= WITNESS_CONFIDENCE)
    objects, row = _spoken_of(heard, speaks, len(ground_truth.ids))
    confidence, iou, detection = heard.confidence[row], heard.iou[row], heard.detection[row]
    image, score = ground_truth.image[objects], detections.score[detection]
    is_loose = iou < TIGHT_IOU
    share = share_at_fit(image, score, iou)
    expected = share_at_score(image, score, is_loose)
    lift = slice_lift(is_loose, expected.by_detector + expected.by_label, [a.object_codes[objects] for a in attributes])
    usual = np.minimum(share.by_detector * lift.times, 1.0)
    confirmed = _confirmation(heard, speaks & (heard.iou >= TIGHT_IOU), objects, len(ground_truth.ids))
    right = confidence * (1.0 - confirmed)
    similar, comparable = rows_as_low(iou, _sizes(ground_truth)[objects])
    return Candidates(
        "loose_box",
        objects.astype(np.int32),
        detection.astype(np.int32),
        posterior(share.by_label, right, usual),
        confidence,
        iou,
        usual,
        similar,
        comparable,
        lift.slice,
    ).only(~np.isnan(usual))


def missing_label(detections: Detections, heard: Testimony, attributes: Sequence[Attribute]) -> Candidates:
    """Sure detections that overlap with no object; comparable are the sure ones of the class, right or on nothing.

    The slices are those of the detection's own image, box and class.
    """
    rows = np.flatnonzero((heard.is_true_positive | heard.is_background) & (heard.confidence >= WITNESS_CONFIDENCE))
    detection, confidence = heard.detection[rows], heard.confidence[rows]
    is_background = heard.is_background[rows]
    share = share_at_score(detections.image[detection], detections.score[detection], is_background)
    lift = slice_lift(
        is_background, share.by_detector + share.by_label, [a.detection_codes[detection] for a in attributes]
    )
    usual = np.minimum(share.by_detector * lift.times, 1.0)
    _, similar, comparable = share_in_cell(is_background, detections.category[detection])
    return Candidates(
        "missing_label",
        np.full(len(rows), -1, dtype=np.int32),
        detection.astype(np.int32),
        posterior(share.by_label, confidence, usual),
        confidence,
        np.full(len(rows), np.nan),
        usual,
        similar,
        comparable,
        lift.slice,
    ).only(is_background)


def spurious_label(
    ground_truth: GroundTruth, causes: Causes, operating_point: OperatingPoint, attributes: Sequence[Attribute]
) -> Candidates:
    """Objects that no kept detection touches; comparable are the objects of the class and size."""
    objects = np.flatnonzero(ground_truth.is_object)
    is_alone = ~_touched(causes, operating_point)[objects]
    cell = ground_truth.category[objects] * len(_SIZE_EDGES) + _sizes(ground_truth)[objects]
    base, similar, comparable = share_in_cell(is_alone, cell)
    lift = slice_lift(is_alone, base, [a.object_codes[objects] for a in attributes])
    usual = np.minimum(base * lift.times, 1.0)
    nothing = np.full(len(objects), np.nan)
    return Candidates(
        "spurious_label",
        objects.astype(np.int32),
        np.full(len(objects), -1, dtype=np.int32),
        posterior(np.full(len(objects), ONE_SIDED_PRIOR), np.ones(len(objects)), usual),
        nothing,
        nothing,
        usual,
        similar,
        comparable,
        lift.slice,
    ).only(is_alone)


def posterior(prior: FloatArray, right: FloatArray, usual: FloatArray) -> FloatArray:
    """(n,) chance that the label is wrong."""
    wrong = prior * right
    return np.asarray(wrong / (wrong + (1.0 - prior) * usual))


_SIZE_EDGES = tuple(low for name, (low, _) in AREA_RANGES.items() if name != "all")


def _sizes(ground_truth: GroundTruth) -> IndexArray:
    """(N,) 0 small, 1 medium, 2 large."""
    return (np.searchsorted(_SIZE_EDGES[1:], ground_truth.area, side="right")).astype(np.int32)


def _spoken_of(heard: Testimony, wanted: BoolArray, length: int) -> tuple[NDArray[np.intp], IndexArray]:
    """Objects that a wanted detection speaks of, and the row of the surest one."""
    first = surest_of(heard.object, wanted, length)
    objects = np.flatnonzero(first >= 0)
    return objects, first[objects]


def _confirmation(heard: Testimony, wanted: BoolArray, objects: NDArray[np.intp], length: int) -> FloatArray:
    """(n,) confidence of the surest wanted detection on each object, 0 without one."""
    first = surest_of(heard.object, wanted, length)[objects]
    return np.append(heard.confidence, 0.0)[first]


def _fit(iou: FloatArray, is_misnamed: BoolArray) -> FloatArray:
    """(n,) how much rarer so bad a fit is among rightly named objects than among misnamed ones, at most 1.

    Two objects that merely overlap fit one another worse than a detection fits the object it was made for.
    """
    named, misnamed = np.sort(iou[~is_misnamed & ~np.isnan(iou)]), np.sort(iou[is_misnamed])
    of_named = (np.searchsorted(named, iou, side="right") + 1.0) / (len(named) + 1.0)
    of_misnamed = (np.searchsorted(misnamed, iou, side="right") + 1.0) / (len(misnamed) + 1.0)
    return np.minimum(1.0, of_named / of_misnamed)


def _touched(causes: Causes, operating_point: OperatingPoint) -> BoolArray:
    """(N,) objects that are nearest to a kept detection of any class, or found."""
    touched = operating_point.found.copy()
    for nearest in (causes.nearest.same_class_object, causes.nearest.other_class_object):
        target = nearest[operating_point.kept]
        touched[target[target >= 0]] = True
    return touched
