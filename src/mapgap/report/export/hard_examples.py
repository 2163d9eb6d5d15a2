"""The images that cost most, with all their annotations, as a COCO file to train or label on."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mapgap.report.json_values import Record, whole_or_float
from mapgap.report.sums import sum_by
from mapgap.tables import CAUSES, BoolArray, GroundTruth, Results, Scalar

SCHEMA = "mapgap/hard-examples/1"


def hard_examples_record(results: Results, chosen: BoolArray, where: str | None, most: int) -> Record:
    """The COCO object: the `most` images that owe most at the chosen debts (rows of `Results.debts`), costliest first.

    Each image has, under `mapgap`, what it owes and for which causes. Annotations are those of the ground truth, crowds
    included, in file order, with masks where the run compared masks. Images that owe nothing are left out.
    """
    truth, debts = results.ground_truth, results.debts
    owed = sum_by(debts.image[chosen], debts.gap[chosen], len(truth.images.ids))
    order = np.argsort(-owed, kind="stable")
    images = order[owed[order] > 0][:most].astype(np.int32)
    rows = np.flatnonzero(np.isin(truth.image, images))
    total = float(debts.gap.sum())
    return {
        "info": {
            "schema": SCHEMA,
            "description": "The images that owe most of the gap, costliest first, with all their annotations",
            "ground_truth": truth.name,
            "detections": results.detections.name,
            "where": where,
            "gap": float(owed[images].sum()),
            "gap_of_all": total,
        },
        "images": [_image(results, int(image), chosen, float(owed[image])) for image in images],
        "annotations": [_annotation(truth, int(row)) for row in rows],
        "categories": [
            {"id": identifier, "name": name}
            for identifier, name in zip(truth.categories.ids.tolist(), truth.categories.names, strict=True)
        ],
    }


def _image(results: Results, image: int, chosen: BoolArray, owed: float) -> Record:
    images, debts = results.ground_truth.images, results.debts
    here = chosen & (debts.image == image)
    by_cause = sum_by(debts.cause[here].astype(np.int32), debts.gap[here], len(CAUSES))
    causes = {cause: float(gap) for cause, gap in zip(CAUSES, by_cause, strict=True) if gap > 0}
    fields: dict[str, Any] = {
        "width": whole_or_float(float(images.width[image])),
        "height": whole_or_float(float(images.height[image])),
        "file_name": images.file_names[image],
        "date_captured": images.dates_captured[image],
    }
    known = {name: value for name, value in fields.items() if value is not None}
    attributes = _values(images.attributes, image)
    return {
        "id": int(images.ids[image]),
        **known,
        **({"attributes": attributes} if attributes else {}),
        "mapgap": {"gap": owed, "causes": causes},
    }


def _annotation(truth: GroundTruth, row: int) -> Record:
    record: Record = {
        "id": int(truth.ids[row]),
        "image_id": int(truth.images.ids[truth.image[row]]),
        "category_id": int(truth.categories.ids[truth.category[row]]),
        "bbox": truth.box[row].tolist(),
        "area": float(truth.area[row]),
        "iscrowd": int(truth.crowd[row]),
        **_values(truth.fields, row),
    }
    attributes = _values(truth.attributes, row)
    if attributes:
        record["attributes"] = attributes
    if truth.masks is not None:
        mask = truth.masks[row]
        size = [int(length) for length in mask["size"]]
        record["segmentation"] = {"size": size, "counts": mask["counts"].decode("ascii")}
    return record


def _values(columns: Mapping[str, tuple[Scalar, ...]], row: int) -> dict[str, Scalar]:
    return {name: column[row] for name, column in columns.items() if column[row] is not None}
