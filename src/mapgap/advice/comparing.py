"""Whether one rate is higher than another by more than chance, where the images are what was drawn."""

import numpy as np

from mapgap.tables import BoolArray, FloatArray, IndexArray

CLEARLY = 1.25
"""How many times another rate a rate must be to be called higher, as for hot spots."""
BEYOND_CHANCE = 1.645
"""Standard errors; chance alone exceeds them once in 20 cases."""


def is_clearly_higher(is_error: BoolArray, part: BoolArray, rest: BoolArray, image: IndexArray) -> bool:
    """Whether the rate of errors in `part` is at least 1.25 times that in `rest`, and higher by more than chance.

    One row an object; False where either has no members. The variance of the difference of the two ratios is
    taken between images (Cochran, Sampling Techniques, 3rd edition, section 6.13), as objects of one image are alike.
    """
    members, others = int(part.sum()), int(rest.sum())
    if not members or not others:
        return False
    rate, other = float(is_error[part].mean()), float(is_error[rest].mean())
    deviation = np.zeros(len(is_error))
    deviation[part] = (is_error[part] - rate) / members
    deviation[rest] -= (is_error[rest] - other) / others
    return rate >= CLEARLY * other and rate - other > BEYOND_CHANCE * clustered_error(deviation, image)


def clustered_error(values: FloatArray, image: IndexArray) -> float:
    """Standard error of the sum of the values, which are 0 in expectation, from their sums over the images."""
    return float(np.sqrt(np.square(np.bincount(image, weights=values)).sum())) if len(values) else 0.0
