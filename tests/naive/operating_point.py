"""Slow twin of the room operating_point: definitions.md, section 2, with plain loops over plain records.

Who matched whom is taken as given (matching has its own twin); everything after it is done again.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mapgap.tables import Detections, GroundTruth, Matches


@dataclass(frozen=True)
class PlainAnnotation:
    image: int
    category: int
    box: tuple[float, float, float, float]
    is_object: bool


@dataclass(frozen=True)
class PlainDetection:
    image: int
    category: int
    box: tuple[float, float, float, float]
    score: float
    is_counted: bool
    found: int | None


def plain_annotations(ground_truth: GroundTruth) -> list[PlainAnnotation]:
    return [
        PlainAnnotation(
            int(ground_truth.image[row]),
            int(ground_truth.category[row]),
            _box(ground_truth.box[row]),
            not ground_truth.crowd[row] and 0 <= ground_truth.area[row] <= 1e10,
        )
        for row in range(len(ground_truth.image))
    ]


def plain_detections(detections: Detections, matches: Matches, threshold: int) -> list[PlainDetection]:
    bit = 1 << threshold
    plain = []
    for row in range(len(detections.image)):
        is_counted = int(matches.rank[row]) < 100 and not int(matches.ignored[0, row]) & bit
        is_right = is_counted and bool(int(matches.true_positive[0, row]) & bit)
        plain.append(
            PlainDetection(
                int(detections.image[row]),
                int(detections.category[row]),
                _box(detections.box[row]),
                float(detections.score[row]),
                is_counted,
                int(matches.matched[0, threshold, row]) if is_right else None,
            )
        )
    return plain


def score_threshold(rule: str, detections: list[PlainDetection], objects: int) -> float | None:
    """The rule's answer by trying every score; None where there is none, whether that is an answer or a refusal."""
    name, _, goal = rule.partition("=")
    answer, best = None, Fraction(0)
    for candidate in sorted({d.score for d in detections if d.is_counted}, reverse=True):
        kept = [d for d in detections if d.is_counted and d.score >= candidate]
        right = sum(d.found is not None for d in kept)
        if name == "best-f1":
            f1 = Fraction(2 * right, 2 * right + (len(kept) - right) + (objects - right))
            if f1 > best:
                answer, best = candidate, f1
        elif name == "precision":
            if Fraction(right, len(kept)) >= Fraction(goal):
                answer = candidate
        elif answer is None and objects and Fraction(right, objects) >= Fraction(goal):
            answer = candidate
    return answer


def least_cost(costs: list[tuple[float, float, bool]]) -> float | None:
    """Tries every score and a higher one; rows are (score, what the error or the missed object costs, right)."""
    if not costs:
        return None
    scores = sorted({score for score, _, _ in costs}, reverse=True)
    answer, least = None, None
    for candidate in [math.nextafter(scores[0], math.inf), *scores]:
        # A false positive costs while it is kept, the object of a true positive while that is not.
        total = sum(
            (Fraction(cost) for score, cost, is_right in costs if (score >= candidate) != is_right), Fraction(0)
        )
        if least is None or total < least:
            answer, least = candidate, total
    return answer


def kept_at(detections: list[PlainDetection], score: float | None) -> list[bool]:
    return [d.is_counted and (score is None or d.score >= score) for d in detections]


def class_counts(
    annotations: list[PlainAnnotation], detections: list[PlainDetection], kept: list[bool], classes: int
) -> dict[str, list[int]]:
    counts = {"tp": [0] * classes, "fp": [0] * classes, "fn": [0] * classes}
    found = set()
    for detection, is_kept in zip(detections, kept, strict=True):
        if is_kept and detection.found is None:
            counts["fp"][detection.category] += 1
        elif is_kept:
            found.add(detection.found)
            counts["tp"][annotations[detection.found or 0].category] += 1
    for row, annotation in enumerate(annotations):
        if annotation.is_object and row not in found:
            counts["fn"][annotation.category] += 1
    return counts


def confusion(
    annotations: list[PlainAnnotation],
    detections: list[PlainDetection],
    kept: list[bool],
    classes: int,
    iou_threshold: float,
) -> list[list[int]]:
    counts = [[0] * (classes + 1) for _ in range(classes + 1)]
    free = {row for row, annotation in enumerate(annotations) if annotation.is_object}
    left_over = []
    for row, detection in enumerate(detections):
        if not kept[row]:
            continue
        if detection.found is None:
            left_over.append(row)
        else:
            free.remove(detection.found)
            counts[annotations[detection.found].category][detection.category] += 1
    for row in sorted(left_over, key=lambda row: (-detections[row].score, row)):
        detection, best, best_iou = detections[row], None, min(iou_threshold, 1 - 1e-10)
        for place in sorted(free):
            if annotations[place].image != detection.image:
                continue
            iou = box_iou(detection.box, annotations[place].box)
            if iou >= best_iou:
                best, best_iou = place, iou
        if best is None:
            counts[classes][detection.category] += 1
        else:
            free.remove(best)
            counts[annotations[best].category][detection.category] += 1
    for place in free:
        counts[annotations[place].category][classes] += 1
    return counts


def image_level(
    annotations: list[PlainAnnotation],
    detections: list[PlainDetection],
    kept: list[bool],
    images: int,
    category: int,
) -> dict[str, Any]:
    """Counts and rates of one class, image by image; None where a rate is not defined."""
    counts = {"tp": 0, "fp": 0, "fn": 0, "tn": 0}
    scores: dict[bool, list[float]] = {True: [], False: []}
    for image in range(images):
        here = [a for a in annotations if a.image == image and a.category == category]
        is_present = any(a.is_object for a in here)
        if here and not is_present:
            continue
        mine = [row for row, d in enumerate(detections) if d.image == image and d.category == category]
        is_predicted = any(kept[row] for row in mine)
        counts[{(1, 1): "tp", (0, 1): "fp", (1, 0): "fn", (0, 0): "tn"}[(is_present, is_predicted)]] += 1
        scores[is_present].append(
            max((detections[row].score for row in mine if detections[row].is_counted), default=float("-inf"))
        )
    won = sum((good > bad) + (good == bad) / 2 for good in scores[True] for bad in scores[False])
    return {
        **counts,
        "accuracy": _ratio(counts["tp"] + counts["tn"], sum(counts.values())),
        "specificity": _ratio(counts["tn"], counts["tn"] + counts["fp"]),
        "auc": _ratio(won, len(scores[True]) * len(scores[False])),
    }


def box_iou(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (one[2] * one[3] + other[2] * other[3] - both)


def _box(row: Any) -> tuple[float, float, float, float]:
    x, y, width, height = (float(value) for value in row)
    return x, y, width, height


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
