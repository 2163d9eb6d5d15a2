"""Blind spots: classes that are recognised worse in a slice than elsewhere, ranked by what that costs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mapgap.classification.tables import NO_CLASS, Samples, SliceTable
from mapgap.significance import SIGNIFICANT_Q
from mapgap.slice_tests import LEAST_IMAGES, LEAST_MEMBERS
from mapgap.tables import NOT_AVAILABLE, BoolArray, FloatArray

LEAST_RATE_RATIO = 1.25
"""How many times as often a slice must be wrong as the rest."""


@dataclass(frozen=True)
class BlindSpot:
    """One row a class and a slice in which its samples are missed more often than the others of the class."""

    row: int
    """Its row in the slice table."""
    excess: float
    """Misses beyond those there were if the slice were missed as often as the rest."""
    taken_for: int
    """The class most of the missed ones were taken for; of equal ones the first."""
    taken_for_count: int


def is_too_few(table: SliceTable, *, is_grouped: bool) -> BoolArray:
    """Rows that nobody should judge by: fewer than 30 samples, or, where groups were given, fewer than 5 groups."""
    is_thin = table.samples < LEAST_MEMBERS
    return np.asarray(is_thin | (table.clusters < LEAST_IMAGES)) if is_grouped else is_thin


def blind_spots(samples: Samples, table: SliceTable) -> tuple[BlindSpot, ...]:
    """Ranked by excess, then by class, then as in the table.

    A row is one if it is about one class, large enough, with a rest as large, missed at least 1.25 times as often as
    that, with q <= .05. A missing value is none. Walking down, one is listed if at least half of its excess lies
    outside those already listed for its class: what is bad at night is bad at night on each camera too.
    """
    wrong, rest_wrong = table.samples - table.right, table.rest_samples - table.rest_right
    has_value = np.array([NOT_AVAILABLE not in where.values() for where in table.where], dtype=bool)
    excess = wrong - table.samples * (rest_wrong / np.maximum(table.rest_samples, 1))
    is_spot = (table.class_ != NO_CLASS) & has_value & ~is_too_few(table, is_grouped=samples.is_grouped)
    is_spot &= (table.rest_samples >= LEAST_MEMBERS) & (table.q_value <= SIGNIFICANT_Q)
    # Rates are compared as products of counts: 1.25 is exact, a quotient is not.
    is_spot &= wrong * table.rest_samples >= LEAST_RATE_RATIO * rest_wrong * table.samples
    rows = np.flatnonzero(is_spot & (excess > 0)).tolist()
    rows.sort(key=lambda row: (-excess[row], int(table.class_[row]), row))
    listed = _not_repeated(samples, table, rows, excess)
    return tuple(_blind_spot(samples, table, row, float(excess[row])) for row in listed)


def _not_repeated(samples: Samples, table: SliceTable, rows: Sequence[int], excess: FloatArray) -> list[int]:
    is_wrong = samples.truth != samples.prediction
    covered: dict[int, BoolArray] = {}
    listed = []
    for row in rows:
        is_member = members(samples, table, row)
        before = covered.get(int(table.class_[row]), np.zeros(len(is_wrong), dtype=bool))
        is_new = is_member & ~before
        rest_rate = 1 - table.rest_right[row] / table.rest_samples[row]
        own = np.count_nonzero(is_new & is_wrong) - np.count_nonzero(is_new) * rest_rate
        if own >= excess[row] / 2:
            listed.append(row)
            covered[int(table.class_[row])] = before | is_member
    return listed


def _blind_spot(samples: Samples, table: SliceTable, row: int, excess: float) -> BlindSpot:
    is_missed = members(samples, table, row) & (samples.truth != samples.prediction)
    taken = np.bincount(samples.prediction[is_missed], minlength=samples.classes)
    return BlindSpot(row, excess, int(np.argmax(taken)), int(taken.max()))


def members(samples: Samples, table: SliceTable, row: int) -> BoolArray:
    """(N,) which samples a row of the table is about."""
    place = int(table.class_[row])
    is_member = np.ones(len(samples.truth), dtype=bool) if place == NO_CLASS else samples.truth == place
    by_name = {attribute.name: attribute for attribute in samples.attributes}
    for name, value in table.where[row].items():
        attribute = by_name[name]
        is_member = is_member & (attribute.codes == _place_of(attribute.values, value))
    return is_member


def _place_of(values: tuple[object, ...], value: object) -> int:
    """True, 1 and "1" differ, and True equals 1."""
    return next(at for at, known in enumerate(values) if known == value and type(known) is type(value))
