"""The rule: whether another reading explains the detections, or only suits a weak detector by chance."""

import numpy as np

from mapgap.doctor.chance import of_other_classes, of_other_images
from mapgap.doctor.trials import Match, Trial
from mapgap.tables import GroundTruth, IdArray

LEAST_MATCHES = 4
TIMES_AS_MANY = 1.5
TIMES_CHANCE = 2
LEAST_SHARE = 0.1
LEVEL = 1e-3
"""Of one false alarm, divided among all readings tried."""
LEAST_CLASSES = 3
_CLOSE = 0.3
_CLOSELY_PLACED, _CLOSELY_PLACED_IN_FEW = 0.35, 0.9
"""Least share of the matches that also match at IoU .75."""
_FEW_IMAGES = 5
_MEANINGLESS, _SENSIBLE = 0.05, 0.01


def explains(ground_truth: GroundTruth, new: Trial, old: Trial, match: Match, *, tried: int) -> bool:
    """Whether the detections match so much better under the new reading that they must be written so.

    Half as many matches again as under the old one, at least four, a tenth of what could match, twice what boxes of
    other images match, and more than they would once in a thousand diagnoses. Other classes must explain three
    classes or more, or ids that have no meaning otherwise. A box format that leaves the boxes about
    where they are must place them well, because the boxes of a biased detector fit better after any small change that
    suits it: a third of their width too far right looks like a corner written in place of the middle.
    """
    if new.matched < LEAST_MATCHES or new.matched < TIMES_AS_MANY * old.matched or new.share < LEAST_SHARE:
        return False
    if is_nearly_the_same(new, old) and new.closely < _closely_placed(new) * new.matched:
        return False
    if new.reading.category_map != old.reading.category_map and not _classes_make_sense(
        ground_truth, new, old, match, tried
    ):
        return False
    chance = of_other_images(ground_truth, new, match)
    return new.matched >= TIMES_CHANCE * chance.mean and chance.is_beaten_by(new.matched, LEVEL / tried)


def is_nearly_the_same(new: Trial, old: Trial) -> bool:
    """Whether the box format differs, and boxes lie about where they were: moved by less than most of their sides."""
    if new.reading.box_format == old.reading.box_format:
        return False
    _, here, there = np.intersect1d(new.placed.row, old.placed.row, return_indices=True)
    if not len(here):
        return False
    moved = np.abs(new.placed.box[here] - old.placed.box[there])
    size = np.maximum(new.placed.box[here, 2:], old.placed.box[there, 2:])
    relative = (moved / np.tile(np.maximum(size, 1e-9), 2)).max(axis=1)
    return bool(np.median(relative) < 1 - _CLOSE)


def _closely_placed(trial: Trial) -> float:
    """What is asked of a format that moves boxes by little; in few images some size undoes almost any shift."""
    is_few = len(np.unique(trial.placed.image)) < _FEW_IMAGES
    return _CLOSELY_PLACED_IN_FEW if is_few else _CLOSELY_PLACED


def _classes_make_sense(ground_truth: GroundTruth, new: Trial, old: Trial, match: Match, tried: int) -> bool:
    """Whether the ids had no meaning, or three classes or more are explained beyond chance."""
    if _meaningless_share(ground_truth, old) >= _MEANINGLESS and _meaningless_share(ground_truth, new) <= _SENSIBLE:
        return True
    classes = len(ground_truth.categories.ids)
    after, before = _found_by_class(ground_truth, new, classes), _found_by_class(ground_truth, old, classes)
    is_explained = (after >= 2) & (after > 2 * before)
    if np.count_nonzero(is_explained) < LEAST_CLASSES:
        return False
    chance = of_other_classes(ground_truth, new, match)
    return new.matched >= TIMES_CHANCE * chance.mean and chance.is_beaten_by(new.matched, LEVEL / tried)


def _meaningless_share(ground_truth: GroundTruth, trial: Trial) -> float:
    """Detections whose ids are unknown, or whose class has no object at all, as a share."""
    objects = np.bincount(ground_truth.category, minlength=len(ground_truth.categories.ids))
    sensible = np.count_nonzero(objects[trial.placed.category])
    return 1 - sensible / trial.detections if trial.detections else 0.0


def _found_by_class(ground_truth: GroundTruth, trial: Trial, classes: int) -> IdArray:
    return np.bincount(ground_truth.category[trial.found[trial.found >= 0]], minlength=classes)
