"""TIDE against worked cases, tidecv's published rules in a slow twin, and a real pair."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.matching import match_detections
from mapgap.tables import BACKGROUND_IOU, Tide
from mapgap.tide import tide
from tests.generated import CocoPair, coco_pairs
from tests.naive import tide as naive

pytestmark = pytest.mark.kernel


A, A2 = [0, 0, 100, 100], [200, 200, 100, 100]
LOW, NARROW = [0, 0, 100, 40], [0, 0, 40, 100]
C1, C2 = 1, 2
MAIN = ("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss")
HALF = Fraction(51, 101)
"""AP of one class of two objects of which the first detection finds one and nothing else is there."""
SECOND_AT_RANK_3 = 1 - (51 + 50 * Fraction(2, 3)) / 101


def run_tide(ground_truth: Any, detections: Any) -> Tide:
    objects = read_ground_truth(ground_truth)
    found = read_detections(detections, objects)
    matches, pairs = match_detections(objects, found, minimum_pair_iou=BACKGROUND_IOU, across_classes=True)
    return tide(objects, found, matches, pairs)


def annotation(box: list[float], category: int, image: int = 1, crowd: int = 0) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": box, "area": box[2] * box[3], "iscrowd": crowd}


def detection(box: list[float], category: int, score: float, image: int = 1) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": box, "score": score}


def tide_of(
    annotations: list[dict[str, Any]], detections: list[dict[str, Any]], images: tuple[int, ...] = (1,)
) -> Tide:
    ground_truth = {
        "images": [{"id": i, "width": 400, "height": 400, "file_name": f"{i}.jpg"} for i in images],
        "annotations": [{"id": number, **one} for number, one in enumerate(annotations, start=1)],
        "categories": [{"id": C1, "name": "c1"}, {"id": C2, "name": "c2"}],
    }
    return run_tide(ground_truth, detections)


def assert_close(actual: float | None, expected: float | Fraction | None) -> None:
    if expected is None:
        assert actual is None
    else:
        assert actual == pytest.approx(float(expected), abs=1e-9)


MICRO_CASES = [
    ("a wrong class", [(A, C1)], [(A, C2, 0.9)], 0, {"Cls": 1}),
    (
        "a wrong class before a right one",
        [(A, C1), (A2, C2)],
        [(A, C2, 0.9), (A2, C2, 0.8)],
        Fraction(1, 4),
        {"Cls": Fraction(3, 4), "FP": Fraction(1, 4), "FN": Fraction(1, 4)},
    ),
    ("a loose box", [(A, C1)], [(LOW, C1, 0.9)], 0, {"Loc": 1}),
    ("two loose boxes at one object", [(A, C1), (A2, C1)], [(LOW, C1, 0.9), (NARROW, C1, 0.8)], 0, {"Loc": HALF}),
    (
        "a loose box at a found object",
        [(A, C1), (A2, C1)],
        [(A, C1, 0.95), (LOW, C1, 0.9), (A2, C1, 0.5)],
        1 - SECOND_AT_RANK_3,
        {"Loc": SECOND_AT_RANK_3},
    ),
    (
        "wrong class and loose box",
        [(A, C1), (A2, C2)],
        [(LOW, C2, 0.9), (A2, C2, 0.8)],
        Fraction(1, 4),
        {"Both": Fraction(1, 4), "Miss": Fraction(1, 4)},
    ),
    (
        "a duplicate",
        [(A, C1), (A2, C1)],
        [(A, C1, 0.9), ([0, 0, 100, 90], C1, 0.8), (A2, C1, 0.7)],
        1 - SECOND_AT_RANK_3,
        {"Dupe": SECOND_AT_RANK_3},
    ),
    ("background", [(A, C1)], [(A2, C1, 0.95), (A, C1, 0.9)], Fraction(1, 2), {"Bkg": Fraction(1, 2)}),
    ("a missed object", [(A, C1), (A2, C1)], [(A, C1, 0.9)], HALF, {"Miss": Fraction(50, 101)}),
    ("an overlap of exactly one half is a match", [(A, C1)], [([0, 0, 100, 50], C1, 0.9)], 1, {}),
]


@pytest.mark.parametrize(
    ("objects", "found", "ap50", "dap"), [case[1:] for case in MICRO_CASES], ids=[case[0] for case in MICRO_CASES]
)
def test_worked_cases(
    objects: list[Any], found: list[Any], ap50: float | Fraction, dap: dict[str, float | Fraction]
) -> None:
    result = tide_of([annotation(*one) for one in objects], [detection(*one) for one in found])
    assert_close(result.ap50, ap50)
    for name in MAIN:
        assert_close(result.dap[name], dap.get(name, 0))
    for name in dap.keys() - set(MAIN):
        assert_close(result.dap[name], dap[name])


def test_counts_of_two_loose_boxes_at_one_object() -> None:
    result = tide_of([annotation(A, C1), annotation(A2, C1)], [detection(LOW, C1, 0.9), detection(NARROW, C1, 0.8)])
    assert result.counts == {"Cls": 0, "Loc": 2, "Both": 0, "Dupe": 0, "Bkg": 0, "Miss": 1, "FP": 2, "FN": 2}


def test_a_class_left_without_objects_leaves_the_mean_of_that_fix_only() -> None:
    background = detection([300, 0, 20, 20], C2, 0.3)
    result = tide_of([annotation(A, C1), annotation(A2, C2)], [detection(A, C1, 0.9), background])
    assert result.counts["Bkg"] == result.counts["Miss"] == 1
    assert_close(result.ap50, Fraction(1, 2))
    assert_close(result.dap["Miss"], Fraction(1, 2))
    assert_close(result.dap["FN"], Fraction(1, 2))
    assert_close(result.dap["FP"], 0)


def test_a_class_without_ground_truth_is_in_no_mean() -> None:
    result = tide_of([annotation(A, C1)], [detection(A, C1, 0.9), detection(A2, C2, 0.8)])
    assert_close(result.ap50, 1)
    assert result.counts["Bkg"] == result.counts["FP"] == 1


def test_no_class_left_is_not_defined() -> None:
    nothing_found = tide_of([annotation(A, C1)], [])
    assert nothing_found.ap50 == 0
    assert nothing_found.dap["Miss"] is None
    assert nothing_found.dap["FN"] is None
    assert nothing_found.dap["Cls"] == 0
    no_objects = tide_of([annotation(A, C1, crowd=1)], [detection(A, C1, 0.9)])
    assert no_objects.ap50 is None
    assert set(no_objects.dap.values()) == {None}
    assert no_objects.counts["Bkg"] == 1
    assert no_objects.counts["FP"] == 0


def test_detections_in_a_crowd_are_typed_and_can_be_repaired_but_do_not_count() -> None:
    objects = [annotation(A, C1), annotation([0, 0, 200, 100], C1, crowd=1)]
    result = tide_of(objects, [detection(LOW, C1, 0.9)])
    assert result.counts["Loc"] == 1
    assert result.counts["FP"] == 0
    assert result.ap50 == 0
    assert_close(result.dap["Loc"], 1)


def test_half_inside_a_crowd_is_not_ignored() -> None:
    half_inside = detection([-50, 200, 100, 100], C1, 0.9)
    result = tide_of([annotation(A, C1), annotation([0, 200, 100, 100], C1, crowd=1)], [half_inside])
    assert result.counts["FP"] == 1


def test_the_edges_between_the_types() -> None:
    at_background = tide_of([annotation(A, C1)], [detection([0, 0, 100, 10], C2, 0.9)])
    assert at_background.counts["Bkg"] == 1
    at_background_same_class = tide_of([annotation(A, C1)], [detection([0, 0, 100, 10], C1, 0.9)])
    assert at_background_same_class.counts["Loc"] == 1
    half_of_a_found_object = tide_of([annotation(A, C1)], [detection(A, C1, 0.9), detection([0, 0, 100, 50], C1, 0.8)])
    assert half_of_a_found_object.counts["Loc"] == 1
    assert half_of_a_found_object.counts["Dupe"] == 0


def test_equal_scores_follow_the_file_in_the_first_run_and_put_errors_first_in_the_fixed_ones() -> None:
    objects = [annotation(A, C1, image=9), annotation(A, C1, image=3)]
    right_first = tide_of(objects, [detection(A2, C1, 0.5, 3), detection(A, C1, 0.5, 9)], images=(9, 3))
    assert_close(right_first.ap50, HALF)
    wrong_first = tide_of(objects, [detection(A2, C1, 0.5, 3), detection(A, C1, 0.5, 9)], images=(3, 9))
    assert_close(wrong_first.ap50, HALF / 2)
    # Without the object that was not found the one right detection should be enough, but the error goes first.
    assert_close(right_first.dap["FN"], Fraction(1, 2) - HALF)
    assert right_first.dap["Miss"] == 0


def test_the_limit_of_detections_goes_over_all_classes() -> None:
    others = [detection(A2, C2, 0.9) for _ in range(100)]
    assert tide_of([annotation(A, C1)], [*others[:99], detection(A, C1, 0.5)]).ap50 == 1
    cut = tide_of([annotation(A, C1)], [*others, detection(A, C1, 0.5)])
    assert cut.ap50 == 0
    assert cut.counts["Bkg"] == 100


@given(coco_pairs())
@settings(max_examples=400)
def test_equals_the_slow_twin(pair: CocoPair) -> None:
    assert_equal(run_tide(pair.ground_truth, pair.detections), naive.tide(pair))


@given(coco_pairs(max_images=2, max_categories=4, max_objects=12, max_detections=40, grid=4))
@settings(max_examples=60)
def test_equals_the_slow_twin_in_crowded_images(pair: CocoPair) -> None:
    assert_equal(run_tide(pair.ground_truth, pair.detections), naive.tide(pair))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_equals_the_slow_twin_beyond_the_limit_of_detections(seed: int) -> None:
    pair = many_detections(np.random.default_rng(seed))
    assert_equal(run_tide(pair.ground_truth, pair.detections), naive.tide(pair))


def many_detections(random: np.random.Generator) -> CocoPair:
    """Two images with some 130 detections of three classes each, on a coarse grid."""
    images = [{"id": i, "width": 90, "height": 90, "file_name": f"{i}.jpg"} for i in (5, 2)]
    annotations = []
    detections = []
    for image in (5, 2):
        for _ in range(12):
            box = [int(side) * 10 for side in (*random.integers(0, 5, 2), *random.integers(1, 5, 2))]
            crowd = int(random.random() < 0.1)
            annotations.append({"id": len(annotations) + 1, **annotation(box, int(random.integers(3)), image, crowd)})
        for _ in range(130):
            source = annotations[-1 - int(random.integers(12))]
            box = [side + 10 * int(random.integers(0, 2)) for side in source["bbox"]]
            detections.append(detection(box, int(random.integers(3)), int(random.integers(1, 20)) / 20, image))
    categories = [{"id": number, "name": f"class {number}"} for number in range(3)]
    return CocoPair({"images": images, "annotations": annotations, "categories": categories}, detections)


def assert_equal(result: Tide, expected: dict[str, Any]) -> None:
    assert dict(result.counts) == expected["counts"]
    assert_close(result.ap50, expected["ap50"])
    assert list(result.dap) == [*MAIN, "FP", "FN"]
    for name, value in expected["dap"].items():
        assert_close(result.dap[name], value)


def test_real_pair(real_data: Path) -> None:
    folder = real_data / "cocoapi_fake100"
    result = run_tide(folder / "gt.json", folder / "bbox.json")
    points = {"AP50": result.ap50, **result.dap}
    expected = {
        "AP50": 69.708,
        "Cls": 16.743,
        "Loc": 0.2474,
        "Both": 0,
        "Dupe": 0.0206,
        "Bkg": 0,
        "Miss": 10.507,
        "FP": 7.406,
        "FN": 20.612,
    }
    for name, value in expected.items():
        assert round(100 * (points[name] or 0), 4 if name in ("Loc", "Dupe") else 3) == value
    assert {name: result.counts[name] for name in ("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss", "FN")} == {
        "Cls": 83,
        "Loc": 1,
        "Both": 0,
        "Dupe": 1,
        "Bkg": 0,
        "Miss": 97,
        "FN": 181,
    }
