"""Which of several runs leads, and how sure that is."""

from collections.abc import Mapping

import numpy as np

from mapgap.changes import Change, Standing
from mapgap.tables import FloatArray, Interval


def standings(
    ap: Mapping[str, float | None],
    samples: Mapping[str, FloatArray] | None,
    intervals: Mapping[str, tuple[Interval | None, Interval | None]],
) -> tuple[Standing, ...]:
    """The runs by falling AP, ties in the order given; without an AP last.

    `samples` has the APs (B,) of each run in the same resamples, if there are any; `intervals` of each run that of its
    AP and that of the best run's AP minus its own.
    """
    order = sorted(ap, key=lambda run: -_number(ap[run]))
    best = ap[order[0]]
    shares = [None] * len(ap) if samples is None else _shares_first(np.array([samples[run] for run in ap]))
    first_in = dict(zip(ap, shares, strict=True))
    return tuple(
        Standing(run, ap[run], intervals[run][0], Change(ap[run], best, intervals[run][1]), first_in[run])
        for run in order
    )


def best_run(ap: Mapping[str, float | None]) -> str:
    """The run of the highest AP, the first of equal ones."""
    return max(ap, key=lambda run: _number(ap[run]))


def _number(ap: float | None) -> float:
    return -1.0 if ap is None else ap


def _shares_first(samples: FloatArray) -> list[float | None]:
    """For each run (R, B) the share of the defined resamples in which it is the highest, ties shared."""
    defined = samples[:, ~np.isnan(samples).any(axis=0)]
    if not defined.size:
        return [None] * len(samples)
    is_first = defined == defined.max(axis=0)
    shares: list[float | None] = (is_first / is_first.sum(axis=0)).mean(axis=1).tolist()
    return shares
