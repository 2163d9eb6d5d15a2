"""Every error at the operating point, with its one cause: what is counted, sliced and listed."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mapgap.causes.overlaps import Overlaps, overlaps_of
from mapgap.tables import (
    CAUSES,
    EQUAL_BOXES_IOU,
    BoolArray,
    Causes,
    CodeArray,
    Detections,
    Errors,
    FloatArray,
    GroundTruth,
    IndexArray,
    IntegerArray,
    Matches,
    OperatingPoint,
    Pairs,
)


def list_errors(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    pairs: Pairs,
    causes: Causes,
    operating_point: OperatingPoint,
    *,
    threshold: int,
    max_detections: int = 100,
) -> Errors:
    """One row an error: missed objects first, in file order, then kept false positives in file order.

    `threshold` is the position of the analysis IoU; `pairs` are those of `find_causes`. An object matched only by
    detections below the score threshold is `below_threshold`; any other missed object keeps its cause from detections
    of any score, where "missed" becomes `max_detections` if a detection that was cut for their number reaches it.
    """
    missed = _missed_objects(ground_truth, detections, matches, causes, operating_point, threshold)
    missed_detection = _with_those_that_reach(
        missed, ground_truth, detections, matches, pairs, threshold, max_detections
    )
    false_positive = np.flatnonzero(operating_point.kept & ~operating_point.true_positive).astype(np.int32)
    target = causes.points_at(threshold)[false_positive]
    objects = np.concatenate([missed.object, target]).astype(np.int32)
    witness = np.concatenate([missed_detection, false_positive]).astype(np.int32)
    is_false_negative = np.arange(len(objects)) < len(missed.object)
    is_background = objects < 0
    return Errors(
        cause=np.concatenate([missed.cause, causes.detection[threshold][false_positive]]).astype(np.int8),
        object=objects,
        detection=witness,
        is_false_negative=is_false_negative,
        image=_at_address(ground_truth.image, detections.image, objects, witness, is_background),
        category=_at_address(ground_truth.category, detections.category, objects, witness, is_background),
        recovering_score=np.concatenate([missed.recovering_score, np.full(len(false_positive), np.nan)]),
    )


@dataclass(frozen=True)
class _Missed:
    """One row a missed object: its cause and the detection to look at."""

    object: IndexArray
    cause: CodeArray
    detection: IndexArray
    recovering_score: FloatArray


def _missed_objects(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    causes: Causes,
    operating_point: OperatingPoint,
    threshold: int,
) -> _Missed:
    objects = np.flatnonzero(ground_truth.is_object & ~operating_point.found).astype(np.int32)
    cause = causes.object[threshold][objects].copy()
    cut_reaches = causes.nearest.cut_iou[objects] >= min(float(matches.iou_thresholds[threshold]), EQUAL_BOXES_IOU)
    cause[(cause == CAUSES.index("missed")) & cut_reaches] = CAUSES.index("max_detections")
    matching = _matching_detection(ground_truth, matches, threshold)[objects]
    is_below = matching >= 0
    cause[is_below] = CAUSES.index("below_threshold")
    witness = _best_pointing(ground_truth, detections, causes, threshold)
    detection = np.full(len(objects), -1, dtype=np.int32)
    for code, pointing in witness:
        has_cause = cause == code
        detection[has_cause] = pointing[objects[has_cause]]
    detection[is_below] = matching[is_below]
    score = np.full(len(objects), np.nan)
    score[is_below] = detections.score[matching[is_below]]
    return _Missed(objects, cause, detection, score)


def _with_those_that_reach(
    missed: _Missed,
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    pairs: Pairs,
    threshold: int,
    max_detections: int,
) -> IndexArray:
    """The detections to look at, with those that reach an object and that it did not get: taken by another, or cut."""
    is_crowded_out = missed.cause == CAUSES.index("crowded_out")
    is_cut_off = missed.cause == CAUSES.index("max_detections")
    reaching = _reaching(
        ground_truth, detections, matches, pairs, missed.object[is_crowded_out | is_cut_off], threshold
    )
    is_taken = matches.is_true_positive(threshold, max_detections)[reaching.detection]
    is_cut = matches.rank[reaching.detection] >= max_detections
    looked_at = missed.detection.copy()
    for has_cause, of_cause in ((is_crowded_out, is_taken), (is_cut_off, is_cut)):
        best = best_scoring(
            reaching.detection[of_cause], reaching.object[of_cause], detections.score, len(ground_truth.ids)
        )
        looked_at[has_cause] = best[missed.object[has_cause]]
    return looked_at


def _reaching(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    pairs: Pairs,
    objects: IndexArray,
    threshold: int,
) -> Overlaps:
    """The overlaps of these objects with detections of their class that would be matches."""
    overlaps = overlaps_of(objects, len(ground_truth.ids), matches, pairs)
    is_same = ground_truth.category[overlaps.object] == detections.category[overlaps.detection]
    reaches = overlaps.iou >= min(float(matches.iou_thresholds[threshold]), EQUAL_BOXES_IOU)
    return overlaps.where(is_same & reaches)


def _matching_detection(ground_truth: GroundTruth, matches: Matches, threshold: int) -> IndexArray:
    """(N,) the detection that matches each object, whatever its score, or -1."""
    matching = np.full(len(ground_truth.ids), -1, dtype=np.int32)
    true_positive = np.flatnonzero(matches.is_true_positive(threshold))
    matching[matches.matched[0, threshold][true_positive]] = true_positive
    return matching


def _best_pointing(
    ground_truth: GroundTruth, detections: Detections, causes: Causes, threshold: int
) -> Iterable[tuple[int, IndexArray]]:
    """For each cause of a false positive, (N,) the best-scoring detection that points at each object with it, or -1."""
    target = causes.points_at(threshold)
    for name in ("localization", "classification", "both"):
        code = CAUSES.index(name)
        pointing = np.flatnonzero(causes.detection[threshold] == code)
        yield code, best_scoring(pointing, target[pointing], detections.score, len(ground_truth.ids))


def best_scoring(pointing: IntegerArray, target: IndexArray, score: FloatArray, objects: int) -> IndexArray:
    """(objects,) the best-scoring detection that points at each object, the first in the file among equals, or -1."""
    best = np.full(objects, -1, dtype=np.int32)
    weakest_first = np.lexsort((-pointing, score[pointing]))
    best[target[weakest_first]] = pointing[weakest_first]
    return best


def _at_address(
    of_object: IndexArray,
    of_detection: IndexArray,
    objects: IndexArray,
    detection: IndexArray,
    is_background: BoolArray,
) -> IndexArray:
    result = np.empty(len(objects), dtype=np.int32)
    result[~is_background] = of_object[objects[~is_background]]
    result[is_background] = of_detection[detection[is_background]]
    return result
