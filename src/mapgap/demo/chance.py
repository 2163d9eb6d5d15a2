"""Seeded chance that gives the same numbers on every machine: exact fractions and plain arithmetic."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Choice = TypeVar("Choice")


def stream(*seed: int) -> np.random.Generator:
    """A generator of its own for each seed tuple, so that one picture never depends on another."""
    return np.random.default_rng(seed)


def happens(chance: np.random.Generator, probability: float) -> bool:
    """True with the given probability; always draws one number, so that the stream stays in step."""
    return float(chance.random()) < probability


def between(chance: np.random.Generator, low: float, high: float) -> float:
    """A number in [low, high)."""
    return low + (high - low) * float(chance.random())


def whole(chance: np.random.Generator, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return low + int((high - low + 1) * float(chance.random()))


def bell(chance: np.random.Generator) -> float:
    """A number around 0 with variance 1, within 3.47 of it; made without log and exp, which differ by platform."""
    total = 0.0
    for _ in range(4):
        total += float(chance.random())
    return (total - 2.0) * 1.7320508075688772


def pick(chance: np.random.Generator, choices: Sequence[Choice], weights: Sequence[float] | None = None) -> Choice:
    """One of the choices, by weight where weights are given (they need not add up to 1)."""
    if weights is None:
        return choices[whole(chance, 0, len(choices) - 1)]
    left = between(chance, 0.0, sum(weights))
    for choice, weight in zip(choices, weights, strict=True):
        left -= weight
        if left < 0:
            return choice
    return choices[-1]
