"""A threshold for all and one for each part, chosen on one half of the images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mapgap.errors import InputError
from mapgap.score_rules import choose_score_threshold
from mapgap.thresholds.population import Part, Population

LEAST_OBJECTS = 30
LEAST_IMAGES = 5
LEAST_RIGHT = 10
"""A part with fewer objects, images with objects or true positives to choose on takes the threshold for all."""

Why = Literal["too_few", "out_of_reach"]


@dataclass(frozen=True)
class Chosen:
    """A threshold, how much it was chosen on, and why it is that for all where it is."""

    score_threshold: float
    objects: int
    images: int
    """Images with an object."""
    right: int
    """Detections that match an object, of any score."""
    why_for_all: Why | None = None


def choose_for_all(population: Population, rule: float | str) -> Chosen:
    """The threshold by a rule of `choose_score_threshold`, on the half of the images to choose on.

    Raises InputError for a rule that is none or that no threshold fulfils, and where there is nothing to choose by.
    """
    half = population.half(population.everything, chosen_on=True)
    if _is_number(rule):
        what = f"a threshold is to be found, and {rule!r} is one already"
        raise InputError(what, where="--rule", fix="Give best-f1, precision=P, recall=R or cost")
    try:
        threshold = _choose(population, half, rule)
    except InputError as error:
        where = "the half of the images to choose on"
        what = f"{error.what}, on {where}" if error.what.startswith("no score") else error.what
        raise InputError(what, where="--rule", fix=error.fix) from None
    if threshold is None:
        what = "no detection is right on the half of the images to choose on: there is no threshold to propose"
        raise InputError(what, fix="mapgap doctor and mapgap report tell what is wrong with the detections")
    return _sized(population, half, threshold)


def choose_for_parts(population: Population, parts: Sequence[Part], rule: float | str, for_all: Chosen) -> list[Chosen]:
    """The threshold of each part by the same rule, on the same half; that for all where a part is too thin.

    It is that for all, too, where no score of the part reaches the precision or recall asked for.
    """
    return [_choose_for_part(population, population.half(part, chosen_on=True), rule, for_all) for part in parts]


def _choose_for_part(population: Population, half: Part, rule: float | str, for_all: Chosen) -> Chosen:
    shared = _sized(population, half, for_all.score_threshold, "too_few")
    if shared.objects < LEAST_OBJECTS or shared.images < LEAST_IMAGES or shared.right < LEAST_RIGHT:
        return shared
    try:
        threshold = _choose(population, half, rule)
    except InputError:  # the rule itself was fine for all
        return _sized(population, half, for_all.score_threshold, "out_of_reach")
    return shared if threshold is None else _sized(population, half, threshold)


def _choose(population: Population, half: Part, rule: float | str) -> float | None:
    rows = half.detections
    counted = np.ones(len(rows), dtype=np.bool_)
    right, cost = population.right[rows], population.cost[rows]
    return choose_score_threshold(rule, population.score[rows], counted, right, len(half.objects), cost)


def _is_number(rule: float | str) -> bool:
    try:
        float(rule)
    except ValueError:
        return False
    return True


def _sized(population: Population, half: Part, threshold: float, why: Why | None = None) -> Chosen:
    images = len(np.unique(population.object_image[half.objects]))
    return Chosen(threshold, len(half.objects), images, int(population.right[half.detections].sum()), why)
