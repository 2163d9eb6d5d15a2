"""A generated world of another shape than `planted_labels.world`: easy and hard objects, and things that look alike.

How well an object can be seen decides everything the detector says of it: whether, how surely, under which name and
how loosely, with heavy tails, and no score above which it does not err. What is no object can look like one, and can
be as easy to see. Classes are of very different frequency, pictures of very different fullness, and some of what they
show is annotated as a crowd.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from planted_labels import Coco, Floats, Pair

WIDTH, HEIGHT = 1280, 720
SHARE_OF_CROWDS = 0.01
LOOKALIKES = 0.5
"""Things that are no objects, a share of the objects."""

Scores = Literal["plain", "tiny", "saturated"]


@dataclass(frozen=True)
class Street:
    """The shape of a world."""

    images: int
    an_image: float
    """Mean number of objects."""
    classes: int
    scores: Scores = "plain"
    """Tiny scores are below .02, saturated ones have two digits and are mostly 1.00."""
    unlike: float = 1.7
    """How much worse than objects their lookalikes are seen."""


@dataclass(frozen=True)
class _Things:
    image: NDArray[np.int64]
    category: NDArray[np.int64]
    box: Floats
    ease: Floats
    """How well it is seen, about a standard normal number, less for small things."""

    def only(self, wanted: NDArray[np.bool_] | NDArray[np.intp]) -> "_Things":
        return _Things(*(column[wanted] for column in vars(self).values()))


def street(seed: int, quality: float, shape: Street) -> Pair:
    """True labels and a detector of this quality: 0 is poor, 1 is good."""
    chance = np.random.default_rng([seed, 80])
    fullness = chance.gamma(1.5, shape.an_image / 1.5, shape.images)
    frequency = 1.0 / np.arange(1, shape.classes + 1) ** 0.8
    frequency /= frequency.sum()
    objects = _things(chance, chance.poisson(fullness), frequency)
    is_crowd = chance.random(len(objects.image)) < SHARE_OF_CROWDS
    lookalikes = _things(chance, chance.poisson(LOOKALIKES * fullness), frequency)
    lookalikes = replace(lookalikes, ease=lookalikes.ease - shape.unlike - 1.6 * quality)
    confusion = 0.1 / shape.classes + chance.dirichlet(np.full(shape.classes, 0.15), shape.classes)
    seen = [_seen(chance, objects.only(~is_crowd), quality, confusion), _seen(chance, lookalikes, quality, confusion)]
    rows = [row for things, odds in seen for row in _records(chance, things, odds, quality, shape.scores)]
    return Pair(_ground_truth(objects, is_crowd, shape), rows)


def _things(chance: np.random.Generator, number: NDArray[np.int64], frequency: Floats) -> _Things:
    image = np.repeat(np.arange(len(number)), number)
    side = np.exp(chance.normal(3.9, 0.8, len(image))).clip(8, 600)
    aspect = np.exp(chance.normal(0, 0.35, len(image)))
    extent = np.stack([side * aspect, side / aspect], axis=1).clip(6, [WIDTH * 0.9, HEIGHT * 0.9])
    corner = chance.random((len(image), 2)) * (np.array([WIDTH, HEIGHT]) - extent)
    ease = chance.normal(0, 1, len(image)) + 0.5 * (np.log(side) - 3.9)
    category = chance.choice(len(frequency), len(image), p=frequency)
    return _Things(image, category, np.concatenate([corner, extent], axis=1).round(2), ease)


def _seen(chance: np.random.Generator, things: _Things, quality: float, confusion: Floats) -> tuple[_Things, Floats]:
    """What is reported of the things, and the log odds of the scores."""
    odds = -0.5 + 1.5 * quality + 1.4 * things.ease + chance.normal(0, 0.8, len(things.ease))
    odds = odds + chance.standard_t(5, len(odds)) * 0.4
    rows = np.flatnonzero(odds > -3.5 + 1.5 * chance.normal(0, 1, len(odds)))
    again = rows[chance.random(len(rows)) < 0.08]
    rows, is_again = np.concatenate([rows, again]), np.arange(len(rows) + len(again)) >= len(rows)
    shown = things.only(rows)
    odds = odds[rows] - 1.5 * is_again
    is_confused = chance.random(len(rows)) < 1 / (1 + np.exp(1.2 + 1.5 * quality + 1.1 * shown.ease))
    sums = np.cumsum(confusion, axis=1)
    drawn = chance.random(len(rows)) * sums[shown.category, -1]
    named = np.argmax(sums[shown.category] >= drawn[:, None], axis=1)
    named = np.where(is_confused, named, shown.category)
    odds = odds - (0.4 + 0.8 * quality) * (named != shown.category)
    spread = 0.13 * np.exp(-1.0 * quality - 0.25 * shown.ease)[:, None]
    shift, growth = (chance.standard_t(3, (len(rows), 2)) * spread for _ in range(2))
    box = shown.box.copy()
    box[:, :2] += (0.6 * shift - 0.3 * growth) * box[:, 2:]
    box[:, 2:] *= np.exp((0.6 * growth).clip(-1.5, 1.5))
    return _Things(shown.image, named, box.round(2), shown.ease), odds


def _records(chance: np.random.Generator, things: _Things, odds: Floats, quality: float, scores: Scores) -> list[Coco]:
    if scores == "tiny":
        score = 0.02 / (1 + np.exp(-(odds - 2.0)))
    elif scores == "saturated":
        score = (1 / (1 + np.exp(-(2.0 * odds + 2.0)))).round(2)
    else:
        score = (1 / (1 + np.exp(-odds))).round(4)
    columns = (things.image, things.category, things.box, score)
    return [
        {"image_id": image + 1, "category_id": category + 1, "bbox": box, "score": value}
        for image, category, box, value in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _ground_truth(objects: _Things, is_crowd: NDArray[np.bool_], shape: Street) -> Coco:
    columns = (objects.image, objects.category, objects.box, is_crowd)
    return {
        "images": [
            {"id": number + 1, "width": WIDTH, "height": HEIGHT, "file_name": f"{number + 1}.jpg"}
            for number in range(shape.images)
        ],
        "annotations": [
            {
                "id": number,
                "image_id": image + 1,
                "category_id": category + 1,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": int(crowd),
            }
            for number, (image, category, box, crowd) in enumerate(
                zip(*(column.tolist() for column in columns), strict=True), start=1
            )
        ],
        "categories": [{"id": number + 1, "name": f"class {number + 1}"} for number in range(shape.classes)],
    }
