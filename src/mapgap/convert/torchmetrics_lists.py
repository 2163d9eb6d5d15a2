"""What `torchmetrics.detection.MeanAveragePrecision` takes: lists of dicts of tensors, one an image.

Keys as its documentation has them (lightning.ai/docs/torchmetrics/stable/detection/mean_average_precision.html).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mapgap.convert.arrays import XYXY, boxes_of, numbers_of, run_lengths, whole_numbers_of
from mapgap.convert.coco_records import Record
from mapgap.convert.object_records import AboutImages, Things, both_records
from mapgap.errors import InputError

Entry = Mapping[str, Any]


def from_torchmetrics(
    preds: Sequence[Entry],
    target: Sequence[Entry],
    *,
    box_format: str = XYXY,
    class_names: Mapping[int, str] | Sequence[str] | None = None,
    file_names: Sequence[str] | None = None,
    sizes: Sequence[tuple[int, int]] | None = None,
) -> tuple[Record, list[Record]]:
    """(ground truth, detections) as `mapgap.evaluate` takes them, from the arguments of `MeanAveragePrecision.update`.

    Each dict of `preds` has `boxes`, `scores` and `labels`, each of `target` `boxes` and `labels`, and may have
    `iscrowd` and `area`, where an area of 0 stands for that of the box or mask; both may have `masks`. Tensors,
    arrays and lists will do. Boxes are `xyxy`, `xywh` or `cxcywh`. Image i of the lists gets the id i + 1, a category
    the id of its label. `sizes` are (width, height). InputError names the list, the image and the key.
    """
    objects = [_objects(entry, f"target[{place}]", box_format) for place, entry in enumerate(target)]
    detections = [_detections(entry, f"preds[{place}]", box_format) for place, entry in enumerate(preds)]
    return both_records(objects, detections, class_names, AboutImages(file_names, sizes))


def _objects(entry: Entry, where: str, box_format: str) -> Things:
    boxes = boxes_of(_value(entry, "boxes", where), box_format, f"{where}['boxes']")
    number = len(boxes)
    areas = numbers_of(entry["area"], (number,), f"{where}['area']").tolist() if _has(entry, "area") else None
    return Things(
        boxes,
        whole_numbers_of(_value(entry, "labels", where), number, f"{where}['labels']"),
        masks=_masks(entry, number, where),
        areas=None if areas is None else [area if area > 0 else None for area in areas],
        crowds=whole_numbers_of(entry["iscrowd"], number, f"{where}['iscrowd']") if _has(entry, "iscrowd") else None,
    )


def _detections(entry: Entry, where: str, box_format: str) -> Things:
    boxes = boxes_of(_value(entry, "boxes", where), box_format, f"{where}['boxes']")
    number = len(boxes)
    return Things(
        boxes,
        whole_numbers_of(_value(entry, "labels", where), number, f"{where}['labels']"),
        numbers_of(_value(entry, "scores", where), (number,), f"{where}['scores']").tolist(),
        masks=_masks(entry, number, where),
    )


def _masks(entry: Entry, number: int, where: str) -> Sequence[Mapping[str, Any]] | None:
    return run_lengths(entry["masks"], number, f"{where}['masks']") if _has(entry, "masks") and number else None


def _has(entry: Entry, key: str) -> bool:
    return entry.get(key) is not None


def _value(entry: Entry, key: str, where: str) -> Any:
    if not isinstance(entry, Mapping) or entry.get(key) is None:
        what = f"there is no {key!r}" if isinstance(entry, Mapping) else f"a {type(entry).__name__}, not a dict"
        raise InputError(what, where=where, fix="Give boxes and labels, and scores of predictions, of every image")
    return entry[key]
