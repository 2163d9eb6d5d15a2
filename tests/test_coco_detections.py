"""Detections: lists, files, arrays and COCO objects agree; areas and boxes are those of pycocotools' `loadRes`."""

import contextlib
import copy
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask
from pycocotools.coco import COCO

from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.errors import InputError
from mapgap.tables import Detections
from tests.generated import CocoPair, coco_pairs
from tests.naive import coco as naive

REAL_PAIRS = [
    ("coco_val2017/instances_val2017_rebuilt.json", "coco_val2017/yolov2_416_results.json"),
    ("coco_val2017/instances_val2017_rebuilt.json", "coco_val2017/yolov2_416_results_yxyx.json"),
    ("coco_val2017/instances_val2017_rebuilt.json", "coco_val2017/yolov2_608_results.json"),
    ("coco_val2017_images/gt.json", "coco_val2017_images/yolov2_416.json"),
    ("coco_val2017_images/gt.json", "coco_val2017_images/yolov2_608.json"),
    ("coco_val2017_yolact100/gt.json", "coco_val2017_yolact100/detections/yolact_base.json"),
    ("coco_val2017_yolact100/gt.json", "coco_val2017_yolact100/detections/yolact_darknet53.json"),
    ("coco_val2017_yolact100/gt.json", "coco_val2017_yolact100/detections/yolact_im700.json"),
    ("coco_val2017_yolact100/gt.json", "coco_val2017_yolact100/detections/yolact_resnet50.json"),
    ("cocoapi_fake100/gt.json", "cocoapi_fake100/bbox.json"),
    ("cocoapi_fake100/gt.json", "cocoapi_fake100/segm.json"),
    ("kaist/gt.json", "kaist/detections/MBNet.json"),
    ("kaist/gt.json", "kaist/detections/MLPD.json"),
    ("kaist/gt.json", "kaist/detections/MSDS-RCNN.json"),
]
DATASET = {
    "images": [{"id": 9, "width": 8, "height": 6}, {"id": 5, "width": 8, "height": 6}],
    "categories": [{"id": 3, "name": "cat"}, {"id": 1, "name": "dog"}],
    "annotations": [{"id": 1, "image_id": 9, "category_id": 3, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}],
}
GROUND_TRUTH = read_ground_truth(DATASET)


def quiet_coco(path: Path | None = None) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(None if path is None else str(path))
        if path is None:
            coco.dataset = copy.deepcopy(DATASET)
            coco.createIndex()
    return coco


def load_results(coco: COCO, results: Any) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return coco.loadRes(results)


def detections(**change: Any) -> list[dict[str, Any]]:
    """Three detections, the second changed by the arguments."""
    return [
        {"image_id": 9, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5},
        {"image_id": 5, "category_id": 3, "bbox": [0.5, 2, 3.5, 4], "score": 1, **change},
        {"image_id": 9, "category_id": 3, "bbox": [0, 0, 1, 1], "score": 0.25},
    ]


def run_lengths(seed: int, *, height: int = 6, width: int = 8) -> dict[str, Any]:
    pixels = np.random.default_rng(seed).random((height, width)) < 0.4
    encoded = mask.encode(np.asfortranarray(pixels.astype(np.uint8)))
    return {"size": [height, width], "counts": encoded["counts"].decode()}


def masked(*, boxes: bool = False) -> list[dict[str, Any]]:
    rows = [
        {"image_id": 9, "category_id": 1, "segmentation": run_lengths(seed), "score": seed / 10} for seed in range(4)
    ]
    if boxes:
        rows[2]["bbox"] = [1, 2, 3, 4]
    return rows


def assert_same(left: Detections, right: Detections) -> None:
    for field in ("record", "image", "category", "box", "area", "score"):
        one, other = getattr(left, field), getattr(right, field)
        assert one.dtype == other.dtype
        assert np.array_equal(one, other), field


def test_columns_of_a_small_list() -> None:
    table = read_detections(detections(), GROUND_TRUTH)
    assert (table.name, table.sha256, table.notices) == ("detections", None, ())
    assert table.record.tolist() == [0, 1, 2]
    assert table.image.tolist() == [1, 0, 1]
    assert table.category.tolist() == [0, 1, 1]
    assert table.box.tolist() == [[1, 2, 3, 4], [0.5, 2, 3.5, 4], [0, 0, 1, 1]]
    assert table.area.tolist() == [12, 14, 1]
    assert table.score.tolist() == [0.5, 1, 0.25]
    assert [table.record.dtype, table.image.dtype, table.box.dtype] == [np.int64, np.int32, np.float64]
    assert read_detections(detections(), GROUND_TRUTH, name="mine").name == "mine"


