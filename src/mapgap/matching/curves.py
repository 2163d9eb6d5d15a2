"""COCO's precision, recall and score arrays from matches."""

from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.tables import RECALL_THRESHOLDS, Detections, FloatArray, Matches


@dataclass(frozen=True)
class Curves:
    """One area range and one limit of detections: `precision` and `scores` (T, R, K), `recall` (T, K).

    -1 for classes without a counted object, as in pycocotools; use `Matches.positives` to tell them.
    """

    precision: FloatArray
    recall: FloatArray
    scores: FloatArray


def accumulate(
    detections: Detections, matches: Matches, *, area: int = 0, max_detections: int = 100, threads: int = 0
) -> Curves:
    """The arrays of pycocotools' accumulate for the area range at position `area`, bit for bit.

    Source: pycocotools 2.0.11, cocoeval.py, accumulate.
    """
    return Curves(
        *_kernel.precision_recall(
            matches.class_order,
            matches.class_offsets,
            detections.score,
            matches.rank,
            matches.true_positive[area],
            matches.ignored[area],
            matches.positives[area],
            len(matches.iou_thresholds),
            RECALL_THRESHOLDS,
            max_detections,
            threads=threads,
        )
    )


def accumulate_defined(
    detections: Detections,
    matches: Matches,
    *,
    area: int,
    max_detections: int,
    with_precision: bool,
    threads: int = 0,
) -> tuple[FloatArray, FloatArray]:
    """(precision (T, R, K'), recall (T, K')) of the K' classes that have a counted object, in order.

    What means are taken of; memory does not grow with classes that have nothing to find. Precision is empty unless
    wanted.
    """
    is_defined = matches.positives[area] > 0
    lengths = np.diff(matches.class_offsets)
    offsets = np.concatenate([[0], np.cumsum(lengths[is_defined])]).astype(np.int64)
    precision, recall, _ = _kernel.precision_recall(
        matches.class_order[np.repeat(is_defined, lengths)],
        offsets,
        detections.score,
        matches.rank,
        matches.true_positive[area],
        matches.ignored[area],
        matches.positives[area][is_defined],
        len(matches.iou_thresholds),
        RECALL_THRESHOLDS,
        max_detections,
        with_precision=with_precision,
        with_scores=False,
        threads=threads,
    )
    return precision, recall
