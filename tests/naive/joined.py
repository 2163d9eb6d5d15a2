"""Joined tables and bins from the definition, value by value; a row is a dict, a number is looked at on its own."""

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from mapgap.tables import GroundTruth, Scalar

ALWAYS_MISSING = ("", "n/a", "n/a (background)")
MISSING_AMONG_NUMBERS = (
    *("", "n/a", "na", "#n/a", "nan", "null", "none", "n/a (background)"),
    *("inf", "+inf", "-inf", "infinity", "-infinity"),
)


def joined_values(rows: Sequence[dict[str, Any]], key: str, name: str, ground_truth: GroundTruth) -> list[Scalar]:
    """What each annotation gets from column `name` of rows with their types, None without a row."""
    values = []
    for place in range(len(ground_truth.ids)):
        image = int(ground_truth.image[place])
        own = {
            "id": int(ground_truth.ids[place]),
            "image_id": int(ground_truth.images.ids[image]),
            "file_name": ground_truth.images.file_names[image],
        }[key]
        found = [row[name] for row in rows if own is not None and row[key] == own]
        assert len(found) <= 1
        values.append(found[0] if found else None)
    return values


def meanings(texts: Sequence[str]) -> list[Scalar]:
    """What a column of a CSV file means, by looking at all of it once for each kind."""
    words = [text.strip().lower() for text in texts]
    told = [word for word in words if word not in MISSING_AMONG_NUMBERS]
    if told and all(word in ("true", "false") for word in told):
        return [word == "true" if word in told else None for word in words]
    if told and all(re.fullmatch("-?[0-9]+", word) and not has_leading_zero(word) for word in told):
        return [whole(word) if word in told else None for word in words]
    if told and all(is_number(word) and not has_leading_zero(word) for word in told):
        return [float(word) if word in told else None for word in words]
    return [None if text in ALWAYS_MISSING else text for text in texts]


def has_leading_zero(word: str) -> bool:
    return len(word.lstrip("+-")) > 1 and word.lstrip("+-")[0] == "0" and word.lstrip("+-")[1].isdigit()


def is_number(word: str) -> bool:
    return bool(re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", word))


def whole(word: str) -> Scalar:
    return int(word) if -(2**63) <= int(word) < 2**63 else word


def bin_name(number: float, edges: Sequence[float]) -> str:
    """The half-open bin a number lies in, n/a where it is none."""
    if math.isnan(number):
        return "n/a"
    if number < edges[0]:
        return f"< {plain(edges[0])}"
    for low, high in pairwise(edges):
        if low <= number < high:
            return f"{plain(low)} to {plain(high)}"
    return f">= {plain(edges[-1])}"


def plain(edge: float) -> str:
    """The shortest text of a number of few digits."""
    return format(Decimal(repr(edge)), "f").removesuffix(".0")
