"""At which place mapgap lists weaknesses that were planted: tables over seeds.

    python benchmarks/planted.py [SEEDS] [FIRST_SEED]

The first table has a row a planted weakness. `1` and `2` count the seeds where it is the first or second hot spot of
its cause, `within` those where it is the first that is hotter within one of these two, `not found` the rest. The second
table has a row a kind of data: how many hot spots a report lists and how many of them are none of the planted ones, in
how many seeds a single value of a null attribute has q <= .05 (the worst of the null attributes), in how many one is
part of a hot spot, and in how many the reversal is flagged.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from worlds import World, make_world

from mapgap import analyze
from mapgap.analysis.analysis import Analysis
from mapgap.demo import make_demo

SEEDS = 10
PLACES = ("1", "2", "within", "not found")
LEVEL = 0.05


def demo_world(seed: int) -> World:
    """The demo's data, which have no null attribute and no reversal."""
    demo = make_demo(seed)
    planted = tuple((weakness.cause, weakness.where) for weakness in demo.weaknesses)
    return World(demo.ground_truth, demo.detections, planted, (), None)


KINDS: Mapping[str, Callable[[int], World]] = {
    "demo": demo_world,
    "yard": make_world,
    "yard, images fail as a whole": lambda seed: make_world(seed, moods=True),
    "yard, half missed": lambda seed: make_world(seed, half_missed=True),
}


@dataclass(frozen=True)
class Found:
    """What came of one seed."""

    ap: float
    places: tuple[str, ...]
    """Of each planted weakness, one of PLACES."""
    listed: int
    others: int
    """Hot spots that are none of the planted ones."""
    nulls: Mapping[str, bool]
    """Whether a value of each null attribute has q <= .05."""
    null_is_listed: bool
    is_flagged: bool


def main() -> None:
    """Prints both tables in Markdown."""
    given = [int(value) for value in sys.argv[1:3]]
    number, first = [*given, *(SEEDS, 0)[len(given) :]]
    seeds = range(first, first + number)
    trials = {name: [trial(make(seed)) for seed in seeds] for name, make in KINDS.items()}
    planted = {name: make(first).planted for name, make in KINDS.items()}
    for line in (*places_table(planted, trials), "", *counts_table(trials)):
        print(line)


def trial(world: World) -> Found:
    """Analyses a world and looks for what was planted."""
    analysis = analyze(world.ground_truth, world.detections, resamples=0)
    modes = analysis.results.failure_modes
    named = [(mode.cause, dict(mode.where)) for mode in modes]
    rows = zip(analysis.results.slices.where, _q_values(analysis), strict=True)
    significant = {next(iter(where)) for where, q_value in rows if len(where) == 1 and q_value <= LEVEL}
    return Found(
        ap=analysis.metrics["AP"] or 0.0,
        places=tuple(place_of(analysis, cause, where) for cause, where in world.planted),
        listed=len(named),
        others=sum((cause, where) not in world.planted for cause, where in named),
        nulls={name: name in significant for name in world.null_attributes},
        null_is_listed=any(name in where for _, where in named for name in world.null_attributes),
        is_flagged=is_flagged(analysis, world.reversed_attribute),
    )


def place_of(analysis: Analysis, cause: str, where: Mapping[str, Any]) -> str:
    """Where a weakness is listed, one of PLACES."""
    modes = [mode for mode in analysis.results.failure_modes if mode.cause == cause][:2]
    for place, mode in zip(PLACES, modes, strict=False):
        if dict(mode.where) == where:
            return place
    is_within = any(dict(hotter.where) == where for mode in modes for hotter in mode.hotter_within[:1])
    return "within" if is_within else "not found"


def is_flagged(analysis: Analysis, attribute: str | None) -> bool:
    """Whether every value of an attribute has the Simpson flag."""
    statistics = analysis.results.slice_statistics
    assert statistics is not None
    flags = [
        bool(flag)
        for where, flag in zip(analysis.results.slices.where, statistics.is_reversed, strict=True)
        if [attribute] == list(where)
    ]
    return bool(flags) and all(flags)


def places_table(
    planted: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]], trials: Mapping[str, Sequence[Found]]
) -> Iterable[str]:
    """One row a kind of data and planted weakness."""
    yield f"| data | cause | planted | {' | '.join(PLACES)} |"
    yield f"| --- | --- | --- |{' ---: |' * len(PLACES)}"
    for name, weaknesses in planted.items():
        for number, (cause, where) in enumerate(weaknesses):
            places = Counter(found.places[number] for found in trials[name])
            text = ", ".join(f"{key} {value}" for key, value in where.items())
            yield f"| {name} | {cause} | {text} | {' | '.join(str(places[place]) for place in PLACES)} |"


def counts_table(trials: Mapping[str, Sequence[Found]]) -> Iterable[str]:
    """One row a kind of data; numbers of hot spots are means, the others numbers of seeds."""
    yield "| data | seeds | AP | hot spots | not planted | null q <= .05 | null in a hot spot | reversal flagged |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name, found in trials.items():
        nulls = [sum(one.nulls[null] for one in found) for null in found[0].nulls]
        cells = [
            f"{np.mean([one.ap for one in found]):.2f}",
            f"{np.mean([one.listed for one in found]):.1f}",
            f"{np.mean([one.others for one in found]):.1f}",
            str(max(nulls)) if nulls else "",
            str(sum(one.null_is_listed for one in found)) if nulls else "",
            str(sum(one.is_flagged for one in found)) if nulls else "",
        ]
        yield f"| {name} | {len(found)} | {' | '.join(cells)} |"


def _q_values(analysis: Analysis) -> list[float]:
    statistics = analysis.results.slice_statistics
    assert statistics is not None
    values: list[float] = statistics.q_value.tolist()
    return values


if __name__ == "__main__":
    main()
