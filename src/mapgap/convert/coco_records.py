"""Images, objects and detections as the records of COCO files."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mapgap.tables import Scalar

Box = tuple[float, float, float, float]
"""x, y, width, height in pixels."""
Record = dict[str, Any]


@dataclass(frozen=True)
class Labelled:
    """One object as a format has it, with the class by its place in the class list."""

    category: int
    box: Box
    area: float | None = None
    """None: that of the box."""
    is_crowd: bool = False
    segmentation: list[list[float]] | None = None
    attributes: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelledImage:
    """One image with its objects, in the order of its file."""

    file_name: str
    width: int | None
    height: int | None
    objects: Sequence[Labelled]
    attributes: Mapping[str, Scalar] = field(default_factory=dict)


def ground_truth_record(images: Sequence[LabelledImage], classes: Sequence[str], source: str) -> Record:
    """The content of a COCO ground-truth file: images, annotations and categories count from 1 in the order given.

    A size that is not known, and attributes where there are none, are left out.
    """
    annotations: list[Record] = []
    entries: list[Record] = []
    for image_id, image in enumerate(images, start=1):
        entries.append(_image_record(image_id, image))
        for one in image.objects:
            annotations.append(_annotation_record(len(annotations) + 1, image_id, one))
    return {
        "info": {"description": f"Converted by mapgap from {source}"},
        "images": entries,
        "annotations": annotations,
        "categories": [{"id": place, "name": name} for place, name in enumerate(classes, start=1)],
    }


def detection_record(
    image_id: int, category_id: int, box: Box, score: float, segmentation: list[list[float]] | None = None
) -> Record:
    """One record of a COCO results file."""
    record: Record = {"image_id": image_id, "category_id": category_id, "bbox": list(box), "score": score}
    return record if segmentation is None else {**record, "segmentation": segmentation}


def polygon_area(ring: Sequence[float]) -> float:
    """The area within x, y, x, y, ... by the shoelace formula."""
    points = list(zip(ring[::2], ring[1::2], strict=True))
    following = [*points[1:], points[0]]
    return abs(math.fsum(x * v - u * y for (x, y), (u, v) in zip(points, following, strict=True))) / 2


def _image_record(image_id: int, image: LabelledImage) -> Record:
    record: Record = {"id": image_id, "file_name": image.file_name}
    if image.width is not None and image.height is not None:
        record |= {"width": image.width, "height": image.height}
    return _with_attributes(record, image.attributes)


def _annotation_record(annotation_id: int, image_id: int, one: Labelled) -> Record:
    record: Record = {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": one.category + 1,
        "bbox": list(one.box),
        "area": one.box[2] * one.box[3] if one.area is None else one.area,
        "iscrowd": int(one.is_crowd),
    }
    if one.segmentation is not None:
        record["segmentation"] = one.segmentation
    return _with_attributes(record, one.attributes)


def _with_attributes(record: Record, attributes: Mapping[str, Scalar]) -> Record:
    known = {name: value for name, value in attributes.items() if value is not None}
    return {**record, "attributes": known} if known else record
