"""Rules 1 and 2: which slices of a cause stand out, and by how much."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mapgap.ranking.ledger import Ledger
from mapgap.tables import FloatArray, IdArray, IndexArray

MINIMUM_ERRORS = 30
EXCESS_DECIMALS = 12


@dataclass(frozen=True)
class Candidate:
    """One cause in one slice: `keys` are positions in the ledger's attributes, `values` the codes of their values."""

    keys: tuple[int, ...]
    values: tuple[int, ...]
    errors: int
    population: int
    cost: float
    excess: float

    @property
    def slice_order(self) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
        """Sorts slices by number of keys, keys, values."""
        return len(self.keys), self.keys, self.values


def find_candidates(ledger: Ledger, minimum_errors: int) -> list[Candidate]:
    """Single attributes and pairs that pass rule 1 and have a positive excess, in slice order.

    Excess (rule 2) is the cost minus the population times the cost per member in the rest of the data.
    """
    whole = Whole.of(ledger)
    found = [whole.candidate(*tally) for tally in _tallies(ledger, minimum_errors) if whole.stands_out(*tally[2:4])]
    return [candidate for candidate in _distinct(ledger, found) if candidate.excess > 0]


@dataclass(frozen=True)
class Whole:
    """What a slice is measured against: the totals of all data, or of the slice it lies in."""

    errors: int
    population: int
    cost: float

    @classmethod
    def of(cls, ledger: Ledger) -> "Whole":
        """The totals of all data."""
        return cls(int(ledger.errors.sum()), int(ledger.members.sum()), float(ledger.cost.sum()))

    def stands_out(self, errors: int, population: int) -> bool:
        """At most 80 % of the population, and an error rate at least 1.25 times that of the rest."""
        return 5 * population <= 4 * self.population and self.is_hotter(errors, population)

    def is_hotter(self, errors: int, population: int) -> bool:
        """Whether the rest has members and errors / population is at least 1.25 times its rate; exact."""
        rest = self.population - population
        return population > 0 and rest > 0 and 4 * errors * rest >= 5 * (self.errors - errors) * population

    def excess(self, population: int, cost: float) -> float:
        """What would come back if the slice failed no more than the rest does, without the noise of rounding."""
        return round(cost - population * (self.cost - cost) / (self.population - population), EXCESS_DECIMALS)

    def candidate(
        self, keys: tuple[int, ...], values: tuple[int, ...], errors: int, population: int, cost: float
    ) -> Candidate:
        """The slice with its excess."""
        return Candidate(keys, values, errors, population, cost, self.excess(population, cost))


Tally = tuple[tuple[int, ...], tuple[int, ...], int, int, float]


def _tallies(ledger: Ledger, minimum_errors: int) -> Iterator[Tally]:
    """Keys, values, errors, population and cost of all singles and pairs with enough errors, in slice order."""
    has_errors = np.flatnonzero(ledger.errors)
    hot = [_hot_values(codes, ledger, has_errors, minimum_errors) for codes in ledger.codes]
    members = ledger.members.astype(np.float64)
    keys = [key for key, (values, _) in enumerate(hot) if len(values)]
    for chosen in [(key,) for key in keys] + list(combinations(keys, 2)):
        yield from _count(ledger, members, has_errors, chosen, [hot[key] for key in chosen], minimum_errors)


HotValues = tuple[IdArray, IdArray]
"""The values with enough errors, and each address's position among them; one past the last for all others."""


def _hot_values(codes: IndexArray, ledger: Ledger, has_errors: IdArray, minimum_errors: int) -> HotValues:
    """Both values of a pair must have enough errors, or the pair has not: pairs look at nothing else."""
    has_errors = has_errors[codes[has_errors] >= 0]
    count = int(codes.max(initial=-1)) + 1
    errors = np.bincount(codes[has_errors], weights=ledger.errors[has_errors], minlength=count)
    values = np.flatnonzero(errors >= minimum_errors)
    # The extra last row answers for code -1.
    position = np.full(count + 1, len(values), dtype=np.int64)
    position[values] = np.arange(len(values))
    return values, position[codes]


def _count(
    ledger: Ledger,
    members: FloatArray,
    has_errors: IdArray,
    keys: tuple[int, ...],
    hot: list[HotValues],
    minimum_errors: int,
) -> Iterator[Tally]:
    shape = tuple(len(values) + 1 for values, _ in hot)
    size = int(np.prod(shape))
    cell = hot[0][1]
    for values, position in hot[1:]:
        cell = cell * (len(values) + 1) + position
    errors = np.bincount(cell[has_errors], weights=ledger.errors[has_errors], minlength=size).reshape(shape)
    inner = tuple(slice(length - 1) for length in shape)
    places = np.nonzero(errors[inner] >= minimum_errors)
    if len(places[0]) == 0:
        return
    population = np.bincount(cell, weights=members, minlength=size).reshape(shape)
    cost = np.bincount(cell, weights=ledger.cost, minlength=size).reshape(shape)
    columns = [values[place].tolist() for (values, _), place in zip(hot, places, strict=True)]
    counts = zip(errors[places].tolist(), population[places].tolist(), cost[places].tolist(), strict=True)
    for row, (n_errors, n_members, slice_cost) in zip(zip(*columns, strict=True), counts, strict=True):
        yield keys, row, int(n_errors), int(n_members), slice_cost


def _distinct(ledger: Ledger, candidates: list[Candidate]) -> list[Candidate]:
    """Of slices with the same members and debtors the first; equal counts are looked at before the rows themselves."""
    alike: dict[tuple[int, int], int] = {}
    for candidate in candidates:
        counts = candidate.errors, candidate.population
        alike[counts] = alike.get(counts, 0) + 1
    seen: set[bytes] = set()
    kept = []
    for candidate in candidates:
        if alike[candidate.errors, candidate.population] > 1:
            signature = np.packbits(ledger.holders(candidate.keys, candidate.values)).tobytes()
            if signature in seen:
                continue
            seen.add(signature)
        kept.append(candidate)
    return kept
