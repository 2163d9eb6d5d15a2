"""Whether two runs were made on the same images, as far as their detections can tell."""

import math

import numpy as np

from mapgap.tables import BoolArray, IdArray

FEWEST_SILENT = 5
SHARE_SILENT = 0.05
"""Fewer silent images than this say nothing."""
LEAST_DECLINE = 0.7
"""A detector that looked at an image is silent less often where there is more to see: at most this times as often."""
TIMES_EXPECTED = 3.0
"""Silence is told from chance if it is this many times as frequent as the number of detections elsewhere suggests."""
_STEPS = 50


def unlike_image_sets(objects: IdArray, of_first: IdArray, of_second: IdArray) -> IdArray:
    """Indices of the images that the second run seems not to have seen; empty where there is no sign of that.

    One row an image each: how many objects it has, and how many detections of either run.

    A result file lists no images, and a detector that finds nothing in an image says nothing of it. But such silence
    is rarer where there are many objects, and where it has many detections itself when it has any. The images in which
    the first run has detections are halved by their numbers of objects. The silent images of the second are given back
    if they are at least 5 % (and five) of the fuller half, at least .7 times their share of the other half, and three
    times as many as the second run's numbers of detections in the others of the fuller half suggest. A run without
    any detection gives no sign.
    """
    speaks, is_silent = of_first > 0, of_second == 0
    if not speaks.any() or is_silent.all():
        return np.zeros(0, dtype=np.int64)
    is_full = speaks & (objects > np.median(objects[speaks]))
    is_sparse = speaks & ~is_full
    silent = np.count_nonzero(is_silent & is_full)
    is_beyond_few = silent >= max(FEWEST_SILENT, SHARE_SILENT * np.count_nonzero(is_full))
    if not is_beyond_few or not is_sparse.any() or (is_silent | ~is_full).all():
        return np.zeros(0, dtype=np.int64)
    does_not_decline = _share(is_silent, is_full) >= LEAST_DECLINE * _share(is_silent, is_sparse)
    expected = math.exp(-_poisson_mean(float(of_second[is_full & ~is_silent].mean())))
    if not does_not_decline or _share(is_silent, is_full) < TIMES_EXPECTED * expected:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(is_silent & speaks)


def _share(marked: BoolArray, among: BoolArray) -> float:
    return np.count_nonzero(marked & among) / np.count_nonzero(among)


def _poisson_mean(mean_without_zeros: float) -> float:
    """The mean of a Poisson variable of which only the numbers above 0 are seen: m = mean (1 - exp(-m))."""
    mean = mean_without_zeros
    for _ in range(_STEPS):
        mean = mean_without_zeros * (1 - math.exp(-mean))
    return mean
