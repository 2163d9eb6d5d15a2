"""A long curve as few points that look the same."""

import numpy as np
from numpy.typing import ArrayLike

from mapgap.tables import FloatArray, IdArray

COLUMNS = 100
"""Of each column of the picture at most four points stay."""


def decimated(x: FloatArray, y: FloatArray, low: float, high: float) -> IdArray:
    """Which points of a curve to draw, rising: at most 4 x COLUMNS, and all where there are no more.

    The stretch of x from `low` to `high` is cut into columns of equal width. Of the points of a column the first, the
    last, and the first of the lowest and of the highest stay, so that no extreme of the curve is lost. Source: Jugel
    et al., M4: A Visualization-Oriented Time Series Data Aggregation, VLDB 2014. x never turns back.
    """
    if len(x) <= 4 * COLUMNS:
        return np.arange(len(x))
    column = np.clip(np.floor((x - low) / (high - low) * COLUMNS), 0, COLUMNS - 1)
    starts = np.flatnonzero(np.append(True, column[1:] != column[:-1]))
    ends = np.append(starts[1:], len(x))
    places = [
        place
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        for place in (start, start + _first(np.argmin(y[start:end])), start + _first(np.argmax(y[start:end])), end - 1)
    ]
    return np.unique(places)


def _first(place: ArrayLike) -> int:
    return int(np.asarray(place))
