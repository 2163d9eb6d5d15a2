"""The cause of every error at every IoU threshold, from the table in definitions.md, section 3."""

import numpy as np

from mapgap import _kernel
from mapgap.tables import (
    BACKGROUND_IOU,
    CAUSES,
    EQUAL_BOXES_IOU,
    NO_CAUSE,
    BoolArray,
    Causes,
    CodeArray,
    Detections,
    GroundTruth,
    Matches,
    Nearest,
    Pairs,
)


def find_causes(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    pairs: Pairs,
    *,
    background_iou: float = BACKGROUND_IOU,
    max_detections: int = 100,
) -> Causes:
    """One cause for each false positive and each unmatched object at each threshold, detections of any score.

    `pairs` must hold the overlaps across classes down to `background_iou`.
    """
    is_object = ground_truth.is_object
    nearest = Nearest(
        *_kernel.nearest_objects(
            matches.order,
            matches.rank,
            detections.category,
            pairs.offsets,
            pairs.object,
            pairs.iou,
            ground_truth.category,
            is_object.view(np.uint8),
            max_detections,
        )
    )
    thresholds = len(matches.iou_thresholds)
    detection_causes = np.empty((thresholds, len(detections.score)), dtype=np.int8)
    object_causes = np.empty((thresholds, len(ground_truth.ids)), dtype=np.int8)
    for threshold, iou_threshold in enumerate(matches.iou_thresholds):
        reached_iou = min(float(iou_threshold), EQUAL_BOXES_IOU)
        is_true_positive = matches.is_true_positive(threshold, max_detections)
        is_false_positive = matches.is_counted(threshold, max_detections) & ~is_true_positive
        detection_causes[threshold] = _detection_causes(nearest, is_false_positive, reached_iou, background_iou)
        is_missed = is_object.copy()
        is_missed[matches.matched[0, threshold][is_true_positive]] = False
        object_causes[threshold] = _object_causes(nearest, detection_causes[threshold], is_missed, reached_iou)
    return Causes(matches.iou_thresholds, detection_causes, object_causes, nearest)


def _detection_causes(
    nearest: Nearest, is_false_positive: BoolArray, iou_threshold: float, background_iou: float
) -> CodeArray:
    """(D,) the first cause of the table that holds; a reached same-class object is one that another detection took."""
    is_loose = (nearest.same_class_iou >= background_iou) & (nearest.same_class_iou < iou_threshold)
    is_other_class = (nearest.other_class_object >= 0) & (nearest.other_class_iou >= iou_threshold)
    is_second = (nearest.same_class_object >= 0) & (nearest.same_class_iou >= iou_threshold)
    is_alone = np.maximum(nearest.same_class_iou, nearest.other_class_iou) < background_iou
    cause = np.select(
        [~is_false_positive, is_loose, is_other_class, is_second, is_alone],
        [NO_CAUSE, *(CAUSES.index(name) for name in ("localization", "classification", "duplicate", "background"))],
        default=CAUSES.index("both"),
    )
    return cause.astype(np.int8)


def _object_causes(
    nearest: Nearest, detection_cause: CodeArray, is_missed: BoolArray, iou_threshold: float
) -> CodeArray:
    """(N,) the first that holds: localization, classification, crowded_out, both, else missed."""
    cause = np.full(len(is_missed), CAUSES.index("missed"), dtype=np.int8)
    for name, target in (
        ("both", nearest.other_class_object),
        ("crowded_out", None),
        ("classification", nearest.other_class_object),
        ("localization", nearest.same_class_object),
    ):
        if target is None:
            cause[nearest.kept_iou >= iou_threshold] = CAUSES.index(name)
        else:
            cause[target[detection_cause == CAUSES.index(name)]] = CAUSES.index(name)
    cause[~is_missed] = NO_CAUSE
    return cause
