"""The search for slices that lose more than the rest: every row is tried, and a third key where two are worse."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from mapgap.significance import SIGNIFICANT_Q, benjamini_hochberg_nested, points_the_other_way
from mapgap.slice_growth import (
    PARENTS_GROWN,
    distinct_conjunctions,
    grow_slices,
    preference,
    prefixed_keys,
)
from mapgap.slice_strata import adjusted_odds_ratios
from mapgap.slice_tests import (
    LEAST_IMAGES,
    LEAST_MEMBERS,
    Population,
    Tried,
    compare_slices,
    make_population,
)
from mapgap.slices.joining import join_slices, name_rows
from mapgap.tables import Attribute, BoolArray, FloatArray, GroundTruth, IdArray, OperatingPoint, Slices

CONJUNCTIONS_KEPT = 100
"""At most so many conjunctions of three keys become rows: those with most misses above what the rest's rate gives."""

CrossMore = Callable[[Sequence[tuple[str, ...]]], Slices]
"""The slices of more crosses of the same data."""


@dataclass(frozen=True)
class SliceTests:
    """One row a slice, in the order of `Slices`: how its rate of missed objects compares with the rest."""

    q_value: FloatArray
    adjusted_odds_ratio: FloatArray
    is_reversed: BoolArray
    images_to_halve: FloatArray
    tried: int
    """How many slices were tried, of which those with the same members count once; not all of them are rows."""


def search_slices(
    ground_truth: GroundTruth,
    attributes: tuple[Attribute, ...],
    operating_point: OperatingPoint,
    slices: Slices,
    cross_more: CrossMore,
    *,
    single_only: Collection[str] = (),
) -> tuple[Slices, SliceTests]:
    """`slices` with the conjunctions of three keys that are worth a row, and the tests of every row.

    Tried are the rows that have at least 30 objects in 5 images and leave as many outside, and each value of another
    attribute within the fifty pairs that are significantly worse than the rest and miss most above its rate. Such a
    conjunction (never with an attribute of `single_only`) becomes a row if it is significantly worse than the rest, if
    its odds of being missed are at least 1.25 times those of the rest of each pair it was grown from (at least 30
    objects), and if no slice of fewer keys has the same objects.
    """
    by_name = tuple(sorted(attributes, key=lambda attribute: attribute.name))
    objects = np.flatnonzero(ground_truth.is_object)
    population = _misses(ground_truth, by_name, operating_point, objects)
    rows = name_rows(slices.where, by_name)
    tried = compare_slices(population, list(dict.fromkeys(keys for keys, _ in rows)))
    never_added = {key for key, attribute in enumerate(by_name) if attribute.name in single_only}
    grown = _grow(population, by_name, tried, never_added)
    q_values, count = _q_values(tried, grown.tried)
    q_tried, q_grown = np.split(q_values, [len(tried.keys)])
    asked = {keys for keys, _ in rows}
    conjunctions = _worth_a_row(population, grown, q_grown, asked)

    if conjunctions:
        named = [(grown.tried.keys[s], grown.tried.codes[s]) for s in conjunctions]
        crosses = sorted({keys for keys, _ in named})
        crossed = cross_more([tuple(by_name[key].name for key in keys) for keys in crosses])
        rows_crossed = name_rows(crossed.where, by_name)
        slices = join_slices(slices, crossed, [rows_crossed[name] for name in named], by_name)
        rows = name_rows(slices.where, by_name)
    codes = {a.name: a.object_codes[objects][population.place] for a in by_name if a.name in ("class", "size")}
    tests = _no_tests(slices, count)
    for tested, q_value in [
        (tried, q_tried),
        (grown.tried.chosen(conjunctions), q_grown[conjunctions]),
    ]:
        names = list(zip(tested.keys, tested.codes, strict=True))
        place = [rows[name] for name in names]
        adjusted = adjusted_odds_ratios(population, by_name, codes, names)
        tests.q_value[place] = q_value
        tests.adjusted_odds_ratio[place] = adjusted
        tests.is_reversed[place] = points_the_other_way(tested.comparison.of_kind(0), adjusted)
    return slices, tests


def _misses(
    ground_truth: GroundTruth, attributes: Sequence[Attribute], operating_point: OperatingPoint, objects: IdArray
) -> Population:
    """All objects, with those that were missed for errors."""
    return make_population(
        attributes,
        [attribute.object_codes[objects] for attribute in attributes],
        ground_truth.image[objects],
        np.ones(len(objects), dtype=np.int64),
        [(~operating_point.found[objects]).astype(np.int64)],
    )


