"""`supervision.Detections`, one an image, as predictions and as ground truth, known by their attributes.

Fields as its documentation has them (supervision.roboflow.com/latest/detection/core).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mapgap.convert.arrays import XYXY, array_of, boxes_of, numbers_of, run_lengths, whole_numbers_of
from mapgap.convert.coco_records import Record
from mapgap.convert.object_records import AboutImages, Things, both_records
from mapgap.errors import InputError
from mapgap.tables import Scalar

AREA, CROWD, CLASS_NAME = "area", "iscrowd", "class_name"
"""Keys of `data` that its own mean average precision reads, and the one that repeats the class."""


def from_supervision(
    predictions: Sequence[Any],
    targets: Sequence[Any],
    *,
    class_names: Mapping[int, str] | Sequence[str] | None = None,
    file_names: Sequence[str] | None = None,
    sizes: Sequence[tuple[int, int]] | None = None,
) -> tuple[Record, list[Record]]:
    """(ground truth, detections) as `mapgap.evaluate` takes them, from lists of `supervision.Detections`, one an image.

    Used are `xyxy`, `class_id` (0 where there is none), `confidence` of predictions and `mask` where every entry of the
    list has one. Of `data` of a target `area` and `iscrowd` mean what they do to supervision; what else stands there,
    one scalar an object, becomes an attribute. Image i of the lists gets the id i + 1, a category the id of its class.
    `sizes` are (width, height). InputError names the list, the image and the field.
    """
    objects = [_objects(one, f"targets[{place}]") for place, one in enumerate(targets)]
    detections = [_detections(one, f"predictions[{place}]") for place, one in enumerate(predictions)]
    return both_records(objects, detections, class_names, AboutImages(file_names, sizes))


def _objects(one: Any, where: str) -> Things:
    boxes = _boxes(one, where)
    data = dict(getattr(one, "data", None) or {})
    areas, crowds = data.pop(AREA, None), data.pop(CROWD, None)
    data.pop(CLASS_NAME, None)
    number = len(boxes)
    return Things(
        boxes,
        _labels(one, number, where),
        masks=_masks(one, number, where),
        areas=None if areas is None else numbers_of(areas, (number,), f"{where}.data['area']").tolist(),
        crowds=None if crowds is None else whole_numbers_of(crowds, number, f"{where}.data['iscrowd']"),
        attributes=_attributes(data, number, where),
    )


def _detections(one: Any, where: str) -> Things:
    boxes = _boxes(one, where)
    confidence = getattr(one, "confidence", None)
    if confidence is None and boxes:
        raise InputError("there is no confidence", where=where, fix="Give predictions with their scores")
    scores = numbers_of([] if confidence is None else confidence, (len(boxes),), f"{where}.confidence").tolist()
    return Things(boxes, _labels(one, len(boxes), where), scores, _masks(one, len(boxes), where))


def _boxes(one: Any, where: str) -> list[tuple[float, float, float, float]]:
    xyxy = getattr(one, "xyxy", None)
    if xyxy is None:
        what = f"a {type(one).__name__} without xyxy"
        raise InputError(what, where=where, fix="Give supervision.Detections, one an image")
    return boxes_of(xyxy, XYXY, f"{where}.xyxy")


def _labels(one: Any, number: int, where: str) -> list[int]:
    class_id = getattr(one, "class_id", None)
    return [0] * number if class_id is None else whole_numbers_of(class_id, number, f"{where}.class_id")


def _masks(one: Any, number: int, where: str) -> Sequence[Mapping[str, Any]] | None:
    mask = getattr(one, "mask", None)
    return None if mask is None or not number else run_lengths(mask, number, f"{where}.mask")


def _attributes(data: Mapping[str, Any], number: int, where: str) -> list[dict[str, Scalar]]:
    """One dict an object; what is no scalar an object, such as corners of turned boxes, is none."""
    found: list[dict[str, Scalar]] = [{} for _ in range(number)]
    for name, values in data.items():
        column = array_of(values)
        if column.ndim == 0 or len(column) != number:
            what = f"an array of shape {column.shape} for {number} boxes"
            raise InputError(what, where=f"{where}.data[{name!r}]", fix="Give one value an object")
        for attributes, value in zip(found, column.tolist() if column.ndim == 1 else (), strict=False):
            if isinstance(value, bool | int | float | str):
                attributes[str(name)] = value
    return found
