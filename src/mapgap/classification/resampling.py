"""95 % intervals of every number: samples, or groups of them, are drawn anew with replacement."""

import numpy as np

from mapgap.bootstrap import draw_images, intervals_of
from mapgap.classification.counts import class_rates, defined_mean, metrics_of
from mapgap.classification.roc import Draws, resampled_auc, row_blocks
from mapgap.classification.tables import ClassCounts, Samples
from mapgap.tables import FloatArray, IdArray, IndexArray

MOST_AUC_WORK = 400_000_000
"""Samples times resamples times classes up to which the AUC gets an interval: about ten seconds."""


def draws(samples: Samples, *, resamples: int, seed: int) -> Draws:
    """(C, B) how often each cluster of samples is drawn in each resample."""
    return draw_images(int(samples.cluster.max(initial=-1)) + 1, resamples=resamples, seed=seed)


def drawn_sums(drawn: Draws, cluster: IndexArray, codes: IndexArray, size: int) -> IdArray:
    """(size, B) how many samples of each code each resample holds; samples with a code below 0 are left out."""
    sums = np.zeros((size, drawn.shape[1]), dtype=np.int64)
    rows = np.flatnonzero(codes >= 0)
    rows = rows[np.argsort(codes[rows], kind="stable")]
    for block in row_blocks(len(rows), drawn.shape[1]):
        own = rows[block]
        present, starts = np.unique(codes[own], return_index=True)
        sums[present] += np.add.reduceat(drawn[cluster[own]], starts, axis=0, dtype=np.int64)
    return sums


def resampled_counts(samples: Samples, drawn: Draws) -> ClassCounts:
    """(B, K) the counts of each class in each resample."""
    is_right = samples.truth == samples.prediction
    everything = np.zeros(len(samples.truth), dtype=np.int32)
    tp, of_class, taken_for = (
        drawn_sums(drawn, samples.cluster, codes, samples.classes).T
        for codes in (np.where(is_right, samples.truth, -1), samples.truth, samples.prediction)
    )
    total = drawn_sums(drawn, samples.cluster, everything, 1)[0]
    return ClassCounts(tp, taken_for - tp, of_class - tp, total)


def metric_intervals(samples: Samples, counts: ClassCounts, drawn: Draws) -> dict[str, FloatArray]:
    """(2,) of each headline number by its name, `auc` too; NaN where it is not defined."""
    names, values = zip(*metrics_of(counts, samples.positive).items(), strict=True)
    found = dict(zip(names, intervals_of(np.stack(values)), strict=True))
    return {**found, "auc": intervals_of(_auc_samples(samples, drawn)[np.newaxis])[0]}


def class_intervals(counts: ClassCounts) -> dict[str, FloatArray]:
    """(K, 2) of precision, recall, specificity and F1 of each class."""
    return {name: intervals_of(values.T) for name, values in class_rates(counts).items()}


def _auc_samples(samples: Samples, drawn: Draws) -> FloatArray:
    """(B,) of the positive class, or the mean over the classes with a defined value."""
    scores, resamples = samples.scores, drawn.shape[1]
    if scores is None or scores.values.size * resamples > MOST_AUC_WORK:
        return np.full(resamples, np.nan)
    curves = [
        resampled_auc(scores.values[:, column], samples.truth == place, samples.cluster, drawn)
        for column, place in enumerate(scores.classes)
    ]
    return defined_mean(np.stack(curves, axis=-1)) if curves else np.full(resamples, np.nan)
