"""Is one rate worse than another: clustered test of two ratios, false discovery rate, odds ratio over strata.

Clusters are images: objects of one picture fail together, so that a thousand objects in ten pictures are no thousand
observations. docs/significance.md tells why each method was taken and what it cannot do.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mapgap.tables import BoolArray, FloatArray, IdArray

SIGNIFICANT_Q = 0.05
ROUNDING = 1e-12
"""Differences below this are those of rounding."""


@dataclass(frozen=True)
class ClusterSums:
    """One row a group: sums over images of its n members and m errors in each; N and M are those of the whole image."""

    members: IdArray
    errors: IdArray
    member_squares: IdArray
    """Sum of n n."""
    error_squares: IdArray
    """Sum of m m."""
    error_members: IdArray
    """Sum of m n."""
    member_totals: IdArray
    """Sum of n N."""
    error_totals: IdArray
    """Sum of m M."""
    mixed_totals: IdArray
    """Sum of m N + n M."""


@dataclass(frozen=True)
class Comparison:
    """One row a group: its rate of errors against that of the rest."""

    difference: FloatArray
    """Rate inside minus rate outside."""
    variance: FloatArray
    """Of the difference, if both had the same rate; image-clustered."""
    design_effect: FloatArray
    """`variance` / what it would be if members were independent of each other; at least 1."""
    p_value: FloatArray
    """Two-sided, NaN where not defined (no rest, no errors at all, nothing but errors)."""

    def of_kind(self, kind: int) -> "Comparison":
        """One column of a comparison of several kinds of error."""
        return Comparison(**{name: column[:, kind] for name, column in vars(self).items()})


def compare_with_rest(inside: ClusterSums, whole: ClusterSums, squares_by_member: FloatArray) -> Comparison:
    """Whether the errors per member in groups differ from those in the rest of the same data.

    `whole` holds the sums of everything (one row), `squares_by_member` the sum over its members of the square of each
    one's number of errors. The variance is that of the difference of two ratio estimates under the hypothesis of one
    common rate, with images as clusters: the sum over images of the square of each one's contribution (linearisation:
    Cochran, Sampling Techniques, 1977, 6.3; Rao and Scott, Biometrics 48, 1992). Where a group is thin that sum is
    unstable, above all where nothing failed in it; so it is never taken below the variance under a common correlation
    of the members of an image, estimated from the whole data, nor below that of independent members.
    """
    n1, n0 = inside.members.astype(np.float64), (whole.members - inside.members).astype(np.float64)
    rate = whole.errors / np.maximum(whole.members, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = inside.errors / n1 - (whole.errors - inside.errors) / n0
        by_member = (squares_by_member - 2 * rate * whole.errors + rate * rate * whole.members) / whole.members
        independent = by_member * (1 / n1 + 1 / n0)
        variance = np.fmax(
            np.fmax(_clustered_variance(inside, whole, rate, n1, n0), independent),
            independent + _common_correlation(inside, whole, rate, by_member, n1, n0),
        )
        is_defined = (n1 > 0) & (n0 > 0) & (by_member > 0)
        statistic = np.where(is_defined, np.abs(difference) / np.sqrt(variance), np.nan)
        design_effect = np.where(is_defined, variance / independent, np.nan)
    return Comparison(difference, variance, design_effect, two_sided_p(statistic))


def residual_squares(sums: ClusterSums, rate: FloatArray) -> FloatArray:
    """Sum over images of (m - rate x n) squared."""
    return np.asarray(sums.error_squares - 2 * rate * sums.error_members + rate * rate * sums.member_squares)


def _clustered_variance(
    inside: ClusterSums, whole: ClusterSums, rate: FloatArray, n1: FloatArray, n0: FloatArray
) -> FloatArray:
    """Sum over images of the squares of (m - rate n) / n1 - ((M - m) - rate (N - n)) / n0."""
    of_inside, of_whole = 1 / n1 + 1 / n0, 1 / n0
    products = inside.error_totals - rate * inside.mixed_totals + rate * rate * inside.member_totals
    return np.asarray(
        of_inside * of_inside * residual_squares(inside, rate)
        - 2 * of_inside * of_whole * products
        + of_whole * of_whole * residual_squares(whole, rate)
    )


def _common_correlation(
    inside: ClusterSums, whole: ClusterSums, rate: FloatArray, by_member: FloatArray, n1: FloatArray, n0: FloatArray
) -> FloatArray:
    """What a common covariance between the members of an image adds to the variance."""
    pairs = whole.member_squares - whole.members
    covariance = (residual_squares(whole, rate) - by_member * whole.members) / np.maximum(pairs, 1)
    rest_squares = whole.member_squares - 2 * inside.member_totals + inside.member_squares
    pairs_across = inside.member_totals - inside.member_squares
    shared = (inside.member_squares - n1) / (n1 * n1) + (rest_squares - n0) / (n0 * n0) - 2 * pairs_across / (n1 * n0)
    return np.asarray(np.maximum(covariance, 0.0) * shared)


def two_sided_p(statistic: FloatArray) -> FloatArray:
    """Probability that a normal variable is at least this far from 0; NaN stays NaN."""
    flat = [math.erfc(value / math.sqrt(2)) for value in np.abs(statistic).ravel().tolist()]
    return np.array(flat, dtype=np.float64).reshape(statistic.shape)


def benjamini_hochberg(p_values: FloatArray) -> FloatArray:
    """The q-value of each: the smallest false discovery rate at which it is still a discovery; NaN counts for nothing.

    Benjamini and Hochberg, J. R. Statist. Soc. B 57 (1995): with m values sorted, q of the i-th is the least p m / j
    over j >= i, at most 1.
    """
    q_values = np.full(p_values.shape, np.nan)
    tried = np.flatnonzero(~np.isnan(p_values))
    order = tried[np.argsort(p_values[tried], kind="stable")]
    scaled = p_values[order] * len(order) / np.arange(1, len(order) + 1)
    q_values[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q_values


Family = tuple[NDArray[np.uint64], FloatArray, IdArray]
"""Of each group its mark, its p-value, and the number of keys it is described by."""


def benjamini_hochberg_nested(families: Sequence[Family]) -> tuple[list[FloatArray], int]:
    """q-values over several families together, and how many tests that were; groups with equal marks count once.

    Groups of one family with equal marks have the same members, hence the same p-value. The q-value of a group is the
    greatest among those it has in the whole, and in what is left of it without the groups of more than one key, of more
    than two, and so on, as far as it is in there itself. So no group looks surer for the many that were tried because
    it, or another, is sure.
    """
    firsts, inverses = [], []
    for marks, _, _ in families:
        _, first, inverse = np.unique(marks, return_index=True, return_inverse=True)
        firsts.append(first)
        inverses.append(inverse)
    nothing = np.zeros(0)
    distinct = [p_values[first] for (_, p_values, _), first in zip(families, firsts, strict=True)]
    p_values = np.concatenate([nothing, *distinct])
    fewest = [_fewest(keys, inverse) for (_, _, keys), inverse in zip(families, inverses, strict=True)]
    keys = np.concatenate([nothing.astype(np.int64), *fewest])
    q_values = benjamini_hochberg(p_values)
    for most in np.unique(keys)[:-1].tolist():
        is_simple = keys <= most
        q_values[is_simple] = np.maximum(q_values[is_simple], benjamini_hochberg(p_values[is_simple]))
    parts = np.split(q_values, np.cumsum([len(part) for part in distinct])[:-1])
    spread = [part[inverse] for part, inverse in zip(parts, inverses, strict=False)]
    return spread, int(np.count_nonzero(~np.isnan(q_values)))


def _fewest(keys: IdArray, inverse: NDArray[np.intp]) -> IdArray:
    """Of groups with equal marks the fewest keys."""
    fewest = np.full(int(inverse.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(fewest, inverse, keys)
    return fewest


def mantel_haenszel(sums: FloatArray) -> FloatArray:
    """(S,) common odds ratio over strata: sum of a d / T over sum of b c / T; NaN or infinite without a comparison.

    `sums` (2, S) over strata with the table a b / c d (errors and others inside, errors and others outside) and its
    total T. Mantel and Haenszel, J. Nat. Cancer Inst. 22 (1959).
    """
    right, wrong = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(right / wrong)


def points_the_other_way(comparison: Comparison, odds_ratio: FloatArray) -> BoolArray:
    """Simpson's paradox: the crude difference and the adjusted odds ratio point in different directions.

    Whether either is beyond chance is not asked here.
    What is level but for rounding, or not defined, has no direction.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.log(odds_ratio)
    is_worse, is_better = comparison.difference > ROUNDING, comparison.difference < -ROUNDING
    return np.asarray(is_worse & (logarithm < -ROUNDING) | is_better & (logarithm > ROUNDING))
