"""Edges that the user gives: attributes of numbers cut anew into half-open bins."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from mapgap.alikeness import listed, most_alike_first
from mapgap.attributes.binning import bin_codes, number_text, range_names
from mapgap.attributes.coding import geometry_attribute, object_attribute
from mapgap.attributes.expression_text import shown_name, shown_text
from mapgap.errors import InputError
from mapgap.tables import NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND, Attribute, BoolArray, FloatArray, IndexArray

MOST_EDGES = 100
_MISSING = (NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND)


def checked_edges(name: str, edges: Iterable[object]) -> tuple[float, ...]:
    """The edges as numbers; raises InputError unless they are 1 to 100 finite numbers that rise."""
    if not isinstance(name, str):
        raise InputError(f"{name!r} is no name of an attribute", where="bins", fix='Write {"size": [256, 1024]}')
    numbers = tuple(_number(name, edge) for edge in _iterated(name, edges))
    if not 1 <= len(numbers) <= MOST_EDGES:
        what = f"{len(numbers)} edges for {shown_name(name)}"
        raise InputError(what, where="bins", fix=f"Give 1 to {MOST_EDGES} numbers, as in size=0,256,1024,9216")
    for low, high in pairwise(numbers):
        if high <= low:
            what = f"the edges of {shown_name(name)} do not rise: {number_text(high)} comes after {number_text(low)}"
            raise InputError(what, where="bins", fix="Give each edge once, smallest first")
    return numbers


def apply_bins(
    attributes: tuple[Attribute, ...], bins: Mapping[str, tuple[float, ...]], is_object: BoolArray
) -> tuple[Attribute, ...]:
    """The attributes, those named in `bins` with new values: "< 256", "256 to 1024", ">= 1024".

    A bin holds its lower edge and not its upper one, even where the attribute's own bins are closed above. Numbers are
    those behind the attribute's bins, or its values where all of these are numbers; without one it is "n/a" as before.
    All bins are values, whether or not a box has them. Raises InputError for a name that no attribute of numbers has.
    """
    by_name = {attribute.name: attribute for attribute in attributes}
    for name in bins:
        _require_numbers(name, by_name)
    return tuple(_binned(a, bins[a.name], is_object) if a.name in bins else a for a in attributes)


def _iterated(name: str, edges: Iterable[object]) -> list[object]:
    if isinstance(edges, str) or not isinstance(edges, Iterable):
        what = f"the edges of {shown_name(name)} are {shown_text(repr(edges))}"
        raise InputError(what, where="bins", fix="Give a list of numbers, as in [0, 256, 1024, 9216]")
    return list(edges)


def _number(name: str, edge: object) -> float:
    is_number = isinstance(edge, int | float | np.integer | np.floating) and not isinstance(edge, bool)
    try:
        number = float(edge) if is_number else math.nan  # type: ignore[arg-type]
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        what = f"the edge {shown_text(repr(edge))} of {shown_name(name)} is no finite number"
        raise InputError(what, where="bins", fix="Give numbers; the first and last bin are open anyway")
    return number + 0.0  # -0.0 would be written so


def _require_numbers(name: str, attributes: Mapping[str, Attribute]) -> None:
    numeric = [shown_name(a.name) for a in attributes.values() if _has_numbers(a)]
    fix = f"Attributes of numbers: {listed(most_alike_first(name, numeric)) or 'none'}"
    if name not in attributes:
        raise InputError(f"no attribute is called {shown_name(name)}", where="bins", fix=fix)
    if not _has_numbers(attributes[name]):
        raise InputError(f"{shown_name(name)} has no numbers to put into bins", where="bins", fix=fix)


def _has_numbers(attribute: Attribute) -> bool:
    return attribute.numbers is not None or _are_numbers(attribute)


def _are_numbers(attribute: Attribute) -> bool:
    values = [value for value in attribute.values if value not in _MISSING]
    is_number = [isinstance(value, int | float) and not isinstance(value, bool) for value in values]
    return bool(values) and all(is_number)


def _binned(attribute: Attribute, edges: tuple[float, ...], is_object: BoolArray) -> Attribute:
    names = range_names(edges)
    numbers, own_numbers = _numbers_of(attribute)
    detection_numbers = np.full(len(attribute.detection_codes), np.nan) if own_numbers is None else own_numbers
    codes = bin_codes(numbers, edges)
    if attribute.kind == "object":
        detections = len(attribute.detection_codes)
        return object_attribute(attribute.name, names, codes, is_object, detections, numbers=numbers, edges=edges)
    binned = geometry_attribute(
        attribute.name,
        names,
        codes,
        bin_codes(detection_numbers, edges),
        is_object,
        numbers=numbers,
        detection_numbers=detection_numbers,
        edges=edges,
    )
    return replace(binned, kind=attribute.kind)


def _numbers_of(attribute: Attribute) -> tuple[FloatArray, FloatArray | None]:
    """The numbers of objects and of detections, from the values themselves where there are none behind them."""
    if attribute.numbers is not None:
        return attribute.numbers, attribute.detection_numbers
    return _value_numbers(attribute, attribute.object_codes), _value_numbers(attribute, attribute.detection_codes)


def _value_numbers(attribute: Attribute, codes: IndexArray) -> FloatArray:
    numbers: Sequence[float] = [np.nan if v in _MISSING else float(v) for v in attribute.values]  # type: ignore[arg-type]
    return np.array(numbers, dtype=np.float64)[codes]
