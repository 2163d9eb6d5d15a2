"""What pycocotools does that nobody would expect, one case each: the drop-in does it too."""

import contextlib
import copy
import io
from typing import Any

import numpy as np
import pytest

from tests.dropin_runs import DROP_INS, GENUINE, assert_drop_in, assert_same, run, without_params

A, B, FAR = [0, 0, 10, 10], [20, 20, 10, 10], [200, 200, 10, 10]


def truth(*boxes: Any, **fields: Any) -> dict[str, Any]:
    """Two images, two classes; one annotation a box, all in image 1 and of class 1."""
    annotations = [
        {"id": number, "image_id": 1, "category_id": 1, "bbox": box, "area": 100, "iscrowd": 0} | fields
        for number, box in enumerate(boxes, start=1)
    ]
    categories = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    return {"images": [{"id": 1}, {"id": 2}], "annotations": annotations, "categories": categories}


def found(*boxes: Any, scores: Any = None, **fields: Any) -> list[dict[str, Any]]:
    """One detection a box, by falling score unless told."""
    scores = scores or [1 - number / 100 for number in range(len(boxes))]
    return [
        {"image_id": 1, "category_id": 1, "bbox": box, "score": score} | fields
        for box, score in zip(boxes, scores, strict=True)
    ]


def settings(**values: Any) -> Any:
    def change(params: Any) -> None:
        for name, value in values.items():
            setattr(params, name, value)

    return change


def test_a_match_with_annotation_id_zero_is_a_false_positive() -> None:
    ground_truth = truth(A, B)
    ground_truth["annotations"][0]["id"] = 0
    genuine = assert_drop_in(ground_truth, found(A, B))
    assert 0 < genuine.evaluation.stats[0] < 0.5
    crowd = copy.deepcopy(ground_truth)
    crowd["annotations"][0]["iscrowd"] = 1
    assert assert_drop_in(crowd, found(A, B)).evaluation.stats[0] > 0.9


def test_of_duplicate_ids_the_last_annotation_counts_twice_even_in_another_image() -> None:
    ground_truth = truth(A, B)
    ground_truth["annotations"][1].update(id=1, image_id=2)
    genuine = assert_drop_in(ground_truth, found(A, B, image_id=2))
    entry = genuine.evaluation.evalImgs[1]
    assert entry["gtIds"] == [1, 1]
    assert genuine.evaluation.evalImgs[0] is None


def test_an_undefined_iou_matches_and_after_it_anything_does() -> None:
    ground_truth = truth([0, 1, float("nan"), 1], FAR)
    genuine = assert_drop_in(ground_truth, found([0, 1, 1, 1], A))
    assert genuine.evaluation.evalImgs[0]["dtMatches"][0].tolist() == [2, 1]


@pytest.mark.parametrize("scores", [[float("nan"), float("-inf"), 0.5], [float("-inf"), float("nan"), float("nan")]])
def test_undefined_scores_come_last(scores: list[float]) -> None:
    genuine = assert_drop_in(truth(A, B, FAR), found(A, B, [5, 5, 1, 1], scores=scores))
    ordered = genuine.evaluation.evalImgs[0]["dtScores"]
    assert np.isnan(ordered[-1])
    assert not np.isnan(ordered[0])


def test_a_detection_whose_id_is_not_positive_leaves_the_annotation_free() -> None:
    for id_, matched in ((-1, [[1, 1]]), (3, [[1, 0]])):
        detections = [d | {"id": id_ + place, "area": 100} for place, d in enumerate(found(A, A))]
        results = {"images": [], "annotations": detections}
        genuine = assert_drop_in(truth(A), results, before=settings(iouThrs=np.array([0.5])))
        assert genuine.evaluation.evalImgs[0]["dtMatches"].tolist() == matched


def test_recall_points_that_do_not_rise() -> None:
    genuine = assert_drop_in(truth(A, B), found(A, FAR, FAR, B), before=settings(recThrs=[1.0, 0.2]))
    assert genuine.evaluation.eval["precision"][0, :, 0, 0, 2].round(9).tolist() == [0.5, 1]
    genuine = assert_drop_in(truth(A, B), found(A), before=settings(recThrs=np.array([1.0, 0.2])))
    assert genuine.evaluation.eval["precision"][0, :, 0, 0, 2].tolist() == [0, 0]


