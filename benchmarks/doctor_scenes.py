"""Simulated ground truths and detectors, honest and weak in many ways, and the same written in wrong ways.

Written without mapgap's own readings, so that the diagnosis is judged by formulas of another hand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mapgap.readings.raw import RawDetections
from mapgap.tables import Categories, GroundTruth, Images

Floats = NDArray[np.float64]

# The 80 classes of COCO's instances files have these ids (cocodataset.org, annotations of 2017).
COCO_IDS = [i for i in range(1, 91) if i not in {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}]
SIZES = {"small": (0.01, 0.04), "mixed": (0.03, 0.5), "large": (0.4, 0.9)}
"""Sides of objects, as shares of the image's shorter side."""


@dataclass(frozen=True)
class World:
    """What is drawn."""

    images: int = 60
    objects: tuple[int, int] = (1, 8)
    """In an image, from and to."""
    classes: int = 5
    sizes: str = "mixed"
    alike: bool = False
    """All images have one size."""
    centered: bool = False
    """Objects lie in the middle."""
    one_class_rules: bool = False
    """Nine of ten objects are of one class."""
    coco: bool = False
    """COCO's 80 classes with its ids."""


@dataclass(frozen=True)
class Detector:
    """How it fails, honestly."""

    recall: float = 0.6
    false_alarms: float = 2.0
    """In an image, mean."""
    looseness: float = 0.05
    """Deviation of each edge, as a share of the side."""
    shift: float = 0.0
    """Of every box to the right and down, as a share of its sides."""
    growth: float = 1.0
    """Of every box about its middle."""
    confusion: float = 0.1
    """Share of detections with a class drawn at random."""
    one_class: bool = False
    """It names every object by the second class."""
    scores: str = "informative"
    """Or `meaningless`, or `equal`."""


@dataclass(frozen=True)
class Scene:
    """A ground truth and its detections."""

    ground_truth: GroundTruth
    raw: RawDetections


def draw_scene(world: World, detector: Detector, seed: int) -> Scene:
    """The same for the same seed."""
    random = np.random.default_rng(seed)
    truth = _draw_truth(world, random)
    return Scene(truth, _draw_detections(world, detector, truth, random))


def _draw_truth(world: World, random: np.random.Generator) -> GroundTruth:
    count = world.images
    gaps = random.integers(1, 60, count)
    ids = np.cumsum(gaps) if random.random() < 0.5 else np.arange(count) + int(random.integers(0, 2))
    width, height = random.integers(300, 1400, (2, count)).astype(float)
    if world.alike:
        width[:], height[:] = width[0], height[0]
    categories = np.array(COCO_IDS if world.coco else np.arange(1, world.classes + 1), dtype=np.int64)
    lengths = random.integers(world.objects[0], world.objects[1] + 1, count)
    image = np.repeat(np.arange(count), lengths).astype(np.int32)
    number = len(image)
    category = random.integers(0, len(categories), number).astype(np.int32)
    if world.one_class_rules:
        category[random.random(number) < 0.9] = 0
    box = _draw_boxes(world, width[image], height[image], random)
    numbers = np.arange(number, dtype=np.int64)
    return GroundTruth(
        name="gt.json",
        sha256=None,
        images=Images(
            ids=ids.astype(np.int64),
            file_position=random.permutation(count).astype(np.int64),
            width=width,
            height=height,
            file_names=tuple(f"pictures/{one:012d}.jpg" for one in (ids * 7 + 1_000).tolist()),
            dates_captured=(None,) * count,
            attributes={},
        ),
        categories=Categories(categories, tuple(f"thing {one}" for one in categories.tolist())),
        record=numbers,
        ids=numbers + 1,
        image=image,
        category=category,
        box=box,
        area=box[:, 2] * box[:, 3],
        crowd=np.zeros(number, dtype=bool),
        attributes={},
        fields={},
    )


def _draw_boxes(world: World, width: Floats, height: Floats, random: np.random.Generator) -> Floats:
    low, high = SIZES[world.sizes]
    count = len(width)
    side = np.minimum(width, height) * np.exp(random.uniform(np.log(low), np.log(high), count))
    aspect = np.exp(random.normal(0, 0.4, count))
    w, h = np.minimum(side * np.sqrt(aspect), width * 0.98), np.minimum(side / np.sqrt(aspect), height * 0.98)
    across, down = random.uniform(0, 1, (2, count))
    if world.centered:
        across, down = 0.5 + (across - 0.5) * 0.1, 0.5 + (down - 0.5) * 0.1
    return np.column_stack([across * (width - w), down * (height - h), w, h])


