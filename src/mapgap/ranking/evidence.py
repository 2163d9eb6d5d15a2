"""How sure a hot spot is: every cause in every slice against the rest, and a third key where two are hot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mapgap.ranking.candidates import Candidate, Whole
from mapgap.ranking.ledger import Book, Ledger, usable_codes
from mapgap.significance import SIGNIFICANT_Q, Family, benjamini_hochberg_nested
from mapgap.slice_growth import (
    PARENTS_GROWN,
    Grown,
    Parent,
    distinct_conjunctions,
    grow_slices,
    preference,
    prefixed_keys,
)
from mapgap.slice_tests import LEAST_MEMBERS, Population, Tried, compare_slices, make_population
from mapgap.tables import DETECTION_POPULATION_CAUSES, BoolArray, FloatArray, IdArray

Slice = tuple[tuple[int, ...], tuple[int, ...]]
"""Keys and values as a candidate has them."""


@dataclass(frozen=True)
class Evidence:
    """What the tests say of one cause."""

    row_of: Mapping[Slice, int]
    """The slices that were tried."""
    q_values: FloatArray
    """By row; corrected for all causes and slices."""
    grown: tuple[Candidate, ...]
    """Candidates of three keys."""

    def q_value(self, candidate: Candidate) -> float | None:
        """None where the slice was not tried."""
        row = self.row_of.get((candidate.keys, candidate.values))
        return None if row is None or np.isnan(self.q_values[row]) else float(self.q_values[row])

    def is_significant(self, candidate: Candidate) -> bool:
        """Whether the cause strikes there at another rate than in the rest, as far as that can be told."""
        q_value = self.q_value(candidate)
        return q_value is not None and q_value <= SIGNIFICANT_Q


def weigh_evidence(
    book: Book, ledgers: Sequence[Ledger], candidates: Sequence[Sequence[Candidate]], minimum_errors: int
) -> list[Evidence]:
    """The evidence on each cause; `candidates` are its singles and pairs that pass rule 1 but for the test.

    Tried is every single and pair whose population is at most 80 % of the whole, and has, as the rest has, at least
    30 members in 5 images; and each value of another attribute within the fifty pairs of greatest excess a cause
    that are significant. A conjunction of three is a candidate if it passes rule 1 and its rate is at least 1.25
    times that of the rest of each pair it was grown from, where that rest has at least 30 members. Causes with fewer
    errors than the minimum are not tried.
    """
    enough = [number for number, ledger in enumerate(ledgers) if len(ledger.error_rows) >= minimum_errors]
    groups = [_Group(book, [ledgers[number] for number in of]) for of in _grouped(ledgers, enough)]
    found = {ledgers[number].cause: candidates[number] for number in enough}
    families = [family for group in groups for family in group.families]
    q_values, _ = benjamini_hochberg_nested(families)
    grown = [
        group.grow(found, q_values[first : first + len(group.ledgers)])
        for group, first in zip(groups, _starts(groups), strict=True)
    ]
    both = [
        _joined(family, group.family_of_grown(tried, kind))
        for group, tried in zip(groups, grown, strict=True)
        for kind, family in enumerate(group.families)
    ]
    q_values, _ = benjamini_hochberg_nested(both)
    evidence = {
        ledger.cause: group.evidence(kind, q_values[first + kind], conjunctions, minimum_errors)
        for group, first, conjunctions in zip(groups, _starts(groups), grown, strict=True)
        for kind, ledger in enumerate(group.ledgers)
    }
    return [evidence.get(ledger.cause, Evidence({}, np.zeros(0), ())) for ledger in ledgers]


def _grouped(ledgers: Sequence[Ledger], enough: Sequence[int]) -> list[list[int]]:
    """Causes that share a population and its attributes: those of objects, and each of the others for itself."""
    of_objects = [number for number in enough if ledgers[number].cause not in DETECTION_POPULATION_CAUSES]
    others = [[number] for number in enough if number not in of_objects]
    return [of for of in (of_objects, *others) if of]


def _starts(groups: Sequence["_Group"]) -> list[int]:
    """Place of each group's first family."""
    return [sum(len(before.ledgers) for before in groups[:number]) for number in range(len(groups))]


def _joined(first: Family, second: Family) -> Family:
    marks, p_values, keys = (np.concatenate(columns) for columns in zip(first, second, strict=True))
    return marks, p_values, keys


@dataclass(frozen=True)
class _Conjunctions:
    """One row a conjunction with members of its own, of the cause it was grown for."""

    grown: Grown
    gets_worse: BoolArray


