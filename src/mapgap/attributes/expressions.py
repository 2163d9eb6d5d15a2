"""The expression grammar of --where, --slice and gate rules: a text becomes a small frozen tree, nothing is evaluated.

    condition   both ("or" both)*
    both        operand ("and" operand)*
    operand     "not" operand | "(" condition ")" | "[" pairs "]" | comparison
    comparison  name ("==" | "!=") value
                name ("<" | "<=" | ">" | ">=") number
                name ["not"] "in" ("[" values "]" | "(" values ")")
    pairs       name "=" (bare text | quoted text), more after commas
    name        bare word with dots | `any text` | "any text"
    value       "text" | 'text' | number | true | false

A bare text ends at the next "," or "]", so that `[position=top left]` needs no quotes. Lists may end with a comma.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from mapgap.attributes.expression_text import TextReader, shown_name
from mapgap.errors import InputError
from mapgap.tables import EXPRESSION_KEYWORDS, Scalar

MOST_CHARACTERS = 10_000
DEEPEST_NESTING = 100

Operator = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]
Item = TypeVar("Item")

# A text may begin with <= or >=, because bins are called ">= 53".
_BARE_TEXT = re.compile(r"""(?:[<>]=)?[^]\[,="'`]+""")
_COMPARISONS: tuple[Operator, ...] = ("==", "!=", "<=", ">=", "<", ">", "in")
_TRUTH = {"true": True, "True": True, "false": False, "False": False}
_WORDS_FOR_MISSING = frozenset(["null", "none", "nan", "na"])


@dataclass(frozen=True)
class Value:
    """What an attribute is compared with; with `is_text` (short form) it means every value that is written so."""

    value: Scalar
    column: int = field(compare=False)
    is_text: bool = False


@dataclass(frozen=True)
class Comparison:
    """One attribute compared with one value, or with one or more by `in` and `not in`."""

    name: str
    operator: Operator
    values: tuple[Value, ...]
    column: int = field(compare=False)
    """Where the name stands in the text, from 1."""


@dataclass(frozen=True)
class Not:
    """Holds where the part does not."""

    part: "Condition"


