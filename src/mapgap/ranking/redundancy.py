"""Rules 3 and 4: say one thing once."""

import numpy as np
from numpy.typing import NDArray

from mapgap.ranking.candidates import Candidate, Whole
from mapgap.ranking.ledger import Ledger

PARENT_EXCESS_SHARE = 0.8


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


def walk_down(ledger: Ledger, candidates: list[Candidate]) -> list[Candidate]:
    """Rule 4: by falling excess (ties in slice order), those with half of their excess outside what is listed so far.

    The excess outside is the cost outside minus the members outside times the cost per member in the rest of the data.
    """
    whole = Whole.of(ledger)
    is_listed = np.zeros(len(ledger.members), dtype=np.bool_)
    listed = []
    for candidate in sorted(candidates, key=lambda one: (-one.excess, one.slice_order)):
        is_inside = ledger.contains(candidate.keys, candidate.values)
        outside = np.flatnonzero(is_inside & ~is_listed)
        population, cost = int(ledger.members[outside].sum()), float(ledger.cost[outside].sum())
        rest = whole.population - candidate.population
        excess_outside = cost - population * (whole.cost - candidate.cost) / rest
        if excess_outside >= candidate.excess / 2:
            listed.append(candidate)
            is_listed |= is_inside
    return listed
