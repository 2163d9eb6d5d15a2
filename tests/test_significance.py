"""Tests of rates: published examples, plain loops, and what must hold for any data."""

from collections.abc import Sequence
from itertools import combinations
from math import inf, isnan, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap import _kernel
from mapgap.significance import (
    ClusterSums,
    benjamini_hochberg,
    benjamini_hochberg_nested,
    compare_with_rest,
    mantel_haenszel,
    points_the_other_way,
    residual_squares,
    two_sided_p,
)
from mapgap.slice_growth import distinct_conjunctions, grow_slices, preference, prefixed_keys
from mapgap.slice_strata import make_strata, strata_of
from mapgap.slice_tests import compare_slices, make_population
from tests.naive.significance import Member, compare, nested_q_values, odds_ratio, q_values
from tests.small_tables import attribute_of

# Benjamini and Hochberg (1995), section 3.2: 15 p-values of Neuhaus et al., of which 4 are found at .05.
PAPER = [
    0.0001,
    0.0004,
    0.0019,
    0.0095,
    0.0201,
    0.0278,
    0.0298,
    0.0344,
    0.0459,
    0.3240,
    0.4262,
    0.5719,
    0.6528,
    0.7590,
    1,
]

# Weil (1970), Table 1: pups alive at 4 days, and of them alive at 21 days, by litter.
CONTROL = [(13, 13), (12, 12), (9, 9), (9, 9), (8, 8), (8, 8), (13, 12), (12, 11), (10, 9), (10, 9), (9, 8), (13, 11),
           (5, 4), (7, 5), (10, 7), (10, 7)]  # fmt: skip
TREATED = [(12, 12), (11, 11), (10, 10), (9, 9), (11, 10), (10, 9), (10, 9), (9, 8), (9, 8), (5, 4), (9, 7), (7, 4),
           (10, 5), (6, 3), (10, 3), (7, 0)]  # fmt: skip

# Admissions at Berkeley in 1973 (Bickel, Hammel and O'Connell 1975): men admitted and not, women admitted and not.
BERKELEY = [(512, 313, 89, 19), (353, 207, 17, 8), (120, 205, 202, 391), (138, 279, 131, 244), (53, 138, 94, 299),
            (22, 351, 24, 317)]  # fmt: skip


def sums_of(inside: Sequence[Member], outside: Sequence[Member]) -> tuple[ClusterSums, ClusterSums, np.ndarray]:
    """Of one group and of everything, and the squares by member."""
    images = sorted({str(image) for image, _ in (*inside, *outside)})

    def by_image(members: Sequence[Member]) -> tuple[np.ndarray, np.ndarray]:
        count, errors = np.zeros(len(images), dtype=np.int64), np.zeros(len(images), dtype=np.int64)
        for image, of_member in members:
            count[images.index(str(image))] += 1
            errors[images.index(str(image))] += of_member
        return count, errors

    n, m = by_image(inside)
    total_n, total_m = by_image([*inside, *outside])

    def sums(n: np.ndarray, m: np.ndarray) -> ClusterSums:
        mixed = m * total_n + n * total_m
        terms = [n, m, n * n, m * m, m * n, n * total_n, m * total_m, mixed]
        return ClusterSums(*(np.array([term.sum()]) for term in terms))

    squares = np.array([float(sum(errors**2 for _, errors in (*inside, *outside)))])
    return sums(n, m), sums(total_n, total_m), squares


members = st.lists(st.tuples(st.integers(0, 6), st.sampled_from([0, 0, 1, 1, 2])), max_size=25)


@given(members, members)
def test_the_comparison_equals_the_naive_twin(inside, outside):
    result = compare_with_rest(*sums_of(inside, outside))
    expected = compare(inside, outside)
    if isnan(expected.p_value):
        assert isnan(result.p_value[0])
        return
    for name in ("difference", "variance", "design_effect", "p_value"):
        assert getattr(result, name)[0] == pytest.approx(getattr(expected, name), rel=1e-7, abs=1e-12)
    assert result.design_effect[0] >= 1


