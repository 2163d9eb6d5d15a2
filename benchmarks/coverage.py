"""How often 95 % intervals hold the true value: a table from a simulated detector whose true numbers are known.

    python benchmarks/coverage.py [--trials N] [--endless N] [--setups NAME ...]

A setup says how many images a data set has, of how many classes. Each trial draws a data set, and analyses it with 200
resamples at a fixed score threshold. There are two true values. One is what data sets of that size give on average, the
mean over all trials. The other, in brackets, is what endless images give, a draw of 100,000. For recall and precision
both are the same. For AP they are not: with few objects of a class it comes out too high.

The images differ in how hard they are, at night more than by day, and everything in an image goes wrong together.
Taking objects for independent of each other gives intervals that are too narrow: the last row shows it for recall.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import mapgap

NIGHT = 0.3
"""Share of the images."""
SCORE_THRESHOLD = 0.5
ENDLESS = 100_000
"""Images of the draw that stands for all there are."""
TRIALS = 1000
SIDE, GRID = 640, 4
CELL = SIDE // GRID
Ends = tuple[float, float] | list[float] | None


@dataclass(frozen=True)
class Setup:
    """A kind of data set."""

    images: int
    classes: int
    tail: float = 0.0
    """How uneven classes are: the k-th has a share of k to the power of minus this."""


SETUPS = {
    "200 images, 3 classes": Setup(200, 3),
    "500 images, 3 classes": Setup(500, 3),
    "500 images, 20 classes": Setup(500, 20),
    "500 images, 40 uneven classes": Setup(500, 40, 1.5),
}


@dataclass(frozen=True)
class World:
    """A data set and a run of the detector on it."""

    ground_truth: dict[str, Any]
    detections: np.ndarray
    """(D, 7) image, x, y, width, height, score, class."""


def main() -> None:
    """Prints the table in Markdown, a row a number and a column a setup."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--endless", type=int, default=ENDLESS, help="images of the draw that gives the true values")
    parser.add_argument("--setups", nargs="*", choices=SETUPS, default=list(SETUPS), metavar="NAME")
    asked = parser.parse_args()
    columns = [coverage(SETUPS[name], asked.trials, asked.endless) for name in asked.setups]
    print("| " + " | ".join(["interval of", *asked.setups]) + " |")
    print("| --- |" + " ---: |" * len(columns))
    for number in columns[0]:
        cells = [f"{100 * held[0]:.1f} % ({100 * held[1]:.1f} %)" for held in (column[number] for column in columns)]
        print("| " + " | ".join([number, *cells]) + " |")


def coverage(setup: Setup, trials: int, endless: int = ENDLESS) -> dict[str, tuple[float, float]]:
    """By number, the share of trials whose interval holds the mean of all trials, and the value of endless images."""
    truth = numbers(draw(setup, endless, seed=0), resamples=0)
    drawn = [numbers(draw(setup, setup.images, seed=trial)) for trial in range(1, trials + 1)]
    shares = {}
    for name, (value, _) in truth.items():
        mean = float(np.mean([trial[name][0] for trial in drawn]))
        ends = [trial[name][1] for trial in drawn]
        shares[name] = (_share_holding(ends, mean), _share_holding(ends, value))
    return shares


def _share_holding(intervals: Sequence[Ends], value: float) -> float:
    return float(np.mean([ends is not None and ends[0] <= value <= ends[1] for ends in intervals]))


def numbers(world: World, resamples: int = 200) -> dict[str, tuple[float, Ends]]:
    """Value and interval of everything that is looked at."""
    analysis = mapgap.analyze(
        world.ground_truth, world.detections, score_threshold=SCORE_THRESHOLD, resamples=resamples
    )
    return dict(_numbers(analysis))


def _numbers(analysis: mapgap.Analysis) -> Iterator[tuple[str, tuple[float, Ends]]]:
    summary, whole = analysis.summary, analysis.results.intervals
    point = summary["operating_point"]
    metrics: Mapping[str, Ends] = whole.metrics if whole else {}
    yield "AP", (summary["coco"]["AP"], metrics.get("AP"))
    yield "AP50", (summary["coco"]["AP50"], metrics.get("AP50"))
    for name in ("recall", "precision", "f1"):
        yield name, (point[name], getattr(whole, name, None))
    slices = {tuple(record["where"].items()): record for record in summary["slices"]}
    for key, value in (("time", "night"), ("size", "small")):
        record = slices[(key, value),]
        yield f"recall, {value}", (record["recall"], record["recall_interval"])
        yield f"AP, {value}", (record["AP"], record["AP_interval"])
    for record in summary["causes"]:
        if record["cause"] in ("missed", "localization", "background"):
            yield f"gain, {record['cause']}", (record["gain"], record["gain_interval"])
    objects = point["tp"] + point["fn"]
    half_width = 1.96 * (point["recall"] * (1 - point["recall"]) / objects) ** 0.5
    by_objects = (point["recall"] - half_width, point["recall"] + half_width)
    yield "recall, as if objects were independent", (point["recall"], by_objects)


