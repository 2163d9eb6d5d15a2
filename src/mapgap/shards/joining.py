"""The ground truth of several shards as one table, and the part of one that some detections need."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from mapgap.tables import Detections, GroundTruth, Images, IndexArray


def join_truths(tables: Sequence[GroundTruth]) -> GroundTruth:
    """One table of shards that share classes and no image; annotations in the order of the shards, no attributes."""
    if len(tables) == 1:
        return tables[0]
    ids = np.concatenate([table.images.ids for table in tables])
    order = np.argsort(ids, kind="stable")
    place = np.empty(len(ids), dtype=np.int32)
    place[order] = np.arange(len(ids), dtype=np.int32)
    starts = np.cumsum([0, *(len(table.images.ids) for table in tables[:-1])])
    masks = [table.masks for table in tables if table.masks is not None]
    return GroundTruth(
        name=tables[0].name,
        sha256=None,
        images=_joined_images([table.images for table in tables], order.tolist()),
        categories=tables[0].categories,
        record=np.concatenate([table.record for table in tables]),
        ids=np.concatenate([table.ids for table in tables]),
        image=np.concatenate([place[table.image + start] for table, start in zip(tables, starts, strict=True)]),
        category=np.concatenate([table.category for table in tables]),
        box=np.concatenate([table.box for table in tables]),
        area=np.concatenate([table.area for table in tables]),
        crowd=np.concatenate([table.crowd for table in tables]),
        attributes={},
        fields={},
        masks=tuple(chain.from_iterable(masks)) if len(masks) == len(tables) else None,
    )


def of_images(ground_truth: GroundTruth, detections: Detections) -> tuple[GroundTruth, Detections]:
    """Both tables with the images that have detections, and no other annotations."""
    has_detections = np.zeros(len(ground_truth.images.ids), dtype=np.bool_)
    has_detections[detections.image] = True
    if has_detections.all():
        return ground_truth, detections
    images, place = np.flatnonzero(has_detections), (np.cumsum(has_detections) - 1).astype(np.int32)
    rows = np.flatnonzero(has_detections[ground_truth.image])
    masks = ground_truth.masks
    truth = replace(
        ground_truth,
        images=_joined_images([ground_truth.images], images.tolist()),
        record=ground_truth.record[rows],
        ids=ground_truth.ids[rows],
        image=_placed(place, ground_truth.image[rows]),
        category=ground_truth.category[rows],
        box=np.ascontiguousarray(ground_truth.box[rows]),
        area=ground_truth.area[rows],
        crowd=ground_truth.crowd[rows],
        attributes={},
        fields={},
        masks=None if masks is None else tuple(masks[row] for row in rows.tolist()),
    )
    return truth, replace(detections, image=_placed(place, detections.image))


def _placed(place: IndexArray, image: IndexArray) -> IndexArray:
    return np.asarray(place[image], dtype=np.int32)


def _joined_images(tables: Sequence[Images], order: Sequence[int]) -> Images:
    file_names = list(chain.from_iterable(table.file_names for table in tables))
    dates = list(chain.from_iterable(table.dates_captured for table in tables))
    return Images(
        ids=np.concatenate([table.ids for table in tables])[order],
        file_position=np.arange(len(order), dtype=np.int64),
        width=np.concatenate([table.width for table in tables])[order],
        height=np.concatenate([table.height for table in tables])[order],
        file_names=tuple(file_names[place] for place in order),
        dates_captured=tuple(dates[place] for place in order),
        attributes={},
    )
