"""Labels that may be wrong, as rows with their evidence and as a COCO file for review."""

from itertools import count as numbers_from
from typing import Any

import numpy as np

from mapgap.number_words import count, fraction, percent
from mapgap.report.json_values import Record, number, whole_or_float
from mapgap.report.wording import Name, Text, where_pieces
from mapgap.tables import LABEL_ERRORS, LabelDoubts, Results
from mapgap.where_text import where_text

DOUBT_KEYS = (
    "rank", "kind", "score", "image_id", "file_name", "object_id", "class", "x", "y", "width", "height",
    "proposed_class", "proposed_x", "proposed_y", "proposed_width", "proposed_height", "detection",
    "detection_score", "confidence", "iou", "usual_rate", "similar", "comparable", "slice", "evidence",
)  # fmt: skip
_ATTRIBUTES = ("rank", "kind", "score", "object_id", "class", *DOUBT_KEYS[11:])
KIND_WORDS = {
    "wrong_class": "wrong class",
    "loose_box": "loose box",
    "missing_label": "missing label",
    "spurious_label": "spurious label",
}


def doubt_rows(results: Results, doubts: LabelDoubts, most: int | None = None) -> list[Record]:
    """One row a doubtful label, most doubtful first, at most `most`; None where there is nothing to say.

    The box is the label's, the proposed class and box are those of the detection that says otherwise.
    """
    rows = len(doubts.score) if most is None else min(most, len(doubts.score))
    return [_row(results, doubts, place) for place in range(rows)]


def doubt_record(results: Results, doubts: LabelDoubts) -> Record:
    """The doubtful labels as a COCO data set: images and categories involved, annotations most doubtful first.

    An annotation is the label as it is, or, with an id that no annotation has, what may lack one; `attributes` holds
    the rest of its row as plain values.
    """
    truth = results.ground_truth
    rows = doubt_rows(results, doubts)
    taken = set(truth.ids.tolist())
    free = (candidate for candidate in numbers_from(1) if candidate not in taken)
    category_of = {name: int(truth.categories.ids[k]) for k, name in reversed(list(enumerate(truth.categories.names)))}
    annotations = [
        _annotation(results, row, *places, next(free) if row["object_id"] is None else row["object_id"])
        for row, places in zip(rows, zip(doubts.object.tolist(), doubts.detection.tolist(), strict=True), strict=True)
    ]
    involved = {entry["category_id"] for entry in annotations}
    involved |= {category_of[row["proposed_class"]] for row in rows if row["proposed_class"] is not None}
    images = sorted({row["image_id"] for row in rows})
    return {
        "images": [_image(results, place) for place in np.searchsorted(truth.images.ids, images).tolist()],
        "annotations": annotations,
        "categories": [
            {"id": int(number_), "name": name}
            for number_, name in zip(truth.categories.ids, truth.categories.names, strict=True)
            if int(number_) in involved
        ],
    }


def evidence_pieces(row: Record) -> Text:
    """Why a label is doubted, in numbers."""
    others = f"{count(row['similar'])} of {count(row['comparable'])} others"
    most = (", most often with ", *where_pieces(row["where"])) if row["where"] else ()
    sure = f"the detector is {percent(row['confidence'])} sure" if row["confidence"] is not None else ""
    if row["kind"] == "wrong_class":
        return (
            f"{sure} that it is ",
            Name(row["proposed_class"]),
            f"; {others} of the two classes are taken for one another",
            *most,
        )
    if row["kind"] == "loose_box":
        return (f"{sure} of a box with IoU {fraction(row['iou'], 2)}; {others} of the size are fitted as badly", *most)
    if row["kind"] == "missing_label":
        return (
            f"{sure} of ",
            Name(row["proposed_class"]),
            f" where no label is; {others} of the class lie on nothing",
            *most,
        )
    return (f"no detection that is kept touches it; so it is with {others} of the class and size", *most)


def _row(results: Results, doubts: LabelDoubts, place: int) -> Record:
    truth, found = results.ground_truth, results.detections
    object_, detection = int(doubts.object[place]), int(doubts.detection[place])
    image = int(truth.image[object_] if object_ >= 0 else found.image[detection])
    names = truth.categories.names
    row: Record = {
        "rank": place + 1,
        "kind": LABEL_ERRORS[doubts.kind[place]],
        "score": float(doubts.score[place]),
        "image_id": int(truth.images.ids[image]),
        "file_name": truth.images.file_names[image],
        "object_id": int(truth.ids[object_]) if object_ >= 0 else None,
        "class": names[truth.category[object_]] if object_ >= 0 else None,
        **_box("", truth.box[object_].tolist() if object_ >= 0 else None),
        "proposed_class": names[found.category[detection]] if detection >= 0 else None,
        **_box("proposed_", found.box[detection].tolist() if detection >= 0 else None),
        "detection": int(found.record[detection]) if detection >= 0 else None,
        "detection_score": float(found.score[detection]) if detection >= 0 else None,
        "confidence": number(doubts.confidence[place]),
        "iou": number(doubts.iou[place]),
        "usual_rate": float(doubts.usual_rate[place]),
        "similar": int(doubts.similar[place]),
        "comparable": int(doubts.comparable[place]),
        "slice": where_text(doubts.slice[place]) or None,
    }
    row["evidence"] = "".join(evidence_pieces({**row, "where": doubts.slice[place]}))
    return row


def _box(prefix: str, box: list[float] | None) -> dict[str, float | None]:
    return dict(zip((f"{prefix}{name}" for name in ("x", "y", "width", "height")), box or (None,) * 4, strict=True))


def _annotation(results: Results, row: Record, object_: int, detection: int, annotation_id: int) -> Record:
    truth, found = results.ground_truth, results.detections
    is_labelled = object_ >= 0
    category = truth.category[object_] if is_labelled else found.category[detection]
    values: dict[str, Any] = {key: row[key] for key in _ATTRIBUTES}
    return {
        "id": annotation_id,
        "image_id": row["image_id"],
        "category_id": int(truth.categories.ids[category]),
        "bbox": (truth.box[object_] if is_labelled else found.box[detection]).tolist(),
        "area": float(truth.area[object_] if is_labelled else found.area[detection]),
        "iscrowd": 0,
        "attributes": values,
    }


def _image(results: Results, place: int) -> Record:
    images = results.ground_truth.images
    record: Record = {
        "id": int(images.ids[place]),
        "width": whole_or_float(images.width[place]),
        "height": whole_or_float(images.height[place]),
        "file_name": images.file_names[place],
    }
    return {key: value for key, value in record.items() if value is not None}
