"""Outcomes of detections as the kernel takes them: one status and one address a detection and threshold."""

import numpy as np
from numpy.typing import NDArray

from mapgap.tables import Causes, IndexArray, Matches

NOT_COUNTED, COUNTED_TRUE, COUNTED_FALSE = 0, 1, 2


def detection_statuses(matches: Matches, thresholds: int) -> NDArray[np.uint8]:
    """(thresholds, D) whether each detection is not counted (0), a true positive (1) or a false positive (2)."""
    statuses = np.empty((thresholds, len(matches.rank)), dtype=np.uint8)
    for threshold in range(thresholds):
        statuses[threshold] = np.where(matches.is_counted(threshold), COUNTED_FALSE, NOT_COUNTED)
        statuses[threshold][matches.is_true_positive(threshold)] = COUNTED_TRUE
    return statuses


def addresses(matches: Matches, causes: Causes, thresholds: int) -> IndexArray:
    """(thresholds, D) the object a true positive matched or a false positive points at, -1 for none."""
    result = np.empty((thresholds, len(matches.rank)), dtype=np.int32)
    for threshold in range(thresholds):
        is_true_positive = matches.is_true_positive(threshold)
        result[threshold] = np.where(is_true_positive, matches.matched[0, threshold], causes.points_at(threshold))
    return result
