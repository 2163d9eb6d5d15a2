"""Masks: held to pycocotools to the last bit, refused with a way out where they are missing."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask

import mapgap
from mapgap.attributes.mask_coverage import covered_mask_share
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.errors import InputError
from mapgap.tables import GAP_CAUSES
from tests.generated import CocoPair, coco_pairs
from tests.oracle import run_pycocotools
from tests.test_matching import assert_equal_arrays

SIDE = 70


def _rectangle_mask(box: Sequence[float], kind: str) -> Any:
    """A mask about as large as the box: a polygon, two polygons, compressed or listed run lengths."""
    x, y, width, height = box
    if kind == "polygon":
        return [[x, y, x + width, y, x + width, y + height, x, y + height]]
    if kind == "two polygons":
        return [[x, y, x + width, y, x, y + height], [x + width, y + height, x + width, y + 1, x + 1, y + height]]
    pixels = np.zeros((SIDE, SIDE), dtype=np.uint8, order="F")
    pixels[int(y) : int(y + height + 0.5), int(x) : int(x + width + 0.5)] = 1
    if kind == "run lengths":
        encoded = mask.encode(pixels)
        return {"size": encoded["size"], "counts": encoded["counts"].decode()}
    runs = np.flatnonzero(np.diff(pixels.flatten(order="F"), prepend=0))
    return {"size": [SIDE, SIDE], "counts": np.diff(runs, prepend=0, append=SIDE * SIDE).tolist()}


@st.composite
def mask_pairs(draw: st.DrawFn, **options: Any) -> CocoPair:
    """Generated pairs with masks of every kind; half of the runs have masks only."""
    pair = draw(coco_pairs(**options))
    kinds = st.sampled_from(["polygon", "polygon", "two polygons", "run lengths"])
    for annotation in pair.ground_truth["annotations"]:
        kind = "listed run lengths" if annotation["iscrowd"] else draw(kinds)
        annotation["segmentation"] = _rectangle_mask(annotation["bbox"], kind)
    has_boxes = draw(st.booleans())
    for detection in pair.detections:
        detection["segmentation"] = _rectangle_mask(detection["bbox"], "run lengths")
        if not has_boxes:
            del detection["bbox"]
    return pair


@settings(max_examples=150)
@given(mask_pairs())
def test_equal_numbers_on_generated_masks(pair: CocoPair) -> None:
    theirs = run_pycocotools(pair.ground_truth, pair.detections, iou_type="segm")
    ours = mapgap.evaluate(copy.deepcopy(pair.ground_truth), copy.deepcopy(pair.detections), iou_type="segm")
    assert_equal_arrays(ours.precision, theirs.eval["precision"])
    assert_equal_arrays(ours.recall, theirs.eval["recall"])
    assert_equal_arrays(ours.scores, theirs.eval["scores"])
    assert list(ours.metrics.values()) == [None if value == -1 else value for value in theirs.stats]


@settings(max_examples=60)
@given(mask_pairs())
def test_the_whole_chain_holds_with_masks(pair: CocoPair) -> None:
    analysis = mapgap.analyze(pair.ground_truth, pair.detections, iou_type="segm")
    gap, point = analysis.summary["gap"], analysis.summary["operating_point"]
    assert analysis.summary["settings"]["iou_type"] == "segm"
    assert sum(cause["errors"] for cause in analysis.summary["causes"]) == point["fp"] + point["fn"]
    if gap["total"] is not None:
        assert abs(gap["residual"]) < 1e-9
        assert sum(gap["by_cause"][cause] for cause in GAP_CAUSES) == pytest.approx(gap["total"], abs=1e-9)


@given(st.lists(st.integers(0, 2**36 - 1), min_size=1, max_size=5), st.integers(0, 31))
def test_covered_share_counts_pixels(bits: list[int], objects: int) -> None:
    pixels = [np.array([(one >> i) & 1 for i in range(36)], dtype=np.uint8).reshape(6, 6) for one in bits]
    masks = tuple(mask.encode(np.asfortranarray(one)) for one in pixels)
    is_object = np.array([bool(objects >> i & 1) for i in range(len(bits))])
    share = covered_mask_share(np.zeros(len(bits), dtype=np.int32), masks, is_object)
    for row, own in enumerate(pixels):
        others = [other for j, other in enumerate(pixels) if j != row and is_object[j]]
        covered = np.logical_and(own, np.any(others, axis=0)).sum() if others else 0
        expected = covered / own.sum() if is_object[row] and own.sum() else 0.0
        assert share[row] == pytest.approx(expected)


def test_official_demo_pair_with_masks(real_data: Path) -> None:
    folder = real_data / "cocoapi_fake100"
    metrics = mapgap.evaluate(folder / "gt.json", folder / "segm.json", iou_type="segm").metrics
    # fmt: off
    expected = [.3195452759, .5622883973, .2989265341, .3873740316, .3101827240, .3269339071,
                .2682297226, .4154486811, .4168394992, .4694498623, .3767592267, .3814715100]
    # fmt: on
    assert [round(value, 10) for value in metrics.values()] == expected


def test_ground_truth_without_masks_is_refused_by_its_first_annotation(real_data: Path) -> None:
    folder = real_data / "coco_val2017_yolact100"
    with pytest.raises(InputError, match=r"gt\.json: annotations\[0\] \(id 10000033\).*no mask.*--iou-type bbox"):
        mapgap.evaluate(folder / "gt.json", folder / "detections/yolact_base.json", iou_type="segm")


def test_detections_with_boxes_only_are_refused_with_the_way_out(real_data: Path) -> None:
    folder = real_data / "coco_val2017_images"
    with pytest.raises(InputError, match=r"yolov2_416\.json: detections\[0\].*no mask.*--iou-type bbox"):
        mapgap.evaluate(folder / "gt.json", folder / "yolov2_416.json", iou_type="segm")
    with pytest.raises(InputError, match="array holds boxes"):
        mapgap.evaluate(folder / "gt.json", np.zeros((0, 7)), iou_type="segm")


@pytest.mark.parametrize(
    ("segmentation", "complaint"),
    [
        (None, "no mask"),
        ([], "no mask"),
        ([[1, 2, 3, 4]], "4 numbers"),
        ([[1, 2, 3, 4, 5, 6, 7]], "7 numbers"),
        ([[1, 2, 3, 4, 5, 1e9]], "far beyond"),
        ({"size": [5, 5], "counts": [25]}, "size"),
        ({"size": [70, 70], "counts": [1, 2, 3]}, "do not fill"),
        ({"size": [70, 70], "counts": "not runs"}, "do not fill"),
        ("polygon", "segmentation"),
        ([["a", "b", "c", "d", "e", "f"]], "segmentation"),
    ],
)
def test_masks_without_a_meaning_are_refused(segmentation: Any, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint) as caught:
        read_ground_truth(_truth(segmentation), with_masks=True)
    assert "annotations[0] (id 7)" in str(caught.value)


def test_a_polygon_needs_the_size_of_its_image() -> None:
    truth = _truth([[0, 0, 9, 0, 9, 9]])
    del truth["images"][0]["height"]
    with pytest.raises(InputError, match="no width and height"):
        read_ground_truth(truth, with_masks=True)


def _truth(segmentation: Any) -> dict[str, Any]:
    annotation = {"id": 7, "image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9], "segmentation": segmentation}
    return {
        "images": [{"id": 1, "width": SIDE, "height": SIDE}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [annotation],
    }