@given(members, members)
def test_inside_and_outside_are_alike(inside, outside):
    one, other = compare_with_rest(*sums_of(inside, outside)), compare_with_rest(*sums_of(outside, inside))
    assert one.p_value[0] == pytest.approx(other.p_value[0], rel=1e-6, abs=1e-12, nan_ok=True)
    if not isnan(one.p_value[0]):
        assert one.difference[0] == pytest.approx(-other.difference[0], abs=1e-12)


def test_the_variance_of_a_ratio_is_that_of_rao_and_scott():
    """Design effects of Weil's litters: Rao and Scott (1992), as the R package PF prints them for its `rsb`."""
    for litters, published in ((CONTROL, 1.232495), (TREATED, 3.952861)):
        rows = [(litter, int(pup < alive)) for litter, (pups, alive) in enumerate(litters) for pup in range(pups)]
        inside, _, _ = sums_of(rows, [])
        n, rate, clusters = len(rows), inside.errors / inside.members, len(litters)
        variance = clusters / (clusters - 1) / n**2 * residual_squares(inside, rate)
        assert variance[0] / (rate * (1 - rate) / n)[0] == pytest.approx(published, abs=5e-7)


def test_the_litters_differ_less_than_their_pups():
    """Independent pups would be clearly better off untreated (142 of 158 against 112 of 145); litters are not."""
    control = [(f"c{litter}", int(pup >= alive)) for litter, (pups, alive) in enumerate(CONTROL) for pup in range(pups)]
    treated = [(f"t{litter}", int(pup >= alive)) for litter, (pups, alive) in enumerate(TREATED) for pup in range(pups)]
    result = compare_with_rest(*sums_of(treated, control))
    assert result.difference[0] == pytest.approx(33 / 145 - 16 / 158)
    assert result.p_value[0] > 0.05
    alone = compare_with_rest(
        *sums_of([(i, m) for i, (_, m) in enumerate(treated)], [(-i, m) for i, (_, m) in enumerate(control, 1)])
    )
    assert alone.p_value[0] < 0.01


def test_members_in_images_of_their_own_are_pearsons_chi_square():
    """The pooled test of two proportions: 60 of 200 against 40 of 200, chi-square 5.333."""
    inside = [(f"in {i}", int(i < 60)) for i in range(200)]
    outside = [(f"out {i}", int(i < 40)) for i in range(200)]
    result = compare_with_rest(*sums_of(inside, outside))
    assert (result.difference[0] / sqrt(result.variance[0])) ** 2 == pytest.approx(16 / 3)
    assert result.p_value[0] == pytest.approx(0.02092, abs=5e-6)


def test_a_thin_group_without_an_error_proves_little():
    """None of 30 failed where every tenth fails: that happens once in 23 times, however even the images look."""
    inside = [(f"in {i // 3}", 0) for i in range(30)]
    outside = [(f"out {i // 3}", int(i % 10 == 0)) for i in range(3000)]
    assert compare_with_rest(*sums_of(inside, outside)).p_value[0] > 0.04


def test_two_sided_p():
    p = two_sided_p(np.array([0.0, 1.959963984540054, -2.5758293035489004, nan]))
    assert p == pytest.approx([1.0, 0.05, 0.01, nan], nan_ok=True)


def test_benjamini_hochberg_on_the_example_of_the_paper():
    q = benjamini_hochberg(np.array(PAPER))
    assert (q <= 0.05).sum() == 4
    assert q[3] == pytest.approx(0.0095 * 15 / 4)
    assert q[:3] == pytest.approx([0.0015, 0.003, 0.0095])


@given(st.lists(st.sampled_from([0.0, 1e-6, 0.001, 0.01, 0.02, 0.3, 0.5, 1.0, nan]), max_size=30))
def test_benjamini_hochberg_equals_the_naive_twin_and_is_monotone(p_values):
    q = benjamini_hochberg(np.array(p_values, dtype=np.float64))
    tried = [p for p in p_values if not isnan(p)]
    assert q[[not isnan(p) for p in p_values]].tolist() == pytest.approx(q_values(tried))
    assert np.isnan(q[[isnan(p) for p in p_values]]).all()
    order = np.argsort(tried, kind="stable")
    in_order = q[~np.isnan(q)][order]
    assert (np.diff(in_order) >= 0).all()
    assert (in_order >= np.array(tried)[order]).all()


