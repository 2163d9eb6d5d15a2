"""Loose boxes on covered or crowded objects: the box loss, or suppression that takes one of two neighbours."""

from dataclasses import dataclass

import numpy as np

from mapgap.advice.hot_spots import HotSpot
from mapgap.advice.overlaps import closest_neighbour
from mapgap.advice.verifying import look_at_slice
from mapgap.number_words import count, fraction, percent
from mapgap.tables import FloatArray, Recommendation, Scalar, Where

HIDING_NAMES = ("covered", "crowding")
HIDING_PARTS = ("occlu", "truncat")
"""An attribute tells how much of an object is hidden if it has one of these names, or one of these parts in it."""
NOT_HIDDEN = ("none", "no", "not", "free", "visible", "fully visible", "false", "0", "clear", "low")
NOT_HIDDEN_STARTS = ("un", "no ", "no_", "not ", "not_", "non", "<")
"""As in "unoccluded", "unknown", "not_truncated", or the lowest bin of a number, "< 0.2"."""
MOSTLY = 2 / 3
FEWEST_BOXES = 10
FEWEST_PAIRS = 20
NEAR_THE_LIMIT = 0.1
SHARE_OF_NEIGHBOURS = 0.25


def softer_nms(spot: HotSpot) -> Recommendation | None:
    """A higher IoU or a softer rule of suppression, if the detections show where it cuts and many objects lie beyond.

    The cut shows as a highest IoU of two kept boxes of a class with many pairs right below it and none above.
    """
    if not is_hidden(spot.mode.where):
        return None
    iou = spot.case.overlaps.iou
    limit = float(iou.max()) if len(iou) else 1.0
    pairs_near = int((iou > limit - NEAR_THE_LIMIT).sum())
    loose = _objects_with_loose_boxes(spot)
    beyond = int((closest_neighbour(spot.results.ground_truth)[loose] > limit).sum())
    if pairs_near < FEWEST_PAIRS or beyond < SHARE_OF_NEIGHBOURS * len(loose):
        return None
    evidence = {
        "highest_iou_of_two_boxes": limit,
        "pairs_just_below": pairs_near,
        "objects": len(loose),
        "objects_with_a_closer_neighbour": beyond,
    }
    text = (
        f"Raise the IoU of non-maximum suppression, or use soft suppression: no two boxes of one class overlap by more "
        f"than {fraction(limit, 2)}, and {count(beyond)} of the {count(len(loose))} objects with a loose box here have "
        "a neighbour of their class that does."
    )
    return Recommendation("softer_nms", text, evidence, look_at_slice(spot, "recall and AP up, fp not"))


def box_loss(spot: HotSpot) -> Recommendation | None:
    """Weight for the boxes of hidden objects, if most loose boxes miss in one way: too small, or too large."""
    boxes = _loose_boxes(spot) if is_hidden(spot.mode.where) else None
    if boxes is None or len(boxes.iou) < FEWEST_BOXES:
        return None
    smaller, larger = int((boxes.area_ratio < 1).sum()), int((boxes.area_ratio > 1).sum())
    if max(smaller, larger) < MOSTLY * len(boxes.iou):
        return None
    is_smaller = smaller >= larger
    evidence = {
        "loose_boxes": len(boxes.iou),
        "smaller_than_object": smaller,
        "larger_than_object": larger,
        "median_iou": float(np.median(boxes.iou)),
        "median_area_ratio": float(np.median(boxes.area_ratio)),
    }
    how = (
        "smaller than their object, as if only the part in sight were boxed"
        if is_smaller
        else ("larger than their object, as if its neighbours were boxed with it")
    )
    advice = "and check that the labels agree on whole objects" if is_smaller else "and try another suppression"
    iou, area = fraction(evidence["median_iou"], 2), percent(evidence["median_area_ratio"])
    text = (
        f"Give the box loss more weight on such objects, {advice}: {count(max(smaller, larger))} of "
        f"{count(len(boxes.iou))} loose boxes here are {how}. Their median IoU is {iou}, their median area {area} of "
        "the object's."
    )
    return Recommendation("box_loss", text, evidence, look_at_slice(spot, "AP and recall up"))


def is_hidden(where: Where) -> bool:
    """Whether one of the conditions says that something hides or crowds the object."""
    return any(_says_hidden(name, value) for name, value in where.items())


def _says_hidden(name: str, value: Scalar) -> bool:
    is_about_hiding = name in HIDING_NAMES or any(part in name.lower() for part in HIDING_PARTS)
    text = str(value).lower()
    return is_about_hiding and bool(value) and text not in NOT_HIDDEN and not text.startswith(NOT_HIDDEN_STARTS)


@dataclass(frozen=True)
class _LooseBoxes:
    """One row a kept loose box of the hot spot."""

    iou: FloatArray
    area_ratio: FloatArray
    """Area of the box / area of the object's box."""


def _loose_boxes(spot: HotSpot) -> _LooseBoxes:
    results, rows = spot.results, spot.false_positives
    nearest = results.causes.nearest
    own = results.detections.box[rows]
    theirs = results.ground_truth.box[nearest.same_class_object[rows]]
    area = theirs[:, 2] * theirs[:, 3]
    return _LooseBoxes(nearest.same_class_iou[rows], own[:, 2] * own[:, 3] / np.where(area > 0, area, np.nan))


def _objects_with_loose_boxes(spot: HotSpot) -> FloatArray:
    return np.unique(spot.results.errors.object[spot.error_rows])
