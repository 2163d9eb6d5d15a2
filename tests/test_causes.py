"""Every error has one cause, and it is the one the table of definitions.md names."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap.causes import find_causes, list_errors
from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.matching import match_detections
from mapgap.operating_point import operate
from mapgap.tables import CAUSES, IOU_THRESHOLDS, NO_CAUSE, Causes, Detections, Errors, GroundTruth, Matches, Pairs
from tests.generated import CocoPair, coco_pairs
from tests.naive import causes as naive_causes
from tests.naive.matching import match

pytestmark = pytest.mark.kernel


def stages(
    pair: CocoPair, thresholds: np.ndarray = IOU_THRESHOLDS
) -> tuple[GroundTruth, Detections, Matches, Pairs, Causes]:
    """The tables up to the causes."""
    ground_truth = read_ground_truth(pair.ground_truth)
    detections = read_detections(pair.detections, ground_truth)
    matches, pairs = match_detections(
        ground_truth, detections, iou_thresholds=thresholds, minimum_pair_iou=0.1, across_classes=True
    )
    return ground_truth, detections, matches, pairs, find_causes(ground_truth, detections, matches, pairs)


def errors_of(pair: CocoPair, threshold: int, score_threshold: float | None) -> Errors:
    ground_truth, detections, matches, pairs, causes = stages(pair)
    point = operate(ground_truth, detections, matches, threshold=threshold, score_threshold=score_threshold)
    return list_errors(ground_truth, detections, matches, pairs, causes, point, threshold=threshold)


@settings(max_examples=150)
@given(coco_pairs(), st.sampled_from([0, 3, 5, 9]))
def test_causes_equal_the_naive_twin(pair: CocoPair, threshold: int) -> None:
    _, _, _, _, causes = stages(pair)
    iou_threshold = float(IOU_THRESHOLDS[threshold])
    matches = match(pair.ground_truth, pair.detections, iou_threshold)
    of_detections = naive_causes.detection_causes(matches, pair.ground_truth, iou_threshold)
    of_objects = naive_causes.object_causes(matches, of_detections, pair.ground_truth, iou_threshold)
    assert _named(causes.detection[threshold]) == {index: cause for index, (cause, _) in of_detections.items()}
    assert _named(causes.object[threshold]) == of_objects
    targets = {index: target for index, (_, target) in of_detections.items() if target is not None}
    pointed = causes.points_at(threshold)
    assert {int(index): int(pointed[index]) for index in np.flatnonzero(pointed >= 0)} == targets


@settings(max_examples=150)
@given(coco_pairs(), st.sampled_from([None, 0.2, 0.4, 0.5, 0.6, 0.95]), st.sampled_from([0, 5]))
def test_errors_at_the_operating_point_equal_the_naive_twin(
    pair: CocoPair, score_threshold: float | None, threshold: int
) -> None:
    errors = errors_of(pair, threshold, score_threshold)
    expected = naive_causes.errors_at(
        pair.ground_truth, pair.detections, float(IOU_THRESHOLDS[threshold]), score_threshold
    )
    assert sorted(_rows(errors), key=repr) == sorted(expected, key=repr)


@settings(max_examples=10)
@given(coco_pairs(max_images=2, max_categories=1, max_objects=3))
def test_objects_that_only_a_cut_detection_reaches(pair: CocoPair) -> None:
    fillers = [
        {"image_id": image["id"], "category_id": category["id"], "bbox": [600, 600, 5, 5], "score": 0.95}
        for image in pair.ground_truth["images"]
        for category in pair.ground_truth["categories"]
        for _ in range(100)
    ]
    crowded = CocoPair(pair.ground_truth, fillers + pair.detections)
    errors = errors_of(crowded, 0, None)
    expected = naive_causes.errors_at(crowded.ground_truth, crowded.detections, 0.5, None)
    assert sorted(_rows(errors), key=repr) == sorted(expected, key=repr)


def test_max_detections_is_a_cause_of_its_own() -> None:
    ground_truth = _truth([[0, 0, 10, 10]])
    detections = [_detection([50, 50, 5, 5], 0.9) for _ in range(100)] + [_detection([0, 0, 10, 10], 0.5)]
    errors = errors_of(CocoPair(ground_truth, detections), 0, None)
    assert CAUSES[errors.cause[0]] == "max_detections"
    assert {CAUSES[code] for code in errors.cause[1:]} == {"background"}


def test_below_threshold_gives_the_recovering_score() -> None:
    errors = errors_of(CocoPair(_truth([[0, 0, 10, 10]]), [_detection([0, 0, 10, 10], 0.25)]), 0, 0.5)
    assert [CAUSES[code] for code in errors.cause] == ["below_threshold"]
    assert errors.recovering_score.tolist() == [0.25]
    assert errors.detection.tolist() == [0]


def test_a_missed_object_names_the_best_detection_behind_its_cause() -> None:
    detections = [_detection([0, 0, 10, 3], 0.4), _detection([0, 0, 10, 4], 0.8), _detection([0, 0, 4, 10], 0.8)]
    errors = errors_of(CocoPair(_truth([[0, 0, 10, 10]]), detections), 0, None)
    assert errors.is_false_negative.tolist() == [True, False, False, False]
    assert errors.detection.tolist() == [1, 0, 1, 2]


def _named(codes: np.ndarray) -> dict[int, str]:
    return {int(index): CAUSES[codes[index]] for index in np.flatnonzero(codes != NO_CAUSE)}


def _rows(errors: Errors) -> list[tuple[str, str, int, float | None]]:
    rows: list[tuple[str, str, int, float | None]] = []
    for row, code in enumerate(errors.cause):
        is_missed = bool(errors.is_false_negative[row])
        index = int(errors.object[row] if is_missed else errors.detection[row])
        score = float(errors.recovering_score[row])
        rows.append(("fn" if is_missed else "fp", CAUSES[code], index, None if np.isnan(score) else score))
    return rows


def _truth(boxes: list[list[float]]) -> dict[str, Any]:
    return {
        "images": [{"id": 1, "width": 100, "height": 100}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [
            {"id": i + 1, "image_id": 1, "category_id": 1, "bbox": box, "area": box[2] * box[3]}
            for i, box in enumerate(boxes)
        ],
    }


def _detection(box: list[float], score: float) -> dict[str, Any]:
    return {"image_id": 1, "category_id": 1, "bbox": box, "score": score}
