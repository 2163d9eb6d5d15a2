"""Slices of a population against the rest of it: all singles and crosses, and those grown from them by one key."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mapgap import _kernel
from mapgap.significance import ClusterSums, Comparison, compare_with_rest
from mapgap.tables import Attribute, BoolArray, FloatArray, IdArray, IndexArray

LEAST_MEMBERS = 30
LEAST_IMAGES = 5
"""A slice is tried if it, and what is outside of it, has at least so many members in at least so many images."""

Keys = tuple[int, ...]
"""Positions of attributes, rising."""
Codes = tuple[int, ...]
"""The code of a value of each."""


@dataclass(frozen=True)
class Column:
    """The values of one attribute that slices can be made of: those that hold enough members."""

    places: IndexArray
    """(P,) position of each place's value in `values`, their number for all others."""
    values: IdArray
    """Codes of the attribute, rising."""

    @property
    def size(self) -> int:
        """Number of codes in `places`."""
        return len(self.values) + 1


@dataclass(frozen=True)
class Population:
    """One row a place that members or errors are at, by image: what can fail, and what did."""

    place: IdArray
    """Which of the places it was made of each row is."""
    image: IndexArray
    members: IdArray
    error_row: IdArray
    """One row an error, rising: its place."""
    error_kind: IndexArray
    kinds: int
    columns: tuple[Column, ...]
    """One an attribute, in the order that `Keys` count."""

    def contains(self, keys: Keys, codes: Codes) -> BoolArray:
        """(P,) which places are in a slice of values that slices can be made of."""
        is_inside = np.ones(len(self.members), dtype=np.bool_)
        for key, code in zip(keys, codes, strict=True):
            column = self.columns[key]
            is_inside &= column.places == np.searchsorted(column.values, code)
        return is_inside

    def errors_of(self, kind: int) -> IdArray:
        """(P,) errors of a kind at each place."""
        return np.bincount(self.error_row[self.error_kind == kind], minlength=len(self.members))

    @cached_property
    def squares_by_member(self) -> FloatArray:
        """(kinds,) sum over the members of the square of each one's number of errors.

        Where a place has several members (detections of one object) its errors are spread over them.
        """
        squares = np.zeros(self.kinds)
        members = np.maximum(self.members, 1)
        for kind in range(self.kinds):
            each, more = np.divmod(self.errors_of(kind), members)
            squares[kind] = float((more * (each + 1) ** 2 + (members - more) * each**2).sum())
        return squares

    @cached_property
    def whole(self) -> ClusterSums:
        """(1, kinds) sums of everything."""
        everything = np.zeros(len(self.members), dtype=np.int32)
        _, _, of_members, of_errors = _kernel.cluster_sums(
            [everything],
            np.array([1], dtype=np.int64),
            np.array([[0, -1]], dtype=np.int32),
            *self.arguments(),
            self.kinds,
            0,
            0,
        )
        return cluster_sums(of_members, of_errors)

    def arguments(self) -> tuple[IndexArray, IdArray, IdArray, IndexArray]:
        """What the kernel asks of every population."""
        return self.image, self.members, self.error_row, self.error_kind


@dataclass(frozen=True)
class Tried:
    """One row a slice that was tried; where arrays have a second axis it is the kind of error."""

    keys: tuple[Keys, ...]
    codes: tuple[Codes, ...]
    marks: NDArray[np.uint64]
    """(S,) equal for slices with the same members."""
    members: IdArray
    """(S,)"""
    errors: IdArray
    """(S, kinds)"""
    comparison: Comparison
    """(S, kinds) each"""

    def chosen(self, rows: Sequence[int]) -> "Tried":
        """Some of the rows."""
        index = np.array(rows, dtype=np.int64)
        return Tried(
            keys=tuple(self.keys[row] for row in rows),
            codes=tuple(self.codes[row] for row in rows),
            marks=self.marks[index],
            members=self.members[index],
            errors=self.errors[index],
            comparison=Comparison(**{name: column[index] for name, column in vars(self.comparison).items()}),
        )

    @property
    def key_counts(self) -> IdArray:
        """(S,) number of keys of each."""
        return np.array([len(keys) for keys in self.keys], dtype=np.int64)

    def excess_errors(self, whole: ClusterSums) -> FloatArray:
        """(S, kinds) errors above those that the rate of the rest would give."""
        rest = (whole.members - self.members[:, np.newaxis]).astype(np.float64)
        rate = (whole.errors - self.errors) / np.maximum(rest, 1)
        return np.asarray(self.errors - self.members[:, np.newaxis] * rate)


def make_population(
    attributes: Sequence[Attribute],
    codes: Sequence[IndexArray],
    image: IndexArray,
    members: IdArray,
    errors: Sequence[IdArray],
) -> Population:
    """Members, errors of each kind and codes at places in any order; a code past the attribute's last is no value."""
    by_image = np.argsort(image, kind="stable")
    counts = np.stack([np.zeros_like(members), *errors])[1:, by_image]
    row, kind = np.nonzero(counts.T)
    times = counts.T[row, kind]
    members = members[by_image]
    columns = tuple(
        _column(of_place[by_image], len(attribute.values), members)
        for attribute, of_place in zip(attributes, codes, strict=True)
    )
    return Population(
        place=by_image,
        image=image[by_image],
        members=members,
        error_row=np.repeat(row, times).astype(np.int64),
        error_kind=np.repeat(kind, times).astype(np.int32),
        kinds=len(errors),
        columns=columns,
    )


