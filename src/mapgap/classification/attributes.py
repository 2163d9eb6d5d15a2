"""What else is known of samples as attributes: text as categories, numbers in bins, as for objects of a detector."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mapgap.alikeness import listed, most_alike_first
from mapgap.attributes.annotated import LeftOut, code_column
from mapgap.attributes.expression_text import shown_name
from mapgap.attributes.row_source import NoScalar, scalar
from mapgap.classification.labels import as_rows
from mapgap.classification.tables import SampleAttribute
from mapgap.errors import InputError
from mapgap.tables import NOT_AVAILABLE, Notice, Scalar

RESERVED = "class"
"""The key of the true class in a slice."""


def sample_attributes(columns: Any, samples: int) -> tuple[tuple[SampleAttribute, ...], list[Notice]]:
    """One attribute a column, by name, and notices about columns that make no groups.

    Takes a mapping of names to columns or a DataFrame. Raises InputError for a column of another length.
    """
    attributes, notices = [], []
    for name, values in sorted(_named_columns(columns).items()):
        column = [_scalar(value) for value in as_rows(values, f"the attribute {shown_name(name)}")]
        if len(column) != samples:
            what = f"the attribute {shown_name(name)} has {len(column):,} values, and there are {samples:,} samples"
            raise InputError(what, where="attributes", fix="Give each sample one value, None where it is missing")
        coded = code_column(column, np.ones(samples, dtype=bool))
        if isinstance(coded, LeftOut):
            message = f"the column {name!r} is no attribute: {coded.reason}"
            notices.append(Notice("attribute_left_out", message, coded.count, coded.examples))
        elif coded is not None:
            attributes.append(_attribute(name if name != RESERVED else f"column.{name}", coded.values, coded.codes))
    return tuple(attributes), notices


def checked_crosses(by: Sequence[Sequence[str] | str], attributes: Sequence[SampleAttribute]) -> list[tuple[str, ...]]:
    """The crosses as names of attributes. Raises InputError for a name that is none, and for one given twice."""
    known = [attribute.name for attribute in attributes]
    crosses = []
    for cross in by:
        names = (cross,) if isinstance(cross, str) else tuple(cross)
        for name in names:
            if name not in known:
                fix = f"Attributes: {listed([shown_name(n) for n in most_alike_first(str(name), known)]) or 'none'}"
                raise InputError(f"no attribute is called {shown_name(str(name))}", where="by", fix=fix)
        if len(set(names)) < len(names) or not names:
            raise InputError(f"{names} names an attribute twice or none", where="by", fix="Give each name once")
        crosses.append(names)
    return crosses


def _named_columns(columns: Any) -> dict[str, Any]:
    if columns is None:
        return {}
    if hasattr(columns, "columns"):
        return {str(name): columns.iloc[:, place] for place, name in enumerate(columns.columns)}
    if not isinstance(columns, Mapping):
        kind = type(columns).__name__
        raise InputError(f"attributes are of the type {kind}", fix='Give {"time": [...]} or a pandas DataFrame')
    return {str(name): values for name, values in columns.items()}


def _scalar(value: Any) -> Scalar:
    if isinstance(value, np.generic):
        value = value.item()
    plain = scalar(value)
    return None if isinstance(plain, NoScalar) else plain


def _attribute(name: str, values: tuple[Scalar, ...], codes: Any) -> SampleAttribute:
    is_missing = codes < 0
    if not np.any(is_missing):
        return SampleAttribute(name, values, codes)
    return SampleAttribute(name, (*values, NOT_AVAILABLE), np.where(is_missing, len(values), codes).astype(np.int32))
