"""Whether two runs were made on the same images, as far as their detections can tell."""

import numpy as np

from mapgap.tables import Detections, IdArray

FEWEST_SILENT = 5
SHARE_SILENT = 0.05
"""Fewer silent images than this say nothing."""
LEAST_DECLINE = 0.7
"""A detector that looked at an image is silent less often where there is more to see: at most this times as often."""


def unlike_image_sets(first: Detections, second: Detections, images: int) -> IdArray:
    """Indices of the images that the second run seems not to have seen; empty where there is no sign of that.

    A result file lists no images, and a detector that finds nothing in an image says nothing of it. But such silence
    is rarer where another detector sees much. The images in which the first run has detections are halved by their
    number; if the second has none in at least 5 % (and five) of the fuller half, and in at least .7 times that share
    of the other one, its silence does not depend on what there is to see, and its silent images are given back.
    """
    of_first = np.bincount(first.image, minlength=images)
    is_silent = np.bincount(second.image, minlength=images) == 0
    speaks = of_first > 0
    if not speaks.any():
        return np.zeros(0, dtype=np.int64)
    is_full = of_first > np.median(of_first[speaks])
    is_sparse = speaks & ~is_full
    silent_in_full = np.count_nonzero(is_silent & is_full)
    is_beyond_chance = silent_in_full >= max(FEWEST_SILENT, SHARE_SILENT * np.count_nonzero(is_full))
    if not is_beyond_chance or not is_sparse.any():
        return np.zeros(0, dtype=np.int64)
    share_in_full = silent_in_full / np.count_nonzero(is_full)
    share_in_sparse = np.count_nonzero(is_silent & is_sparse) / np.count_nonzero(is_sparse)
    if share_in_full < LEAST_DECLINE * share_in_sparse:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(is_silent & speaks)