@settings(max_examples=60)
@given(coco_pairs())
def test_every_form_gives_the_same_table(tmp_path_factory: pytest.TempPathFactory, pair: CocoPair) -> None:
    ground_truth = read_ground_truth(pair.ground_truth)
    images = naive.images(pair.ground_truth)
    categories = naive.categories(pair.ground_truth)
    table = read_detections(pair.detections, ground_truth)
    assert table.image.tolist() == [naive.position(images, d["image_id"]) for d in pair.detections]
    assert table.category.tolist() == [naive.position(categories, d["category_id"]) for d in pair.detections]
    assert table.box.tolist() == [d["bbox"] for d in pair.detections]
    assert table.area.tolist() == naive.detection_areas(pair.detections)
    assert table.score.tolist() == [d["score"] for d in pair.detections]
    rows = [[d["image_id"], *d["bbox"], d["score"], d["category_id"]] for d in pair.detections]
    assert_same(table, read_detections(np.array(rows, dtype=np.float64).reshape(-1, 7), ground_truth))
    assert_same(table, read_detections(tuple(pair.detections), ground_truth))
    assert_same(table, read_detections({"annotations": pair.detections}, ground_truth))
    path = tmp_path_factory.getbasetemp() / "dt.json"
    for content in (pair.detections, {**pair.ground_truth, "annotations": pair.detections}):
        path.write_text(json.dumps(content))
        from_file = read_detections(path, ground_truth)
        assert_same(table, from_file)
        assert from_file.name == "dt.json"
        assert from_file.sha256 is not None


@pytest.mark.parametrize("empty", [[], (), {"annotations": []}, np.zeros((0, 7)), np.array([])])
def test_no_detections(empty: Any) -> None:
    table = read_detections(empty, GROUND_TRUTH)
    assert table.box.shape == (0, 4)
    assert table.image.shape == table.area.shape == table.score.shape == table.record.shape == (0,)
    assert [table.box.dtype, table.image.dtype, table.record.dtype] == [np.float64, np.int32, np.int64]


def test_numpy_values_inside_records() -> None:
    rows = detections(
        image_id=np.int64(5), category_id=np.float64(3), bbox=np.array([0.5, 2, 3.5, 4]), score=np.float32(1)
    )
    assert_same(read_detections(rows, GROUND_TRUTH), read_detections(detections(), GROUND_TRUTH))
    assert_same(read_detections(detections(image_id=5.0), GROUND_TRUTH), read_detections(detections(), GROUND_TRUTH))


def test_extra_fields_are_not_read() -> None:
    rows = detections(id="x", area="y", iscrowd=None, segmentation="anything", keypoints=[1])
    assert_same(read_detections(rows, GROUND_TRUTH), read_detections(detections(), GROUND_TRUTH))


@pytest.mark.parametrize("boxes", [False, True])
def test_masks_without_boxes_are_those_of_pycocotools(tmp_path: Path, boxes: bool) -> None:
    results = load_results(quiet_coco(), masked(boxes=boxes)).dataset["annotations"]
    path = tmp_path / "segm.json"
    path.write_text(json.dumps(masked(boxes=boxes)))
    for source in (masked(boxes=boxes), path, {"annotations": masked(boxes=boxes)}):
        table = read_detections(source, GROUND_TRUTH)
        assert table.area.tolist() == [float(a["area"]) for a in results]
        assert table.box.tolist() == [[float(number) for number in a["bbox"]] for a in results]


def test_other_forms_of_masks() -> None:
    plain = read_detections(masked(), GROUND_TRUTH)
    for change in ("bytes", "list", "empty box", "null box"):
        rows = masked()
        for row in rows:
            counts = row["segmentation"]["counts"]
            if change == "bytes":
                row["segmentation"]["counts"] = counts.encode()
            elif change == "list":
                row["segmentation"]["counts"] = naive.run_lengths(counts)
            else:
                row["bbox"] = [] if change == "empty box" else None
        assert_same(plain, read_detections(rows, GROUND_TRUTH))


def test_more_masks_than_one_call_takes() -> None:
    rows = masked() * 200
    table = read_detections(rows, GROUND_TRUTH)
    assert table.area.tolist() == read_detections(masked(), GROUND_TRUTH).area.tolist() * 200


def test_the_first_record_decides() -> None:
    rows = detections(segmentation=run_lengths(1))
    assert read_detections(rows, GROUND_TRUTH).area.tolist() == [12, 14, 1]
    rows = masked() + detections()[:1]
    with pytest.raises(InputError, match=r"detections\[4\]: field 'segmentation' is missing"):
        read_detections(rows, GROUND_TRUTH)
    with pytest.raises(InputError, match=r"detections\[3\]: field 'bbox' is missing or empty"):
        read_detections(detections() + masked(), GROUND_TRUTH)


