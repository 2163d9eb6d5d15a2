"""The image-level view: worked examples, the slow twin, and memory that does not grow with classes times images."""

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.matching import match_detections
from mapgap.operating_point import image_level, operate
from mapgap.rates import rates
from mapgap.tables import Detections, GroundTruth, ImageLevel, Matches
from tests.generated import CocoPair, coco_pairs
from tests.naive import operating_point as naive

A, FAR = [0, 0, 100, 100], [200, 200, 50, 50]


def view(
    ground_truth: Any, detections: Any, *, score: float | None = None, threshold: int = 0
) -> tuple[GroundTruth, Detections, Matches, ImageLevel]:
    objects = read_ground_truth(ground_truth)
    found = read_detections(detections, objects)
    matches, _ = match_detections(objects, found)
    point = operate(objects, found, matches, threshold=threshold, score_threshold=score)
    return objects, found, matches, image_level(objects, found, matches, point)


def pictures(present: list[bool], scores: list[float | None], crowds: tuple[int, ...] = ()) -> tuple[Any, Any]:
    """One class; in image i an object or not, and a detection beside it with a score or none; crowds in some images."""
    annotations = [
        {"id": i + 1, "image_id": i, "category_id": 7, "bbox": A, "area": 1e4, "iscrowd": int(i in crowds)}
        for i, is_present in enumerate(present)
        if is_present or i in crowds
    ]
    ground_truth = {
        "images": [{"id": i, "width": 300, "height": 300, "file_name": f"{i}.jpg"} for i in range(len(present))],
        "annotations": annotations,
        "categories": [{"id": 7, "name": "sign"}],
    }
    detections = [
        {"image_id": i, "category_id": 7, "bbox": FAR, "score": score}
        for i, score in enumerate(scores)
        if score is not None
    ]
    return ground_truth, detections


def counts(level: ImageLevel) -> tuple[int, int, int, int]:
    return int(level.tp[0]), int(level.fp[0]), int(level.fn[0]), int(level.tn[0])


def with_counts(tp: int, fp: int, fn: int, tn: int) -> ImageLevel:
    present = [True] * tp + [False] * fp + [True] * fn + [False] * tn
    scores = [0.9] * (tp + fp) + [0.2] * fn + [None] * tn
    return view(*pictures(present, scores), score=0.5)[-1]


def test_worked_example_of_100_images() -> None:
    level = with_counts(25, 15, 5, 55)
    assert counts(level) == (25, 15, 5, 55)
    assert [round(float(rate), 3) for rate in rates(25, 15, 5)] == [0.625, 0.833, 0.714]
    assert round(level.specificity[0], 3) == 0.786
    assert level.accuracy[0] == 0.8
    # 25 positives tie with 15 negatives and beat 55; 5 lose to 15 and beat 55.
    assert level.auc[0] == (25 * (15 / 2 + 55) + 5 * 55) / (30 * 70)


def test_worked_example_of_accuracy() -> None:
    level = with_counts(400, 100, 150, 350)
    assert level.accuracy[0] == 0.75
    precision, recall, f1 = rates(level.tp, level.fp, level.fn)
    assert np.round([precision[0], recall[0], f1[0]], 3).tolist() == [0.8, 0.727, 0.762]


def test_an_image_without_detection_ranks_last_and_ties_count_half() -> None:
    *_, level = view(*pictures([True, True, False, False], [0.5, None, 0.5, None]))
    assert level.auc[0] == (0.5 + 1 + 0 + 0.5) / 4
    *_, perfect = view(*pictures([True, True, False], [0.5, 0.1, None]))
    assert perfect.auc[0] == 1


def test_an_image_with_only_a_crowd_is_left_out() -> None:
    *_, level = view(*pictures([True, False, False], [0.9, 0.9, None], crowds=(1,)))
    assert counts(level) == (1, 0, 0, 1)
    assert level.auc[0] == 1


def test_one_side_empty_is_not_defined() -> None:
    *_, level = view(*pictures([True, True], [0.9, None]))
    assert counts(level) == (1, 0, 1, 0)
    assert math.isnan(level.specificity[0])
    assert math.isnan(level.auc[0])
    *_, nothing = view(*pictures([], []))
    assert counts(nothing) == (0, 0, 0, 0)
    assert math.isnan(nothing.accuracy[0])


@given(coco_pairs(max_images=8, max_objects=3, max_detections=4), st.sampled_from([None, 0.3, 0.5, 0.95]))
@settings(max_examples=250)
def test_equals_the_slow_twin(pair: CocoPair, score: float | None) -> None:
    threshold = 3
    objects, found, matches, level = view(pair.ground_truth, pair.detections, score=score, threshold=threshold)
    plain = naive.plain_detections(found, matches, threshold)
    annotations = naive.plain_annotations(objects)
    kept = naive.kept_at(plain, score)
    for category in range(len(objects.categories.ids)):
        expected = naive.image_level(annotations, plain, kept, len(objects.images.ids), category)
        for name, value in expected.items():
            actual = float(getattr(level, name)[category])
            if value is None:
                assert math.isnan(actual)
            else:
                assert actual == pytest.approx(value, abs=1e-12)


def test_memory_does_not_grow_with_classes_times_images() -> None:
    classes, images, rows = 20_000, 10_000, 5_000
    random = np.random.default_rng(0)
    objects = read_ground_truth(
        {
            "images": [{"id": i, "width": 300, "height": 300, "file_name": f"{i}.jpg"} for i in range(images)],
            "annotations": [
                {
                    "id": i + 1,
                    "image_id": int(image),
                    "category_id": int(category),
                    "bbox": A,
                    "area": 1e4,
                    "iscrowd": 0,
                }
                for i, (image, category) in enumerate(
                    zip(random.integers(0, images, rows), random.integers(0, classes, rows), strict=True)
                )
            ],
            "categories": [{"id": i, "name": str(i)} for i in range(classes)],
        }
    )
    found = read_detections(
        np.column_stack(
            [
                random.integers(0, images, rows),
                np.tile(A, (rows, 1)),
                random.random(rows),
                random.integers(0, classes, rows),
            ]
        ).astype(np.float64),
        objects,
    )
    matches, _ = match_detections(objects, found)
    point = operate(objects, found, matches, threshold=0, score_threshold=0.5)
    tracemalloc.start()
    try:
        level = image_level(objects, found, matches, point)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (level.tp + level.fp + level.fn + level.tn == images).all()
    assert peak < 20e6
