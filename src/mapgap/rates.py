"""Precision, recall and F1 from counts: of every class, of all together, and their mean over classes."""

import numpy as np
from numpy.typing import ArrayLike

from mapgap.tables import BoolArray, FloatArray, OperatingPoint


def rates(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(precision, recall, F1), each of the shape of the counts; NaN where it is 0/0.

    F1 = 2 TP / (2 TP + FP + FN), so it is 0 and not NaN where nothing is right and something is wrong.
    """
    right, wrong, missed = (np.asarray(counts, dtype=np.int64) for counts in (tp, fp, fn))
    return (
        _ratio(right, right + wrong),
        _ratio(right, right + missed),
        _ratio(2 * right, 2 * right + wrong + missed),
    )


def class_rates(operating_point: OperatingPoint) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(precision, recall, F1), one value a category each; NaN where it is 0/0."""
    return rates(operating_point.class_tp, operating_point.class_fp, operating_point.class_fn)


def micro(operating_point: OperatingPoint) -> tuple[float | None, float | None, float | None]:
    """(precision, recall, F1) of all classes' counts together; None where it is 0/0."""
    counts = (operating_point.class_tp, operating_point.class_fp, operating_point.class_fn)
    precision, recall, f1 = (_defined_mean(rate[None]) for rate in rates(*(count.sum() for count in counts)))
    return precision, recall, f1


def macro(
    operating_point: OperatingPoint, has_ground_truth: BoolArray
) -> tuple[float | None, float | None, float | None]:
    """(precision, recall, F1), each the mean of its defined values over the classes with ground truth; None if none is.

    A class with ground truth but no kept detection has no precision and is left out of that mean only.
    """
    precision, recall, f1 = (_defined_mean(rate[has_ground_truth]) for rate in class_rates(operating_point))
    return precision, recall, f1


def _ratio(part: ArrayLike, whole: ArrayLike) -> FloatArray:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.true_divide(part, whole), dtype=np.float64)


def _defined_mean(values: FloatArray) -> float | None:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else None
