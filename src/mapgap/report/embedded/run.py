"""One run as columns: a row a detection that counts, by image; what each object owes, and why it is missed.

The page sorts the rows by falling score. Stored that way, each would have to name its image and its place there.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.report.columns import target_of_detections
from mapgap.report.embedded.columns import Chunk
from mapgap.report.embedded.truth import ObjectRows
from mapgap.report.json_values import Record
from mapgap.tables import CAUSES, Attribute, FloatArray, IdArray, IndexArray, Results

NO_ERROR = len(CAUSES)
"""In the place of a cause: a true positive, or an object that some detection matches."""
NOT_COUNTED = NO_ERROR + 1
"""In the place of a cause: counts at other IoU thresholds only, where it owes, and has no outcome at this one."""
MOST_ROWS = 500_000
IOU_DECIMALS = 3
"""For captions."""
BOX_PARTS = 100
MANY_ROWS = 100_000
BOX_PARTS_OF_MANY = 4
"""Boxes are for drawing: a hundredth of a pixel, and beyond so many rows a quarter."""
LARGEST_KEY = 1 << 16


@dataclass(frozen=True)
class DetectionRows:
    """Which detection each row of the page is: by image, then place in the file."""

    detection: IndexArray
    row: IndexArray
    """(D,) row of each detection, -1 for those without."""
    falling: IndexArray
    """The same detections by falling score, then place in the file."""
    left_out: IndexArray
    lowest_score: float | None
    """The page knows all detections from this score up; None where it knows all."""


def detection_rows(results: Results, most: int = MOST_ROWS) -> DetectionRows:
    """The detections that count or owe; beyond `most` all true positives and the false positives that score most."""
    score, threshold = results.detections.score, results.analysis_threshold
    counts = results.matches.is_counted(threshold)
    counts[results.debts.detection[results.debts.detection >= 0]] = True
    known = np.flatnonzero(counts).astype(np.int32)
    falling, left_out, lowest = known[_kernel.falling_order(score[known])], known[:0], None
    if len(falling) > most:
        # The whole group of the last score stays, so that the threshold can stand there.
        lowest = float(score[falling[most - 1]])
        stays = (score >= lowest) | results.matches.is_true_positive(threshold)
        if results.operating_point.class_score_thresholds is not None:
            # The page cannot move these thresholds up to the lowest score it knows.
            stays |= results.operating_point.kept
        left_out = falling[~stays[falling]]
        falling, known = falling[stays[falling]], known[stays[known]]
    detection = known[grouped_order(results.detections.image[known])]
    row = np.full(len(score), -1, dtype=np.int32)
    row[detection] = np.arange(len(detection))
    return DetectionRows(detection, row, falling, left_out, lowest)


def run_record(results: Results, objects: ObjectRows, rows: DetectionRows, chunk: Chunk, boxes: Chunk) -> Record:
    """The columns of one run; `boxes` takes those of its detections, which only pictures of examples need."""
    detections, detection = results.detections, rows.detection
    image = detections.image[detection]
    annotation, iou = target_of_detections(results)
    target = np.append(objects.row, np.int32(-1))[annotation[detection]]  # none stays none
    own_place = np.where(target < 0, 0, target - objects.first_of_image[image] + 1)
    alone = detection[target < 0]
    lost = _lost(results)
    return {
        "rows_of_image": chunk.add(np.bincount(image, minlength=len(results.ground_truth.images.ids))),
        "score": chunk.add(detections.score[detection]),
        "category": chunk.add(detections.category[detection]),
        "cause": chunk.add(_outcomes(results)[detection]),
        "target": chunk.add(own_place),
        "iou": chunk.add_rounded(np.nan_to_num(iou[detection[target >= 0]]), 10**IOU_DECIMALS),
        "record": chunk.add(detections.record[detection]),
        "is_file_order": bool((np.diff(detections.record[detection]) > 0).all()),
        "candidates": _candidates_record(results, objects, rows, chunk),
        "own_codes": _own_codes_record(results.attributes, alone, chunk),
        "object_cause": chunk.add(_object_causes(results, lost)[objects.annotation]),
        "object_detection": chunk.add(_object_detections(results, lost, rows)[objects.annotation]),
        "debts": _debts_record(results, objects, chunk),
        "own_debts": _own_debts_record(results, rows.falling[target[rows.row[rows.falling]] < 0], chunk),
        "left_out": _left_out_record(results, rows),
        "class_thresholds": _class_thresholds(results),
        **_boxes_record(detections.box[detection], boxes),
    }


def _class_thresholds(results: Results) -> list[float] | None:
    """The score threshold of each class; None where one serves all."""
    own = results.operating_point.class_score_thresholds
    return None if own is None else own.tolist()


def _boxes_record(box: FloatArray, chunk: Chunk) -> Record:
    """The four sides, and the part of a pixel that they are rounded to; None where that changes nothing."""
    parts = BOX_PARTS if len(box) <= MANY_ROWS else BOX_PARTS_OF_MANY
    is_exact = bool((np.rint(box * parts) / parts == box).all())
    return {
        "box": [chunk.add_rounded(box[:, side], parts) for side in range(4)],
        "box_rounded_to": None if is_exact else 1 / parts,
    }


def grouped_order(group: IndexArray) -> IdArray:
    """The rows group by group, those of a group in their order."""
    if bool((group[1:] >= group[:-1]).all()):
        return np.arange(len(group))
    # NumPy sorts numbers of two bytes in linear time.
    return np.argsort(group.astype(np.uint16) if int(group.max()) < 1 << 16 else group, kind="stable")


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


def _own_codes_record(attributes: Sequence[Attribute], alone: IndexArray, chunk: Chunk) -> Record:
    """The codes of rows that point at nothing, for attributes that neither the class nor the image has.

    Where only objects have the attribute one code stands for all rows. The others come in groups of attributes, each
    group as the combinations that occur and one number a row: size, shape and place of a box say much of each other.
    """
    of_boxes = [
        place
        for place, attribute in enumerate(attributes)
        if attribute.kind not in ("image", "class", "object") and len(attribute.detection_codes)
    ]
    of_objects = [
        [place, int(attribute.detection_codes[0])]
        for place, attribute in enumerate(attributes)
        if attribute.kind == "object" and len(attribute.detection_codes)
    ]
    groups = [_combinations_record(attributes, group, alone, chunk) for group in _groups(attributes, of_boxes)]
    return {"same": of_objects, "groups": groups}


def _groups(attributes: Sequence[Attribute], places: Sequence[int]) -> Iterator[list[int]]:
    """Places in groups whose values make few combinations."""
    group: list[int] = []
    combinations = 1
    for place in places:
        values = max(1, len(attributes[place].values))
        if group and combinations * values > LARGEST_KEY:
            yield group
            group, combinations = [], 1
        group.append(place)
        combinations *= values
    if group:
        yield group


def _combinations_record(attributes: Sequence[Attribute], group: list[int], alone: IndexArray, chunk: Chunk) -> Record:
    """The places of the attributes, the codes of each combination that occurs, and the combination of each row."""
    key = np.zeros(len(alone), dtype=np.int64)
    sizes = [max(1, len(attributes[place].values)) for place in group]
    for place, size in zip(group, sizes, strict=True):
        key = key * size + attributes[place].detection_codes[alone]
    occurs = np.bincount(key, minlength=math.prod(sizes)) > 0
    codes = np.unravel_index(np.flatnonzero(occurs), sizes)
    return {
        "attributes": group,
        "codes": [chunk.add(of_one) for of_one in codes],
        "combination": chunk.add((np.cumsum(occurs) - 1)[key]),
    }


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
    gap, gap_at_50 = (
        np.bincount(cell, weights=owed[has_object], minlength=len(cells)).astype(np.float64)
        for owed in (debts.gap, debts.gap_at_50)
    )
    return {
        "per_object": chunk.add(np.bincount(row, minlength=len(objects.annotation))),
        "cause": chunk.add(cause),
        "gap": chunk.add(gap),
        "gap_at_50": chunk.add(gap_at_50),
    }


def _own_debts_record(results: Results, alone: IndexArray, chunk: Chunk) -> Record:
    """What rows that point at nothing owe, in runs of equal debts over those rows by class, then falling score.

    Who owes at no object overlaps none, and so points at nothing. Of a class and an IoU threshold at most 102 different
    debts exist, falling with the score, so the runs are few.
    """
    owed, owed_at_50 = _own_debts(results)
    by_class = alone[grouped_order(results.detections.category[alone])]
    gap, gap_at_50 = owed[by_class], owed_at_50[by_class]
    begins = np.ones(len(gap), dtype=np.bool_)
    begins[1:] = (gap[1:] != gap[:-1]) | (gap_at_50[1:] != gap_at_50[:-1])
    start = np.flatnonzero(begins)
    return {
        "length": chunk.add(np.diff(np.append(start, len(gap)))),
        "gap": chunk.add_repeating(gap[start]),
        "gap_at_50": chunk.add_repeating(gap_at_50[start]),
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
