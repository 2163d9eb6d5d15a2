"""Precision, recall and scores at every threshold, recall point, class, area range and limit of detections."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from mapgap.pycocotools.columns import are_limits, finite_numbers
from mapgap.pycocotools.whole_matches import Matched, read_curves
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
class Curves:
    """What the cubes can be made from, as long as nobody has asked for them."""

    matched: Matched
    limits: list[int]
    recall_points: FloatArray
    counts: list[int]


@dataclass(frozen=True)
class Cubes:
    """`precision` and `scores` (T, R, K, A, M), `recall` (T, K, A, M); -1 where nothing counts."""

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


def count_settings(params: Any) -> list[int]:
    """Numbers of thresholds, recall points, classes, area ranges and limits."""
    classes = len(params.catIds) if params.useCats else 1
    return [len(params.iouThrs), len(params.recThrs), classes, len(params.areaRng), len(params.maxDets)]


def whole_curves(matched: Matched, selection: Selection, params: Any) -> Curves | None:
    """What `accumulate` makes of the whole set; None unless all of it is selected, by usual points and limits."""
    plan, points = matched.compared.plan, finite_numbers(params.recThrs)
    areas, images = len(plan.area_ranges), len(plan.image_ids)
    everything = Selection(
        categories=list(range(len(plan.category_ids))),
        areas=list(range(areas)),
        limits=selection.limits,
        images=list(range(images)),
        stored_areas=areas,
        stored_images=images,
    )
    is_usual = (
        selection == everything
        and len(params.iouThrs) == len(plan.thresholds)
        and are_limits(selection.limits)
        and max(selection.limits) <= plan.limit
    )
    # The kernel walks along rising recall points.
    if not is_usual or points is None or (np.diff(points) < 0).any():
        return None
    return Curves(matched, list(map(int, selection.limits)), points, count_settings(params))


def cubes_of_curves(curves: Curves) -> Cubes:
    """The cubes from the matches of the whole set, in the kernel."""
    cubes = _empty_cubes(curves.counts)
    classes = len(curves.matched.compared.plan.category_ids)
    for area in range(len(curves.matched.compared.plan.area_ranges)):
        for place, limit in enumerate(curves.limits):
            precision, recall, scores = read_curves(curves.matched, area, limit, curves.recall_points)
            cubes.precision[:, :, :classes, area, place] = precision
            cubes.recall[:, :classes, area, place] = recall
            cubes.scores[:, :, :classes, area, place] = scores
    return cubes


def cubes_of_entries(entries: Any, selection: Selection, counts: list[int], recall_points: Any) -> Cubes:
    """The cubes from the entries of `evalImgs`, whoever made or merged them."""
    cubes = _empty_cubes(counts)
    if not selection.limits:
        return cubes
    for (category, stored_category), (area, stored_area) in product(
        enumerate(selection.categories), enumerate(selection.areas)
    ):
        first = (stored_category * selection.stored_areas + stored_area) * selection.stored_images
        of_images = [entries[first + image] for image in selection.images]
        present = [entry for entry in of_images if entry is not None]
        if present:
            for place, limit in enumerate(selection.limits):
                _accumulate_cell(present, limit, cubes, (category, area, place), recall_points)
    return cubes


def _empty_cubes(counts: list[int]) -> Cubes:
    return Cubes(-np.ones(counts), -np.ones([counts[0], *counts[2:]]), -np.ones(counts))


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
