"""Masks of every form for the cases of the fuzz profiles."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as masks

Generator = np.random.Generator
Record = dict[str, Any]

OBJECT_FORMS = ("polygon", "polygon", "parts", "triangle", "beyond", "text", "list", "holes", "no pixels")
CROWD_FORMS = ("list", "text", "holes", "polygon")
RUN_FORMS = ("text", "holes", "text", "no pixels")
DETECTION_FORMS = (*RUN_FORMS, "polygon", "parts", "list")


def give_masks(chance: Generator, ground_truth: Record, detections: list[Record]) -> None:
    """Masks about as large as the boxes.

    Without boxes pycocotools takes run lengths as text only. Half of the time all detections have boxes, else none has,
    or all but the first have: the first decides where their areas come from.
    """
    size = int(chance.choice([14, 20])), int(chance.choice([14, 33]))
    for image in ground_truth["images"]:
        image["height"], image["width"] = size
    for annotation in ground_truth["annotations"]:
        forms = CROWD_FORMS if annotation["iscrowd"] else OBJECT_FORMS
        annotation["segmentation"] = _mask(chance, annotation["bbox"], str(chance.choice(forms)), size)
    have_boxes = chance.choice(["all", "all", "none", "not the first"])
    for place, detection in enumerate(detections):
        forms = DETECTION_FORMS if have_boxes == "all" else RUN_FORMS
        detection["segmentation"] = _mask(chance, detection["bbox"], str(chance.choice(forms)), size)
        if have_boxes == "none" or (have_boxes == "not the first" and place == 0):
            del detection["bbox"]


def _mask(chance: Generator, box: Sequence[float], form: str, size: tuple[int, int]) -> Any:
    left, top, width, height = box
    right, bottom = left + width, top + height
    if form == "polygon":
        return [[left, top, right, top, right, bottom, left, bottom]]
    if form == "parts":
        middle = (left + right) / 2
        return [[left, top, middle, top, left, bottom], [middle, top, right, top, right, bottom, middle + 0.5, bottom]]
    if form == "triangle":
        return [(np.array([left, top, right, top, left, bottom]) + chance.normal(0, 0.7, 6)).tolist()]
    if form == "beyond":
        return [[left - 3, top - 2, right + 30, top, right + 30, bottom + 30, left, bottom]]
    pixels = np.zeros(size, dtype=np.uint8)
    if form != "no pixels":
        pixels[int(top) : int(bottom + 0.5), int(left) : int(right + 0.5)] = 1
    if form == "holes":
        pixels &= chance.random(size) < 0.7
    return _runs(pixels) if form == "list" else _text(pixels)


def _text(pixels: NDArray[np.uint8]) -> Record:
    encoded = masks.encode(np.asfortranarray(pixels))
    return {"size": list(encoded["size"]), "counts": encoded["counts"].decode()}


def _runs(pixels: NDArray[np.uint8]) -> Record:
    flat = pixels.ravel(order="F")
    edges = np.flatnonzero(np.diff(flat, prepend=0))
    return {"size": list(pixels.shape), "counts": np.diff(edges, prepend=0, append=len(flat)).tolist()}
