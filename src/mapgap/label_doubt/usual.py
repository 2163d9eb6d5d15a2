"""How usual a disagreement is for the detector: at its score, for its pair of classes, in the slices it lies in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mapgap.label_doubt.calibration import fit_shares
from mapgap.tables import BoolArray, FloatArray, IdArray, IndexArray, IntegerArray

MOST_WRONG = 0.02
"""No more labels than this share are taken to be wrong in one way."""
DOWN_TO_LABELS = 0.75
"""The part of what remains of a disagreement at the highest scores that is put down to labels."""
LEAST_USUAL = 0.1
"""The detector's own part is taken to be at least this, as a share of the labels' part."""
FEW_ROWS = 100
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
    """The share of events at the score, learned from the other half of the images; NaN where that has no row.

    A detector errs the less the surer it is, a wrong label is contradicted as often as a right one is confirmed, at any
    score. So of the falling curve of shares, what is left at its end bounds the share of wrong labels. The halves are
    those of `calibrated_confidence`.
    """
    half = image & 1
    by_label, by_detector = np.full(len(score), np.nan), np.full(len(score), np.nan)
    for told in (0, 1):
        learned, asked = half != told, half == told
        if learned.any():
            scores, right = fit_shares(score[learned], ~is_event[learned])
            left = _left_at_the_top(score[learned], is_event[learned], 1.0 - right[-1])
            by_label[asked] = left
            rest = 1.0 - np.interp(score[asked], scores, right) - left
            by_detector[asked] = np.maximum(rest, LEAST_USUAL * left)
    return AtScore(by_label, by_detector)


def _left_at_the_top(score: FloatArray, is_event: BoolArray, lowest_share: float) -> float:
    """Share of events among the third of highest scores, few of them drawn to 0; no more than the curve's end."""
    at_top = is_event[score >= np.quantile(score, 2 / 3)]
    share = (np.count_nonzero(at_top) + 0.5) / (len(at_top) + FEW_ROWS)
    return DOWN_TO_LABELS * min(MOST_WRONG, share, lowest_share)


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


def share_as_low(
    value: FloatArray, cell: IntegerArray, overall: FloatArray | None
) -> tuple[FloatArray, IdArray, IdArray]:
    """(share, as low, rows) of the others of each row's cell with a value at most as high.

    The share is drawn to `overall`; without it the cells stand for themselves.
    """
    order = np.lexsort((value, cell))
    in_order = cell[order]
    start = np.searchsorted(in_order, in_order, side="left")
    as_low = np.empty(len(value), dtype=np.int64)
    as_low[order] = _last_equal(value[order], in_order) - start
    rows = np.bincount(cell)[cell] - 1 if len(cell) else as_low
    weight = 1.0 if overall is None else 1.0 / overall
    return (as_low + 1.0) / (rows + weight), as_low, rows


def _last_equal(value: FloatArray, cell: IntegerArray) -> IdArray:
    """(n,) the last place of the run of equal rows that each place is in."""
    is_last = np.ones(len(value), dtype=np.bool_)
    is_last[:-1] = (value[1:] != value[:-1]) | (cell[1:] != cell[:-1])
    ends = np.flatnonzero(is_last)
    return ends[np.searchsorted(ends, np.arange(len(value)))].astype(np.int64)