def test_equal_marks_count_once():
    marks = np.array([7, 8, 7], dtype=np.uint64)
    keys = np.ones(3, dtype=np.int64)
    (first, second), tried = benjamini_hochberg_nested(
        [(marks, np.array([0.01, 0.5, 0.01]), keys), (marks[:1], np.array([0.02]), keys[:1])]
    )
    assert tried == 3
    assert first == pytest.approx([0.03, 0.5, 0.03])
    assert second == pytest.approx([0.03])


def test_what_was_tried_because_others_are_sure_makes_nobody_surer():
    """Among two tests .03 is .06; a hundred sure conjunctions would make it .03."""
    p_values, keys = np.array([0.03, 0.3, *np.full(100, 1e-9)]), np.array([1, 2, *np.full(100, 3)])
    ((q_values,), tried) = benjamini_hochberg_nested([(np.arange(102, dtype=np.uint64), p_values, keys)])
    assert tried == 102
    assert benjamini_hochberg(p_values)[0] == pytest.approx(0.03 * 102 / 101)
    assert q_values[:2] == pytest.approx([0.06, 0.3])
    assert (q_values[2:] < 1e-8).all()


def test_of_equal_marks_the_fewest_keys_count():
    marks = np.array([5, 5, 6], dtype=np.uint64)
    ((q_values,), _) = benjamini_hochberg_nested([(marks, np.array([0.02, 0.02, 0.5]), np.array([2, 1, 1]))])
    assert q_values == pytest.approx([0.04, 0.04, 0.5])
    ((q_values,), _) = benjamini_hochberg_nested([(marks, np.array([0.02, 0.02, 0.5]), np.array([2, 2, 1]))])
    assert q_values == pytest.approx([0.04, 0.04, 0.5])


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.001, 0.01, 0.03, 0.3, 1.0]), st.integers(1, 3)), max_size=30))
def test_nested_q_values_equal_the_naive_twin(tests):
    marks = np.arange(len(tests), dtype=np.uint64)
    p_values, keys = (np.array([test[i] for test in tests], dtype=of) for i, of in ((0, np.float64), (1, np.int64)))
    ((q_values,), _) = benjamini_hochberg_nested([(marks, p_values, keys)])
    assert q_values.tolist() == pytest.approx(nested_q_values(tests))
    assert (q_values >= benjamini_hochberg(p_values)).all()


def sums_by_stratum(tables: Sequence[tuple[int, int, int, int]]) -> np.ndarray:
    rows = []
    for a, b, c, d in tables:
        total = a + b + c + d
        rows.append([a * d / total, b * c / total])
    return np.array(rows).sum(axis=0).reshape(2, 1)


def test_mantel_haenszel_on_admissions_at_berkeley():
    """mantelhaen.test(UCBAdmissions) of R: .9046968. Crude it is 1.84."""
    result = mantel_haenszel(sums_by_stratum(BERKELEY))
    assert result[0] == pytest.approx(0.9046968, abs=5e-8)
    crude = mantel_haenszel(sums_by_stratum([tuple(np.sum(BERKELEY, axis=0).tolist())]))
    assert crude[0] == pytest.approx(1.84108, abs=5e-6)


@pytest.mark.parametrize(
    ("table", "expected"), [((1, 0, 0, 1), inf), ((0, 1, 1, 0), 0.0), ((3, 2, 0, 0), nan), ((0, 3, 0, 2), nan)]
)
def test_odds_ratios_at_the_edge(table, expected):
    result = mantel_haenszel(sums_by_stratum([table]))
    assert result[0] == pytest.approx(expected, nan_ok=True)


places = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)),
    max_size=40,
)
"""Codes of two columns, stratum, members, errors."""


