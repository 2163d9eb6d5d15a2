"""The gap by cause in every resample of the images."""

import numpy as np

from mapgap import _kernel
from mapgap.gap.outcomes import counted_and_right
from mapgap.gap.repairs import THRESHOLDS
from mapgap.tables import (
    GAP_CAUSES,
    RECALL_THRESHOLDS,
    Causes,
    Detections,
    DrawnArray,
    FloatArray,
    GroundTruth,
    Matches,
)


def resampled_gap_by_cause(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    causes: Causes,
    drawn: DrawnArray,
    thresholds: int = THRESHOLDS,
) -> FloatArray:
    """(7, B) gap of each of `GAP_CAUSES` in each resample, over the first thresholds; NaN in one without objects.

    A resample is the data set in which every image stands as often as it was drawn; what its causes owe adds up to its
    1 - AP. With `thresholds` 1 it is the gap at IoU .5. The first ten thresholds of `matches` must be COCO's.
    """
    in_file = np.flatnonzero(ground_truth.is_object)
    objects = in_file[np.argsort(ground_truth.category[in_file], kind="stable")]
    of_class = np.bincount(ground_truth.category[objects], minlength=len(ground_truth.categories.ids))
    return _kernel.resampled_gap(
        matches.class_order,
        matches.class_offsets,
        detections.image,
        *counted_and_right(matches, thresholds),
        causes.detection[:thresholds],
        np.append(0, np.cumsum(of_class)),
        ground_truth.image[objects],
        causes.object[:thresholds, objects],
        drawn,
        RECALL_THRESHOLDS,
        len(GAP_CAUSES),
    )
