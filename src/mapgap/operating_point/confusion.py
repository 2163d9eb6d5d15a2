"""What is taken for what: objects against kept detections, across classes."""

import numpy as np

from mapgap import _kernel
from mapgap.tables import (
    EQUAL_BOXES_IOU,
    BoolArray,
    Candidates,
    ConfusionMatrix,
    Detections,
    GroundTruth,
    IndexArray,
    Matches,
    OperatingPoint,
    Pairs,
)

BACKGROUND = "background"


def confusion_matrix(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    pairs: Pairs,
    operating_point: OperatingPoint,
) -> ConfusionMatrix:
    """Counts by truth and prediction, background the last of both.

    True positives are on the diagonal. The kept detections and objects left over are matched across classes, one to
    one, by falling score then file order, each taking the object left with the best IoU >= the analysis IoU (the later
    one on equal IoU). So a row adds up to the class's objects, a column to its kept detections, and
    background/background is 0. `pairs` must hold the pairs of all classes.
    """
    missed = ground_truth.is_object & ~operating_point.found
    spurious = operating_point.kept & ~operating_point.true_positive
    taken = _match_left_over(ground_truth, detections, matches, pairs, spurious, missed, operating_point.iou_threshold)
    is_confused = taken >= 0
    is_taken = np.zeros(len(missed), dtype=np.bool_)
    is_taken[taken[is_confused]] = True

    background = len(ground_truth.categories.ids)
    truth, predicted = ground_truth.category, detections.category
    right, alone, lost = truth[operating_point.found], predicted[spurious & ~is_confused], truth[missed & ~is_taken]
    return ConfusionMatrix.of_cells(
        (*ground_truth.categories.names, BACKGROUND),
        np.concatenate([right, truth[taken[is_confused]], np.full(len(alone), background), lost]),
        np.concatenate([right, predicted[is_confused], alone, np.full(len(lost), background)]),
    )


def list_candidates(
    ground_truth: GroundTruth, matches: Matches, pairs: Pairs, *, threshold: int, max_detections: int = 100
) -> Candidates:
    """All that the cross-class pass of the confusion matrix may look at, whatever the score threshold.

    `threshold` is the position of the analysis IoU. A true positive is never left over, so it has no candidates.
    """
    is_false_positive = matches.is_counted(threshold, max_detections) & ~matches.is_true_positive(
        threshold, max_detections
    )
    minimum = min(float(matches.iou_thresholds[threshold]), EQUAL_BOXES_IOU)
    near = np.flatnonzero(pairs.iou >= minimum)
    detection, objects = matches.order[pairs.positions(near)], pairs.object[near]
    is_candidate = is_false_positive[detection] & ground_truth.is_object[objects]
    detection, objects, iou = detection[is_candidate], objects[is_candidate], pairs.iou[near[is_candidate]]
    order = np.lexsort((-objects, -iou, detection))
    return Candidates(detection[order], objects[order])


def _match_left_over(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    pairs: Pairs,
    spurious: BoolArray,
    missed: BoolArray,
    iou_threshold: float,
) -> IndexArray:
    """(D,) the object each left-over detection takes, or -1."""
    return _kernel.match_leftovers(
        matches.order,
        detections.image,
        detections.score,
        spurious.view(np.uint8),
        missed.view(np.uint8),
        pairs.offsets,
        pairs.object,
        pairs.iou,
        min(iou_threshold, 1 - 1e-10),
        len(ground_truth.images.ids),
    )
