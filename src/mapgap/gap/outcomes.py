"""Outcomes of detections as the kernel takes them: one bit a threshold."""

import numpy as np

from mapgap.tables import BitArray, Matches

MAX_DETECTIONS = 100


def counted_and_right(matches: Matches, thresholds: int) -> tuple[BitArray, BitArray]:
    """(D,) at which of the first thresholds each detection counts, and at which of those it is a true positive."""
    every = np.uint32((1 << thresholds) - 1)
    kept_at = np.where(matches.rank < MAX_DETECTIONS, every, np.uint32(0))
    true_positive = matches.true_positive[0] & kept_at
    return ~matches.ignored[0] & kept_at | true_positive, true_positive
