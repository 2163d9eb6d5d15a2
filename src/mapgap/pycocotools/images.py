"""The entries of `evalImgs` and `ious` from the matches of the whole set, made when somebody reads them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools import mask as masks

from mapgap.pycocotools.garbage import without_garbage_collection
from mapgap.pycocotools.whole_matches import find_matches
from mapgap.pycocotools.whole_set import Boxes, Compared
from mapgap.tables import BoolArray, FloatArray, IdArray, IndexArray

Entry = dict[str, Any]


@dataclass(frozen=True)
class Area:
    """One area range: columns in the order of the cells, from which entries are cut; `annotation_ignored` is 0 or 1."""

    detection_ids: list[Any]
    scores: list[Any]
    detection_matches: FloatArray
    detection_ignored: BoolArray
    annotation_ids: list[Any]
    annotation_matches: FloatArray
    annotation_ignored: IdArray


@without_garbage_collection()
def evaluated_images(compared: Compared) -> list[Entry | None]:
    """One entry for each class, area range and image, in this order; None where there is nothing at all."""
    plan, cells = compared.plan, compared.cells
    areas, images = len(plan.area_ranges), len(plan.image_ids)
    entries: list[Entry | None] = [None] * (len(plan.category_ids) * areas * images)
    who = np.concatenate([found.matched for found in find_matches(compared, areas)], axis=1)
    for place, area_range in enumerate(plan.area_ranges):
        area = _area(compared, who[place], place)
        for cell, (image, category) in enumerate(zip(cells.image.tolist(), cells.category.tolist(), strict=True)):
            names = {"image_id": plan.image_ids[image], "category_id": plan.category_ids[category], "aRng": area_range}
            entry = names | {"maxDet": plan.limit} | _cut(compared, area, cell)
            entries[(category * areas + place) * images + image] = entry
    return entries


@without_garbage_collection()
def all_similarities(compared: Compared) -> dict[tuple[Any, Any], Any]:
    """The similarity matrix of every image and class, [] where it has no rows or no columns."""
    plan, cells = compared.plan, compared.cells
    result: dict[tuple[Any, Any], Any] = {
        (image, category): [] for image in plan.image_ids for category in plan.category_ids
    }
    for cell, (image, category) in enumerate(zip(cells.image.tolist(), cells.category.tolist(), strict=True)):
        matrix = (
            compared.similarity[cell] if compared.boxes is None else _box_similarity(compared, compared.boxes, cell)
        )
        result[plan.image_ids[image], plan.category_ids[category]] = matrix
    return result


def _area(compared: Compared, who: IndexArray, place: int) -> Area:
    """Columns of the area range at `place`; `who` (T, D) is the annotation row each detection matched, or -1."""
    annotations, detections, cells = compared.annotations, compared.detections, compared.cells
    ignored, rows = annotations.ignored[place], cells.order.tolist()
    # Row -1, of who matched nothing, reads the last entry.
    matched = who[:, cells.order]
    matched_ids = np.append(annotations.id_numbers, 0.0)[matched]
    is_absorbed = np.append(ignored, False)[matched]
    found_by = np.zeros((len(who), len(ignored)))
    threshold, position = np.nonzero(matched >= 0)
    # A crowd is found many times: the last detection is assigned last.
    found_by[threshold, matched[threshold, position]] = detections.id_numbers[cells.order[position]]
    by_flag = _ignored_last(compared, ignored)
    return Area(
        detection_ids=[detections.ids[row] for row in rows],
        scores=[detections.scores[row] for row in rows],
        detection_matches=matched_ids,
        detection_ignored=is_absorbed | ((matched_ids == 0) & detections.outside[place][cells.order]),
        annotation_ids=[annotations.ids[row] for row in by_flag.tolist()],
        annotation_matches=found_by[:, by_flag],
        annotation_ignored=ignored[by_flag].astype(np.int64),
    )


def _ignored_last(compared: Compared, ignored: BoolArray) -> IndexArray:
    """Annotation rows by cell, those that count first, else in file order."""
    cells = compared.cells
    cell = np.repeat(np.arange(len(cells.image)), np.diff(cells.annotation_offsets))
    return cells.annotation_order[np.argsort(2 * cell + ignored[cells.annotation_order], kind="stable")]


def _cut(compared: Compared, area: Area, cell: int) -> Entry:
    offsets = compared.cells.detection_offsets
    start, stop = int(offsets[cell]), int(min(offsets[cell + 1], offsets[cell] + compared.plan.limit))
    first, last = compared.cells.annotation_offsets[cell : cell + 2].tolist()
    # NumPy makes an empty list an array of float64.
    ignored = area.annotation_ignored[first:last].copy() if last > first else np.zeros(0)
    return {
        "dtIds": area.detection_ids[start:stop],
        "gtIds": area.annotation_ids[first:last],
        "dtMatches": area.detection_matches[:, start:stop].copy(),
        "gtMatches": area.annotation_matches[:, first:last].copy(),
        "dtScores": area.scores[start:stop],
        "gtIgnore": ignored,
        "dtIgnore": area.detection_ignored[:, start:stop].copy(),
    }


def _box_similarity(compared: Compared, boxes: Boxes, cell: int) -> Any:
    cells = compared.cells
    start, stop = int(cells.detection_offsets[cell]), int(cells.detection_offsets[cell + 1])
    first, last = cells.annotation_offsets[cell : cell + 2].tolist()
    found = cells.order[start : min(stop, start + compared.plan.limit)]
    true = cells.annotation_order[first:last]
    return masks.iou(boxes.detections[found], boxes.annotations[true], compared.annotations.crowd[true])
