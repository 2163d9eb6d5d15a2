"""A second world with known weaknesses, drawn as tables without pictures: a yard of containers at a harbour.

The demo has one weakness a cause and attributes that are independent of each other. Here a cause may have two, far
objects are small, and the world has traps:

* `site`, a reversal: objects of the new site are missed less than those of the old one whatever their class, and more
  on the whole, because most of them are cones, which are missed everywhere.
* `lot` and `guard`, null attributes: drawn at random for each object, and for each image. With `moods` the objects of
  an image fail together, so that only a test that knows of images keeps its level for `guard`. There may be more.
* `half_missed`: half of all objects are missed, so that no rate can be much worse than the rest. Here cones are like
  all classes, and there is no reversal.
* `nothing_planted`: no attribute means anything; only the moods are left.

What is planted stands in `World.planted`, as causes and `where`, and in the rates of world_detector.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from world_detector import HALF_MISSED, NOTHING, WEAK, detect
from world_things import (
    CAMERAS,
    CELL,
    CLASSES,
    COLUMNS,
    DISTANCES,
    LIGHTS,
    ROWS,
    TRUNCATIONS,
    WEATHERS,
    Images,
    Objects,
    Whole,
    draw_images,
    draw_nulls,
    draw_objects,
)

Where = Mapping[str, Any]

HARD_CLASS: tuple[str, Where] = ("missed", {"class": "cone"})
PLANTED: tuple[tuple[str, Where], ...] = (
    ("missed", {"size": "small", "weather": "rain"}),
    HARD_CLASS,
    ("localization", {"truncation": "cut"}),
    ("classification", {"class": "forklift"}),
    ("classification", {"light": "dark"}),
    ("duplicate", {"camera": "quay"}),
    ("background", {"camera": "ramp"}),
    ("below_threshold", {"blurred": True}),
)
"""Cause and where. Forklifts are taken for trucks; in the dark everything is taken for a container."""


@dataclass(frozen=True)
class World:
    """A pair of COCO dicts, and what is known of them."""

    ground_truth: dict[str, Any]
    detections: list[dict[str, Any]]
    planted: tuple[tuple[str, Where], ...]
    null_attributes: tuple[str, ...]
    reversed_attribute: str | None = "site"


def make_world(
    seed: int,
    images: int = 1500,
    *,
    moods: bool = False,
    half_missed: bool = False,
    nothing_planted: bool = False,
    more_nulls: int = 0,
) -> World:
    """The world of a seed: about nine objects an image, and a detector of AP .39 (.3 where half are missed)."""
    chance = np.random.default_rng([seed, images, 5])
    scene = draw_images(chance, images, moods)
    objects = draw_objects(chance, scene)
    nulls = draw_nulls(chance, images, objects.image, more_nulls)
    rates = NOTHING if nothing_planted else HALF_MISSED if half_missed else WEAK
    detections = detect(chance, scene, objects, rates)
    planted = () if nothing_planted else tuple(one for one in PLANTED if one != HARD_CLASS or not half_missed)
    return World(
        _coco(scene, objects, nulls),
        detections,
        planted,
        tuple(nulls),
        None if nothing_planted or half_missed else "site",
    )


def _coco(scene: Images, objects: Objects, nulls: Mapping[str, Whole]) -> dict[str, Any]:
    images = [
        {
            "id": number,
            "width": COLUMNS * CELL,
            "height": ROWS * CELL,
            "file_name": f"{number}.jpg",
            "site": ("old", "new")[site],
            "weather": WEATHERS[weather],
            "camera": CAMERAS[camera],
            "light": LIGHTS[light],
            "speed": speed,
        }
        for number, (site, weather, camera, light, speed) in enumerate(
            zip(*(column.tolist() for column in list(vars(scene).values())[:5]), strict=True), start=1
        )
    ]
    null_names = zip(*([chr(ord("A") + code) for code in codes.tolist()] for codes in nulls.values()), strict=True)
    annotations = [
        {
            "id": number,
            "image_id": image + 1,
            "category_id": kind + 1,
            "bbox": box,
            "area": box[2] * box[3],
            "iscrowd": 0,
            "attributes": {
                "distance": DISTANCES[distance],
                "truncation": TRUNCATIONS[truncation],
                "blurred": blurred,
                **dict(zip(nulls, names, strict=True)),
            },
        }
        for number, ((image, _, kind, _, box, distance, truncation, blurred), names) in enumerate(
            zip(zip(*(column.tolist() for column in vars(objects).values()), strict=True), null_names, strict=True),
            start=1,
        )
    ]
    categories = [{"id": number, "name": name} for number, name in enumerate(CLASSES, start=1)]
    return {"images": images, "annotations": annotations, "categories": categories}
