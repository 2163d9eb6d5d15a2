"""What is right, wrong and owed at every score threshold, all classes together."""

from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.error_costs import read_costs
from mapgap.report.columns import target_of_detections
from mapgap.tables import CAUSES, FloatArray, IdArray, IndexArray, OperatingPoint, Results

BELOW_THRESHOLD = CAUSES.index("below_threshold")


@dataclass(frozen=True)
class ThresholdCurve:
    """One row a distinct score of the detections that count, falling: the counts where all from it up are kept."""

    score: FloatArray
    tp: IdArray
    fp: IdArray
    cost: FloatArray
    """What the errors cost in all; each costs 1 where no costs were given."""
    objects: int
    row: int
    """The row of the report's own threshold, -1 where it keeps nothing or has one a class."""
    has_costs: bool
    """Whether costs were given."""

    @property
    def precision(self) -> FloatArray:
        """Share of the kept detections that is right."""
        return np.asarray(self.tp / (self.tp + self.fp))

    @property
    def recall(self) -> FloatArray:
        """Share of the objects that is found; NaN without objects."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.true_divide(self.tp, self.objects))

    @property
    def f1(self) -> FloatArray:
        """2 TP / (2 TP + FP + FN)."""
        return np.asarray(2 * self.tp / (self.tp + self.fp + self.objects))


def threshold_curve(results: Results) -> ThresholdCurve:
    """The curve at the analysis IoU, over the detections that count there."""
    threshold, most = results.analysis_threshold, results.settings.max_detections
    counted = np.flatnonzero(results.matches.is_counted(threshold, most))
    order = counted[_kernel.falling_order(results.detections.score[counted])].astype(np.int32)
    score = results.detections.score[order]
    last = last_of_equals(score)
    is_hit = results.matches.is_true_positive(threshold, most)[order]
    right = np.cumsum(is_hit, dtype=np.int64)[last]
    wrong = last + 1 - right
    objects = int(results.ground_truth.is_object.sum())
    kept = entries_kept(results.operating_point, score[last])
    has_costs = bool(results.settings.costs)
    cost = _costs(results, order)[last] if has_costs else (wrong + objects - right).astype(np.float64)
    return ThresholdCurve(score[last], right, wrong, cost, objects, kept - 1, has_costs)


def last_of_equals(falling: FloatArray) -> IdArray:
    """The last place of each run of equal values."""
    is_last = np.ones(len(falling), dtype=np.bool_)
    is_last[:-1] = falling[1:] != falling[:-1]
    return np.flatnonzero(is_last)


def entries_kept(operating_point: OperatingPoint, falling: FloatArray) -> int:
    """How many of these scores the threshold of the report keeps; 0 where each class has its own."""
    own = operating_point.score_threshold
    if operating_point.class_score_thresholds is not None:
        return 0
    return len(falling) if own is None else int(np.count_nonzero(falling >= own))


def _costs(results: Results, order: IndexArray) -> FloatArray:
    """(len(order),) what all errors cost where this detection is the last one kept.

    A missed object costs by its cause, which is "below_threshold" as long as a detection further down matches it.
    """
    table = cost_table(results)
    threshold, truth, errors = results.analysis_threshold, results.ground_truth, results.errors
    target, _ = target_of_detections(results)
    target = target[order]
    category = results.detections.category[order]
    has_object = target >= 0
    category[has_object] = truth.category[target[has_object]]
    is_hit = results.matches.is_true_positive(threshold, results.settings.max_detections)[order]
    saved = table[BELOW_THRESHOLD, category]
    spent = table[results.causes.detection[threshold][order], category]
    is_lost = errors.is_false_negative & (errors.cause != BELOW_THRESHOLD)
    at_first = table[errors.cause[is_lost], errors.category[is_lost]].sum() + saved[is_hit].sum()
    return np.asarray(at_first + np.cumsum(np.where(is_hit, -saved, spent)))


def cost_table(results: Results) -> FloatArray:
    """(causes, K) what one error of each cause costs at each category."""
    by_cause = read_costs(results.settings.costs, results.ground_truth.categories)
    return np.stack([by_cause[cause] for cause in CAUSES])
