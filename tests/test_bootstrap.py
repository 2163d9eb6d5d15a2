"""Resamples are what literal copies of the images give, intervals are their percentiles, for any number of threads."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap import _kernel
from mapgap.bootstrap import checked_draws, draw_images, interval_of, intervals_of, slice_intervals, whole_intervals
from mapgap.errors import InputError
from mapgap.gap import ResampledOracle, build_oracle, counted_and_right, resample_oracle
from mapgap.operating_point import operate
from mapgap.rates import rates
from mapgap.slices import build_slices
from mapgap.slices.average_precision import average_precision_by_slice
from mapgap.tables import GAP_CAUSES, IOU_THRESHOLDS, RECALL_THRESHOLDS, Attribute, DrawnArray, FloatArray
from tests.generated import CocoPair, coco_pairs
from tests.naive import bootstrap as naive
from tests.naive import gap as naive_gap
from tests.naive.slices import slice_average_precision
from tests.small_tables import Scene, attribute_of, random_scene
from tests.test_causes import stages
from tests.test_slices import prepared

kernel = pytest.mark.kernel
EVERY_AP = len(IOU_THRESHOLDS)


# ---------------------------------------------------------------- draws


@kernel
@given(st.integers(0, 40), st.integers(0, 20), st.sampled_from([0, 1, 7, 2**63, 2**64 - 1]))
def test_draws_equal_the_naive_twin(images: int, resamples: int, seed: int) -> None:
    drawn = draw_images(images, resamples=resamples, seed=seed)
    assert drawn.shape == (images, resamples)
    assert drawn.dtype == np.uint16
    for resample in range(resamples):
        assert drawn[:, resample].tolist() == naive.draws(images, resample, seed)
    assert (drawn.sum(axis=0) == images).all()


def test_fewer_resamples_are_the_first_of_more() -> None:
    np.testing.assert_array_equal(draw_images(100, resamples=5, seed=3), draw_images(100, resamples=50, seed=3)[:, :5])


def test_seeds_and_resamples_differ_and_every_image_is_as_likely() -> None:
    first, second = (draw_images(50, resamples=4000, seed=seed) for seed in (0, 1))
    assert (first != second).any(axis=0).all()
    assert len({column.tobytes() for column in first.T}) == 4000
    # The mean of 4,000 draws of variance about 1 lies within 5 standard errors of 1.
    assert abs(first.mean(axis=1) - 1).max() < 5 / np.sqrt(4000)
    assert abs(first.var() - (1 - 1 / 50)) < 0.02


@pytest.mark.parametrize("resamples", [-1, 1.5, True, "200", 100_001, None])
def test_resamples_that_are_no_number_are_refused(resamples: Any) -> None:
    with pytest.raises(InputError, match=r"resamples .* is not a whole number from 0 to 100000"):
        checked_draws(resamples, 0)


@pytest.mark.parametrize("seed", [-1, 0.0, 2**64])
def test_seeds_that_are_no_number_are_refused(seed: Any) -> None:
    with pytest.raises(InputError, match=r"seed .* is not a whole number"):
        checked_draws(0, seed)


def test_numbers_of_numpy_are_numbers() -> None:
    assert checked_draws(np.int64(5), np.uint64(2**64 - 1)) == (5, 2**64 - 1)


# ---------------------------------------------------------------- percentiles


@kernel
@given(st.integers(0, 5), st.integers(0, 60), st.integers(0, 1 << 30), st.sampled_from([0.0, 0.2, 0.9, 1.0]))
def test_intervals_equal_numpys_percentiles(rows: int, resamples: int, seed: int, undefined: float) -> None:
    chance = np.random.default_rng(seed)
    samples = chance.normal(size=(rows, resamples))
    samples[chance.random(samples.shape) < undefined] = np.nan
    found = intervals_of(samples)
    np.testing.assert_array_equal(found, np.array([naive.interval(row) for row in samples.tolist()]).reshape(-1, 2))
    for threads in (1, 3):
        again = _kernel.percentile_intervals(samples, 0.025, 0.975, threads=threads)
        np.testing.assert_array_equal(again, _kernel.percentile_intervals(samples, 0.025, 0.975))


def test_one_resample_gives_no_interval() -> None:
    assert interval_of(np.array([0.5])) is None
    assert interval_of(np.array([np.nan, 0.5, np.nan])) is None
    assert interval_of(np.array([0.5, 0.5])) == (0.5, 0.5)


# ---------------------------------------------------------------- average precision in the kernel


def random_groups(seed: int, groups: int, images: int, rows: int, thresholds: int) -> dict[str, Any]:
    """Arguments for `resampled_average_precision`, with no more true positives than objects in any image."""
    chance = np.random.default_rng(seed)
    every = (1 << thresholds) - 1
    cells = int(chance.integers(1, groups + 1)) if groups else 0
    counted = np.where(chance.random(rows) < 0.8, every, chance.integers(0, every + 1, rows)).astype(np.uint32)
    of_group = np.sort(chance.integers(0, groups, rows)) if groups else np.zeros(0, dtype=np.int64)
    image = chance.integers(0, images, len(of_group)).astype(np.int32)
    counted = counted[: len(of_group)]
    right = np.where(chance.random(len(of_group)) < 0.5, 0, chance.integers(0, every + 1, len(of_group)))
    right = right.astype(np.uint32) & counted
    # An object for each true positive, in its image and there at its thresholds, and some more.
    found = np.flatnonzero(right)
    more = int(chance.integers(0, 8)) if groups else 0
    object_group = np.append(of_group[found], chance.integers(0, max(groups, 1), more)).astype(np.int64)
    object_image = np.append(image[found], chance.integers(0, images, more)).astype(np.int32)
    extra = np.where(chance.random(len(object_group)) < 0.7, every, chance.integers(0, every + 1, len(object_group)))
    object_at = extra.astype(np.uint32) | np.append(right[found], np.zeros(more, dtype=np.uint32))
    order = np.argsort(object_group, kind="stable")
    return {
        "group_offsets": np.searchsorted(of_group, np.arange(groups + 1)).astype(np.int64),
        "image": image,
        "counted_at": counted,
        "true_positive_at": right,
        "object_offsets": np.searchsorted(object_group[order], np.arange(groups + 1)).astype(np.int64),
        "object_image": object_image[order],
        "object_at": object_at[order].astype(np.uint32),
        "cell_of_group": chance.integers(0, max(cells, 1), groups).astype(np.int32),
        "cells": cells,
        "thresholds": thresholds,
        "recall_thresholds": RECALL_THRESHOLDS,
    }


def naive_samples(arguments: dict[str, Any], drawn: DrawnArray) -> list[list[float]]:
    """(B, cells)"""
    group = np.repeat(np.arange(len(arguments["cell_of_group"])), np.diff(arguments["group_offsets"]))
    object_group = np.repeat(np.arange(len(arguments["cell_of_group"])), np.diff(arguments["object_offsets"]))
    columns = [group, arguments["image"], arguments["counted_at"], arguments["true_positive_at"]]
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    columns = [object_group, arguments["object_image"], arguments["object_at"]]
    objects = list(zip(*(column.tolist() for column in columns), strict=True))
    cells = arguments["cell_of_group"].tolist()
    samples = [
        naive.resampled_average_precision(rows, objects, cells, column, arguments["thresholds"])
        for column in drawn.T.tolist()
    ]
    return [as_floats([*row, *[None] * (arguments["cells"] - len(row))]) for row in samples]


def as_floats(values: list[Fraction | None]) -> list[float]:
    return [float("nan") if value is None else float(value) for value in values]


@kernel
@settings(max_examples=120, deadline=None)
@given(
    st.integers(0, 1 << 30),
    st.integers(0, 4),
    st.integers(1, 6),
    st.integers(0, 40),
    st.sampled_from([1, 2, 10, 32]),
    st.integers(0, 18),
    st.sampled_from([1, 2, 5, 60]),
)
def test_average_precision_equals_the_naive_twin(
    seed: int, groups: int, images: int, rows: int, thresholds: int, resamples: int, most: int
) -> None:
    arguments = random_groups(seed, groups, images, rows, thresholds)
    drawn = np.random.default_rng(seed).integers(0, most + 1, (images, resamples)).astype(np.uint16)
    found = _kernel.resampled_average_precision(**arguments, drawn=drawn)
    assert found.shape == (arguments["cells"], resamples)
    expected = np.array(naive_samples(arguments, drawn)).reshape(resamples, arguments["cells"]).T
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    for threads, wide in ((1, True), (3, True), (1, False), (2, False)):
        again = _kernel.resampled_average_precision(**arguments, drawn=drawn, threads=threads, wide=wide)
        assert again.tobytes() == found.tobytes()


@kernel
@pytest.mark.parametrize("hits", range(0, 101, 7))
def test_recall_points_that_numpy_rounds_up_are_not_reached(hits: int) -> None:
    """A recall of exactly .29 does not reach the recall point .29, which is .29000000000000004."""
    objects = 100
    arguments = {
        "group_offsets": np.array([0, hits + 1]),
        "image": np.zeros(hits + 1, dtype=np.int32),
        "counted_at": np.ones(hits + 1, dtype=np.uint32),
        "true_positive_at": np.append(np.ones(hits), 0).astype(np.uint32),
        "object_offsets": np.array([0, objects]),
        "object_image": np.zeros(objects, dtype=np.int32),
        "object_at": np.ones(objects, dtype=np.uint32),
        "cell_of_group": np.zeros(1, dtype=np.int32),
        "cells": 1,
        "thresholds": 1,
        "recall_thresholds": RECALL_THRESHOLDS,
    }
    drawn = np.array([[1, 3]], dtype=np.uint16)
    reached = sum(float(point) <= hits / objects for point in RECALL_THRESHOLDS) if hits else 0
    found = _kernel.resampled_average_precision(**arguments, drawn=drawn)
    np.testing.assert_allclose(found, reached / 101, rtol=0, atol=1e-12)


@kernel
def test_draws_as_large_as_they_may_be_are_counted() -> None:
    """Sums of 16 bits would run over at the second row."""
    arguments = random_groups(5, 2, 3, 400, 10)
    drawn = np.full((3, 17), 65535, dtype=np.uint16)
    once = _kernel.resampled_average_precision(**arguments, drawn=np.ones((3, 17), dtype=np.uint16))
    np.testing.assert_allclose(_kernel.resampled_average_precision(**arguments, drawn=drawn), once, rtol=0, atol=1e-2)
    image = np.arange(400, dtype=np.int32) % 3
    counts = _kernel.resampled_counts(
        [np.zeros(400, dtype=np.int32)], np.array([1]), image, np.zeros(400, dtype=np.uint8), 1, drawn
    )
    assert (counts == 400 * 65535).all()


@kernel
@given(
    st.integers(0, 1 << 30), st.integers(1, 6), st.integers(0, 50), st.lists(st.integers(1, 4), max_size=3),
    st.integers(1, 3), st.integers(0, 18),
)  # fmt: skip
def test_counts_equal_the_naive_twin(
    seed: int, images: int, rows: int, sizes: list[int], kinds: int, resamples: int
) -> None:
    chance = np.random.default_rng(seed)
    columns = [chance.integers(0, size, rows).astype(np.int32) for size in sizes]
    image = chance.integers(0, images, rows).astype(np.int32)
    kind = chance.integers(0, kinds, rows).astype(np.uint8)
    drawn = chance.integers(0, 9, (images, resamples)).astype(np.uint16)
    lengths = np.array(sizes, dtype=np.int64)
    found = _kernel.resampled_counts(columns, lengths, image, kind, kinds, drawn)
    expected = np.zeros((sum(sizes), kinds, resamples), dtype=np.uint32)
    for first, column in zip(np.cumsum([0, *sizes]), columns, strict=False):
        for row in range(rows):
            expected[first + column[row], kind[row]] += drawn[image[row]]
    np.testing.assert_array_equal(found, expected)
    for threads, wide in ((1, True), (3, True), (2, False)):
        again = _kernel.resampled_counts(columns, lengths, image, kind, kinds, drawn, threads=threads, wide=wide)
        assert again.tobytes() == found.tobytes()


# ---------------------------------------------------------------- AP and gain of copied images


def without_ties(pair: CocoPair) -> CocoPair:
    """The same order of scores, but no two alike: copies of an image would otherwise mix the rows of a tie."""
    order = sorted(range(len(pair.detections)), key=lambda i: (-pair.detections[i]["score"], i))
    score = {place: 1 - rank / (len(order) + 1) for rank, place in enumerate(order)}
    return CocoPair(pair.ground_truth, [{**record, "score": score[i]} for i, record in enumerate(pair.detections)])


small_pairs = coco_pairs(max_images=3, max_objects=4, max_detections=6).map(without_ties)


def resampled(pair: CocoPair, resamples: int, seed: int) -> tuple[ResampledOracle, DrawnArray]:
    ground_truth, detections, matches, _, causes = stages(pair)
    oracle = build_oracle(ground_truth, detections, matches, causes)
    drawn = draw_images(len(ground_truth.images.ids), resamples=resamples, seed=seed)
    return resample_oracle(oracle, ground_truth, detections, drawn), drawn


@kernel
@settings(max_examples=60, deadline=None)
@given(small_pairs, st.integers(0, 1000), st.sets(st.sampled_from(sorted(GAP_CAUSES)), min_size=1))
def test_ap_and_gain_are_those_of_copied_images(pair: CocoPair, seed: int, causes: set[str]) -> None:
    oracle, drawn = resampled(pair, 3, seed)
    chance = np.random.default_rng(seed)
    in_slice = chance.random(len(pair.ground_truth["annotations"])) < (1 if seed % 3 == 0 else 0.6)
    own = chance.random(len(pair.detections)) < (1 if seed % 3 == 0 else 0.6)
    gains = oracle.gain(causes, in_slice, own)
    for resample, column in enumerate(drawn.T.tolist()):
        copies = naive.copied(pair, column)
        _, gap = naive_gap.divide(copies.pair.ground_truth, copies.pair.detections)
        gain = naive_gap.gain(
            copies.pair.ground_truth,
            copies.pair.detections,
            causes,
            lambda target, index, copies=copies: bool(
                in_slice[copies.annotation[target]] if target is not None else own[copies.detection[index]]
            ),
        )
        if gap is None:
            assert np.isnan([oracle.ap[resample], oracle.ap50[resample], gains[resample]]).all()
            continue
        assert oracle.ap[resample] == pytest.approx(float(1 - gap), abs=1e-12)
        assert gains[resample] == pytest.approx(float(gain), abs=1e-12)


@kernel
@settings(max_examples=40, deadline=None)
@given(coco_pairs())
def test_every_image_drawn_once_is_the_data_itself(pair: CocoPair) -> None:
    ground_truth, detections, matches, _, causes = stages(pair)
    oracle = build_oracle(ground_truth, detections, matches, causes)
    once = np.ones((len(ground_truth.images.ids), 2), dtype=np.uint16)
    found = resample_oracle(oracle, ground_truth, detections, once)
    if oracle.base_ap is None:
        assert np.isnan(found.ap).all()
        return
    np.testing.assert_allclose(found.ap, oracle.base_ap, rtol=0, atol=1e-12)
    for cause in GAP_CAUSES:
        np.testing.assert_allclose(found.gain([cause]), oracle.gain([cause]), rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.ap + found.gain(GAP_CAUSES), 1, rtol=0, atol=1e-12)


# ---------------------------------------------------------------- slices


@kernel
@settings(max_examples=40, deadline=None)
@given(small_pairs, st.integers(0, 1000), st.integers(1, 3))
def test_ap_of_slices_is_that_of_copied_images(pair: CocoPair, seed: int, values: int) -> None:
    truth, detections, matches, _, causes = stages(pair)
    chance = np.random.default_rng(seed)
    of_object = chance.integers(0, values, len(truth.ids)).tolist()
    of_detection = chance.integers(0, values, len(detections.score)).tolist()
    attribute = attribute_of("a", "both", list(range(values)), of_object, of_detection)
    groups_of = average_precision_by_slice(truth, matches, causes, *counted_and_right(matches, EVERY_AP), EVERY_AP)
    drawn = draw_images(len(truth.images.ids), resamples=4, seed=seed)
    samples = np.full((values, 4), np.nan)
    for resample, column in enumerate(drawn.T.tolist()):
        copies = naive.copied(pair, column)
        samples[:, resample] = as_floats(
            slice_average_precision(
                copies.pair,
                [of_object[place] for place in copies.annotation],
                [of_detection[place] for place in copies.detection],
                values,
            )
        )
    expected = np.array([naive.interval(row) for row in samples.tolist()])
    found = ap_intervals(pair, attribute, groups_of, drawn)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def ap_intervals(pair: CocoPair, attribute: Attribute, groups_of: Any, drawn: DrawnArray) -> FloatArray:
    """By value of the attribute."""
    truth, detections, matches, _, _ = stages(pair)
    point = operate(truth, detections, matches, threshold=0, score_threshold=None)
    where = tuple({attribute.name: value} for value in attribute.values)
    _, ap = slice_intervals(truth, detections, [attribute], point, Wheres(where), groups_of, drawn)
    return ap


class Wheres:
    """Slices of which only the conditions matter."""

    def __init__(self, where: tuple[dict[str, Any], ...]):
        self.where = where


class NoGroups:
    """Knows no row, so that no slice has an AP."""

    def places(self) -> Any:
        return np.zeros(0, dtype=np.int32)

    def grouped(self, column: Any, size: int) -> Any:
        nothing = np.zeros(0, dtype=np.int32)
        bits = np.zeros(0, dtype=np.uint32)
        start = np.zeros(1, dtype=np.int64)
        return nothing, start, nothing, bits, bits, start, nothing


scenes = st.builds(
    random_scene, st.integers(0, 1 << 30), st.integers(1, 12), st.integers(0, 40), st.integers(0, 60),
    st.sampled_from([0.2, 0.7]),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(scenes, st.integers(2, 20), st.integers(1, 40))
def test_recall_of_every_slice_is_counted_over_copied_images(scene: Scene, resamples: int, at_once: int) -> None:
    truth, point = scene.ground_truth, scene.operating_point
    by_name = {attribute.name: attribute for attribute in scene.attributes}
    deep = [tuple(sorted(by_name))[:3]]
    slices = build_slices(
        truth, scene.detections, scene.attributes, point, scene.errors, scene.debts, NoAveragePrecision(), crosses=deep
    )
    drawn = draw_images(len(truth.images.ids), resamples=resamples, seed=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mapgap.bootstrap.slice_rows.COUNTS_AT_ONCE", at_once * resamples)
        patch.setattr("mapgap.bootstrap.slice_rows.SMALL_TABLE", at_once)
        found, ap = slice_intervals(truth, scene.detections, scene.attributes, point, slices, NoGroups(), drawn)
    assert np.isnan(ap).all()
    for row, where in enumerate(slices.where):
        samples = []
        for column in drawn.T.tolist():
            objects = [
                bool(point.found[g])
                for g in np.flatnonzero(truth.is_object).tolist()
                for _ in range(column[truth.image[g]])
                if all(
                    repr(by_name[name].values[by_name[name].object_codes[g]]) == repr(value)
                    for name, value in where.items()
                )
            ]
            samples.append(sum(objects) / len(objects) if objects else float("nan"))
        np.testing.assert_array_equal(found[row], naive.interval(samples))


class NoAveragePrecision:
    """Every AP is 0."""

    def places(self) -> Any:
        return np.zeros(0, dtype=np.int32)

    def average_precision(self, columns: Any, sizes: Any, crosses: Any) -> FloatArray:
        cells = sum(int(sizes[a] * (sizes[b] if b >= 0 else 1)) for a, b in crosses.tolist())
        return np.zeros(cells)


# ---------------------------------------------------------------- the whole run


@settings(max_examples=40, deadline=None)
@given(coco_pairs(), st.integers(0, 100), st.sampled_from([None, 0.5]))
def test_rates_of_the_whole_run_are_counted_over_copied_images(
    pair: CocoPair, seed: int, score_threshold: float | None
) -> None:
    truth, detections, matches, _, _ = stages(pair)
    point = operate(truth, detections, matches, threshold=0, score_threshold=score_threshold)
    drawn = draw_images(len(truth.images.ids), resamples=8, seed=seed)
    ap = np.linspace(0, 0.7, 8)
    found = whole_intervals(truth, detections, point, drawn, ap=ap, ap50=ap / 2)
    samples = []
    for column in drawn.T.tolist():
        tp = sum(column[i] for i in detections.image[point.true_positive].tolist())
        fp = sum(column[i] for i in detections.image[point.kept & ~point.true_positive].tolist())
        fn = sum(column[i] for i in truth.image[truth.is_object & ~point.found].tolist())
        samples.append([float(rate) for rate in rates(np.array(tp), np.array(fp), np.array(fn))])
    for known, row in zip((found.precision, found.recall, found.f1), np.array(samples).T.tolist(), strict=True):
        np.testing.assert_array_equal([np.nan] * 2 if known is None else known, naive.interval(row))
    assert found.metrics["AP"] == interval_of(ap)
    assert found.metrics["AP50"] == interval_of(ap / 2)
    assert found.gap == interval_of(1 - ap)


@kernel
@settings(max_examples=30)
@given(coco_pairs(max_images=3), st.integers(0, 1 << 30), st.integers(1, 4))
def test_groups_hold_what_the_ap_of_slices_is_made_of(pair: CocoPair, seed: int, values: int) -> None:
    truth, matches, groups_of = prepared(pair)
    column = np.random.default_rng(seed).integers(0, values, len(groups_of.places())).astype(np.int32)
    cell, row_offsets, row, counted, right, object_offsets, objects = groups_of.grouped(column, values)
    whole = groups_of.average_precision([column], np.array([values]), np.array([[0, -1]], dtype=np.int32))
    image = np.zeros(len(groups_of.places()), dtype=np.int32)
    everywhere = np.full(len(objects), (1 << EVERY_AP) - 1, dtype=np.uint32)
    found = _kernel.resampled_average_precision(
        row_offsets, image[row], counted, right, object_offsets, image[objects], everywhere, cell, values,
        np.ones((1, 1), dtype=np.uint16), EVERY_AP, RECALL_THRESHOLDS,
    )  # fmt: skip
    np.testing.assert_allclose(found[:, 0], whole, rtol=0, atol=1e-12)
    assert (column[objects] == np.repeat(cell, np.diff(object_offsets))).all()
    assert truth is not None
    assert len(matches.rank) == len(pair.detections)
