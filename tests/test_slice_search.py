"""The search for slices that lose more than the rest: held to its naive twin, to chance, and to what was planted."""

from collections.abc import Sequence
from dataclasses import replace
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap.demo import make_demo
from mapgap.errors import InputError
from mapgap.slices import SliceTests, build_slices, cross, search_slices
from mapgap.tables import Attribute, Slices
from tests.naive.slice_search import NaiveSearch
from tests.small_tables import (
    Scene,
    attribute_of,
    debts_of,
    detections_of,
    errors_of,
    ground_truth_of,
    operating_point_of,
    random_scene,
)
from tests.test_slices import TracerOf

scenes = st.builds(
    random_scene,
    st.integers(0, 1 << 30),
    st.integers(10, 80),
    st.integers(100, 1000),
    st.just(1200),
    st.sampled_from([0.2, 0.5]),
)


def search(scene: Scene, crosses=None, single_only=()) -> tuple[Slices, SliceTests]:
    cut = (
        scene.ground_truth,
        scene.detections,
        scene.attributes,
        scene.operating_point,
        scene.errors,
        scene.debts,
        TracerOf(scene),
    )
    slices = build_slices(*cut, crosses=crosses, single_only=single_only)
    return search_slices(
        scene.ground_truth,
        scene.attributes,
        scene.operating_point,
        slices,
        lambda more: cross(*cut, more),
        single_only=single_only,
    )


def by_slice(scene: Scene, slices: Slices, tests: SliceTests) -> dict[object, tuple[float, float]]:
    """q-value and odds ratio by (attribute, code) pairs."""
    values = {a.name: [repr(value) for value in a.values] for a in scene.attributes}
    named = [tuple((name, values[name].index(repr(v))) for name, v in where.items()) for where in slices.where]
    assert len(set(named)) == len(named)
    pairs = zip(tests.q_value.tolist(), tests.adjusted_odds_ratio.tolist(), strict=True)
    return dict(zip(named, pairs, strict=True))


@given(scenes, st.sampled_from([(), ("time",)]))
@settings(max_examples=10)
def test_equals_the_naive_twin(scene, single_only):
    scene = replace(scene, attributes=(*scene.attributes, replace(scene.attributes[0], name="size")))
    deeper = [("a", "b", "class")]
    naive = NaiveSearch(scene, deeper, set(single_only))
    expected, tried = naive.results()
    slices, tests = search(scene, deeper, single_only)
    found = by_slice(scene, slices, tests)
    assert tests.tried == tried
    assert {where for where, (q, _) in found.items() if not isnan(q)} == {
        where for where, one in expected.items() if one.q_value is not None
    }
    for where, one in expected.items():
        q, ratio = found[where]
        assert q == pytest.approx(nan if one.q_value is None else one.q_value, rel=1e-9, nan_ok=True)
        assert ratio == pytest.approx(one.odds_ratio, rel=1e-9, nan_ok=True)
    deep = [where for where in found if len(where) == 3 and tuple(name for name, _ in where) not in deeper]
    assert sorted(deep) == sorted(naive.conjunctions())


def test_the_random_scenes_have_conjunctions_to_compare():
    for seed in range(3):
        slices, tests = search(random_scene(seed, 80, 1000, 1200, 0.5))
        assert any(len(where) == 3 for where in slices.where)
        assert (tests.q_value <= 0.05).sum() > 20


# Objects drawn by chance, with attributes that say nothing unless they are made to.


def drawn(seed: int, images: int, per_image: int, miss_rate, attributes: Sequence[Attribute] = ()) -> Scene:
    """`miss_rate` takes the random numbers and the attributes, and gives the chance of each object to be missed."""
    chance = np.random.default_rng(seed)
    image = np.repeat(np.arange(images), per_image)
    count = len(image)
    codes = {
        "camera": (chance.integers(4, size=images)[image], ["a", "b", "c", "d"]),
        "class": (chance.integers(5, size=count), ["cat", "cow", "dog", "hen", "pig"]),
        "pose": (chance.integers(3, size=count), ["left", "right", "front"]),
        "size": (chance.integers(3, size=count), ["small", "medium", "large"]),
        "weather": (chance.integers(3, size=images)[image], ["dry", "fog", "rain"]),
    }
    is_missed = chance.random(count) < miss_rate(chance, {name: column for name, (column, _) in codes.items()}, image)
    truth, run = ground_truth_of(image.tolist()), detections_of([])
    made = tuple(attribute_of(name, "object", values, column.tolist(), []) for name, (column, values) in codes.items())
    rows = [("missed", g, -1, True) for g in np.flatnonzero(is_missed).tolist()]
    return Scene(
        truth,
        run,
        made,
        operating_point_of([], [], (~is_missed).tolist()),
        errors_of(rows, truth, run),
        debts_of([], truth, run),
        np.zeros(0, dtype=np.int32),
    )


