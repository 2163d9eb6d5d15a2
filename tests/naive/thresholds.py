"""Slow twin of the room thresholds: choose on one half of the images, judge on the other, one detection at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from tests.naive import operating_point as naive
from tests.naive.advice import naive_first_half


@dataclass(frozen=True)
class PlainJudged:
    threshold: float | None
    """None where the part takes that for all."""
    with_all: tuple[int, int, int]
    with_own: tuple[int, int, int]
    """True positives, false positives, missed objects on the other half."""


def proposals(
    annotations: list[naive.PlainAnnotation],
    detections: list[naive.PlainDetection],
    image_ids: list[int],
    rule: str,
    part_of_detection: Callable[[int], object],
    part_of_object: Callable[[int], object],
    part: object,
) -> tuple[float | None, PlainJudged]:
    """(the threshold for all, what becomes of one part)."""
    first = [naive_first_half(identifier) for identifier in image_ids]
    counted = [row for row, d in enumerate(detections) if d.is_counted]
    objects = [row for row, a in enumerate(annotations) if a.is_object]

    def choose(of_part: bool) -> float | None:
        rows = [r for r in counted if first[detections[r].image] and (not of_part or part_of_detection(r) == part)]
        there = [r for r in objects if first[annotations[r].image] and (not of_part or part_of_object(r) == part)]
        if rule == "cost":
            return naive.least_cost([(detections[r].score, 1.0, detections[r].found is not None) for r in rows])
        return naive.score_threshold(rule, [detections[r] for r in rows], len(there))

    for_all, own = choose(of_part=False), choose(of_part=True)

    def judge(threshold: float) -> tuple[int, int, int]:
        kept = [
            r for r in counted
            if not first[detections[r].image] and part_of_detection(r) == part and detections[r].score >= threshold
        ]  # fmt: skip
        right = sum(detections[r].found is not None for r in kept)
        there = sum(not first[annotations[r].image] and part_of_object(r) == part for r in objects)
        return right, len(kept) - right, there - right

    assert for_all is not None
    return for_all, PlainJudged(own, judge(for_all), judge(for_all if own is None else own))


def gain(rule: str, before: tuple[int, int, int], after: tuple[int, int, int]) -> Fraction | None:
    """What the second outcome is better by in what the rule asks for."""
    name, _, goal = rule.partition("=")
    if name == "cost":
        return Fraction(sum(before[1:]) - sum(after[1:]))
    rates = []
    for tp, fp, fn in (before, after):
        parts = {"best-f1": (2 * tp, 2 * tp + fp + fn), "precision": (tp, tp + fp), "recall": (tp, tp + fn)}
        part, whole = parts[name]
        if whole == 0:
            return None
        rates.append(Fraction(part, whole))
    if not goal:
        return rates[1] - rates[0]
    return abs(rates[0] - Fraction(goal)) - abs(rates[1] - Fraction(goal))
