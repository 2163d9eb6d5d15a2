"""Which rules are asked about a hot spot, in which order; the first that finds evidence gives the advice."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from mapgap.advice.background import hard_negatives, missing_labels
from mapgap.advice.class_bias import class_bias
from mapgap.advice.class_pairs import review_labels
from mapgap.advice.detection_limit import raise_detection_limit
from mapgap.advice.duplicates import nms_iou
from mapgap.advice.hot_spots import Case, HotSpot, open_hot_spot
from mapgap.advice.loose_boxes import box_loss, softer_nms
from mapgap.advice.more_data import data_in_the_dark, data_of_that_kind
from mapgap.advice.resolution import input_resolution
from mapgap.advice.thresholds import threshold_for_slice
from mapgap.tables import FailureMode, Recommendation, Results

Rule = Callable[[HotSpot], Recommendation | None]

RULES: Mapping[str, tuple[Rule, ...]] = {
    "missed": (input_resolution, data_in_the_dark, data_of_that_kind),
    "localization": (softer_nms, box_loss),
    "classification": (review_labels, class_bias),
    "duplicate": (nms_iou,),
    "background": (missing_labels, hard_negatives),
    "below_threshold": (threshold_for_slice,),
    "max_detections": (raise_detection_limit,),
}
ACTIONS = tuple(rule.__name__ for rules in RULES.values() for rule in rules)
"""What can be advised; each rule is called as its action."""

TOO_FEW = "too_few"


def recommend(results: Results, measured: frozenset[str] = frozenset()) -> tuple[FailureMode, ...]:
    """The failure modes, each with the advice of the first rule of its cause that finds evidence, else None.

    `measured` names the attributes that come from pictures. A mode flagged "too_few" gets none. Nothing else of
    `results` changes, and the same results give the same advice.
    """
    case = Case(results, measured)
    return tuple(replace(mode, recommendation=_advice(case, mode)) for mode in results.failure_modes)


def _advice(case: Case, mode: FailureMode) -> Recommendation | None:
    if TOO_FEW in mode.flags or not RULES.get(mode.cause):
        return None
    spot = open_hot_spot(case, mode)
    given = (rule(spot) for rule in RULES[mode.cause])
    return next((advice for advice in given if advice is not None), None)
