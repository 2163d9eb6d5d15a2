"""Objects nothing is proposed for under conditions one can go out and collect: data of that kind."""

import numpy as np

from mapgap.advice.built_in import COMPUTED_FROM_BOXES
from mapgap.advice.hot_spots import HotSpot
from mapgap.advice.low_scores import lowest_score_caveat, lowest_score_evidence
from mapgap.advice.verifying import look_at_slice
from mapgap.number_words import count, percent, rate
from mapgap.tables import Recommendation, Scalar

LIGHT_ATTRIBUTES = ("brightness", "image_brightness")
HARD = {
    "brightness": ("dark", "bright"),
    "contrast": ("low",),
    "sharpness": ("low",),
    "noise": ("high",),
    "local_contrast": ("low",),
    "jpeg_quality": ("low",),
}
"""What is measured on pictures, and the values that make an object harder to see."""
MEASURED_VALUES = ("dark", "normal", "bright", "low", "high")
"""Other ones are bins the user asked for."""


def data_in_the_dark(spot: HotSpot) -> Recommendation | None:
    """More dark pictures, where the hot spot is measured to be dark."""
    is_dark = any(spot.mode.where.get(name) == "dark" for name in LIGHT_ATTRIBUTES)
    return _more_data(spot, "data_in_the_dark", "dark pictures") if is_dark else None


def data_of_that_kind(spot: HotSpot) -> Recommendation | None:
    """More pictures of that kind, where a condition of the hot spot was annotated or measured, or is a class."""
    can_collect = any(_can_collect(name, value, spot.case.measured) for name, value in spot.mode.where.items())
    return _more_data(spot, "data_of_that_kind", "pictures of this kind") if can_collect else None


def _can_collect(name: str, value: Scalar, measured: frozenset[str]) -> bool:
    """Whether one can go out for such pictures: not for what is at the border, or is no harder to see.

    What hides an object is not a lack of data either.
    """
    if name in measured:
        return value in HARD[name.removeprefix("image_")] or value not in MEASURED_VALUES
    return name not in COMPUTED_FROM_BOXES or (name, value) == ("class_frequency", "rare")


def _more_data(spot: HotSpot, action: str, kind: str) -> Recommendation | None:
    results = spot.results
    lost = spot.case.lost_by_cause["missed"]
    elsewhere = results.ground_truth.is_object & ~spot.objects
    objects, others = int(spot.objects.sum()), int(elsewhere.sum())
    if not objects or not others:
        return None
    images = len(np.unique(results.ground_truth.image[spot.objects]))
    found = int((spot.objects & results.operating_point.found).sum())
    interval = spot.case.recall_interval(spot.mode.where)
    more_images = 3 * images  # an interval shrinks with the root of their number, so half of it takes four times
    evidence = {
        "objects": objects,
        "images": images,
        "nothing_proposed": len(spot.lost),
        "rate_nothing_proposed": len(spot.lost) / objects,
        "rate_nothing_proposed_elsewhere": float(lost[elsewhere].mean()),
        "recall": found / objects,
        "recall_interval": None if interval is None else list(interval),
        "images_to_halve_interval": more_images,
        **lowest_score_evidence(spot),
    }
    text = (
        f"Train on more {kind}: nothing was proposed for {rate(len(spot.lost), objects)} objects here and for "
        f"{percent(float(lost[elsewhere].mean()))} of the others. To know their recall twice as well, test on "
        f"{count(more_images)} more such images than the {count(images)} there are.{lowest_score_caveat(spot)}"
    )
    return Recommendation(action, text, evidence, look_at_slice(spot, f"recall, {percent(found / objects)} before"))
