"""Columns of annotation dicts for the kernel, where they are plain: numbers, boxes, ids as they should be.

Whatever is not plain gives None, and the evaluation goes step by step through the dicts themselves, so that it does
what pycocotools does with them, errors included.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, cast

import numpy as np

from mapgap.pycocotools.parameters import IOU_TYPES
from mapgap.tables import BoolArray, FloatArray, IndexArray, IntegerArray

Record = dict[str, Any]

SIGNED = frozenset({int, float, np.float64, np.float32, np.int64, np.int32})
NUMBERS = SIGNED | {np.uint32, np.uint64}
WHOLE = frozenset({int, bool, np.int64, np.int32, np.uint8, np.bool_})
BOXES = frozenset({list, np.ndarray})
FLOATS = frozenset({float, np.float64, np.float32})
LARGEST_EXACT = 2.0**53


@dataclass(frozen=True)
class Plan:
    """What is evaluated: ids in order, and the settings that matching depends on."""

    iou_type: str
    image_ids: list[Any]
    category_ids: list[Any]
    """The classes evaluated; only [-1] if classes are not told apart."""
    members: list[Any]
    """The category ids that belong to them, in the order in which pycocotools collects their annotations."""
    tells_classes_apart: bool
    thresholds: FloatArray
    area_ranges: list[Any]
    """As given: every entry of `evalImgs` holds the very object."""
    area_bounds: FloatArray
    """(A, 2) the same as numbers."""
    limit: int


@dataclass(frozen=True)
class Placed:
    """Records of the images and classes evaluated, one row a record, in the order pycocotools collects them."""

    records: list[Record]
    image: IndexArray
    category: IndexArray


@dataclass(frozen=True)
class AnnotationColumns:
    """One row an annotation."""

    placed: Placed
    ids: list[Any]
    id_numbers: FloatArray
    area: FloatArray
    crowd: BoolArray
    ignored: BoolArray
    """(A, N) crowd or otherwise ignored, or area outside the range."""


@dataclass(frozen=True)
class DetectionColumns:
    """One row a detection."""

    placed: Placed
    ids: list[Any]
    id_numbers: FloatArray
    scores: list[Any]
    score: FloatArray
    sort_key: FloatArray
    """The score, or where some are NaN numbers that put those last."""
    outside: BoolArray
    """(A, D) area outside the range."""


def make_plan(params: Any) -> Plan | None:
    """The settings as numbers, None where they are unusual: none at all, limits below 1, not finite, not numbers."""
    thresholds = finite_numbers(params.iouThrs)
    bounds = finite_numbers([bound for area_range in params.areaRng for bound in area_range])
    categories = params.catIds if params.useCats else [-1]
    is_unusual = (
        params.iouType not in IOU_TYPES
        or thresholds is None
        or bounds is None
        or any(len(area_range) != 2 for area_range in params.areaRng)
        or np.float32 in set(map(type, params.iouThrs))
        or not are_limits(params.maxDets)
        or len(params.imgIds) == 0
        or len(categories) == 0
    )
    if is_unusual:
        return None
    return Plan(
        iou_type=params.iouType,
        image_ids=list(params.imgIds),
        category_ids=list(categories),
        members=list(params.catIds),
        tells_classes_apart=bool(params.useCats),
        thresholds=cast(FloatArray, thresholds),
        area_ranges=list(params.areaRng),
        area_bounds=cast(FloatArray, bounds).reshape(-1, 2),
        limit=int(params.maxDets[-1]),
    )


def are_limits(values: Sequence[Any]) -> bool:
    """Whether these are limits of detections: whole numbers from 1."""
    return len(values) > 0 and not set(map(type, values)) - {int, np.int64} and min(values) > 0


def finite_numbers(values: Any) -> FloatArray | None:
    """The values as float64, None unless there are some and all are finite numbers."""
    numbers = _numbers(list(values), NUMBERS)
    return numbers if numbers is not None and len(numbers) > 0 and np.isfinite(numbers).all() else None


def place_records(plan: Plan, records: list[Record]) -> Placed | None:
    """The records of the plan's images and classes; None if a category is listed twice or an id cannot be looked up."""
    try:
        image = _look_up(plan.image_ids, records, "image_id")
        member = _look_up(plan.members, records, "category_id")
    except TypeError:
        return None
    if not plan.tells_classes_apart and len(set(plan.members)) < len(plan.members):
        return None
    is_inside = (image >= 0) & (member >= 0)
    if not is_inside.all():
        rows = np.flatnonzero(is_inside)
        records, image, member = _take(records, rows), image[rows], member[rows]
    if plan.tells_classes_apart:
        return Placed(records, image, member)
    rows = np.argsort(member, kind="stable")
    return Placed(_take(records, rows), image[rows], np.zeros(len(rows), dtype=np.int32))


