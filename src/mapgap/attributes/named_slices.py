"""Named slices: an expression with a name becomes an attribute with the values false and true."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from mapgap.attributes.coding import object_attribute
from mapgap.attributes.expression_text import shown_name, shown_text
from mapgap.attributes.expressions import Comparison, Condition, Expression, Not, parse_expression
from mapgap.attributes.row_source import is_writable
from mapgap.attributes.selection import select_addresses, select_objects
from mapgap.errors import InputError
from mapgap.tables import Attribute, AttributeKind, BoolArray, IndexArray, Notice

VALUES = (False, True)


def parse_slices(slices: Mapping[str, str]) -> dict[str, Expression]:
    """The expressions by name; raises InputError for a bad one, which says the slice and the column, or a bad name."""
    return {_checked_name(name): _parsed(name, text) for name, text in slices.items()}


def named_slices(
    attributes: tuple[Attribute, ...], slices: Mapping[str, Expression], is_object: BoolArray, detections: int
) -> tuple[tuple[Attribute, ...], tuple[Notice, ...]]:
    """One attribute a slice, in their order, and a notice for each that holds no object.

    False and true are values of each, whether or not something is there. A background detection is asked too where
    the expression needs nothing but what it has itself: its image's attributes (kind "image") or its class and box
    (kind "geometry"). Where it needs what only objects have, the kind is "object" and the detection's value
    "n/a (background)". Expressions see `attributes`, not one another. Raises InputError for a name that an attribute
    has, and for what `select_objects` refuses.
    """
    by_name = {attribute.name: attribute for attribute in attributes}
    found, notices = [], []
    for name, expression in slices.items():
        if name in by_name:
            what = f"an attribute is called {shown_name(name)} too"
            raise InputError(what, where=_place(name), fix="Give the slice another name")
        with _in_place(name):
            holds = select_objects(attributes, expression)
        kind = _kind(expression.condition, by_name)
        found.append(_attribute(name, kind, holds, is_object, attributes, expression, detections))
        if not np.any(holds & is_object):
            notices.append(
                Notice("slice_empty", f"the slice {shown_name(name)} holds no object", 1, (expression.text,))
            )
    return tuple(found), tuple(notices)


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or not is_writable(name):
        what = f"a slice is called {shown_text(name) if isinstance(name, str) else shown_text(repr(name))}"
        raise InputError(what, where="slices", fix="Give it a name of letters, as in night_small")
    return name


def _parsed(name: str, text: object) -> Expression:
    if not isinstance(text, str) or not is_writable(text):
        what = f"the expression is {shown_text(repr(text))}"
        raise InputError(what, where=_place(name), fix='Write it as text, as in size == "small"')
    with _in_place(name):
        return parse_expression(text)


@contextmanager
def _in_place(name: str) -> Iterator[None]:
    """A complaint made inside says of which slice it is."""
    try:
        yield
    except InputError as error:
        where = ", ".join(part for part in (_place(name), error.where) if part)
        raise InputError(error.what, file=error.file, where=where, fix=error.fix) from None


def _place(name: str) -> str:
    return f"slice {shown_name(name)}"


def _kind(condition: Condition, attributes: Mapping[str, Attribute]) -> AttributeKind:
    """The narrowest kind that has all the attributes used; the class counts as geometry, a detection has its own."""
    kinds = {attributes[name].kind for name in _names(condition)}
    if "object" in kinds:
        return "object"
    return "image" if kinds == {"image"} else "geometry"


def _names(condition: Condition) -> set[str]:
    if isinstance(condition, Comparison):
        return {condition.name}
    if isinstance(condition, Not):
        return _names(condition.part)
    return {name for part in condition.parts for name in _names(part)}


def _attribute(
    name: str,
    kind: AttributeKind,
    holds: BoolArray,
    is_object: BoolArray,
    attributes: tuple[Attribute, ...],
    expression: Expression,
    detections: int,
) -> Attribute:
    codes: IndexArray = holds.astype(np.int32)
    if kind == "object":
        return object_attribute(name, VALUES, codes, is_object, detections)
    nothing, own = np.full(detections, -1, dtype=np.int32), np.arange(detections, dtype=np.int32)
    own_codes = select_addresses(attributes, expression, nothing, own).astype(np.int32)
    return Attribute(name, kind, VALUES, codes, own_codes)
