"""How likely a detection of a score is right: measured on nine tenths of the images, told of the tenth left out."""

from dataclasses import dataclass

import numpy as np

from mapgap.tables import BoolArray, Detections, FloatArray, IdArray, IndexArray, Matches

FOLDS = 10
MOST_BINS = 100
LEAST_HITS = 20
"""True positives that a bin should hold."""


def calibrated_confidence(
    detections: Detections, matches: Matches, *, threshold: int, max_detections: int = 100
) -> FloatArray:
    """(D,) share of true positives among detections of about this score in other images.

    The images are dealt to FOLDS parts in id order, and what is said of one part is learned from the others, so that no
    detection speaks for itself. Never falling with the score, never 0 or 1. NaN for a detection that does not count
    (cut or ignored), and where no other part has one that does.
    """
    counted = np.flatnonzero(matches.is_counted(threshold, max_detections))
    is_hit = matches.is_true_positive(threshold, max_detections)[counted]
    confidence = np.full(len(detections.score), np.nan)
    confidence[counted] = learned_shares(detections.image[counted], detections.score[counted], is_hit)
    return confidence


def learned_shares(image: IndexArray, score: FloatArray, is_hit: BoolArray) -> FloatArray:
    """(n,) share of hits at the score of each row, learned from the other folds' images; NaN where those are empty.

    The bins hold about equally many hits of all folds, because that is where the share moves; everything below the
    lowest hit is one bin. Of a fold only counts are left out. The shares of bins are made rising, and read off along
    straight lines between the mean scores of the bins. A bin of k hits among n has the share (k + 1/2) / (n + 1).
    """
    edges = _edges(score[is_hit])
    bins = len(edges) + 1
    cell = (image % FOLDS) * bins + np.searchsorted(edges, score, side="right")
    curves = _curves(*(_of_other_folds(cell, weights, bins) for weights in (None, is_hit.astype(np.float64), score)))
    mean = curves.mean[cell]
    is_above = score >= mean
    return np.asarray(curves.share[cell] + curves.slope[2 * cell + is_above] * (score - mean))


@dataclass(frozen=True)
class _Curves:
    """One row a fold and a bin: the point of the fold's curve in the bin, or in the next lower one that has a point."""

    mean: FloatArray
    share: FloatArray
    slope: FloatArray
    """Twice as many rows: towards the next lower and towards the next higher point."""


def _of_other_folds(cell: IndexArray, weights: FloatArray | None, bins: int) -> FloatArray:
    """(FOLDS, bins) sums over the folds but one."""
    inside = np.bincount(cell, weights=weights, minlength=FOLDS * bins).reshape(FOLDS, bins)
    return np.stack([np.delete(inside, fold, axis=0).sum(axis=0) for fold in range(FOLDS)]).astype(np.float64)


def _curves(count: FloatArray, hits: FloatArray, total: FloatArray) -> _Curves:
    mean, share = np.full(count.shape, np.nan), np.full(count.shape, np.nan)
    slope = np.zeros((*count.shape, 2))
    for fold in range(FOLDS):
        used = np.flatnonzero(count[fold])
        if not len(used):
            continue
        means = total[fold, used] / count[fold, used]
        shares = rising_shares(hits[fold, used], count[fold, used])
        apart = np.diff(means)
        rises = np.divide(np.diff(shares), apart, out=np.zeros_like(apart), where=apart > 0)
        slopes = np.concatenate([[0.0], rises, [0.0]])
        place = np.maximum(np.searchsorted(used, np.arange(count.shape[1]), side="right") - 1, 0)
        mean[fold], share[fold] = means[place], shares[place]
        slope[fold] = np.stack([slopes[place], slopes[place + 1]], axis=1)
    return _Curves(mean.ravel(), share.ravel(), slope.ravel())


def rising_shares(hits: FloatArray, count: FloatArray) -> FloatArray:
    """(bins,) share of hits of each bin, neighbours that fall put together."""
    pool = pool_adjacent(hits, count)
    pool_hits, pool_count = np.bincount(pool, weights=hits), np.bincount(pool, weights=count)
    return np.asarray(np.maximum.accumulate((pool_hits + 0.5) / (pool_count + 1.0))[pool])


def _edges(hit_scores: FloatArray) -> FloatArray:
    """Lower ends of the bins above the lowest one."""
    if not len(hit_scores):
        return np.zeros(0)
    bins = min(max(len(hit_scores) // LEAST_HITS, 1), MOST_BINS)
    rising = np.sort(hit_scores)
    return np.unique(rising[np.arange(bins) * len(rising) // bins])


def pool_adjacent(hits: FloatArray | IdArray, count: FloatArray | IdArray) -> IndexArray:
    """(bins,) the pool of each bin, from 0, when neighbours whose shares of hits fall are put together.

    Source: Ayer et al., An empirical distribution function for sampling with incomplete information, 1955.
    """
    pools: list[tuple[float, float, int]] = []
    for pool_hits, pool_count in zip(hits.tolist(), count.tolist(), strict=True):
        bins = 1
        while pools and pools[-1][0] * pool_count >= pool_hits * pools[-1][1]:
            before = pools.pop()
            pool_hits, pool_count, bins = pool_hits + before[0], pool_count + before[1], bins + before[2]
        pools.append((pool_hits, pool_count, bins))
    return np.repeat(np.arange(len(pools), dtype=np.int32), [bins for _, _, bins in pools])
