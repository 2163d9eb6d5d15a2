"""Conjunctions of three keys, grown from pairs: in which pairs a third key is tried, and what that gives."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.slice_tests import (
    LEAST_IMAGES,
    LEAST_MEMBERS,
    Codes,
    Keys,
    Population,
    Tried,
    cluster_sums,
    describe,
)
from mapgap.tables import Attribute, BoolArray, IdArray

DEEPEST = 3
"""Most keys of a slice."""
PARENTS_GROWN = 50
"""At most so many pairs are grown by a key, those with the greatest excess."""

Parent = tuple[Keys, Codes, int]
"""A pair to grow, and the kind of error it is about."""


@dataclass(frozen=True)
class Grown:
    """One row a slice and the parent it was grown from, for the kind of error of that one."""

    tried: Tried
    kind: IdArray
    parent: IdArray
    """Place in the list of parents."""

    def chosen(self, rows: Sequence[int]) -> "Grown":
        """Some of the rows."""
        index = np.array(rows, dtype=np.int64)
        return Grown(self.tried.chosen(rows), self.kind[index], self.parent[index])


def prefixed_keys(attributes: Sequence[Attribute]) -> frozenset[int]:
    """Attributes that lost their name to another one: what stands behind the first dot is another's name."""
    names = {attribute.name for attribute in attributes}
    return frozenset(key for key, attribute in enumerate(attributes) if is_prefixed(attribute.name, names))


def is_prefixed(name: str, names: Collection[str]) -> bool:
    """Whether one of `names` stands in this one behind a prefix, as "occlusion" in "annotation.occlusion"."""
    return name.partition(".")[2] in names


def preference(keys: Keys, codes: Codes, prefixed: frozenset[int]) -> tuple[int, int, Keys, Codes]:
    """Sorts slices of the same members: fewest keys, then names without prefix, then names, then values."""
    return len(keys), sum(key in prefixed for key in keys), keys, codes


def grow_slices(population: Population, parents: Sequence[Parent]) -> Grown:
    """Every slice with one key more inside the parents (keys, codes, kind of error), that has members enough.

    Parents have two keys.
    """
    columns = [column.places for column in population.columns]
    sizes = np.array([column.size for column in population.columns], dtype=np.int64)
    rows = [
        (
            *keys,
            *(int(np.searchsorted(population.columns[k].values, c)) for k, c in zip(keys, codes, strict=True)),
            kind,
        )
        for keys, codes, kind in parents
    ]
    place, marks, of_members, of_errors = _kernel.grow_cluster_sums(
        columns,
        sizes,
        np.array(rows, dtype=np.int32).reshape(-1, 5),
        *population.arguments(),
        population.kinds,
        LEAST_MEMBERS,
        LEAST_IMAGES,
    )
    is_slice = place[:, 2] < sizes[place[:, 1]] - 1
    place = place[is_slice]
    keys_and_codes = []
    for parent, column, code in place.tolist():
        keys, codes, _ = parents[parent]
        keys_and_codes.append(with_key(keys, codes, column, int(population.columns[column].values[code])))
    kind = np.array([parents[parent][2] for parent in place[:, 0].tolist()], dtype=np.int64)
    tried = describe(
        population,
        tuple(keys for keys, _ in keys_and_codes),
        tuple(codes for _, codes in keys_and_codes),
        marks[is_slice],
        cluster_sums(of_members[is_slice], of_errors[is_slice]),
        kind,
    )
    return Grown(tried, kind, place[:, 0])


def with_key(keys: Keys, codes: Codes, key: int, code: int) -> tuple[Keys, Codes]:
    """Keys and codes of a slice with one key more."""
    pairs = sorted([*zip(keys, codes, strict=True), (key, code)])
    return tuple(k for k, _ in pairs), tuple(c for _, c in pairs)


def distinct_conjunctions(
    grown: Grown, gets_worse: BoolArray, known: Sequence[set[int]], prefixed: frozenset[int]
) -> tuple[list[int], BoolArray]:
    """Rows of slices with different members, as they sort, and whether each gets worse within all of its parents.

    `known` holds, for each kind of error, the marks of slices of fewer keys: their likes are left out.
    """
    rows_of: dict[tuple[int, int], list[int]] = {}
    for row, (kind, mark) in enumerate(zip(grown.kind.tolist(), grown.tried.marks.tolist(), strict=True)):
        if mark not in known[kind]:
            rows_of.setdefault((kind, mark), []).append(row)

    def order(row: int) -> tuple[int, int, Keys, Codes]:
        return preference(grown.tried.keys[row], grown.tried.codes[row], prefixed)

    first = {min(rows, key=order): bool(gets_worse[rows].all()) for rows in rows_of.values()}
    chosen = sorted(first, key=order)
    return chosen, np.array([first[row] for row in chosen], dtype=np.bool_)