@dataclass(frozen=True)
class AllOf:
    """Holds where all of two or more parts do."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True)
class AnyOf:
    """Holds where at least one of two or more parts does."""

    parts: "tuple[Condition, ...]"


Condition = Comparison | Not | AllOf | AnyOf


@dataclass(frozen=True)
class Expression:
    """A condition and the text it was written as, which errors point into."""

    text: str
    condition: Condition


def parse_expression(text: str) -> Expression:
    """The tree of an expression; nothing is known or asked about attributes yet.

    Raises InputError with the column and what was expected there, and for more than 10,000 characters or more than
    100 levels of parentheses and `not`.
    """
    if len(text) > MOST_CHARACTERS:
        what = f"an expression of {len(text):,} characters is too long"
        raise InputError(what, fix=f"Write at most {MOST_CHARACTERS:,} characters")
    reader = TextReader(text)
    condition = _condition(reader, 0)
    if reader.next_piece:
        raise reader.unexpected("and, or, or the end", "Join two comparisons with and, or with or")
    return Expression(text, condition)


def _condition(reader: TextReader, depth: int) -> Condition:
    parts = [_both(reader, depth)]
    while reader.take_one_of("or"):
        parts.append(_both(reader, depth))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _both(reader: TextReader, depth: int) -> Condition:
    parts = [_operand(reader, depth)]
    while reader.take_one_of("and"):
        parts.append(_operand(reader, depth))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _operand(reader: TextReader, depth: int) -> Condition:
    column = reader.column
    opening = reader.take_one_of("not", "(", "[")
    if opening == "[":
        pairs = _separated(reader, "]", _pair)
        return pairs[0] if len(pairs) == 1 else AllOf(pairs)
    if opening is None:
        return _comparison(reader)
    if depth == DEEPEST_NESTING:
        what = f"parentheses and not are nested more than {DEEPEST_NESTING} deep"
        raise reader.refusal(what, column, "Write it flatter")
    if opening == "not":
        return Not(_operand(reader, depth + 1))
    condition = _condition(reader, depth + 1)
    if not reader.take_one_of(")"):
        raise reader.unexpected("and, or, or )", f"The ( at column {column} is not closed")
    return condition


def _comparison(reader: TextReader) -> Comparison:
    column, name = reader.column, _name(reader, 'an attribute name, not, "(" or "["')
    operator = _operator(reader, name)
    if operator in ("in", "not in"):
        return Comparison(name, operator, _list(reader), column)
    value = _value(reader) if operator in ("==", "!=") else _number(reader, operator)
    return Comparison(name, operator, (value,), column)


def _name(reader: TextReader, expected: str) -> str:
    piece, name = reader.next_piece, reader.take_name()
    if name is not None:
        return name
    if piece == "`":
        raise reader.unexpected(expected, "Close the backticks opened here; a backtick inside them is doubled")
    if piece in EXPRESSION_KEYWORDS:
        raise reader.unexpected(expected, "An attribute called so stands in backticks")
    raise reader.unexpected(expected, 'Begin with an attribute name, as in size == "small"')


def _operator(reader: TextReader, name: str) -> Operator:
    for operator in _COMPARISONS:
        if reader.take_one_of(operator):
            return operator
    if not reader.take_one_of("not"):
        raise reader.unexpected("a comparison (==, !=, <, <=, >, >=, in, not in)", _comparison_fix(reader, name))
    if not reader.take_one_of("in"):
        raise reader.unexpected("in after not", 'Write not before the name, or != or not in ["a", "b"] behind it')
    return "not in"


def _comparison_fix(reader: TextReader, name: str) -> str:
    if reader.next_piece in ("=", "is"):
        return "Write == to compare"
    if name.lower() in EXPRESSION_KEYWORDS:
        return f"Write {name.lower()}, in lower case"
    if reader.next_piece and reader.next_piece not in EXPRESSION_KEYWORDS | {")", "]"}:
        return "A name with other characters than letters, digits, _ and . stands in backticks"
    return f"Compare it with a value, as in {shown_name(name)} == true"


def _list(reader: TextReader) -> tuple[Value, ...]:
    opening = reader.take_one_of("[", "(")
    if opening is None:
        raise reader.unexpected('a list of values after in ("[" or "(")', 'Write in ["a", "b"], or == for one value')
    return _separated(reader, "]" if opening == "[" else ")", _value)


def _separated(reader: TextReader, closing: str, read_item: Callable[[TextReader], Item]) -> tuple[Item, ...]:
    """One or more items up to the closing bracket, commas between them and, if one likes, after the last."""
    items = [read_item(reader)]
    while not reader.take_one_of(closing):
        if not reader.take_one_of(","):
            raise reader.unexpected(f'"," or "{closing}"', f"Put commas between, and {closing} at the end")
        if reader.take_one_of(closing):
            break
        items.append(read_item(reader))
    return tuple(items)


def _value(reader: TextReader) -> Value:
    column = reader.column
    value: Scalar = reader.take_text()
    if value is None:
        value = reader.take_number()
    if value is None and (word := reader.take_one_of(*_TRUTH)):
        value = _TRUTH[word]
    if value is None:
        raise reader.unexpected("a value (a text in quotes, a number, true or false)", _value_fix(reader))
    return Value(value, column)


def _value_fix(reader: TextReader) -> str:
    if reader.next_piece.lower() in _WORDS_FOR_MISSING:
        return 'A missing value is "n/a"'
    return "Put text in quotes (and the whole expression in other quotes for the shell)"


def _number(reader: TextReader, operator: Operator) -> Value:
    column, number = reader.column, reader.take_number()
    if number is None:
        raise reader.unexpected(f"a number after {operator}", f"{operator} compares numbers, as in a {operator} 0.5")
    return Value(number, column)


def _pair(reader: TextReader) -> Comparison:
    """`a=b` of the short form."""
    column, name = reader.column, _name(reader, "an attribute name, as in [a=b]")
    if reader.next_piece == "==" or not reader.take_one_of("="):
        raise reader.unexpected('"=", as in [a=b]', 'Write [a=b] or a == "b"')
    value_column, bare = reader.column, reader.take(_BARE_TEXT)
    value = bare[0].strip() if bare else reader.take_text()
    if value is None:
        raise reader.unexpected("a value, as in [a=b]", "Put a value with quotes, brackets, commas or = in quotes")
    return Comparison(name, "==", (Value(value, value_column, is_text=True),), column)
