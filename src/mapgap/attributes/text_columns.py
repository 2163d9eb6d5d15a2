"""What a column of text means: true and false, whole numbers, numbers, or text."""

import re
from collections.abc import Callable, Sequence

from mapgap.attributes.row_source import LARGEST_INTEGER
from mapgap.tables import Scalar

MISSING_TEXTS = frozenset(["", "n/a", "n/a (background)"])
"""Missing in every column."""
MISSING_WORDS = frozenset(
    ["", "n/a", "na", "#n/a", "nan", "null", "none", "inf", "+inf", "-inf", "infinity", "-infinity", "n/a (background)"]
)
"""Missing where all other values are numbers, or true and false, whatever the case: "None" may be a word of a text."""

_TRUTH = {"true": True, "false": False}
# Text with a leading zero, as in 007, is a name.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,299})")
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]{0,299})(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")

Kind = tuple[Callable[[str], object], Callable[[str], Scalar]]
"""Whether a text is of this kind, and what it means then."""


class TextColumn:
    """What a column can still mean, given the values seen so far; memory does not grow with them."""

    def __init__(self) -> None:
        self._kinds: list[Kind] | None = None
        """What it can mean, the narrowest first; None before the first value."""

    def see(self, text: str) -> None:
        """Takes one more value into account."""
        if self._kinds == []:
            return
        word = text.strip().lower()
        if word in MISSING_WORDS:
            return
        if self._kinds is None:
            self._kinds = list(TRUTH if word in _TRUTH else NUMBERS)
        while self._kinds and not self._kinds[0][0](word):
            del self._kinds[0]

    def scalars(self, texts: Sequence[str | None]) -> tuple[Scalar, ...]:
        """Some of the values seen, or None, as what they mean."""
        if not self._kinds:
            return tuple(None if text is None or text in MISSING_TEXTS else text for text in texts)
        meaning = self._kinds[0][1]
        words = (None if text is None else text.strip().lower() for text in texts)
        return tuple(None if word is None or word in MISSING_WORDS else meaning(word) for word in words)


def _integer(text: str) -> Scalar:
    """Integers beyond 64 bits are names rather than quantities (hashes), hence text."""
    number = int(text)
    return number if -LARGEST_INTEGER <= number < LARGEST_INTEGER else text


TRUTH: tuple[Kind, ...] = ((_TRUTH.__contains__, _TRUTH.__getitem__),)
NUMBERS: tuple[Kind, ...] = ((_INTEGER.fullmatch, _integer), (_NUMBER.fullmatch, float))
