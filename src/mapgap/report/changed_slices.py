"""Which slices are told first of all that changed between two runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from mapgap.report.json_values import Record
from mapgap.significance import SIGNIFICANT_Q
from mapgap.slice_tests import LEAST_IMAGES, LEAST_MEMBERS

SHARE_OF_ALL = 0.8
"""A slice of more than this share of all objects says no more than the whole."""


@dataclass(frozen=True)
class ChangedSlices:
    """The slices of one attribute whose recall surely changed, as records of `slice_change_records`."""

    better: tuple[Record, ...]
    worse: tuple[Record, ...]


def changed_slices(records: Sequence[Record], recall_difference: float | None, objects: int) -> ChangedSlices:
    """Those first whose recall changed most beyond that of the whole, counted in objects.

    Sure is a change whose interval excludes 0 and whose q-value is at most .05, in a slice of 30 objects and 5 images.
    Slices of nearly all of the `objects` there are, and those with the members of another one, are left out.
    """
    whole = recall_difference or 0.0
    most = SHARE_OF_ALL * objects
    sure = _distinct([record for record in records if _changed_surely(record) and record["objects"] <= most])

    def beyond_the_whole(record: Record) -> float:
        return float(record["fixed"] - record["broken"] - whole * record["objects"])

    better = [record for record in sure if record["recall_difference"] > 0]
    worse = [record for record in sure if record["recall_difference"] < 0]
    return ChangedSlices(
        better=tuple(sorted(better, key=beyond_the_whole, reverse=True)),
        worse=tuple(sorted(worse, key=beyond_the_whole)),
    )


def is_thin(record: Record) -> bool:
    """Whether a slice has too few objects or images to judge."""
    return bool(record["objects"] < LEAST_MEMBERS or record["images"] < LEAST_IMAGES)


def is_significant(record: Record, rate: str = "recall") -> bool:
    """Whether the recall (or "precision", "AP") of a slice changed, after correction for all that were compared."""
    q_value = record[f"{rate}_q_value"]
    return q_value is not None and q_value <= SIGNIFICANT_Q


def is_sure(interval: Sequence[float] | None, images: int) -> bool:
    """Whether the interval of a difference excludes zero, and there were images enough to draw from."""
    return images >= LEAST_IMAGES and _excludes_zero(interval)


def _excludes_zero(interval: Sequence[float] | None) -> bool:
    return interval is not None and (interval[0] > 0 or interval[1] < 0)


def _changed_surely(record: Record) -> bool:
    has_one_key = len(record["where"]) == 1
    is_beyond_chance = is_significant(record) and _excludes_zero(record["recall_difference_interval"])
    return has_one_key and not is_thin(record) and is_beyond_chance


def _distinct(records: Sequence[Record]) -> list[Record]:
    """The first of slices that hold the same objects, as far as their numbers tell."""
    first: dict[tuple[int, ...], Record] = {}
    for record in records:
        first.setdefault(tuple(record[key] for key in ("objects", "images", "fixed", "broken")), record)
    return list(first.values())
