"""TIDE's numbers: AP50, and how much it rises when all errors of one type are fixed."""

import numpy as np

from mapgap import _kernel
from mapgap.tables import (
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
    in_turn = _reorder(matches, detections, category, run.turn)
    # In the fixed runs errors come before true positives among equal scores.
    errors_first = run.turn + is_right * np.int64(len(is_right))
    in_fixed_run = _reorder(matches, detections, category, errors_first)
    ap50 = _mean_ap(in_turn, status, objects)
    fixed: dict[str, float | None] = {}
    for name, code in ERROR_TYPES.items():
        order = in_fixed_run
        if name == "Cls":
            order = _reorder(matches, detections, _category_when_fixed(ground_truth, detections, run), errors_first)
        fixed[name] = _mean_ap(order, _status_when_fixed(run, status, code), objects)
    fixed["Miss"] = _mean_ap(in_fixed_run, status, objects - missed)
    dap = {name: _clamped(_rise(ap50, value)) for name, value in fixed.items()}
    # With every false positive behind the true ones it is as if there were none.
    dap["FP"] = _rise(ap50, _mean_ap(in_turn, np.where(is_right, status, np.int8(NOT_COUNTED)), objects))
    dap["FN"] = _rise(ap50, _mean_ap(in_fixed_run, status, objects - false_negatives))
    return Tide(ap50=ap50, dap=dap, counts=_counts(run, status))


Order = tuple[IndexArray, IdArray]
"""(D,) detections by category and rank, and (K + 1,) where each category starts."""


def _reorder(matches: Matches, detections: Detections, category: IndexArray, turn: IdArray) -> Order:
    """By falling score, equal ones by rising turn."""
    return _kernel.reorder_classes(matches.class_order, matches.class_offsets, category, detections.score, turn)


def _status(run: Run) -> CodeArray:
    """(D,) how each detection counts before any fix."""
    outcome = np.full(np.iinfo(np.int8).max + 1, NOT_COUNTED, dtype=np.int8)
    outcome[list(ERROR_TYPES.values())] = WRONG
    outcome[TRUE_POSITIVE] = RIGHT
    status = outcome[run.type]
    status[run.ignored & (status == WRONG)] = NOT_COUNTED
    return status


def _per_class(category: IndexArray, classes: int) -> IdArray:
    return np.bincount(category, minlength=classes).astype(np.int64)


def _category_when_fixed(ground_truth: GroundTruth, detections: Detections, run: Run) -> IndexArray:
    """(D,) categories; a Cls error that repairs an object moves to the object's class."""
    moves = (run.type == ERROR_TYPES["Cls"]) & run.repairs
    category = detections.category.copy()
    category[moves] = ground_truth.category[run.target[moves]]
    return category


def _status_when_fixed(run: Run, status: CodeArray, code: int) -> CodeArray:
    """(D,) how each detection counts once the errors of one type are true positives or gone."""
    fixed = status.copy()
    fixed[run.type == code] = NOT_COUNTED
    fixed[(run.type == code) & run.repairs] = RIGHT
    return fixed


def _mean_ap(order: Order, status: CodeArray, objects: IdArray) -> float | None:
    """Mean AP over the classes with objects, None without one."""
    ap = _kernel.average_precision(*order, status.view(np.uint8), objects, RECALL_GRID)
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
