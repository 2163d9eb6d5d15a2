"""Ground truth in COCO layout from scenes: boxes, occlusion from visible pixels, and a few labels wrong on purpose."""

from typing import Any

from mapgap.demo.backdrops import HEIGHT, WIDTH
from mapgap.demo.chance import happens, pick, stream
from mapgap.demo.descriptions import CLASSES, Scene, Thing, WrongLabel
from mapgap.demo.drawing import visible_shares

WRONG_LABELS = 0.02
"""Share of the objects whose class in the file is not the one in the picture."""

_LABEL_STREAM = 3


def annotate(scenes: tuple[Scene, ...]) -> tuple[dict[str, Any], tuple[WrongLabel, ...], list[list[str]]]:
    """COCO ground truth, the wrong labels in it, and for each scene the occlusion of each of its things.

    Boxes are full extents in whole pixels, covered parts included; `area` is width x height of the box.
    """
    annotations: list[dict[str, Any]] = []
    wrong_labels: list[WrongLabel] = []
    occlusion = [[_occlusion(share) for share in visible_shares(scene.things)] for scene in scenes]
    for scene, values in zip(scenes, occlusion, strict=True):
        chance = stream(scene.seed, scene.number, _LABEL_STREAM)
        for thing, value in zip(scene.things, values, strict=True):
            if not thing.is_annotated:
                continue
            is_wrong = happens(chance, WRONG_LABELS) and thing.kind != "people"
            drawn = "person" if thing.kind == "people" else thing.kind
            labelled = pick(chance, [name for name in CLASSES if name != drawn]) if is_wrong else drawn
            annotations.append(_annotation(len(annotations) + 1, scene, thing, labelled, value))
            if is_wrong:
                wrong_labels.append(WrongLabel(len(annotations), labelled, drawn))
    ground_truth = {
        "info": {"description": "mapgap demo: drawn pictures with planted weaknesses of a simulated detector"},
        "images": [_image(scene) for scene in scenes],
        "annotations": annotations,
        "categories": [{"id": place, "name": name} for place, name in enumerate(CLASSES, start=1)],
    }
    return ground_truth, tuple(wrong_labels), occlusion


def _occlusion(visible_share: float) -> str:
    if visible_share >= 0.9:
        return "none"
    return "partial" if visible_share >= 0.5 else "heavy"


def _image(scene: Scene) -> dict[str, Any]:
    return {
        "id": scene.number,
        "file_name": scene.file_name,
        "width": WIDTH,
        "height": HEIGHT,
        "time_of_day": scene.time_of_day,
        "scene": scene.place,
    }


def _annotation(annotation_id: int, scene: Scene, thing: Thing, labelled: str, occlusion: str) -> dict[str, Any]:
    return {
        "id": annotation_id,
        "image_id": scene.number,
        "category_id": CLASSES.index(labelled) + 1,
        "bbox": list(thing.box),
        "area": thing.box[2] * thing.box[3],
        "iscrowd": int(thing.kind == "people"),
        "attributes": {"occlusion": occlusion},
    }
