"""ROC: what every threshold would give for one class against the rest, and the area under that curve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mapgap.tables import BoolArray, FloatArray, IdArray

Draws = NDArray[np.unsignedinteger]
ENTRIES_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class Roc:
    """One row a threshold, falling: how many samples with a score of at least that are of the class, and are not.

    The first threshold is infinite, and nothing reaches it.
    """

    threshold: FloatArray
    tp: IdArray
    fp: IdArray
    positives: int
    negatives: int

    @property
    def auc(self) -> float | None:
        """The chance that a sample of the class scores above another, ties counted half; None if one side is empty."""
        if not self.positives or not self.negatives:
            return None
        # Twice the area as a whole number, so that it is exact and the same as counting the pairs.
        twice = int(np.dot(np.diff(self.fp), self.tp[1:] + self.tp[:-1]))
        return twice / (2 * self.positives * self.negatives)


def roc_of(score: FloatArray, is_positive: BoolArray) -> Roc:
    """The curve of (N,) scores; every distinct score is a threshold."""
    order = np.argsort(-score, kind="stable")
    falling, is_right = score[order], is_positive[order]
    last = np.flatnonzero(np.append(falling[1:] != falling[:-1], True)[: len(falling)])
    tp = np.cumsum(is_right, dtype=np.int64)[last]
    positives = int(np.count_nonzero(is_positive))
    return Roc(
        np.append(np.inf, falling[last]),
        np.append(0, tp),
        np.append(0, last + 1 - tp),
        positives,
        len(score) - positives,
    )


def resampled_auc(score: FloatArray, is_positive: BoolArray, cluster: NDArray[np.int32], drawn: Draws) -> FloatArray:
    """(B,) the AUC in each resample; NaN where one side is empty. `drawn` (C, B) is how often each cluster is drawn."""
    order = np.argsort(-score, kind="stable")
    falling, is_right, rows = score[order], is_positive[order], cluster[order]
    starts = np.flatnonzero(np.append(True, falling[1:] != falling[:-1])[: len(falling)])
    resamples = drawn.shape[1]
    if not len(starts):
        return np.full(resamples, np.nan)
    width = max(1, ENTRIES_AT_ONCE // len(score))
    parts = [_weighted_auc(drawn[rows, at : at + width], is_right, starts) for at in range(0, resamples, width)]
    return np.concatenate([np.zeros(0), *parts])


def _weighted_auc(weights: Draws, is_right: BoolArray, starts: NDArray[np.intp]) -> FloatArray:
    right = np.add.reduceat(weights * is_right[:, np.newaxis], starts, axis=0, dtype=np.int64)
    wrong = np.add.reduceat(weights, starts, axis=0, dtype=np.int64) - right
    above = np.cumsum(right, axis=0) - right
    twice = np.einsum("db,db->b", wrong, 2 * above + right)
    pairs = right.sum(axis=0) * wrong.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(pairs == 0, np.nan, twice / (2 * pairs)))
