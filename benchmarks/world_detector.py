"""The simulated detector of the second world: what goes wrong how often, and where; see worlds.py."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from world_things import (
    CAMERAS,
    CELL,
    CLASSES,
    COLUMNS,
    LIGHTS,
    ROWS,
    SIDE_SHARES,
    SIDES,
    TRUNCATIONS,
    WEATHERS,
    Floats,
    Images,
    Objects,
    Whole,
)


@dataclass(frozen=True)
class Rates:
    """How often what goes wrong: shares of the objects; of false alarms and clutter the mean number an image.

    The defaults are the ordinary rates, which hold wherever nothing is planted, for all attributes alike.
    """

    missed: float = 0.08
    loose: float = 0.03
    confused: float = 0.03
    loose_and_confused: float = 0.02
    duplicated: float = 0.04
    faint: float = 0.04
    alarms: float = 0.35
    clutter: float = 3.0
    cone_missed: float = 0.08
    small_in_rain_missed: float = 0.08
    loose_where_cut: float = 0.03
    forklift_taken_for_truck: float = 0.0
    container_in_the_dark: float = 0.0
    duplicated_at_the_quay: float = 0.04
    alarms_at_the_ramp: float = 0.35
    faint_where_blurred: float = 0.04
    new_site: float = 1.0
    """The new site's share of the old one's chance to miss an object."""


NOTHING = Rates()
WEAK = Rates(
    cone_missed=0.65,
    small_in_rain_missed=0.75,
    loose_where_cut=0.45,
    forklift_taken_for_truck=0.4,
    container_in_the_dark=0.33,
    duplicated_at_the_quay=0.28,
    alarms_at_the_ramp=2.0,
    faint_where_blurred=0.45,
    new_site=0.61,
)
HALF_MISSED = replace(WEAK, missed=0.25, cone_missed=0.25, small_in_rain_missed=0.85, new_site=1.0)
"""No class is harder than the others, and no site better."""


def detect(chance: np.random.Generator, scene: Images, objects: Objects, rates: Rates) -> list[dict[str, Any]]:
    """Detections in COCO's results layout: of an object at most one kind of error, by the rates where it is."""
    kind, image, count = objects.kind, objects.image, len(objects.kind)
    is_missed = chance.random(count) < _chance_to_miss(scene, objects, rates)
    is_cut = objects.truncation == TRUNCATIONS.index("cut")
    is_loose = chance.random(count) < np.where(is_cut, rates.loose_where_cut, rates.loose)
    is_both = ~is_loose & (chance.random(count) < rates.loose_and_confused)
    named = _named(chance, scene, objects, rates)
    named = np.where(is_both & (named == kind), _another(chance, kind), named)
    named = np.where(is_loose, kind, named)
    box = np.where((is_loose | is_both)[:, np.newaxis], _loose(chance, objects.box), _jittered(chance, objects.box))
    is_wrong = is_loose | (named != kind)
    is_faint = ~is_wrong & (chance.random(count) < np.where(objects.blurred, rates.faint_where_blurred, rates.faint))
    score = np.where(is_wrong, chance.uniform(0.25, 0.9, count), 0.99 - 0.65 * chance.random(count) ** 2)
    score = np.where(is_faint, chance.uniform(0.02, 0.2, count), score)
    at_quay = scene.camera[image] == CAMERAS.index("quay")
    is_twice = chance.random(count) < np.where(at_quay, rates.duplicated_at_the_quay, rates.duplicated)
    found = np.flatnonzero(~is_missed)
    again = np.flatnonzero(~is_missed & ~is_wrong & ~is_faint & is_twice)
    second = _shifted(chance, box[again], 0.02)
    alarm_image, alarm_box, alarm_score = _alarms(chance, scene, objects, rates)
    return _rows(
        np.concatenate([image[found], image[again], alarm_image]),
        np.concatenate([named[found], kind[again], chance.integers(len(CLASSES), size=len(alarm_image))]),
        np.concatenate([box[found], second, alarm_box]),
        np.concatenate([score[found], score[again] * chance.uniform(0.8, 0.97, len(again)), alarm_score]),
    )


def _chance_to_miss(scene: Images, objects: Objects, rates: Rates) -> Floats:
    is_small_in_rain = (objects.size == 0) & (scene.weather[objects.image] == WEATHERS.index("rain"))
    rate = np.where(objects.kind == CLASSES.index("cone"), rates.cone_missed, rates.missed)
    rate = np.maximum(rate, np.where(is_small_in_rain, rates.small_in_rain_missed, 0.0))
    rate = rate * np.where(scene.site == 1, rates.new_site, 1.0)[objects.image]
    odds = rate / (1 - rate) * scene.mood[objects.image]
    return np.asarray(odds / (1 + odds))


