"""Missed small objects: input resolution, or tiles."""

import numpy as np

from mapgap.advice.comparing import is_clearly_higher
from mapgap.advice.hot_spots import HotSpot, objects_in
from mapgap.advice.low_scores import lowest_score_caveat, lowest_score_evidence
from mapgap.advice.verifying import look_at_slice
from mapgap.number_words import percent, rate
from mapgap.tables import BoolArray, Recommendation

SMALL, LARGE = 32**2, 96**2
MOSTLY = 2 / 3
SIZE_ATTRIBUTES = ("size", "size_detail")
FEWEST_OBJECTS = 30


def input_resolution(spot: HotSpot) -> Recommendation | None:
    """More pixels an object, if most of what is missed here is small and small objects are missed more often anyhow.

    "Anyhow" is looked at outside the hot spot's other conditions: where small objects by day are found like all others,
    those missed at night are not missed for their size.
    """
    results = spot.results
    area, is_object = results.ground_truth.area, results.ground_truth.is_object
    is_small = is_object & (area < SMALL)
    lost_small = int(is_small[spot.lost].sum())
    if not len(spot.lost) or lost_small < MOSTLY * len(spot.lost):
        return None
    elsewhere = _elsewhere(spot, is_small)
    lost = spot.case.lost_by_cause["missed"]
    small, larger = is_small & elsewhere, is_object & ~is_small & elsewhere
    if not is_clearly_higher(lost, small, larger, results.ground_truth.image):
        return None
    side = float(np.median(np.sqrt(area[spot.lost])))
    missed = int((spot.objects & ~results.operating_point.found).sum())
    by_size = {
        "small": _found(spot, is_small),
        "medium": _found(spot, is_object & (area >= SMALL) & (area < LARGE)),
        "large": _found(spot, is_object & (area >= LARGE)),
    }
    evidence = {
        "recall_by_size": by_size,
        "missed_here": missed,
        "nothing_proposed_here": len(spot.lost),
        "share_nothing_proposed": len(spot.lost) / missed,
        "share_small": lost_small / len(spot.lost),
        "median_side": side,
        "rate_nothing_proposed_small": float(lost[small].mean()),
        "rate_nothing_proposed_larger": float(lost[larger].mean()),
        **lowest_score_evidence(spot),
    }
    found, of = by_size["small"]["found"], by_size["small"]["objects"]
    text = (
        "Raise the input resolution, or cut the pictures into tiles: nothing was proposed for "
        f"{rate(len(spot.lost), missed)} missed objects here, and half of those are no larger than {side:.0f} "
        f"x {side:.0f} pixels. Recall is {rate(found, of)} small objects and "
        f"{percent(_recall_of_larger(by_size))} of the larger ones.{lowest_score_caveat(spot)}"
    )
    return Recommendation("input_resolution", text, evidence, look_at_slice(spot, _what(spot)))


def _elsewhere(spot: HotSpot, is_small: BoolArray) -> BoolArray:
    """The objects outside the conditions on anything but size; all objects where there are too few small ones."""
    others = {name: value for name, value in spot.mode.where.items() if name not in SIZE_ATTRIBUTES}
    is_object = spot.results.ground_truth.is_object
    outside = is_object & ~objects_in(spot.case, others)
    return outside if int((outside & is_small).sum()) >= FEWEST_OBJECTS else is_object


def _found(spot: HotSpot, objects: BoolArray) -> dict[str, int]:
    return {"objects": int(objects.sum()), "found": int((objects & spot.results.operating_point.found).sum())}


def _recall_of_larger(by_size: dict[str, dict[str, int]]) -> float | None:
    objects, found = (by_size["medium"][key] + by_size["large"][key] for key in ("objects", "found"))
    return found / objects if objects else None


def _what(spot: HotSpot) -> str:
    found = spot.objects & spot.results.operating_point.found
    return f"recall, {percent(float(found.sum() / spot.objects.sum()))} before"
