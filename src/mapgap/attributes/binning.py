"""Cut numbers into half-open bins: where the edges lie and what the bins are called."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Context, Decimal
from itertools import pairwise

import numpy as np

from mapgap.tables import FloatArray, IndexArray

MISSING = -1
"""Stands for "no value" in the codes that pass inside this room; no table ever holds it."""

MOST_DECIMALS = 12
LONGEST_PLAIN_NUMBER = 20
_EXACT = Context(prec=60)


def bin_codes(numbers: FloatArray, edges: Sequence[float], *, closed_above: bool = False) -> IndexArray:
    """Bin of each number, MISSING for NaN: bin i holds edges[i - 1] <= number < edges[i].

    With `closed_above` it holds edges[i - 1] < number <= edges[i] instead.
    """
    # There are few edges: one comparison each is several times faster than a binary search a number.
    codes = np.zeros(len(numbers), dtype=np.int16)
    for edge in edges:
        is_above = numbers > edge if closed_above else numbers >= edge
        codes += is_above
    codes[np.isnan(numbers)] = MISSING
    return codes.astype(np.int32)


def quantile_edges(numbers: FloatArray, parts: int) -> tuple[float, ...]:
    """Edges that cut the numbers into `parts` bins of equal count, as far as ties allow.

    Edge i is the number at place n * i // parts of the sorted ones, so that it opens a bin. Edges that coincide are
    one edge, and no edge is the smallest number (its bin would be empty: the next larger one is taken instead).
    Hence two different numbers always make at least two bins, and fewer than two make no edge at all.
    """
    distinct = np.unique(numbers)
    if len(distinct) < 2:
        return ()
    places = [len(numbers) * part // parts for part in range(1, parts)]
    opens_a_bin = np.maximum(np.sort(numbers)[places], distinct[1])
    return tuple(float(edge) for edge in np.unique(opens_a_bin))


def readable_edges(numbers: FloatArray, edges: Sequence[float]) -> tuple[float, ...]:
    """The edges moved down to the fewest decimals that leave every number in its bin; whole numbers stay."""
    distinct = np.unique(numbers)
    number_below = distinct[np.searchsorted(distinct, edges) - 1] if len(edges) else distinct[:0]
    return tuple(_fewest_decimals(float(low), edge) for low, edge in zip(number_below, edges, strict=True))


def range_names(edges: Sequence[float]) -> tuple[str, ...]:
    """Names of the bins between one or more edges: "< 41", "41 to 53", ">= 53"; they say the edges exactly."""
    texts = [number_text(edge) for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(texts)]
    return (f"< {texts[0]}", *between, f">= {texts[-1]}")


def number_text(number: float) -> str:
    """The number as the shortest text that reads back as the same float64, without an exponent where it stays short."""
    plain = format(Decimal(repr(number + 0.0)), "f").removesuffix(".0")  # + 0.0 takes the sign off zero
    return plain if len(plain) <= LONGEST_PLAIN_NUMBER else repr(number)


def _fewest_decimals(number_below: float, edge: float) -> float:
    """The largest number of as few decimals as possible with number_below < it <= edge."""
    if abs(edge) >= 1e15:  # float64 holds no decimals worth dropping there
        return edge
    for decimals in range(MOST_DECIMALS + 1):
        step = Decimal(1).scaleb(-decimals)
        shortened = float(Decimal(edge).quantize(step, rounding=ROUND_FLOOR, context=_EXACT))
        if number_below < shortened <= edge:
            return shortened
    return edge
