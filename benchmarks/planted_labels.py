"""Generated pairs for label doubt: a detector of any quality on true labels, and labels made wrong afterwards.

The detector looks at the true objects, so it knows nothing of the wrong labels; it has habits of its own: it takes some
classes for one another all the time, fits small objects loosely, and sees things in certain images.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scenes
from numpy.typing import NDArray
from sizes import Size

from mapgap.demo import make_demo

KINDS = ("wrong_class", "loose_box", "missing_label", "spurious_label")
LOOSE_IOU = (0.3, 0.6)
"""A box made loose overlaps so much with the true one."""
HABIT = 0.3
"""Chance that the detector gives every fourth class the name of the next one."""

Floats = NDArray[np.float64]
Coco = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """True labels, and what a detector found."""

    ground_truth: Coco
    detections: list[Coco]


@dataclass(frozen=True)
class Planted:
    """Labels of which some are wrong; what is wrong with each, by annotation id, and the labels taken away."""

    ground_truth: Coco
    errors: Mapping[int, str]
    removed: tuple[Coco, ...]


def world(seed: int, quality: float, *, images: int = 1000, classes: int = 20) -> Pair:
    """Objects of COCO's sizes, about seven an image, and a detector of this quality: 0.3 is AP .2, 1 is .5."""
    size = Size(images, round(images * 7.3), images, classes, polygons=False)
    ((scene, objects, _),) = list(scenes.blocks(size, seed))
    chance = np.random.default_rng([seed, 77])
    annotations = [
        _annotation(number, int(scene.ids[image]), int(category), box, bool(crowd))
        for number, (image, category, box, crowd) in enumerate(
            zip(objects.image, objects.category, objects.box.tolist(), objects.is_crowd, strict=True), start=1
        )
    ]
    ground_truth = {
        "images": [
            {"id": number, "width": width, "height": height, "file_name": f"{number}.jpg"}
            for number, (width, height) in zip(scene.ids.tolist(), scene.shape.tolist(), strict=True)
        ],
        "annotations": annotations,
        "categories": [{"id": number + 1, "name": f"class {number + 1}"} for number in range(classes)],
    }
    return Pair(ground_truth, _detect(chance, scene, objects, quality, classes))


def demo(seed: int, quality: float) -> Pair:
    """The demo's pictures with their true labels, and its detector, made worse where the quality is below 1."""
    made = make_demo(seed)
    ground_truth = copy.deepcopy(made.ground_truth)
    number_of = {category["name"]: category["id"] for category in ground_truth["categories"]}
    drawn = {wrong.annotation_id: number_of[wrong.drawn] for wrong in made.wrong_labels}
    for annotation in ground_truth["annotations"]:
        annotation["category_id"] = drawn.get(annotation["id"], annotation["category_id"])
    chance = np.random.default_rng([seed, 78])
    worse = 1.0 - quality
    detections = []
    for detection in made.detections:
        if chance.random() < 0.35 * worse:
            continue
        box = np.array(detection["bbox"])
        box[:2] += 0.22 * worse * box[2:] * chance.normal(0, 1, 2)
        box[2:] *= np.exp(0.22 * worse * chance.normal(0, 1, 2))
        odds = np.log(detection["score"] / (1 - detection["score"])) + 1.5 * worse * chance.normal()
        detections.append({**detection, "bbox": box.round(2).tolist(), "score": round(float(_squashed(odds)), 4)})
    return Pair(ground_truth, detections)


def plant(pair: Pair, seed: int, share: float = 0.02, kinds: tuple[str, ...] = KINDS) -> Planted:
    """The labels with a share of them made wrong, equally many of each kind."""
    chance = np.random.default_rng([seed, 79])
    truth = copy.deepcopy(pair.ground_truth)
    objects = [annotation for annotation in truth["annotations"] if not annotation["iscrowd"]]
    each = max(1, round(share * len(objects) / len(kinds)))
    chosen = chance.permutation(len(objects))[: each * len(kinds)].reshape(len(kinds), each)
    errors: dict[int, str] = {}
    removed: list[Coco] = []
    for kind, places in zip(kinds, chosen.tolist(), strict=True):
        for place in places:
            if kind == "missing_label":
                removed.append(objects[place])
            else:
                wrong = _WAYS[kind](chance, objects[place], truth)
                errors[wrong["id"]] = kind
    gone = {annotation["id"] for annotation in removed}
    truth["annotations"] = [annotation for annotation in truth["annotations"] if annotation["id"] not in gone]
    return Planted(truth, errors, tuple(removed))


def is_right(planted: Planted, row: Mapping[str, Any]) -> bool:
    """Whether a row of `label_doubt()` names a planted error and its kind."""
    if row["kind"] != "missing_label":
        return planted.errors.get(row["object_id"]) == row["kind"]
    box = np.array([[row[f"proposed_{name}"] for name in ("x", "y", "width", "height")]])
    return any(
        label["image_id"] == row["image_id"] and _iou(box, np.array([label["bbox"]]))[0] >= 0.5
        for label in planted.removed
    )


def _wrong_class(chance: np.random.Generator, annotation: Coco, truth: Coco) -> Coco:
    others = [entry["id"] for entry in truth["categories"] if entry["id"] != annotation["category_id"]]
    annotation["category_id"] = others[int(chance.integers(len(others)))]
    return annotation