def test_a_float32_threshold_of_one_is_not_lowered() -> None:
    almost = next(box for number in range(1, 99) if (box := [number / 7, 0, number / 3, 1]) and _own_iou(box) < 1)
    for kind, matched in ((np.float32, 0.0), (np.float64, 1.0)):
        before = settings(iouThrs=[kind(0.5), kind(1.0)])
        genuine = assert_drop_in(truth(almost), found(almost), before=before)
        assert genuine.evaluation.evalImgs[0]["dtMatches"].tolist() == [[1], [matched]]


def _own_iou(box: list[float]) -> float:
    from pycocotools import mask as masks

    return float(masks.iou([box], [box], [0])[0, 0])


def test_float32_areas_are_compared_as_float32() -> None:
    for area, ignored in ((np.float32(0.1), 0), (float(np.float32(0.1)), 1)):
        before = settings(areaRng=[[0, 0.1]], areaRngLbl=["all"])
        genuine = assert_drop_in(truth(A, area=area), found(A), before=before)
        assert genuine.evaluation.evalImgs[0]["gtIgnore"].tolist() == [ignored]


@pytest.mark.parametrize(
    ("limits", "average_precision", "error"),
    [([1, 2, 3], -1, None), ([100], None, IndexError), ([1, 10], None, IndexError), ([1, 10, 100, 100], 1, None)],
)
def test_lists_of_limits(limits: list[int], average_precision: float | None, error: Any) -> None:
    genuine = assert_drop_in(truth(A), found(A), before=settings(maxDets=limits))
    assert genuine.error is error
    if average_precision is not None:
        assert genuine.evaluation.stats[0] == pytest.approx(average_precision)


def test_without_classes_the_class_ids_of_the_settings_are_lost() -> None:
    detections = found(A) + found(B, category_id=2) + found(FAR, category_id=77)
    genuine = assert_drop_in(truth(A, B), detections, before=settings(useCats=0))
    assert genuine.evaluation.params.catIds == [-1]
    assert genuine.evaluation.eval["recall"].max() == 1
    assert_drop_in(truth(A, B), detections, before=settings(useCats=0, catIds=[2, 1, 1]))


def test_more_than_32_thresholds() -> None:
    genuine = assert_drop_in(truth(A, B), found([0, 0, 10, 6], B), before=settings(iouThrs=np.linspace(0.01, 0.99, 99)))
    assert genuine.evaluation.eval["recall"][:, 0, 0, 2].tolist() == [1.0] * 60 + [0.5] * 39


def test_limits_raised_by_hand_after_evaluate() -> None:
    seen = []
    ground_truth = truth(A, B)
    ground_truth["annotations"][1]["image_id"] = 2
    # What evaluate cut must not come back as false positives before the match in the second image.
    detections = [*found(A, FAR, FAR, FAR), *found(B, image_id=2, scores=[0.1])]
    for kit in (*DROP_INS, GENUINE):
        evaluation = run(kit, ground_truth, detections, before=settings(maxDets=[1, 2, 2])).evaluation
        evaluation.evaluate()
        evaluation.params.maxDets = [1, 2, 100]
        evaluation._paramsEval = copy.deepcopy(evaluation.params)
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation.accumulate()
        seen.append(without_params(evaluation.eval))
    assert_same(seen[0], seen[2])
    assert_same(seen[1], seen[2])


def test_an_ignore_field_of_the_file_is_overwritten() -> None:
    ground_truth = truth(A, B, ignore=1)
    genuine = assert_drop_in(ground_truth, found(A, B))
    assert [a["ignore"] for a in genuine.evaluation.cocoGt.dataset["annotations"]] == [0, 0]
    assert [a["_ignore"] for a in genuine.evaluation.cocoGt.dataset["annotations"]] == [1, 1]


def test_nothing_at_all() -> None:
    assert assert_drop_in(truth(A), []).error is IndexError
    empty = {"images": [], "annotations": []}
    assert assert_drop_in(truth(A), empty).evaluation.stats[0] == 0
    assert assert_drop_in(truth(), found(A)).evaluation.stats.tolist() == [-1] * 12
    no_image = {"images": [], "annotations": [], "categories": []}
    assert "Please run evaluate() first" in assert_drop_in(no_image, empty).text
