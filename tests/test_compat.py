"""compat="pycocotools": the numbers of input that mapgap refuses, as pycocotools has them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap.analysis.copied import CopiedEvaluation
from mapgap.errors import InputError
from tests.generated import CocoPair, coco_pairs
from tests.oracle import run_pycocotools
from tests.test_matching import assert_equal_arrays

NAN = float("nan")


def spoil(pair: CocoPair, draw: Any) -> None:
    """Puts in a NaN box, a NaN score or an unknown category, where there is a detection."""
    for record in pair.detections[: draw(st.integers(1, 3))]:
        spoilt = draw(st.sampled_from(["box", "score", "category"]))
        if spoilt == "box":
            record["bbox"] = [*record["bbox"][:3], NAN]
        elif spoilt == "score":
            record["score"] = NAN
        else:
            record["category_id"] = 999


@settings(max_examples=100)
@given(coco_pairs(), st.data())
def test_refused_input_has_pycocotools_numbers(pair: CocoPair, data: st.DataObject) -> None:
    spoil(pair, data.draw)
    agnostic = data.draw(st.booleans())
    theirs = run_pycocotools(pair.ground_truth, pair.detections, class_agnostic=agnostic)
    ours = mapgap.evaluate(pair.ground_truth, pair.detections, compat="pycocotools", class_agnostic=agnostic)
    assert_equal_arrays(ours.precision, theirs.eval["precision"])
    assert_equal_arrays(ours.recall, theirs.eval["recall"])
    assert list(ours.metrics.values()) == [None if value == -1 else value for value in theirs.stats]
    if pair.detections:
        assert isinstance(ours, CopiedEvaluation)
        assert [notice.code for notice in ours.notices] == ["read_as_pycocotools"]
        with pytest.raises(InputError):
            mapgap.evaluate(pair.ground_truth, pair.detections)


def test_nan_in_a_file_and_inputs_left_as_they_were(tmp_path: Path) -> None:
    truth = {
        "images": [{"id": 1, "width": 9, "height": 9}],
        "categories": [{"id": 1, "name": "a"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9], "area": 81, "iscrowd": 0}],
    }
    detections = [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 9, NAN], "score": 0.5}]
    (tmp_path / "gt.json").write_text(json.dumps(truth))
    (tmp_path / "dt.json").write_text(json.dumps(detections))
    before = json.dumps([truth, detections])
    from_files = mapgap.evaluate(tmp_path / "gt.json", tmp_path / "dt.json", compat="pycocotools")
    from_objects = mapgap.evaluate(truth, detections, compat="pycocotools")
    assert from_files.metrics == from_objects.metrics
    assert from_files.metrics["AP50"] == pytest.approx(1)
    assert json.dumps([truth, detections]) == before


@pytest.mark.parametrize("detections", [{"no": "list"}, [{"image_id": 5}], [3], "missing.json"])
def test_what_pycocotools_cannot_read_is_refused_in_our_words(detections: Any) -> None:
    truth = {"images": [{"id": 1}], "categories": [{"id": 1, "name": "a"}], "annotations": []}
    with pytest.raises(mapgap.MapgapError):
        mapgap.evaluate(truth, detections, compat="pycocotools")
