"""The gap, divided with exact fractions, and the oracle's gain, in plain loops (definitions.md 4)."""

from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from tests.naive.causes import detection_causes, object_causes
from tests.naive.matching import NaiveMatches, match

THRESHOLDS = [float(t) for t in np.linspace(0.5, 0.95, 10)]
RECALL_POINTS = [float(q) for q in np.linspace(0, 1, 101)]

Ranked = list[tuple[float, int, int, bool]]  # score, image id, file index, is true positive


def ranked(matches: NaiveMatches, category_id: int) -> Ranked:
    """The counted detections of a class by falling score, image id, file order."""
    rows = [
        (d.record["score"], d.record["image_id"], d.index, d.status == "tp")
        for d in matches.detections
        if d.record["category_id"] == category_id and d.status in ("tp", "fp")
    ]
    return sorted(rows, key=lambda row: (-row[0], row[1], row[2]))


def average_precision(rows: Ranked, objects: int) -> Fraction:
    """AP over the 101 recall points with exact precisions; recall is compared as COCO does, in float64."""
    true_positives, precisions, recalls = 0, [], []
    for rank, row in enumerate(rows, start=1):
        true_positives += row[3]
        precisions.append(Fraction(true_positives, rank))
        recalls.append(true_positives / objects)
    total = Fraction(0)
    for point in RECALL_POINTS:
        reached = [i for i, recall in enumerate(recalls) if recall >= point]
        if reached:
            total += max(precisions[reached[0] :])
    return total / len(RECALL_POINTS)


def debts_at(rows: Ranked, objects: int, missed: list[int]) -> tuple[dict[int, Fraction], dict[int, Fraction]]:
    """Debts of false positives by detection index, and of missed objects by annotation index."""
    true_positives, precisions, recalls = 0, [], []
    for rank, row in enumerate(rows, start=1):
        true_positives += row[3]
        precisions.append(Fraction(true_positives, rank))
        recalls.append(true_positives / objects)
    of_detections: dict[int, Fraction] = defaultdict(Fraction)
    of_objects: dict[int, Fraction] = defaultdict(Fraction)
    for point in RECALL_POINTS:
        reached = [i for i, recall in enumerate(recalls) if recall >= point]
        if not reached:
            for index in missed:
                of_objects[index] += Fraction(1, len(RECALL_POINTS) * len(missed))
            continue
        envelope = max(precisions[reached[0] :])
        best = next(i for i in range(reached[0], len(rows)) if precisions[i] == envelope) + 1
        for row in rows[:best]:
            if not row[3]:
                of_detections[row[2]] += Fraction(1, len(RECALL_POINTS) * best)
    return of_detections, of_objects


def divide(
    ground_truth: dict[str, Any], detections: list[dict[str, Any]]
) -> tuple[dict[tuple[str, int, str], Fraction], Fraction | None]:
    """Debts by (kind, index, cause), kind "detection" or "object", and 1 - AP; None without ground truth."""
    debts: dict[tuple[str, int, str], Fraction] = defaultdict(Fraction)
    precision_sum, cells = Fraction(0), 0
    annotations = ground_truth["annotations"]
    for threshold in THRESHOLDS:
        matches = match(ground_truth, detections, threshold)
        of_detections = detection_causes(matches, ground_truth, threshold)
        of_objects = object_causes(matches, of_detections, ground_truth, threshold)
        for category in ground_truth["categories"]:
            objects = [i for i in matches.objects if annotations[i]["category_id"] == category["id"]]
            if not objects:
                continue
            cells += 1
            rows = ranked(matches, category["id"])
            precision_sum += average_precision(rows, len(objects))
            missed = [i for i in objects if i not in matches.found]
            owed_by_detections, owed_by_objects = debts_at(rows, len(objects), missed)
            for index, debt in owed_by_detections.items():
                debts["detection", index, of_detections[index][0]] += debt
            for index, debt in owed_by_objects.items():
                debts["object", index, of_objects[index]] += debt
    if not cells:
        return {}, None
    return {key: debt / cells for key, debt in debts.items()}, 1 - precision_sum / cells


def gain(
    ground_truth: dict[str, Any],
    detections: list[dict[str, Any]],
    causes: set[str],
    in_slice: Callable[[int | None, int | None], bool],
) -> Fraction | None:
    """AP after fixing all errors of `causes` with an address (annotation, detection index) in the slice, minus AP."""
    annotations = ground_truth["annotations"]
    before, after, cells = Fraction(0), Fraction(0), 0
    for threshold in THRESHOLDS:
        matches = match(ground_truth, detections, threshold)
        of_detections = detection_causes(matches, ground_truth, threshold)
        of_objects = object_causes(matches, of_detections, ground_truth, threshold)
        chosen = {
            index: (cause, target)
            for index, (cause, target) in of_detections.items()
            if cause in causes and in_slice(target, index)
        }
        winners: dict[int, int] = {}
        for kind in ("localization", "classification"):
            pointing = sorted(
                (index for index, (cause, _) in chosen.items() if cause == kind),
                key=lambda index: (-detections[index]["score"], index),
            )
            fixed_by_kind = set(winners)
            for index in pointing:
                target = chosen[index][1]
                if target not in matches.found and target not in fixed_by_kind and target not in winners:
                    winners[target] = index
        gone = {
            index
            for index, cause in of_objects.items()
            if cause in causes and cause in ("missed", "both", "crowded_out") and in_slice(index, None)
        }
        for category in ground_truth["categories"]:
            objects = [i for i in matches.objects if annotations[i]["category_id"] == category["id"]]
            if not objects:
                continue
            cells += 1
            rows = ranked(matches, category["id"])
            before += average_precision(rows, len(objects))
            fixed = [row for row in rows if row[2] not in chosen]
            for target, index in winners.items():
                if annotations[target]["category_id"] == category["id"]:
                    record = detections[index]
                    fixed.append((record["score"], record["image_id"], index, True))
            fixed.sort(key=lambda row: (-row[0], row[1], row[2]))
            left = len(objects) - sum(1 for i in objects if i in gone)
            after += average_precision(fixed, left) if left else Fraction(0 if fixed else 1)
    return (after - before) / cells if cells else None