@settings(max_examples=300)
@given(
    st.lists(st.integers(0, 3), max_size=6),
    st.text(alphabet=st.sampled_from("0123`aPQRo?_n/p\0\u00e9"), max_size=8),
    st.tuples(st.integers(-1, 4), st.integers(-1, 4)),
)
def test_only_sound_masks_reach_pycocotools(counts: list[int], text: str, size: tuple[int, int]) -> None:
    height, width = size
    for given_counts in (counts, text):
        row = {"image_id": 9, "category_id": 1, "score": 1, "segmentation": {"size": size, "counts": given_counts}}
        try:
            table = read_detections([row], GROUND_TRUTH)
        except InputError as error:
            place, is_accepted = error.where, False
        else:
            place, is_accepted = None, True
            assert 0 <= table.area[0] <= height * width
        is_text = isinstance(given_counts, str)
        is_code = not is_text or (all("0" <= c <= "o" for c in text) and (not text or not (ord(text[-1]) - 48) & 32))
        runs = naive.run_lengths(text) if is_text and is_code else counts
        fills = is_code and min(runs, default=0) >= 0 and sum(runs) == height * width and height > 0 and width > 0
        assert is_accepted == fills
        assert place == (None if fills else "detections[0], field 'segmentation'")


@settings(max_examples=100)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 40))
def test_every_encoded_mask_is_accepted(seed: int, height: int, width: int) -> None:
    encoded = run_lengths(seed, height=height, width=width)
    table = read_detections([{"image_id": 9, "category_id": 1, "score": 1, "segmentation": encoded}] * 3, GROUND_TRUTH)
    assert table.area.tolist() == [float(mask.area(encoded))] * 3
    assert table.box.tolist() == [mask.toBbox(encoded).tolist()] * 3
    assert sum(naive.run_lengths(encoded["counts"])[1::2]) == table.area[0]


@pytest.mark.parametrize("rows", [detections(), masked(), masked(boxes=True)], ids=["boxes", "masks", "both"])
def test_coco_objects_keep_their_areas(rows: list[dict[str, Any]]) -> None:
    table = read_detections(rows, GROUND_TRUTH)
    assert_same(table, read_detections(load_results(quiet_coco(), copy.deepcopy(rows)), GROUND_TRUTH))


@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_arrays_are_those_of_pycocotools(kind: str) -> None:
    numbers = np.random.default_rng(0).random((50, 7)) * 100
    numbers[:, 0], numbers[:, 6] = 9, 3
    array = numbers.astype(kind)
    results = load_results(quiet_coco(), array).dataset["annotations"]
    table = read_detections(array, GROUND_TRUTH)
    assert table.area.tolist() == [float(a["area"]) for a in results]
    assert table.box.tolist() == [[float(number) for number in a["bbox"]] for a in results]
    assert table.score.tolist() == [float(a["score"]) for a in results]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 6)), r"shape \(2, 6\).*\(N, 7\)"),
        (np.zeros(7), r"shape \(7,\)"),
        (np.full((1, 7), "1"), "has no numbers"),
        (np.ones((1, 7), dtype=bool), "type bool has no numbers"),
        (np.array([[9.5, 1, 2, 3, 4, 0.5, 1]]), r"detections\[0\], field 'image_id': 9.5 is not an integer"),
        (np.array([[9, 1, 2, 3, 4, 0.5, 1.5]]), "field 'category_id': 1.5 is not an integer"),
        (np.array([[9, 1, np.nan, 3, 4, 0.5, 1]]), r"field 'bbox': \[1, nan, 3, 4\]"),
        (np.array([[9, 1, 2, 3, 4, np.inf, 1]]), "field 'score': inf"),
        (
            np.array([[9, 1, 2, 3, 4, 0.5, 1], [8, 1, 2, 3, 4, 0.5, 1]]),
            r"detections\[1\].*: 8 is not the id of any image",
        ),
        (np.full((1, 7), 2**64 - 1, dtype=np.uint64), "18446744073709551615 is not an integer of at most 64 bits"),
    ],
)
def test_bad_arrays(array: np.ndarray[Any, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_detections(array, GROUND_TRUTH)


BAD_DETECTIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"image_id": "5"}, "image_id", '"5" is not an integer'),
    ({"image_id": False}, "image_id", "false is not an integer"),
    ({"image_id": 6}, "image_id", "6 is not the id of any image (the ground truth has 2 images, ids 5 to 9)"),
    ({"category_id": 2**64}, "category_id", "is not an integer of at most 64 bits"),
    ({"category_id": 0}, "category_id", "0 is not the id of any category"),
    ({"score": None}, "score", "null is not a finite number"),
    ({"score": "0.5"}, "score", '"0.5" is not a finite number'),
    ({"score": True}, "score", "true is not a finite number"),
    ({"score": math.nan}, "score", "nan is not a finite number"),
    ({"score": -math.inf}, "score", "-inf is not a finite number"),
    ({"bbox": [1, 2, 3]}, "bbox", "is not four finite numbers"),
    ({"bbox": [1, 2, 3, 4, 5]}, "bbox", "is not four finite numbers"),
    ({"bbox": [1, 2, 3, math.inf]}, "bbox", "is not four finite numbers"),
    ({"bbox": [1, 2, 3, None]}, "bbox", "is not four finite numbers"),
    ({"bbox": [1, 2, 1e200, 1e200]}, "bbox", "is not a finite number"),
    ({"bbox": "1,2,3,4"}, "bbox", '"1,2,3,4" is not four finite numbers'),
]


