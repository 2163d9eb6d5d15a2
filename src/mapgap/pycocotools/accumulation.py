"""Precision, recall and scores at every threshold, recall point, class, area range and limit of detections."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from mapgap import _kernel
from mapgap.pycocotools.columns import Plan, are_limits, finite_numbers
from mapgap.pycocotools.whole_set import THRESHOLDS_A_CALL, Matched
from mapgap.tables import FloatArray

Entry = dict[str, Any]


@dataclass(frozen=True)
class Selection:
    """Which stored classes, area ranges and images are accumulated, by place, and up to which limits.

    Places are those in the settings of now, read as places in what was evaluated, as pycocotools does.
    """

    categories: list[int]
    areas: list[int]
    limits: list[Any]
    images: list[int]
    stored_areas: int
    stored_images: int


@dataclass(frozen=True)
class Cubes:
    """`precision` and `scores` (T, R, K, A, M), `recall` (T, K, A, M); -1 where nothing counts."""

    counts: list[int]
    precision: FloatArray
    recall: FloatArray
    scores: FloatArray


def select(params: Any, evaluated: Any) -> Selection:
    """What of the evaluated settings is also in `params`.

    Source: pycocotools 2.0.11, cocoeval.py, accumulate.
    """
    categories = set(evaluated.catIds if evaluated.useCats else [-1])
    areas, limits, images = set(map(tuple, evaluated.areaRng)), set(evaluated.maxDets), set(evaluated.imgIds)
    return Selection(
        categories=[place for place, category in enumerate(params.catIds) if category in categories],
        areas=[place for place, area in enumerate(params.areaRng) if tuple(area) in areas],
        limits=[limit for limit in params.maxDets if limit in limits],
        images=[place for place, image in enumerate(params.imgIds) if image in images],
        stored_areas=len(evaluated.areaRng),
        stored_images=len(evaluated.imgIds),
    )


def empty_cubes(params: Any) -> Cubes:
    """Cubes of -1."""
    thresholds, points = len(params.iouThrs), len(params.recThrs)
    classes = len(params.catIds) if params.useCats else 1
    counts = [thresholds, points, classes, len(params.areaRng), len(params.maxDets)]
    return Cubes(counts, -np.ones(counts), -np.ones([thresholds, *counts[2:]]), -np.ones(counts))


def is_whole(selection: Selection, plan: Plan, params: Any) -> bool:
    """Whether everything evaluated is selected, with recall points and limits as the kernel wants them."""
    areas, images = len(plan.area_ranges), len(plan.image_ids)
    points = finite_numbers(params.recThrs)
    return (
        selection.categories == list(range(len(plan.category_ids)))
        and selection.areas == list(range(areas))
        and selection.images == list(range(images))
        and (selection.stored_areas, selection.stored_images) == (areas, images)
        and len(params.iouThrs) == len(plan.thresholds)
        and are_limits(selection.limits)
        and max(selection.limits) <= plan.limit
        and points is not None
        and bool(np.all(np.diff(points) >= 0))
    )


def accumulate_whole(matched: Matched, selection: Selection, cubes: Cubes, recall_points: Any) -> None:
    """Fills the cubes from the matches of the whole set, in the kernel."""
    compared = matched.compared
    points = np.array(recall_points, dtype=np.float64)
    classes = len(compared.plan.category_ids)
    for number, found in enumerate(matched.found):
        start = number * THRESHOLDS_A_CALL
        stop = min(start + THRESHOLDS_A_CALL, len(compared.plan.thresholds))
        for area in range(len(compared.plan.area_ranges)):
            for place, limit in enumerate(selection.limits):
                precision, recall, scores = _kernel.precision_recall(
                    compared.class_order,
                    compared.class_offsets,
                    compared.detections.score,
                    compared.rank,
                    found.true_positive[area],
                    found.ignored[area],
                    matched.positives[area],
                    stop - start,
                    points,
                    int(limit),
                )
                cubes.precision[start:stop, :, :classes, area, place] = precision
                cubes.recall[start:stop, :classes, area, place] = recall
                cubes.scores[start:stop, :, :classes, area, place] = scores


def accumulate_entries(entries: Any, selection: Selection, cubes: Cubes, recall_points: Any) -> None:
    """Fills the cubes from the entries of `evalImgs`, whoever made or merged them."""
    if not selection.limits:
        return
    for (category, stored_category), (area, stored_area) in product(
        enumerate(selection.categories), enumerate(selection.areas)
    ):
        first = (stored_category * selection.stored_areas + stored_area) * selection.stored_images
        of_images = [entries[first + image] for image in selection.images]
        present = [entry for entry in of_images if entry is not None]
        if present:
            for place, limit in enumerate(selection.limits):
                _accumulate_cell(present, limit, cubes, (category, area, place), recall_points)


def _accumulate_cell(
    entries: Sequence[Entry], limit: Any, cubes: Cubes, cell: tuple[int, int, int], recall_points: Any
) -> None:
    scores = np.concatenate([entry["dtScores"][0:limit] for entry in entries])
    order = np.argsort(-scores, kind="mergesort")
    matches = np.concatenate([entry["dtMatches"][:, 0:limit] for entry in entries], axis=1)[:, order]
    ignored = np.concatenate([entry["dtIgnore"][:, 0:limit] for entry in entries], axis=1)[:, order]
    positives = np.count_nonzero(np.concatenate([entry["gtIgnore"] for entry in entries]) == 0)
    if positives == 0:
        return
    counts = np.logical_not(ignored)
    true = np.cumsum(np.logical_and(matches, counts), axis=1).astype(np.float64)
    false = np.cumsum(np.logical_and(np.logical_not(matches), counts), axis=1).astype(np.float64)
    recall = true / positives
    precision = true / (false + true + np.spacing(1))
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    for threshold in range(len(recall)):
        cubes.recall[threshold, *cell] = recall[threshold, -1] if len(order) else 0
        _read_curve(cubes, threshold, cell, recall[threshold], envelope[threshold], scores[order], recall_points)


def _read_curve(
    cubes: Cubes,
    threshold: int,
    cell: tuple[int, int, int],
    recall: FloatArray,
    envelope: FloatArray,
    scores: FloatArray,
    recall_points: Any,
) -> None:
    """Precision and score where each recall point is reached first; 0 from the first point that is not reached."""
    places = np.searchsorted(recall, recall_points, side="left")
    is_reached = places < len(recall)
    reached = len(places) if is_reached.all() else int(np.argmin(is_reached))
    precision_row, score_row = np.zeros(len(places)), np.zeros(len(places))
    precision_row[:reached] = envelope[places[:reached]]
    score_row[:reached] = scores[places[:reached]]
    cubes.precision[threshold, :, *cell] = precision_row
    cubes.scores[threshold, :, *cell] = score_row
