"""Boxes on nothing: missing labels if they are as sure as right ones, otherwise hard negatives."""

from typing import Any

import numpy as np

from mapgap.advice.hot_spots import HotSpot
from mapgap.advice.verifying import look_at_slice
from mapgap.number_words import count, rate
from mapgap.tables import Recommendation

MOST = 0.5


def missing_labels(spot: HotSpot) -> Recommendation | None:
    """A look at what was never labelled, if most of these boxes score like the better half of the right ones."""
    evidence = _evidence(spot)
    if evidence is None or evidence["as_sure_as_right"] < MOST * evidence["boxes"]:
        return None
    text = (
        f"Look for missing labels before anything else: {rate(evidence['as_sure_as_right'], evidence['boxes'])} boxes "
        f"on nothing here score as high as the better half of the right ones ({evidence['median_score_of_right']:.2g} "
        f"and more). They are in {count(evidence['images'])} images."
    )
    return Recommendation("missing_labels", text, evidence, look_at_slice(spot, "fp and precision"))


def hard_negatives(spot: HotSpot) -> Recommendation | None:
    """Training on pictures in which such things were wrongly seen, if these boxes are less sure than right ones."""
    evidence = _evidence(spot)
    if evidence is None or evidence["as_sure_as_right"] >= MOST * evidence["boxes"]:
        return None
    wrong = rate(evidence["boxes"], evidence["detections"])
    sure = rate(evidence["as_sure_as_right"], evidence["boxes"])
    text = (
        f"Add pictures with such false alarms to the training as hard negatives: {wrong} detections here lie on "
        f"nothing, in {count(evidence['images'])} images. Check a few for missing labels first: {sure} score as "
        "high as the better half of the right ones."
    )
    return Recommendation("hard_negatives", text, evidence, look_at_slice(spot, "fp and precision"))


def _evidence(spot: HotSpot) -> dict[str, Any] | None:
    results = spot.results
    scores = results.detections.score[spot.false_positives]
    right = results.detections.score[results.operating_point.true_positive]
    if not len(scores) or not len(right):
        return None
    median = float(np.median(right))
    return {
        "boxes": len(scores),
        "detections": spot.mode.population,
        "images": spot.mode.images,
        "median_score": float(np.median(scores)),
        "median_score_of_right": median,
        "as_sure_as_right": int((scores >= median).sum()),
    }
