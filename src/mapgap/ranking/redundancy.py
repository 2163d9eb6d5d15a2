"""Rules 3 and 4: say one thing once."""

import numpy as np

from mapgap.ranking.candidates import Candidate, Whole
from mapgap.ranking.ledger import Ledger

PARENT_EXCESS_SHARE = 0.8


def drop_parents(candidates: list[Candidate]) -> list[Candidate]:
    """Rule 3: without the slices whose excess sits in one narrower slice.

    A slice goes if a candidate with more keys inside it has at most 60 % of its population and at least 80 % of its
    excess. Keeps the order.
    """
    by_where = {(candidate.keys, candidate.values): candidate for candidate in candidates}
    dropped = set()
    for child in candidates:
        if len(child.keys) == 1:
            continue
        for key, value in zip(child.keys, child.values, strict=True):
            parent = by_where.get(((key,), (value,)))
            if parent is not None and _carries(child, parent):
                dropped.add(parent.slice_order)
    return [candidate for candidate in candidates if candidate.slice_order not in dropped]


def _carries(child: Candidate, parent: Candidate) -> bool:
    is_narrow = 5 * child.population <= 3 * parent.population
    return is_narrow and child.excess >= PARENT_EXCESS_SHARE * parent.excess


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
