"""The search for a reading that explains detections which hardly match: one thing at a time, then pairs of things."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from mapgap.doctor.box_candidates import box_formats, ground_truth_formats
from mapgap.doctor.explaining import explains
from mapgap.doctor.id_candidates import category_maps, image_maps
from mapgap.doctor.sample import Sample
from mapgap.doctor.trials import Maps, Match, Trial, try_reading
from mapgap.readings import Reading
from mapgap.readings.boxes import BoxFormat
from mapgap.tables import GroundTruth

ENOUGH = 2 / 3
"""Share of matches at which no other reading can have half as many again."""
_FIRST_IMAGES = 60
"""On so many images very many readings are compared before the best are tried on all."""
_BEST = 6
_FEW_READINGS = 12


@dataclass(frozen=True)
class Search:
    """What was found: the trial as read, and the best one, which is the same where nothing explains more."""

    as_read: Trial
    best: Trial
    tried: int
    """Readings that were tried."""


@dataclass
class _Trying:
    """Ground truth, sample and what was tried on them so far."""

    ground_truth: GroundTruth
    sample: Sample
    start: Reading
    match: Match
    tried: set[Reading] = field(default_factory=set)
    maps: Maps = field(default_factory=dict)

    def trial(self, reading: Reading, sample: Sample, across_classes: bool) -> Trial | None:
        """The reading's matches on the sample, or on some of it."""
        self.tried.add(reading)
        return try_reading(
            self.ground_truth, sample, reading, self.match, across_classes=across_classes, maps=self.maps
        )

    def best(self, readings: Iterable[Reading], most: int = 1, *, across_classes: bool = False) -> list[Trial]:
        """The best trials of the readings, on all of the sample, best first; earlier readings win ties."""
        wanted = list(dict.fromkeys(readings))
        if len(wanted) > _FEW_READINGS:
            few = self.sample.of_images(_FIRST_IMAGES)
            wanted = [one.reading for one in self._tried_on(wanted, few, across_classes)[: max(most, _BEST)]]
        return self._tried_on(wanted, self.sample, across_classes)[:most]

    def _tried_on(self, readings: list[Reading], sample: Sample, across_classes: bool) -> list[Trial]:
        trials = [self.trial(reading, sample, across_classes) for reading in readings]
        return sorted((one for one in trials if one is not None), key=lambda one: -one.merit)

    def explains(self, new: Trial, old: Trial) -> bool:
        """By the rule, with what was tried so far."""
        return explains(self.ground_truth, new, old, self.match, tried=max(1, len(self.tried)))


def search_reading(ground_truth: GroundTruth, sample: Sample, start: Reading, match: Match) -> Search:
    """The reading that explains the sample, from `start` on.

    A thing that explains is kept, and the others are tried again on top of it, until most objects match or nothing
    explains more. Where nothing does alone, an image map together with a box format is looked for across classes,
    then the category map that suits it.
    """
    trying = _Trying(ground_truth, sample, start, match)
    as_read = try_reading(ground_truth, sample, start, match, is_asked=True)
    if as_read is None:
        raise ValueError("the ground truth's boxes cannot be in the format to start from")
    best = as_read
    while best.share < ENOUGH:
        better = _one_thing(trying, best) or _two_things(trying, best)
        if better is None:
            break
        best = better
    return Search(as_read, best, len(trying.tried))


def _one_thing(trying: _Trying, old: Trial) -> Trial | None:
    """The best trial that differs in one thing and explains more."""
    candidates = [
        *trying.best(_image_readings(trying, old.reading)),
        *trying.best(_category_readings(trying, old.reading)),
        *trying.best(_box_readings(trying, old.reading)),
        *trying.best(_ground_truth_readings(trying, old.reading)),
    ]
    for new in sorted(candidates, key=lambda one: -one.merit):
        if trying.explains(new, old):
            return new
    return None


def _two_things(trying: _Trying, old: Trial) -> Trial | None:
    """The best trial that differs in two or three things and explains more."""
    images = [old.reading, *_image_readings(trying, old.reading)]
    pairs = [two for one in images for two in (one, *_box_readings(trying, one))]
    placed = trying.best(pairs, _BEST, across_classes=True)
    readings = [two for one in placed for two in (one.reading, *_category_readings(trying, one.reading))]
    for new in trying.best(readings):
        if trying.explains(new, old):
            return new
    return None


def _image_readings(trying: _Trying, reading: Reading) -> list[Reading]:
    if reading.image_map != trying.start.image_map:
        return []
    maps = image_maps(trying.sample.image_ids, trying.ground_truth.images)
    return [replace(reading, image_map=one) for one in maps]


def _category_readings(trying: _Trying, reading: Reading) -> list[Reading]:
    if reading.category_map != trying.start.category_map:
        return []
    maps = category_maps(trying.sample.category_ids, trying.ground_truth.categories)
    return [replace(reading, category_map=one) for one in maps]


def _box_readings(trying: _Trying, reading: Reading) -> list[Reading]:
    if reading.box_format != trying.start.box_format:
        return []
    texts = [one.text for one in (BoxFormat(), *box_formats(trying.sample.box))]
    return [replace(reading, box_format=text) for text in texts if text != reading.box_format]


def _ground_truth_readings(trying: _Trying, reading: Reading) -> list[Reading]:
    if reading.ground_truth_box_format != trying.start.ground_truth_box_format:
        return []
    return [replace(reading, ground_truth_box_format=one.text) for one in ground_truth_formats(trying.ground_truth.box)]
