"""One run as columns: a row a detection that counts, by falling score; what each object owes, and why it is missed."""

from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.report.columns import target_of_detections
from mapgap.report.embedded.columns import Chunk
from mapgap.report.embedded.truth import ObjectRows
from mapgap.report.json_values import Record
from mapgap.tables import CAUSES, Attribute, BoolArray, FloatArray, IdArray, IndexArray, Results

NO_ERROR = len(CAUSES)
"""In the place of a cause: a true positive, or an object that some detection matches."""
NOT_COUNTED = NO_ERROR + 1
"""In the place of a cause: counts at other IoU thresholds only, where it owes, and has no outcome at this one."""
MOST_ROWS = 500_000
IOU_DECIMALS = 3
"""For captions; 0 stands for none."""
BOX_DECIMALS = 2
MANY_ROWS = 100_000
BOX_DECIMALS_OF_MANY = 1
"""Boxes are for drawing: a hundredth of a pixel, and beyond so many rows a tenth."""


@dataclass(frozen=True)
class DetectionRows:
    """Which detection each row of the page is: by falling score, then place in the file."""

    detection: IndexArray
    row: IndexArray
    """(D,) row of each detection, -1 for those without."""
    left_out: IndexArray
    lowest_score: float | None
    """The page knows all detections from this score up; None where it knows all."""


def detection_rows(results: Results, most: int = MOST_ROWS) -> DetectionRows:
    """The detections that count or owe; beyond `most` all true positives and the false positives that score most."""
    score, threshold = results.detections.score, results.analysis_threshold
    counts = results.matches.is_counted(threshold)
    counts[results.debts.detection[results.debts.detection >= 0]] = True
    known = np.flatnonzero(counts).astype(np.int32)
    rows, left_out, lowest = known[_kernel.falling_order(score[known])], known[:0], None
    if len(rows) > most:
        # The whole group of the last score stays, so that the threshold can stand there.
        lowest = float(score[rows[most - 1]])
        stays = (score[rows] >= lowest) | results.matches.is_true_positive(threshold)[rows]
        rows, left_out = rows[stays], rows[~stays]
    row = np.full(len(score), -1, dtype=np.int32)
    row[rows] = np.arange(len(rows))
    return DetectionRows(rows, row, left_out, lowest)


def run_record(results: Results, objects: ObjectRows, rows: DetectionRows, chunk: Chunk, boxes: Chunk) -> Record:
    """The columns of one run; `boxes` takes those of its detections, which only pictures of examples need."""
    detections, detection = results.detections, rows.detection
    outcome = _outcomes(results)[detection]
    annotation, iou = target_of_detections(results)
    target = np.append(objects.row, np.int32(-1))[annotation[detection]]  # none stays none
    own_place = np.where(target < 0, 0, target - objects.first_of_image[detections.image[detection]] + 1)
    is_background = target < 0
    lost = _lost(results)
    # Files list image after image, mostly: the places then rise by one.
    by_image = grouped_order(detections.image[detection])
    decimals = BOX_DECIMALS if len(detection) <= MANY_ROWS else BOX_DECIMALS_OF_MANY
    box = np.round(detections.box[detection], decimals) + 0.0  # -0.0 is no whole number
    return {
        "score": chunk.add(detections.score[detection], falling_or_rising=True),
        "image": chunk.add(detections.image[detection]),
        "category": chunk.add(detections.category[detection]),
        "cause": chunk.add(outcome),
        "target": chunk.add(own_place),
        "iou": chunk.add(np.round(np.nan_to_num(iou[detection]), IOU_DECIMALS)),
        "record": chunk.add(detections.record[detection][by_image], falling_or_rising=True),
        "candidates": _candidates_record(results, objects, rows, chunk),
        "attributes": [_own_codes(attribute, detection, is_background, chunk) for attribute in results.attributes],
        "object_cause": chunk.add(_object_causes(results, lost)[objects.annotation]),
        "object_detection": chunk.add(_object_detections(results, lost, rows)[objects.annotation]),
        "debts": _debts_record(results, objects, chunk),
        "own_debts": _own_debts_record(results, rows, chunk),
        "left_out": _left_out_record(results, rows),
        "box": [boxes.add(np.ascontiguousarray(box[:, side])) for side in range(4)],
    }


def grouped_order(group: IndexArray) -> IdArray:
    """The rows group by group, those of a group in their order."""
    # NumPy sorts numbers of two bytes in linear time.
    is_short = len(group) == 0 or int(group.max()) < 1 << 16
    return np.argsort(group.astype(np.uint16) if is_short else group, kind="stable")


def _outcomes(results: Results) -> IndexArray:
    """(D,) code of the cause of each false positive, NO_ERROR for true positives, NOT_COUNTED for the rest."""
    threshold = results.analysis_threshold
    cause = results.causes.detection[threshold].astype(np.int32)
    outcome = np.where(results.matches.is_counted(threshold), cause, NOT_COUNTED)
    return np.where(results.matches.is_true_positive(threshold), NO_ERROR, outcome).astype(np.int32)


