"""ROC: what every threshold would give for one class against the rest, and the area under that curve."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mapgap.tables import BoolArray, FloatArray, IdArray

Draws = NDArray[np.unsignedinteger]
ENTRIES_AT_ONCE = 1 << 20


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
    falling, is_right, clusters = score[order], is_positive[order], cluster[order]
    right = np.zeros(drawn.shape[1], dtype=np.int64)
    wrong, twice = right.copy(), right.copy()
    tie = np.cumsum(np.append(False, falling[1:] != falling[:-1])[: len(falling)])
    for block in row_blocks(len(falling), drawn.shape[1], tie):
        _, starts = np.unique(tie[block], return_index=True)
        weights = drawn[clusters[block]]
        of_tie = np.add.reduceat(weights * is_right[block, np.newaxis], starts, axis=0, dtype=np.int64)
        others = np.add.reduceat(weights, starts, axis=0, dtype=np.int64) - of_tie
        above = right + np.cumsum(of_tie, axis=0) - of_tie
        twice += np.einsum("tb,tb->b", others, 2 * above + of_tie)
        right += of_tie.sum(axis=0)
        wrong += others.sum(axis=0)
    pairs = right * wrong
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(pairs == 0, np.nan, twice / (2 * pairs)))


def row_blocks(rows: int, columns: int, tie: NDArray[np.integer] | None = None) -> Iterator[slice]:
    """Blocks of rows that fit the memory near the processor; rows of equal `tie`, which rises, stay together."""
    height, start = max(1, ENTRIES_AT_ONCE // max(columns, 1)), 0
    while start < rows:
        end = min(rows, start + height)
        if tie is not None and end < rows:
            end = int(np.searchsorted(tie, tie[end - 1], side="right"))
        yield slice(start, end)
        start = end
