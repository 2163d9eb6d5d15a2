"""Warnings about the data: the kernel's counts, the words, and the quick way of `evaluate` beside the careful one."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap import _kernel
from mapgap.analysis.examining import data_findings
from mapgap.analysis.numbers import numbers_of_files
from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.findings import Finding
from mapgap.tables import MAX_DETECTIONS
from tests.generated import CocoPair, coco_pairs
from tests.naive import examining as naive

BOX = [10, 10, 20, 20]
GROUND_TRUTH = {
    "images": [{"id": i, "width": 100, "height": 80, "file_name": f"{i}.jpg"} for i in (1, 2)],
    "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    "annotations": [{"id": i, "image_id": i, "category_id": 1, "bbox": BOX, "area": 400, "iscrowd": 0} for i in (1, 2)],
}
FOUND = [{"image_id": i, "category_id": 1, "bbox": BOX, "score": 0.4 + i / 10} for i in (1, 2)]


def pair(
    annotation: dict[str, Any] | None = None, detections: list[dict[str, Any]] | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The pair without anything odd, its first annotation or its detections changed."""
    ground_truth = copy.deepcopy(GROUND_TRUTH)
    ground_truth["annotations"][0].update(annotation or {})
    return ground_truth, FOUND if detections is None else detections


def findings(ground_truth: dict[str, Any], detections: list[dict[str, Any]]) -> dict[str, Finding]:
    table = read_ground_truth(ground_truth)
    return {finding.code: finding for finding in data_findings(table, read_detections(detections, table))}


@st.composite
def odd_pairs(draw: st.DrawFn) -> CocoPair:
    """Pairs with flat and negative boxes, unknown sizes, odd areas, repeated rows and odd scores."""
    drawn = draw(coco_pairs())
    for image in drawn.ground_truth["images"]:
        if draw(st.integers(0, 4)) == 0:
            del image["width"]
    rows = [*drawn.ground_truth["annotations"], *drawn.detections]
    for row in rows:
        if draw(st.integers(0, 3)) == 0:
            row["bbox"] = draw(st.lists(st.integers(-20, 90), min_size=4, max_size=4))
    for annotation in drawn.ground_truth["annotations"]:
        annotation["area"] = draw(st.sampled_from([annotation["area"], 0, 1, 9000]))
    for detection in drawn.detections:
        detection["score"] = draw(st.sampled_from([detection["score"], detection["score"], -1, 0.0, -0.0, 1, 2]))
    again = draw(st.lists(st.sampled_from(drawn.detections), max_size=5)) if drawn.detections else []
    return CocoPair(drawn.ground_truth, [*drawn.detections, *copy.deepcopy(again)])


@pytest.mark.kernel
@settings(max_examples=200)
@given(odd_pairs(), st.sampled_from([0.0, 0.5, 2.0]), st.integers(1, 4))
def test_the_kernel_counts_as_its_twin(drawn: CocoPair, tolerance: float, limit: int) -> None:
    table = read_ground_truth(drawn.ground_truth)
    found = read_detections(drawn.detections, table)
    order = np.arange(len(table.images.ids))
    sizes = (table.images.width, table.images.height, order)
    crowd = table.crowd.view(np.uint8)
    of_objects = _kernel.examine_objects(table.image, table.box, table.area, crowd, *sizes, tolerance)
    assert of_objects == naive.odd_objects(drawn.ground_truth, tolerance)
    classes = len(table.categories.ids)
    of_detections = _kernel.examine_detections(
        found.image, found.category, found.box, found.score, table.category, crowd, classes, *sizes, tolerance, limit
    )
    assert of_detections == naive.odd_detections(drawn.ground_truth, drawn.detections, tolerance, limit)