def _loose_box(chance: np.random.Generator, annotation: Coco, truth: Coco) -> Coco:
    box = np.array([annotation["bbox"]])
    wanted = chance.uniform(*LOOSE_IOU)
    way = np.concatenate([chance.normal(0, 1, 2), chance.normal(0, 0.7, 2)])
    for step in np.linspace(0, 3, 301)[1:]:
        moved = np.concatenate([box[:, :2] + step * way[:2] * box[:, 2:], box[:, 2:] * np.exp(step * way[2:])], axis=1)
        if _iou(box, moved)[0] <= wanted:
            break
    annotation["bbox"] = moved[0].round(2).tolist()
    annotation["area"] = float(moved[0, 2] * moved[0, 3])
    return annotation


def _spurious_label(chance: np.random.Generator, annotation: Coco, truth: Coco) -> Coco:
    """A label of nothing: the object's own stays, its copy goes where no label is."""
    image = next(entry for entry in truth["images"] if entry["id"] == annotation["image_id"])
    here = np.array([label["bbox"] for label in truth["annotations"] if label["image_id"] == image["id"]])
    box = np.array([annotation["bbox"]], dtype=np.float64)
    box[0, 2:] = np.minimum(box[0, 2:], 0.4 * np.array([image["width"], image["height"]]))
    for _ in range(100):
        box[0, :2] = chance.random(2) * (np.array([image["width"], image["height"]]) - box[0, 2:])
        if _iou(here, np.repeat(box, len(here), axis=0)).max() < 0.02:
            break
    number = max(label["id"] for label in truth["annotations"]) + 1
    wrong = {**annotation, "id": number, "bbox": box[0].round(2).tolist(), "area": float(box[0, 2] * box[0, 3])}
    truth["annotations"].append(wrong)
    return wrong


_WAYS: Mapping[str, Callable[[np.random.Generator, Coco, Coco], Coco]] = {
    "wrong_class": _wrong_class,
    "loose_box": _loose_box,
    "spurious_label": _spurious_label,
}


def _annotation(number: int, image_id: int, category: int, box: list[float], crowd: bool) -> Coco:
    return {
        "id": number,
        "image_id": image_id,
        "category_id": category + 1,
        "bbox": box,
        "area": box[2] * box[3],
        "iscrowd": int(crowd),
    }


def _detect(
    chance: np.random.Generator, scene: scenes.Images, objects: scenes.Objects, quality: float, classes: int
) -> list[Coco]:
    worse = 1.0 - quality
    area = objects.box[:, 2] * objects.box[:, 3]
    ease = np.select([area < 32**2, area < 96**2], [-1.2, 0.4], default=1.4) + chance.normal(0, 0.8, len(area))
    found = np.flatnonzero((_squashed(ease + 1.5 + 2.0 * quality) > chance.random(len(area))) & ~objects.is_crowd)
    source = np.concatenate([found, found[chance.random(len(found)) < 0.05 + 0.2 * worse]])
    is_second = np.arange(len(source)) >= len(found)
    label = objects.category[source]
    has_habit = (label % 4 == 0) & (chance.random(len(source)) < HABIT)
    is_slip = _squashed(-3.0 - 1.2 * ease[source] + 1.2 * worse) > chance.random(len(source))
    alike = (label + chance.integers(1, 4, len(source))) % classes
    named = np.where(chance.random(len(source)) < 0.25, chance.integers(0, classes, len(source)), alike)
    named = np.where(is_slip, named, label)
    named = np.where(has_habit, (label + 1) % classes, named)
    spread = np.exp(chance.normal(-3.3 + 1.3 * worse, 0.6, len(source))) * np.where(is_second, 2.0, 1.0)
    box = objects.box[source].copy()
    box[:, :2] += spread[:, None] * box[:, 2:] * chance.normal(0, 1, (len(source), 2))
    box[:, 2:] *= np.exp(spread[:, None] * chance.normal(0, 1, (len(source), 2)))
    is_wrong = named != label
    odds = (
        1.0 + 1.5 * quality + 0.5 * ease[source] + chance.normal(0, 1, len(source))
        - 1.5 * is_second - (0.3 + 1.2 * quality) * is_wrong - 3.0 * np.minimum(spread, 0.5)
    )  # fmt: skip
    haunted = np.where(np.arange(len(scene.ids)) % 10 == 0, 6.0, 1.0)
    image = chance.choice(len(scene.ids), int(len(scene.ids) * max(1.0, 2 + 10 * worse)), p=haunted / haunted.sum())
    side = np.exp(chance.normal(3.7, 1.0, (len(image), 2)))
    extent = np.minimum(side, scene.shape[image] - 1)
    corner = chance.random((len(image), 2)) * (scene.shape[image] - extent)
    background_odds = chance.normal(-2.2 - 0.8 * quality, 1.1, len(image))
    images = np.concatenate([objects.image[source], image])
    categories = np.concatenate([named, chance.integers(0, classes, len(image))])
    boxes = np.concatenate([box, np.concatenate([corner, extent], axis=1)]).round(2)
    scores = _squashed(np.concatenate([odds, background_odds])).round(4)
    rows = zip(scene.ids[images].tolist(), categories.tolist(), boxes.tolist(), scores.tolist(), strict=True)
    return [
        {"image_id": number, "category_id": category + 1, "bbox": place, "score": score}
        for number, category, place, score in rows
    ]


def _squashed(odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-odds))


def _iou(one: Floats, other: Floats) -> Floats:
    low = np.maximum(one[:, :2], other[:, :2])
    high = np.minimum(one[:, :2] + one[:, 2:], other[:, :2] + other[:, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    iou: Floats = common / (np.prod(one[:, 2:], axis=1) + np.prod(other[:, 2:], axis=1) - common)
    return iou
