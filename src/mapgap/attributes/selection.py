"""Which rows an expression selects, and which mapping it is; only here are attributes and their values known."""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeGuard

import numpy as np

from mapgap.alikeness import listed, most_alike_first
from mapgap.attributes.expression_text import refusal_at, shown_name, shown_value
from mapgap.attributes.expressions import AllOf, AnyOf, Comparison, Condition, Expression, Not, Value
from mapgap.errors import InputError
from mapgap.tables import (
    NOT_AVAILABLE,
    NOT_AVAILABLE_BACKGROUND,
    Attribute,
    BoolArray,
    FloatArray,
    IndexArray,
    Scalar,
    Where,
)

Compare = Callable[[Any, Any], Any]

_LARGEST_EXACT = 2**53
_MISSING = (NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND)
_ORDERS: Mapping[str, Compare] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class _Rows:
    """The rows an expression is asked of: their codes, and the numbers behind binned attributes, NaN for none."""

    attributes: Mapping[str, Attribute]
    text: str
    codes: Callable[[Attribute], IndexArray]
    numbers: Callable[[Attribute], FloatArray]


def select_objects(attributes: tuple[Attribute, ...], expression: Expression) -> BoolArray:
    """(N,) the annotation rows, crowds included, for which the expression holds.

    `==`, `!=`, `in` and `not in` compare with an attribute's values, types apart: 1 is 1.0, but neither "1" nor true;
    a text of the short form means every value that is written so. "n/a" is a value like others, and may always be
    asked for. Where an attribute has `numbers`, a number is compared with these. `<`, `<=`, `>`, `>=` compare with
    `numbers`, or with the values where all of these are numbers. Whatever the operator, a comparison with a number
    does not hold where there is none; `not` turns any result around.

    Raises InputError, pointing at the column, for an unknown attribute or value (the known ones are named, the most
    alike first) and for an order asked of values that are no numbers.
    """
    by_name = {attribute.name: attribute for attribute in attributes}
    rows = _Rows(by_name, expression.text, lambda attribute: attribute.object_codes, _object_numbers)
    return _holds(expression.condition, rows)


def select_addresses(
    attributes: tuple[Attribute, ...],
    expression: Expression,
    object_index: IndexArray,
    detection_index: IndexArray,
) -> BoolArray:
    """(rows,) the addresses for which the expression holds, by the values that `Attribute.codes_at` gives.

    Otherwise as `select_objects`. At a detection without object (object index -1) the number is the detection's own;
    where it has none, no comparison with a number holds.
    """

    def numbers(attribute: Attribute) -> FloatArray:
        behind = np.append(_object_numbers(attribute), np.nan)[object_index]  # index -1 finds the NaN
        if attribute.detection_numbers is None:
            return np.asarray(behind, dtype=np.float64)
        own = np.append(attribute.detection_numbers, np.nan)[detection_index]
        return np.where(object_index >= 0, behind, own).astype(np.float64)

    def codes(attribute: Attribute) -> IndexArray:
        return attribute.codes_at(object_index, detection_index)

    by_name = {attribute.name: attribute for attribute in attributes}
    return _holds(expression.condition, _Rows(by_name, expression.text, codes, numbers))


def as_where(expression: Expression, attributes: tuple[Attribute, ...] = ()) -> Where | None:
    """Attribute -> value, keys sorted, if the expression is nothing but equalities joined by `and`, else None.

    With `attributes` the values are the attributes' own (`[occlusion=0]` gives the integer 0), and it is None too if
    a value is none of them or a text stands for several; an unknown attribute or value raises InputError as in
    `select_objects`. Without, values are as written, those of the short form text. None also if one attribute is
    asked for two values.
    """
    by_name = {attribute.name: attribute for attribute in attributes}
    where: dict[str, Scalar] = {}
    for condition in _conjunction(expression.condition):
        if not isinstance(condition, Comparison) or condition.operator != "==":
            return None
        values = [condition.values[0].value]
        if by_name:
            attribute = _attribute(condition, by_name, expression.text)
            codes, _ = _meant(condition, attribute, expression.text)
            values = [attribute.values[code] for code in codes]
        if len(values) != 1 or not _is_same(where.setdefault(condition.name, values[0]), values[0]):
            return None
    return {name: where[name] for name in sorted(where)}


def _conjunction(condition: Condition) -> list[Condition]:
    """The parts of a conjunction, those of nested ones too."""
    if not isinstance(condition, AllOf):
        return [condition]
    return [part for whole in condition.parts for part in _conjunction(whole)]


