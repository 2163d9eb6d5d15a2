"""Whether scores are the wrong way round: true positives then have the low ones."""

from dataclasses import dataclass

import numpy as np

from mapgap.doctor.trials import Match, Trial, in_format, match_placed
from mapgap.tables import BoolArray, FloatArray, GroundTruth

LEAST_OF_BOTH = 20
"""True and false positives that a judgement needs."""
LEAST_DIFFERENCE = 0.2
"""Of the better half's share of true positives from the worse half's."""
LEAST_Z = 5


@dataclass(frozen=True)
class ScoreOrder:
    """Shares of true positives among the detections with the higher and with the lower half of the scores."""

    higher: float
    lower: float


def reversed_scores(ground_truth: GroundTruth, trial: Trial, match: Match) -> ScoreOrder | None:
    """The shares, where lower scores are surer; None otherwise.

    Which of several detections of an object is its true positive depends on the scores, so both orders are matched:
    as read the lower half must have far more true positives, and read the other way round too.
    """
    truth = in_format(ground_truth, trial.reading.ground_truth_box_format) or ground_truth
    placed = trial.placed
    turned = type(placed)(placed.row, placed.image, placed.category, placed.box, -placed.score)
    other = match_placed(truth, turned, trial.reading, match, trial.detections)
    if not (_is_reversed(trial.found >= 0, placed.score) and _is_reversed(other.found >= 0, placed.score)):
        return None
    return ScoreOrder(*_halves(trial.found >= 0, placed.score))


def _is_reversed(is_true: BoolArray, score: FloatArray) -> bool:
    true, false = int(np.count_nonzero(is_true)), int(np.count_nonzero(~is_true))
    if min(true, false) < LEAST_OF_BOTH:
        return False
    higher, lower = _halves(is_true, score)
    share = true / (true + false)
    deviation = np.sqrt(share * (1 - share) * 4 / (true + false))
    return lower - higher >= LEAST_DIFFERENCE and (lower - higher) / deviation >= LEAST_Z


def _halves(is_true: BoolArray, score: FloatArray) -> tuple[float, float]:
    """Shares of true positives above and below the median; detections of the median's score are in neither half."""
    middle = np.median(score)
    is_higher, is_lower = score > middle, score < middle
    if not is_higher.any() or not is_lower.any():
        return 0.0, 0.0
    return float(np.mean(is_true[is_higher])), float(np.mean(is_true[is_lower]))