@pytest.mark.kernel
def test_class_counts_are_the_same_where_classes_are_too_many_for_a_table() -> None:
    image = np.repeat(np.arange(3, dtype=np.int32), 4)
    category = np.array([7, 7, 7, 1, 2, 3, 4, 5, 9, 9, 9, 9], dtype=np.int32)
    rows = (image, category, np.tile([0.0, 0, 1, 1], (12, 1)), np.arange(12) / 12)
    sizes = (np.full(3, 9.0), np.full(3, 9.0), np.arange(3), 0.5, 2)
    nothing = (np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.uint8))
    few = _kernel.examine_detections(*rows, *nothing, 10, *sizes)
    many = _kernel.examine_detections(*rows, *nothing, 5_000_000, *sizes)
    assert few == many
    assert few["detections_cut"] == (7, [0, 1, 2])


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"image": np.array([5], dtype=np.int32)}, "image: index out of range"),
        ({"category": np.array([5], dtype=np.int32)}, "category: index out of range"),
        ({"box": np.zeros((2, 4))}, "differ in length"),
        ({"image_order": np.array([3])}, "image_order: index out of range"),
        ({"height": np.zeros(2)}, "width and height"),
        ({"crowd": np.zeros(3, dtype=np.uint8)}, "differ in length"),
    ],
)
def test_the_kernel_refuses_arrays_that_do_not_fit(change: dict[str, Any], complaint: str) -> None:
    good = {
        "image": np.zeros(1, dtype=np.int32),
        "category": np.zeros(1, dtype=np.int32),
        "box": np.ones((1, 4)),
        "score": np.ones(1),
        "object_category": np.zeros(1, dtype=np.int32),
        "crowd": np.zeros(1, dtype=np.uint8),
        "categories": 1,
        "width": np.ones(1),
        "height": np.ones(1),
        "image_order": np.zeros(1, dtype=np.int64),
        "overhang": 0.5,
        "max_detections": 100,
    }
    _kernel.examine_detections(**good)
    with pytest.raises(ValueError, match=complaint):
        _kernel.examine_detections(**{**good, **change})


def test_nothing_is_said_of_a_pair_without_oddities() -> None:
    assert findings(*pair()) == {}


@pytest.mark.parametrize(
    ("annotation", "code"),
    [
        ({"bbox": [10, 10, 0, 20]}, "box_without_size"),
        ({"bbox": [10, 10, 20, -1]}, "box_without_size"),
        ({"bbox": [90, 10, 20, 20]}, "box_outside_image"),
        ({"bbox": [-3, 10, 20, 20]}, "box_outside_image"),
        ({"area": 0}, "area_inconsistent"),
        ({"area": 4000}, "area_inconsistent"),
    ],
)
def test_odd_annotations(annotation: dict[str, Any], code: str) -> None:
    found = findings(*pair(annotation))
    assert list(found) == [code]
    assert found[code].count == 1
    assert found[code].examples[0].words.startswith("annotations[0] (id 1), field ")
    assert found[code].file == "ground truth"


@pytest.mark.parametrize("annotation", [{"bbox": [-2, 10, 20, 20]}, {"bbox": [82, 10, 20, 20]}, {"area": 1}])
def test_rounding_is_not_odd(annotation: dict[str, Any]) -> None:
    assert findings(*pair(annotation)) == {}


def changed(**change: Any) -> list[dict[str, Any]]:
    return [{**FOUND[0], **change}, FOUND[1]]


@pytest.mark.parametrize(
    ("detections", "code"),
    [
        (changed(bbox=[10, 10, -5, 5]), "box_without_size"),
        (changed(bbox=[500, 10, 20, 20]), "box_outside_image"),
        ([*FOUND, FOUND[0]], "repeated_detections"),
        (changed(category_id=2), "detections_without_ground_truth"),
        ([], "no_detections"),
        ([{**one, "score": 0.5} for one in FOUND], "scores_equal"),
        ([{**one, "score": 60 + one["score"]} for one in FOUND], "scores_in_percent"),
        (changed(score=-2.5), "scores_are_logits"),
        (changed(score=300), "scores_beyond_one"),
    ],
)
def test_odd_detections(detections: list[dict[str, Any]], code: str) -> None:
    found = findings(*pair(detections=detections))
    assert list(found) == [code]
    assert found[code].file == "detections"


