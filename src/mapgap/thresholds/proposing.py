"""All thresholds by one rule: for all, by class, by slice; chosen on one half of the images, judged on the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mapgap.tables import DrawnArray, IndexArray
from mapgap.thresholds.choosing import Chosen, choose_for_all, choose_for_parts
from mapgap.thresholds.judging import Judge, Judged
from mapgap.thresholds.population import Population, parts_by_code


@dataclass(frozen=True)
class Partition:
    """How detections and objects are divided: the code of each, and how many codes there are."""

    of_detections: IndexArray
    of_objects: IndexArray
    codes: int


@dataclass(frozen=True)
class Proposal:
    """The threshold of one part, and what it is worth."""

    chosen: Chosen
    judged: Judged


@dataclass(frozen=True)
class Divided:
    """One threshold for each part of a partition."""

    parts: tuple[Proposal, ...]
    together: Judged
    """All detections and objects, each at the threshold of its part, against the threshold for all."""


@dataclass(frozen=True)
class Proposals:
    """What is proposed by one rule."""

    for_all: Proposal
    divided: Mapping[str, Divided]
    """By name of the partition."""


def propose(
    population: Population,
    partitions: Mapping[str, Partition],
    rule: float | str,
    *,
    drawn: DrawnArray | None = None,
) -> Proposals:
    """A threshold for all, and one for each part of each partition.

    `drawn` (images to judge on, B) says how often each of these is drawn, in the order of the images; without it gains
    come without intervals. Raises InputError as `choose_for_all`.
    """
    for_all = choose_for_all(population, rule)
    judge = Judge(population, rule, _of_all_images(population, drawn))
    threshold = for_all.score_threshold
    return Proposals(
        Proposal(for_all, judge.judge(population.everything, threshold, threshold)),
        {name: _divide(partition, judge, for_all) for name, partition in partitions.items()},
    )


def _divide(partition: Partition, judge: Judge, for_all: Chosen) -> Divided:
    population, threshold = judge.population, for_all.score_threshold
    parts = parts_by_code(partition.of_detections, partition.of_objects, partition.codes)
    chosen = choose_for_parts(population, parts, judge.rule, for_all)
    own = np.array([one.score_threshold for one in chosen], dtype=np.float64)
    judged = [judge.judge(part, threshold, float(of_part)) for part, of_part in zip(parts, own.tolist(), strict=True)]
    return Divided(
        tuple(_proposals(chosen, judged)),
        judge.judge(population.everything, threshold, own[partition.of_detections]),
    )


def _proposals(chosen: Sequence[Chosen], judged: Sequence[Judged]) -> list[Proposal]:
    return [Proposal(one, other) for one, other in zip(chosen, judged, strict=True)]


def _of_all_images(population: Population, drawn: DrawnArray | None) -> DrawnArray | None:
    if drawn is None:
        return None
    wide = np.zeros((len(population.chosen_on), drawn.shape[1]), dtype=drawn.dtype)
    wide[~population.chosen_on] = drawn
    return wide
