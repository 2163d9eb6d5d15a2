"""Missed objects: the false negatives at the operating point, as rows and as a COCO file for relabelling or mining."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgap.report.column_values import attribute_names
from mapgap.report.columns import detection_of_objects, gap_of_objects, missed_causes
from mapgap.report.json_values import Record, number, whole_or_float
from mapgap.tables import CAUSES, Attribute, BoolArray, Results, Scalar

_OWN_KEYS = ("cause", "gap", "recovering_score", "detection")
MISSED_KEYS = ("id", "image_id", "category_id", "bbox", "area", "iscrowd", *_OWN_KEYS)


def missed_record(results: Results, selected: BoolArray | None = None) -> Record:
    """The missed objects as a COCO data set: images and categories involved, annotations costliest first."""
    truth = results.ground_truth
    rows = _missed_objects(results, selected)
    images = np.unique(truth.image[rows])
    categories = np.unique(truth.category[rows])
    return {
        "images": [_image_record(results, image) for image in images.tolist()],
        "annotations": _annotation_records(results, rows),
        "categories": [
            {"id": int(truth.categories.ids[k]), "name": truth.categories.names[k]} for k in categories.tolist()
        ],
    }


def missed_rows(results: Results, selected: BoolArray | None = None) -> list[Record]:
    """The annotations of missed.json: one row an object missed at the operating point, costliest first.

    `selected` (N,) marks the objects wanted. `attributes` holds the cause, what the object owes of the gap, the score
    that would recover it, the record of the detection to look at, then the object's own attributes; one of an equal
    name gets the suffix `_attribute`.
    """
    return _annotation_records(results, _missed_objects(results, selected))


def _missed_objects(results: Results, selected: BoolArray | None) -> NDArray[np.intp]:
    """Rows of missed objects, costliest first, then in file order."""
    is_missed = results.ground_truth.is_object & (missed_causes(results)[0] >= 0)
    rows = np.flatnonzero(is_missed if selected is None else is_missed & selected)
    return rows[np.argsort(-gap_of_objects(results)[rows], kind="stable")]


def _image_record(results: Results, image: int) -> Record:
    images = results.ground_truth.images
    record = {
        "id": int(images.ids[image]),
        "width": whole_or_float(float(images.width[image])),
        "height": whole_or_float(float(images.height[image])),
        "file_name": images.file_names[image],
    }
    return {key: value for key, value in record.items() if value is not None}


def _annotation_records(results: Results, rows: NDArray[np.intp]) -> list[Record]:
    truth = results.ground_truth
    boxes, areas = truth.box[rows].tolist(), truth.area[rows].tolist()
    image_ids = truth.images.ids[truth.image[rows]].tolist()
    category_ids = truth.categories.ids[truth.category[rows]].tolist()
    identifiers = truth.ids[rows].tolist()
    attributes = _attribute_records(results, rows)
    return [
        {
            "id": identifiers[i],
            "image_id": image_ids[i],
            "category_id": category_ids[i],
            "bbox": boxes[i],
            "area": areas[i],
            "iscrowd": 0,
            "attributes": attributes[i],
        }
        for i in range(len(rows))
    ]


def _attribute_records(results: Results, rows: NDArray[np.intp]) -> list[Record]:
    causes, recovering = missed_causes(results)
    looked_at = _detection_to_look_at(results)
    records = results.detections.record
    columns: dict[str, list[Any]] = {
        "cause": [CAUSES[code] for code in causes[rows].tolist()],
        "gap": gap_of_objects(results)[rows].tolist(),
        "recovering_score": [number(score) for score in recovering[rows].tolist()],
        "detection": [None if row < 0 else int(records[row]) for row in looked_at[rows].tolist()],
    }
    for name, attribute in zip(attribute_names(results.attributes, _OWN_KEYS), results.attributes, strict=True):
        if name is not None:
            columns[name] = _values(attribute, rows)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _detection_to_look_at(results: Results) -> NDArray[np.int32]:
    """(N,) the detection behind each missed object's cause, else one that matched it at a lower score, else -1."""
    errors = results.errors
    rows = errors.is_false_negative
    detection = detection_of_objects(results)
    behind = np.full(len(detection), -1, dtype=np.int32)
    behind[errors.object[rows]] = errors.detection[rows]
    return np.where(behind >= 0, behind, detection).astype(np.int32)


def _values(attribute: Attribute, rows: NDArray[np.intp]) -> list[Scalar]:
    values = (*attribute.values, None)
    return [values[code] for code in attribute.object_codes[rows].tolist()]
