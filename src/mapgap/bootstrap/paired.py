"""Numbers of two runs in the same resamples, and how far their difference moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.bootstrap.percentiles import interval_of, intervals_of
from mapgap.bootstrap.whole import resampled_outcomes
from mapgap.changes import METRICS_COMPARED, RATES_COMPARED, Change, Changes
from mapgap.rates import rates
from mapgap.significance import benjamini_hochberg, two_sided_p
from mapgap.tables import (
    IOU_THRESHOLDS,
    RECALL_THRESHOLDS,
    BoolArray,
    Detections,
    DrawnArray,
    FloatArray,
    GroundTruth,
    Matches,
    OperatingPoint,
)

EVERY_THRESHOLD = np.uint32((1 << len(IOU_THRESHOLDS)) - 1)
AT_75 = 5
"""Position of IoU .75 among COCO's thresholds."""
NO_SPREAD = 1e-12
"""Differences of resamples that spread no more than this differ by rounding only."""


@dataclass(frozen=True)
class RunSamples:
    """The numbers of one run in each of B resamples; NaN where not defined."""

    metrics: Mapping[str, FloatArray]
    """(B,) by METRICS_COMPARED."""
    rates: Mapping[str, FloatArray]
    """(B,) by RATES_COMPARED."""
    class_ap: FloatArray
    """(K, B)"""


def run_samples(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    operating_point: OperatingPoint,
    drawn: DrawnArray,
    *,
    max_detections: int = 100,
) -> RunSamples:
    """AP, AP50, AP75 and AP by size as COCO has them, AP by class, and the rates at the operating point.

    `matches` must have COCO's ten thresholds first, and its area ranges. Means run over the classes that have an
    object of the area range in the resample.
    """
    of = _ClassSamples(ground_truth, detections, matches, drawn, max_detections)
    class_ap = of.area_range("all", EVERY_THRESHOLD)
    by_class = {
        "AP": class_ap,
        "AP50": of.area_range("all", np.uint32(1)),
        "AP75": of.area_range("all", np.uint32(1 << AT_75)),
        "APs": of.area_range("small", EVERY_THRESHOLD),
        "APm": of.area_range("medium", EVERY_THRESHOLD),
        "APl": of.area_range("large", EVERY_THRESHOLD),
    }
    of_rates = rates(*resampled_outcomes(ground_truth, detections, operating_point, drawn))
    return RunSamples(
        metrics={name: _mean_over_classes(by_class[name]) for name in METRICS_COMPARED},
        rates=dict(zip(RATES_COMPARED, of_rates, strict=True)),
        class_ap=class_ap,
    )


@dataclass(frozen=True)
class _ClassSamples:
    """AP of every class in every resample, over some thresholds and an area range."""

    ground_truth: GroundTruth
    detections: Detections
    matches: Matches
    drawn: DrawnArray
    max_detections: int

    def area_range(self, name: str, thresholds: np.uint32) -> FloatArray:
        """(K, B) mean over the thresholds, given as bits; NaN where no object of the class and range is drawn."""
        truth, matches = self.ground_truth, self.matches
        area = list(matches.area_ranges).index(name)
        low, high = matches.area_ranges[name]
        objects = np.flatnonzero(truth.is_object & (truth.area >= low) & (truth.area <= high))
        objects = objects[np.argsort(truth.category[objects], kind="stable")]
        classes = len(truth.categories.ids)
        of_class = np.bincount(truth.category[objects], minlength=classes)
        order = matches.class_order
        is_kept = matches.rank[order] < self.max_detections
        counted_at = np.where(is_kept, ~matches.ignored[area][order], np.uint32(0)) & thresholds
        true_positive_at = np.where(is_kept, matches.true_positive[area][order], np.uint32(0)) & thresholds
        shift, number = _first_and_number(thresholds)
        return _kernel.resampled_average_precision(
            matches.class_offsets,
            self.detections.image[order],
            counted_at >> shift,
            true_positive_at >> shift,
            np.append(0, np.cumsum(of_class)).astype(np.int64),
            truth.image[objects],
            np.full(len(objects), np.uint32((1 << number) - 1)),
            np.arange(classes, dtype=np.int32),
            classes,
            self.drawn,
            number,
            RECALL_THRESHOLDS,
        )