@pytest.mark.parametrize("spread", [0.0, 0.25])
@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_chance_alone_is_hardly_ever_significant(rate, spread):
    """Also where images fail as a whole: `spread` moves the rate of each image up or down."""

    def by_image(chance, codes, image):
        return np.clip(rate + spread * rate * chance.choice([-4, -2, 0, 2, 4], size=image.max() + 1)[image], 0, 1)

    significant = tried = runs = 0
    for seed in range(25):
        _, tests = search(drawn(seed, 150, 6, by_image))
        found = int((tests.q_value <= 0.05).sum())
        significant, tried, runs = significant + found, tried + tests.tried, runs + (found > 0)
    assert tried > 25 * 100
    assert significant <= 0.002 * tried
    assert runs <= 3


@pytest.mark.parametrize(("rate", "hot"), [(0.05, 0.2), (0.5, 0.75)])
def test_a_planted_effect_is_found(rate, hot):
    """At low rates, and where half of all objects are missed."""

    def in_rain(chance, codes, image):
        return np.where((codes["weather"] == 2) & (codes["size"] == 0), hot, rate)

    for seed in range(3):
        slices, tests = search(drawn(seed, 400, 8, in_rain))
        best = int(np.nanargmin(tests.q_value))
        assert dict(slices.where[best]) == {"size": "small", "weather": "rain"}
        assert tests.q_value[best] < 1e-4
        assert tests.adjusted_odds_ratio[best] > 1.5


def test_a_conjunction_of_three_is_grown():
    def three_way(chance, codes, image):
        return np.where((codes["weather"] == 2) & (codes["size"] == 0) & (codes["pose"] == 1), 0.7, 0.1)

    slices, tests = search(drawn(0, 600, 8, three_way))
    best = int(np.nanargmin(tests.q_value))
    assert dict(slices.where[best]) == {"pose": "right", "size": "small", "weather": "rain"}
    assert len([where for where in slices.where if len(where) == 3]) < 10


