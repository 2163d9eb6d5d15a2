"""Single values of records: made plain, shown in messages, read where JSON is bent."""

import json
import math
import reprlib
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from mapgap.visible_text import visible

# What msgspec raises on bad values; ValueError is an integer too long to be shown in its own message.
DECODING_ERRORS = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)

DEPTH = 6
LENGTH_SHOWN = 80
INT64 = np.iinfo(np.int64)
LONGEST_INTEGER = 4000
INTEGERS_EXACT = 1e15
"""Whole numbers below are shown without a fraction."""


def plain(value: object, depth: int = DEPTH) -> object:
    """The value with NumPy scalars, arrays and bytes made plain Python, to a depth that bounds the work."""
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist(), depth - 1) if value.dtype == object else value.tolist()
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    if depth > 0 and isinstance(value, Mapping):
        return {key: plain(item, depth - 1) for key, item in value.items()}
    if depth > 0 and isinstance(value, list | tuple):
        return [plain(item, depth - 1) for item in value]
    return value


def shown(value: object) -> str:
    """A value as it stands in an error message: short, on one line, printable."""
    if isinstance(value, msgspec.Raw):
        text = " ".join(bytes(value)[: 4 * LENGTH_SHOWN].decode(errors="replace").split())
    elif value is None or isinstance(value, bool):
        text = {None: "null", True: "true", False: "false"}[value]
    elif isinstance(value, str):
        text = json.dumps(value[:LENGTH_SHOWN], ensure_ascii=False)
    else:
        text = _short_representation(value)
    text = visible(text)
    return text if len(text) <= LENGTH_SHOWN else f"{text[:LENGTH_SHOWN]}..."


def fits(value: object, kind: Any) -> bool:
    """Whether a value, undecoded or plain, is of the type."""
    try:
        if isinstance(value, msgspec.Raw):
            msgspec.json.decode(value, type=kind)
        else:
            msgspec.convert(plain(value), type=kind)
    except DECODING_ERRORS:
        return False
    return True


def loosely(value: object) -> Any:
    """The plain Python value of undecoded JSON, numbers beyond float64 as infinities; None where it cannot be had."""
    if not isinstance(value, msgspec.Raw):
        return plain(value)
    try:
        return msgspec.json.decode(value)
    except DECODING_ERRORS:
        pass
    try:
        return json.loads(bytes(value), parse_int=_integer)
    except (ValueError, RecursionError):
        return None


def is_beyond_numbers(value: object) -> bool:
    """Whether the value is, or is a list with, NaN or an infinity."""
    items = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(item, float) and not math.isfinite(item) for item in items)


def is_identifier(value: object) -> bool:
    """Whether a number is whole and fits 64 bits; a bool is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (isinstance(value, int) or value.is_integer()) and INT64.min <= value <= INT64.max


def is_writable(text: object) -> bool:
    """Whether it is text that can be written as UTF-8, which has no half of a surrogate pair."""
    if not isinstance(text, str):
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_long_integer(value: object) -> bool:
    """Whether undecoded JSON is an integer, however long."""
    return isinstance(value, msgspec.Raw) and bytes(value).strip().removeprefix(b"-").isdigit()


def number_in_text(value: object) -> object:
    """The number that a text holds, of a list of texts and numbers the list of numbers; None where there is none."""
    if isinstance(value, list | tuple):
        numbers = [number_in_text(item) if isinstance(item, str) else item for item in value]
        return None if None in numbers else numbers
    if not isinstance(value, str):
        return None
    try:
        number = json.loads(value.strip())
    except (ValueError, RecursionError):
        return None
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    return number if is_number and not is_beyond_numbers(number) else None


def _integer(digits: str) -> int | float:
    """An integer, or infinity for one of more digits than Python reads."""
    return int(digits) if len(digits) <= LONGEST_INTEGER else math.inf


def _short_representation(value: object) -> str:
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, tuple):
        value = list(value)
    if isinstance(value, list) and all(isinstance(item, float) for item in value):
        value = [int(item) if item.is_integer() and abs(item) < INTEGERS_EXACT else item for item in value]
    limited = reprlib.Repr()
    limited.maxstring = limited.maxlong = limited.maxother = LENGTH_SHOWN
    try:
        return limited.repr(value)
    except (ValueError, RecursionError):
        # An integer of thousands of digits has no text form.
        return f"a value of type {type(value).__name__}"
