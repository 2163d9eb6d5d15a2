"""The grammar of a rule.

    rule    metric ["[" slice "]"] ["drop" | "rise"] (">" | ">=" | "<" | "<=") number [comment]
    slice   "*" | name "=" value, more after commas | any expression of --where
    comment "#" and anything

What stands in the brackets is found here and read elsewhere.
"""

import math
import re
from typing import get_args

from mapgap.alikeness import most_alike_first
from mapgap.errors import InputError
from mapgap.verdicts import COUNTS, EVERY_SLICE, RULE_METRICS, SLICE_METRICS, Comparator, Direction, Rule

LONGEST_RULE = 10_000
LENGTH_SHOWN = 80
EXAMPLE = "recall[size=small] drop > 1"

_METRIC = re.compile(r"\w+")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?:[^`]|``)*`", re.DOTALL)
_PIECE = re.compile(r"\w+|[<>=!]+|.", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?![\w.])")
_SPACE = re.compile(r"\s*")
_SHORT_FORM = re.compile(r"\s*(?:" + _QUOTED.pattern + r"|[^\W\d][\w.]*)\s*=(?!=)")
_BY_NAME = {name.lower(): name for name in RULE_METRICS}
_COMPARATORS: tuple[Comparator, ...] = (">=", "<=", ">", "<")


def parse_rule(text: str, source: str | None = None) -> Rule:
    """The rule; InputError with the column and what was expected there. `source` is told in errors."""
    return _Reader(text, source).rule()


class _Reader:
    """A rule's text and how far it has been read."""

    def __init__(self, text: str, source: str | None):
        self.text, self.source, self.position = text, source, 0
        self._skip_space()

    def rule(self) -> Rule:
        if len(self.text) > LONGEST_RULE:
            what = f"a rule of {len(self.text):,} characters is too long"
            raise InputError(what, file=self.source, fix=f"Write at most {LONGEST_RULE:,} characters")
        start = self.position
        metric = self._metric()
        where = self._where(metric)
        direction = self._direction()
        comparator = self._comparator(direction)
        number = self._number(metric)
        written = self.text[start : self.position].strip()
        self._skip_space()
        if self._next() not in ("", "#"):
            raise self._unexpected("the end", _fix_behind_number(metric))
        return Rule(written, metric, comparator, number, direction, where, self.source)

    def _metric(self) -> str:
        column, match = self.position, _METRIC.match(self.text, self.position)
        if match is None:
            raise self._unexpected("a metric", f"Begin with one, as in {EXAMPLE}")
        name = _BY_NAME.get(match[0].lower())
        if name is None:
            known = ", ".join(most_alike_first(match[0], RULE_METRICS))
            raise self._refusal(f"no metric is called {_shown(match[0])}", column, f"Known metrics: {known}")
        self._move_to(match.end())
        return name

    def _where(self, metric: str) -> str | None:
        opening = self.position
        if not self._take("["):
            return None
        if metric not in SLICE_METRICS:
            what = f"{metric} has no value in a slice"
            raise self._refusal(what, opening, f"Metrics of slices: {', '.join(SLICE_METRICS)}")
        inner = self._up_to_closing(opening)
        if not inner.strip():
            raise self._refusal("the brackets are empty", opening, f"Name a slice, as in {EXAMPLE}, or [*] for every")
        if inner.strip() == EVERY_SLICE:
            return EVERY_SLICE
        # The expression grammar wants the brackets around its short form, and none around anything else.
        return f"[{inner}]" if _SHORT_FORM.match(inner) else inner.strip()

    def _up_to_closing(self, opening: int) -> str:
        """What stands before the bracket that closes the one just read, past lists and quoted texts inside."""
        start, depth = self.position, 1
        while self.position < len(self.text):
            quoted = _QUOTED.match(self.text, self.position)
            if quoted:
                self.position = quoted.end()
                continue
            sign = self.text[self.position]
            self.position += 1
            depth += (sign == "[") - (sign == "]")
            if depth == 0:
                inner = self.text[start : self.position - 1]
                self._skip_space()
                return inner
        raise self._refusal("the [ is not closed", opening, f"Write a slice in brackets, as in {EXAMPLE}")

    def _direction(self) -> Direction | None:
        for direction in get_args(Direction):
            if self._next() == direction:
                self._take(direction)
                return direction  # type: ignore[no-any-return]
        return None

    def _comparator(self, direction: Direction | None) -> Comparator:
        for comparator in _COMPARATORS:
            if self._next() == comparator:
                self._take(comparator)
                return comparator
        expected = "> or another comparison" if direction else "drop, rise or a comparison (>, >=, <, <=)"
        raise self._unexpected(expected, f"Write a rule as in {EXAMPLE}, or recall[size=small] < 40")

    def _number(self, metric: str) -> float:
        unit = "a number" if metric in COUNTS else "a number of points, which are hundredths"
        match = _NUMBER.match(self.text, self.position)
        if match is None or not math.isfinite(float(match[0])):
            raise self._unexpected(unit, f"As in {EXAMPLE}")
        self.position = match.end()
        return float(match[0])

    def _next(self) -> str:
        match = _PIECE.match(self.text, self.position)
        return match[0] if match else ""

    def _take(self, piece: str) -> bool:
        is_here = self.text.startswith(piece, self.position)
        if is_here:
            self._move_to(self.position + len(piece))
        return is_here

    def _move_to(self, position: int) -> None:
        self.position = position
        self._skip_space()

    def _skip_space(self) -> None:
        space = _SPACE.match(self.text, self.position)
        self.position = space.end() if space else self.position

    def _unexpected(self, expected: str, fix: str) -> InputError:
        found = _shown(self._next()) if self._next() else "the end"
        return self._refusal(f"expected {expected}, found {found}", self.position, fix)

    def _refusal(self, what: str, position: int, fix: str) -> InputError:
        where = f"column {position + 1} of the rule {_shown(self.text.strip())}"
        return InputError(what, file=self.source, where=where, fix=fix)


def _fix_behind_number(metric: str) -> str:
    unit = "a plain number" if metric in COUNTS else "points, without a sign behind them"
    return f"Numbers are {unit}, as in {EXAMPLE}; a remark begins with #"


def _shown(text: str) -> str:
    """The text in quotes, printable, on one line; a long one is cut."""
    short = text if len(text) <= LENGTH_SHOWN else f"{text[:LENGTH_SHOWN]}..."
    return f"'{short}'" if short.isprintable() and "'" not in short else repr(short)
