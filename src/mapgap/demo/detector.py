"""A simulated detector with ordinary errors of every kind everywhere, and planted weaknesses in known places."""

from math import sqrt
from typing import Any

import numpy as np

from mapgap.demo.backdrops import HEIGHT, WIDTH
from mapgap.demo.chance import bell, between, happens, pick, stream, whole
from mapgap.demo.descriptions import CLASSES, Scene, Thing, Weakness
from mapgap.demo.scenes import ASPECTS, CLASS_WEIGHTS, SIDES

_DETECTOR_STREAM = 1

# The ordinary error rates, a share of the objects each; background and clutter a mean number an image.
MISSED = 0.04
LOOSE = 0.02
CONFUSED = 0.04
LOOSE_AND_CONFUSED = 0.02
DUPLICATED = 0.025
BACKGROUND = 0.08
CLUTTER = 2.5
ALARM_SIDE_WEIGHTS = (12, 32, 56)
"""Of small, medium and large false alarms that are tried; fewer of the large ones find an empty place."""
FAINT = 0.07
"""Share of the found objects whose score is as low as that of clutter, too low for any sensible threshold."""

# The planted rates, instead of the ordinary ones.
MISSED_SMALL_AT_NIGHT = 0.65
LOOSE_HEAVILY_COVERED = 0.62
VAN_TAKEN_FOR_CAR = 0.38
DUPLICATED_LARGE = 0.33
BACKGROUND_IN_HARBOUR = 1.4

LOOSE_SHARE = (0.2, 0.45)
"""A loose box lies inside the object's box and fills this share of it, which is its IoU."""
BOX_SPREAD = 0.014
PIXEL_SPREAD = 0.2
DUPLICATE_SPREAD = 0.012
"""Standard deviation of place and size: a share of the object's width and height, and for every box some pixels."""
_TRIES = 60

WEAKNESSES = (
    Weakness("missed", {"size": "small", "time_of_day": "night"}, "Small objects at night are not proposed at all."),
    Weakness("localization", {"occlusion": "heavy"}, "Heavily covered objects get a box around a part of them only."),
    Weakness("classification", {"class": "van"}, "Vans are taken for cars."),
    Weakness("duplicate", {"size": "large"}, "Large objects are reported twice."),
    Weakness("background", {"scene": "harbour"}, "In the harbour the detector sees objects where there are none."),
)

_SMALL_AREA = 32 * 32
_LARGE_AREA = 96 * 96

Box = tuple[float, float, float, float]


def detect(scene: Scene, occlusion: list[str]) -> list[dict[str, Any]]:
    """Detections of one picture in COCO's results layout, best score first; `occlusion` is one value a thing."""
    chance = stream(scene.seed, scene.number, _DETECTOR_STREAM)
    found: list[dict[str, Any]] = []
    for thing, covered in zip(scene.things, occlusion, strict=True):
        if thing.kind == "people":
            found += _in_a_dense_group(chance, scene, thing)
        elif thing.is_annotated:
            found += _of_a_thing(chance, scene, thing, covered)
    found += _alarms(chance, scene)
    return sorted(found, key=lambda detection: -float(detection["score"]))


def _of_a_thing(chance: np.random.Generator, scene: Scene, thing: Thing, covered: str) -> list[dict[str, Any]]:
    _, _, width, height = thing.box
    area = width * height
    is_missable = area < _SMALL_AREA and scene.time_of_day == "night"
    if happens(chance, MISSED_SMALL_AT_NIGHT if is_missable else MISSED):
        return []
    if happens(chance, LOOSE_HEAVILY_COVERED if covered == "heavy" else LOOSE):
        return [_detection(scene, thing.kind, _loose(chance, thing), _error_score(chance))]
    if happens(chance, LOOSE_AND_CONFUSED):
        return [_detection(scene, _other_class(chance, thing.kind), _loose(chance, thing), _error_score(chance))]
    box = _jittered(chance, thing.box, BOX_SPREAD)
    if happens(chance, VAN_TAKEN_FOR_CAR if thing.kind == "van" else CONFUSED):
        mistaken = "car" if thing.kind == "van" else _other_class(chance, thing.kind)
        return [_detection(scene, mistaken, box, _error_score(chance))]
    score = _score(chance)
    first = _detection(scene, thing.kind, box, score)
    if not happens(chance, DUPLICATED_LARGE if area >= _LARGE_AREA else DUPLICATED):
        return [first]
    second = _jittered(chance, box, DUPLICATE_SPREAD)
    return [first, _detection(scene, thing.kind, second, score * between(chance, 0.8, 0.97))]


