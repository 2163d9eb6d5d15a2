"""Objects found below the score threshold: a threshold for that slice, chosen on half the images, tried on the rest."""

from dataclasses import dataclass

import numpy as np

from mapgap.advice.comparing import BEYOND_CHANCE, clustered_error
from mapgap.advice.halves import Half
from mapgap.advice.hot_spots import HotSpot
from mapgap.advice.verifying import look_at_slice
from mapgap.number_words import count, percent
from mapgap.tables import COUNTED_FROM_LABELS, BoolArray, Recommendation


def threshold_for_slice(spot: HotSpot) -> Recommendation | None:
    """A lower threshold for detections whose own values are the slice's, where it raises F1 on images it never saw.

    Only for slices a detector can tell by itself: values of the image, of the box, or the class. Nothing is advised
    where each class has a threshold of its own already: it would be a threshold for a class and a slice.
    """
    now = spot.results.operating_point.score_threshold
    if now is None or not COUNTED_FROM_LABELS.isdisjoint(spot.mode.where):
        return None
    first, held_out = spot.case.halves
    holds = spot.holds_detection()
    threshold = best_threshold(first, holds[first.detection], now)
    if threshold is None:
        return None
    tried = _Trial(held_out, holds[held_out.detection], threshold, now)
    return _advice(spot, tried, int(first.images.sum())) if tried.is_confirmed() else None


def best_threshold(half: Half, in_slice: BoolArray, now: float) -> float | None:
    """The score below the present threshold with the highest F1 over all detections, of equal ones the highest score.

    `in_slice` has one row a row of the half. None where the present threshold is as good.
    """
    kept = half.score >= now
    below = np.flatnonzero(in_slice & ~kept)
    below = below[np.argsort(-half.score[below], kind="stable")]
    score = half.score[below]
    is_last_of_score = np.append(score[1:] != score[:-1], True)[: len(score)]
    right = int(half.right[kept].sum()) + np.cumsum(half.right[below])
    f1 = 2 * right / np.maximum(1, int(kept.sum()) + np.arange(1, len(below) + 1) + half.objects)
    candidates = np.flatnonzero(is_last_of_score)
    if not len(candidates) or f1[candidates].max() <= half.f1(kept):
        return None
    return float(score[candidates[np.argmax(f1[candidates])]])


@dataclass(frozen=True)
class _Trial:
    """A threshold for a slice on images it was not chosen on."""

    half: Half
    in_slice: BoolArray
    threshold: float
    now: float

    @property
    def kept(self) -> BoolArray:
        """The rows that the present threshold keeps."""
        return self.half.score >= self.now

    @property
    def added(self) -> BoolArray:
        """The rows that the lower threshold keeps and the present one does not."""
        return self.in_slice & ~self.kept & (self.half.score >= self.threshold)

    def is_confirmed(self) -> bool:
        """Whether F1 rises by more than chance.

        It rises where twice the objects found, minus F1 times the detections added, is above 0 (from its definition).
        """
        kept, added = self.kept, self.added
        before = self.half.f1(kept)
        worth = (2 * self.half.right[added] - before).astype(np.float64)
        is_beyond_chance = float(worth.sum()) > BEYOND_CHANCE * clustered_error(worth, self.half.image[added])
        return is_beyond_chance and self.half.f1(kept | added) > before


def _advice(spot: HotSpot, tried: _Trial, images_chosen_on: int) -> Recommendation:
    half, kept, added, threshold, now = tried.half, tried.kept, tried.added, tried.threshold, tried.now
    inside = spot.objects & half.images[spot.results.ground_truth.image]
    before, after = (_precision(half, rows & tried.in_slice) for rows in (kept, kept | added))
    more = int(half.right[added].sum())
    evidence = {
        "score_threshold": threshold,
        "score_threshold_now": now,
        "images_chosen_on": images_chosen_on,
        "held_out_images": int(half.images.sum()),
        "held_out_objects": int(inside.sum()),
        "held_out_found_now": _found(spot, half, kept, inside),
        "held_out_found": _found(spot, half, kept | added, inside),
        "held_out_detections_added": int(added.sum()),
        "held_out_right_among_added": more,
        "held_out_precision_now": before,
        "held_out_precision": after,
        "held_out_f1_now": half.f1(kept),
        "held_out_f1": half.f1(kept | added),
    }
    text = (
        f"Keep this slice's detections from score {threshold:.3g} instead of {now:.3g}. Chosen on one half of the "
        f"images, that adds {count(int(added.sum()))} detections in the other half, of which {count(more)} are right, "
        f"and takes the slice's precision there from {percent(before)} to {percent(after)}."
    )
    what = f"recall and precision at the new threshold, against {now:.3g}"
    return Recommendation("threshold_for_slice", text, evidence, look_at_slice(spot, what, score_threshold=threshold))


def _found(spot: HotSpot, half: Half, rows: BoolArray, inside: BoolArray) -> int:
    """How many objects of the slice the right ones of these rows find."""
    results = spot.results
    right = half.detection[rows & half.right]
    return int(inside[results.matches.matched[0, results.analysis_threshold][right]].sum())


def _precision(half: Half, rows: BoolArray) -> float | None:
    chosen = half.right[rows]
    return float(chosen.mean()) if len(chosen) else None
