"""Orders of detections, by Python's own sort."""

import math
from collections.abc import Sequence


def falling_order(values: Sequence[float]) -> list[int]:
    """Rows by falling value, NaN last, equal ones as they stand."""
    numbers = [row for row, value in enumerate(values) if not math.isnan(value)]
    others = [row for row, value in enumerate(values) if math.isnan(value)]
    return sorted(numbers, key=lambda row: -values[row]) + others


def class_order(category: Sequence[int], score: Sequence[float], turn: Sequence[int]) -> list[int]:
    """Rows by category, then falling score, then rising turn."""
    return sorted(range(len(score)), key=lambda row: (category[row], -score[row], turn[row]))
