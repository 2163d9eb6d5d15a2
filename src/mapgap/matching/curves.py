"""COCO's precision, recall and score arrays from matches."""

from dataclasses import dataclass

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
