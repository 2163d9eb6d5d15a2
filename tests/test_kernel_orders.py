"""The kernel's small functions on columns: held to their naive twins."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap import _kernel
from tests.naive.causes import thresholds_by_cause
from tests.naive.orders import class_order, falling_order

pytestmark = pytest.mark.kernel

# Ties, signs of zero, neighbours in the last bit and numbers that share the first half of their bits.
numbers = st.sampled_from([0.0, -0.0, 0.5, 0.5 + 2**-53, 0.5 + 2**-20, -0.5, 1.0, -1e300, 5e-324, math.inf, -math.inf])
debts = st.one_of(st.floats(2**-60, 1), st.sampled_from([0.0, 1.0, 2.0**-60, 2.0**-53, 1 / 3, 0.1]))


@given(st.lists(st.one_of(numbers, st.floats(allow_nan=True)), max_size=60))
@settings(max_examples=200)
def test_falling_order_equals_the_naive_twin(values: list[float]) -> None:
    assert _kernel.falling_order(np.array(values, dtype=np.float64)).tolist() == falling_order(values)


def test_falling_order_of_many_equals_numpy() -> None:
    chance = np.random.default_rng(0)
    for values in (chance.random(20_000), chance.integers(0, 50, 20_000) / 50, np.full(5_000, 0.25), np.zeros(0)):
        assert _kernel.falling_order(values).tolist() == np.argsort(-values, kind="stable").tolist()


@given(st.integers(0, 1 << 30), st.integers(0, 40), st.integers(1, 4))
@settings(max_examples=100)
def test_reorder_classes_equals_the_naive_twin(seed: int, rows: int, classes: int) -> None:
    chance = np.random.default_rng(seed)
    score = chance.integers(0, 4, rows) / 4
    before, now = (chance.integers(0, classes, rows).astype(np.int32) for _ in range(2))
    now = np.where(chance.random(rows) < 0.7, before, now).astype(np.int32)
    turn = chance.permutation(rows)
    given_order = np.array(class_order(before.tolist(), score.tolist(), list(range(rows))), dtype=np.int32)
    offsets = np.append(0, np.cumsum(np.bincount(before, minlength=classes)))
    order, ends = _kernel.reorder_classes(given_order, offsets, now, score, turn)
    assert order.tolist() == class_order(now.tolist(), score.tolist(), turn.tolist())
    assert ends.tolist() == [0, *np.cumsum(np.bincount(now, minlength=classes)).tolist()]


@given(st.integers(0, 1 << 30), st.integers(0, 12), st.integers(0, 30), st.integers(1, 5))
@settings(max_examples=100)
def test_thresholds_by_cause_equals_the_naive_twin(seed: int, thresholds: int, rows: int, causes: int) -> None:
    cause = np.random.default_rng(seed).integers(-1, causes, (thresholds, rows), dtype=np.int8)
    offsets, row, bits = _kernel.thresholds_by_cause(cause, causes)
    found = [
        (code, int(row[place]), int(bits[place]))
        for code in range(causes)
        for place in range(offsets[code], offsets[code + 1])
    ]
    assert found == thresholds_by_cause(cause.tolist(), causes)


def test_thresholds_by_cause_of_many_rows() -> None:
    cause = np.random.default_rng(0).integers(-1, 3, (2, 10_000), dtype=np.int8)
    offsets, row, bits = _kernel.thresholds_by_cause(cause, 3)
    found = list(zip(row.tolist(), bits.tolist(), strict=True))
    expected = thresholds_by_cause(cause.tolist(), 3)
    assert found == [(place, thresholds) for _, place, thresholds in expected]
    assert offsets[-1] == len(expected)


@given(st.lists(st.tuples(debts, st.integers(0, 2)), max_size=60))
@settings(max_examples=300)
def test_exact_sums_are_those_of_fsum(rows: list[tuple[float, int]]) -> None:
    values, group = np.array([value for value, _ in rows]), np.array([one for _, one in rows], dtype=np.int8)
    sums = _kernel.exact_sums(values, group, 3)
    assert sums is not None
    expected = [math.fsum(value for value, one in rows if one == which) for which in range(3)]
    assert sums.tolist() == [*expected, math.fsum(value for value, _ in rows)]


@pytest.mark.parametrize("odd", [-0.5, 2.0**-61, 5e-324, 1.5, math.inf, math.nan])
def test_exact_sums_leave_what_does_not_fit(odd: float) -> None:
    assert _kernel.exact_sums(np.array([0.5, odd]), np.zeros(2, np.int8), 1) is None


def test_exact_sums_leave_sums_that_do_not_fit() -> None:
    ones = np.ones(20_000)
    assert _kernel.exact_sums(ones[:16_384], np.zeros(16_384, np.int8), 1).tolist() == [16_384.0] * 2
    assert _kernel.exact_sums(ones, np.zeros(20_000, np.int8), 1) is None
