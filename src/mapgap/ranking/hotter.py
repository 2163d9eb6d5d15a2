"""Rule 5: where inside a hot spot the cause strikes more often still."""

from collections.abc import Iterator

import numpy as np

from mapgap import _kernel
from mapgap.ranking.candidates import Candidate, Whole, distinct_candidates, is_nearly_all
from mapgap.ranking.ledger import Ledger
from mapgap.slice_growth import with_key
from mapgap.slice_tests import LEAST_MEMBERS
from mapgap.tables import FloatArray, Hotter, IdArray, Scalar

HOTTER_SHOWN = 3


def hotter_within(ledger: Ledger, parent: Candidate, minimum_errors: int) -> tuple[Hotter, ...]:
    """Up to three slices with one key more, by falling excess within the parent, ties in slice order.

    Each has enough errors, a rate at least 1.25 times that of the rest of the parent and a positive excess within; of
    those with the same members one is named. The rest has at least 30 members, or its rate says nothing (with few
    errors in all one is enough, as everywhere), and more than a tenth of the parent's, or both are nearly the same. The
    excess is 0.0 for causes that owe nothing; they are ordered by errors in its place.
    """
    inside = np.flatnonzero(ledger.contains(parent.keys, parent.values))
    whole = Whole(parent.errors, parent.population, parent.cost)
    others = [key for key in range(len(ledger.attributes)) if key not in parent.keys]
    sums = sums_within(ledger, inside, others)
    found = [
        one
        for key, of_key in zip(others, sums, strict=True)
        for one in _narrower(parent, whole, key, of_key, minimum_errors)
    ]
    found = distinct_candidates(ledger, found)
    found.sort(key=lambda one: (-one.excess, one.slice_order))
    return tuple(
        Hotter(where_of(ledger, one), one.errors, one.population, one.excess if ledger.owes else 0.0)
        for one in found[:HOTTER_SHOWN]
    )


def where_of(ledger: Ledger, candidate: Candidate) -> dict[str, Scalar]:
    """Attribute -> value, keys alphabetical."""
    chosen = [ledger.attributes[key] for key in candidate.keys]
    return {one.name: one.values[code] for one, code in zip(chosen, candidate.values, strict=True)}


def sums_within(ledger: Ledger, inside: IdArray, keys: list[int]) -> list[FloatArray]:
    """For each key (3, values): errors, population and cost of every value inside the parent."""
    counts = [len(ledger.attributes[key].values) for key in keys]
    sizes = np.array(counts, dtype=np.int64) + 1  # the last is "n/a"
    alone = np.array([(column, -1) for column in range(len(keys))], dtype=np.int32).reshape(-1, 2)
    weights = np.stack([ledger.errors[inside], ledger.members[inside], ledger.cost[inside]])
    sums = _kernel.sum_cells([ledger.codes[key][inside] for key in keys], sizes, alone, weights)
    starts = np.cumsum(sizes) - sizes
    return [sums[:, start : start + count] for start, count in zip(starts.tolist(), counts, strict=True)]


def _narrower(parent: Candidate, whole: Whole, key: int, sums: FloatArray, minimum_errors: int) -> Iterator[Candidate]:
    """The values of one key that are hotter than the rest of the parent and cost more."""
    least_rest = LEAST_MEMBERS if minimum_errors > 1 else 1
    for value in np.flatnonzero(sums[0] >= minimum_errors).tolist():
        errors, population, cost = int(sums[0, value]), int(sums[1, value]), float(sums[2, value])
        has_rest = whole.population - population >= least_rest and not is_nearly_all(population, whole.population)
        if has_rest and whole.is_hotter(errors, population):
            named = with_key(parent.keys, parent.values, key, value)
            one = whole.candidate(*named, errors, population, cost)
            if one.excess > 0:
                yield one
