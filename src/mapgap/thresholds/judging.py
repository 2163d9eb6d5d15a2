"""Thresholds tried on the half of the images they were not chosen on, against the one threshold for all."""

from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.rates import rates
from mapgap.tables import BoolArray, DrawnArray, FloatArray, Interval
from mapgap.thresholds.population import Part, Population

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Outcome:
    """Counts of a part at a threshold."""

    tp: int
    fp: int
    fn: int
    cost: float
    """What all errors cost."""


@dataclass(frozen=True)
class Judged:
    """A part at the threshold for all and at its own, on images that neither was chosen on."""

    objects: int
    images: int
    """Images with an object."""
    with_all: Outcome
    with_own: Outcome
    gain: float | None
    """What the own threshold is better by, in what the rule asks for; None where that is not defined."""
    interval: Interval | None
    """The middle 95 % of the gain when the images are drawn again; None without draws."""

    @property
    def holds(self) -> bool | None:
        """Whether the gain is above 0 by more than chance; None where nothing is known of chance."""
        return None if self.interval is None else self.interval[0] > 0


@dataclass(frozen=True)
class Judge:
    """By what, and with which draws of the images, thresholds are judged."""

    population: Population
    rule: float | str
    drawn: DrawnArray | None
    """(I, B) how often each image is drawn; those that were chosen on never are."""

    def judge(self, part: Part, for_all: float, own: float | FloatArray) -> Judged:
        """Both thresholds on the images to judge on; `own` is one for the part, or one a row of its detections."""
        population = self.population
        of_rows = np.broadcast_to(np.asarray(own, dtype=np.float64), part.detections.shape)
        is_judged = ~population.chosen_on[population.image[part.detections]]
        half = population.half(part, chosen_on=False)
        score = population.score[half.detections]
        with_all, with_own = (self._totals(half, score >= threshold) for threshold in (for_all, of_rows[is_judged]))
        gain = float(_gains(self.rule, with_all, with_own)[0])
        samples = None
        if self.drawn is not None:
            samples = _gains(
                self.rule, *(self._totals(half, score >= t, self.drawn) for t in (for_all, of_rows[is_judged]))
            )
        return Judged(
            objects=len(half.objects),
            images=len(np.unique(population.object_image[half.objects])),
            with_all=_outcome(with_all),
            with_own=_outcome(with_own),
            gain=None if np.isnan(gain) else gain,
            interval=None if samples is None else _interval(samples),
        )

    def _totals(self, half: Part, kept: BoolArray, drawn: DrawnArray | None = None) -> FloatArray:
        """(4, B) true positives, false positives, objects and cost of all errors in each draw; B is 1 without draws."""
        population = self.population
        rows, objects = half.detections[kept], half.objects
        right = population.right[rows]
        images = len(population.chosen_on)
        image, object_image = population.image[rows], population.object_image[objects]
        by_image = np.stack(
            [
                np.bincount(image[right], minlength=images),
                np.bincount(image[~right], minlength=images),
                np.bincount(object_image, minlength=images),
                np.bincount(image, weights=population.cost[rows], minlength=images)
                + np.bincount(object_image, weights=population.object_cost[objects], minlength=images),
            ]
        ).astype(np.float64)
        if drawn is None:
            return np.asarray(by_image.sum(axis=1, keepdims=True))
        used = np.flatnonzero(by_image.any(axis=0))
        # Summed image after image: the same bits for any number of threads.
        return np.asarray(np.einsum("ki,ib->kb", by_image[:, used], drawn[used].astype(np.float64), optimize=False))


def goal_of(rule: float | str) -> float | None:
    """The precision or recall that a rule asks for."""
    _, equals, goal = str(rule).partition("=")
    return float(goal) if equals else None


def measure_of(rule: float | str) -> str:
    """The rate that a rule is about: f1, precision, recall or cost."""
    name = str(rule).partition("=")[0]
    return "f1" if name == "best-f1" else name


def _gains(rule: float | str, with_all: FloatArray, with_own: FloatArray) -> FloatArray:
    """(B,) higher F1, lower cost, or less distance from the precision or recall asked for."""
    measure, goal = measure_of(rule), goal_of(rule)
    before, after = _measured(measure, with_all), _measured(measure, with_own)
    if measure == "cost":
        return np.asarray(before - after + 0.0)  # no -0
    return np.asarray((after - before if goal is None else np.abs(before - goal) - np.abs(after - goal)) + 0.0)


def _measured(measure: str, totals: FloatArray) -> FloatArray:
    tp, fp, objects, cost = np.asarray(totals)
    if measure == "cost":
        return np.asarray(cost)
    precision, recall, f1 = rates(tp, fp, objects - tp)
    of_name: dict[str, FloatArray] = {"precision": precision, "recall": recall, "f1": f1}
    return of_name[measure]


def _outcome(totals: FloatArray) -> Outcome:
    tp, fp, objects, cost = totals[:, 0].tolist()
    return Outcome(int(tp), int(fp), int(objects - tp), cost)


def _interval(samples: FloatArray) -> Interval | None:
    tail = (1 - CONFIDENCE) / 2
    low, high = _kernel.percentile_intervals(np.ascontiguousarray(samples[np.newaxis]), tail, 1 - tail)[0].tolist()
    return None if np.isnan(low) else (low, high)