@pytest.mark.kernel
@given(places)
def test_odds_ratios_within_strata_equal_the_naive_twin(rows):
    first, second, stratum, count, errors = (np.array([row[i] for row in rows], dtype=np.int32) for i in range(5))
    strata = make_strata([stratum], count.astype(np.int64), errors.astype(np.int64))
    crosses = np.array([[0, -1], [0, 1]], dtype=np.int32)
    result = strata.odds_ratios([first, second], np.array([3, 3]), crosses)
    cells = [(code, None) for code in range(3)] + [(one, two) for one in range(3) for two in range(3)]
    for cell, (one, two) in enumerate(cells):
        inside = (first == one) & (two is None or second == two)
        expanded = [
            (int(stratum[i]), bool(inside[i]), k < min(errors[i], count[i]))
            for i in range(len(rows))
            for k in range(count[i])
        ]
        assert result[cell] == pytest.approx(odds_ratio(expanded), rel=1e-9, nan_ok=True)
    masks = strata.odds_ratios_of(first == code for code in range(3))
    assert masks.tolist() == pytest.approx(result[:3].tolist(), nan_ok=True)


def test_strata_of_a_slice_leave_out_what_it_is_by():
    assert strata_of(["time", "weather"]) == ("class", "size")
    assert strata_of(["class", "time"]) == strata_of(["class_frequency"]) == ("size",)
    assert strata_of(["size_detail"]) == strata_of(["size", "time"]) == ("class",)
    assert strata_of(["class", "size", "time"]) is None


def test_a_reversal_is_two_directions():
    worse_by_night = compare_with_rest(
        *sums_of([(i, int(i % 2)) for i in range(200)], [(-i, int(i % 4 == 0)) for i in range(1, 201)])
    )
    turned = mantel_haenszel(sums_by_stratum([(30, 70, 60, 40)]))
    slightly = mantel_haenszel(sums_by_stratum([(48, 52, 52, 48)]))
    assert points_the_other_way(worse_by_night, turned).all()
    assert points_the_other_way(worse_by_night, slightly).all()
    assert not points_the_other_way(worse_by_night, mantel_haenszel(sums_by_stratum([(50, 50, 50, 50)]))).any()
    assert not points_the_other_way(worse_by_night, mantel_haenszel(sums_by_stratum([(0, 50, 0, 50)]))).any()
    assert not points_the_other_way(worse_by_night, mantel_haenszel(sums_by_stratum([(60, 40, 30, 70)]))).any()


# The kernel's sums.


@pytest.mark.kernel
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 2), st.integers(0, 3)), max_size=40),
    st.lists(st.tuples(st.integers(0, 39), st.integers(0, 1)), max_size=30),
    st.integers(0, 4),
    st.integers(0, 2),
)
@settings(max_examples=60)
def test_cluster_sums_equal_plain_loops(rows, errors, least_members, least_images):
    rows = sorted(rows)
    errors = sorted(error for error in errors if error[0] < len(rows))
    image, first, second, count = (np.array([row[i] for row in rows], dtype=np.int32) for i in range(4))
    error_row = np.array([row for row, _ in errors], dtype=np.int64)
    error_kind = np.array([kind for _, kind in errors], dtype=np.int32)
    crosses = np.array([[0, -1], [0, 1]], dtype=np.int32)
    arguments = (image, count.astype(np.int64), error_row, error_kind, 2, least_members, least_images)
    sizes = np.array([3, 3])
    place, marks, of_members, of_errors = _kernel.cluster_sums([first, second], sizes, crosses, *arguments)
    expected = {}
    for partition, cell in [(0, c) for c in range(3)] + [(1, c) for c in range(9)]:
        codes = first if partition == 0 else first * 3 + second
        one = _sums(codes == cell, image, count, errors)
        rest = _sums(codes != cell, image, count, errors)
        if min(one[0][0], rest[0][0]) >= least_members and min(one[0][1], rest[0][1]) >= least_images:
            expected[partition, cell] = one
    assert [tuple(named) for named in place.tolist()] == list(expected)
    for row, (in_members, in_errors) in enumerate(expected.values()):
        assert of_members[row].tolist() == in_members
        assert of_errors[row].tolist() == in_errors
    again = _kernel.cluster_sums([first, second], sizes, crosses, *arguments, threads=3)
    assert [part.tobytes() for part in again] == [part.tobytes() for part in (place, marks, of_members, of_errors)]


