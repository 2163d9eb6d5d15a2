"""The diagnosis: which reading explains detections that hardly match, told as findings with their evidence."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from mapgap.doctor.diagnosis_words import (
    few_matches,
    ground_truth_boxes,
    other_reading,
    scores_reversed,
)
from mapgap.doctor.ground_truth_boxes import Corners, corner_layouts
from mapgap.doctor.sample import Sample, take_sample
from mapgap.doctor.score_order import reversed_scores
from mapgap.doctor.search import Search, search_reading
from mapgap.doctor.trials import Match, objects_only, try_reading
from mapgap.findings import Finding
from mapgap.readings import USUAL, Reading
from mapgap.readings.raw import RawDetections
from mapgap.readings.scores import to_score
from mapgap.tables import GroundTruth

_FEW, _POSSIBLE = 0.05, 20
_NONE_OF = 5


@dataclass(frozen=True)
class Diagnosis:
    """What explains the detections, and how well."""

    findings: tuple[Finding, ...]
    reading: Reading
    """That explains them; the one asked for where none does better."""
    matched_as_read: int
    """Objects that sampled detections match at IoU .5."""
    matched: int
    """The same under `reading`."""
    detections: int
    """Of the sample."""


def diagnose(ground_truth: GroundTruth, raw: RawDetections, match: Match, *, reading: Reading = USUAL) -> Diagnosis:
    """Tries other readings of the detections on a sample, and names the one that explains the data, if one does.

    `ground_truth` was read as `reading` says; `raw` is as written and is read so. Nothing is applied: a finding has
    the options that would.
    """
    # Numbers near the largest there is become infinite when they are added; no box is made of them.
    with np.errstate(over="ignore", invalid="ignore"):
        return _diagnose(ground_truth, raw, match, reading)


def diagnose_ground_truth(ground_truth: GroundTruth) -> tuple[Finding, ...]:
    """The finding about boxes that are corners, which needs no detections; none where they are not."""
    corners = corner_layouts(ground_truth)
    return (ground_truth_boxes(ground_truth.name, corners[0]),) if corners else ()


def _diagnose(ground_truth: GroundTruth, raw: RawDetections, match: Match, reading: Reading) -> Diagnosis:
    truth = objects_only(ground_truth)
    start = replace(reading, ground_truth_box_format="xywh")
    corners = corner_layouts(ground_truth)
    sample = _scored(take_sample(raw), reading)
    found = _search(truth, sample, start, corners, match)
    findings = tuple(_findings(truth, raw.name, found, corners, match))
    return Diagnosis(findings, found.best.reading, found.as_read.matched, found.best.matched, len(sample.score))


def _scored(sample: Sample, reading: Reading) -> Sample:
    return replace(sample, score=to_score(sample.score, reading.score_format)) if reading.score_format else sample


def _search(ground_truth: GroundTruth, sample: Sample, start: Reading, corners: list[Corners], match: Match) -> Search:
    """The search, from the ground truth's own layout on where its boxes are corners; of several the best."""
    starts = [replace(start, ground_truth_box_format=one.layout) for one in corners] or [start]
    usable = [one for one in starts if try_reading(ground_truth, sample, one, match, is_asked=True) is not None] or [
        start
    ]
    searches = [search_reading(ground_truth, sample, one, match) for one in usable]
    return max(searches, key=lambda one: one.best.merit)


def _findings(
    ground_truth: GroundTruth, name: str, found: Search, corners: list[Corners], match: Match
) -> Iterator[Finding]:
    layout = found.as_read.reading.ground_truth_box_format
    yield from (ground_truth_boxes(ground_truth.name, one) for one in corners if one.layout == layout)
    order = reversed_scores(ground_truth, found.best, match)
    if found.best is not found.as_read:
        yield from other_reading(ground_truth.name, name, found)
    elif _few_match(found):
        yield few_matches(name, found)
    if order is not None:
        yield scores_reversed(name, order)


def _few_match(found: Search) -> bool:
    possible, matched = found.best.possible or found.best.detections, found.best.matched
    return (possible >= _POSSIBLE and matched < _FEW * possible) or (possible >= _NONE_OF and matched == 0)
