"""What is said of each missed object besides its cause: the overlaps behind it, in numbers and in words."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgap.number_words import count, fraction
from mapgap.report.column_values import Nullable, identifiers
from mapgap.report.json_rows import Coded, Field, Rows, row_records
from mapgap.report.wording import Name, Text
from mapgap.tables import FloatArray, IndexArray, MissedEvidence, OperatingPoint, Results

EVIDENCE_KEYS = (
    "evidence", "detection_score", "detection_class", "detection_x", "detection_y", "detection_width",
    "detection_height", "detection_rank", "iou", "same_class_iou", "other_class", "other_class_iou", "taken_by",
)  # fmt: skip
BOX = ("x", "y", "width", "height")


def evidence_fields(
    results: Results,
    rows: NDArray[np.intp],
    looked_at: IndexArray,
    evidence: MissedEvidence,
    causes: Field,
) -> dict[str, Field]:
    """The EVIDENCE_KEYS of these objects, whose `causes` and detections to look at are given."""
    truth, found = results.ground_truth, results.detections
    names = (*truth.categories.names, None)
    place = np.zeros(len(truth.ids), dtype=np.intp)
    place[results.errors.object[results.errors.is_false_negative]] = np.arange(len(evidence.iou))
    of_rows = place[rows]
    is_none = looked_at < 0
    numbers: dict[str, Field] = {
        "detection_score": Nullable(_taken(found.score, looked_at), is_none),
        "detection_class": Coded(_taken(found.category, looked_at, -1), names),
        **{
            f"detection_{name}": Nullable(_taken(found.box[:, axis], looked_at), is_none)
            for axis, name in enumerate(BOX)
        },
        "detection_rank": Nullable(_taken(results.matches.rank, looked_at) + 1, is_none),
        "iou": or_null(evidence.iou[of_rows]),
        "same_class_iou": or_null(evidence.same_class_iou[of_rows]),
        "other_class": Coded(_taken(found.category, evidence.other_class_detection[of_rows], -1), names),
        "other_class_iou": or_null(evidence.other_class_iou[of_rows]),
        "taken_by": identifiers(truth.ids, evidence.taken_by[of_rows]),
    }
    records = row_records(Rows({"cause": causes, **numbers}))
    classes = [truth.categories.names[category] for category in truth.category[rows].tolist()]
    point, least = results.operating_point, results.settings.background_iou
    of_class = point.class_score_thresholds
    thresholds = np.full(len(truth.categories.names), point.score_threshold) if of_class is None else of_class
    texts = [
        "".join(evidence_pieces(record, name, point, least, threshold))
        for record, name, threshold in zip(records, classes, thresholds[truth.category[rows]].tolist(), strict=True)
    ]
    return {"evidence": Coded(np.arange(len(rows)), texts), **numbers}


def evidence_pieces(
    row: Mapping[str, Any],
    class_name: str,
    operating_point: OperatingPoint,
    background_iou: float,
    score_threshold: float | None,
) -> Text:
    """Why an object was missed, in a few words and numbers; `row` holds the cause and EVIDENCE_KEYS but `evidence`.

    `score_threshold` is that of its class.
    """
    cause, own = row["cause"], Name(class_name)
    iou, score = fraction(row["iou"], 2), fraction(row["detection_score"])
    if cause == "below_threshold":
        return (f"found with IoU {iou} and score {score}, below the threshold {fraction(score_threshold)}",)
    if cause == "localization":
        digits = 2 if row["iou"] < operating_point.iou_threshold - 0.005 else 3  # .498 is not .50
        iou, needed = (fraction(value, digits) for value in (row["iou"], operating_point.iou_threshold))
        return ("its ", own, f" box has IoU {iou}, needed is {needed} (score {score})")
    if cause == "classification":
        return ("taken for ", Name(row["detection_class"]), f" with IoU {iou} (score {score})")
    if cause == "both":
        return ("taken for ", Name(row["detection_class"]), f" by a loose box with IoU {iou} (score {score})")
    if cause == "crowded_out":
        return ("the ", own, f" box with IoU {iou} went to object {row['taken_by']} (score {score})")
    if cause == "max_detections":
        rank = count(row["detection_rank"])
        return ("cut: the ", own, f" box with IoU {iou} is number {rank} of its class in the image (score {score})")
    return _nothing_pieces(row, own, fraction(background_iou, 2))


def _nothing_pieces(row: Mapping[str, Any], own: Name, least: str) -> Text:
    """What overlaps an object that nothing was proposed for."""
    same, other = row["same_class_iou"], row["other_class_iou"]
    if same is None:
        best: Text = ("no ", own, f" box reaches IoU {least}")
    else:
        best = ("the best ", own, f" box has IoU {fraction(same, 2)} and belongs elsewhere")
    return best if other is None else (*best, "; a ", Name(row["other_class"]), f" box has {fraction(other, 2)}")


def or_null(values: FloatArray) -> Nullable:
    """Numbers, NaN being null."""
    return Nullable(values, np.isnan(values))


def _taken(values: NDArray[Any], rows: IndexArray, filler: int = 0) -> NDArray[Any]:
    """`values[rows]`, `filler` where the row is -1."""
    taken = np.full(len(rows), filler, dtype=values.dtype)
    taken[rows >= 0] = values[rows[rows >= 0]]
    return taken
