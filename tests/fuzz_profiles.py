"""Whole cases for differential fuzzing, one function a profile: data, detections and settings from a seeded generator.

Plain NumPy draws, so that thousands of cases take minutes. A case is JSON (NaN included): what fails can be kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.fuzz_masks import give_masks
from tests.fuzz_scenes import (
    Boxes,
    Generator,
    Plan,
    Record,
    grid_boxes,
    make_scene,
    nudge_on_grid,
    rounded,
    scores_of_some_kind,
    small_plan,
)

CLOSE_TO_ZERO = 1e-3


@dataclass(frozen=True)
class Case:
    """What is evaluated and how; `options` are those of `mapgap.evaluate`, missing ones have its defaults."""

    ground_truth: Record
    detections: list[Record]
    options: Record = field(default_factory=dict)
    is_odd: bool = False
    """Input without a meaning, NaN boxes and the like: for the drop-in, and for `evaluate` under `compat`."""
    only_drop_in: bool = False
    """What `evaluate` refuses even then: text as ids, unknown images, limits of 0."""
    as_array: bool = False
    """Hand over the detections as an (N, 7) array."""


def ties(chance: Generator) -> Case:
    """Two or three scores, few different boxes: equal scores, equal boxes, equal IoUs everywhere."""
    pool = grid_boxes(chance, int(chance.integers(1, 5)), 4)
    levels = chance.choice(
        [[0.5], [0.5, 0.25], [0.9, 0.5, 0.1], [0.5, np.nextafter(0.5, 1)]][chance.integers(0, 4)], 50
    )
    plan = Plan(
        images=int(chance.integers(1, 4)),
        categories=int(chance.integers(1, 3)),
        objects=int(chance.integers(1, 14)),
        detections=int(chance.integers(1, 30)),
        boxes=lambda chance, count: pool[chance.integers(0, len(pool), count)],
        nudge=lambda chance, boxes: boxes if chance.random() < 0.5 else nudge_on_grid(chance, boxes),
        scores=lambda chance, count: chance.choice(levels, count),
    )
    return Case(*make_scene(chance, plan))


def grid(chance: Generator) -> Case:
    """Small integer boxes: touching edges and IoUs of exactly one half."""
    side = int(chance.integers(2, 8))
    scale = float(chance.choice([1, 1, 0.5, 3, 10]))
    plan = small_plan(chance, boxes=lambda chance, count: grid_boxes(chance, count, side) * scale)
    return Case(*make_scene(chance, plan))


def thresholds(chance: Generator) -> Case:
    """Custom IoU thresholds: unsorted, repeated, 0, 1, beyond both, exact fractions, more than 32."""
    exact = [0.0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1 - 1e-10, 1 - 1e-11, 1.0]
    kind = chance.integers(0, 6)
    if kind == 0:
        values = chance.permutation(exact)[: chance.integers(1, 9)]
    elif kind == 1:
        values = chance.choice(exact, int(chance.integers(2, 12)))
    elif kind == 2:
        values = chance.random(int(chance.integers(1, 9)))
    elif kind == 3:
        values = np.linspace(0, 1, int(chance.integers(30, 100)))
    elif kind == 4:
        values = np.array([[0.0], [1.0], [0.5], [-1.0], [1.5], [0.75, 0.5, 0.5, 0.75]][chance.integers(0, 6)])
    else:
        values = chance.permutation(np.linspace(0.5, 0.95, 10))
    return Case(*make_scene(chance, small_plan(chance)), {"iou_thresholds": values.tolist()})


def crowds(chance: Generator) -> Case:
    """Many crowds, large ones and ones like the objects, with many detections inside."""
    plan = small_plan(chance, crowds=float(chance.choice([0.3, 0.6, 1.0])), detections=int(chance.integers(5, 40)))
    ground_truth, detections = make_scene(chance, plan)
    for annotation in ground_truth["annotations"]:
        if annotation["iscrowd"] and chance.random() < 0.4:
            annotation["bbox"] = [0.0, 0.0, 12.0, 12.0]
            annotation["area"] = float(chance.choice([144.0, 2000.0, 10000.0]))
    options = {"iou_thresholds": [0.5, 0.0, 1.0, 0.25]} if chance.random() < 0.25 else {}
    return Case(ground_truth, detections, options)


def areas(chance: Generator) -> Case:
    """Custom area ranges, areas at their very edges, areas that have nothing to do with the box."""
    edges = [0.0, 1.0, 4.0, 6.0, 9.0, 12.0, 16.0, 1024.0, 9216.0, 1e10]
    ground_truth, detections = make_scene(chance, small_plan(chance, crowds=0.15))
    for annotation in ground_truth["annotations"]:
        kind = chance.integers(0, 4)
        if kind == 1:
            annotation["area"] = float(chance.choice(edges))
        elif kind == 2:
            annotation["area"] = float(np.nextafter(chance.choice(edges), chance.choice([-1, 1e11])))
        elif kind == 3:
            annotation["area"] = float(chance.integers(-3, 20))
    names = ["all", "small", "medium", "large"]
    kind = chance.integers(0, 4)
    if kind == 0:
        names = names[: int(chance.integers(1, 5))]
    elif kind == 1:
        names = [*names, "first", "second"]
    elif kind == 2:
        names = chance.permutation(names).tolist()
    ranges = {name: np.sort(chance.choice(edges, 2)).tolist() for name in names}
    if "all" in ranges and chance.random() < 0.7:
        ranges["all"] = [0.0, 1e10]
    return Case(ground_truth, detections, {"area_ranges": ranges} if chance.random() < 0.85 else {})


def dense(chance: Generator) -> Case:
    """Up to 250 detections of a class in an image and 60 objects: the limits cut."""
    plan = Plan(
        images=int(chance.integers(1, 3)),
        categories=1,
        objects=int(chance.integers(20, 61)),
        detections=int(chance.choice([99, 100, 101, 150, 250])),
        crowds=float(chance.choice([0, 0.1])),
        boxes=lambda chance, count: grid_boxes(chance, count, 12),
        scores=scores_of_some_kind(chance),
    )
    options = (
        {} if chance.random() < 0.6 else {"max_detections": [[1, 10, 100], [5, 50, 100], [1, 2, 3]][chance.integers(3)]}
    )
    return Case(*make_scene(chance, plan), options)


def floats(chance: Generator) -> Case:
    """Decimals, values of float32, huge and tiny coordinates, scores a hair apart."""
    kind = chance.integers(0, 6)
    scale = float(chance.choice([1e-9, 1e-3, 1, 640, 640, 1e6, 1e12]))

    def boxes(chance: Generator, count: int) -> Boxes:
        drawn = np.column_stack([chance.random((count, 2)), chance.random((count, 2)) * 0.5 + CLOSE_TO_ZERO]) * scale
        return rounded(drawn, int(kind))

    def nudge(chance: Generator, boxes: Boxes) -> Boxes:
        moved = boxes + chance.normal(0, 0.05, boxes.shape) * boxes[:, [2, 3, 2, 3]] * (
            chance.random(boxes.shape) < 0.5
        )
        moved[:, 2:] = np.abs(moved[:, 2:])
        return rounded(moved, int(kind))

    plan = small_plan(chance, boxes=boxes, nudge=nudge, scores=scores_of_some_kind(chance))
    return Case(*make_scene(chance, plan), as_array=bool(chance.random() < 0.3))


def sparse(chance: Generator) -> Case:
    """Many images and classes, hardly any records."""
    plan = Plan(
        images=int(chance.integers(10, 50)),
        categories=int(chance.integers(5, 25)),
        objects=int(chance.integers(0, 20)),
        detections=int(chance.integers(0, 30)),
        near=0.6,
    )
    return Case(*make_scene(chance, plan))


def subsets(chance: Generator) -> Case:
    """Some images and categories, in any order, some of them listed more than once, sometimes none."""
    plan = Plan(int(chance.integers(1, 7)), int(chance.integers(1, 5)), int(chance.integers(1, 25)), 40)
    ground_truth, detections = make_scene(chance, plan)
    options: Record = {}
    for name, part in (("image_ids", "images"), ("category_ids", "categories")):
        if chance.random() < 0.75:
            ids = [record["id"] for record in ground_truth[part]]
            options[name] = [ids[place] for place in chance.integers(0, len(ids), chance.integers(0, 2 * len(ids)))]
    only_drop_in = bool(options) and chance.random() < 0.1
    if only_drop_in:
        options[str(chance.choice(list(options)))].append(987)
    return Case(ground_truth, detections, options, only_drop_in=only_drop_in)


def class_agnostic(chance: Generator) -> Case:
    """Without classes, with and without a selection, whose order decides between equals."""
    plan = small_plan(
        chance, categories=int(chance.integers(1, 6)), scores=lambda chance, count: chance.integers(0, 4, count) / 4
    )
    ground_truth, detections = make_scene(chance, plan)
    options: Record = {"class_agnostic": True}
    ids = [record["id"] for record in ground_truth["categories"]]
    if chance.random() < 0.5:
        options["category_ids"] = chance.permutation(ids)[: chance.integers(0, len(ids) + 1)].tolist()
    if chance.random() < 0.2:
        options["image_ids"] = [record["id"] for record in ground_truth["images"]][::-2]
    repeats = "category_ids" in options and chance.random() < 0.2
    if repeats:
        # pycocotools then counts every annotation and detection of the class twice; evaluate does not.
        options["category_ids"] += options["category_ids"][:1]
    return Case(ground_truth, detections, options, only_drop_in=bool(repeats))


def segm(chance: Generator) -> Case:
    """Polygons in one and several parts, run lengths as text and as list; detections with masks only, or boxes too."""
    ground_truth, detections = make_scene(
        chance, small_plan(chance, crowds=0.2, detections=int(chance.integers(0, 20)))
    )
    give_masks(chance, ground_truth, detections)
    options: Record = {"iou_type": "segm" if chance.random() < 0.85 else "bbox"}
    if chance.random() < 0.15:
        options["iou_thresholds"] = [0.5, 0.0, 1.0, 1 / 3]
    if chance.random() < 0.15:
        options["class_agnostic"] = True
    return Case(ground_truth, detections, options)


def ids(chance: Generator) -> Case:
    """0, negative ids, ids beyond 2**31 and 2**53, of everything; text as ids for the drop-in only."""
    pools = {
        "small": lambda count: chance.permutation(np.arange(-3, count + 3))[:count],
        "from zero": np.arange,
        "32 bit": lambda count: 2**31 - 2 + chance.permutation(count),
        "53 bit": lambda count: 2**53 - 2 + chance.permutation(count),
        "62 bit": lambda count: chance.choice([-1, 1], count) * (2**62 - chance.permutation(4 * count)[:count]),
    }
    ground_truth, detections = make_scene(chance, small_plan(chance))
    as_text = chance.random() < 0.15
    new: dict[str, dict[int, Any]] = {}
    for part in ("images", "categories", "annotations"):
        count = len(ground_truth[part])
        values = pools[str(chance.choice(list(pools)))](count).tolist()
        if as_text and part != "annotations":
            values = [f"{part[0]}{value}" for value in values]
        new[part] = dict(zip([record["id"] for record in ground_truth[part]], values, strict=True))
        for record, value in zip(ground_truth[part], values, strict=True):
            record["id"] = value
    for record in [*ground_truth["annotations"], *detections]:
        record["image_id"] = new["images"][record["image_id"]]
        record["category_id"] = new["categories"][record["category_id"]]
    return Case(ground_truth, detections, only_drop_in=bool(as_text))


def duplicates(chance: Generator) -> Case:
    """Annotation ids that occur several times, in one image and in several; detections repeated."""
    ground_truth, detections = make_scene(chance, small_plan(chance, objects=int(chance.integers(2, 14))))
    lowest = int(chance.choice([0, 1, 1]))
    for annotation in ground_truth["annotations"]:
        if chance.random() < 0.5:
            annotation["id"] = int(chance.integers(lowest, 6))
    detections += [dict(detections[place]) for place in chance.integers(0, len(detections), 4)] if detections else []
    options: Record = {}
    if chance.random() < 0.3:
        options["image_ids"] = [record["id"] for record in ground_truth["images"]][chance.integers(0, 2) :]
    if chance.random() < 0.2:
        options["class_agnostic"] = True
    return Case(ground_truth, detections, options)


def degenerate(chance: Generator) -> Case:
    """Sizes of zero and below, NaN, nothing at all, only crowds, limits of any number and without 100."""
    plan = small_plan(chance, images=int(chance.integers(1, 4)), crowds=float(chance.choice([0.1, 0.1, 1.0])))
    if chance.random() < 0.3:
        plan = Plan(plan.images, plan.categories, int(chance.choice([0, 4])), int(chance.choice([0, 6])), plan.crowds)
    ground_truth, detections = make_scene(chance, plan)
    for record in [*ground_truth["annotations"], *detections]:
        if chance.random() < 0.25:
            record["bbox"][chance.integers(2, 4)] = float(chance.choice([0.0, -0.0, -2.0, 1e-200, 1e-160, 1e100]))
            if "area" in record:
                record["area"] = float(chance.choice([0.0, -1.0, 4.0, 1e10, 1e11]))
    options: Record = {}
    if chance.random() < 0.5:
        limits = [
            [1],
            [100],
            [2, 5],
            [1, 2, 3],
            [3, 2, 1],
            [1, 100, 300],
            [1, 2, 3, 100],
            [100, 10, 1],
            [1, 10, 100, 1000],
        ]
        options["max_detections"] = limits[chance.integers(0, len(limits))]
    draw = chance.random()
    if draw < 0.3:
        _make_odd(chance, ground_truth, detections)
    if draw < 0.1:
        _make_worse(chance, ground_truth, options)
    return Case(ground_truth, detections, options, is_odd=bool(draw < 0.3), only_drop_in=bool(draw < 0.1))


PROFILES: Mapping[str, Callable[[Generator], Case]] = {
    profile.__name__: profile
    for profile in (
        ties,
        grid,
        thresholds,
        crowds,
        areas,
        dense,
        floats,
        sparse,
        subsets,
        class_agnostic,
        segm,
        ids,
        duplicates,
        degenerate,
    )
}


def make_case(profile: str, seed: int, number: int) -> Case:
    """The same case for the same profile, seed and number."""
    return PROFILES[profile](np.random.default_rng([list(PROFILES).index(profile), seed, number]))


def _make_odd(chance: Generator, ground_truth: Record, detections: list[Record]) -> None:
    """NaN and infinite boxes, scores and areas, unknown categories."""
    odd = [float("nan"), float("nan"), float("inf"), float("-inf")]
    for record in [*ground_truth["annotations"], *detections]:
        kind = chance.integers(0, 9)
        if kind == 0:
            record["bbox"][chance.integers(0, 4)] = odd[chance.integers(0, 4)]
        elif kind == 1:
            record["score" if "score" in record else "area"] = odd[chance.integers(0, 4)]
        elif kind == 2:
            record["category_id"] = 77


def _make_worse(chance: Generator, ground_truth: Record, options: Record) -> None:
    """Unknown images, limits of 0 and repeated ones."""
    for record in ground_truth["annotations"][: chance.integers(0, 3)]:
        record["image_id"] = 77
    if chance.random() < 0.5:
        options["max_detections"] = [[0, 1, 100], [1, 100, 100], [0, 0, 0]][chance.integers(0, 3)]
