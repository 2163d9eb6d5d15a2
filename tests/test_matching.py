"""Matching and the COCO numbers, held to pycocotools 2.0.11 to the last bit."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap import _kernel
from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.matching import match_detections
from mapgap.tables import AREA_RANGES, IOU_THRESHOLDS, METRICS
from tests.generated import CocoPair, coco_pairs
from tests.oracle import run_pycocotools

pytestmark = pytest.mark.kernel

SMALL_AREAS = {"all": (0.0, 1e10), "small": (0.0, 4.0), "medium": (4.0, 12.0), "large": (12.0, 1e10)}


def assert_equal_arrays(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Equal bit for bit, NaN of ours where theirs has -1 for "not defined"."""
    np.testing.assert_array_equal(np.where(np.isnan(ours), -1.0, ours), theirs)


def assert_equal_numbers(pair: CocoPair, **options: Any) -> None:
    """Precision, recall, scores and the 12 numbers are equal bit for bit."""
    theirs = run_pycocotools(pair.ground_truth, pair.detections, **options)
    ours = mapgap.evaluate(pair.ground_truth, pair.detections, **options)
    assert_equal_arrays(ours.precision, theirs.eval["precision"])
    assert_equal_arrays(ours.recall, theirs.eval["recall"])
    assert_equal_arrays(ours.scores, theirs.eval["scores"])
    expected = [None if value == -1 else value for value in theirs.stats]
    assert list(ours.metrics.values()) == expected


def assert_equal_matches(pair: CocoPair, area_ranges: Mapping[str, tuple[float, float]] = AREA_RANGES) -> None:
    """Every detection's match and ignore flag, and every annotation's, in every image, class and area range."""
    theirs = run_pycocotools(pair.ground_truth, pair.detections, area_ranges=area_ranges)
    ground_truth = read_ground_truth(pair.ground_truth)
    detections = read_detections(pair.detections, ground_truth)
    matches, _ = match_detections(ground_truth, detections, area_ranges=area_ranges, every_area=True)
    names = [tuple(pair) for pair in area_ranges.values()]
    seen = 0
    for result in theirs.evalImgs:
        if result is None:
            continue
        area = names.index(tuple(result["aRng"]))
        rows = np.array(result["dtIds"], dtype=int) - 1
        matched = matches.matched[area][:, rows]
        ids = np.where(matched >= 0, ground_truth.ids[matched] if len(ground_truth.ids) else 0, 0)
        np.testing.assert_array_equal(ids, result["dtMatches"])
        bits = np.array([(matches.ignored[area][rows] >> np.uint32(t)) & 1 for t in range(len(IOU_THRESHOLDS))])
        np.testing.assert_array_equal(bits.astype(bool), result["dtIgnore"])
        np.testing.assert_array_equal(_taken_by(result["gtIds"], result["dtIds"], ids), result["gtMatches"])
        seen += len(rows)
    assert seen == len(detections.score) * len(area_ranges)


def _taken_by(annotation_ids: Sequence[int], detection_ids: Sequence[int], matched: np.ndarray) -> np.ndarray:
    """(T, G) the last detection that took each annotation, 0 for none."""
    taken = np.zeros((len(matched), len(annotation_ids)))
    for threshold, row in enumerate(matched):
        for detection_id, annotation_id in zip(detection_ids, row, strict=True):
            if annotation_id:
                taken[threshold, list(annotation_ids).index(annotation_id)] = detection_id
    return taken


@settings(max_examples=300)
@given(coco_pairs())
def test_equal_numbers_on_generated_pairs(pair: CocoPair) -> None:
    assert_equal_numbers(pair)


@settings(max_examples=150)
@given(coco_pairs())
def test_equal_matches_on_generated_pairs(pair: CocoPair) -> None:
    assert_equal_matches(pair)
    assert_equal_matches(pair, SMALL_AREAS)


@settings(max_examples=100)
@given(
    coco_pairs(),
    st.lists(st.sampled_from([0.0, 0.05, 0.1, 0.25, 1 / 3, 0.5, 0.6, 0.75, 0.95, 1.0]), min_size=1, unique=True),
    st.sampled_from([(1, 10, 100), (1, 2, 3, 100), (2, 5, 100), (1, 100, 300)]),
)
def test_equal_numbers_with_custom_parameters(pair: CocoPair, thresholds: list[float], limits: tuple[int, ...]) -> None:
    theirs = run_pycocotools(
        pair.ground_truth,
        pair.detections,
        iou_thresholds=thresholds,
        max_detections=limits,
        area_ranges=SMALL_AREAS,
    )
    ours = mapgap.evaluate(
        pair.ground_truth,
        pair.detections,
        iou_thresholds=thresholds,
        max_detections=limits,
        area_ranges=SMALL_AREAS,
    )
    assert_equal_arrays(ours.precision, theirs.eval["precision"])
    assert_equal_arrays(ours.recall, theirs.eval["recall"])
    assert_equal_arrays(ours.scores, theirs.eval["scores"])
    assert ours.metrics["AP"] == (None if theirs.stats[0] == -1 else theirs.stats[0])


