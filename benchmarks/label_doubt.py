"""How many of the labels that mapgap doubts are wrong: a table over detectors of different quality.

    python benchmarks/label_doubt.py [SEEDS] [FIRST_SEED]

Of the labels of generated data, 2 % are made wrong: a quarter of them each gets another class, gets a loose box, is
taken away, or is added where nothing is. The detector never saw these errors. A row is a generated world and a quality
of the detector, with means over the seeds: the AP on the wrong labels, how many of the first 10 doubts name a planted
error and its kind, the fewest of any seed, and the same among as many doubts as there are planted errors. Seeds below
50 were looked at when the constants of the scores were chosen, so others are used here. Of the streets those of 3, 8
and 40 classes were looked at, of one class another shape; those of 80 classes, of scores of two digits, and of many
lookalikes were not.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from planted_labels import KINDS, Pair, demo, is_right, plant, world
from planted_streets import Street, street

from mapgap import analyze

WORLD_QUALITIES = (0.3, 0.5, 0.8, 1.0, 1.3, 1.6)
DEMO_QUALITIES = (0.7, 0.85, 1.0)
STREET_QUALITIES = (0.45, 0.8, 1.2)
STREETS = {
    "8 classes": Street(500, 6, 8),
    "8 classes, scores of two digits": Street(500, 6, 8, "saturated"),
    "one class, scores below .02": Street(600, 9, 1, "tiny"),
    "80 classes": Street(1500, 7, 80),
    "8 classes, many lookalikes": Street(500, 6, 8, unlike=1.0),
}
SEEDS = 10
FIRST_SEED = 100


@dataclass(frozen=True)
class Trial:
    """What came of one seed."""

    ap: float
    among_ten: float
    among_planted: float


def main() -> None:
    """Prints the table in Markdown."""
    given = [int(value) for value in sys.argv[1:3]]
    number, first = [*given, *(SEEDS, FIRST_SEED)[len(given) :]]
    seeds = range(first, first + number)
    print("| data | AP | precision at 10 | worst seed | precision at the number planted |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, rows in _rows(seeds):
        ap, ten, planted = (np.mean([getattr(row, key) for row in rows]) for key in Trial.__annotations__)
        worst = min(row.among_ten for row in rows)
        print(f"| {name} | {ap:.2f} | {ten:.2f} | {worst:.1f} | {planted:.2f} |")


def _rows(seeds: range) -> Iterator[tuple[str, list[Trial]]]:
    for quality in WORLD_QUALITIES:
        yield "20 classes, 1,000 images", [trial(world(seed, quality), seed) for seed in seeds]
    for quality in DEMO_QUALITIES:
        yield "demo, all kinds", [trial(demo(seed, quality), seed) for seed in seeds]
    for quality in DEMO_QUALITIES:
        yield "demo, wrong classes only", [trial(demo(seed, quality), seed, ("wrong_class",)) for seed in seeds]
    for name, shape in STREETS.items():
        kinds = KINDS if shape.classes > 1 else KINDS[1:]
        for quality in STREET_QUALITIES:
            yield f"street, {name}", [trial(street(seed, quality, shape), seed, kinds) for seed in seeds]
    name, shape = next(iter(STREETS.items()))
    for quality in STREET_QUALITIES:
        trials = [trial(street(seed, quality, shape), seed, ("wrong_class",)) for seed in seeds]
        yield f"street, {name}, wrong classes only", trials


def trial(pair: Pair, seed: int, kinds: tuple[str, ...] = KINDS) -> Trial:
    """Plants errors, analyses, and counts the doubts that are right."""
    planted = plant(pair, seed, kinds=kinds)
    analysis = analyze(planted.ground_truth, pair.detections, resamples=0)
    number = len(planted.errors) + len(planted.removed)
    doubted = analysis.label_doubt().head(max(number, 10)).to_dict("records")
    right = [is_right(planted, row) for row in doubted]
    return Trial(analysis.metrics["AP"] or 0.0, sum(right[:10]) / 10, sum(right[:number]) / number)


if __name__ == "__main__":
    main()