def reversal(seed: int) -> Scene:
    """Night is better than day for small and for large objects, and yet worse over all: it is full of small ones."""
    chance = np.random.default_rng(seed)
    image = np.repeat(np.arange(600), 5)
    night = (np.arange(600) % 2)[image]
    small = chance.random(len(image)) < np.where(night, 0.9, 0.1)
    miss_rate = np.where(small, np.where(night, 0.5, 0.65), np.where(night, 0.05, 0.15))
    is_missed = chance.random(len(image)) < miss_rate
    truth, run = ground_truth_of(image.tolist()), detections_of([])
    return Scene(
        truth,
        run,
        (
            attribute_of("size", "geometry", ["large", "small"], small.astype(int).tolist(), []),
            attribute_of("time", "image", ["day", "night"], night.tolist(), []),
        ),
        operating_point_of([], [], (~is_missed).tolist()),
        errors_of([("missed", g, -1, True) for g in np.flatnonzero(is_missed).tolist()], truth, run),
        debts_of([], truth, run),
        np.zeros(0, dtype=np.int32),
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_reversal_is_flagged(seed):
    slices, tests = search(reversal(seed))
    row = slices.where.index({"time": "night"})
    assert slices.fn[row] / slices.objects[row] > 1.5 * slices.fn[row - 1] / slices.objects[row - 1]
    assert tests.adjusted_odds_ratio[row] < 0.8
    flagged = [dict(where) for where, turned in zip(slices.where, tests.is_reversed, strict=True) if turned]
    assert flagged == [{"time": "day"}, {"time": "night"}]


def test_the_flag_asks_for_directions_only():
    """Where size explains all, odds ratios are about 1, on either side."""

    def by_size(chance, codes, image):
        return np.where(codes["size"] == 0, 0.5, 0.1)

    flagged = unflagged = 0
    for seed in range(10):
        slices, tests = search(drawn(seed, 150, 6, by_size))
        by_class = [row for row, where in enumerate(slices.where) if set(where) == {"class"}]
        objects, missed = slices.objects[by_class].sum(), slices.fn[by_class].sum()
        for row, ratio in enumerate(tests.adjusted_odds_ratio.tolist()):
            if ratio == ratio:
                inside = slices.fn[row] / slices.objects[row]
                outside = (missed - slices.fn[row]) / (objects - slices.objects[row])
                is_turned = (inside > outside and ratio < 1) or (inside < outside and ratio > 1)
                assert tests.is_reversed[row] == is_turned
                flagged, unflagged = flagged + is_turned, unflagged + (not is_turned)
    assert flagged > 10
    assert unflagged > 10


def test_how_many_images_would_halve_the_interval():
    scene = drawn(0, 40, 6, lambda chance, codes, image: np.full(len(image), 0.5))
    slices, tests = search(scene)
    is_thin = (slices.objects < 30) | (slices.images < 5)
    assert is_thin.any()
    assert np.isnan(tests.images_to_halve[~is_thin]).all()
    assert (tests.images_to_halve[is_thin] == 3 * slices.images[is_thin]).all()
    assert np.isnan(tests.q_value[is_thin]).all()


def test_nothing_at_all():
    slices, tests = search(random_scene(0, 0, 0, 0, 0.5))
    assert (slices.where, tests.tried, len(tests.q_value)) == ((), 0, 0)


@pytest.mark.parametrize("missed", [0.0, 1.0])
def test_nothing_is_tested_where_none_or_all_are_missed(missed):
    _, tests = search(drawn(0, 60, 6, lambda chance, codes, image: np.full(len(image), missed)))
    assert np.isnan(tests.q_value).all()
    assert tests.tried == 0


def test_order_of_objects_images_and_attributes_does_not_matter():
    scene = drawn(1, 200, 6, lambda chance, codes, image: np.where(codes["size"] == 0, 0.4, 0.1))
    slices, tests = search(scene)
    order = np.random.default_rng(5).permutation(len(scene.ground_truth.ids))
    images = np.random.default_rng(6).permutation(200)
    truth = ground_truth_of(images[scene.ground_truth.image[order]].tolist())
    turned = replace(
        scene,
        ground_truth=truth,
        attributes=tuple(replace(a, object_codes=a.object_codes[order]) for a in reversed(scene.attributes)),
        operating_point=replace(scene.operating_point, found=scene.operating_point.found[order]),
        errors=errors_of([], truth, scene.detections),
    )
    again, tests_again = search(turned)
    assert again.where == slices.where
    for name in ("q_value", "adjusted_odds_ratio", "is_reversed", "images_to_halve"):
        assert getattr(tests_again, name).tobytes() == getattr(tests, name).tobytes()
    assert tests_again.tried == tests.tried


# What users get.


def analysis_of(costs=None, **options):
    demo = make_demo(seed=0)
    return mapgap.analyze(demo.ground_truth, demo.detections, costs=costs, **options)


def test_the_frames_tell_what_the_schema_has_no_place_for():
    analysis = analysis_of(costs={"missed": 5, "background": 1})
    slices = analysis.slices()
    is_thin = slices["flags"].map(lambda flags: "too_few" in flags) & (slices["images"] > 0)
    assert is_thin.any()
    assert (slices["images_to_halve"][is_thin] == 3 * slices["images"][is_thin]).all()
    assert slices["images_to_halve"][~is_thin].isna().all()
    modes = analysis.failure_modes()
    price = {"missed": 5.0, "background": 1.0}
    expected = [price.get(cause, 0.0) * errors for cause, errors in zip(modes["cause"], modes["errors"], strict=True)]
    assert modes["cost"].tolist() == expected
    assert "cost" not in analysis_of().failure_modes()


def test_conjunctions_of_the_search_are_no_cross():
    """Whoever asks for a cross gets all of its rows, or is told."""
    analysis = analysis_of()
    found = [where for where in analysis.results.slices.where if len(where) == 3]
    assert found
    with pytest.raises(InputError, match="there are no slices by"):
        analysis.slices(by=list(found[0]))
    assert all(len(row["where"]) < 3 for row in analysis.summary["slices"])
    asked = analysis_of(by=[tuple(found[0])])
    rows = asked.slices(by=list(found[0]))
    assert rows["objects"].sum() == asked.results.ground_truth.is_object.sum()


def test_the_report_shows_q_values_odds_ratios_costs_and_how_much_was_tried(tmp_path):
    analysis = analysis_of(costs={"missed": 5}, rank_by="cost")
    folder = analysis.report(tmp_path / "report")
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("report.md", "report.html")]
    assert analysis.results.slices_tried > 100
    for text in texts:
        assert f"{analysis.results.slices_tried:,} slices were tried." in text
        assert "odds ratio" in text.lower()
    assert "Costs " in texts[0]
    assert ">cost<" in texts[1]
    summary = analysis.summary
    assert all(mode["q_value"] <= 0.05 for mode in summary["failure_modes"])
    assert any(mode["adjusted_odds_ratio"] > 1.25 for mode in summary["failure_modes"])
    assert any(row["q_value"] is not None and row["q_value"] <= 0.05 for row in summary["slices"])


def test_unknown_costs_are_refused_in_words():
    with pytest.raises(InputError, match="there is no cause 'lost'"):
        analysis_of(costs={"lost": 1})
    with pytest.raises(InputError, match="cannot rank by cost without costs"):
        analysis_of(rank_by="cost")