@settings(max_examples=60)
@given(coco_pairs(), st.data())
def test_equal_numbers_on_subsets(pair: CocoPair, data: st.DataObject) -> None:
    images = [image["id"] for image in pair.ground_truth["images"]]
    categories = [category["id"] for category in pair.ground_truth["categories"]]
    some_images = data.draw(st.lists(st.sampled_from(images), min_size=1, unique=True))
    some_categories = data.draw(st.lists(st.sampled_from(categories), min_size=1, unique=True))
    assert_equal_numbers(pair, image_ids=some_images)
    assert_equal_numbers(pair, image_ids=some_images, category_ids=some_categories)


@settings(max_examples=100)
@given(coco_pairs(), st.data())
def test_equal_numbers_without_classes(pair: CocoPair, data: st.DataObject) -> None:
    categories = [category["id"] for category in pair.ground_truth["categories"]]
    some = data.draw(st.none() | st.lists(st.sampled_from(categories), min_size=1, unique=True))
    assert_equal_numbers(pair, class_agnostic=True, category_ids=some)


@settings(max_examples=8)
@given(coco_pairs(max_images=2, max_categories=2, max_detections=250))
def test_equal_numbers_with_more_than_100_detections(pair: CocoPair) -> None:
    many = [dict(record) for record in pair.detections for _ in range(1 + 220 // max(1, len(pair.detections)))]
    for index, record in enumerate(many):
        record["score"] = (index * 7919 % 101) / 101
    assert_equal_numbers(CocoPair(pair.ground_truth, many))


@settings(max_examples=40)
@given(coco_pairs(max_images=6), st.integers(2, 5))
def test_same_bits_for_any_number_of_threads(pair: CocoPair, threads: int) -> None:
    ground_truth = read_ground_truth(pair.ground_truth)
    detections = read_detections(pair.detections, ground_truth)
    one, pairs_of_one = match_detections(ground_truth, detections, across_classes=True, every_area=True, threads=1)
    many, pairs_of_many = match_detections(
        ground_truth, detections, across_classes=True, every_area=True, threads=threads
    )
    for name in ("order", "rank", "class_order", "class_offsets", "matched", "true_positive", "ignored", "positives"):
        np.testing.assert_array_equal(getattr(one, name), getattr(many, name))
    for name in ("offsets", "object", "iou"):
        np.testing.assert_array_equal(getattr(pairs_of_one, name), getattr(pairs_of_many, name))


def test_more_thresholds_than_the_kernel_takes_at_once() -> None:
    pair = _one_object_pair([0, 0, 10, 10], [0, 0, 10, 6])
    thresholds = np.linspace(0.01, 1.0, 100)
    theirs = run_pycocotools(*pair, iou_thresholds=thresholds, summarize=False)
    ours = mapgap.evaluate(*pair, iou_thresholds=thresholds)
    assert_equal_arrays(ours.precision, theirs.eval["precision"])
    assert ours.iou_thresholds.shape == (100,)


def test_exact_half_is_a_match_and_a_hair_less_is_none() -> None:
    assert mapgap.evaluate(*_one_object_pair([0, 0, 100, 100], [0, 0, 100, 50])).metrics["AP50"] == pytest.approx(1)
    assert mapgap.evaluate(*_one_object_pair([0, 0, 100, 100], [0, 0, 100, 49.999])).metrics["AP50"] == 0


def test_no_ground_truth_is_not_defined_and_no_detections_is_zero() -> None:
    ground_truth, detections = _one_object_pair([0, 0, 10, 10], [0, 0, 10, 10])
    empty = {**ground_truth, "annotations": []}
    assert set(mapgap.evaluate(empty, detections).metrics.values()) == {None}
    without = mapgap.evaluate(ground_truth, []).metrics
    assert without["AP"] == 0
    assert without["AR100"] == 0
    assert without["APl"] is None


def test_annotation_id_zero_is_corrected_and_copied_on_request() -> None:
    ground_truth, detections = _one_object_pair([0, 0, 100, 100], [0, 0, 100, 100], annotation_id=0)
    theirs = run_pycocotools(ground_truth, detections)
    assert theirs.stats[0] == 0
    ours = mapgap.evaluate(ground_truth, detections)
    assert ours.metrics["AP"] == pytest.approx(1)
    assert [notice.code for notice in ours.notices] == ["annotation_id_zero"]
    assert "pycocotools 0.000000" in ours.notices[0].message
    assert mapgap.evaluate(ground_truth, detections, compat="pycocotools").metrics["AP"] == 0


@settings(max_examples=100)
@given(coco_pairs())
def test_compat_copies_annotation_id_zero(pair: CocoPair) -> None:
    for annotation in pair.ground_truth["annotations"]:
        annotation["id"] -= 1
    theirs = run_pycocotools(pair.ground_truth, pair.detections)
    ours = mapgap.evaluate(pair.ground_truth, pair.detections, compat="pycocotools")
    assert_equal_arrays(ours.precision, theirs.eval["precision"])
    assert_equal_arrays(ours.scores, theirs.eval["scores"])


@settings(max_examples=100)
@given(coco_pairs(), st.data())
def test_compat_copies_duplicate_annotation_ids(pair: CocoPair, data: st.DataObject) -> None:
    for annotation in pair.ground_truth["annotations"]:
        annotation["id"] = data.draw(st.integers(1, 4))
    images = [image["id"] for image in pair.ground_truth["images"]]
    some = data.draw(st.none() | st.lists(st.sampled_from(images), min_size=1, unique=True))
    agnostic = data.draw(st.booleans())
    theirs = run_pycocotools(pair.ground_truth, pair.detections, image_ids=some, class_agnostic=agnostic)
    ours = mapgap.evaluate(
        pair.ground_truth, pair.detections, image_ids=some, class_agnostic=agnostic, compat="pycocotools"
    )
    assert_equal_arrays(ours.precision, theirs.eval["precision"])


def test_ids_beyond_32_bit() -> None:
    ground_truth, detections = _one_object_pair([0, 0, 10, 10], [0, 0, 10, 10])
    for record in (*ground_truth["annotations"], *detections):
        record["image_id"] = 2**40
        record["category_id"] = -(2**35)
    ground_truth["images"][0]["id"] = 2**40
    ground_truth["categories"][0]["id"] = -(2**35)
    assert_equal_numbers(CocoPair(ground_truth, detections))


def test_vanishing_boxes_follow_pycocotools() -> None:
    for box in ([0, 0, 1e-200, 1e-200], [0, 0, 0, 0], [5, 5, -3, 4], [0, 0, 1e150, 1e150]):
        assert_equal_numbers(CocoPair(*_one_object_pair(box, box)))


@pytest.mark.parametrize("length", [1, 7, 8, 9, 127, 128, 129, 1000, 8193, 80800])
def test_mean_is_numpys_to_the_last_bit(length: int) -> None:
    values = np.random.default_rng(length).random(length)
    assert _kernel.pairwise_mean(values) == float(np.mean(values))


def test_official_demo_pair(real_data: Path) -> None:
    folder = real_data / "cocoapi_fake100"
    metrics = mapgap.evaluate(folder / "gt.json", folder / "bbox.json").metrics
    # fmt: off
    expected = [.5045806987, .6969727247, .5729816670, .5856257209, .5193996948, .5013978986,
                .3868127796, .5936795763, .5953529829, .6398109626, .5664205979, .5642905983]
    # fmt: on
    assert list(metrics) == list(METRICS)
    assert [round(value, 10) for value in metrics.values()] == expected


@pytest.mark.parametrize(
    ("ground_truth", "detections", "ap", "digits"),
    [
        ("kaist/gt.json", "kaist/detections/MBNet.json", 0.398045, 6),
        ("kaist/gt.json", "kaist/detections/MLPD.json", 0.365758, 6),
        ("kaist/gt.json", "kaist/detections/MSDS-RCNN.json", 0.324853, 6),
        ("coco_val2017/instances_val2017_rebuilt.json", "coco_val2017/yolov2_416_results.json", 0.181, 3),
        ("coco_val2017/instances_val2017_rebuilt.json", "coco_val2017/yolov2_608_results.json", 0.194, 3),
        ("coco_val2017/instances_val2017_rebuilt.json", "coco_val2017/yolov2_416_results_yxyx.json", 0.002, 3),
        ("coco_val2017_yolact100/gt.json", "coco_val2017_yolact100/detections/yolact_resnet50.json", 0.360, 3),
        ("coco_val2017_yolact100/gt.json", "coco_val2017_yolact100/detections/yolact_darknet53.json", 0.377, 3),
        ("coco_val2017_yolact100/gt.json", "coco_val2017_yolact100/detections/yolact_base.json", 0.399, 3),
        ("coco_val2017_yolact100/gt.json", "coco_val2017_yolact100/detections/yolact_im700.json", 0.417, 3),
    ],
)
def test_known_ap_of_real_detectors(
    real_data: Path, ground_truth: str, detections: str, ap: float, digits: int
) -> None:
    assert round(mapgap.evaluate(real_data / ground_truth, real_data / detections).metrics["AP"], digits) == ap


@pytest.mark.parametrize(("run", "expected"), [("MBNet", 0.398005), ("MLPD", 0.365753), ("MSDS-RCNN", 0.324741)])
def test_compat_gives_pycocotools_numbers_on_kaist(real_data: Path, run: str, expected: float) -> None:
    files = real_data / "kaist" / "gt.json", real_data / "kaist" / "detections" / f"{run}.json"
    assert round(mapgap.evaluate(*files, compat="pycocotools").metrics["AP"], 6) == expected


def _one_object_pair(
    box: list[float], detection: list[float], *, annotation_id: int = 1
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    ground_truth = {
        "images": [{"id": 1, "width": 200, "height": 200}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [
            {
                "id": annotation_id,
                "image_id": 1,
                "category_id": 1,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
            }
        ],
    }
    return ground_truth, [{"image_id": 1, "category_id": 1, "bbox": detection, "score": 0.9}]
