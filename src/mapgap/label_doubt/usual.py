"""How usual a disagreement is for the detector: at its score, for its pair of classes, in the slices it lies in."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mapgap.label_doubt.calibration import FOLDS, learned_shares
from mapgap.tables import BoolArray, FloatArray, IdArray, IndexArray, IntegerArray

MOST_WRONG = 0.02
"""No more labels than this share are taken to be wrong in one way."""
DOWN_TO_LABELS = 0.9
"""No more than this part of the disagreements at any score is put down to labels."""
TOPS = (1 / 10, 1 / 3)
"""The parts of the rows, those of highest scores, that tell what remains of disagreements; the largest is the last."""
FEW_ROWS = 100
MORE_EVENTS = 2.0
LONE_EVENTS = 2.0
LONE_LOOSE = 4.0
"""k events are trusted by (k + 1) / (k + this), and so is the part that is put down to labels."""
LOOSE_BANDS = (2, 5, 6, 7)
"""Ends of the bands of IoU in which a label is loose, in tenths."""
HEAVY_TAIL = 2.0
"""How many times more boxes of bad fit a detector is granted than the fall of better ones leads to expect."""
FEW_EVENTS = 3.0
"""A slice counts as if it held this many more events than it does, and was expected to: few rows prove little."""
NOTABLE_LIFT = 1.25
"""A slice counts as worse from here on, as a hot spot does."""
FEW_PAIRED = 0.2
"""What FEW_EVENTS is for a pair of classes, of which there are many."""


@dataclass(frozen=True)
class AtScore:
    """One row a detection: how often detections of its score disagree with the labels, in two parts."""

    by_label: FloatArray
    """The part that does not vanish at the highest scores, put down to wrong labels."""
    by_detector: FloatArray
    """The rest."""


@dataclass(frozen=True)
class Lift:
    """One row: how many times more usual the event is in the slice of the row where it is most usual, at least 1."""

    times: FloatArray
    slice: IndexArray
    """Place of that slice's grouping, -1 where no slice is worse than all rows."""


def share_at_score(image: IndexArray, score: FloatArray, is_event: BoolArray) -> AtScore:
    """The share of events at the score, learned from the images of the other folds; NaN where those have no row.

    A detector errs the less the surer it is, a wrong label is contradicted as often as a right one is confirmed, at any
    score. So of the falling curve of shares, what is left at its end bounds the share of wrong labels: the least of the
    TOPS, to each of which MORE_EVENTS are granted, because no event among few rows proves nothing. The folds are those
    of `learned_shares`.
    """
    if not len(score):
        return AtScore(np.zeros(0), np.zeros(0))
    left = np.full(FOLDS, MOST_WRONG)
    for top in TOPS:
        is_top = score >= np.quantile(score, 1.0 - top)
        events, rows = _of_other_folds(image, is_top & is_event), _of_other_folds(image, is_top)
        left = np.minimum(left, (events + MORE_EVENTS) / (rows + FEW_ROWS))
    share, fold = 1.0 - learned_shares(image, score, ~is_event), image % FOLDS
    trust = _trust(events, LONE_EVENTS)
    return _divided(share, (left * trust)[fold], trust[fold])


def _trust(events: FloatArray, lone_events: float) -> FloatArray:
    """Little for a lone event, which may be anybody's error; nearly 1 for many that remain at the highest scores."""
    return np.asarray((events + 1.0) / (events + lone_events))


def _divided(share: FloatArray, wrong: FloatArray, trust: FloatArray) -> AtScore:
    by_label = np.minimum(wrong, np.minimum(trust, DOWN_TO_LABELS) * share)
    return AtScore(by_label, share - by_label)


def _of_other_folds(image: IndexArray, is_chosen: BoolArray) -> FloatArray:
    """(FOLDS,) how many rows are chosen outside of each fold."""
    inside = np.bincount(image[is_chosen] % FOLDS, minlength=FOLDS)
    return np.asarray(inside.sum() - inside, dtype=np.float64)


def share_at_fit(image: IndexArray, score: FloatArray, iou: FloatArray) -> AtScore:
    """The share of rows in the one of LOOSE_BANDS that each row's IoU lies in; NaN outside of them.

    How well a box fits depends little on the score, so more is asked than that events remain at the highest scores: a
    detector's boxes get rarer from one tenth of IoU to the next lower one, and the lower, the faster. What is put down
    to labels is what a band has more of than that. A loose label is fitted by any IoU alike, so no band has more of
    them for its width than the band below it.
    """
    by_label, by_detector = np.full(len(score), np.nan), np.full(len(score), np.nan)
    if not len(score):
        return AtScore(by_label, by_detector)
    is_top = score >= np.quantile(score, 1.0 - TOPS[-1])
    tenth = np.floor(iou * 10.0 + 1e-9)
    counts = np.stack([_of_other_folds(image, is_top & (tenth == place)) for place in range(11)])
    rows, density, fold = counts.sum(axis=0), np.full(FOLDS, np.inf), image % FOLDS
    trust = _trust(_more_than_usual(counts, *LOOSE_BANDS[:2]), LONE_LOOSE)
    for first, last in pairwise(LOOSE_BANDS):
        more = _more_than_usual(counts, first, last)
        wrong = np.minimum(MOST_WRONG, (more + 0.5) / (rows + FEW_ROWS)) * _trust(more, LONE_EVENTS)
        density = np.minimum(density, wrong / (last - first))
        is_inside = (tenth >= first) & (tenth < last)
        share = 1.0 - learned_shares(image, score, ~is_inside)
        band = _divided(share, (density * (last - first))[fold], trust[fold])
        by_label[is_inside], by_detector[is_inside] = band.by_label[is_inside], band.by_detector[is_inside]
    return AtScore(by_label, by_detector)


