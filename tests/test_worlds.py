"""The second world: what is planted there is found, the reversal is flagged, and what means nothing is left alone.

benchmarks/planted.py and benchmarks/null_level.py ask the same of many more seeds.
"""

import importlib
from functools import cache
from math import erfc, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mapgap
from mapgap.slice_tests import LEAST_MEMBERS, Tried, compare_slices, make_population
from mapgap.tables import Results
from tests.small_tables import attribute_of

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
USUAL: dict[str, Any] = {}
MOODS = {"moods": True}
HALF = {"half_missed": True}


@pytest.fixture(scope="module", autouse=True)
def benchmarks():
    """Modules of benchmarks/ can be imported, which is no package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield


def world_of(seed: int, **options: Any) -> Any:
    return importlib.import_module("worlds").make_world(seed, **options)


@cache
def found_in(seed: int, *options: str) -> Any:
    """The world and its analysis; without intervals, which nobody looks at here."""
    world = world_of(seed, **dict.fromkeys(options, True))
    return world, mapgap.analyze(world.ground_truth, world.detections, resamples=0)


def place_of(analysis: Any, cause: str, where: dict[str, Any]) -> str:
    return importlib.import_module("planted").place_of(analysis, cause, where)


def row_of(results: Results, where: dict[str, Any]) -> int:
    return [dict(one) for one in results.slices.where].index(where)


def test_a_world_is_the_same_for_the_same_seed():
    one, same, other = world_of(3, images=50), world_of(3, images=50), world_of(4, images=50)
    assert one == same
    assert one.ground_truth["annotations"] != other.ground_truth["annotations"]
    assert one.detections != other.detections


def test_null_attributes_mean_nothing_to_the_rest():
    """Those of images are equal within each; more of them come after the usual two."""
    world = world_of(0, images=50, more_nulls=3)
    assert world.null_attributes == ("lot", "guard", "null_1", "null_2", "null_3")
    by_image: dict[int, set[tuple[str, str]]] = {}
    for annotation in world.ground_truth["annotations"]:
        of_image = annotation["attributes"]["guard"], annotation["attributes"]["null_2"]
        by_image.setdefault(annotation["image_id"], set()).add(of_image)
    assert {len(values) for values in by_image.values()} == {1}
    assert len({a["attributes"]["lot"] for a in world.ground_truth["annotations"] if a["image_id"] == 1}) > 1


@pytest.mark.parametrize("options", [(), ("moods",), ("half_missed",)], ids=["usual", "moods", "half missed"])
@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_planted_is_among_the_first_two_hot_spots_of_its_cause(seed, options):
    world, analysis = found_in(seed, *options)
    places = {(cause, *where): place_of(analysis, cause, where) for cause, where in world.planted}
    assert len(places) == (7 if options == ("half_missed",) else 8)
    hidden = {name for name, place in places.items() if place == "not found"}
    # Detections of nothing have no blur, and are no duplicates: what is not blurred is worse than them and the blurred.
    assert hidden <= ({("duplicate", "camera")} if options == ("half_missed",) else set())


@pytest.mark.parametrize("seed", [0, 1])
def test_the_detector_is_of_the_quality_that_is_told(seed):
    _, analysis = found_in(seed)
    assert 0.36 < analysis.metrics["AP"] < 0.42
    _, half = found_in(seed, "half_missed")
    point = half.results.operating_point
    assert 0.45 < 1 - point.found[half.results.ground_truth.is_object].mean() < 0.6


@pytest.mark.parametrize("seed", [0, 1])
def test_the_reversal_is_flagged(seed):
    """The new site is worse on the whole, beyond chance, and better with each class and size."""
    world, analysis = found_in(seed)
    results = analysis.results
    statistics, slices = results.slice_statistics, results.slices
    new, old = (row_of(results, {world.reversed_attribute: site}) for site in ("new", "old"))
    assert statistics.is_reversed[[new, old]].all()
    assert slices.fn[new] / slices.objects[new] > slices.fn[old] / slices.objects[old]
    assert statistics.q_value[new] <= 0.05
    assert statistics.adjusted_odds_ratio[new] < 0.9
    assert statistics.adjusted_odds_ratio[old] > 1.1
    records = [row for row in analysis.summary["slices"] if row["where"] == {"site": "new"}]
    assert ["simpson" in row["flags"] for row in records] == [True]


def test_where_nothing_is_planted_no_null_attribute_is_called_worse():
    for seed in range(3):
        world = world_of(seed, images=600, nothing_planted=True, moods=True, more_nulls=4)
        results = mapgap.analyze(world.ground_truth, world.detections, resamples=0).results
        rows = zip(results.slices.where, results.slice_statistics.q_value, strict=True)
        assert not [where for where, q in rows if set(world.null_attributes).issuperset(where) and q <= 0.05]


def test_the_test_keeps_its_level_where_images_fail_as_a_whole():
    """An attribute of images, drawn 150 times: the test finds .05 at .05; one of independent objects twice that."""
    _, analysis = found_in(0, "moods")
    results = analysis.results
    objects = np.flatnonzero(results.ground_truth.is_object)
    image = results.ground_truth.image[objects]
    missed = (~results.operating_point.found[objects]).astype(np.int64)
    chance = np.random.default_rng(0)
    clustered, independent = [], []
    for _ in range(150):
        of_image = chance.integers(4, size=image.max() + 1).astype(np.int32)
        tried = compare(of_image[image], image, missed)
        comparison = tried.comparison
        naive = np.abs(comparison.difference) / np.sqrt(comparison.variance / comparison.design_effect)
        clustered += (comparison.p_value[:, 0] <= 0.05).tolist()
        independent += [erfc(value / sqrt(2)) <= 0.05 for value in naive[:, 0].tolist()]
    assert 0.03 < np.mean(clustered) < 0.07
    assert np.mean(independent) > 0.08


def compare(codes: np.ndarray, image: np.ndarray, missed: np.ndarray) -> Tried:
    guard = attribute_of("guard", "image", list("ABCD"), [], [])
    population = make_population([guard], [codes], image, np.ones(len(codes), dtype=np.int64), [missed])
    tried = compare_slices(population, [(0,)])
    assert (tried.members >= LEAST_MEMBERS).all()
    return tried
