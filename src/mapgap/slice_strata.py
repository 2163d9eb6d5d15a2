"""Odds ratios of slices, taken within strata of class and size, so that a slice's mix of them explains nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from mapgap import _kernel
from mapgap.significance import mantel_haenszel
from mapgap.slice_tests import Codes, Keys, Population
from mapgap.tables import Attribute, BoolArray, FloatArray, IdArray, IndexArray

CLASS_ATTRIBUTES = frozenset(["class", "class_frequency"])
SIZE_ATTRIBUTES = frozenset(["size", "size_detail"])
SLICES_AT_ONCE = 32


def strata_of(names: Iterable[str]) -> tuple[str, ...] | None:
    """What a slice by these attributes is adjusted for: class and size, as far as it is not by class or size itself.

    None where nothing is left.
    """
    keys = frozenset(names)
    left = (*(() if keys & CLASS_ATTRIBUTES else ("class",)), *(() if keys & SIZE_ATTRIBUTES else ("size",)))
    return left or None


@dataclass(frozen=True)
class Strata:
    """One row a place, sorted by stratum: the members and errors that odds ratios are taken of."""

    order: IdArray
    """Place of each row."""
    stratum: IndexArray
    members: IdArray
    errors: IdArray

    def odds_ratios(self, columns: Sequence[IndexArray], sizes: IdArray, crosses: IndexArray) -> FloatArray:
        """Odds ratios of the cells of all partitions; columns are of the places in their own order."""
        in_order = [column[self.order] for column in columns]
        return mantel_haenszel(
            _kernel.stratified_sums(in_order, sizes, crosses, self.stratum, self.members, self.errors)
        )

    def odds_ratios_of(self, slices: Iterable[BoolArray]) -> FloatArray:
        """Odds ratios of slices given as the places inside each, in their own order."""
        parts = [np.zeros(0)]
        rest = iter(slices)
        # Some at a time: many slices of many places need no memory for all of them at once.
        while some := [inside.astype(np.int32) for inside in islice(rest, SLICES_AT_ONCE)]:
            crosses = np.array([(column, -1) for column in range(len(some))], dtype=np.int32)
            both = self.odds_ratios(some, np.full(len(some), 2, dtype=np.int64), crosses)
            parts.append(both[1::2])
        return np.concatenate(parts)


def make_strata(columns: Sequence[IndexArray], members: IdArray, errors: IdArray) -> Strata:
    """Strata of every combination of codes at the places; one stratum without columns.

    A place with more errors than members counts as wholly wrong.
    """
    stratum = np.zeros(len(members), dtype=np.int64)
    for codes in columns:
        stratum = stratum * (int(codes.max(initial=0)) + 1) + codes
    _, dense = np.unique(stratum, return_inverse=True)
    order = np.argsort(dense, kind="stable")
    return Strata(
        order=order,
        stratum=dense[order].astype(np.int32),
        members=np.asarray(members[order], dtype=np.int64),
        errors=np.minimum(errors, members)[order].astype(np.int64),
    )


def adjusted_odds_ratios(
    population: Population,
    attributes: Sequence[Attribute],
    codes: Mapping[str, IndexArray],
    slices: Sequence[tuple[Keys, Codes]],
) -> FloatArray:
    """One row a slice of the population: of its errors of kind 0, within strata of class and size.

    `attributes` are those that keys count, `codes` holds the values of "class" and "size" at the population's places,
    as far as there are such attributes.
    """
    errors = population.errors_of(0)
    wanted = [strata_of(attributes[key].name for key in keys) for keys, _ in slices]
    result = np.full(len(slices), np.nan)
    for names in dict.fromkeys(name for name in wanted if name is not None):
        strata = make_strata([codes[name] for name in names if name in codes], population.members, errors)
        rows = [row for row, name in enumerate(wanted) if name == names]
        for few_keys in (True, False):
            chosen = [row for row in rows if (len(slices[row][0]) <= 2) == few_keys]
            of_cells = _of_partitions if few_keys else _of_masks
            result[chosen] = of_cells(population, strata, [slices[row] for row in chosen])
    return result


def _of_partitions(population: Population, strata: Strata, slices: Sequence[tuple[Keys, Codes]]) -> FloatArray:
    """Of slices of one or two keys, by way of all the cells of their crosses."""
    crosses = list(dict.fromkeys(keys for keys, _ in slices))
    used = sorted({key for keys in crosses for key in keys})
    column_of = {key: number for number, key in enumerate(used)}
    sizes = np.array([population.columns[key].size for key in used], dtype=np.int64)
    pairs = [(column_of[keys[0]], column_of[keys[1]] if len(keys) > 1 else -1) for keys in crosses]
    lengths = [int(sizes[first]) * (int(sizes[second]) if second >= 0 else 1) for first, second in pairs]
    first_cell = dict(zip(crosses, np.cumsum([0, *lengths]).tolist(), strict=False))
    odds = strata.odds_ratios(
        [population.columns[key].places for key in used], sizes, np.array(pairs, dtype=np.int32).reshape(-1, 2)
    )
    position = {
        key: {code: place for place, code in enumerate(population.columns[key].values.tolist())} for key in used
    }
    cells = []
    for keys, codes in slices:
        places = [position[key][code] for key, code in zip(keys, codes, strict=True)]
        inner = places[0] if len(keys) == 1 else places[0] * population.columns[keys[1]].size + places[1]
        cells.append(first_cell[keys] + inner)
    return odds[cells]


def _of_masks(population: Population, strata: Strata, slices: Sequence[tuple[Keys, Codes]]) -> FloatArray:
    return strata.odds_ratios_of(population.contains(keys, codes) for keys, codes in slices)
