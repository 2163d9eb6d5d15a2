"""Percentile intervals of bootstrap samples."""

import numpy as np

from mapgap import _kernel
from mapgap.tables import FloatArray, Interval

CONFIDENCE = 0.95


def intervals_of(samples: FloatArray) -> FloatArray:
    """(S, 2) the middle 95 % of each row of samples (S, B): its 2.5th and 97.5th percentiles.

    Between two samples a percentile lies on the straight line (NumPy's default, definition 7 of Hyndman and Fan 1996).
    Resamples in which the number is not defined (NaN) are left out; NaN where fewer than two are left.
    """
    tail = (1 - CONFIDENCE) / 2
    return _kernel.percentile_intervals(np.ascontiguousarray(samples, dtype=np.float64), tail, 1 - tail)


def interval_of(samples: FloatArray) -> Interval | None:
    """The interval of one row of samples (B,), None where it is not defined."""
    low, high = intervals_of(samples[np.newaxis])[0].tolist()
    return None if np.isnan(low) else (low, high)