def _no_tests(slices: Slices, tried: int) -> SliceTests:
    """Nothing known yet of any row but how many more images a slice that is too thin would need.

    An interval shrinks with the root of the number of images, so that half of it takes four times as many.
    """
    too_few = (slices.objects < LEAST_MEMBERS) | (slices.images < LEAST_IMAGES)
    unknown = np.full(len(slices.where), np.nan)
    images_to_halve = np.where(too_few & (slices.images > 0), 3.0 * slices.images, np.nan)
    return SliceTests(unknown, unknown.copy(), np.zeros(len(unknown), dtype=np.bool_), images_to_halve, tried)


@dataclass(frozen=True)
class _Conjunctions:
    """One row a conjunction of three keys, each set of objects once and none that fewer keys describe."""

    tried: Tried
    gets_worse: BoolArray
    """Within each pair it was grown from, it is worse than the rest of the pair."""


def _grow(
    population: Population, attributes: Sequence[Attribute], tried: Tried, never_added: set[int]
) -> _Conjunctions:
    prefixed = prefixed_keys(attributes)
    parents = _parents(population, tried, prefixed)
    named = [(tried.keys[s], tried.codes[s], 0) for s in parents]
    grown = grow_slices(population, named)
    grown = grown.chosen([row for row, keys in enumerate(grown.tried.keys) if never_added.isdisjoint(keys)])
    of_parent = np.array(parents, dtype=np.int64)[grown.parent]
    odds_rise = _odds_rise(grown.tried, tried.members[of_parent], tried.errors[of_parent, 0])
    chosen, gets_worse = distinct_conjunctions(grown, odds_rise, [set(tried.marks.tolist())], prefixed)
    return _Conjunctions(grown.tried.chosen(chosen), gets_worse)


def _parents(population: Population, tried: Tried, prefixed: frozenset[int]) -> list[int]:
    """The pairs to grow; of slices with the same objects only the one that would be kept is looked at."""
    q_value, _ = _q_values(tried, tried.chosen([]))
    excess = tried.excess_errors(population.whole)[:, 0]
    worse = np.flatnonzero((q_value <= SIGNIFICANT_Q) & (excess > 0)).tolist()
    worse.sort(key=lambda s: preference(tried.keys[s], tried.codes[s], prefixed))
    distinct = {int(tried.marks[s]): s for s in reversed(worse)}
    pairs = [s for s in distinct.values() if len(tried.keys[s]) == 2]
    return sorted(pairs, key=lambda s: (-excess[s], tried.keys[s], tried.codes[s]))[:PARENTS_GROWN]


def _odds_rise(inside: Tried, members: IdArray, errors: IdArray) -> BoolArray:
    """Whether the odds of an error are at least 1.25 times those in the rest of the slice it was grown from; exact.

    Odds rather than rates, so that there is room above a rate near 1.
    """
    wrong, right = inside.errors[:, 0], inside.members - inside.errors[:, 0]
    wrong_outside = errors - wrong
    right_outside = members - inside.members - wrong_outside
    has_enough = members - inside.members >= LEAST_MEMBERS
    return np.asarray(has_enough & (4 * wrong * right_outside >= 5 * wrong_outside * right))


def _q_values(tried: Tried, grown: Tried) -> tuple[FloatArray, int]:
    """Of both, one after the other, corrected for all of them."""
    marks = np.concatenate([tried.marks, grown.marks])
    p_values = np.concatenate([tried.comparison.p_value[:, 0], grown.comparison.p_value[:, 0]])
    keys = np.concatenate([tried.key_counts, grown.key_counts])
    (q_values,), count = benjamini_hochberg_nested([(marks, p_values, keys)])
    return q_values, count


def _worth_a_row(
    population: Population, grown: _Conjunctions, q_value: FloatArray, asked: set[tuple[int, ...]]
) -> list[int]:
    """Conjunctions for the table, in slice order; those of attributes that were crossed by name are rows already."""
    tried = grown.tried
    excess = tried.excess_errors(population.whole)[:, 0]
    is_new = np.array([keys not in asked for keys in tried.keys], dtype=np.bool_)
    is_worth = is_new & grown.gets_worse & (q_value <= SIGNIFICANT_Q) & (excess > 0)
    ranked = sorted(np.flatnonzero(is_worth).tolist(), key=lambda s: (-excess[s], tried.keys[s], tried.codes[s]))
    return ranked[:CONJUNCTIONS_KEPT]