class _Group:
    """Causes with one population: all that was tried of them."""

    def __init__(self, book: Book, ledgers: Sequence[Ledger]):
        self.ledgers = ledgers
        self.attributes = ledgers[0].attributes
        self.prefixed = prefixed_keys(self.attributes)
        places = len(book.image)
        members = _spread(ledgers[0], ledgers[0].members, places)
        errors = [_spread(ledger, ledger.errors, places) for ledger in ledgers]
        place = np.flatnonzero(np.any([members, *errors], axis=0))
        population = make_population(
            self.attributes,
            [usable_codes(attribute, place, book.annotations) for attribute in self.attributes],
            book.image[place],
            members[place],
            [column[place] for column in errors],
        )
        self.population: Population = population
        keys = range(len(self.attributes))
        tried = compare_slices(population, [*((key,) for key in keys), *combinations(keys, 2)])
        # Rule 1 looks at nothing larger.
        self.tried: Tried = tried.chosen(np.flatnonzero(5 * tried.members <= 4 * population.members.sum()).tolist())
        self.row_of = {named: row for row, named in enumerate(zip(self.tried.keys, self.tried.codes, strict=True))}
        key_counts = self.tried.key_counts
        self.families: list[Family] = [
            (self.tried.marks, self.tried.comparison.p_value[:, kind], key_counts) for kind in range(len(ledgers))
        ]

    def grow(self, found: Mapping[str, Sequence[Candidate]], q_values: Sequence[FloatArray]) -> _Conjunctions:
        """Conjunctions of three keys within the pairs among what was found that are significant."""
        parents: list[tuple[Parent, Candidate]] = []
        for kind, (ledger, q_value) in enumerate(zip(self.ledgers, q_values, strict=True)):
            rows = [(self.row_of.get((one.keys, one.values)), one) for one in found[ledger.cause] if len(one.keys) == 2]
            hot = [(row, one) for row, one in rows if row is not None and q_value[row] <= SIGNIFICANT_Q]
            # Of pairs with the same members the one that would be kept.
            hot.sort(key=lambda pair: preference(pair[1].keys, pair[1].values, self.prefixed), reverse=True)
            distinct = {int(self.tried.marks[row]): one for row, one in hot}.values()
            ranked = sorted(distinct, key=lambda one: (-one.excess, one.slice_order))[:PARENTS_GROWN]
            parents += [((one.keys, one.values, kind), one) for one in ranked]
        grown = grow_slices(self.population, [parent for parent, _ in parents])
        of_parent = [parents[parent][1] for parent in grown.parent.tolist()]
        gets_worse = _is_hotter(
            grown.tried,
            np.array([one.errors for one in of_parent], dtype=np.int64),
            np.array([one.population for one in of_parent], dtype=np.int64),
        )
        known = [set(self.tried.marks.tolist())] * len(self.ledgers)
        chosen, always = distinct_conjunctions(grown, gets_worse, known, self.prefixed)
        return _Conjunctions(grown.chosen(chosen), always)

    def family_of_grown(self, conjunctions: _Conjunctions, kind: int) -> Family:
        """What was tried of one cause by growing."""
        grown = conjunctions.grown
        is_of_kind = grown.kind == kind
        p_values = grown.tried.comparison.p_value[is_of_kind, 0]
        return grown.tried.marks[is_of_kind], p_values, grown.tried.key_counts[is_of_kind]

    def evidence(self, kind: int, q_values: FloatArray, conjunctions: _Conjunctions, minimum_errors: int) -> Evidence:
        """The q-values of one cause, first of what was tried of singles and pairs, then of what was grown."""
        grown, ledger = conjunctions.grown, self.ledgers[kind]
        whole = Whole.of(ledger)
        rows = np.flatnonzero(grown.kind == kind).tolist()
        row_of = dict(self.row_of)
        candidates = []
        for number, row in enumerate(rows, start=len(self.row_of)):
            named = grown.tried.keys[row], grown.tried.codes[row]
            errors, members = int(grown.tried.errors[row, 0]), int(grown.tried.members[row])
            is_hot = errors >= minimum_errors and whole.stands_out(errors, members) and conjunctions.gets_worse[row]
            if is_hot and q_values[number] <= SIGNIFICANT_Q:
                row_of[named] = number
                cost = float(ledger.cost[ledger.contains(*named)].sum())
                candidates.append(whole.candidate(*named, errors, members, cost))
        return Evidence(row_of, q_values, tuple(one for one in candidates if one.excess > 0))


def _is_hotter(inside: Tried, errors: IdArray, members: IdArray) -> BoolArray:
    """Whether the rate is at least 1.25 times that of the rest of the slice it was grown from, if that has enough."""
    rest = members - inside.members
    is_hotter = 4 * inside.errors[:, 0] * rest >= 5 * (errors - inside.errors[:, 0]) * inside.members
    return np.asarray((rest >= LEAST_MEMBERS) & is_hotter)


def _spread(ledger: Ledger, column: IdArray, places: int) -> IdArray:
    """A column of the ledger's addresses at all addresses there are, 0 elsewhere."""
    spread = np.zeros(places, dtype=np.int64)
    spread[ledger.place] = column
    return spread
