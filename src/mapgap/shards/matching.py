"""One task: the detections of one file matched with the ground truth of its images, as compact columns."""

import os
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.errors import AccessError
from mapgap.matching import match_detections
from mapgap.readings import USUAL, Reading
from mapgap.shards.joining import join_truths, of_images
from mapgap.shards.oddities import DetectionOddities, detection_oddities
from mapgap.shards.opening import open_shard
from mapgap.shards.plan import ShardTask
from mapgap.shards.survey import ground_truth_of
from mapgap.tables import (
    AREA_RANGES,
    IOU_THRESHOLDS,
    MAX_DETECTIONS,
    Detections,
    FloatArray,
    GroundTruth,
    IdArray,
    Notice,
)
from mapgap.visible_text import visible

BITS = np.uint16
"""Of one detection in one area range, one an IoU threshold."""


@dataclass(frozen=True)
class MatchedRows:
    """One row a counted detection, by category, then falling score, then image: what AP needs to know of it."""

    class_counts: IdArray
    """(K,) rows of each category."""
    score: FloatArray
    image_id: IdArray
    true_positive: np.ndarray[tuple[int, int], np.dtype[np.uint16]]
    """(A, rows) bit t: right at threshold t."""
    ignored: np.ndarray[tuple[int, int], np.dtype[np.uint16]]
    """(A, rows) bit t: not counted at threshold t."""


@dataclass(frozen=True)
class MatchedShard:
    """What one task found."""

    rows: MatchedRows
    found: IdArray
    """(M, A, T, K) true positives under each limit of detections an image and class."""
    class_detections: IdArray
    """(K,) all detections, cut ones too."""
    oddities: DetectionOddities
    notices: tuple[Notice, ...]
    """What reading had to say."""

    @property
    def without_rows(self) -> "MatchedShard":
        """The same without what grows with the detections."""
        return replace(self, rows=NO_ROWS)


NO_ROWS = MatchedRows(
    np.zeros(0, dtype=np.int64),
    np.zeros(0),
    np.zeros(0, dtype=np.int64),
    np.zeros((len(AREA_RANGES), 0), dtype=BITS),
    np.zeros((len(AREA_RANGES), 0), dtype=BITS),
)


def match_shard(task: ShardTask, iou_type: str = "bbox", reading: Reading = USUAL) -> MatchedShard:
    """Reads the files of the task and matches them. InputError and AccessError as the readers of `coco`."""
    ground_truth, detections = read_task(task, iou_type, reading)
    matches, _ = match_detections(ground_truth, detections)
    order = matches.class_order[matches.rank[matches.class_order] < MAX_DETECTIONS[-1]]
    classes = len(ground_truth.categories.ids)
    rows = MatchedRows(
        class_counts=np.bincount(detections.category[order], minlength=classes).astype(np.int64),
        score=detections.score[order],
        image_id=ground_truth.images.ids[detections.image[order]],
        true_positive=matches.true_positive[:, order].astype(BITS),
        ignored=matches.ignored[:, order].astype(BITS),
    )
    return MatchedShard(
        rows,
        _found(rows, matches.rank[order]),
        np.bincount(detections.category, minlength=classes).astype(np.int64),
        detection_oddities(ground_truth, detections),
        detections.notices,
    )


def read_task(task: ShardTask, iou_type: str = "bbox", reading: Reading = USUAL) -> tuple[GroundTruth, Detections]:
    """Both tables of a task: the ground truth of all its files, without attributes."""
    with_masks = iou_type == "segm"
    content = open_shard(task.detections, with_masks=with_masks, max_input_bytes=reading.max_input_bytes)
    signature = tuple((path, _signature(path)) for path in task.ground_truth)
    truth = _truth(signature, task.categories, with_masks, reading)
    assert content.detections is not None
    detections = read_detections(content.detections, truth, with_masks=with_masks, reading=reading)
    if len(task.ground_truth) == 1 and task.ground_truth[0] == task.detections:
        return truth, detections
    return of_images(truth, detections)


def forget_ground_truth() -> None:
    """Lets go of what is kept for the next task."""
    _truth.cache_clear()


def _found(rows: MatchedRows, rank: np.ndarray[tuple[int], np.dtype[np.int32]]) -> IdArray:
    classes = len(rows.class_counts)
    hits = np.flatnonzero(rows.true_positive.any(axis=0))
    category, rank = np.repeat(np.arange(classes), rows.class_counts)[hits], rank[hits]
    true_positive = rows.true_positive[:, hits]
    found = np.zeros((len(MAX_DETECTIONS), len(AREA_RANGES), len(IOU_THRESHOLDS), classes), dtype=np.int64)
    for limit, most in enumerate(MAX_DETECTIONS):
        is_within = rank < most
        of_class, bits = category[is_within], true_positive[:, is_within]
        for area in range(len(AREA_RANGES)):
            for threshold in range(len(IOU_THRESHOLDS)):
                is_hit = (bits[area] >> BITS(threshold)) & BITS(1) == 1
                found[limit, area, threshold] = np.bincount(of_class[is_hit], minlength=classes)
    return found


def _signature(path: str) -> tuple[int, int, int]:
    try:
        status = os.stat(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise AccessError(f"{visible(path)}: cannot be read any more: {reason}. Leave the shards as they are") from None
    return status.st_ino, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=1)
def _truth(
    files: tuple[tuple[str, tuple[int, int, int]], ...], categories: bytes, with_masks: bool, reading: Reading
) -> GroundTruth:
    """Kept for the next task, which often has the same: where all ground truth is one file."""
    tables = []
    for path, _ in files:
        content = open_shard(path, only_images=True, max_input_bytes=reading.max_input_bytes)
        text = ground_truth_of(content, categories)
        tables.append(read_ground_truth(text, with_masks=with_masks, with_attributes=False, reading=reading))
    return join_truths(tables)
