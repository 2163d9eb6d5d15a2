"""Expressions from the definition: a tree of tuples, asked row by row with Python's own operators.

Trees: ("or", trees), ("and", trees), ("not", tree), ("compare", name, operator, values), ("short", name, text).
Rows: name -> (value, number); `number` is NO_NUMBERS where the attribute has none, None where it has but not here.
"""

import json
import math
from typing import Any

NO_NUMBERS = "no numbers"
Row = dict[str, tuple[Any, Any]]


def holds(tree: Any, row: Row) -> bool:
    if tree[0] == "or":
        return any(holds(part, row) for part in tree[1])
    if tree[0] == "and":
        return all(holds(part, row) for part in tree[1])
    if tree[0] == "not":
        return not holds(tree[1], row)
    if tree[0] == "short":
        value = row[tree[1]][0]
        return tree[2] in ([value] if isinstance(value, str) else [str(value), json.dumps(value)])
    return compares(tree[2], tree[3], *row[tree[1]])


def compares(operator: str, literals: list[Any], value: Any, number: Any) -> bool:
    has_numbers = number is not NO_NUMBERS
    is_unknown = number is None or (has_numbers and math.isnan(number))
    if operator in ("<", "<=", ">", ">="):
        left = number if has_numbers else value
        if is_unknown or not is_number(left):
            return False
        right = literals[0]
        return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]
    asks_for_numbers = has_numbers and any(is_number(literal) for literal in literals)
    equal = False
    for literal in literals:
        if has_numbers and is_number(literal):
            equal = equal or (not is_unknown and number == literal)
        else:
            equal = equal or (value == literal and isinstance(value, bool) == isinstance(literal, bool))
    if operator in ("==", "in"):
        return equal
    return not equal and not (asks_for_numbers and is_unknown)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