def test_scores_name_the_option_that_reads_them() -> None:
    percent = findings(*pair(detections=[{**one, "score": 60 + one["score"]} for one in FOUND]))
    assert percent["scores_in_percent"].command == "--score-format percent"
    assert findings(*pair(detections=changed(score=-2.5)))["scores_are_logits"].command == "--score-format logit"


def test_equal_scores_tell_what_the_order_can_do() -> None:
    """Two images with an object found and a false one each; images stay in their order, so TP FP TP FP is the best.

    Precision is then 1 up to a recall of .5 (51 of 101 points) and 2/3 beyond; in the worst order, FP TP FP TP, 1/2.
    """
    false = [{**one, "bbox": [60, 50, 20, 20]} for one in FOUND]
    detections = [{**one, "score": 0.5} for one in (*FOUND, *false)]
    message = findings(*pair(detections=detections))["scores_equal"].message
    assert f"AP is 0.500 with the wrong ones first and {(51 + 50 * 2 / 3) / 101:.3f} with them last" in message


def test_classes_without_objects_tell_what_they_would_cost() -> None:
    found = findings(*pair(detections=[*FOUND, {**FOUND[0], "category_id": 2}]))
    finding = found["detections_without_ground_truth"]
    assert "1 detections are of 1 classes" in finding.message
    assert "AP would be 0.500 of what it is" in finding.message
    assert finding.examples[0].words == "dog"


def test_detections_beyond_the_limit_tell_what_they_would_find() -> None:
    """A hundred false ones, surer than the one that finds the object of the first image."""
    false = [{**FOUND[0], "bbox": [60, 50, 20, 20], "score": 0.9 - i / 1000} for i in range(MAX_DETECTIONS[-1])]
    finding = findings(*pair(detections=[*false, *FOUND]))["detections_cut"]
    assert finding.count == 1
    assert "at IoU .5 they would find 1 more of 2 objects" in finding.message
    assert finding.examples[0].words == "image 1"


@settings(max_examples=60)
@given(odd_pairs())
def test_both_ways_of_evaluate_warn_alike(tmp_path_factory: pytest.TempPathFactory, drawn: CocoPair) -> None:
    folder = tmp_path_factory.getbasetemp()
    truth, found = folder / "odd_gt.json", folder / "odd_dt.json"
    truth.write_text(json.dumps(drawn.ground_truth))
    found.write_text(json.dumps(drawn.detections))
    quick = numbers_of_files(str(truth), str(found))
    if quick is None:
        return
    careful = mapgap.evaluate(truth, found)
    told = [(one.code, one.message, one.count, one.examples) for one in quick.warnings]
    assert told == [(one.code, one.message, one.count, one.examples) for one in careful.notices]
    assert quick.metrics == careful.metrics


def test_the_quick_way_warns_itself_where_it_can(tmp_path: Path) -> None:
    ground_truth, detections = pair({"bbox": [10, 10, 0, 20]}, changed(score=-2.5))
    (tmp_path / "gt.json").write_text(json.dumps(ground_truth))
    (tmp_path / "dt.json").write_text(json.dumps(detections))
    quick = numbers_of_files(str(tmp_path / "gt.json"), str(tmp_path / "dt.json"))
    assert quick is not None
    assert [one.code for one in quick.warnings] == ["box_without_size", "scores_are_logits"]
    assert [one.message.split(": ")[0] for one in quick.warnings] == ["gt.json", "dt.json"]


def test_warnings_reach_the_summary() -> None:
    analysis = mapgap.analyze(*pair({"area": 0}), resamples=0)
    assert [warning["code"] for warning in analysis.summary["warnings"]] == ["area_inconsistent"]