def _holds(condition: Condition, rows: _Rows) -> BoolArray:
    if isinstance(condition, Comparison):
        return _compared(condition, rows)
    if isinstance(condition, Not):
        return ~_holds(condition.part, rows)
    join = np.logical_or if isinstance(condition, AnyOf) else np.logical_and
    return reduce(join, (_holds(part, rows) for part in condition.parts))


def _compared(comparison: Comparison, rows: _Rows) -> BoolArray:
    attribute = _attribute(comparison, rows.attributes, rows.text)
    if comparison.operator in _ORDERS:
        return _ordered(comparison, attribute, rows)
    codes, literals = _meant(comparison, attribute, rows.text)
    is_equal = _has_code(attribute, codes, rows)
    numbers = rows.numbers(attribute) if literals else np.zeros(len(is_equal))
    for literal in literals:
        is_equal |= _compare_numbers(operator.eq, numbers, literal)
    return is_equal if comparison.operator in ("==", "in") else ~is_equal & ~np.isnan(numbers)


def _ordered(comparison: Comparison, attribute: Attribute, rows: _Rows) -> BoolArray:
    compare, literal = _ORDERS[comparison.operator], comparison.values[0].value
    if attribute.numbers is not None:
        return _compare_numbers(compare, rows.numbers(attribute), literal)
    values = [value for value in attribute.values if value not in _MISSING]
    if not values or not all(_is_number(value) for value in values):
        what = f"{comparison.operator} compares numbers, and {shown_name(attribute.name)} has none"
        fix = f"Compare with == or in: {listed([shown_value(value) for value in values])}" if values else None
        raise refusal_at(rows.text, comparison.column, what, fix)
    holds = [code for code, value in enumerate(attribute.values) if _is_number(value) and compare(value, literal)]
    return _has_code(attribute, holds, rows)


def _compare_numbers(compare: Compare, numbers: FloatArray, literal: Scalar) -> BoolArray:
    if isinstance(literal, int) and abs(literal) > _LARGEST_EXACT:
        # float64 would round the literal; Python compares int and float exactly.
        with np.errstate(invalid="ignore"):  # a NaN among Python's numbers is no reason to warn
            return np.asarray(compare(numbers.astype(object), literal), dtype=np.bool_)
    return np.asarray(compare(numbers, literal), dtype=np.bool_)


def _object_numbers(attribute: Attribute) -> FloatArray:
    return np.full(len(attribute.object_codes), np.nan) if attribute.numbers is None else attribute.numbers


def _has_code(attribute: Attribute, codes: Iterable[int], rows: _Rows) -> BoolArray:
    is_wanted = np.zeros(len(attribute.values) + 1, dtype=np.bool_)  # the last for code -1, where there are no values
    is_wanted[list(codes)] = True
    return is_wanted[rows.codes(attribute)]


def _attribute(comparison: Comparison, attributes: Mapping[str, Attribute], text: str) -> Attribute:
    attribute = attributes.get(comparison.name)
    if attribute is None:
        what = f"no attribute is called {shown_name(comparison.name)}"
        known = [shown_name(name) for name in most_alike_first(comparison.name, list(attributes))]
        raise refusal_at(text, comparison.column, what, f"Known attributes: {listed(known) or 'none'}")
    return attribute


def _meant(comparison: Comparison, attribute: Attribute, text: str) -> tuple[list[int], list[int | float]]:
    """What the values on the right stand for: codes of the attribute's values, and numbers to compare with."""
    codes: list[int] = []
    numbers: list[int | float] = []
    for value in comparison.values:
        own_codes = [code for code, known in enumerate(attribute.values) if _is_meant(value, known)]
        codes += own_codes
        if own_codes or value.value in _MISSING:
            continue
        if attribute.numbers is None or not _is_number(value.value):
            raise _unknown_value(value, attribute, text)
        numbers.append(value.value)
    return codes, numbers


def _is_meant(asked: Value, known: Scalar) -> bool:
    if asked.is_text:
        return asked.value in (str(known), shown_value(known)) if not isinstance(known, str) else asked.value == known
    return _is_same(asked.value, known)


def _is_same(first: Scalar, second: Scalar) -> bool:
    """Equal, with True apart from 1: in JSON they are two values."""
    return first == second and isinstance(first, bool) == isinstance(second, bool)


def _is_number(value: Scalar) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unknown_value(value: Value, attribute: Attribute, text: str) -> InputError:
    what = f"{shown_name(attribute.name)} has no value {shown_value(value.value)}"
    known = [shown_value(v) for v in most_alike_first(str(value.value), attribute.values)]
    numbers = ", or any number" if attribute.numbers is not None else ""
    return refusal_at(text, value.column, what, f"Known values: {listed(known) or 'none'}{numbers}")