def _first_and_number(thresholds: np.uint32) -> tuple[np.uint32, int]:
    """The lowest of the bits, and how many there are, one after another."""
    bits = int(thresholds)
    first = (bits & -bits).bit_length() - 1
    return np.uint32(first), (bits >> first).bit_length()


def _mean_over_classes(class_values: FloatArray) -> FloatArray:
    """(B,) mean of the defined ones, NaN without one."""
    is_defined = ~np.isnan(class_values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(is_defined, class_values, 0).sum(axis=0) / is_defined.sum(axis=0))


def change_of(before: float | None, after: float | None, samples: tuple[FloatArray, FloatArray] | None) -> Change:
    """One number of two runs, with the interval of its difference in their resamples (B,)."""
    interval = None if samples is None or before is None or after is None else interval_of(samples[1] - samples[0])
    return Change(before, after, interval)


def changes_of(
    before: FloatArray,
    after: FloatArray,
    samples: tuple[FloatArray, FloatArray] | None,
    is_tested: BoolArray | None = None,
) -> Changes:
    """One row a number of two runs, with its samples (R, B) in the same resamples; None without resamples.

    Rows that `is_tested` (R,) does not mark have no q-value.
    """
    table = ChangesInParts(before, after, is_tested)
    if samples is not None:
        table.add(range(len(before)), samples[1] - samples[0])
    return table.changes()


class ChangesInParts:
    """Changes whose resampled differences come some rows at a time, because all of them need too much memory."""

    def __init__(self, before: FloatArray, after: FloatArray, is_tested: BoolArray | None = None):
        """`is_tested` (R,) marks rows of enough objects and images that their spread tells of chance; None marks all.

        Few objects that happen to move one way hardly spread in resamples, and would look sure. Of the rows that are
        marked a difference which no resample changes is no chance.
        """
        self._is_tested = np.ones(len(before), dtype=np.bool_) if is_tested is None else is_tested
        self._is_constant_sure = is_tested is not None
        self._before, self._after = before, after
        self._interval = np.full((len(before), 2), np.nan)
        self._p_value = np.full(len(before), np.nan)

    def add(self, rows: Sequence[int], differences: FloatArray) -> None:
        """The differences (rows, B) in the resamples."""
        chosen = np.asarray(rows, dtype=np.int64)
        observed = self._after[chosen] - self._before[chosen]
        is_defined = ~np.isnan(observed)
        self._interval[chosen] = np.where(is_defined[:, None], intervals_of(differences), np.nan)
        spread = _standard_deviation(differences)
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = np.where(spread > NO_SPREAD, observed / spread, np.nan)
            never_changes = (spread <= NO_SPREAD) & (np.abs(observed) > NO_SPREAD)
            if self._is_constant_sure:
                statistic[never_changes] = np.inf
            statistic[~self._is_tested[chosen]] = np.nan
        self._p_value[chosen] = two_sided_p(statistic)

    def changes(self) -> Changes:
        """The whole table, once all parts are there; rows without one have no interval."""
        return Changes(self._before, self._after, self._interval, benjamini_hochberg(self._p_value))


def _standard_deviation(samples: FloatArray) -> FloatArray:
    """(R,) of the defined samples of each row, NaN with fewer than two."""
    is_defined: BoolArray = ~np.isnan(samples)
    number = is_defined.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(is_defined, samples, 0).sum(axis=1) / number
        squares = np.where(is_defined, (samples - mean[:, None]) ** 2, 0).sum(axis=1)
        return np.asarray(np.sqrt(np.where(number > 1, squares / (number - 1), np.nan)))
