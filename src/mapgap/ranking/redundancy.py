"""Rules 1, 3 and 4: say one thing once, and in the fewest words."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mapgap.ranking.candidates import Candidate, Whole, is_nearly_all
from mapgap.ranking.hotter import sums_within
from mapgap.ranking.ledger import Ledger
from mapgap.slice_growth import DEEPEST, with_key

PARENT_EXCESS_SHARE = 0.8

Slice = tuple[tuple[int, ...], tuple[int, ...]]
"""Keys and values as a candidate has them."""


def drop_longer_names(candidates: list[Candidate]) -> list[Candidate]:
    """Rule 1, for slices with all but the same members: the one of fewest keys stays.

    A slice goes if another candidate with some of its keys (and their values) is at most a ninth larger than it, and
    has at least 80 % of its excess. Keeps the order.
    """
    known = {(one.keys, one.values): one for one in candidates}
    return [
        one
        for one in candidates
        if not any(_is_as_good(known.get(named), one) for named in _shorter(one.keys, one.values))
    ]


def _is_as_good(shorter: Candidate | None, longer: Candidate) -> bool:
    return (
        shorter is not None
        and is_nearly_all(longer.population, shorter.population)
        and shorter.excess >= PARENT_EXCESS_SHARE * longer.excess
    )


def _shorter(keys: tuple[int, ...], values: tuple[int, ...]) -> Iterator[Slice]:
    """The slices by some of the keys."""
    for number in range(1, len(keys)):
        for places in combinations(range(len(keys)), number):
            yield tuple(keys[place] for place in places), tuple(values[place] for place in places)


def drop_parents(ledger: Ledger, candidates: list[Candidate]) -> list[Candidate]:
    """Rule 3: without the slices whose excess sits in one narrower slice.

    A slice goes if another candidate lies inside it (by its members, whatever its keys) and has at most 60 % of its
    population and at least 80 % of its excess. Keeps the order.
    """
    population = np.array([candidate.population for candidate in candidates], dtype=np.int64)
    excess = np.array([candidate.excess for candidate in candidates])
    holders = [ledger.holders(candidate.keys, candidate.values) for candidate in candidates]
    return [
        parent
        for parent, of_parent in zip(candidates, holders, strict=True)
        if not _any_inside(
            [
                holders[place]
                for place in np.flatnonzero(
                    (5 * population <= 3 * parent.population) & (excess >= PARENT_EXCESS_SHARE * parent.excess)
                )
            ],
            of_parent,
        )
    ]


def _any_inside(children: list[NDArray[np.uint8]], parent: NDArray[np.uint8]) -> bool:
    """Whether a child's holders are all the parent's."""
    outside = ~parent
    return any(not np.any(child & outside) for child in children)


def walk_down(ledger: Ledger, candidates: list[Candidate], significant: Iterable[Candidate]) -> list[Candidate]:
    """Rule 4: by falling excess (ties in slice order), those with half of their excess outside what is listed so far.

    The excess outside is the cost outside minus the members outside times the cost per member in the rest of the data.
    What would be listed is held to rule 3 once more: it goes if its excess sits where it meets another of the
    `significant`, most of which lies inside it.
    """
    whole = Whole.of(ledger)
    known = {(one.keys, one.values): one for one in significant}
    is_listed = np.zeros(len(ledger.members), dtype=np.bool_)
    listed = []
    for candidate in sorted(candidates, key=lambda one: (-one.excess, one.slice_order)):
        is_inside = ledger.contains(candidate.keys, candidate.values)
        outside = np.flatnonzero(is_inside & ~is_listed)
        population, cost = int(ledger.members[outside].sum()), float(ledger.cost[outside].sum())
        rest = whole.population - candidate.population
        excess_outside = cost - population * (whole.cost - candidate.cost) / rest
        if excess_outside >= candidate.excess / 2 and not _meets_its_excess(ledger, candidate, known):
            listed.append(candidate)
            is_listed |= is_inside
    return listed


def _meets_its_excess(ledger: Ledger, parent: Candidate, known: Mapping[Slice, Candidate]) -> bool:
    """Whether a narrower slice of one key more carries the excess of a slice, and is most of another candidate.

    Narrower and carries as in rule 3; most is at least 80 %. So the other candidate is smaller than the slice, and as
    every slice that goes leaves a smaller one behind, no two can drop each other.
    """
    if len(parent.keys) >= DEEPEST:
        return False
    whole = Whole.of(ledger)
    inside = np.flatnonzero(ledger.contains(parent.keys, parent.values))
    others = [key for key in range(len(ledger.attributes)) if key not in parent.keys]
    for key, (_, members, cost) in zip(others, sums_within(ledger, inside, others), strict=True):
        for value in np.flatnonzero((members > 0) & (5 * members <= 3 * parent.population)).tolist():
            population = int(members[value])
            if whole.excess(population, float(cost[value])) < PARENT_EXCESS_SHARE * parent.excess:
                continue
            met = [
                known[named] for named in _shorter(*with_key(parent.keys, parent.values, key, value)) if named in known
            ]
            if any(5 * population >= 4 * other.population for other in met):
                return True
    return False
