"""LRP, optimal LRP and LaECE: worked by hand, and against their slow twins."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap.analysis.localization_quality import PARTS, quality_records
from mapgap.operating_point import Found, localization_recall_precision, optimal_localization_recall_precision
from mapgap.reliability import localization_aware_error
from tests.generated import CocoPair, coco_pairs
from tests.naive import localization as naive
from tests.naive import operating_point as naive_point

# One class with two objects: one found with IoU .8, a false positive, one found with IoU .6.
SCORES, IOUS = [0.9, 0.7, 0.5], [0.8, 0.0, 0.6]
FOUND = Found(np.zeros(3, np.int32), np.array(SCORES), np.array(IOUS) > 0, np.array(IOUS))
TWO = np.array([2], dtype=np.int64)


@pytest.mark.parametrize(
    ("score_threshold", "expected"),
    [
        (0.9, ((0.2 / 0.5 + 0 + 1) / 2, 0.2, 0.0, 0.5)),
        (0.7, ((0.2 / 0.5 + 1 + 1) / 3, 0.2, 0.5, 0.5)),
        (0.5, ((0.2 / 0.5 + 0.4 / 0.5 + 1 + 0) / 3, 0.3, 1 / 3, 0.0)),
        (0.95, (1.0, np.nan, np.nan, 1.0)),
    ],
)
def test_lrp_worked_by_hand(score_threshold: float, expected: tuple[float, ...]) -> None:
    lrp = localization_recall_precision(FOUND, TWO, iou_threshold=0.5, score_threshold=score_threshold)
    told = [float(getattr(lrp, part)[0]) for part in PARTS[:-1]]
    assert told == pytest.approx(list(expected), nan_ok=True)


def test_optimal_lrp_worked_by_hand() -> None:
    # .7 at .9, .8 at .7, .733 at .5.
    best = optimal_localization_recall_precision(FOUND, TWO, iou_threshold=0.5)
    assert [float(getattr(best, part)[0]) for part in PARTS] == pytest.approx([0.7, 0.2, 0.0, 0.5, 0.9])


def test_laece_worked_by_hand() -> None:
    # Each detection is alone in its bin of .04.
    error = localization_aware_error(FOUND.score, FOUND.iou, FOUND.category, 1)
    assert error[0] == pytest.approx((abs(0.8 - 0.9) + abs(0 - 0.7) + abs(0.6 - 0.5)) / 3)
    # Two in one bin: precision 1/2 x IoU .8 against a mean score of .41.
    error = localization_aware_error(np.array([0.42, 0.40001]), np.array([0.8, 0.0]), np.zeros(2, np.int32), 1)
    assert error[0] == pytest.approx(abs(0.5 * 0.8 - (0.42 + 0.40001) / 2))


def test_bins_are_closed_above() -> None:
    # .04 is in the first bin with 0, not in the second with .05.
    score, quality = np.array([0.0, 0.04, 0.05]), np.array([0.0, 0.9, 0.0])
    error = localization_aware_error(score, quality, np.zeros(3, np.int32), 1)
    assert error[0] == pytest.approx((abs(0.9 - 0.04) + 0.05) / 3)


def test_undefined() -> None:
    nothing = Found(np.zeros(0, np.int32), np.zeros(0), np.zeros(0, np.bool_), np.zeros(0))
    classes = np.array([2, 0], dtype=np.int64)
    best = optimal_localization_recall_precision(nothing, classes, iou_threshold=0.5)
    assert best.error.tolist()[0] == best.false_negative.tolist()[0] == 1
    assert np.isnan([best.error[1], best.localization[0], best.false_positive[0], best.score_threshold[0]]).all()
    assert np.isnan(localization_aware_error(np.zeros(0), np.zeros(0), np.zeros(0, np.int32), 2)).all()
    outside = localization_aware_error(np.array([3.0]), np.array([0.8]), np.zeros(1, np.int32), 1)
    assert np.isnan(outside).all()


def test_at_iou_1_nothing_is_loose() -> None:
    exact = Found(np.zeros(1, np.int32), np.array([0.9]), np.array([True]), np.array([1.0]))
    lrp = localization_recall_precision(exact, TWO, iou_threshold=1.0, score_threshold=0.0)
    assert lrp.error.tolist() == [0.5]


def plain_by_class(results: Any) -> list[list[naive.PlainFound]]:
    plain = naive_point.plain_detections(results.detections, results.matches, results.analysis_threshold)
    annotations = naive_point.plain_annotations(results.ground_truth)
    return [
        [
            naive.PlainFound(d.score, None if d.found is None else naive_point.box_iou(d.box, annotations[d.found].box))
            for d in plain
            if d.is_counted and d.category == category
        ]
        for category in range(len(results.ground_truth.categories.ids))
    ]


@settings(max_examples=80, deadline=None)
@given(coco_pairs(), st.sampled_from([0.1, 0.3, 0.5, 0.7, 1.0]), st.sampled_from([0.5, 0.75, 0.3, 1.0]))
def test_records_equal_the_slow_twins(pair: CocoPair, score_threshold: float, iou_threshold: float) -> None:
    results = mapgap.analyze(pair.ground_truth, pair.detections, resamples=0, iou_threshold=iou_threshold).results
    *classes, of_all = quality_records(results, score_threshold)
    errors = []
    for record, objects, detections in zip(
        classes, results.matches.positives[0].tolist(), plain_by_class(results), strict=True
    ):
        if objects == 0:
            assert record["laece"] is None
            assert set(record["lrp"].values()) | set(record["optimal_lrp"].values()) == {None}
            continue
        expected = naive.lrp(detections, objects, iou_threshold, score_threshold)
        for part in PARTS[:-1]:
            assert record["lrp"][part] == pytest.approx(getattr(expected, part), abs=1e-12)
        best, threshold = naive.optimal_lrp(detections, objects, iou_threshold)
        assert record["optimal_lrp"]["error"] == pytest.approx(best.error, abs=1e-12)
        if record["optimal_lrp"]["score_threshold"] == threshold:  # else equal but for rounding
            for part in PARTS[:-1]:
                assert record["optimal_lrp"][part] == pytest.approx(getattr(best, part), abs=1e-12)
        kept = [d for d in detections if d.score >= score_threshold]
        assert record["laece"] == pytest.approx(naive.laece(kept), abs=1e-12)
        errors.append(record["optimal_lrp"]["error"])
    mean = of_all["optimal_lrp"]["error"]
    assert mean == (pytest.approx(sum(errors) / len(errors)) if errors else None)


def test_masks_have_ious_too() -> None:
    """Of a match that is not the nearest object, too: the second takes what the first left."""
    square, wider = [[0, 0, 0, 10, 10, 10, 10, 0]], [[0, 0, 0, 10, 12, 10, 12, 0]]
    truth = {
        "images": [{"id": 1, "width": 30, "height": 30}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [
            {"id": i, "image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "area": 100, "iscrowd": 0,
             "segmentation": part}
            for i, part in enumerate((square, wider), start=1)
        ],
    }  # fmt: skip
    from pycocotools import mask

    rle = mask.frPyObjects(square, 30, 30)[0]
    counts = {"size": [30, 30], "counts": rle["counts"].decode()}
    detections = [{"image_id": 1, "category_id": 1, "segmentation": counts, "score": s} for s in (0.9, 0.8)]
    results = mapgap.analyze(truth, detections, iou_type="segm", resamples=0).results
    of_all = quality_records(results, 0.5)[-1]
    assert of_all["lrp"]["localization"] == pytest.approx((0 + 1 - 100 / 120) / 2)
