"""Whether all contenders come to the same results, and who is how much faster."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from measuring import Summary

METRICS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
TOLERANCE = 1e-12


def read_result(output: str) -> Any:
    """The result a contender printed: the whole output of `mapgap evaluate --json`, else the last line."""
    text = output.strip()
    if text.startswith("{") and "\n" in text:
        return list(json.loads(text)["coco"].values())
    return json.loads(text.splitlines()[-1])


def differences(results: Mapping[str, Sequence[float | None]], reference: str) -> list[str]:
    """One line each number that is further than 1e-12 from the reference's; -1, NaN and None mean not defined."""
    lines = []
    expected = [_defined(number) for number in results[reference]]
    for name, numbers in results.items():
        if len(numbers) != len(METRICS):
            lines.append(f"{name} gives {len(numbers)} numbers")
            continue
        for metric, number, value in zip(METRICS, map(_defined, numbers), expected, strict=True):
            is_equal = number is value if number is None or value is None else abs(number - value) <= TOLERANCE
            if not is_equal:
                lines.append(f"{name}: {metric} is {number!r}, {value!r} by {reference}")
    return lines


def largest_difference(results: Mapping[str, Sequence[float | None]], reference: str) -> float:
    """The largest distance of any number from the reference's, where both are defined."""
    pairs = [
        (_defined(number), _defined(value))
        for numbers in results.values()
        for number, value in zip(numbers, results[reference], strict=False)
    ]
    return max((abs(one - other) for one, other in pairs if one is not None and other is not None), default=0.0)


def ratios(ours: Summary, others: Mapping[str, Summary]) -> dict[str, dict[str, float | str]]:
    """For wall, CPU and peak the least of the others, whose it is, and ours as a part of it; minima of the runs."""
    found: dict[str, dict[str, float | str]] = {}
    for quantity in ("wall", "cpu", "peak"):
        best = min(others, key=lambda name: float(getattr(others[name], quantity)))
        least = getattr(others[best], quantity)
        found[quantity] = {"best": best, "value": least, "ratio": round(getattr(ours, quantity) / least, 3)}
    return found


def _defined(number: float | None) -> float | None:
    return None if number is None or number != number or number == -1 else number
