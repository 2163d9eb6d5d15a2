"""Reliability: how many detections of a score are right, by bins of scores, and the calibration error."""

import numpy as np

from mapgap.tables import BoolArray, FloatArray, IntegerArray, Reliability

BINS = 20


def score_reliability(
    score: FloatArray, is_hit: BoolArray, group: IntegerArray, groups: int, *, bins: int = BINS
) -> Reliability:
    """Bins of equal width from 0 to 1, closed below (the last one at both ends), for each of `groups` groups.

    D-ECE is the mean over detections of |share of true positives - mean score| of their bin. It is not defined
    where a score is outside 0 to 1; then all bins span the lowest to the highest score.
    Source: Küppers et al., Multivariate Confidence Calibration for Object Detection, CVPR Workshops 2020, equation 5,
    with the score as the only dimension.
    """
    edges, is_probability = _edges(score, bins)
    place = np.clip(np.searchsorted(edges, score, side="right") - 1, 0, bins - 1)
    cell = group.astype(np.int64) * bins + place
    count = np.bincount(cell, minlength=groups * bins)
    hits = np.bincount(cell[is_hit], minlength=groups * bins)
    total = np.bincount(cell, weights=score, minlength=groups * bins)
    used = np.flatnonzero(count)
    of_group, of_bin = np.divmod(used, bins)
    off = np.abs(hits[used] - total[used])
    size = np.bincount(of_group, weights=count[used], minlength=groups)
    d_ece = np.full(groups, np.nan)
    if is_probability:
        np.divide(np.bincount(of_group, weights=off, minlength=groups), size, out=d_ece, where=size > 0)
    return Reliability(
        group=of_group.astype(np.int32),
        low=edges[of_bin],
        high=edges[of_bin + 1],
        detections=count[used].astype(np.int64),
        true_positives=hits[used].astype(np.int64),
        confidence=total[used] / count[used],
        d_ece=d_ece,
    )


def _edges(score: FloatArray, bins: int) -> tuple[FloatArray, bool]:
    lowest, highest = (float(score.min()), float(score.max())) if len(score) else (0.0, 1.0)
    if lowest >= 0.0 and highest <= 1.0:
        return np.arange(bins + 1) / bins, True
    return np.linspace(lowest, highest, bins + 1), False
