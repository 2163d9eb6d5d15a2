"""The same detector after one more round of training: better where it was weakest, worse where nobody looked."""

from typing import Any

from mapgap.demo.chance import between, happens, stream
from mapgap.demo.descriptions import CLASSES, PlantedChange, Scene, Thing
from mapgap.demo.detector import overlap

_LATER_STREAM = 4

FOUND_NOW = 0.6
"""Share of the small objects at night that were missed and are found."""
LOST_NOW = 0.4
"""Share of the found, partially covered bicycles and persons that are lost."""
_SMALL_AREA = 32 * 32
_SAME_BOX_IOU = 0.5
_LOST_CLASSES = ("bicycle", "person")

CHANGES = (
    PlantedChange("fixed", {"size": "small", "time_of_day": "night"}, "More small objects at night are found."),
    PlantedChange("broken", {"class": "bicycle", "occlusion": "partial"}, "Partially covered bicycles are lost."),
    PlantedChange("broken", {"class": "person", "occlusion": "partial"}, "Partially covered persons are lost."),
)


def detect_later(
    scenes: tuple[Scene, ...], occlusion: list[list[str]], detections: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Detections of the later detector, images and scores in order as in `detections`, from which they are made."""
    by_image: dict[int, list[dict[str, Any]]] = {scene.number: [] for scene in scenes}
    for detection in detections:
        by_image[detection["image_id"]].append(detection)
    later: list[dict[str, Any]] = []
    for scene, values in zip(scenes, occlusion, strict=True):
        later += _of_a_scene(scene, values, by_image[scene.number])
    return later


def _of_a_scene(scene: Scene, occlusion: list[str], detections: list[dict[str, Any]]) -> list[dict[str, Any]]:
    chance = stream(scene.seed, scene.number, _LATER_STREAM)
    kept = list(detections)
    for thing, covered in zip(scene.things, occlusion, strict=True):
        if thing.kind not in CLASSES:
            continue
        # Drawn for every thing, so that one never depends on another.
        is_found, is_lost, score = happens(chance, FOUND_NOW), happens(chance, LOST_NOW), between(chance, 0.55, 0.95)
        of_thing = [one for one in kept if _is_of(one, thing)]
        is_small = thing.box[2] * thing.box[3] < _SMALL_AREA
        if is_small and scene.time_of_day == "night" and not of_thing and is_found:
            kept.append(_exact(scene, thing, score))
        if covered == "partial" and thing.kind in _LOST_CLASSES and is_lost:
            kept = [one for one in kept if one not in of_thing]
    return sorted(kept, key=lambda detection: -float(detection["score"]))


def _exact(scene: Scene, thing: Thing, score: float) -> dict[str, Any]:
    box = [float(side) for side in thing.box]
    category = CLASSES.index(thing.kind) + 1
    return {"image_id": scene.number, "category_id": category, "bbox": box, "score": round(score, 4)}


def _is_of(detection: dict[str, Any], thing: Thing) -> bool:
    """Whether it is a good box of the thing, in its class."""
    if detection["category_id"] != CLASSES.index(thing.kind) + 1:
        return False
    x, y, width, height = detection["bbox"]
    _, _, wide, high = thing.box
    shared = overlap((x, y, width, height), thing.box)
    return bool(shared >= _SAME_BOX_IOU * (width * height + wide * high - shared))
