"""How often attributes without any meaning are called worse than the rest.

    python benchmarks/null_level.py [SEEDS] [IMAGES]

Twelve attributes of 2 to 8 values are drawn at random, six for each object and six for each image. A row is a kind of
data: with nothing planted, and with weaknesses in other attributes, each with images that fail as a whole. Columns: of
100 attributes of objects, and of images, how many have a value with q <= .05; in how many seeds any of the twelve has;
of 100 slices by null attributes alone (single ones and pairs), how many have q <= .05; in how many seeds a hot spot is
listed that names a null attribute.
"""

import sys
from dataclasses import dataclass

import numpy as np
from worlds import make_world

from mapgap import analyze

SEEDS, IMAGES = 100, 600
MORE_NULLS = 10
LEVEL = 0.05
KINDS = {
    "nothing planted": {"nothing_planted": True},
    "nothing planted, images fail as a whole": {"nothing_planted": True, "moods": True},
    "weaknesses elsewhere": {},
    "weaknesses elsewhere, images fail as a whole": {"moods": True},
}


@dataclass(frozen=True)
class Level:
    """What came of one seed."""

    of_objects: float
    of_images: float
    """Shares of the attributes that have a value with q <= .05."""
    of_slices: float
    is_listed: bool


def main() -> None:
    """Prints the table in Markdown."""
    given = [int(value) for value in sys.argv[1:3]]
    seeds, images = [*given, *(SEEDS, IMAGES)[len(given) :]]
    print("| data | seeds | of objects | of images | seeds with any | slices | seeds with a hot spot |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, options in KINDS.items():
        levels = [level(seed, images, options) for seed in range(seeds)]
        shares = [100 * np.mean([getattr(one, key) for one in levels]) for key in ("of_objects", "of_images")]
        any_of = sum(one.of_objects + one.of_images > 0 for one in levels)
        slices = 100 * np.mean([one.of_slices for one in levels])
        listed = sum(one.is_listed for one in levels)
        cells = (*(f"{share:.1f}" for share in shares), str(any_of), f"{slices:.2f}", str(listed))
        print(f"| {name} | {seeds} | {' | '.join(cells)} |", flush=True)


def level(seed: int, images: int, options: dict[str, bool]) -> Level:
    """Analyses a world and looks at its null attributes."""
    world = make_world(seed, images, more_nulls=MORE_NULLS, **options)
    results = analyze(world.ground_truth, world.detections, resamples=0).results
    assert results.slice_statistics is not None
    rows = zip(results.slices.where, results.slice_statistics.q_value.tolist(), strict=True)
    nulls = set(world.null_attributes)
    of_nulls = [(where, q_value) for where, q_value in rows if nulls.issuperset(where) and not np.isnan(q_value)]
    significant = {next(iter(where)) for where, q_value in of_nulls if len(where) == 1 and q_value <= LEVEL}
    return Level(
        of_objects=float(np.mean([name in significant for name in world.null_attributes[::2]])),
        of_images=float(np.mean([name in significant for name in world.null_attributes[1::2]])),
        of_slices=float(np.mean([q_value <= LEVEL for _, q_value in of_nulls])),
        is_listed=any(not nulls.isdisjoint(mode.where) for mode in results.failure_modes),
    )


if __name__ == "__main__":
    main()
