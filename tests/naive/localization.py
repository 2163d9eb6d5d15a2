"""Slow twins of LRP, optimal LRP and LaECE: one detection at a time, from the papers' definitions."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PlainFound:
    score: float
    iou: float | None
    """With the object it matches; None for a false positive."""


@dataclass(frozen=True)
class PlainError:
    error: float | None
    localization: float | None
    false_positive: float | None
    false_negative: float | None


def lrp(detections: list[PlainFound], objects: int, iou_threshold: float, score_threshold: float) -> PlainError:
    """Of one class with objects."""
    kept = [d for d in detections if d.score >= score_threshold]
    ious = [d.iou for d in kept if d.iou is not None]
    wrong, missed = len(kept) - len(ious), objects - len(ious)
    loose = sum(0.0 if iou_threshold == 1 else (1 - iou) / (1 - iou_threshold) for iou in ious)
    return PlainError(
        (loose + wrong + missed) / (len(ious) + wrong + missed),
        sum(1 - iou for iou in ious) / len(ious) if ious else None,
        wrong / len(kept) if kept else None,
        missed / objects,
    )


def optimal_lrp(detections: list[PlainFound], objects: int, iou_threshold: float) -> tuple[PlainError, float | None]:
    """The error at the best of all scores with a true positive, and that score."""
    best, threshold = PlainError(1.0, None, None, 1.0), None
    for score in sorted({d.score for d in detections}, reverse=True):
        here = lrp(detections, objects, iou_threshold, score)
        if here.localization is None or here.error is None or best.error is None:
            continue
        if threshold is None or here.error < best.error:
            best, threshold = here, score
    return best, threshold


def laece(detections: list[PlainFound], bins: int = 25) -> float | None:
    """Of one class: precision x mean IoU against the mean score, bin by bin."""
    if not detections:
        return None
    error = 0.0
    for place in range(bins):
        low, high = place / bins, (place + 1) / bins
        inside = [d for d in detections if (low < d.score <= high) or (place == 0 and d.score == 0)]
        ious = [d.iou for d in inside if d.iou is not None]
        if inside:
            precision = len(ious) / len(inside)
            mean_iou = sum(ious) / len(ious) if ious else 0.0
            mean_score = sum(d.score for d in inside) / len(inside)
            error += len(inside) / len(detections) * abs(precision * mean_iou - mean_score)
    return error
