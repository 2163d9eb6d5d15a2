"""The frozen tables of a comparison of runs on the same ground truth; each says its grain in one sentence.

A difference is always after minus before, so that what got better is above 0 for rates and AP, below 0 for gaps.
Intervals are 95 % paired bootstrap intervals: both numbers are taken from the same draws of the images.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mapgap.tables import CodeArray, FloatArray, IdArray, Interval, Notice, Scalar, Where

OBJECT_CHANGES = ("found_by_both", "fixed", "broken", "missed_by_both")
"""What became of an object; the position is the code in `ObjectChanges`."""
NO_CHANGE = -1
METRICS_COMPARED = ("AP", "AP50", "AP75", "APs", "APm", "APl")
RATES_COMPARED = ("precision", "recall", "f1")


@dataclass(frozen=True)
class Change:
    """One number of two runs; None where not defined."""

    before: float | None
    after: float | None
    interval: Interval | None
    """Of the difference; None without resamples."""

    @property
    def difference(self) -> float | None:
        """After minus before; None where either is not defined."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class Changes:
    """One row a thing that both runs have the same number of; NaN where not defined."""

    before: FloatArray
    after: FloatArray
    interval: FloatArray
    """(R, 2) ends of the interval of the difference."""
    q_value: FloatArray
    """Of the difference, NaN for rows of too few objects or images: Benjamini and Hochberg over the table's two-sided
    normal p-values."""

    @property
    def difference(self) -> FloatArray:
        """(R,) after minus before."""
        return self.after - self.before

    def row(self, row: int) -> Change:
        """One of the rows."""
        low, high = self.interval[row].tolist()
        return Change(_defined(self.before[row]), _defined(self.after[row]), None if np.isnan(low) else (low, high))


@dataclass(frozen=True)
class CauseChanges:
    """One row a cause of GAP_CAUSES: what it owes; and one a cause of CAUSES: its errors at the operating points."""

    gap: Changes
    errors_before: IdArray
    errors_after: IdArray


@dataclass(frozen=True)
class SliceChanges:
    """One row a slice, ordered as `Slices`: all of one key, and those of more keys that both runs have."""

    where: tuple[Where, ...]
    objects: IdArray
    images: IdArray
    gap_before: FloatArray
    gap_after: FloatArray
    """The rows of one attribute partition the gap of each run."""
    fixed: IdArray
    """Objects that only the later run finds."""
    broken: IdArray
    recall: Changes
    precision: Changes
    """Of slices of one key; NaN for the others."""
    ap: Changes
    """Likewise."""


@dataclass(frozen=True)
class CrossedSteps:
    """One row a cause of GAP_CAUSES, one column a value of an attribute: what was owed before minus what is after."""

    attribute: str
    values: tuple[Scalar, ...]
    """Those of either run, in natural order."""
    ap_change: FloatArray
    """(causes, values); all of them add up to the difference of AP."""


@dataclass(frozen=True)
class ObjectChanges:
    """One row an annotation: found or missed by each run, at its own operating point; NO_CHANGE for crowds."""

    outcome: CodeArray
    """(N,) position in OBJECT_CHANGES."""
    cause_before: CodeArray
    """(N,) position in CAUSES of why it is missed, NO_CAUSE where it is found."""
    cause_after: CodeArray
    detection_before: IdArray
    """(N,) index of the detection that finds it or is behind its cause, -1 if there is none."""
    detection_after: IdArray

    @property
    def total(self) -> int:
        """How many objects there are, without crowds."""
        return int(np.count_nonzero(self.outcome != NO_CHANGE))

    def counts(self) -> dict[str, int]:
        """How many objects there are of each of OBJECT_CHANGES."""
        return {name: int(np.count_nonzero(self.outcome == code)) for code, name in enumerate(OBJECT_CHANGES)}


@dataclass(frozen=True)
class Comparison:
    """What changed from one run to another."""

    before: str
    """Name of the run."""
    after: str
    metrics: Mapping[str, Change]
    """By METRICS_COMPARED."""
    rates: Mapping[str, Change]
    """By RATES_COMPARED, each run at its own operating point."""
    class_ap: Changes
    """One row a category; NaN without ground truth."""
    causes: CauseChanges
    slices: SliceChanges
    crossed: tuple[CrossedSteps, ...]
    """Of every attribute."""
    objects: ObjectChanges


@dataclass(frozen=True)
class Standing:
    """One run among several, in the order of AP."""

    run: str
    ap: float | None
    ap_interval: Interval | None
    behind: Change
    """AP of this run and of the best one; the difference is what it lacks."""
    first_in: float | None
    """Share of the resamples in which its AP is the highest, a tie shared; None without resamples."""


@dataclass(frozen=True)
class Compared:
    """Several runs: who leads, and each later run against the first."""

    resamples: int
    seed: int
    standings: tuple[Standing, ...]
    """Best AP first, ties in the order given."""
    comparisons: tuple[Comparison, ...]
    notices: tuple[Notice, ...] = ()
    """About the images that the runs were made on."""
    at: str = "own"
    """"own" operating points, or "equal-precision"."""
    common_images: int | None = None
    """How many images are compared, where only common ones are; None where all are."""


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