def _named(chance: np.random.Generator, scene: Images, objects: Objects, rates: Rates) -> Whole:
    """The class that the detector gives each object."""
    kind, count = objects.kind, len(objects.kind)
    named = np.where(chance.random(count) < rates.confused, _another(chance, kind), kind)
    is_taken = (kind == CLASSES.index("forklift")) & (chance.random(count) < rates.forklift_taken_for_truck)
    named = np.where(is_taken, CLASSES.index("truck"), named)
    in_the_dark = scene.light[objects.image] == LIGHTS.index("dark")
    is_sunk = in_the_dark & (chance.random(count) < rates.container_in_the_dark)
    return np.where(is_sunk, CLASSES.index("container"), named)


def _alarms(chance: np.random.Generator, scene: Images, objects: Objects, rates: Rates) -> tuple[Whole, Floats, Floats]:
    """Image, box and score of detections of nothing: in cells that are empty, some scored high, the clutter low."""
    images = len(scene.site)
    is_taken = np.zeros((images, COLUMNS * ROWS), dtype=np.bool_)
    is_taken[objects.image, objects.cell] = True
    at_ramp = scene.camera == CAMERAS.index("ramp")
    strong = chance.poisson(np.where(at_ramp, rates.alarms_at_the_ramp, rates.alarms))
    wanted = np.minimum(strong + chance.poisson(rates.clutter, images), (~is_taken).sum(axis=1))
    order = np.argsort(chance.random(is_taken.shape) + is_taken, axis=1)
    image, place = np.nonzero(np.arange(COLUMNS * ROWS) < wanted[:, np.newaxis])
    cell = order[image, place]
    low, high = np.array(SIDES, dtype=np.float64)[chance.choice(3, len(cell), p=SIDE_SHARES)].T
    # A covering object reaches beyond its cell, so nothing of an alarm is on the left of one.
    extent = np.minimum(low + (high - low) * chance.random((2, len(cell))), 170).T
    free = np.array([CELL * 0.35, 0.0])
    corner = np.stack([cell % COLUMNS, cell // COLUMNS], axis=1) * CELL + free
    corner += (CELL - free - extent) * chance.random((len(cell), 2))
    is_strong = place < strong[image]
    score = np.where(is_strong, chance.uniform(0.3, 0.9, len(cell)), chance.uniform(0.02, 0.22, len(cell)))
    return image, np.concatenate([corner, extent], axis=1), score


def _another(chance: np.random.Generator, kind: Whole) -> Whole:
    return (kind + chance.integers(1, len(CLASSES), len(kind))) % len(CLASSES)


def _loose(chance: np.random.Generator, box: Floats) -> Floats:
    """A part of each box at one of its corners, whose share of it is its IoU."""
    share = chance.uniform(0.2, 0.44, len(box))
    across = share ** chance.uniform(0.1, 0.9, len(box))
    extent = box[:, 2:] * np.stack([across, share / across], axis=1)
    corner = box[:, :2] + (box[:, 2:] - extent) * chance.integers(2, size=(len(box), 2))
    return np.concatenate([corner, extent], axis=1)


def _jittered(chance: np.random.Generator, box: Floats) -> Floats:
    """Boxes of IoU .55 to .95, most of them about .8."""
    return _shifted(chance, box, 0.04)


def _shifted(chance: np.random.Generator, box: Floats, spread: float) -> Floats:
    """Boxes moved and stretched by a share of their extent, at most 2.2 times the spread."""
    move = np.clip(chance.normal(0, spread, (len(box), 4)), -2.2 * spread, 2.2 * spread)
    extent = box[:, 2:] * (1 + move[:, 2:])
    return np.concatenate([box[:, :2] + box[:, 2:] * (move[:, :2] - move[:, 2:] / 2), extent], axis=1)


def _rows(image: Whole, category: Whole, box: Floats, score: Floats) -> list[dict[str, Any]]:
    columns = (image.tolist(), category.tolist(), box.round(2).tolist(), score.round(4).tolist())
    return [
        {"image_id": number + 1, "category_id": kind + 1, "bbox": place, "score": value}
        for number, kind, place, value in zip(*columns, strict=True)
    ]