def draw(setup: Setup, images: int, seed: int) -> World:
    """A data set of so many images, and a detector's run."""
    chance = np.random.default_rng([seed, images, setup.classes])
    night, hard, image, category, box = scene(chance, setup, images)
    found = run_of(chance, hard, image, category, box, setup.classes)
    return World(ground_truth_of(night, image, category, box, setup.classes), found)


def scene(
    chance: np.random.Generator, setup: Setup, images: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each image whether it is night and how hard it is; of each object its image, class and box."""
    night = chance.random(images) < NIGHT
    # How hard an image is moves everything in it: what is found, how well, and what is seen where nothing is.
    hard = chance.normal(0, 1, images) + 0.7 * night
    places = chance.random((images, GRID * GRID)) < chance.beta(1.2, 3, images)[:, np.newaxis]
    image, place = np.nonzero(places)
    share = np.arange(1, setup.classes + 1) ** -setup.tail
    category = chance.choice(setup.classes, len(image), p=share / share.sum())
    return (
        night,
        hard,
        image,
        category,
        boxes(chance, place, np.exp(chance.uniform(np.log(14), np.log(110), len(image)))),
    )


def boxes(chance: np.random.Generator, place: np.ndarray, side: np.ndarray) -> np.ndarray:
    """(N, 4) one box in each place, a cell of a grid, so that objects never overlap."""
    size = np.stack([side, side * chance.uniform(0.7, 1.4, len(side))], axis=1)
    free = CELL - size
    corner = np.stack([place % GRID, place // GRID], axis=1) * CELL + chance.random(free.shape) * np.maximum(free, 0)
    return np.concatenate([corner, size], axis=1)


def run_of(
    chance: np.random.Generator,
    hard: np.ndarray,
    image: np.ndarray,
    category: np.ndarray,
    box: np.ndarray,
    classes: int,
    *,
    ease: np.ndarray | float = 0.0,
    imagined_times: float = 1.0,
) -> np.ndarray:
    """What the detector says: most objects, some in a wrong class, some twice, and things that are not there.

    `ease` (N,) makes single objects easier, `imagined_times` multiplies what is not there.
    """
    small = box[:, 2] < 32
    sure = 2.2 - 1.1 * hard[image] - 1.2 * small + ease + chance.normal(0, 0.5, len(image))
    seen = np.flatnonzero(chance.random(len(image)) < _share(sure))
    again = seen[chance.random(len(seen)) < 0.08]
    of_object = np.concatenate([seen, again])
    looseness = 0.05 * np.exp(0.4 * hard[image[of_object]] + 0.5 * small[of_object])
    moved = box[of_object].copy()
    moved[:, :2] += chance.normal(0, 1, (len(of_object), 2)) * looseness[:, np.newaxis] * moved[:, 2:]
    moved[:, 2:] *= np.exp(chance.normal(0, 1, (len(of_object), 2)) * looseness[:, np.newaxis])
    is_confused = chance.random(len(of_object)) < 0.06
    named = np.where(is_confused, chance.integers(0, classes, len(of_object)), category[of_object])
    score = _share(0.8 * sure[of_object] - 6 * looseness + chance.normal(0, 0.6, len(of_object)))
    score[len(seen) :] *= 0.6
    nothing = np.repeat(np.arange(len(hard)), chance.poisson(imagined_times * np.minimum(5, 0.6 * np.exp(0.6 * hard))))
    imagined = boxes(chance, chance.integers(0, GRID * GRID, len(nothing)), chance.uniform(14, 110, len(nothing)))
    doubt = _share(-0.7 + 0.3 * hard[nothing] + chance.normal(0, 1, len(nothing)))
    return np.concatenate(
        [
            np.column_stack([image[of_object], moved, score, named]),
            np.column_stack([nothing, imagined, doubt, chance.choice(category, len(nothing))]),
        ]
    )


def _share(logit: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-logit)))


def ground_truth_of(
    night: np.ndarray, image: np.ndarray, category: np.ndarray, box: np.ndarray, classes: int
) -> dict[str, Any]:
    """In COCO's layout; images say whether it is day or night."""
    return {
        "images": [
            {"id": i, "width": SIDE, "height": SIDE, "time": "night" if dark else "day"}
            for i, dark in enumerate(night.tolist())
        ],
        "categories": [{"id": k, "name": f"class {k}"} for k in range(classes)],
        "annotations": [
            {"id": i + 1, "image_id": at, "category_id": k, "bbox": where, "area": where[2] * where[3], "iscrowd": 0}
            for i, (at, k, where) in enumerate(zip(image.tolist(), category.tolist(), box.tolist(), strict=True))
        ],
    }


if __name__ == "__main__":
    main()
