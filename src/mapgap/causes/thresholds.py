"""The cause of every error at every IoU threshold, from the table in definitions.md, section 3."""

import numpy as np

from mapgap import _kernel
from mapgap.tables import BACKGROUND_IOU, Causes, Detections, GroundTruth, Matches, Nearest, Pairs


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
    detection_causes, object_causes = _kernel.error_causes(
        matches.rank,
        matches.true_positive[0],
        matches.ignored[0],
        matches.matched[0],
        nearest.same_class_object,
        nearest.same_class_iou,
        nearest.other_class_object,
        nearest.other_class_iou,
        nearest.kept_iou,
        is_object.view(np.uint8),
        matches.iou_thresholds,
        background_iou,
        max_detections,
    )
    return Causes(matches.iou_thresholds, detection_causes, object_causes, nearest)
