"""Missed objects: the false negatives at the operating point, as rows and as a COCO file for relabelling or mining."""

import numpy as np
from numpy.typing import NDArray

from mapgap.report.column_values import Nullable, attribute_names, identifiers
from mapgap.report.columns import detection_of_objects, gap_of_objects, missed_causes
from mapgap.report.json_rows import Coded, Field, Rows, row_records
from mapgap.report.json_values import Record, whole_or_float
from mapgap.tables import CAUSES, BoolArray, FloatArray, Images, Results

_OWN_KEYS = ("cause", "gap", "recovering_score", "detection")
MISSED_KEYS = ("id", "image_id", "category_id", "bbox", "area", "iscrowd", *_OWN_KEYS)


def missed_record(results: Results, selected: BoolArray | None = None) -> Record:
    """The missed objects as a COCO data set: images and categories involved, annotations costliest first."""
    return {name: row_records(rows) for name, rows in missed_tables(results, selected).items()}


def missed_rows(results: Results, selected: BoolArray | None = None) -> list[Record]:
    """The annotations of missed.json: one row an object missed at the operating point, costliest first.

    `selected` (N,) marks the objects wanted. `attributes` holds the cause, what the object owes of the gap, the score
    that would recover it, the record of the detection to look at, then the object's own attributes; one of an equal
    name gets the suffix `_attribute`.
    """
    return row_records(_annotations(results, _missed_objects(results, selected)))


def missed_tables(results: Results, selected: BoolArray | None = None) -> dict[str, Rows]:
    """`missed_record` with each list as columns."""
    truth, categories = results.ground_truth, results.ground_truth.categories
    rows = _missed_objects(results, selected)
    involved = np.unique(truth.category[rows])
    return {
        "images": _images(truth.images, np.unique(truth.image[rows])),
        "annotations": _annotations(results, rows),
        "categories": Rows({"id": categories.ids[involved], "name": Coded(involved, categories.names)}),
    }


def _missed_objects(results: Results, selected: BoolArray | None) -> NDArray[np.intp]:
    """Rows of missed objects, costliest first, then in file order."""
    is_missed = results.ground_truth.is_object & (missed_causes(results)[0] >= 0)
    rows = np.flatnonzero(is_missed if selected is None else is_missed & selected)
    return rows[np.argsort(-gap_of_objects(results)[rows], kind="stable")]


def _images(images: Images, rows: NDArray[np.int32]) -> Rows:
    return Rows(
        {
            "id": images.ids[rows],
            "width": _lengths(images.width[rows]),
            "height": _lengths(images.height[rows]),
            "file_name": Coded(rows, images.file_names, is_optional=True),
        }
    )


def _lengths(pixels: FloatArray) -> Coded:
    distinct, codes = np.unique(pixels, return_inverse=True)
    return Coded(codes, [whole_or_float(value) for value in distinct.tolist()], is_optional=True)


def _annotations(results: Results, rows: NDArray[np.intp]) -> Rows:
    truth = results.ground_truth
    return Rows(
        {
            "id": truth.ids[rows],
            "image_id": truth.images.ids[truth.image[rows]],
            "category_id": truth.categories.ids[truth.category[rows]],
            "bbox": truth.box[rows],
            "area": truth.area[rows],
            "iscrowd": np.zeros(len(rows), dtype=np.int8),
            "attributes": _attributes(results, rows),
        }
    )


def _attributes(results: Results, rows: NDArray[np.intp]) -> dict[str, Field]:
    causes, recovering = missed_causes(results)
    looked_at = _detection_to_look_at(results)[rows]
    fields: dict[str, Field] = {
        "cause": Coded(causes[rows], CAUSES),
        "gap": gap_of_objects(results)[rows],
        "recovering_score": Nullable(recovering[rows], np.isnan(recovering[rows])),
        "detection": identifiers(results.detections.record, looked_at),
    }
    for name, attribute in zip(attribute_names(results.attributes, _OWN_KEYS), results.attributes, strict=True):
        if name is not None:
            fields[name] = Coded(attribute.object_codes[rows], (*attribute.values, None))
    return fields


def _detection_to_look_at(results: Results) -> NDArray[np.int32]:
    """(N,) the detection behind each missed object's cause, else one that matched it at a lower score, else -1."""
    errors = results.errors
    rows = errors.is_false_negative
    detection = detection_of_objects(results)
    behind = np.full(len(detection), -1, dtype=np.int32)
    behind[errors.object[rows]] = errors.detection[rows]
    return np.where(behind >= 0, behind, detection).astype(np.int32)
