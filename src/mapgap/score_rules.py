"""The score threshold: a number, or the one that reaches a goal on the counted detections."""

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

import numpy as np

from mapgap import _kernel
from mapgap.errors import InputError
from mapgap.tables import BoolArray, FloatArray, IdArray

ALLOWED = "Allowed are a number, best-f1, precision=P and recall=R with 0 < P, R <= 1, and cost"


def choose_score_threshold(
    rule: float | str,
    score: FloatArray,
    is_counted: BoolArray,
    is_true_positive: BoolArray,
    objects: int,
    cost: FloatArray | None = None,
) -> float | None:
    """The score at and above which detections are kept; None if "best-f1" finds no true positive, "cost" no detection.

    `score`, `is_counted` and `is_true_positive` have one row a detection, the last two at the analysis IoU; `objects`
    is the number of objects. Candidates are the scores of the counted detections.

    * a number (also as text): itself;
    * "best-f1": highest micro-F1 = 2 TP / (2 TP + FP + FN), on equal F1 the highest score;
    * "precision=P": the lowest score at which the precision is at least P, which has most recall;
    * "recall=R": the highest score at which the recall is at least R;
    * "cost": the score at which the errors cost least in all, on equal cost the highest; where it is cheapest to keep
      no detection, the next number above all scores. `cost` is by how much keeping each detection changes the cost of
      all errors, as `costs_of_keeping` gives it; without it every error costs 1.

    InputError for any other rule, and for a goal that no candidate reaches, with the best that can be had.
    """
    number = _as_number(rule)
    if number is not None:
        return number
    name, goal = _as_goal(str(rule))
    candidates = _candidates(score, is_counted, is_true_positive)
    if name == "precision":
        return _lowest_with_precision(candidates, goal)
    if name == "recall":
        return _highest_with_recall(candidates, goal, objects)
    if name == "cost":
        each = np.where(is_true_positive, -1.0, 1.0) if cost is None else cost
        return _least_cost(candidates, each[_falling(score, is_counted)])
    return _best_f1(candidates, objects)


@dataclass(frozen=True)
class _Candidates:
    """One row a distinct score, falling: how many counted detections reach it, and how many of them are right."""

    score: FloatArray
    kept: IdArray
    true_positives: IdArray


def _as_number(rule: float | str) -> float | None:
    if isinstance(rule, bool):
        raise _malformed(rule)
    try:
        number = float(rule)
    except (TypeError, ValueError):
        return None
    if not math.isfinite(number):
        raise _malformed(rule)
    return number


def _as_goal(rule: str) -> tuple[str, float]:
    if rule in ("best-f1", "cost"):
        return rule, math.nan
    name, _, text = rule.partition("=")
    if name not in ("precision", "recall"):
        raise _malformed(rule)
    try:
        goal = float(text)
    except ValueError:
        raise _malformed(rule) from None
    if not 0 < goal <= 1:
        raise _malformed(rule)
    return name, goal


def _malformed(rule: float | str) -> InputError:
    return InputError(f"{rule!r} is no rule for a score threshold", where="--score-threshold", fix=ALLOWED)


def _candidates(score: FloatArray, is_counted: BoolArray, is_true_positive: BoolArray) -> _Candidates:
    order = _falling(score, is_counted)
    falling = score[order]
    is_last_of_score = np.append(falling[1:] != falling[:-1], True)[: len(falling)]
    last = np.flatnonzero(is_last_of_score)
    true_positives = np.cumsum(is_true_positive[order], dtype=np.int64)
    return _Candidates(falling[last], last + 1, true_positives[last])


def _falling(score: FloatArray, is_counted: BoolArray) -> IdArray:
    counted = np.flatnonzero(is_counted)
    return counted[_kernel.falling_order(score[counted])]


def _best_f1(candidates: _Candidates, objects: int) -> float | None:
    if len(candidates.score) == 0 or candidates.true_positives[-1] == 0:
        return None
    # 2 TP + FP + FN is kept detections plus objects.
    f1 = 2 * candidates.true_positives / (candidates.kept + objects)
    # Rounding may part equal ratios from each other only by the last bits: those in reach are compared as fractions.
    near = np.flatnonzero(f1 >= f1.max() * (1 - 1e-14)).tolist()
    right, kept = candidates.true_positives, candidates.kept
    best = max(near, key=lambda at: Fraction(2 * int(right[at]), int(kept[at]) + objects))
    return float(candidates.score[best])


def _least_cost(candidates: _Candidates, falling_cost: FloatArray) -> float | None:
    """Of the scores, and of one above them all; `falling_cost` has one row a counted detection, by falling score."""
    if len(candidates.score) == 0:
        return None
    totals = [0, *accumulate(_as_whole(falling_cost))]
    ends = [0, *candidates.kept.tolist()]
    best = min(range(len(ends)), key=lambda at: totals[ends[at]])
    return float(np.nextafter(candidates.score[0], math.inf) if best == 0 else candidates.score[best - 1])


def _as_whole(values: FloatArray) -> list[int]:
    """The values in a unit so small that all are whole numbers: their sums are exact, and equal ones are equal."""
    different, which = np.unique(values, return_inverse=True)
    ratios = [value.as_integer_ratio() for value in different.tolist()]
    # Denominators of floats are powers of two, so the largest is a multiple of all.
    unit = max((denominator for _, denominator in ratios), default=1)
    whole = [numerator * (unit // denominator) for numerator, denominator in ratios]
    return [whole[at] for at in which.tolist()]


def _lowest_with_precision(candidates: _Candidates, goal: float) -> float:
    precision = candidates.true_positives / candidates.kept
    reached = np.flatnonzero(precision >= goal)
    if len(reached) == 0:
        raise _out_of_reach("precision", goal, precision)
    return float(candidates.score[reached[-1]])


def _highest_with_recall(candidates: _Candidates, goal: float, objects: int) -> float:
    if objects == 0:
        raise _unreached("recall", goal, "there is no object")
    recall = candidates.true_positives / objects
    reached = np.flatnonzero(recall >= goal)
    if len(reached) == 0:
        raise _out_of_reach("recall", goal, recall)
    return float(candidates.score[reached[0]])


def _out_of_reach(name: str, goal: float, values: FloatArray) -> InputError:
    if len(values) == 0:
        return _unreached(name, goal, "there is no detection that counts")
    best = float(values.max())
    reason = f"the best that can be had is {best:.4g}"
    # Below a ten-thousandth the advice would round to a goal of 0, which is none.
    return _unreached(name, goal, reason, f"Ask for at most {name}={_rounded_down(best)}" if best >= 1e-4 else None)


def _unreached(name: str, goal: float, reason: str, fix: str | None = None) -> InputError:
    what = f"no score threshold reaches {name} {goal:g}: {reason}"
    return InputError(what, where="--score-threshold", fix=fix or "Use a number or best-f1")


def _rounded_down(value: float) -> str:
    """The value cut to four decimals, so that it can be reached."""
    return f"{math.floor(value * 1e4) / 1e4:g}"
