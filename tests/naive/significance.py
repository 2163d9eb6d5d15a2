"""Tests of rates, from their definitions, member by member."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

Member = tuple[Hashable, int]
"""Its image and its number of errors."""


@dataclass
class Compared:
    """Inside against outside; NaN where nothing is defined."""

    difference: float = math.nan
    variance: float = math.nan
    design_effect: float = math.nan
    p_value: float = math.nan


def compare(inside: Sequence[Member], outside: Sequence[Member]) -> Compared:
    """Every member weighs 1 / (number inside) or -1 / (number outside): the difference is a sum of weight x errors."""
    if not inside or not outside:
        return Compared()
    everyone = [(image, errors, 1 / len(inside)) for image, errors in inside]
    everyone += [(image, errors, -1 / len(outside)) for image, errors in outside]
    rate = sum(errors for _, errors, _ in everyone) / len(everyone)
    mean_square = sum((errors - rate) ** 2 for _, errors, _ in everyone) / len(everyone)
    if mean_square == 0:
        return Compared()
    images: dict[Hashable, list[tuple[float, float]]] = {}
    for image, errors, weight in everyone:
        images.setdefault(image, []).append((errors - rate, weight))
    independent = sum(mean_square * weight**2 for _, _, weight in everyone)
    clustered = sum(sum(weight * off for off, weight in rows) ** 2 for rows in images.values())
    pairs = [
        (off_one * off_two, weight_one * weight_two)
        for rows in images.values()
        for i, (off_one, weight_one) in enumerate(rows)
        for j, (off_two, weight_two) in enumerate(rows)
        if i != j
    ]
    covariance = max(0.0, sum(product for product, _ in pairs) / len(pairs)) if pairs else 0.0
    alike = independent + covariance * sum(weights for _, weights in pairs)
    variance = max(clustered, independent, alike)
    difference = sum(errors * weight for _, errors, weight in everyone)
    return Compared(
        difference,
        variance,
        variance / independent,
        math.erfc(abs(difference) / math.sqrt(2 * variance)),
    )


def is_tried(inside: Sequence[Member], outside: Sequence[Member]) -> bool:
    """At least 30 members in at least 5 images, on both sides."""
    return all(len(side) >= 30 and len({image for image, _ in side}) >= 5 for side in (inside, outside))


def q_values(p_values: Sequence[float]) -> list[float]:
    """Of each: the least false discovery rate at which it is found, by trying them all as the threshold."""
    rates = {t: t * len(p_values) / sum(p <= t for p in p_values) for t in p_values}
    return [min(1.0, *(rate for t, rate in rates.items() if t >= p)) for p in p_values]


def nested_q_values(tests: Sequence[tuple[float, int]]) -> list[float]:
    """Of each (p-value, number of keys): the worst of its q-values among those of at most one key, two, and so on."""
    worst = [0.0] * len(tests)
    for most in sorted({keys for _, keys in tests}):
        chosen = [row for row, (_, keys) in enumerate(tests) if keys <= most]
        for row, q_value in zip(chosen, q_values([tests[row][0] for row in chosen]), strict=True):
            worst[row] = max(worst[row], q_value)
    return worst


def odds_ratio(members: Sequence[tuple[Hashable, bool, bool]]) -> float:
    """Mantel-Haenszel over strata, of (stratum, inside, error); NaN where nothing can be compared."""
    up = down = 0.0
    for stratum in {stratum for stratum, _, _ in members}:
        rows = [(inside, error) for of, inside, error in members if of == stratum]
        a, b = rows.count((True, True)), rows.count((True, False))
        c, d = rows.count((False, True)), rows.count((False, False))
        up += a * d / len(rows)
        down += b * c / len(rows)
    return up / down if down else math.inf if up else math.nan
