"""Attributes out of annotated columns: categories keep their values, other numbers get quantile bins."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mapgap.attributes.binning import MISSING, bin_codes, number_text, quantile_edges, range_names, readable_edges
from mapgap.tables import NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND, BoolArray, FloatArray, IndexArray, Scalar

MOST_INTEGER_VALUES = 10
MOST_TEXT_VALUES = 50
QUANTILE_BINS = 4
TEXTS_FOR_MISSING = (NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND)

Key = tuple[int, bool | int | float | str]
"""A value with its type's place in the natural order before it, so that True, 1 and "1" differ."""


@dataclass(frozen=True)
class Coded:
    """One row a row of the column: the code of its value in `values`, MISSING where it has none of them."""

    values: tuple[Scalar, ...]
    codes: IndexArray
    numbers: FloatArray | None = None
    edges: tuple[float, ...] | None = None


@dataclass(frozen=True)
class LeftOut:
    """Why a column is no attribute, how many rows have a value, and up to three of the values."""

    reason: str
    count: int
    examples: tuple[str, ...]


def code_column(column: Sequence[Scalar], is_counted: BoolArray) -> Coded | LeftOut | None:
    """The column as categories or bins, the reason why it is neither, or None if it is missing everywhere.

    Which values there are, and where the bins lie, is decided by the counted rows alone. Integers with at most 10
    values, booleans and text are categories, which keep their type and stand in the order False, True, numbers
    ascending, text by code point (1 and 1.0 are one value, the first one's). Other numbers get up to four quantile
    bins. Text, and a column of mixed types, with more than 50 values is left out. None, NaN, infinite numbers and
    "n/a" are missing.
    """
    keys = _keys(column)
    counted = [key for key, counts in zip(keys, is_counted.tolist(), strict=True) if counts and key is not None]
    distinct = dict.fromkeys(counted)
    if not distinct:
        return _nothing_counted(keys)
    is_few_integers = len(distinct) <= MOST_INTEGER_VALUES and _is_only_integers(counted)
    if _is_only_numbers(distinct) and not is_few_integers:
        return _binned(keys, is_counted)
    if len(distinct) > MOST_TEXT_VALUES:
        reason = f"it has {len(distinct):,} different values, and more than {MOST_TEXT_VALUES} make no groups"
        return _left_out(reason, counted)
    return _categories(keys, sorted(distinct))


def _keys(column: Sequence[Scalar]) -> list[Key | None]:
    if set(map(type, column)) <= {str, type(None)}:
        # Text repeats; only of other types can two values be equal and yet differ.
        key_of = {value: _key(value) for value in set(column)}
        return [key_of[value] for value in column]
    return [_key(value) for value in column]


def _key(value: Scalar) -> Key | None:
    """Sort key of a value, None if it counts as missing."""
    if isinstance(value, bool):
        return (0, value)
    if isinstance(value, int | float):
        is_finite = -sys.float_info.max <= value <= sys.float_info.max
        return (1, value) if is_finite else None
    if value is None or value in TEXTS_FOR_MISSING:
        return None
    return (2, value)


def _nothing_counted(keys: Sequence[Key | None]) -> LeftOut | None:
    uncounted = [key for key in keys if key is not None]
    return _left_out("only crowd annotations have a value", uncounted) if uncounted else None


def _left_out(reason: str, keys: Sequence[Key]) -> LeftOut:
    examples = tuple(str(value) for _, value in list(dict.fromkeys(keys))[:3])
    return LeftOut(reason, len(keys), examples)


def _is_only_numbers(keys: Iterable[Key]) -> bool:
    return all(kind == 1 for kind, _ in keys)


def _is_only_integers(keys: Iterable[Key]) -> bool:
    return all(isinstance(value, int) for _, value in keys)


def _binned(keys: Sequence[Key | None], is_counted: BoolArray) -> Coded:
    """Up to four half-open bins of equal count over the counted rows, named by their range."""
    numbers = np.array([np.nan if key is None or key[0] != 1 else float(key[1]) for key in keys], dtype=np.float64)
    counted = numbers[is_counted & ~np.isnan(numbers)]
    edges = readable_edges(counted, quantile_edges(counted, QUANTILE_BINS))
    names = range_names(edges) if edges else (number_text(float(counted[0])),)
    return Coded(names, bin_codes(numbers, edges), numbers, edges)


def _categories(keys: Sequence[Key | None], distinct: Sequence[Key]) -> Coded:
    code_of: dict[Key | None, int] = {key: code for code, key in enumerate(distinct)}
    codes = [code_of.get(key, MISSING) for key in keys]
    return Coded(tuple(value for _, value in distinct), np.array(codes, dtype=np.int32))
