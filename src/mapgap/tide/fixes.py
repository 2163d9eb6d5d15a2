"""TIDE's numbers: AP50, and how much it rises when all errors of one type are fixed."""

import numpy as np

from mapgap import _kernel
from mapgap.tables import (
    BoolArray,
    CodeArray,
    Detections,
    FloatArray,
    GroundTruth,
    IdArray,
    IndexArray,
    Matches,
    Pairs,
    Tide,
)
from mapgap.tide.error_types import ERROR_TYPES, TRUE_POSITIVE, Run, first_run

# tidecv's grid is i / 100, which is not np.linspace(0, 1, 101) to the last bit.
RECALL_GRID: FloatArray = np.arange(101) / 100

NOT_COUNTED, RIGHT, WRONG = 0, 1, 2


def tide(ground_truth: GroundTruth, detections: Detections, matches: Matches, pairs: Pairs) -> Tide:
    """AP50, the change of it by fixing all errors of each type, and how many there are of each type.

    Fractions of 1. `dap` of Cls, Loc, Both, Dupe, Bkg and Miss is at least 0; that of FP (every false positive put
    last) and FN (every object not found taken out) may be negative. Means are over the classes with ground truth; a
    class that a fix leaves without objects leaves the mean of that fix. Where no class is left to average the value
    is None. `counts` of FP are the false positives before any fix, without the errors inside crowd regions, which
    count by their type alone.

    `pairs` must hold the pairs of all classes. Source: Bolya et al., TIDE (ECCV 2020), and tidecv 1.0.1, whose order
    among equal scores is kept: images as in the file, and errors before true positives in the fixed runs.
    """
    run = first_run(ground_truth, detections, matches, pairs)
    status = _status(run)
    classes = len(ground_truth.categories.ids)
    objects = _per_class(ground_truth.category[~ground_truth.crowd], classes)
    missed = _per_class(ground_truth.category[run.missed], classes)
    false_negatives = _per_class(ground_truth.category[run.false_negative], classes)

    category, is_right = detections.category, status == RIGHT
    in_turn = _by_falling_score(detections.score, run.turn)
    errors_first = _errors_first(in_turn, detections.score, is_right)
    right_first = np.argsort(~is_right, kind="stable")
    ap50 = _mean_ap(in_turn, category, status, objects)
    fixed: dict[str, float | None] = {}
    for name, code in ERROR_TYPES.items():
        category_then = _category_when_fixed(ground_truth, detections, run, code)
        fixed[name] = _mean_ap(errors_first, category_then, _status_when_fixed(run, status, code), objects)
    fixed["Miss"] = _mean_ap(errors_first, category, status, objects - missed)
    dap = {name: _clamped(_rise(ap50, value)) for name, value in fixed.items()}
    dap["FP"] = _rise(ap50, _mean_ap(right_first, category, status, objects))
    dap["FN"] = _rise(ap50, _mean_ap(errors_first, category, status, objects - false_negatives))
    return Tide(ap50=ap50, dap=dap, counts=_counts(run, status))


def _by_falling_score(score: FloatArray, turn: IdArray) -> IdArray:
    by_turn = np.empty(len(turn), dtype=np.int64)
    by_turn[turn] = np.arange(len(turn))
    return by_turn[np.argsort(-score[by_turn], kind="stable")]


def _errors_first(in_turn: IdArray, score: FloatArray, is_right: BoolArray) -> IdArray:
    """Among equal scores errors before true positives; sorting what is nearly sorted is fast."""
    falling = score[in_turn]
    is_lower = np.append(False, falling[1:] != falling[:-1])[: len(falling)]
    return in_turn[np.argsort(2 * np.cumsum(is_lower) + is_right[in_turn], kind="stable")]


def _status(run: Run) -> CodeArray:
    """(D,) how each detection counts before any fix."""
    is_error = np.isin(run.type, list(ERROR_TYPES.values())) & ~run.ignored
    status = np.where(is_error, WRONG, NOT_COUNTED)
    return np.where(run.type == TRUE_POSITIVE, RIGHT, status).astype(np.int8)


def _per_class(category: IndexArray, classes: int) -> IdArray:
    return np.bincount(category, minlength=classes).astype(np.int64)


def _category_when_fixed(ground_truth: GroundTruth, detections: Detections, run: Run, code: int) -> IndexArray:
    """(D,) categories; a Cls error that repairs an object moves to the object's class."""
    if code != ERROR_TYPES["Cls"]:
        return detections.category
    moves = (run.type == code) & run.repairs
    category = detections.category.copy()
    category[moves] = ground_truth.category[run.target[moves]]
    return category


def _status_when_fixed(run: Run, status: CodeArray, code: int) -> CodeArray:
    """(D,) how each detection counts once the errors of one type are true positives or gone."""
    is_fixed = run.type == code
    outcome = np.where(run.repairs, RIGHT, NOT_COUNTED)
    return np.where(is_fixed, outcome, status).astype(np.int8)


def _mean_ap(by_rank: IdArray, category: IndexArray, status: CodeArray, objects: IdArray) -> float | None:
    """Mean AP over the classes with objects, None without one; `by_rank` sorts the detections of all classes."""
    # The narrowest type: NumPy sorts 8 and 16 bits by counting, several times faster.
    narrow_category = category.astype(np.min_scalar_type(len(objects)))
    class_order = by_rank[np.argsort(narrow_category[by_rank], kind="stable")].astype(np.int32)
    class_offsets = np.append(0, np.cumsum(_per_class(category, len(objects))))
    ap = _kernel.average_precision(class_order, class_offsets, status.view(np.uint8), objects, RECALL_GRID)
    has_objects = objects > 0
    return float(ap[has_objects].mean()) if has_objects.any() else None


def _rise(now: float | None, then: float | None) -> float | None:
    return None if now is None or then is None else then - now


def _clamped(rise: float | None) -> float | None:
    return None if rise is None else max(rise, 0.0)


def _counts(run: Run, status: CodeArray) -> dict[str, int]:
    counts = {name: int(np.count_nonzero(run.type == code)) for name, code in ERROR_TYPES.items()}
    return {
        **counts,
        "Miss": int(np.count_nonzero(run.missed)),
        "FP": int(np.count_nonzero(status == WRONG)),
        "FN": int(np.count_nonzero(run.false_negative)),
    }
