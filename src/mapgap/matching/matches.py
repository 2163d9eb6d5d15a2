"""From columns to matches: order the detections, pair them with overlapping annotations, match greedily."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.matching.mask_pairs import find_mask_pairs
from mapgap.tables import (
    AREA_RANGES,
    EQUAL_BOXES_IOU,
    IOU_THRESHOLDS,
    MAX_DETECTIONS,
    BitArray,
    BoolArray,
    Detections,
    FloatArray,
    GroundTruth,
    IdArray,
    IndexArray,
    Matches,
    Pairs,
)


@dataclass(frozen=True)
class Order:
    """Stable orders of the detections; see the fields of the same names in `Matches`."""

    order: IndexArray
    rank: IndexArray
    class_order: IndexArray
    class_offsets: IdArray


def order_detections(ground_truth: GroundTruth, detections: Detections, *, threads: int = 0) -> Order:
    """The orders in which COCO looks at detections: by image and class for matching, by class for accumulation."""
    return Order(
        *_kernel.order_detections(
            detections.image,
            detections.category,
            detections.score,
            len(ground_truth.images.ids),
            len(ground_truth.categories.ids),
            threads=threads,
        )
    )


def find_pairs(
    ground_truth: GroundTruth,
    detections: Detections,
    order: IndexArray,
    *,
    minimum_iou: float,
    across_classes: bool,
    threads: int = 0,
) -> Pairs:
    """Pairs of a detection and an annotation of its image with at least `minimum_iou`, of masks if both have them.

    Across classes for causes, confusion and TIDE; within a class is all that matching needs.
    """
    minimum_iou = min(minimum_iou, EQUAL_BOXES_IOU)
    if ground_truth.masks is not None and detections.masks is not None:
        return find_mask_pairs(ground_truth, detections, order, minimum_iou=minimum_iou, across_classes=across_classes)
    return Pairs(
        *_kernel.box_pairs(
            order,
            detections.image,
            detections.category,
            detections.box,
            ground_truth.image,
            ground_truth.category,
            ground_truth.box,
            ground_truth.crowd.view(np.uint8),
            len(ground_truth.images.ids),
            minimum_iou,
            across_classes,
            threads=threads,
        )
    )


def match_detections(
    ground_truth: GroundTruth,
    detections: Detections,
    *,
    iou_thresholds: FloatArray = IOU_THRESHOLDS,
    area_ranges: Mapping[str, tuple[float, float]] = AREA_RANGES,
    max_detections: Sequence[int] = MAX_DETECTIONS,
    minimum_pair_iou: float | None = None,
    across_classes: bool = False,
    every_area: bool = False,
    id_zero_is_no_match: bool = False,
    threads: int = 0,
) -> tuple[Matches, Pairs]:
    """COCO's matches at up to 32 IoU thresholds for every area range, and the pairs they were chosen from.

    `minimum_pair_iou` and `across_classes` widen the pairs for those who need more than matching does.
    `every_area` keeps who matched whom for all area ranges, not only for the first. `id_zero_is_no_match` copies
    pycocotools, which stores annotation ids as matches and so takes a match with id 0 for none.
    Source: pycocotools 2.0.11, cocoeval.py, evaluateImg.
    """
    order = order_detections(ground_truth, detections, threads=threads)
    lowest = float(np.min(iou_thresholds, initial=np.inf))
    pairs = find_pairs(
        ground_truth,
        detections,
        order.order,
        minimum_iou=lowest if minimum_pair_iou is None else min(lowest, minimum_pair_iou),
        across_classes=across_classes,
        threads=threads,
    )
    is_ignored_object = np.stack(
        [_outside(ground_truth.area, area) | ground_truth.crowd for area in area_ranges.values()]
    )
    is_outside = np.stack([_outside(detections.area, area) for area in area_ranges.values()])
    matched, true_positive, ignored = _kernel.match(
        order.order,
        order.rank,
        detections.image,
        detections.category,
        pairs.offsets,
        pairs.object,
        pairs.iou,
        ground_truth.category,
        ground_truth.crowd.view(np.uint8),
        is_ignored_object.view(np.uint8),
        is_outside.view(np.uint8),
        np.ascontiguousarray(iou_thresholds, dtype=np.float64),
        max(max_detections),
        len(area_ranges) if every_area or id_zero_is_no_match else 1,
        threads=threads,
    )
    if id_zero_is_no_match:
        _forget_matches_with_id_zero(ground_truth, matched, true_positive, ignored, is_outside)
    matches = Matches(
        iou_thresholds=np.asarray(iou_thresholds, dtype=np.float64),
        area_ranges=dict(area_ranges),
        max_detections=tuple(sorted(max_detections)),
        order=order.order,
        rank=order.rank,
        class_order=order.class_order,
        class_offsets=order.class_offsets,
        matched=matched,
        true_positive=true_positive,
        ignored=ignored,
        positives=_count_positives(ground_truth, is_ignored_object),
    )
    return matches, pairs


def _outside(area: FloatArray, area_range: tuple[float, float]) -> BoolArray:
    low, high = area_range
    return np.asarray((area < low) | (area > high))


def _count_positives(ground_truth: GroundTruth, is_ignored_object: BoolArray) -> IdArray:
    classes = len(ground_truth.categories.ids)
    counts = [np.bincount(ground_truth.category[~is_ignored], minlength=classes) for is_ignored in is_ignored_object]
    return np.stack(counts).astype(np.int64)


def _forget_matches_with_id_zero(
    ground_truth: GroundTruth, matched: IndexArray, true_positive: BitArray, ignored: BitArray, is_outside: BoolArray
) -> None:
    """Turns matches with annotation id 0 into unmatched detections, in place, as pycocotools reads them."""
    zero_rows = np.flatnonzero(ground_truth.ids == 0)
    for threshold in range(matched.shape[1]):
        bit = np.uint32(1 << threshold)
        is_lost = np.isin(matched[:, threshold], zero_rows) & (true_positive & bit != 0)
        true_positive[is_lost] &= ~bit
        ignored[is_lost & is_outside] |= bit
        matched[:, threshold][is_lost] = -1