def _more_than_usual(counts: FloatArray, first: int, last: int) -> FloatArray:
    """(FOLDS,) rows in these tenths of IoU beyond those that the fall over the two tenths above leads to expect."""
    fall = np.minimum((counts[last] + 0.5) / (counts[last + 1] + 1.0), 1.0)
    steps = np.arange(1, last - first + 1)
    expected = counts[last] * np.sum(fall ** steps[:, None], axis=0)
    return np.asarray(np.maximum(counts[first:last].sum(axis=0) - HEAVY_TAIL * expected, 0.0))


def slice_lift(is_event: BoolArray, expected: FloatArray, groupings: Sequence[IndexArray]) -> Lift:
    """Events in each row's slices over those expected there, the row itself left out; one grouping of codes a slicing.

    `expected` is each row's chance of the event without regard to slices; NaN counts as 0.
    """
    events, chance = is_event.astype(np.float64), np.nan_to_num(expected)
    times, which = np.ones(len(events)), np.full(len(events), -1, dtype=np.int32)
    for place, codes in enumerate(groupings):
        found = np.bincount(codes, weights=events)[codes] - events
        due = np.bincount(codes, weights=chance)[codes] - chance
        lift = (found + FEW_EVENTS) / (due + FEW_EVENTS)
        is_more = lift > np.maximum(times, NOTABLE_LIFT)
        times, which = np.where(is_more, lift, times), np.where(is_more, np.int32(place), which)
    return Lift(times, which)


def pair_lift(
    label: IndexArray, named: IndexArray, is_misnamed: BoolArray, expected: FloatArray, classes: int, others: int
) -> tuple[FloatArray, IdArray]:
    """(lift (n,), at least 1; how many other rows of the two classes have the name of the other one (n,)).

    Both directions count, because what looks like a cow to the detector looks like a horse from the other side too.
    `others` is the number of names a row could wrongly get.
    """
    low, high = np.minimum(label, named).astype(np.int64), np.maximum(label, named)
    _, pair = np.unique(low * classes + high, return_inverse=True)
    found = np.bincount(pair, weights=is_misnamed)[pair] - is_misnamed
    of_class = np.bincount(label, weights=np.nan_to_num(expected), minlength=classes)
    due = (of_class[label] + of_class[named]) / others
    return np.maximum(1.0, (found + FEW_PAIRED) / (due + FEW_PAIRED)), found.astype(np.int64)


def share_in_cell(is_event: BoolArray, cell: IntegerArray) -> tuple[FloatArray, IdArray, IdArray]:
    """(share, events, rows) among the others of each row's cell, the share drawn to that of all rows."""
    rows = np.bincount(cell)[cell] - 1 if len(cell) else np.zeros(0, dtype=np.int64)
    events = (np.bincount(cell, weights=is_event)[cell] - is_event if len(cell) else np.zeros(0)).astype(np.int64)
    overall = (np.count_nonzero(is_event) + 1.0) / (len(cell) + 1.0)
    return (events + 1.0) / (rows + 1.0 / overall), events, rows


def rows_as_low(value: FloatArray, cell: IntegerArray) -> tuple[IdArray, IdArray]:
    """(as low, rows): how many others there are in each row's cell, and those with a value at most as high."""
    order = np.lexsort((value, cell))
    in_order = cell[order]
    start = np.searchsorted(in_order, in_order, side="left")
    as_low = np.empty(len(value), dtype=np.int64)
    as_low[order] = _last_equal(value[order], in_order) - start
    return as_low, (np.bincount(cell)[cell] - 1 if len(cell) else as_low)


def _last_equal(value: FloatArray, cell: IntegerArray) -> IdArray:
    """(n,) the last place of the run of equal rows that each place is in."""
    is_last = np.ones(len(value), dtype=np.bool_)
    is_last[:-1] = (value[1:] != value[:-1]) | (cell[1:] != cell[:-1])
    ends = np.flatnonzero(is_last)
    return ends[np.searchsorted(ends, np.arange(len(value)))].astype(np.int64)
