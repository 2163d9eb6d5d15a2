"""Small conversions to JSON values, where undefined is None; no NumPy, which a record of 12 numbers does without."""

import json
import math
from collections.abc import Iterable
from typing import Any

Record = dict[str, Any]
"""One JSON object."""

ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=True)
"""JSON on one line, strict and ASCII."""


def number(value: float | None) -> float | None:
    """A Python float, or None for NaN and None."""
    return None if value is None or math.isnan(value) else float(value)


def numbers(values: Iterable[float]) -> list[float | None]:
    """Python floats, None for NaN."""
    return [number(value) for value in values]


def ratio(part: float | None, whole: float | None) -> float | None:
    """part / whole, None where it is not defined."""
    return None if part is None or not whole else float(part / whole)


def whole_or_float(value: float) -> float | int | None:
    """A width, height or the like as JSON shows it best: 640 rather than 640.0; None for NaN."""
    if math.isnan(value):
        return None
    return int(value) if float(value).is_integer() else float(value)
