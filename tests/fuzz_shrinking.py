"""Make a failing case small: leave out whatever is not needed to fail in the same way."""

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.fuzz_profiles import Case

Fails = Callable[[Case], bool]
Record = dict[str, Any]


def shrink(case: Case, fails: Fails, *, seconds: float = 60.0) -> Case:
    """A case that still `fails`, from which no single image, category, record or option can be left out.

    `fails` must be true for `case`. After `seconds` the smallest case so far is given.
    """
    end = time.monotonic() + seconds
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for candidate in _smaller(case):
            if time.monotonic() > end:
                return case
            if fails(candidate):
                case, is_smaller = candidate, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """Simpler cases, those that leave out most first."""
    for name in case.options:
        yield replace(case, options={other: value for other, value in case.options.items() if other != name})
    for name, value in case.options.items():
        if isinstance(value, list):
            for shorter in _shorter(value):
                yield replace(case, options=case.options | {name: shorter})
    yield from _fewer_images_and_categories(case)
    for detections in _shorter(case.detections):
        yield replace(case, detections=detections)
    for annotations in _shorter(case.ground_truth["annotations"]):
        yield _with_truth(case, annotations=annotations)
    yield from _rounder(case)


def _shorter(values: list[Any]) -> Iterator[list[Any]]:
    """Without one half, quarter, ... and at last without one of the values."""
    size = (len(values) + 1) // 2
    while size > 0:
        for start in range(0, len(values), size):
            yield values[:start] + values[start + size :]
        size //= 2


def _fewer_images_and_categories(case: Case) -> Iterator[Case]:
    for part, field, option in (
        ("images", "image_id", "image_ids"),
        ("categories", "category_id", "category_ids"),
    ):
        for kept in _shorter(case.ground_truth[part]):
            gone = {record["id"] for record in case.ground_truth[part]} - {record["id"] for record in kept}
            options = dict(case.options)
            if option in options:
                options[option] = [each for each in options[option] if each not in gone]
            annotations = [record for record in case.ground_truth["annotations"] if record[field] not in gone]
            detections = [record for record in case.detections if record[field] not in gone]
            smaller = _with_truth(case, **{part: kept, "annotations": annotations})
            yield replace(smaller, detections=detections, options=options)


def _rounder(case: Case) -> Iterator[Case]:
    """One record with whole numbers in its box."""
    for part, records in (("annotations", case.ground_truth["annotations"]), ("detections", case.detections)):
        for place, record in enumerate(records):
            box = record.get("bbox", [])
            if any(abs(number) < 2**53 and number % 1 for number in box):
                changed = copy.deepcopy(records)
                changed[place]["bbox"] = [float(round(number)) if abs(number) < 2**53 else number for number in box]
                is_truth = part == "annotations"
                yield _with_truth(case, annotations=changed) if is_truth else replace(case, detections=changed)


def _with_truth(case: Case, **changes: list[Record]) -> Case:
    return replace(case, ground_truth=case.ground_truth | changes)
