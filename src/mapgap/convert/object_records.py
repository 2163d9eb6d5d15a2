"""Objects and detections of Python libraries, image by image, as what `mapgap.evaluate` takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mapgap.convert.coco_records import Box, Record
from mapgap.errors import InputError
from mapgap.tables import Scalar


@dataclass(frozen=True)
class Things:
    """The objects of one image, or its detections: one entry each in every list."""

    boxes: Sequence[Box]
    labels: Sequence[int]
    scores: Sequence[float] = ()
    masks: Sequence[Mapping[str, Any]] | None = None
    """Run lengths with their area."""
    areas: Sequence[float | None] | None = None
    crowds: Sequence[int] | None = None
    attributes: Sequence[Mapping[str, Scalar]] = field(default=())


@dataclass(frozen=True)
class AboutImages:
    """What the caller knows of the images, in the order of the lists; None for nothing."""

    file_names: Sequence[str] | None = None
    sizes: Sequence[tuple[int, int]] | None = None
    """Width and height."""


def both_records(
    objects: Sequence[Things],
    detections: Sequence[Things],
    class_names: Mapping[int, str] | Sequence[str] | None,
    about: AboutImages,
) -> tuple[Record, list[Record]]:
    """(ground truth, detections) in COCO's layout.

    Images count from 1 in the order of the lists, category ids are the labels. Categories are those of `class_names`,
    or all labels that occur. InputError for lists of different lengths and for a label without a name.
    """
    _require_as_many(len(objects), detections=detections, file_names=about.file_names, sizes=about.sizes)
    used = sorted({label for things in (*objects, *detections) for label in things.labels})
    annotations: list[Record] = []
    for image_id, things in enumerate(objects, start=1):
        for place in range(len(things.boxes)):
            annotations.append(_annotation(len(annotations) + 1, image_id, things, place))
    ground_truth = {
        "images": [_image(place, about) for place in range(len(objects))],
        "annotations": annotations,
        "categories": _categories(used, class_names),
    }
    results = [
        _detection(image_id, things, place)
        for image_id, things in enumerate(detections, start=1)
        for place in range(len(things.boxes))
    ]
    return ground_truth, results


def _require_as_many(count: int, **lists: Sequence[Any] | None) -> None:
    for name, entries in lists.items():
        if entries is not None and len(entries) != count:
            what = f"{len(entries)} {name.replace('_', ' ')} for {count} images with objects"
            raise InputError(what, fix="Give each list one entry an image, in the same order")


def _image(place: int, about: AboutImages) -> Record:
    record: Record = {"id": place + 1}
    if about.file_names is not None:
        record["file_name"] = str(about.file_names[place])
    if about.sizes is not None:
        width, height = about.sizes[place]
        record |= {"width": int(width), "height": int(height)}
    return record


def _categories(used: Sequence[int], names: Mapping[int, str] | Sequence[str] | None) -> list[Record]:
    if names is None:
        return [{"id": label, "name": str(label)} for label in used]
    named = dict(names) if isinstance(names, Mapping) else dict(enumerate(names))
    unknown = [label for label in used if label not in named]
    if unknown:
        raise InputError(f"class {unknown[0]} has no name in class_names", fix="Name every class that occurs")
    return [{"id": int(label), "name": str(name)} for label, name in sorted(named.items())]


def _annotation(annotation_id: int, image_id: int, things: Things, place: int) -> Record:
    box = things.boxes[place]
    area = None if things.areas is None else things.areas[place]
    mask = None if things.masks is None else things.masks[place]
    own_area = box[2] * box[3] if mask is None else mask["area"]
    record: Record = {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": things.labels[place],
        "bbox": list(box),
        "area": own_area if area is None else area,
        "iscrowd": 0 if things.crowds is None else int(bool(things.crowds[place])),
    }
    record |= _segmentation(mask)
    known = dict(things.attributes[place]) if things.attributes else {}
    return {**record, "attributes": known} if known else record


def _detection(image_id: int, things: Things, place: int) -> Record:
    record: Record = {
        "image_id": image_id,
        "category_id": things.labels[place],
        "bbox": list(things.boxes[place]),
        "score": things.scores[place],
    }
    return record | _segmentation(None if things.masks is None else things.masks[place])


def _segmentation(mask: Mapping[str, Any] | None) -> Record:
    return {} if mask is None else {"segmentation": {"size": mask["size"], "counts": mask["counts"]}}
