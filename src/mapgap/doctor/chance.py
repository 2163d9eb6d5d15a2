"""How many objects a reading would match by chance: with the boxes of other images, or with other classes."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from mapgap.doctor.trials import Match, Placed, Trial, in_format, match_placed
from mapgap.tables import FloatArray, GroundTruth, IndexArray

DRAWS = 8
_FEW_IMAGES = 5
_SEED = 0


@dataclass(frozen=True)
class Chance:
    """Matches of draws that have the reading's boxes and classes, and nothing to do with the pictures."""

    mean: float
    spread: float
    """Variance over mean, at least 1: matches of crowds come together."""

    def is_beaten_by(self, matched: int, level: float) -> bool:
        """Whether so many matches are so rare: a Poisson tail of matches that come in clumps of `spread`."""
        return _poisson_tail(matched / self.spread, self.mean / self.spread) <= level


def of_other_images(ground_truth: GroundTruth, trial: Trial, match: Match) -> Chance:
    """Every image's detections laid over another image of the sample, or moved about where there are few images."""
    truth = in_format(ground_truth, trial.reading.ground_truth_box_format) or ground_truth
    images = np.unique(trial.placed.image)
    draws = _swapped(truth, trial.placed, images) if len(images) >= _FEW_IMAGES else _moved(truth, trial.placed)
    return _chance(truth, trial, match, draws)


def of_other_classes(ground_truth: GroundTruth, trial: Trial, match: Match) -> Chance:
    """The classes of the detections exchanged for one another."""
    truth = in_format(ground_truth, trial.reading.ground_truth_box_format) or ground_truth
    classes = np.unique(np.concatenate([trial.placed.category, truth.category[trial.objects]]))
    return _chance(truth, trial, match, _renamed(trial.placed, classes))


def _chance(ground_truth: GroundTruth, trial: Trial, match: Match, draws: Iterator[Placed]) -> Chance:
    counts = [match_placed(ground_truth, drawn, trial.reading, match, trial.detections).matched for drawn in draws]
    # One match more than was seen: nothing is impossible after eight draws.
    mean = (sum(counts) + 1) / len(counts)
    return Chance(mean, max(1.0, float(np.var(counts)) / mean))


def _swapped(ground_truth: GroundTruth, placed: Placed, images: IndexArray) -> Iterator[Placed]:
    """Cyclic exchanges of the images in random order; boxes grow with the image, so that they lie as they did."""
    ring = np.random.default_rng(_SEED).permutation(images)
    position = np.empty(int(images.max()) + 1, dtype=np.int64)
    position[ring] = np.arange(len(ring))
    for step in range(1, min(DRAWS, len(ring) - 1) + 1):
        other = ring[(position[placed.image] + step) % len(ring)].astype(np.int32)
        ratio = _sizes(ground_truth, other) / _sizes(ground_truth, placed.image)
        yield replace(placed, image=other, box=placed.box * np.tile(np.where(np.isfinite(ratio), ratio, 1), 2))


def _moved(ground_truth: GroundTruth, placed: Placed) -> Iterator[Placed]:
    """Boxes mirrored and rolled around within their images; within what all boxes reach where sizes are unknown."""
    size = _sizes(ground_truth, placed.image)
    reach = np.concatenate([placed.box, ground_truth.box])
    size = np.where(size > 0, size, (reach[:, :2] + reach[:, 2:]).max(axis=0))
    room = np.maximum(size - placed.box[:, 2:], 1e-9)
    for across, down in ((True, False), (False, True), (True, True)):
        corner = np.where([across, down], room - placed.box[:, :2], placed.box[:, :2])
        yield replace(placed, box=np.hstack([corner, placed.box[:, 2:]]))
    for way in np.random.default_rng(_SEED).uniform(0.2, 0.8, (DRAWS - 3, 2)):
        yield replace(placed, box=np.hstack([(placed.box[:, :2] + way * size) % room, placed.box[:, 2:]]))


def _renamed(placed: Placed, classes: IndexArray) -> Iterator[Placed]:
    random = np.random.default_rng(_SEED)
    name = np.zeros(int(classes.max()) + 1, dtype=np.int32)
    for _ in range(DRAWS):
        name[classes] = random.permutation(classes)
        yield replace(placed, category=name[placed.category])


def _sizes(ground_truth: GroundTruth, image: IndexArray) -> FloatArray:
    return np.column_stack([ground_truth.images.width[image], ground_truth.images.height[image]])


def _poisson_tail(least: float, mean: float) -> float:
    """P(X >= least) for a Poisson X; least is rounded down, which is the cautious way."""
    whole = math.floor(least)
    below = sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(whole))
    # Far out the difference from 1 is lost in rounding; the first term of the tail bounds it there.
    first = math.exp(whole * math.log(mean) - mean - math.lgamma(whole + 1))
    return max(1 - below, first)
