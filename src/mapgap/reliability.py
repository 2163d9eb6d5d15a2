"""Reliability: how many detections of a score are right, by bins of scores, and the calibration error."""

import numpy as np

from mapgap.tables import BoolArray, FloatArray, IntegerArray, Reliability

BINS = 20
LOCALIZATION_BINS = 25


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


def localization_aware_error(
    score: FloatArray, quality: FloatArray, group: IntegerArray, groups: int, *, bins: int = LOCALIZATION_BINS
) -> FloatArray:
    """(groups,) LaECE of each group: the mean over detections of |mean quality - mean score| of their bin.

    `quality` is the IoU of a true positive with its object and 0 for a false positive, so that its mean in a bin is
    precision x mean IoU. Bins have equal width from 0 to 1 and are closed above, the first at both ends. NaN without
    detections, and for all groups where a score is outside 0 to 1.
    Source: Oksuz, Joy, Dokania: Towards Building Self-Aware Object Detectors via Reliable Uncertainty Quantification
    and Calibration, CVPR 2023; 25 bins as there.
    """
    if len(score) and not (score.min() >= 0.0 and score.max() <= 1.0):
        return np.full(groups, np.nan)
    place = np.maximum(np.searchsorted(np.linspace(0.0, 1.0, bins + 1), score, side="left") - 1, 0)
    cell = group.astype(np.int64) * bins + place
    off = np.bincount(cell, weights=quality, minlength=groups * bins)
    off -= np.bincount(cell, weights=score, minlength=groups * bins)
    size = np.bincount(group, minlength=groups)
    total = np.abs(off).reshape(groups, bins).sum(axis=1)
    return np.asarray(np.divide(total, size, out=np.full(groups, np.nan), where=size > 0))


def _edges(score: FloatArray, bins: int) -> tuple[FloatArray, bool]:
    lowest, highest = (float(score.min()), float(score.max())) if len(score) else (0.0, 1.0)
    if lowest >= 0.0 and highest <= 1.0:
        return np.arange(bins + 1) / bins, True
    return np.linspace(lowest, highest, bins + 1), False
