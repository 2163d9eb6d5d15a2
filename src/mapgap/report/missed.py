"""Missed objects: the false negatives at the operating point, as rows and as a COCO file for relabelling or mining."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgap.report.column_values import attribute_names, identifiers
from mapgap.report.columns import detection_of_objects, gap_of_objects, missed_causes
from mapgap.report.csv_files import Cell, csv_bytes
from mapgap.report.json_rows import Coded, Field, Rows, row_records
from mapgap.report.json_values import Record, whole_or_float
from mapgap.report.missed_evidence import BOX, EVIDENCE_KEYS, evidence_fields, or_null
from mapgap.report.wording import value_text
from mapgap.tables import CAUSES, BoolArray, FloatArray, IdArray, Images, MissedEvidence, Results

SCHEMA = "mapgap/missed/1"
SHOWN_IN_REPORT = 10
_OWN_KEYS = ("cause", "gap", "recovering_score", "detection")
_EVIDENT_KEYS = (*_OWN_KEYS, *EVIDENCE_KEYS)
MISSED_KEYS = ("id", "image_id", "category_id", "bbox", "area", "iscrowd", *_EVIDENT_KEYS)
_PLACE_COLUMNS = ("object_id", "image_id", "file_name", "class", *BOX, "area")
CSV_COLUMNS = (*_PLACE_COLUMNS, *_EVIDENT_KEYS)


def missed_record(
    results: Results, selected: BoolArray | None = None, evidence: MissedEvidence | None = None
) -> Record:
    """The missed objects as a COCO data set: images and categories involved, annotations costliest first."""
    return {name: row_records(rows) for name, rows in missed_tables(results, selected, evidence).items()}


def missed_rows(
    results: Results, selected: BoolArray | None = None, evidence: MissedEvidence | None = None
) -> list[Record]:
    """The annotations of missed.json: one row an object missed at the operating point.

    Costliest first; of those that owe the same the ones with more errors first, then in file order. `selected` (N,)
    marks the objects wanted. `attributes` holds the cause, what the object owes of the gap, the score that would
    recover it, the record of the detection to look at, with `evidence` the EVIDENCE_KEYS, then the object's own
    attributes; one of an equal name gets the suffix `_attribute`. With evidence and masks, masks are there too.
    """
    return row_records(_annotations(results, _missed_objects(results, selected), evidence))


def missed_tables(
    results: Results, selected: BoolArray | None = None, evidence: MissedEvidence | None = None
) -> dict[str, Rows]:
    """`missed_record` with each list as columns."""
    truth, categories = results.ground_truth, results.ground_truth.categories
    rows = _missed_objects(results, selected)
    involved = np.unique(truth.category[rows])
    return {
        "images": image_rows(truth.images, np.unique(truth.image[rows])),
        "annotations": _annotations(results, rows, evidence),
        "categories": Rows({"id": categories.ids[involved], "name": Coded(involved, categories.names)}),
    }


def missed_info(results: Results, where: str | None, objects: int, missed: int) -> Record:
    """What a file of missed objects is about, for its COCO key `info`."""
    point = results.operating_point
    return {
        "schema": SCHEMA,
        "description": "Objects missed at the operating point, costliest first",
        "ground_truth": results.ground_truth.name,
        "detections": results.detections.name,
        "score_threshold": point.score_threshold,
        **_thresholds(results),
        "iou_threshold": point.iou_threshold,
        "where": where,
        "objects": objects,
        "missed": missed,
    }


def _thresholds(results: Results) -> Record:
    """By class, where each has its own."""
    asked = results.settings.thresholds
    return {} if asked is None else {"thresholds": [asdict(of_class) for of_class in asked.classes]}


def missed_csv(results: Results, selected: BoolArray | None, evidence: MissedEvidence) -> bytes:
    """One row a missed object, in the order of `missed_rows`; attributes called like a column get `_attribute`."""
    truth, rows = results.ground_truth, _missed_objects(results, selected)
    images, names = truth.images, truth.categories.names
    columns: dict[str, Sequence[Cell]] = {
        "object_id": truth.ids[rows].tolist(),
        "image_id": images.ids[truth.image[rows]].tolist(),
        "file_name": [images.file_names[image] for image in truth.image[rows].tolist()],
        "class": [names[category] for category in truth.category[rows].tolist()],
        **{name: truth.box[rows, axis].tolist() for axis, name in enumerate(BOX)},
        "area": truth.area[rows].tolist(),
    }
    records = row_records(Rows(_attributes(results, rows, evidence, CSV_COLUMNS)))
    for name in records[0] if records else _EVIDENT_KEYS:
        columns[name] = [_cell(record[name]) for record in records]
    return csv_bytes(columns)


def small_objects(results: Results) -> BoolArray | None:
    """(N,) the objects whose size is small; None where no attribute says so."""
    for attribute in results.attributes:
        if attribute.name == "size" and "small" in attribute.values:
            codes: BoolArray = attribute.object_codes == attribute.values.index("small")
            return codes
    return None


def costliest_missed(results: Results, selected: BoolArray | None, most: int) -> IdArray:
    """The annotation rows of the first missed objects, in the order of `missed_rows`."""
    return _missed_objects(results, selected)[:most].astype(np.int64)


def shown_missed_rows(results: Results) -> list[Record]:
    """`missed_rows` of `Results.shown_missed`, which must be there."""
    shown = results.shown_missed
    assert shown is not None
    is_shown = results.errors.is_false_negative & np.isin(results.errors.object, shown.object)
    errors = replace(results.errors, is_false_negative=is_shown)
    return missed_rows(replace(results, errors=errors), None, shown.evidence)


def missed_outlines(
    results: Results, missed: Sequence[Record]
) -> Iterator[tuple[int, list[float], list[float] | None]]:
    """Of each row: the image's place, the object's box, and the box of the detection to look at, if there is one."""
    images = results.ground_truth.images
    for row in missed:
        attributes = row["attributes"]
        has_detection = attributes["detection"] is not None
        box = [attributes[f"detection_{name}"] for name in BOX] if has_detection else None
        yield int(np.searchsorted(images.ids, row["image_id"])), row["bbox"], box


def _missed_objects(results: Results, selected: BoolArray | None) -> NDArray[np.intp]:
    """Rows of missed objects, costliest first, then those with more errors at their address, then in file order."""
    is_missed = results.ground_truth.is_object & (missed_causes(results)[0] >= 0)
    rows = np.flatnonzero(is_missed if selected is None else is_missed & selected)
    address = results.errors.object[results.errors.object >= 0]
    errors = np.bincount(address, minlength=len(is_missed))
    return rows[np.lexsort((-errors[rows], -gap_of_objects(results)[rows]))]


def image_rows(images: Images, rows: NDArray[np.int32]) -> Rows:
    """These images as COCO has them: id, size and file name, where known."""
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


def _annotations(results: Results, rows: NDArray[np.intp], evidence: MissedEvidence | None) -> Rows:
    truth = results.ground_truth
    has_masks = evidence is not None and truth.masks is not None
    return Rows(
        {
            "id": truth.ids[rows],
            "image_id": truth.images.ids[truth.image[rows]],
            "category_id": truth.categories.ids[truth.category[rows]],
            "bbox": truth.box[rows],
            "area": truth.area[rows],
            "iscrowd": np.zeros(len(rows), dtype=np.int8),
            **({"segmentation": _segmentation(results, rows)} if has_masks else {}),
            "attributes": _attributes(results, rows, evidence, _OWN_KEYS if evidence is None else _EVIDENT_KEYS),
        }
    )


def _segmentation(results: Results, rows: NDArray[np.intp]) -> Coded:
    """Run lengths as COCO files hold them."""
    masks = results.ground_truth.masks or ()
    texts = [
        {"size": [int(length) for length in masks[row]["size"]], "counts": masks[row]["counts"].decode("ascii")}
        for row in rows.tolist()
    ]
    return Coded(np.arange(len(rows)), texts)


def _attributes(
    results: Results, rows: NDArray[np.intp], evidence: MissedEvidence | None, taken: Sequence[str]
) -> dict[str, Field]:
    causes, recovering = missed_causes(results)
    looked_at = _detection_to_look_at(results)[rows]
    fields: dict[str, Field] = {
        "cause": Coded(causes[rows], CAUSES),
        "gap": gap_of_objects(results)[rows],
        "recovering_score": or_null(recovering[rows]),
        "detection": identifiers(results.detections.record, looked_at),
    }
    if evidence is not None:
        fields |= evidence_fields(results, rows, looked_at, evidence, fields["cause"])
    for name, attribute in zip(attribute_names(results.attributes, taken), results.attributes, strict=True):
        if name is not None:
            fields[name] = Coded(attribute.object_codes[rows], (*attribute.values, None))
    return fields


def _cell(value: Any) -> Cell:
    return value_text(value) if isinstance(value, bool) else value


def _detection_to_look_at(results: Results) -> NDArray[np.int32]:
    """(N,) the detection behind each missed object's cause, else one that matched it at a lower score, else -1."""
    errors = results.errors
    rows = errors.is_false_negative
    detection = detection_of_objects(results)
    behind = np.full(len(detection), -1, dtype=np.int32)
    behind[errors.object[rows]] = errors.detection[rows]
    return np.where(behind >= 0, behind, detection).astype(np.int32)
