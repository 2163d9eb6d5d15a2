"""Turn detector results into annotations: the fields that pycocotools adds, in place."""

import copy
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from pycocotools import mask as masks

from mapgap.pycocotools.garbage import without_garbage_collection
from mapgap.pycocotools.messages import say, seconds_since
from mapgap.pycocotools.reading import read_json

Record = dict[str, Any]

ROWS_BETWEEN_LINES = 1_000_000


def prepare_results(truth: Any, source: Any, dataset: Record) -> None:
    """Fills `dataset` with the results of a file name, list or array, and the images and categories of `truth`.

    The first record decides what the results are: captions, boxes, masks or keypoints. AssertionError if they are no
    list or name an image `truth` does not have.
    Source: pycocotools 2.0.11, coco.py, loadRes.
    """
    dataset["info"] = copy.deepcopy(truth.dataset.get("info", {}))
    dataset["images"] = list(truth.dataset["images"])
    say("Loading and preparing results...")
    start = time.time()
    with without_garbage_collection():
        annotations = _load_and_complete(truth, source, dataset)
    say(f"DONE (t={seconds_since(start)}s)")
    dataset["annotations"] = annotations


def annotations_from_array(data: Any) -> list[Record]:
    """One dict a row of an (N, 7) array; coordinates and scores stay scalars of the array's type."""
    say("Converting ndarray to lists...")
    if type(data) is not np.ndarray:
        raise AssertionError
    say(data.shape)
    if data.shape[1] != 7:
        raise AssertionError
    for row in range(0, len(data), ROWS_BETWEEN_LINES):
        say(f"{row}/{len(data)}")
    columns = [list(column) for column in data.T]
    return [
        {"image_id": int(image), "bbox": [x, y, width, height], "score": score, "category_id": int(category)}
        for image, x, y, width, height, score, category in zip(*columns, strict=True)
    ]


def _load_and_complete(truth: Any, source: Any, dataset: Record) -> list[Record]:
    annotations = _load(truth, source)
    if type(annotations) is not list:
        raise AssertionError("results in not an array of objects")
    if not {annotation["image_id"] for annotation in annotations} <= set(truth.getImgIds()):
        raise AssertionError("Results do not correspond to current coco set")
    complete = _completion(annotations[0])
    if complete is _complete_captions:
        shown = {annotation["image_id"] for annotation in annotations}
        dataset["images"] = [image for image in dataset["images"] if image["id"] in shown]
    elif complete is not None:
        dataset["categories"] = copy.deepcopy(truth.dataset["categories"])
    if complete is not None:
        complete(annotations)
    return annotations


def _load(truth: Any, source: Any) -> Any:
    if type(source) is str:
        return read_json(source)
    return truth.loadNumpyAnnotations(source) if type(source) is np.ndarray else source


def _completion(first: Record) -> Callable[[list[Record]], None] | None:
    if "caption" in first:
        return _complete_captions
    if "bbox" in first and first["bbox"] != []:
        return _complete_boxes
    if "segmentation" in first:
        return _complete_masks
    return _complete_keypoints if "keypoints" in first else None


def _complete_captions(annotations: Iterable[Record]) -> None:
    for number, annotation in enumerate(annotations, start=1):
        annotation["id"] = number


def _complete_boxes(annotations: Iterable[Record]) -> None:
    for number, annotation in enumerate(annotations, start=1):
        box = annotation["bbox"]
        left, top, width, height = box[0], box[1], box[2], box[3]
        right, bottom = left + width, top + height
        if "segmentation" not in annotation:
            annotation["segmentation"] = [[left, top, left, bottom, right, bottom, right, top]]
        annotation["area"] = width * height
        annotation["id"] = number
        annotation["iscrowd"] = 0


def _complete_masks(annotations: Iterable[Record]) -> None:
    for number, annotation in enumerate(annotations, start=1):
        annotation["area"] = masks.area(annotation["segmentation"])
        if "bbox" not in annotation:
            annotation["bbox"] = masks.toBbox(annotation["segmentation"])
        annotation["id"] = number
        annotation["iscrowd"] = 0


def _complete_keypoints(annotations: Iterable[Record]) -> None:
    for number, annotation in enumerate(annotations, start=1):
        x, y = annotation["keypoints"][0::3], annotation["keypoints"][1::3]
        left, right, top, bottom = np.min(x), np.max(x), np.min(y), np.max(y)
        annotation["area"] = (right - left) * (bottom - top)
        annotation["id"] = number
        annotation["bbox"] = [left, top, right - left, bottom - top]
