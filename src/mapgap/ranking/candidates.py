"""Rules 1 and 2: which slices of a cause stand out, and by how much."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mapgap import _kernel
from mapgap.ranking.ledger import Ledger
from mapgap.slice_growth import preference, prefixed_keys
from mapgap.tables import FloatArray, IdArray

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
    """Single attributes and pairs that pass rule 1, but for its test, and have a positive excess, in slice order.

    Excess (rule 2) is the cost minus the population times the cost per member in the rest of the data.
    """
    whole = Whole.of(ledger)
    found = [whole.candidate(*tally) for tally in _tallies(ledger, minimum_errors) if whole.stands_out(*tally[2:4])]
    return [candidate for candidate in found if candidate.excess > 0]


def distinct_candidates(ledger: Ledger, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Of slices with the same members and debtors the one of fewest keys, then of names without prefix; in slice order.

    Equal counts are looked at before the rows themselves.
    """
    prefixed = prefixed_keys(ledger.attributes)
    by_preference = sorted(candidates, key=lambda one: preference(one.keys, one.values, prefixed))
    alike = Counter((one.errors, one.population) for one in by_preference)
    seen: set[bytes] = set()
    kept = []
    for candidate in by_preference:
        if alike[candidate.errors, candidate.population] > 1:
            signature = ledger.holders(candidate.keys, candidate.values).tobytes()
            if signature in seen:
                continue
            seen.add(signature)
        kept.append(candidate)
    return sorted(kept, key=lambda one: one.slice_order)


def is_nearly_all(part: int, of: int) -> bool:
    """Nine tenths."""
    return 10 * part >= 9 * of


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
    keys = range(len(ledger.codes))
    crosses = [(key, -1) for key in keys] + list(combinations(keys, 2))
    enough = [
        (cross, *_enough(errors, minimum_errors))
        for cross, errors in zip(crosses, _tables(ledger, crosses, ledger.errors), strict=True)
    ]
    enough = [(cross, places, errors) for cross, places, errors in enough if len(errors)]
    crosses = [cross for cross, _, _ in enough]
    population, cost = _tables(ledger, crosses, ledger.members), _tables(ledger, crosses, ledger.cost)
    for (cross, places, errors), members, owed in zip(enough, population, cost, strict=True):
        used = tuple(key for key in cross if key >= 0)
        rows = zip(*(place.tolist() for place in places[: len(used)]), strict=True)
        counts = zip(errors.tolist(), members[places].tolist(), owed[places].tolist(), strict=True)
        for values, (n_errors, n_members, slice_cost) in zip(rows, counts, strict=True):
            yield used, values, int(n_errors), int(n_members), slice_cost


def _tables(ledger: Ledger, crosses: list[tuple[int, int]], weights: FloatArray | IdArray) -> list[FloatArray]:
    """Sums of the weights of addresses by the values of each cross, one axis a key, the last place of each for "n/a".

    A cross of one key has a second axis of length 1.
    """
    rows = np.flatnonzero(weights)
    sizes = np.array([len(attribute.values) + 1 for attribute in ledger.attributes], dtype=np.int64)
    columns = [codes[rows] for codes in ledger.codes]
    pairs = np.array(crosses, dtype=np.int32).reshape(-1, 2)
    (sums,) = _kernel.sum_cells(columns, sizes, pairs, weights[rows].astype(np.float64)[np.newaxis])
    shapes = [(int(sizes[first]), int(sizes[second]) if second >= 0 else 1) for first, second in crosses]
    ends = np.cumsum([n * m for n, m in shapes], dtype=np.int64)
    return [part.reshape(shape) for part, shape in zip(np.split(sums, ends[:-1]), shapes, strict=False)]


def _enough(errors: FloatArray, minimum_errors: int) -> tuple[tuple[IdArray, IdArray], FloatArray]:
    """Places of a table with enough errors, row after row, and the errors there; the last of an axis is no value."""
    inner = errors[:-1, : max(1, errors.shape[1] - 1)]
    rows, columns = np.nonzero(inner >= minimum_errors)
    return (rows, columns), inner[rows, columns]
