"""What exists, for complaints about what does not: the most alike first, and not all of very many."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TypeVar

from mapgap.tables import Scalar

Known = TypeVar("Known", bound=Scalar)

MOST_SHOWN = 20
_COMPARED_LENGTH = 40


def most_alike_first(asked: str, known: Sequence[Known]) -> list[Known]:
    """Sorted by likeness to what was asked for, letter case aside; equally alike ones stay in order."""
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(asked[:_COMPARED_LENGTH].lower())

    def unlikeness(value: Known) -> float:
        matcher.set_seq1(str(value)[:_COMPARED_LENGTH].lower())
        return -matcher.ratio()

    return sorted(known, key=unlikeness)


def listed(texts: Sequence[str]) -> str:
    """The first twenty, with commas between, and how many there are if there are more."""
    more = f", ... ({len(texts):,} in all)" if len(texts) > MOST_SHOWN else ""
    return ", ".join(texts[:MOST_SHOWN]) + more
