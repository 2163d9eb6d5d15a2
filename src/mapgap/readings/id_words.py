"""What both maps of ids share: words such as `+1` and `by-position`, and looking ids up."""

import re
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from mapgap.alikeness import most_alike_first
from mapgap.errors import InputError
from mapgap.readings.raw import ObjectArray
from mapgap.tables import BoolArray, IdArray

BY_POSITION, BY_POSITION_FROM_1 = "by-position", "by-position-from-1"

Found = tuple[IdArray, BoolArray]
"""(N,) ids of the ground truth, and (N,) whether it has them. Where it does not, the id is the number that was made of
the written one, or 0 if it is none."""

_SHIFT = re.compile(r"[+-]\d{1,18}", re.ASCII)
_LARGEST = 2**63 - 1


def parsed_shift(text: str) -> int | None:
    """The number of `+1` or `-1`; None for other words."""
    return int(text) if _SHIFT.fullmatch(text) else None


def unknown_word(flag: str, text: str, words: Sequence[str], others: str) -> InputError:
    """The complaint about a word that is none."""
    nearest = ", ".join(most_alike_first(text, words))
    return InputError(f"{flag} {text!r} is none of its words", fix=f"Use one of: {nearest}, {others}")


def shifted(ids: ObjectArray, shift: int, known: IdArray) -> Found:
    """Whole numbers moved by `shift`; text is unknown."""
    return found([one + shift if _is_number(one) else None for one in ids.tolist()], known)


def by_position(ids: ObjectArray, in_order: IdArray, known: IdArray, *, first: int) -> Found:
    """Whole numbers as places in `in_order`, of which the first is number `first`; text is unknown."""
    places = range(first, first + len(in_order))
    order = in_order.tolist()
    return found([order[one - first] if _is_number(one) and one in places else None for one in ids.tolist()], known)


def looked_up(keys: Iterable[Sequence[Hashable]], table: dict[Hashable, int], known: IdArray) -> Found:
    """For each row the entry of the first of its keys that the table has."""
    return found([next((table[key] for key in row if key in table), None) for row in keys], known)


def without_doubles(pairs: Iterable[tuple[Hashable, int]]) -> dict[Hashable, int]:
    """What each key means; a key with two meanings has none."""
    table: dict[Hashable, int] = {}
    ambiguous = set()
    for key, value in pairs:
        if table.setdefault(key, value) != value:
            ambiguous.add(key)
    return {key: value for key, value in table.items() if key not in ambiguous}


def found(mapped: Sequence[int | None], known: IdArray) -> Found:
    """The ids as an array, and which of them are known; None is not, nor is a number beyond 64 bit."""
    is_number = [one is not None and -_LARGEST <= one <= _LARGEST for one in mapped]
    ids = np.array([one if is_one else 0 for one, is_one in zip(mapped, is_number, strict=True)], dtype=np.int64)
    return ids, np.array(is_number, dtype=bool) & np.isin(ids, known)


def _is_number(one: object) -> bool:
    return isinstance(one, int) and not isinstance(one, bool)
