"""Match all images and classes at once, in the kernel, and read the curves of the whole set from that."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.pycocotools.whole_set import Compared
from mapgap.tables import BitArray, FloatArray, IdArray, IndexArray

THRESHOLDS_A_CALL = 32


@dataclass(frozen=True)
class Found:
    """Matches at up to 32 thresholds; see `Matches` for the arrays."""

    thresholds: int
    matched: IndexArray
    true_positive: BitArray
    ignored: BitArray


@dataclass(frozen=True)
class Matched:
    """All that `accumulate` needs."""

    compared: Compared
    found: Sequence[Found]
    """One entry for every 32 thresholds."""
    positives: IdArray
    """(A, K) number of annotations that count."""


def match_whole_set(compared: Compared) -> Matched:
    """The matches at all thresholds and area ranges, a match with annotation id 0 read as none."""
    annotations, classes = compared.annotations, len(compared.plan.category_ids)
    has_id_zero = bool((annotations.id_numbers == 0).any())
    found = find_matches(compared, len(compared.plan.area_ranges) if has_id_zero else 0)
    counted = [np.bincount(annotations.placed.category[~ignored], minlength=classes) for ignored in annotations.ignored]
    return Matched(
        compared=compared,
        found=[_without_id_zero(compared, each) for each in found] if has_id_zero else found,
        positives=np.stack(counted).astype(np.int64),
    )


def find_matches(compared: Compared, areas: int) -> list[Found]:
    """The kernel's matches, with who matched whom in the first `areas` area ranges, whatever the ids."""
    annotations, detections, pairs = compared.annotations, compared.detections, compared.pairs
    thresholds = compared.plan.thresholds
    calls = np.split(thresholds, range(THRESHOLDS_A_CALL, len(thresholds), THRESHOLDS_A_CALL))
    return [
        Found(
            len(call),
            *_kernel.match(
                compared.cells.order,
                compared.rank,
                detections.placed.image,
                detections.placed.category,
                pairs.offsets,
                pairs.object,
                pairs.iou,
                annotations.placed.category,
                annotations.crowd.view(np.uint8),
                annotations.ignored.view(np.uint8),
                detections.outside.view(np.uint8),
                call,
                compared.plan.limit,
                areas,
            ),
        )
        for call in calls
    ]


def read_curves(
    matched: Matched, area: int, limit: int, recall_points: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Precision (T, R, K), recall (T, K) and scores (T, R, K) of one area range and limit of detections."""
    compared = matched.compared
    parts = [
        _kernel.precision_recall(
            compared.class_order,
            compared.class_offsets,
            compared.detections.score,
            compared.rank,
            found.true_positive[area],
            found.ignored[area],
            matched.positives[area],
            found.thresholds,
            recall_points,
            limit,
        )
        for found in matched.found
    ]
    if len(parts) == 1:
        return parts[0]
    precision, recall, scores = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return precision, recall, scores


def _without_id_zero(compared: Compared, found: Found) -> Found:
    true_positive, ignored = found.true_positive.copy(), found.ignored.copy()
    for threshold in range(found.matched.shape[1]):
        bit = np.uint32(1 << threshold)
        # Row -1, of who matched nothing, reads the NaN at the end.
        is_zero = np.append(compared.annotations.id_numbers, np.nan)[found.matched[:, threshold]] == 0
        is_lost = is_zero & (true_positive & bit != 0)
        true_positive[is_lost] &= ~bit
        ignored[is_lost & compared.detections.outside] |= bit
    return Found(found.thresholds, found.matched, true_positive, ignored)
