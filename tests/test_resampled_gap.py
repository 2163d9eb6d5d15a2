"""The gap by cause in resamples is that of literal copies and adds up to 1 - AP, for any number of threads."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap import _kernel
from mapgap.bootstrap import draw_images
from mapgap.gap import build_oracle, divide_gap, resample_oracle, resampled_gap_by_cause, summarize_gap
from mapgap.tables import GAP_CAUSES, RECALL_THRESHOLDS, DrawnArray, FloatArray
from tests.generated import CocoPair, coco_pairs
from tests.naive import resampled_gap as naive
from tests.test_bootstrap import without_ties
from tests.test_causes import stages

pytestmark = pytest.mark.kernel

CAUSES = 4


def random_classes(seed: int, classes: int, images: int, rows: int, thresholds: int) -> dict[str, Any]:
    """Arguments for `resampled_gap` that fit together: an object in the image of each right row, and some more."""
    chance = np.random.default_rng(seed)
    every = (1 << thresholds) - 1
    rows = rows if classes else 0
    counted = np.where(chance.random(rows) < 0.8, every, chance.integers(0, every + 1, rows))
    right = np.where(chance.random(rows) < 0.5, 0, chance.integers(0, every + 1, rows)) & counted
    category = chance.integers(0, max(classes, 1), rows)
    image = chance.integers(0, images, rows)
    found = np.flatnonzero(right)
    more = int(chance.integers(0, 8)) if classes else 0
    object_category = np.append(category[found], chance.integers(0, max(classes, 1), more)).astype(np.int64)
    object_image = np.append(image[found], chance.integers(0, images, more)).astype(np.int32)
    found_at = np.append(right[found], np.zeros(more, dtype=np.int64))
    bits = np.arange(thresholds)[:, np.newaxis]
    by_class = np.argsort(object_category, kind="stable")
    object_cause = np.where(found_at >> bits & 1, -1, chance.integers(0, CAUSES, (thresholds, len(found_at))))
    class_order = np.argsort(category, kind="stable").astype(np.int32)
    is_wrong = (counted & ~right) >> bits & 1
    return {
        "class_order": class_order,
        "class_offsets": np.searchsorted(category[class_order], np.arange(classes + 1)).astype(np.int64),
        "image": image.astype(np.int32),
        "counted_at": counted.astype(np.uint32),
        "true_positive_at": right.astype(np.uint32),
        "detection_cause": np.where(is_wrong, chance.integers(0, CAUSES, is_wrong.shape), -1).astype(np.int8),
        "object_offsets": np.searchsorted(object_category[by_class], np.arange(classes + 1)).astype(np.int64),
        "object_image": object_image[by_class],
        "object_cause": np.ascontiguousarray(object_cause[:, by_class]).astype(np.int8),
        "recall_thresholds": RECALL_THRESHOLDS,
        "causes": CAUSES,
    }


def expected_gap(arguments: dict[str, Any], drawn: DrawnArray) -> FloatArray:
    """(CAUSES, B)"""
    order = arguments["class_order"]
    categories = np.arange(len(arguments["class_offsets"]) - 1)
    columns = [arguments[name][order].tolist() for name in ("image", "counted_at", "true_positive_at")]
    rows = [
        (*row, tuple(causes))
        for *row, causes in zip(
            np.repeat(categories, np.diff(arguments["class_offsets"])).tolist(),
            *columns,
            arguments["detection_cause"][:, order].T.tolist(),
            strict=True,
        )
    ]
    objects = [
        (k, image, tuple(causes))
        for k, image, causes in zip(
            np.repeat(categories, np.diff(arguments["object_offsets"])).tolist(),
            arguments["object_image"].tolist(),
            arguments["object_cause"].T.tolist(),
            strict=True,
        )
    ]
    thresholds = len(arguments["detection_cause"])
    gaps = [naive.resampled_gap(rows, objects, column, thresholds, CAUSES) for column in drawn.T.tolist()]
    return np.array([as_floats(gap) for gap in gaps]).reshape(-1, CAUSES).T


def as_floats(gap: list[Fraction] | None) -> list[float]:
    return [float("nan")] * CAUSES if gap is None else [float(debt) for debt in gap]


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 1 << 30),
    st.integers(0, 4),
    st.integers(1, 6),
    st.integers(0, 30),
    st.sampled_from([1, 1, 3, 3, 10, 32]),
    st.integers(0, 18),
    st.sampled_from([1, 2, 5, 12]),
)
def test_debts_equal_the_naive_twin(
    seed: int, classes: int, images: int, rows: int, thresholds: int, resamples: int, most: int
) -> None:
    arguments = random_classes(seed, classes, images, rows, thresholds)
    drawn = np.random.default_rng(seed).integers(0, most + 1, (images, resamples)).astype(np.uint16)
    found = _kernel.resampled_gap(**arguments, drawn=drawn)
    assert found.shape == (CAUSES, resamples)
    few = slice(0, 3)  # the twin is slow
    np.testing.assert_allclose(found[:, few], expected_gap(arguments, drawn[:, few]), rtol=0, atol=1e-12)
    for threads, wide in ((1, True), (2, True), (1, False), (3, False)):
        again = _kernel.resampled_gap(**arguments, drawn=drawn, threads=threads, wide=wide)
        assert again.tobytes() == found.tobytes()


@pytest.mark.parametrize("hits", range(0, 101, 7))
def test_recall_points_that_numpy_rounds_up_are_not_reached(hits: int) -> None:
    """A recall of exactly .29 does not reach the recall point .29, which is .29000000000000004."""
    objects = 100
    right = np.append(np.ones(hits), 0).repeat(2)
    right[1::2] = 0
    arguments = {
        "class_order": np.arange(len(right), dtype=np.int32),
        "class_offsets": np.array([0, len(right)]),
        "image": np.zeros(len(right), dtype=np.int32),
        "counted_at": np.ones(len(right), dtype=np.uint32),
        "true_positive_at": right.astype(np.uint32),
        "detection_cause": np.where(right, -1, np.arange(len(right)) % CAUSES)[np.newaxis].astype(np.int8),
        "object_offsets": np.array([0, objects]),
        "object_image": np.zeros(objects, dtype=np.int32),
        "object_cause": np.where(np.arange(objects) < hits, -1, 0)[np.newaxis].astype(np.int8),
        "recall_thresholds": RECALL_THRESHOLDS,
        "causes": CAUSES,
    }
    drawn = np.array([[1, 3, 0]], dtype=np.uint16)
    found = _kernel.resampled_gap(**arguments, drawn=drawn)
    np.testing.assert_allclose(found, expected_gap(arguments, drawn), rtol=0, atol=1e-12)


def test_every_image_drawn_as_often_as_can_be_is_every_image_drawn_once() -> None:
    """Sums of 16 bits would run over at the second row, products of counts in 32 bits as well."""
    arguments = random_classes(5, 2, 3, 400, 10)
    once = _kernel.resampled_gap(**arguments, drawn=np.ones((3, 17), dtype=np.uint16))
    often = _kernel.resampled_gap(**arguments, drawn=np.full((3, 17), 65535, dtype=np.uint16))
    np.testing.assert_allclose(often, once, rtol=0, atol=1e-12)


def test_precisions_that_differ_in_no_float64_are_told_apart() -> None:
    """k / (2 k + 1) is less than (k + 1) / (2 k + 3): every point is reached at the second, and all wrong rows owe."""
    rows = 4000
    k = rows * 65535
    assert k / (2 * k + 1) == (k + 1) / (2 * k + 3)
    # Wrong rows, right rows: k of each and one wrong one more. Then a wrong row and a right one that are drawn once.
    image = np.repeat([0, 1, 0, 1], [rows, 1, rows, 2])
    cause = np.repeat([0, 0, -1, 1, -1], [rows, 1, rows, 1, 1])
    found = _kernel.resampled_gap(
        np.arange(len(image), dtype=np.int32),
        np.array([0, len(image)]),
        image.astype(np.int32),
        np.ones(len(image), dtype=np.uint32),
        (cause < 0).astype(np.uint32),
        cause[np.newaxis].astype(np.int8),
        np.array([0, rows + 1]),
        np.repeat([0, 1], [rows, 1]).astype(np.int32),
        np.full((1, rows + 1), -1, dtype=np.int8),
        np.array([[65535], [1]], dtype=np.uint16),
        RECALL_THRESHOLDS,
        2,
    )
    np.testing.assert_allclose(found[:, 0], [(k + 1) / (2 * k + 3), 1 / (2 * k + 3)], rtol=1e-12, atol=0)


# ---------------------------------------------------------------- copied images


def gap_and_draws(pair: CocoPair, resamples: int, seed: int) -> tuple[FloatArray, DrawnArray]:
    ground_truth, detections, matches, _, causes = stages(pair)
    drawn = draw_images(len(ground_truth.images.ids), resamples=resamples, seed=seed)
    return resampled_gap_by_cause(ground_truth, detections, matches, causes, drawn), drawn


@settings(max_examples=50, deadline=None)
@given(coco_pairs(max_images=3, max_objects=4, max_detections=7).map(without_ties), st.integers(0, 1000))
def test_the_gap_is_that_of_copied_images(pair: CocoPair, seed: int) -> None:
    found, drawn = gap_and_draws(pair, 3, seed)
    assert found.shape == (len(GAP_CAUSES), 3)
    for resample, column in enumerate(drawn.T.tolist()):
        by_cause, gap = naive.gap_of_copies(pair, column)
        if gap is None:
            assert np.isnan(found[:, resample]).all()
            continue
        expected = [float(by_cause.get(cause, 0)) for cause in GAP_CAUSES]
        np.testing.assert_allclose(found[:, resample], expected, rtol=0, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(coco_pairs(), st.integers(0, 1000))
def test_causes_add_up_to_the_gap_of_the_resample(pair: CocoPair, seed: int) -> None:
    ground_truth, detections, matches, _, causes = stages(pair)
    drawn = draw_images(len(ground_truth.images.ids), resamples=20, seed=seed)
    oracle = build_oracle(ground_truth, detections, matches, causes)
    resampled = resample_oracle(oracle, ground_truth, detections, drawn)
    for ap, thresholds in ((resampled.ap, 10), (resampled.ap50, 1)):
        gap = resampled_gap_by_cause(ground_truth, detections, matches, causes, drawn, thresholds)
        np.testing.assert_allclose(gap.sum(axis=0), 1 - ap, rtol=0, atol=1e-12)
        assert not (gap < 0).any()


@settings(max_examples=60, deadline=None)
@given(coco_pairs())
def test_every_image_drawn_once_gives_the_gap_itself(pair: CocoPair) -> None:
    ground_truth, detections, matches, _, causes = stages(pair)
    once = np.ones((len(ground_truth.images.ids), 2), dtype=np.uint16)
    summary = summarize_gap(divide_gap(ground_truth, detections, matches, causes), ap=None, ap50=None)
    for by_cause, thresholds in ((summary.by_cause, 10), (summary.by_cause_at_50, 1)):
        found = resampled_gap_by_cause(ground_truth, detections, matches, causes, once, thresholds)
        if not ground_truth.is_object.any():
            assert np.isnan(found).all()
            continue
        expected = np.array([by_cause[cause] for cause in GAP_CAUSES])
        np.testing.assert_allclose(found, expected[:, np.newaxis].repeat(2, axis=1), rtol=0, atol=1e-12)
