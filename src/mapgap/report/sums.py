"""Sums of a column by an index column."""

import numpy as np
from numpy.typing import NDArray


def sum_by(index: NDArray[np.int32], values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """(length,) sums of `values` by `index`; rows with index -1 belong to nobody."""
    if len(index) and index.min() < 0:
        is_somewhere = index >= 0
        index, values = index[is_somewhere], values[is_somewhere]
    return np.bincount(index, weights=values, minlength=length)[:length].astype(np.float64, copy=False)