def _draw_detections(
    world: World, detector: Detector, truth: GroundTruth, random: np.random.Generator
) -> RawDetections:
    classes = len(truth.categories.ids)
    hit = np.flatnonzero(random.random(len(truth.ids)) < detector.recall)
    count = random.poisson(detector.false_alarms, world.images)
    false_image = np.repeat(np.arange(world.images), count)
    images = truth.images
    false_box = _draw_boxes(world, images.width[false_image], images.height[false_image], random)
    box = np.vstack([_placed(truth.box[hit], detector, random), false_box])
    image = np.concatenate([truth.image[hit], false_image])
    category = np.concatenate([truth.category[hit], random.integers(0, classes, len(false_image))])
    is_confused = random.random(len(category)) < detector.confusion
    category = np.where(is_confused, random.integers(0, classes, len(category)), category)
    if detector.one_class:
        category[:] = min(1, classes - 1)
    score = random.beta(2, 2, len(category))
    if detector.scores == "informative":
        score = np.where(
            np.arange(len(category)) < len(hit), random.beta(4, 2, len(score)), random.beta(2, 4, len(score))
        )
    if detector.scores == "equal":
        score[:] = 0.5
    order = random.permutation(len(category))
    return RawDetections(
        "dt.json",
        as_objects(images.ids[image[order]].tolist()),
        as_objects(truth.categories.ids[category[order]].tolist()),
        box[order],
        score[order],
    )


def _placed(box: Floats, detector: Detector, random: np.random.Generator) -> Floats:
    corners = np.hstack([box[:, :2], box[:, :2] + box[:, 2:]])
    middle, half = (corners[:, :2] + corners[:, 2:]) / 2, box[:, 2:] / 2 * detector.growth
    edges = np.hstack([middle - half, middle + half]) + detector.shift * np.tile(box[:, 2:], 2)
    edges = edges + random.normal(0, detector.looseness, box.shape) * np.tile(box[:, 2:], 2)
    return np.hstack([edges[:, :2], np.maximum(edges[:, 2:] - edges[:, :2], 1.0)])


