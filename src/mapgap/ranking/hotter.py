"""Rule 5: where inside a hot spot the cause strikes more often still."""

import numpy as np

from mapgap.ranking.candidates import Candidate, Whole
from mapgap.ranking.ledger import Ledger
from mapgap.tables import Hotter, IdArray, Scalar

HOTTER_SHOWN = 3


def hotter_within(ledger: Ledger, parent: Candidate, minimum_errors: int) -> tuple[Hotter, ...]:
    """Up to three slices with one key more, by falling excess within the parent, ties in slice order.

    Each has enough errors, a rate at least 1.25 times that of the rest of the parent (which has members) and a
    positive excess within. The excess is 0.0 for causes that owe nothing; they are ordered by errors in its place.
    """
    inside = np.flatnonzero(ledger.contains(parent.keys, parent.values))
    whole = Whole(parent.errors, parent.population, parent.cost)
    found: list[Candidate] = []
    for key in range(len(ledger.attributes)):
        if key not in parent.keys:
            found += _split(ledger, inside, parent, whole, key, minimum_errors)
    found.sort(key=lambda one: (-one.excess, one.slice_order))
    return tuple(
        Hotter(where_of(ledger, one), one.errors, one.population, one.excess if ledger.owes else 0.0)
        for one in found[:HOTTER_SHOWN]
    )


def where_of(ledger: Ledger, candidate: Candidate) -> dict[str, Scalar]:
    """Attribute -> value, keys alphabetical."""
    chosen = [ledger.attributes[key] for key in candidate.keys]
    return {one.name: one.values[code] for one, code in zip(chosen, candidate.values, strict=True)}


def _split(
    ledger: Ledger, inside: IdArray, parent: Candidate, whole: Whole, key: int, minimum_errors: int
) -> list[Candidate]:
    codes = ledger.codes[key][inside]
    is_usable = codes >= 0
    codes, rows = codes[is_usable], inside[is_usable]
    errors = np.bincount(codes, weights=ledger.errors[rows])
    population = np.bincount(codes, weights=ledger.members[rows])
    cost = np.bincount(codes, weights=ledger.cost[rows])
    narrower = []
    for value in np.flatnonzero(errors >= minimum_errors).tolist():
        if whole.is_hotter(int(errors[value]), int(population[value])):
            pairs = sorted([*zip(parent.keys, parent.values, strict=True), (key, value)])
            keys, values = tuple(k for k, _ in pairs), tuple(v for _, v in pairs)
            counts = int(errors[value]), int(population[value]), float(cost[value])
            narrower.append(whole.candidate(keys, values, *counts))
    return [one for one in narrower if one.excess > 0]
