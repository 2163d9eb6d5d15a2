"""How likely a detection of a score is right: measured on one half of the images, told of the other half."""

import numpy as np

from mapgap.tables import BoolArray, Detections, FloatArray, IdArray, IndexArray, Matches

MOST_BINS = 100
LEAST_HITS = 20
"""True positives that a bin should hold."""


def calibrated_confidence(
    detections: Detections, matches: Matches, *, threshold: int, max_detections: int = 100
) -> FloatArray:
    """(D,) share of true positives among detections of about this score in the other half of the images.

    The halves are the images at even and at odd places in id order, so that no detection speaks for itself. Never
    falling with the score, never 0 or 1. NaN for a detection that does not count (cut or ignored), and where the other
    half has none that does.
    """
    is_counted = matches.is_counted(threshold, max_detections)
    is_hit = matches.is_true_positive(threshold, max_detections)
    half = detections.image & 1
    confidence = np.full(len(detections.score), np.nan)
    for told in (0, 1):
        learned = np.flatnonzero(is_counted & (half != told))
        asked = np.flatnonzero(is_counted & (half == told))
        if len(learned):
            scores, shares = fit_shares(detections.score[learned], is_hit[learned])
            confidence[asked] = np.interp(detections.score[asked], scores, shares)
    return confidence


def fit_shares(score: FloatArray, is_hit: BoolArray) -> tuple[FloatArray, FloatArray]:
    """(mean scores, shares of hits) of bins, both rising: an isotonic curve to interpolate along.

    The bins hold about equally many hits, because that is where the share moves; everything below the lowest hit is
    one bin. A bin of k hits among n has the share (k + 1/2) / (n + 1).
    """
    edges = _edges(score[is_hit])
    place = np.searchsorted(edges, score, side="right")
    count = np.bincount(place, minlength=len(edges) + 1)
    hits = np.bincount(place[is_hit], minlength=len(edges) + 1)
    total = np.bincount(place, weights=score, minlength=len(edges) + 1)
    is_used = count > 0
    means = total[is_used] / count[is_used]
    pool = pool_adjacent(hits[is_used], count[is_used])
    pool_hits, pool_count = np.bincount(pool, weights=hits[is_used]), np.bincount(pool, weights=count[is_used])
    shares = np.maximum.accumulate((pool_hits + 0.5) / (pool_count + 1.0))
    return means, shares[pool]


def _edges(hit_scores: FloatArray) -> FloatArray:
    """Lower ends of the bins above the lowest one."""
    if not len(hit_scores):
        return np.zeros(0)
    bins = min(max(len(hit_scores) // LEAST_HITS, 1), MOST_BINS)
    rising = np.sort(hit_scores)
    return np.unique(rising[np.arange(bins) * len(rising) // bins])


def pool_adjacent(hits: IdArray, count: IdArray) -> IndexArray:
    """(bins,) the pool of each bin, from 0, when neighbours whose shares of hits fall are put together.

    Source: Ayer et al., An empirical distribution function for sampling with incomplete information, 1955.
    """
    pools: list[tuple[int, int, int]] = []
    for pool_hits, pool_count in zip(hits.tolist(), count.tolist(), strict=True):
        bins = 1
        while pools and pools[-1][0] * pool_count >= pool_hits * pools[-1][1]:
            before = pools.pop()
            pool_hits, pool_count, bins = pool_hits + before[0], pool_count + before[1], bins + before[2]
        pools.append((pool_hits, pool_count, bins))
    return np.repeat(np.arange(len(pools), dtype=np.int32), [bins for _, _, bins in pools])
