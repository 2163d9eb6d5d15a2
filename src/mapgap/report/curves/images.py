"""Is a class in an image at all, at every score threshold: the ROC curve over all pairs of a class and an image."""

from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.report.curves.by_threshold import entries_kept, last_of_equals
from mapgap.tables import FloatArray, GroundTruth, IdArray, Results

MOST_CELLS_A_KEY = 8
"""A table of all that keys could be is faster than sorting them, up to so many cells a key."""


@dataclass(frozen=True)
class RocCurve:
    """One row a distinct best score of a class in an image, falling: the pairs predicted present from it up."""

    score: FloatArray
    tp: IdArray
    fp: IdArray
    positives: int
    """Pairs whose image has an object of the class."""
    negatives: int
    auc: float | None
    """Ties count half, pairs without a detection rank last; None if one side is empty."""
    row: int
    """The row of the report's own threshold, -1 where it keeps nothing."""


def roc_curve(results: Results) -> RocCurve:
    """All classes pooled; a pair whose annotations are all ignored is left out, as everywhere at image level."""
    truth, found = results.ground_truth, results.detections
    images, classes = len(truth.images.ids), len(truth.categories.ids)
    present, left_out = _pairs_of_truth(truth, images)
    counted = np.flatnonzero(results.matches.is_counted(results.analysis_threshold, results.settings.max_detections))
    order = counted[_kernel.falling_order(found.score[counted])]
    pair = found.category[order].astype(np.int64) * images + found.image[order]
    best = first_of_each(pair, classes * images)
    best = best[~np.isin(pair[best], left_out)]
    pair, score = pair[best], found.score[order[best]]
    is_present = np.isin(pair, present)
    last = last_of_equals(score)
    tp = np.cumsum(is_present, dtype=np.int64)[last]
    fp = last + 1 - tp
    positives = len(present)
    negatives = classes * images - positives - len(left_out)
    kept = entries_kept(results.operating_point, score[last])
    return RocCurve(score[last], tp, fp, positives, negatives, _area(tp, fp, positives, negatives), kept - 1)


def first_of_each(keys: IdArray, bound: int) -> IdArray:
    """Where each key stands first, rising; keys are below `bound`."""
    if bound > MOST_CELLS_A_KEY * len(keys):
        return np.sort(np.unique(keys, return_index=True)[1])
    place = np.full(bound, -1, dtype=np.int64)
    place[keys[::-1]] = np.arange(len(keys))[::-1]  # the first is written last
    return np.sort(place[place >= 0])


def _pairs_of_truth(truth: GroundTruth, images: int) -> tuple[IdArray, IdArray]:
    """Pairs (class x image) with an object, and those with ignored annotations only."""
    pair = truth.category.astype(np.int64) * images + truth.image
    present = np.unique(pair[truth.is_object])
    return present, np.setdiff1d(pair[~truth.is_object], present)


def _area(tp: IdArray, fp: IdArray, positives: int, negatives: int) -> float | None:
    """Mann and Whitney's U over the number of pairs; twice all, so that halves stay whole numbers."""
    if positives == 0 or negatives == 0:
        return None
    right, wrong = np.append(tp, positives), np.append(fp, negatives)
    rise, run = np.diff(right, prepend=0), np.diff(wrong, prepend=0)
    return float((run * (2 * (right - rise) + rise)).sum() / (2 * positives * negatives))