def as_objects(values: Sequence[int | str]) -> NDArray[np.object_]:
    """(N,) array of them as they are."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


Misread = Callable[[Scene], Scene]


@dataclass(frozen=True)
class Mistake:
    """A wrong way of writing a scene, and the codes of the findings that name it."""

    name: str
    write: Misread
    codes: frozenset[str]
    world: World | None = None
    """Where it can happen only in some."""


def _boxes(change: Callable[[Floats, Floats, Floats], Floats]) -> Misread:
    def write(scene: Scene) -> Scene:
        images = scene.ground_truth.images
        row = np.searchsorted(images.ids, scene.raw.image_id.astype(np.int64))
        box = change(scene.raw.box, images.width[row], images.height[row])
        return replace(scene, raw=replace(scene.raw, box=box))

    return write


def _corners(box: Floats) -> Floats:
    return np.hstack([box[:, :2], box[:, :2] + box[:, 2:]])


def _center(box: Floats) -> Floats:
    return np.hstack([box[:, :2] + box[:, 2:] / 2, box[:, 2:]])


def _unit(box: Floats, width: Floats, height: Floats) -> Floats:
    return box / np.column_stack([width, height, width, height])


def _letterboxed(box: Floats, width: Floats, height: Floats, across: float, down: float, *, middle: bool) -> Floats:
    scale = np.minimum(across / width, down / height)
    left, top = ((across - width * scale) / 2, (down - height * scale) / 2) if middle else (0 * scale, 0 * scale)
    return box * scale[:, np.newaxis] + np.column_stack([left, top, 0 * left, 0 * top])


def _shorter(box: Floats, width: Floats, height: Floats) -> Floats:
    scale = np.minimum(800 / np.minimum(width, height), 1333 / np.maximum(width, height))
    return box * scale[:, np.newaxis]


def _images(change: Callable[[Scene, int], int | str]) -> Misread:
    def write(scene: Scene) -> Scene:
        return replace(
            scene, raw=replace(scene.raw, image_id=as_objects([change(scene, one) for one in scene.raw.image_id]))
        )

    return write


def _categories(change: Callable[[Scene, int], int | str]) -> Misread:
    def write(scene: Scene) -> Scene:
        ids = as_objects([change(scene, one) for one in scene.raw.category_id])
        return replace(scene, raw=replace(scene.raw, category_id=ids))

    return write


def _position(scene: Scene, image_id: int) -> int:
    images = scene.ground_truth.images
    return int(images.file_position[np.searchsorted(images.ids, image_id)])


def _file_name(scene: Scene, image_id: int) -> str:
    images = scene.ground_truth.images
    return str(images.file_names[int(np.searchsorted(images.ids, image_id))])


def _reversed(scene: Scene) -> Scene:
    return replace(scene, raw=replace(scene.raw, score=1 - scene.raw.score))


def _truth_as_corners(scene: Scene) -> Scene:
    truth = scene.ground_truth
    box = _corners(truth.box)
    return replace(scene, ground_truth=replace(truth, box=box, area=box[:, 2] * box[:, 3]))


def _both(first: Misread, second: Misread) -> Misread:
    return lambda scene: second(first(scene))


_FORMAT, _SCALE, _IMAGES, _CLASSES = (
    frozenset([f"other_{kind}"]) for kind in ("box_format", "box_scale", "image_ids", "category_ids")
)
_xyxy = _boxes(lambda box, w, h: _corners(box))
_yolo = _boxes(lambda box, w, h: _unit(_center(box), w, h))
_next_image = _images(lambda scene, one: one + 1)
_next_class = _categories(lambda scene, one: one - 1)
_from_0 = _categories(lambda scene, one: COCO_IDS.index(one))
_coco = World(coco=True)

MISTAKES = (
    Mistake("xyxy", _xyxy, _FORMAT),
    Mistake("cxcywh", _boxes(lambda box, w, h: _center(box)), _FORMAT),
    Mistake("yxyx", _boxes(lambda box, w, h: _corners(box)[:, [1, 0, 3, 2]]), _FORMAT),
    Mistake("yxhw", _boxes(lambda box, w, h: box[:, [1, 0, 3, 2]]), _FORMAT),
    Mistake("xyxy-normalized", _boxes(lambda box, w, h: _unit(_corners(box), w, h)), _SCALE),
    Mistake("xywh-normalized", _boxes(_unit), _SCALE),
    Mistake("cxcywh-normalized", _yolo, _SCALE),
    Mistake("xyxy-resized:640", _boxes(lambda box, w, h: 640 * _unit(_corners(box), w, h)), _SCALE),
    Mistake("yxyx-resized:1000", _boxes(lambda box, w, h: 1000 * _unit(_corners(box), w, h)[:, [1, 0, 3, 2]]), _SCALE),
    Mistake("xywh-letterboxed:640", _boxes(lambda box, w, h: _letterboxed(box, w, h, 640, 640, middle=True)), _SCALE),
    Mistake(
        "xyxy-letterboxed:640x384",
        _boxes(lambda box, w, h: _corners(_letterboxed(box, w, h, 640, 384, middle=True))),
        _SCALE,
    ),
    Mistake(
        "cxcywh-letterboxed-corner:416",
        _boxes(lambda box, w, h: _center(_letterboxed(box, w, h, 416, 416, middle=False))),
        _SCALE,
    ),
    Mistake("xyxy-shorter:800:1333", _boxes(lambda box, w, h: _corners(_shorter(box, w, h))), _SCALE),
    Mistake("image ids + 1", _next_image, _IMAGES),
    Mistake("image ids by position", _images(_position), _IMAGES),
    Mistake("image file names", _images(_file_name), _IMAGES),
    Mistake("image stems", _images(lambda scene, one: int(_file_name(scene, one)[9:-4])), _IMAGES),
    Mistake("category ids - 1", _next_class, _CLASSES),
    Mistake("categories by name", _categories(lambda scene, one: f"Thing {one}"), _CLASSES),
    Mistake("COCO's classes from 0", _from_0, _CLASSES, _coco),
    Mistake("COCO's classes from 1", _categories(lambda scene, one: COCO_IDS.index(one) + 1), _CLASSES, _coco),
    Mistake(
        "stems and cxcywh-normalized",
        _both(_yolo, _images(lambda scene, one: _file_name(scene, one)[9:-4])),
        _IMAGES | _SCALE,
    ),
    Mistake("image ids + 1 and xyxy", _both(_xyxy, _next_image), _IMAGES | _FORMAT),
    Mistake("category ids - 1 and xyxy", _both(_xyxy, _next_class), _CLASSES | _FORMAT),
    Mistake(
        "COCO's classes from 0 and yxyx-normalized",
        _both(_boxes(lambda box, w, h: _unit(_corners(box), w, h)[:, [1, 0, 3, 2]]), _from_0),
        _CLASSES | _SCALE,
        _coco,
    ),
    Mistake("scores reversed", _reversed, frozenset(["scores_reversed"])),
    Mistake("ground truth xyxy", _truth_as_corners, frozenset(["ground_truth_boxes"])),
    Mistake(
        "ground truth and detections xyxy", _both(_truth_as_corners, _xyxy), frozenset(["ground_truth_boxes"]) | _FORMAT
    ),
)