def _sums(inside, image, count, errors) -> tuple[list[int], list[list[int]]]:
    images = sorted(set(image.tolist()))
    n = {i: int(count[inside & (image == i)].sum()) for i in images}
    total = {i: int(count[image == i].sum()) for i in images}
    whole = sum(n[i] > 0 and n[i] == total[i] for i in images)
    of_members = [sum(n.values()), sum(v > 0 for v in n.values()), whole, sum(v * v for v in n.values())]
    of_members.append(sum(n[i] * total[i] for i in images))
    of_errors = []
    for kind in range(2):
        m = {i: sum(inside[row] and image[row] == i for row, k in errors if k == kind) for i in images}
        all_m = {i: sum(image[row] == i for row, k in errors if k == kind) for i in images}
        of_errors.append(
            [
                int(sum(m.values())),
                int(sum(m[i] ** 2 for i in images)),
                int(sum(m[i] * n[i] for i in images)),
                int(sum(m[i] * all_m[i] for i in images)),
                int(sum(m[i] * total[i] + n[i] * all_m[i] for i in images)),
            ]
        )
    return of_members, of_errors


@pytest.mark.kernel
@given(st.integers(0, 1 << 30))
@settings(max_examples=20, deadline=None)
def test_growing_gives_what_crossing_three_gives(seed):
    chance = np.random.default_rng(seed)
    count = 900
    image = chance.integers(40, size=count).astype(np.int32)
    values = [["x", "y"], [1, 2, "n/a"], [True, False]]
    attributes = [attribute_of(name, "object", of, [], []) for name, of in zip("abc", values, strict=True)]
    codes = [chance.integers(len(of), size=count).astype(np.int32) for of in values]
    codes[1][codes[1] == 2] = 3  # no value that slices can be made of
    errors = [(chance.random(count) < rate).astype(np.int64) for rate in (0.2, 0.5)]
    population = make_population(attributes, codes, image, np.ones(count, dtype=np.int64), errors)
    crossed = compare_slices(population, [(0, 1, 2)])
    pairs = compare_slices(population, list(combinations(range(3), 2)))
    parents = [(keys, of, kind) for keys, of in zip(pairs.keys, pairs.codes, strict=True) for kind in range(2)]
    grown = grow_slices(population, parents)
    place = {named: row for row, named in enumerate(zip(crossed.keys, crossed.codes, strict=True))}
    assert len(place) >= 6
    assert set(place) == set(zip(grown.tried.keys, grown.tried.codes, strict=True))
    for row, named in enumerate(zip(grown.tried.keys, grown.tried.codes, strict=True)):
        other, kind = place[named], int(grown.kind[row])
        assert grown.tried.marks[row] == crossed.marks[other]
        assert grown.tried.members[row] == crossed.members[other]
        assert grown.tried.errors[row, 0] == crossed.errors[other, kind]
        assert grown.tried.comparison.p_value[row, 0] == crossed.comparison.p_value[other, kind]
    always = np.ones(len(grown.kind), dtype=np.bool_)
    always[:1] = False
    rows, gets_worse = distinct_conjunctions(grown, always, [set(), set()], frozenset())
    assert len(rows) == 2 * len(place)
    assert (~gets_worse).sum() == 1


def test_names_with_a_prefix_come_last():
    attributes = [attribute_of(n, "object", ["x"], [], []) for n in ("annotation.time", "time", "x.y", "zone")]
    prefixed = prefixed_keys(attributes)
    assert prefixed == {0}
    named = [((0,), (0,)), ((1,), (0,)), ((0, 2), (0, 0)), ((2, 3), (0, 0))]
    assert sorted(named, key=lambda one: preference(*one, prefixed)) == [named[1], named[0], named[3], named[2]]
