"""COCO's choice among the annotations a detection overlaps, a threshold and area range at a time (definitions.md 1)."""

from collections.abc import Sequence
from dataclasses import dataclass

NOTHING = -1


@dataclass(frozen=True)
class NaiveChoice:
    """One detection: the annotation it matched, or NOTHING, and what that makes of it."""

    matched: int
    true_positive: bool
    ignored: bool


def choose(
    pairs: Sequence[Sequence[tuple[int, float]]],
    threshold: float,
    *,
    crowd: Sequence[bool],
    ignored: Sequence[bool],
    outside: Sequence[bool],
) -> list[NaiveChoice]:
    """Detections of one image and class by falling score; `pairs` are their overlaps, (annotation, IoU).

    An undefined IoU is never below the best so far, nor is anything below it (cocoeval.py, evaluateImg).
    """
    taken: set[int] = set()
    choices = []
    for overlaps, is_outside in zip(pairs, outside, strict=True):
        best, best_iou = NOTHING, min(threshold, 1 - 1e-10)
        for wanted in (False, True):
            for annotation, iou in overlaps:
                is_free = annotation not in taken or crowd[annotation]
                if best != NOTHING and ignored[best] != wanted:
                    break
                if ignored[annotation] == wanted and is_free and not iou < best_iou:
                    best, best_iou = annotation, iou
        taken.add(best)
        is_true_positive = best != NOTHING and not ignored[best]
        is_ignored = is_outside if best == NOTHING else ignored[best]
        choices.append(NaiveChoice(best, is_true_positive, is_ignored))
    return choices