def _in_a_dense_group(chance: np.random.Generator, scene: Scene, group: Thing) -> list[dict[str, Any]]:
    """A few people found inside a dense group, which the crowd annotation absorbs."""
    x, y, width, height = group.box
    tall = height * 0.8
    boxes: list[Box] = [
        (between(chance, x, x + width - tall * 0.4), y + height * 0.1, tall * 0.4, tall)
        for _ in range(whole(chance, 2, 5))
    ]
    return [_detection(scene, "person", box, _score(chance)) for box in boxes]


def _alarms(chance: np.random.Generator, scene: Scene) -> list[dict[str, Any]]:
    """Detections of nothing: boxes on the backdrop that hardly touch any object, some scored high, the clutter low."""
    strong = _number(chance, BACKGROUND_IN_HARBOUR if scene.place == "harbour" else BACKGROUND)
    scores = [_error_score(chance) for _ in range(strong)]
    scores += [_faint_score(chance) for _ in range(_number(chance, CLUTTER))]
    kinds = [pick(chance, CLASSES, CLASS_WEIGHTS) for _ in scores]
    boxes = [_empty_place(chance, scene, kind) for kind in kinds]
    rows = zip(kinds, boxes, scores, strict=True)
    return [_detection(scene, kind, box, score) for kind, box, score in rows if box is not None]


def _number(chance: np.random.Generator, mean: float) -> int:
    """One of the two whole numbers next to the mean, so that it is the mean in the long run."""
    return int(mean) + happens(chance, mean - int(mean))


def _empty_place(chance: np.random.Generator, scene: Scene, kind: str) -> Box | None:
    taken = [thing.box for thing in scene.things if thing.is_annotated]
    for _ in range(_TRIES):
        side = between(chance, *pick(chance, SIDES, ALARM_SIDE_WEIGHTS))
        aspect = sqrt(between(chance, *pick(chance, ASPECTS[kind])))
        width, height = side * aspect, side / aspect
        left = min(max(between(chance, -12.0, WIDTH - width + 12.0), 0.0), WIDTH - width)
        top = between(chance, 30.0, HEIGHT - height) if height < HEIGHT - 30 else HEIGHT - height
        box = (left, top, width, height)
        if all(overlap(box, other) < 0.08 * width * height for other in taken):
            return box
    return None


def overlap(box: Box, other: tuple[int, int, int, int]) -> float:
    """Area that two boxes share, in square pixels."""
    across = min(box[0] + box[2], other[0] + other[2]) - max(box[0], other[0])
    down = min(box[1] + box[3], other[1] + other[3]) - max(box[1], other[1])
    return max(across, 0.0) * max(down, 0.0)


def _loose(chance: np.random.Generator, thing: Thing) -> Box:
    """A part of the object's box, at one of its corners."""
    x, y, width, height = thing.box
    share = between(chance, *LOOSE_SHARE)
    across = between(chance, share, 1.0)
    part_width, part_height = width * across, height * share / across
    left = x + (width - part_width) * whole(chance, 0, 1)
    top = y + (height - part_height) * whole(chance, 0, 1)
    return left, top, part_width, part_height


def _jittered(chance: np.random.Generator, box: tuple[float, float, float, float], spread: float) -> Box:
    x, y, width, height = box
    across, down = spread * width + PIXEL_SPREAD, spread * height + PIXEL_SPREAD
    new_width, new_height = width + across * bell(chance), height + down * bell(chance)
    middle_x, middle_y = x + width / 2 + across * bell(chance), y + height / 2 + down * bell(chance)
    return middle_x - new_width / 2, middle_y - new_height / 2, new_width, new_height


def _other_class(chance: np.random.Generator, kind: str) -> str:
    return pick(chance, [name for name in CLASSES if name != kind])


def _score(chance: np.random.Generator) -> float:
    """Of a good detection: mostly high, now and then too low to be used."""
    if happens(chance, FAINT):
        return _faint_score(chance)
    drawn = float(chance.random())
    return 0.99 - 0.6 * drawn * drawn


def _faint_score(chance: np.random.Generator) -> float:
    return between(chance, 0.02, 0.22)


def _error_score(chance: np.random.Generator) -> float:
    """Of an erroneous detection: middling, overlapping with the good ones."""
    return between(chance, 0.3, 0.9)


def _detection(scene: Scene, kind: str, box: Box, score: float) -> dict[str, Any]:
    left, top = max(box[0], 0.0), max(box[1], 0.0)
    right, bottom = min(box[0] + box[2], float(WIDTH)), min(box[1] + box[3], float(HEIGHT))
    return {
        "image_id": scene.number,
        "category_id": CLASSES.index(kind) + 1,
        "bbox": [round(left, 2), round(top, 2), round(right - left, 2), round(bottom - top, 2)],
        "score": round(score, 4),
    }
