"""Values of one column as arrays: labels, nullable identifiers and attributes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mapgap.tables import NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND, Attribute, FloatArray, IdArray, IndexArray, Scalar

if TYPE_CHECKING:
    import pandas as pd

    PandasColumn: TypeAlias = NDArray[np.generic] | pd.Categorical[str] | pd.api.extensions.ExtensionArray


@dataclass(frozen=True)
class Labels:
    """One row a code: the position of its text in `texts`, -1 for null. Texts may repeat; a text of None is null."""

    codes: NDArray[np.integer]
    texts: tuple[str | None, ...]


@dataclass(frozen=True)
class Nullable:
    """One row a number or a boolean, which counts only where `is_missing` is false."""

    values: NDArray[np.generic]
    is_missing: NDArray[np.bool_]


Column: TypeAlias = NDArray[np.generic] | Labels | Nullable
"""Rows of one column; in an array of floats NaN is null."""

_MISSING = (None, NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND)


def labels(codes: NDArray[np.integer], names: Sequence[str | None]) -> Labels:
    """Text by code, as UTF-8 can hold it; code -1 and a name of None are null."""
    return Labels(codes, tuple(None if name is None else _writable(name) for name in names))


def identifiers(ids: IdArray, rows: IndexArray) -> Nullable:
    """`ids[rows]`, null where the row is -1."""
    is_none = rows < 0
    values = np.zeros(len(rows), dtype=np.int64)
    values[~is_none] = ids[rows[~is_none]]
    return Nullable(values, is_none)


def float_or_none(values: FloatArray, rows: IndexArray) -> FloatArray:
    """`values[rows]`, NaN where the row is -1."""
    is_some = rows >= 0
    taken = np.full(len(rows), np.nan)
    taken[is_some] = values[rows[is_some]]
    return taken


def attribute_column(codes: NDArray[np.integer], values: Sequence[Scalar]) -> Column:
    """An attribute's values by code: booleans or numbers if all known values are, then "n/a" is null; else text."""
    known = [value for value in values if value not in _MISSING or isinstance(value, bool)]
    if known and all(isinstance(value, bool) for value in known):
        taken, is_missing = _taken(codes, values, False)
        return Nullable(taken.astype(bool), is_missing)
    if known and all(isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 for value in known):
        taken, is_missing = _taken(codes, values, 0)
        return Nullable(taken.astype(np.int64), is_missing)
    if known and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        taken, is_missing = _taken(codes, values, np.nan)
        return taken.astype(np.float64)
    return labels(codes, [_text(value) for value in values])


def _taken(
    codes: NDArray[np.integer], values: Sequence[Scalar], filler: float
) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    is_missing = np.array([value in _MISSING and not isinstance(value, bool) for value in values] + [True])
    filled = [filler if missing else value for value, missing in zip(values, is_missing.tolist(), strict=False)]
    return np.array([*filled, filler])[codes], is_missing[codes]


def _text(value: Scalar) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def attribute_names(attributes: Sequence[Attribute], taken: Collection[str]) -> list[str | None]:
    """A column name for each attribute, None for the class, which is a column already.

    A name that is taken gets the suffix `_attribute`, as often as needed; SQL does not tell columns apart by case.
    """
    seen = {name.casefold() for name in taken}
    names: list[str | None] = []
    for attribute in attributes:
        name = _writable(attribute.name)
        while not name or name.casefold() in seen:
            name += "_attribute"
        if attribute.kind == "class":
            names.append(None)
            continue
        seen.add(name.casefold())
        names.append(name)
    return names


def _writable(text: str) -> str:
    # Parquet and SQL text is UTF-8 without NUL; lone surrogates are neither.
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def pandas_columns(columns: Mapping[str, Column]) -> dict[str, "PandasColumn"]:
    """The columns as pandas holds them: labels as Categoricals, nullable ones as extension arrays."""
    return {name: _pandas_column(column) for name, column in columns.items()}


def _pandas_column(column: Column) -> "PandasColumn":
    import pandas as pd

    if isinstance(column, Labels):
        return _categorical(column)
    if isinstance(column, Nullable):
        if column.values.dtype == np.bool_:
            return pd.arrays.BooleanArray(column.values.astype(np.bool_, copy=False), column.is_missing)
        return pd.arrays.IntegerArray(column.values.astype(np.int64, copy=False), column.is_missing)
    return column


def _categorical(column: Labels) -> "pd.Categorical[str]":
    import pandas as pd

    # A Categorical holds each text once, in the order of its first code.
    place = {text: code for code, text in enumerate(dict.fromkeys(text for text in column.texts if text is not None))}
    to_place = np.array([-1 if text is None else place[text] for text in column.texts] + [-1], dtype=np.int32)
    categories: pd.Index[str] = pd.Index(list(place), dtype=object)
    return pd.Categorical.from_codes(to_place[column.codes], categories)