def is_json(change: dict[str, Any]) -> bool:
    """Whether JSON text can say it: no NaN, no infinity."""
    return not any(word in repr(change) for word in ("nan", "inf"))


@pytest.mark.parametrize(
    ("change", "field", "what", "as_text"),
    [(*bad, as_text) for bad in BAD_DETECTIONS for as_text in (False, True) if is_json(bad[0]) or not as_text],
)
def test_bad_detections(tmp_path: Path, change: dict[str, Any], field: str, what: str, as_text: bool) -> None:
    source: Any = detections(**change)
    if as_text:
        path = tmp_path / "dt.json"
        path.write_text(json.dumps(source))
        source = path
    with pytest.raises(InputError) as caught:
        read_detections(source, GROUND_TRUTH)
    assert caught.value.file == ("dt.json" if as_text else "detections")
    assert caught.value.where == f"detections[1], field '{field}'"
    assert what in caught.value.what
    assert caught.value.fix


@pytest.mark.parametrize("field", ["image_id", "category_id", "score", "bbox"])
def test_missing_detection_fields(field: str) -> None:
    rows = detections()
    del rows[1][field]
    with pytest.raises(InputError, match=rf"detections\[1\]: field '{field}' is missing"):
        read_detections(rows, GROUND_TRUTH)


def test_masks_that_are_none() -> None:
    for value in ([[1, 2, 3, 4, 5, 6]], None, "text", {"size": [6, 8]}):
        rows = masked()
        rows[1]["segmentation"] = value
        with pytest.raises(InputError, match=r"detections\[1\], field 'segmentation'"):
            read_detections(rows, GROUND_TRUTH)


def test_ground_truth_in_place_of_detections(tmp_path: Path) -> None:
    path = tmp_path / "gt.json"
    path.write_text(json.dumps(DATASET))
    for source in (DATASET, path, DATASET["annotations"], quiet_coco()):
        with pytest.raises(InputError, match="looks like ground truth") as caught:
            read_detections(source, GROUND_TRUTH)
        assert "swapped" in (caught.value.fix or "")


@pytest.mark.parametrize("source", [42, None, {1, 2}, b"[]"])
def test_wrong_sources(source: object) -> None:
    with pytest.raises(InputError, match="is not a list of detections"):
        read_detections(source, GROUND_TRUTH)
    with pytest.raises(InputError, match="has no list 'annotations'"):
        read_detections({"images": source}, GROUND_TRUTH)
    with pytest.raises(InputError, match=r"annotations: .* is not a list"):
        read_detections({"annotations": source}, GROUND_TRUTH)


def test_detections_without_any_image() -> None:
    nothing = read_ground_truth({"images": [], "annotations": [], "categories": []})
    with pytest.raises(InputError, match=r"9 is not .*the ground truth has no images\), and 2 more records"):
        read_detections(detections(), nothing)
    assert len(read_detections([], nothing).score) == 0


@pytest.mark.parametrize(("ground_truth_file", "file"), REAL_PAIRS)
def test_real_files_equal_pycocotools(real_data: Path, ground_truth_file: str, file: str) -> None:
    ground_truth = read_ground_truth(real_data / ground_truth_file)
    table = read_detections(real_data / file, ground_truth)
    results = load_results(quiet_coco(real_data / ground_truth_file), str(real_data / file))
    annotations = results.dataset["annotations"]
    assert table.score.tolist() == [a["score"] for a in annotations]
    assert table.area.tolist() == [float(a["area"]) for a in annotations]
    assert table.box.tolist() == [[float(number) for number in a["bbox"]] for a in annotations]
    assert ground_truth.images.ids[table.image].tolist() == [a["image_id"] for a in annotations]
    assert ground_truth.categories.ids[table.category].tolist() == [a["category_id"] for a in annotations]
    assert_same(table, read_detections(results, ground_truth))