def annotation_columns(plan: Plan, placed: Placed) -> AnnotationColumns | None:
    """The annotations' columns, None where a value is not plain; KeyError where a field is missing."""
    ids = list(map(itemgetter("id"), placed.records))
    id_numbers = _numbers(ids, NUMBERS)
    area = _areas(plan, placed.records)
    crowd = _numbers(list(map(itemgetter("iscrowd"), placed.records)), WHOLE)
    if id_numbers is None or area is None or crowd is None or ((crowd < 0) | (crowd > 255)).any():
        return None
    flagged = np.array([bool(annotation["ignore"]) for annotation in placed.records], dtype=np.bool_)
    return AnnotationColumns(
        placed=placed,
        ids=ids,
        id_numbers=id_numbers,
        area=area,
        crowd=crowd != 0,
        ignored=flagged | _outside(plan, area),
    )


def detection_columns(plan: Plan, placed: Placed) -> DetectionColumns | None:
    """The detections' columns, None where a value is not plain or an id not above 0 (whose matches do not hold)."""
    ids = list(map(itemgetter("id"), placed.records))
    scores = list(map(itemgetter("score"), placed.records))
    id_numbers, score = _numbers(ids, NUMBERS), _numbers(scores, SIGNED)
    area = _areas(plan, placed.records)
    if id_numbers is None or score is None or area is None or not (id_numbers > 0).all():
        return None
    return DetectionColumns(
        placed=placed,
        ids=ids,
        id_numbers=id_numbers,
        scores=scores,
        score=score,
        sort_key=_sort_key(score),
        outside=_outside(plan, area),
    )


def box_columns(placed: Placed) -> FloatArray | None:
    """(n, 4) boxes, None unless all are lists or arrays of four numbers."""
    boxes = list(map(itemgetter("bbox"), placed.records))
    if set(map(type, boxes)) - BOXES or set(map(len, boxes)) - {4}:
        return None
    numbers = _numbers(list(chain.from_iterable(boxes)), NUMBERS)
    return None if numbers is None else numbers.reshape(-1, 4)


def _look_up(ids: Sequence[Any], records: Sequence[Record], field: str) -> IndexArray:
    """Place of each record's id among `ids`, -1 if it is not there."""
    # NumPy's integers are slow to compare with Python's.
    places = {each.item() if isinstance(each, np.generic) else each: number for number, each in enumerate(ids)}
    found = map(places.get, map(itemgetter(field), records), repeat(-1))
    return np.fromiter(found, dtype=np.int32, count=len(records))


def _take(records: Sequence[Record], rows: IntegerArray) -> list[Record]:
    return [records[row] for row in rows.tolist()]


def _numbers(values: list[Any], allowed: frozenset[type]) -> FloatArray | None:
    """The values as float64, None if one has another type or is a whole number that float64 does not hold."""
    types = set(map(type, values))
    if types - allowed:
        return None
    try:
        numbers = np.fromiter(values, dtype=np.float64, count=len(values))
    except OverflowError:
        return None
    is_inexact = (types - FLOATS) and (np.abs(numbers) > LARGEST_EXACT).any()
    return None if is_inexact else numbers


def _areas(plan: Plan, records: Sequence[Record]) -> FloatArray | None:
    values = list(map(itemgetter("area"), records))
    if np.float32 in set(map(type, values)) and (plan.area_bounds != plan.area_bounds.astype(np.float32)).any():
        # Such areas are compared with bounds rounded to float32.
        return None
    return _numbers(values, NUMBERS)


def _outside(plan: Plan, area: FloatArray) -> BoolArray:
    """(A, n) which areas lie outside each range; both ends belong to it."""
    low, high = plan.area_bounds[:, 0, np.newaxis], plan.area_bounds[:, 1, np.newaxis]
    return np.asarray((area < low) | (area > high))


def _sort_key(score: FloatArray) -> FloatArray:
    """The score itself, or minus its place among all scores where some are NaN: those come last, and are equal."""
    if not np.isnan(score).any():
        return score
    return -np.unique(-score, return_inverse=True)[1].astype(np.float64)
