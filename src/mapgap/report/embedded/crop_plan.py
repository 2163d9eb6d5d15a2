"""Which errors the page wants to show on their picture, most wanted first, and which part of the picture."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat, zip_longest
from typing import TypeVar

import numpy as np

from mapgap.report.embedded.error_order import errors_by_cost, in_turns, shown_detections
from mapgap.tables import CAUSES, Example, FailureMode, IdArray, Results

Box = tuple[float, float, float, float]
"""Left, top, width, height in pixels of the picture."""
Thing = TypeVar("Thing")

HARDLY_SMALLER = 1.25
"""A crop that shows an error at least so nearly as large as its own would be is as good."""


@dataclass(frozen=True)
class Sight:
    """What is to be seen of an error: positions of its image, object and detection, -1 for none."""

    image: int
    object: int
    detection: int


@dataclass(frozen=True)
class Wanted:
    """A part of the picture of an image."""

    image: int
    window: Box


def wanted_crops(runs: Sequence[Results], most_modes: int, full_size: float) -> Iterator[Wanted]:
    """Parts of pictures in which the errors of all runs are seen, most wanted first.

    First come the examples of the first `most_modes` hot spots: the first one of each, then the second one of each.
    Then the errors in the order of the page: in turn one of all errors and one of each cause. An error that is seen
    well in an earlier part has none of its own; parts with sides up to `full_size` are not shrunk.
    """
    seen: dict[int, list[Box]] = {}
    of_modes = in_rounds(zip(repeat(run), _mode_sights(run, most_modes), strict=False) for run in runs)
    of_errors = in_rounds(zip(repeat(run), _error_sights(run), strict=False) for run in runs)
    for results, sight in chain(of_modes, of_errors):
        window = window_of(results, sight)
        earlier = seen.setdefault(sight.image, [])
        largest = max(full_size, HARDLY_SMALLER * max(window[2:]))
        if not any(max(other[2:]) <= largest and _holds(other, window) for other in earlier):
            earlier.append(window)
            yield Wanted(sight.image, window)


def in_rounds(queues: Iterable[Iterable[Thing]]) -> Iterator[Thing]:
    """The first of each queue, then the second of each, and so on."""
    nothing = object()
    for round_ in zip_longest(*queues, fillvalue=nothing):
        yield from (thing for thing in round_ if thing is not nothing)  # type: ignore[misc]


def mode_sights(results: Results, modes: Sequence[FailureMode]) -> list[list[Sight]]:
    """The examples of each hot spot."""
    find = _Finder(results, [example for mode in modes for example in mode.examples])
    return [[find(example) for example in mode.examples] for mode in modes]


def window_of(results: Results, sight: Sight) -> Box:
    """The part of the image that the page shows for an error."""
    images = results.ground_truth.images
    size = float(images.width[sight.image]), float(images.height[sight.image])
    return window_around([box for box in boxes_of(results, sight) if box is not None], *size)


def boxes_of(results: Results, sight: Sight) -> tuple[Box | None, Box | None]:
    """The box of the object and that of the detection; None where there is none."""
    boxes = (results.ground_truth.box, sight.object), (results.detections.box, sight.detection)
    first, second = (None if row < 0 else tuple(box[row].tolist()) for box, row in boxes)
    return first, second


def window_around(boxes: Sequence[Box], width: float, height: float) -> Box:
    """The boxes and half their longer side around them, within the image where its size is known.

    This is `windowAround` of example_pictures.js.
    """
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    around = max(right - left, bottom - top, 1.0) / 2
    whole = left - around, top - around, right + around, bottom + around
    if not (width > 0 and height > 0):
        return _as_box(*whole)
    clipped = max(0.0, whole[0]), max(0.0, whole[1]), min(width, whole[2]), min(height, whole[3])
    # Boxes may lie outside of what the file calls the image.
    return _as_box(*(clipped if clipped[2] > clipped[0] and clipped[3] > clipped[1] else whole))


def _as_box(left: float, top: float, right: float, bottom: float) -> Box:
    return left, top, right - left, bottom - top


def _holds(outer: Box, inner: Box) -> bool:
    """In whole pixels, as crops are cut."""
    return all(
        math.floor(outer[axis]) <= math.floor(inner[axis])
        and math.ceil(inner[axis] + inner[axis + 2]) <= math.ceil(outer[axis] + outer[axis + 2])
        for axis in range(2)
    )


def _mode_sights(results: Results, most: int) -> Iterator[Sight]:
    return in_rounds(mode_sights(results, results.failure_modes[:most]))


def _error_sights(results: Results) -> Iterator[Sight]:
    errors, order, detection = results.errors, errors_by_cost(results), shown_detections(results)
    queues = [order, *(order[errors.cause[order] == code] for code in range(len(CAUSES)))]

    def sights(rows: IdArray) -> Iterator[Sight]:
        for row in in_turns(errors.image, rows).tolist():
            yield Sight(int(errors.image[row]), int(errors.object[row]), int(detection[row]))

    return in_rounds(sights(queue) for queue in queues)


class _Finder:
    """From the ids of examples to positions; of ids that are there twice the first."""

    def __init__(self, results: Results, examples: Sequence[Example]):
        truth, detections = results.ground_truth, results.detections
        self._image_ids = truth.images.ids
        ids = np.array([example.object_id for example in examples if example.object_id is not None], dtype=np.int64)
        records = np.array([example.detection for example in examples if example.detection is not None], np.int64)
        objects = np.flatnonzero(np.isin(truth.ids, ids) & truth.is_object)[::-1]
        found = np.flatnonzero(np.isin(detections.record, records))[::-1]
        keys = zip(truth.image[objects].tolist(), truth.ids[objects].tolist(), strict=True)
        self._objects = dict(zip(keys, objects.tolist(), strict=True))
        self._detections = dict(zip(detections.record[found].tolist(), found.tolist(), strict=True))

    def __call__(self, example: Example) -> Sight:
        image = int(np.searchsorted(self._image_ids, example.image_id))
        detection = -1 if example.detection is None else self._detections[example.detection]
        return Sight(image, -1 if example.object_id is None else self._objects[image, example.object_id], detection)
