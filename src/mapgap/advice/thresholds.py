"""Objects found below the score threshold: a threshold for that slice, chosen on half the images, tried on the rest."""

from dataclasses import dataclass

import numpy as np

from mapgap.advice.comparing import BEYOND_CHANCE, clustered_error
from mapgap.advice.halves import in_first_half
from mapgap.advice.hot_spots import HotSpot
from mapgap.advice.verifying import look_at_slice
from mapgap.number_words import count, percent
from mapgap.tables import BoolArray, FloatArray, IndexArray, Recommendation

COUNTED_FROM_LABELS = "image_crowding"
"""The one attribute of images that a detector cannot know; those of objects have no value at any detection."""


def threshold_for_slice(spot: HotSpot) -> Recommendation | None:
    """A lower threshold for detections whose own values are the slice's, where it raises F1 on images it never saw.

    Only for slices a detector can tell by itself: values of the image, of the box, or the class.
    """
    now = spot.results.operating_point.score_threshold
    if now is None or COUNTED_FROM_LABELS in spot.mode.where:
        return None
    whole = _outcomes(spot)
    is_first = in_first_half(spot.results.ground_truth.images.ids)
    first, held_out = whole.of_images(is_first), whole.of_images(~is_first)
    threshold = _best_threshold(first, now)
    if threshold is None or not _is_confirmed(held_out, threshold, now):
        return None
    return _advice(spot, held_out, threshold, now, int(is_first.sum()))


@dataclass(frozen=True)
class _Outcomes:
    """One row a counted detection; `objects` is the number of all objects of the images."""

    score: FloatArray
    right: BoolArray
    image: IndexArray
    in_slice: BoolArray
    target: IndexArray
    """The object it found, or -1."""
    objects: int
    object_image: IndexArray
    """Of every object."""
    is_in_images: BoolArray

    def of_images(self, chosen: BoolArray) -> "_Outcomes":
        """Those of the chosen images."""
        rows = chosen[self.image]
        return _Outcomes(
            self.score[rows],
            self.right[rows],
            self.image[rows],
            self.in_slice[rows],
            self.target[rows],
            int(chosen[self.object_image].sum()),
            self.object_image,
            chosen,
        )

    def added(self, threshold: float, now: float) -> BoolArray:
        """The rows that the lower threshold keeps and the present one does not."""
        return self.in_slice & (self.score >= threshold) & (self.score < now)

    def f1(self, kept: BoolArray) -> float:
        """Of all detections `kept`; 2 TP + FP + FN is kept detections plus objects."""
        return 2 * int(self.right[kept].sum()) / max(1, int(kept.sum()) + self.objects)


def _outcomes(spot: HotSpot) -> _Outcomes:
    results = spot.results
    rows = np.flatnonzero(spot.case.counted)
    truth = results.ground_truth
    return _Outcomes(
        score=results.detections.score[rows],
        right=spot.case.right[rows],
        image=results.detections.image[rows],
        in_slice=spot.holds_detection()[rows],
        target=results.matches.matched[0, results.analysis_threshold][rows],
        objects=int(truth.is_object.sum()),
        object_image=truth.image[truth.is_object],
        is_in_images=np.ones(len(truth.images.ids), dtype=np.bool_),
    )


def _best_threshold(outcomes: _Outcomes, now: float) -> float | None:
    """The score below the present threshold with the highest F1 over all detections, of equal ones the highest score.

    None where the present threshold is as good.
    """
    below = np.flatnonzero(outcomes.in_slice & (outcomes.score < now))
    below = below[np.argsort(-outcomes.score[below], kind="stable")]
    score = outcomes.score[below]
    is_last_of_score = np.append(score[1:] != score[:-1], True)[: len(score)]
    kept = outcomes.score >= now
    right = int(outcomes.right[kept].sum()) + np.cumsum(outcomes.right[below])
    f1 = 2 * right / np.maximum(1, int(kept.sum()) + np.arange(1, len(below) + 1) + outcomes.objects)
    candidates = np.flatnonzero(is_last_of_score)
    if not len(candidates) or f1[candidates].max() <= outcomes.f1(kept):
        return None
    return float(score[candidates[np.argmax(f1[candidates])]])


def _is_confirmed(held_out: _Outcomes, threshold: float, now: float) -> bool:
    """Whether F1 rises there too, by more than chance.

    It rises where twice the objects found, minus F1 times the detections added, is above 0 (from the definition of F1).
    """
    kept = held_out.score >= now
    added = held_out.added(threshold, now)
    worth = (2 * held_out.right[added] - held_out.f1(kept)).astype(np.float64)
    total = float(worth.sum())
    is_beyond_chance = total > BEYOND_CHANCE * clustered_error(worth, held_out.image[added])
    return is_beyond_chance and held_out.f1(kept | added) > held_out.f1(kept)


def _advice(spot: HotSpot, held_out: _Outcomes, threshold: float, now: float, images_chosen_on: int) -> Recommendation:
    kept, added = held_out.score >= now, held_out.added(threshold, now)
    inside = spot.objects & held_out.is_in_images[spot.results.ground_truth.image]
    found_now, found_then = (_found(held_out, rows, inside) for rows in (kept, kept | added))
    before, after = (_precision(held_out, rows) for rows in (kept, kept | added))
    more = int(held_out.right[added].sum())
    evidence = {
        "score_threshold": threshold,
        "score_threshold_now": now,
        "images_chosen_on": images_chosen_on,
        "held_out_images": int(held_out.is_in_images.sum()),
        "held_out_objects": int(inside.sum()),
        "held_out_found_now": found_now,
        "held_out_found": found_then,
        "held_out_detections_added": int(added.sum()),
        "held_out_right_among_added": more,
        "held_out_precision_now": before,
        "held_out_precision": after,
        "held_out_f1_now": held_out.f1(kept),
        "held_out_f1": held_out.f1(kept | added),
    }
    text = (
        f"Keep this slice's detections from score {threshold:.3g} instead of {now:.3g}. Chosen on one half of the "
        f"images, that adds {count(int(added.sum()))} detections in the other half, of which {count(more)} are right, "
        f"and takes the slice's precision there from {percent(before)} to {percent(after)}."
    )
    what = f"recall and precision at the new threshold, against {now:.3g}"
    return Recommendation("threshold_for_slice", text, evidence, look_at_slice(spot, what, score_threshold=threshold))


def _found(outcomes: _Outcomes, rows: BoolArray, inside: BoolArray) -> int:
    targets = outcomes.target[rows & outcomes.right]
    return int(inside[targets].sum())


def _precision(outcomes: _Outcomes, rows: BoolArray) -> float | None:
    chosen = outcomes.right[rows & outcomes.in_slice]
    return float(chosen.mean()) if len(chosen) else None