def _column(codes: IndexArray, values: int, members: IdArray) -> Column:
    counts = np.bincount(codes, weights=members, minlength=values)[:values]
    chosen = np.flatnonzero(counts >= LEAST_MEMBERS)
    position = np.full(values + 1, len(chosen), dtype=np.int32)
    position[chosen] = np.arange(len(chosen))
    return Column(position[codes], chosen)


def compare_slices(population: Population, crosses: Sequence[Keys]) -> Tried:
    """Every slice of the crosses that has members enough, in the order of the crosses, then of the values."""
    crosses = [keys for keys in crosses if all(len(population.columns[key].values) for key in keys)]
    cut = _Cut(population.columns, crosses)
    place, marks, of_members, of_errors = _kernel.cluster_sums(
        cut.columns,
        cut.sizes,
        cut.crosses,
        *population.arguments(),
        population.kinds,
        LEAST_MEMBERS,
        LEAST_IMAGES,
    )
    codes = [cut.codes(partition, cell) for partition, cell in place.tolist()]
    is_slice = np.array([one is not None for one in codes], dtype=np.bool_)
    return describe(
        population,
        tuple(crosses[partition] for partition in place[is_slice, 0].tolist()),
        tuple(one for one in codes if one is not None),
        marks[is_slice],
        cluster_sums(of_members[is_slice], of_errors[is_slice]),
    )


def cluster_sums(of_members: IdArray, of_errors: IdArray) -> ClusterSums:
    """From the columns of the kernel: (S, 5) and (S, kinds, 5)."""
    members, _, _, member_squares, member_totals = (column[:, np.newaxis] for column in of_members.T)
    errors, error_squares, error_members, error_totals, mixed_totals = np.moveaxis(of_errors, 2, 0)
    return ClusterSums(
        members, errors, member_squares, error_squares, error_members, member_totals, error_totals, mixed_totals
    )


def describe(
    population: Population,
    keys: tuple[Keys, ...],
    codes: tuple[Codes, ...],
    marks: NDArray[np.uint64],
    sums: ClusterSums,
    kind: IdArray | None = None,
) -> Tried:
    """The comparison of each row, for all kinds or for the `kind` of the row alone."""
    whole, squares = population.whole, population.squares_by_member
    if kind is not None:
        whole = replace(
            whole,
            errors=whole.errors[:, kind].T,
            error_squares=whole.error_squares[:, kind].T,
            error_members=whole.error_members[:, kind].T,
            error_totals=whole.error_totals[:, kind].T,
            mixed_totals=whole.mixed_totals[:, kind].T,
        )
        squares = squares[kind][:, np.newaxis]
    comparison = compare_with_rest(sums, whole, squares)
    return Tried(keys, codes, marks, sums.members[:, 0], sums.errors, comparison)


@dataclass(frozen=True)
class _Cut:
    """The columns of many crosses for the kernel; cells of a cross of three or more keys have a column of their own."""

    of: tuple[Column, ...]
    wanted: Sequence[Keys]

    @cached_property
    def _deep(self) -> dict[Keys, tuple[IndexArray, IdArray]]:
        """For crosses of three or more keys: column, and the combined code of each of its cells."""
        deep = {}
        for keys in self.wanted:
            if len(keys) > 2:
                combined = np.zeros(len(self.of[keys[0]].places), dtype=np.int64)
                for key in keys:
                    combined = combined * self.of[key].size + self.of[key].places
                cells, column = np.unique(combined, return_inverse=True)
                deep[keys] = column.astype(np.int32), cells
        return deep

    @property
    def columns(self) -> list[IndexArray]:
        return [*(column.places for column in self.of), *(column for column, _ in self._deep.values())]

    @property
    def sizes(self) -> IdArray:
        sizes = [*(column.size for column in self.of), *(max(1, len(cells)) for _, cells in self._deep.values())]
        return np.array(sizes, dtype=np.int64)

    @property
    def crosses(self) -> IndexArray:
        place = {keys: len(self.of) + number for number, keys in enumerate(self._deep)}
        pairs = [
            (place[keys], -1) if keys in place else (keys[0], keys[1] if len(keys) > 1 else -1) for keys in self.wanted
        ]
        return np.array(pairs, dtype=np.int32).reshape(-1, 2)

    def codes(self, partition: int, cell: int) -> Codes | None:
        """The values of a cell, None where one of them is none that a slice can be made of."""
        keys = self.wanted[partition]
        left = int(self._deep[keys][1][cell]) if len(keys) > 2 else cell
        codes = []
        for key in reversed(keys):
            left, position = divmod(left, self.of[key].size)
            if position == len(self.of[key].values):
                return None
            codes.append(int(self.of[key].values[position]))
        return tuple(reversed(codes))
