"""What is where in the second world: images and objects, and attributes that mean nothing; see worlds.py."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

CLASSES = ("truck", "forklift", "container", "worker", "cone", "pallet")
CLASS_SHARES = {"old": (0.24, 0.18, 0.18, 0.22, 0.04, 0.14), "new": (0.11, 0.10, 0.09, 0.10, 0.53, 0.07)}
WEATHERS, WEATHER_SHARES = ("clear", "rain", "fog"), (0.5, 0.3, 0.2)
CAMERAS = ("gate", "quay", "ramp", "yard")
LIGHTS, LIGHT_SHARES = ("bright", "dim", "dark"), (0.5, 0.32, 0.18)
DISTANCES = ("near", "middle", "far")
DISTANCE_OF_SIZE = ((0.05, 0.35, 0.6), (0.25, 0.5, 0.25), (0.7, 0.25, 0.05))
"""Shares of the distances among small, medium and large objects: far objects are mostly small."""
TRUNCATIONS, TRUNCATION_SHARES = ("none", "slight", "cut"), (0.72, 0.16, 0.12)
BLURRED_SHARE = 0.15
NULLS = ("lot", "guard")
NULL_SIZES = (4, 4, 2, 3, 5, 8)
"""Numbers of values of null attributes, over and over; every second attribute is one of images."""
SIDES, SIDE_SHARES = ((12, 31), (34, 92), (98, 170)), (0.38, 0.4, 0.22)
"""Square root of the area of small, medium and large objects, in pixels."""

COLUMNS, ROWS, CELL = 6, 4, 300
"""A picture is a table of cells, and an object lies inside one; some have a second one that covers a part of it."""
OBJECTS_PER_IMAGE = (4, 12)
COVERED_SHARE = 0.08


@dataclass(frozen=True)
class Images:
    """One row an image."""

    site: Whole
    weather: Whole
    camera: Whole
    light: Whole
    speed: Floats
    mood: Floats
    """What the odds of missing an object are multiplied by."""


@dataclass(frozen=True)
class Objects:
    """One row an object."""

    image: Whole
    cell: Whole
    kind: Whole
    size: Whole
    box: Floats
    distance: Whole
    truncation: Whole
    blurred: Mask


def draw_images(chance: np.random.Generator, images: int, moods: bool) -> Images:
    """Images whose attributes are independent of each other; with moods every fourth is far harder than the rest."""
    return Images(
        site=chance.integers(2, size=images),
        weather=chance.choice(3, images, p=WEATHER_SHARES),
        camera=chance.integers(len(CAMERAS), size=images),
        light=chance.choice(3, images, p=LIGHT_SHARES),
        speed=chance.gamma(2.0, 9.0, images).round(1),
        mood=np.where(chance.random(images) < 0.25, 4.0, 0.5) if moods else np.ones(images),
    )


def draw_objects(chance: np.random.Generator, scene: Images) -> Objects:
    """Between 4 and 12 objects an image, each in a cell of its own, and a few more that cover a part of one."""
    images = len(scene.site)
    number = chance.integers(OBJECTS_PER_IMAGE[0], OBJECTS_PER_IMAGE[1] + 1, images)
    cells = np.argsort(chance.random((images, COLUMNS * ROWS)), axis=1)
    image, place = np.nonzero(np.arange(COLUMNS * ROWS) < number[:, np.newaxis])
    count = len(image)
    shares = np.array([CLASS_SHARES["old"], CLASS_SHARES["new"]])[scene.site[image]]
    size = chance.choice(3, count, p=SIDE_SHARES)
    distance = _pick(chance, np.array(DISTANCE_OF_SIZE)[size])
    low, high = np.array(SIDES, dtype=np.float64)[size].T
    side = low + (high - low) * chance.random(count)
    stretch = np.sqrt(chance.uniform(0.55, 1.8, count))
    extent = np.stack([side * stretch, side / stretch], axis=1)
    cell = cells[image, place]
    corner = np.stack([cell % COLUMNS, cell // COLUMNS], axis=1) * CELL + (CELL - 4 - extent) * chance.random(
        (count, 2)
    )
    # A covering object lies two thirds of a width beside another one, so that their IoU is about a fifth.
    covers = np.flatnonzero(chance.random(count) < COVERED_SHARE)
    objects = Objects(
        image=image,
        cell=cell,
        kind=_pick(chance, shares),
        size=size,
        box=np.concatenate([corner, extent], axis=1).round(1),
        distance=distance,
        truncation=chance.choice(3, count, p=TRUNCATION_SHARES),
        blurred=chance.random(count) < BLURRED_SHARE,
    )
    twice = np.concatenate([np.arange(count), covers])
    both = Objects(**{name: column[twice] for name, column in vars(objects).items()})
    both.box[count:, 0] += (0.66 * both.box[count:, 2]).round(1)
    both.truncation[count:] = chance.choice(3, len(covers), p=TRUNCATION_SHARES)
    return both


def draw_nulls(chance: np.random.Generator, images: int, image: Whole, more: int) -> dict[str, Whole]:
    """Codes of each object by name of the attribute."""
    names = (*NULLS, *(f"null_{number}" for number in range(1, more + 1)))
    nulls = {}
    for number, name in enumerate(names):
        size = NULL_SIZES[number % len(NULL_SIZES)]
        of_image = chance.integers(size, size=images)
        nulls[name] = of_image[image] if number % 2 else chance.integers(size, size=len(image))
    return nulls


def _pick(chance: np.random.Generator, shares: Floats) -> Whole:
    """One place a row, by its shares."""
    above = chance.random(len(shares))[:, np.newaxis] > np.cumsum(shares, axis=1)[:, :-1]
    return np.asarray(above.sum(axis=1))
