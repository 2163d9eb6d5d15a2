"""The pieces an expression is written in: names, texts, numbers; and where in the text a complaint stands."""

import json
import math
import re

from mapgap.errors import InputError
from mapgap.tables import EXPRESSION_KEYWORDS, Scalar

LONGEST_NUMBER = 400
LENGTH_SHOWN = 80

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[^\W\d][\w.]*")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.])")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"' + r"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_BACKTICKED = re.compile(r"`((?:[^`]|``)*)`")
_SOMETHING = re.compile(r"[\w.]+|&&|\|\||[=<>!]+|.", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?:u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})|x(?P<x>[0-9a-fA-F]{2}))|(?P<simple>.))",
    re.DOTALL,
)
_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a"} | {
    c: c for c in "\\/\"'`"
}
_FIXES = {"&": "Write and", "&&": "Write and", "|": "Write or", "||": "Write or", "!": "Write not"} | dict.fromkeys(
    "“”„‘’", "Use straight quotes"
)


class TextReader:
    """An expression's text and how far it has been read: `position` is that of the next piece, white space skipped.

    Every `take_...` returns the piece and moves on behind it, or returns None and stays.
    """

    def __init__(self, text: str):
        self.text = text
        self._move_to(0)

    @property
    def column(self) -> int:
        """Column of the next piece, from 1; one past the last character at the end."""
        return self.position + 1

    @property
    def next_piece(self) -> str:
        """The word, number or sign that stands here, as far as one can tell; empty at the end."""
        match = _SOMETHING.match(self.text, self.position)
        return match[0] if match else ""

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What the pattern matches right here."""
        match = pattern.match(self.text, self.position)
        if match:
            self._move_to(match.end())
        return match

    def take_one_of(self, *pieces: str) -> str | None:
        """The first of the pieces that stands here, each a whole word or a sign."""
        word = _WORD.match(self.text, self.position)
        for piece in pieces:
            stands_here = word[0] == piece if word else self.text.startswith(piece, self.position)
            if stands_here:
                self._move_to(self.position + len(piece))
                return piece
        return None

    def take_name(self) -> str | None:
        """An attribute's name: a bare word that is no keyword, or any text in backticks or quotes."""
        if backticked := self.take(_BACKTICKED):
            return backticked[1].replace("``", "`")
        if self.next_piece in EXPRESSION_KEYWORDS:
            return None
        word = self.take(_WORD)
        return word[0] if word else self.take_text()

    def take_text(self) -> str | None:
        """A text in single or double quotes, its escapes undone; raises InputError for one that does not end."""
        column, quote = self.column, self.next_piece
        if match := self.take(_TEXT):
            return self._unescaped(match[1] if quote == '"' else match[2], column)
        if quote in ('"', "'"):
            raise self.refusal(f"expected a closing {quote}, found the end", column, "Close the quotes opened here")
        return None

    def take_number(self) -> int | float | None:
        """A number, an int if it has neither point nor exponent; raises InputError outside the range of float64."""
        column = self.column
        match = self.take(_NUMBER)
        if match is None:
            return None
        if len(match[0]) > LONGEST_NUMBER or math.isinf(float(match[0])):
            what = f"the number {_shortened(match[0])} is too long or too large"
            raise self.refusal(what, column, "Numbers go up to 1.7e308")
        return int(match[0]) if match[0].lstrip("+-").isdigit() else float(match[0])

    def unexpected(self, expected: str, fix: str | None = None) -> InputError:
        """The error that something else stands here than what is expected; common slips get a fix of their own."""
        piece = self.next_piece
        if piece not in EXPRESSION_KEYWORDS and piece.lower() in EXPRESSION_KEYWORDS:
            fix = f"Write {piece.lower()}, in lower case"
        found = _quoted(_shortened(piece)) if piece else "the end"
        return self.refusal(f"expected {expected}, found {found}", self.column, _FIXES.get(piece, fix))

    def refusal(self, what: str, column: int, fix: str | None = None) -> InputError:
        """The error that something is wrong at a column of this text."""
        return refusal_at(self.text, column, what, fix)

    def _move_to(self, position: int) -> None:
        space = _SPACE.match(self.text, position)
        self.position = space.end() if space else position

    def _unescaped(self, raw: str, quote_column: int) -> str:
        """The text meant by what stands in quotes; JSON's pairs of surrogates are one character."""

        def character(escape: re.Match[str]) -> str:
            if escape["high"]:
                return chr(0x10000 + ((int(escape["high"], 16) - 0xD800) << 10) + int(escape["low"], 16) - 0xDC00)
            if digits := escape["u"] or escape["U"] or escape["x"]:
                code = int(digits, 16)
                meant = chr(code) if code <= 0x10FFFF else None
            else:
                meant = _SIMPLE_ESCAPES.get(escape["simple"])
            if meant is None:
                what = f"{shown_text(escape[0][1:])} after a backslash is no escape"
                raise self.refusal(what, quote_column + escape.start() + 1, r"Write \\ for a backslash")
            return meant

        return _ESCAPE.sub(character, raw)


def refusal_at(text: str, column: int, what: str, fix: str | None = None) -> InputError:
    """The error that something is wrong at a column (from 1) of an expression; of a long text what stands there."""
    if len(text) <= LENGTH_SHOWN:
        where = f"column {column} of {_quoted(text)}"
    elif column <= len(text):
        where = f"column {column}, at {_quoted(_shortened(text[column - 1 :]))}"
    else:
        where = f"column {column}, after {_quoted(text[-LENGTH_SHOWN:])}"
    return InputError(what, where=where, fix=fix)


def shown_name(name: str) -> str:
    """An attribute's name as an expression spells it; a very long one is cut."""
    if _WORD.fullmatch(name) and name not in EXPRESSION_KEYWORDS:
        return _shortened(name)
    if not name.isprintable():
        return shown_text(name)
    doubled = name.replace("`", "``")
    return f"`{_shortened(doubled)}`"


def shown_value(value: Scalar) -> str:
    """A value as an expression spells it; a very long one is cut."""
    return shown_text(value) if isinstance(value, str) else _shortened(json.dumps(value))


def shown_text(text: str) -> str:
    """A text in double quotes, printable and on one line; a very long one is cut."""
    return json.dumps(_shortened(text), ensure_ascii=not text.isprintable())


def _shortened(text: str) -> str:
    return text if len(text) <= LENGTH_SHOWN else f"{text[:LENGTH_SHOWN]}..."


def _quoted(text: str) -> str:
    """The text in quotes that it does not hold, so that columns can be counted in it as it was typed."""
    if not text.isprintable():
        return repr(text)
    quote = next((mark for mark in "'\"`" if mark not in text), "'")
    return f"{quote}{text}{quote}"
