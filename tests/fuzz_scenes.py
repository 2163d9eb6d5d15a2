"""Scenes for fuzz cases: images with objects, and detections of which most start from an object's box."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Generator = np.random.Generator
Boxes = NDArray[np.float64]
Record = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """How many records of which kind a scene has."""

    images: int = 3
    categories: int = 2
    objects: int = 8
    detections: int = 16
    crowds: float = 0.1
    near: float = 0.75
    """Share of detections that start from an object's box."""
    boxes: Callable[[Generator, int], Boxes] = lambda chance, count: grid_boxes(chance, count)
    nudge: Callable[[Generator, Boxes], Boxes] = lambda chance, boxes: nudge_on_grid(chance, boxes)
    scores: Callable[[Generator, int], NDArray[np.float64]] = lambda chance, count: chance.integers(0, 20, count) / 20


def small_plan(chance: Generator, **changes: Any) -> Plan:
    """A plan with few of everything, but for the changes."""
    counts = {
        "images": int(chance.integers(1, 5)),
        "categories": int(chance.integers(1, 4)),
        "objects": int(chance.integers(1, 16)),
        "detections": int(chance.integers(0, 30)),
    }
    return Plan(**(counts | changes))


def make_scene(chance: Generator, plan: Plan) -> tuple[Record, list[Record]]:
    """Ground truth and detections, image and category ids in no order."""
    image_ids = (1 + chance.permutation(3 * plan.images)[: plan.images]).tolist()
    category_ids = (1 + chance.permutation(2 * plan.categories)[: plan.categories]).tolist()
    boxes = plan.boxes(chance, plan.objects)
    image = chance.integers(0, plan.images, plan.objects)
    category = chance.integers(0, plan.categories, plan.objects)
    is_crowd = chance.random(plan.objects) < plan.crowds
    annotations = [
        {"id": number, "bbox": box, "area": box[2] * box[3], "iscrowd": int(crowd), "image_id": 0, "category_id": 0}
        for number, (box, crowd) in enumerate(zip(boxes.tolist(), is_crowd.tolist(), strict=True), start=1)
    ]
    _place(annotations, image, category, image_ids, category_ids)
    ground_truth = {
        "images": [{"id": image_id, "width": 16, "height": 16} for image_id in image_ids],
        "annotations": annotations,
        "categories": [{"id": category_id, "name": f"class {category_id}"} for category_id in category_ids],
    }
    detections, found_image, found_category = _detect(chance, plan, boxes, image, category)
    _place(detections, found_image, found_category, image_ids, category_ids)
    return ground_truth, detections


def _detect(
    chance: Generator, plan: Plan, boxes: Boxes, image: NDArray[np.int64], category: NDArray[np.int64]
) -> tuple[list[Record], NDArray[np.int64], NDArray[np.int64]]:
    found_boxes = plan.boxes(chance, plan.detections)
    found_image = chance.integers(0, plan.images, plan.detections)
    found_category = chance.integers(0, plan.categories, plan.detections)
    if plan.objects:
        source = chance.integers(0, plan.objects, plan.detections)
        is_near = chance.random(plan.detections) < plan.near
        found_boxes[is_near] = plan.nudge(chance, boxes[source[is_near]])
        found_image[is_near] = image[source[is_near]]
        same_class = is_near & (chance.random(plan.detections) < 0.85)
        found_category[same_class] = category[source[same_class]]
    scores = plan.scores(chance, plan.detections).tolist()
    detections = [
        {"image_id": 0, "category_id": 0, "bbox": box, "score": score}
        for box, score in zip(found_boxes.tolist(), scores, strict=True)
    ]
    return detections, found_image, found_category


def _place(
    records: Sequence[Record],
    image: NDArray[np.int64],
    category: NDArray[np.int64],
    image_ids: list[int],
    category_ids: list[int],
) -> None:
    for record, i, k in zip(records, image.tolist(), category.tolist(), strict=True):
        record["image_id"], record["category_id"] = image_ids[i], category_ids[k]


def grid_boxes(chance: Generator, count: int, side: int = 6) -> Boxes:
    """Boxes with corners and sizes of whole numbers."""
    return np.column_stack([chance.integers(0, side + 1, (count, 2)), chance.integers(1, side + 1, (count, 2))]) * 1.0


def nudge_on_grid(chance: Generator, boxes: Boxes) -> Boxes:
    """Some numbers of the boxes one step less or up to two more, sizes above 0."""
    steps = chance.integers(-1, 3, boxes.shape) * (chance.random(boxes.shape) < 0.2)
    moved = boxes + steps
    return np.where((moved > 0) | (np.arange(4) < 2), moved, boxes)


def rounded(values: Boxes, kind: int) -> Boxes:
    """Two decimals (kind 0), one (1), float32 (2 and 3), or as they are."""
    if kind in (0, 1):
        return np.round(values, [2, 1][kind])
    return values.astype(np.float32).astype(np.float64) if kind in (2, 3) else values


def scores_of_some_kind(chance: Generator) -> Callable[[Generator, int], NDArray[np.float64]]:
    """Float32, two decimals, neighbours of one half, numbers of any size and sign, or plain random ones."""

    def scores(chance: Generator, count: int) -> NDArray[np.float64]:
        drawn = chance.random(count)
        if kind == 0:
            return drawn.astype(np.float32).astype(np.float64)
        if kind == 1:
            return np.round(drawn, 2)
        if kind == 2:
            return 0.5 + chance.integers(-2, 3, count) * np.spacing(0.5)
        if kind == 3:
            return (drawn - 0.5) * 10.0 ** chance.integers(-300, 300, count)
        return drawn

    kind = chance.integers(0, 5)
    return scores