def _candidates_record(results: Results, objects: ObjectRows, rows: DetectionRows, chunk: Chunk) -> Record:
    """How many candidates each row has, and their places among the objects of the image, one row after another."""
    candidates = results.candidates
    row = rows.row[candidates.detection]
    by_row = np.argsort(row, kind="stable")
    by_row = by_row[row[by_row] >= 0]
    image = results.detections.image[candidates.detection[by_row]]
    place = objects.row[candidates.object[by_row]] - objects.first_of_image[image]
    per_row = np.bincount(row[by_row], minlength=len(rows.detection))
    return {"per_row": chunk.add(per_row), "place": chunk.add(place)}


def _own_codes(attribute: Attribute, detection: IndexArray, is_background: BoolArray, chunk: Chunk) -> Record | None:
    """Codes of rows that point at nothing: one for all where only objects have the attribute; None if derived."""
    if attribute.kind in ("image", "class") or len(attribute.detection_codes) == 0:
        return None
    own = attribute.detection_codes[detection]
    if attribute.kind == "object":
        return {"code": int(own[0])} if len(own) else None
    return {"codes": chunk.add(np.where(is_background, own, 0))}


def _lost(results: Results) -> IdArray:
    """The errors that are objects which no detection matches, whatever its score."""
    errors = results.errors
    return np.flatnonzero(errors.is_false_negative & (errors.cause != CAUSES.index("below_threshold")))


def _object_causes(results: Results, lost: IdArray) -> IndexArray:
    """(N,) cause of each object that no detection matches at any score, NO_ERROR for the others."""
    cause = np.full(len(results.ground_truth.ids), NO_ERROR, dtype=np.int32)
    cause[results.errors.object[lost]] = results.errors.cause[lost]
    return cause


def _object_detections(results: Results, lost: IdArray, rows: DetectionRows) -> IndexArray:
    """(N,) row + 1 of the detection behind the cause of each object that no detection matches, 0 for none."""
    with_detection = lost[results.errors.detection[lost] >= 0]
    row = np.zeros(len(results.ground_truth.ids), dtype=np.int32)
    row[results.errors.object[with_detection]] = rows.row[results.errors.detection[with_detection]] + 1
    return row


def _debts_record(results: Results, objects: ObjectRows, chunk: Chunk) -> Record:
    """What is owed at each object by cause: debts per object, then one row a debt, by object and cause."""
    debts = results.debts
    has_object = debts.object >= 0
    key = objects.row[debts.object[has_object]].astype(np.int64) * len(CAUSES) + debts.cause[has_object]
    cells, cell = np.unique(key, return_inverse=True)
    row, cause = np.divmod(cells, len(CAUSES))
    gap = np.bincount(cell, weights=debts.gap[has_object], minlength=len(cells))
    gap_at_50 = np.bincount(cell, weights=debts.gap_at_50[has_object], minlength=len(cells))
    return {
        "per_object": chunk.add(np.bincount(row, minlength=len(objects.annotation))),
        "cause": chunk.add(cause),
        "gap": chunk.add(gap),
        "gap_at_50": chunk.add(gap_at_50),
    }


def _own_debts_record(results: Results, rows: DetectionRows, chunk: Chunk) -> Record:
    """What each row owes at no object, in runs of equal debts over the rows by class.

    Of a class and an IoU threshold at most 102 different debts exist, falling with the score, so the runs are few.
    """
    owed, owed_at_50 = _own_debts(results)
    by_class = grouped_order(results.detections.category[rows.detection])
    gap, gap_at_50 = owed[rows.detection][by_class], owed_at_50[rows.detection][by_class]
    begins = np.ones(len(gap), dtype=np.bool_)
    begins[1:] = (gap[1:] != gap[:-1]) | (gap_at_50[1:] != gap_at_50[:-1])
    start = np.flatnonzero(begins)
    return {
        "length": chunk.add(np.diff(np.append(start, len(gap)))),
        "gap": chunk.add(gap[start]),
        "gap_at_50": chunk.add(gap_at_50[start]),
    }


def _own_debts(results: Results) -> tuple[FloatArray, FloatArray]:
    """(D,) what each detection owes where it points at no object, over all IoU thresholds and at .5."""
    debts = results.debts
    is_own = debts.object < 0
    detections = len(results.detections.score)
    return tuple(  # type: ignore[return-value]
        np.bincount(debts.detection[is_own], weights=gap[is_own], minlength=detections)
        for gap in (debts.gap, debts.gap_at_50)
    )


def _left_out_record(results: Results, rows: DetectionRows) -> Record | None:
    """How many false positives the page does not know, below which score, and what they owe at no object."""
    if rows.lowest_score is None:
        return None
    gap, gap_at_50 = _own_debts(results)
    return {
        "detections": len(rows.left_out),
        "below_score": rows.lowest_score,
        "gap": float(gap[rows.left_out].sum()),
        "gap_at_50": float(gap_at_50[rows.left_out].sum()),
    }
