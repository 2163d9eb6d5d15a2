"""The drop-in against pycocotools on generated data: every number, entry, printed line and side effect."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as masks

from tests.dropin_runs import GENUINE, OURS, assert_drop_in, assert_same, run
from tests.generated import CocoPair, coco_pairs

UNUSUAL_NUMBERS = [float("nan"), float("inf"), float("-inf"), 0, 0.0, -0.0, -3, 7.5, np.float32(0.3), np.int64(4)]


def change_settings(draw: st.DrawFn, pair: CocoPair) -> Any:
    """A function that changes some of the settings, the same way every time."""
    changes: dict[str, Any] = {}
    ids = [image["id"] for image in pair.ground_truth["images"]]
    categories = [category["id"] for category in pair.ground_truth["categories"]]
    if draw(st.booleans()):
        some = draw(st.sampled_from([0.0, 0.3, 0.5, 0.55, 0.75, 1.0]))
        changes["iouThrs"] = draw(
            st.sampled_from([np.array([some]), [0.5, some], np.linspace(0.05, 1, 40), np.array([0.5, 0.5, 0.2, -0.1])])
        )
    if draw(st.booleans()):
        changes["recThrs"] = draw(
            st.sampled_from([[0.0], np.array([0.5, 0.1, 0.9]), np.linspace(0, 1, 7), [0.3, 1.0, 1.5], [-1.0, 0.0]])
        )
    if draw(st.booleans()):
        limits = [[1], [3, 1], [2, 20], [1, 2, 3], [5, 10, 100], [1, 10, 100, 3], [0, 1, 100], [-1, 1, 100]]
        changes["maxDets"] = draw(st.sampled_from(limits))
    if draw(st.booleans()):
        ranges = [[[0, 1e10]], [[0, 50], [50, 100.5]], [(0, 0.1), (0.1, 1e10), (9, 36)], [[0, 36], [0, 36]]]
        changes["areaRng"] = draw(st.sampled_from(ranges))
        changes["areaRngLbl"] = ["all", "small", "medium", "large"][: len(changes["areaRng"])]
    if draw(st.booleans()):
        changes["useCats"] = draw(st.sampled_from([0, 1, True, False, 2]))
    if draw(st.booleans()):
        changes["imgIds"] = draw(st.lists(st.sampled_from([*ids, 999]), max_size=5))
    if draw(st.booleans()):
        changes["catIds"] = draw(st.lists(st.sampled_from([*categories, 998]), max_size=4))

    def change(params: Any) -> None:
        for name, value in changes.items():
            setattr(params, name, value)

    return change


@given(coco_pairs())
@settings(max_examples=60)
def test_usual_data_with_usual_settings(pair: CocoPair) -> None:
    assert_drop_in(pair.ground_truth, pair.detections)


@given(st.data(), coco_pairs(max_images=3, max_objects=4, max_detections=6))
@settings(max_examples=150)
def test_settings_changed_before_evaluate(data: st.DataObject, pair: CocoPair) -> None:
    assert_drop_in(pair.ground_truth, pair.detections, before=data.draw(st.composite(change_settings)(pair)))


@given(st.data(), coco_pairs(max_images=3, max_objects=4, max_detections=6))
@settings(max_examples=100)
def test_settings_changed_between_evaluate_and_accumulate(data: st.DataObject, pair: CocoPair) -> None:
    before = data.draw(st.composite(change_settings)(pair)) if data.draw(st.booleans()) else lambda _: None
    between = data.draw(st.composite(change_settings)(pair))
    assert_drop_in(pair.ground_truth, pair.detections, before=before, between=between)


@st.composite
def unusual_pairs(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """Data with ids, boxes, scores and fields that pycocotools does not expect but somehow takes."""
    pair = draw(coco_pairs(max_images=3, max_objects=4, max_detections=6))
    ground_truth, detections = pair.ground_truth, pair.detections
    annotations = ground_truth["annotations"]
    kinds = draw(st.sets(st.sampled_from(sorted(UNUSUAL)), min_size=1, max_size=3))
    for kind in sorted(kinds):
        UNUSUAL[kind](draw, annotations, detections)
    if "names as ids" in kinds:
        for record in [*annotations, *detections]:
            record.update(image_id=f"i{record['image_id']}", category_id=f"c{record['category_id']}")
        for part, letter in (("images", "i"), ("categories", "c")):
            for record in ground_truth[part]:
                record["id"] = f"{letter}{record['id']}"
    if "detections by hand" in kinds:
        for record in detections:
            record["id"] = draw(st.sampled_from([0, -1, 1, 2, 3, 2**31, 2**53 + 1, 1.5]))
            record["area"] = record["bbox"][2] * record["bbox"][3]
        return ground_truth, {"images": ground_truth["images"], "annotations": detections}
    return ground_truth, detections


def _some_ids(draw: st.DrawFn, annotations: list[Any], _: list[Any]) -> None:
    for annotation in annotations:
        annotation["id"] = draw(st.sampled_from([0, 0, 1, 2, 3, 4, -7, 2**31 + 1, 2**53 + 1, 1.5, np.int64(9)]))


def _id_zero(draw: st.DrawFn, annotations: list[Any], _: list[Any]) -> None:
    for annotation in annotations:
        annotation["id"] -= 1


def _some_numbers(field: str, of_truth: bool) -> Any:
    def change(draw: st.DrawFn, annotations: list[Any], detections: list[Any]) -> None:
        for record in annotations if of_truth else detections:
            if draw(st.integers(0, 2)) == 0:
                number = draw(st.sampled_from(UNUSUAL_NUMBERS))
                if field == "bbox":
                    record["bbox"][draw(st.integers(0, 3))] = number
                else:
                    record[field] = number

    return change


def _ignore_fields(draw: st.DrawFn, annotations: list[Any], _: list[Any]) -> None:
    for annotation in annotations:
        annotation["ignore"] = draw(st.integers(0, 1))
        annotation["iscrowd"] = draw(st.sampled_from([0, 1, 2, True, False, 300, -1, np.uint8(1), "0", 1.0]))


def _missing_field(draw: st.DrawFn, annotations: list[Any], detections: list[Any]) -> None:
    fields = [(annotations, "iscrowd"), (annotations, "area"), (detections, "score"), (annotations, "bbox")]
    records, field = draw(st.sampled_from(fields))
    for record in records:
        if draw(st.integers(0, 3)) == 0:
            del record[field]


def _unknown_categories(draw: st.DrawFn, annotations: list[Any], detections: list[Any]) -> None:
    for record in [*annotations, *detections]:
        if draw(st.integers(0, 3)) == 0:
            record["category_id"] = 997


def _strange_types(draw: st.DrawFn, annotations: list[Any], detections: list[Any]) -> None:
    for record in [*annotations[1:], *detections[1:]]:
        make = draw(st.sampled_from([tuple, np.array, lambda box: np.float32(box), lambda box: list(np.float32(box))]))
        record["bbox"] = make(record["bbox"])
    for detection in detections:
        if draw(st.integers(0, 5)) == 0:
            detection["score"] = draw(st.sampled_from([True, 2**60, 2**70, "0.5", np.uint8(3), None]))


def _nothing(*_: Any) -> None:
    pass


UNUSUAL = {
    "some ids": _some_ids,
    "id zero": _id_zero,
    "detection boxes": _some_numbers("bbox", False),
    "annotation boxes": _some_numbers("bbox", True),
    "scores": _some_numbers("score", False),
    "areas": _some_numbers("area", True),
    "ignore": _ignore_fields,
    "without": _missing_field,
    "unknown categories": _unknown_categories,
    "types": _strange_types,
    "names as ids": _nothing,
    "detections by hand": _nothing,
}


@given(unusual_pairs())
@settings(max_examples=300)
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_unusual_data(pair: tuple[dict[str, Any], Any]) -> None:
    assert_drop_in(*pair)


@pytest.mark.parametrize("seed", range(6))
def test_many_detections_in_an_image(seed: int) -> None:
    chance = np.random.default_rng(seed)
    count = [101, 250][seed % 2]
    boxes = chance.integers([0, 0, 1, 1], 13, (count + 40, 4))
    images = chance.integers(1, 3, count + 40).tolist()
    categories = chance.integers(1, 3, count + 40).tolist()
    records = [
        {"image_id": image, "category_id": category, "bbox": box}
        for image, category, box in zip(images, categories, boxes.tolist(), strict=True)
    ]
    annotations = [
        record | {"id": number, "area": record["bbox"][2] * record["bbox"][3], "iscrowd": int(number % 9 == 0)}
        for number, record in enumerate(records[:40], start=seed % 2)
    ]
    ground_truth = {
        "images": [{"id": 1}, {"id": 2}],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
    }
    scores = chance.integers(0, 20, count) / 20
    detections = [record | {"score": float(score)} for record, score in zip(records[40:], scores, strict=True)]
    assert_drop_in(ground_truth, detections)
    as_array = np.array(
        [[r["image_id"], *r["bbox"], r["score"], r["category_id"]] for r in detections],
        dtype=[np.float64, np.float32][seed % 2],
    )
    genuine = assert_drop_in(ground_truth, as_array)
    assert 0 < genuine.evaluation.stats[0] < 1


@st.composite
def mask_pairs(draw: st.DrawFn) -> CocoPair:
    """Polygons, plain and compressed run lengths; crowds as run lengths."""
    pair = draw(coco_pairs(max_images=3, max_objects=4, max_detections=5, grid=8))
    for annotation in pair.ground_truth["annotations"]:
        annotation["segmentation"] = _segmentation(draw, annotation["bbox"], bool(annotation["iscrowd"]))
    as_masks = draw(st.sampled_from(["masks", "masks and boxes", "boxes"]))
    for detection in pair.detections:
        if as_masks != "boxes":
            detection["segmentation"] = _compressed(detection["bbox"])
        if as_masks == "masks":
            del detection["bbox"]
    return pair


def _corners(box: list[float]) -> list[float]:
    left, top, width, height = box
    return [left, top, left, top + height, left + width, top + height, left + width, top]


def _compressed(box: list[float]) -> Any:
    return masks.merge(masks.frPyObjects([_corners(box)], 70, 70))


def _segmentation(draw: st.DrawFn, box: list[float], crowd: bool) -> Any:
    form = draw(st.sampled_from(["polygon", "two polygons", "runs", "compressed"]))
    if form in ("polygon", "two polygons") and not crowd:
        return [_corners(box)] + ([_corners([1, 1, 3, 3])] if form == "two polygons" else [])
    if form == "compressed":
        return _compressed(box)
    pixels = masks.decode(_compressed(box)).ravel(order="F")
    edges = np.flatnonzero(np.diff(pixels, prepend=0))
    return {"size": [70, 70], "counts": np.diff([0, *edges.tolist(), len(pixels)]).tolist()}


@given(st.data(), mask_pairs())
@settings(max_examples=100)
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_masks(data: st.DataObject, pair: CocoPair) -> None:
    before = data.draw(st.composite(change_settings)(pair)) if data.draw(st.booleans()) else lambda _: None
    assert_drop_in(pair.ground_truth, pair.detections, "segm", before=before)


def test_deprecated_setting_of_masks() -> None:
    ground_truth = {
        "images": [{"id": 1, "height": 70, "width": 70}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], "area": 81, "iscrowd": 0}
            | {"segmentation": [_corners([1, 1, 9, 5])]}
        ],
        "categories": [{"id": 1, "name": "a"}],
    }
    detections = [{"image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], "score": 0.5}]
    for value in (0, 1):

        def before(params: Any, value: int = value) -> None:
            params.useSegm = value

        genuine = assert_drop_in(ground_truth, detections, before=before)
        assert genuine.evaluation.stats[0] > 0.9 - value


@st.composite
def keypoint_pairs(draw: st.DrawFn) -> CocoPair:
    """Persons with 17 or 3 keypoints, some of them without any label."""
    pair = draw(coco_pairs(max_images=3, max_objects=4, max_detections=5, grid=8))
    points = draw(st.sampled_from([17, 17, 3]))
    kind = draw(st.sampled_from([int, float]))
    for annotation in pair.ground_truth["annotations"]:
        labels = draw(st.lists(st.sampled_from([0, 1, 2]), min_size=points, max_size=points))
        labels = [0] * points if draw(st.integers(0, 3)) == 0 else labels
        annotation["keypoints"] = _keypoints(draw, annotation["bbox"], labels, kind)
        annotation["num_keypoints"] = sum(label > 0 for label in labels)
    here = pair.ground_truth["annotations"]
    for detection in pair.detections:
        if here and draw(st.booleans()):
            detection["keypoints"] = list(draw(st.sampled_from(here))["keypoints"])
            detection["keypoints"][draw(st.integers(0, 1))] += draw(st.sampled_from([0, 1, -2]))
        else:
            detection["keypoints"] = _keypoints(draw, detection["bbox"], [1] * points, kind)
        if draw(st.booleans()):
            detection.pop("bbox", None)
    if pair.detections and "bbox" in pair.detections[0]:
        pair.detections[0].pop("bbox")
    pair.ground_truth["points"] = points
    return pair


def _keypoints(draw: st.DrawFn, box: list[float], labels: list[int], kind: type) -> list[Any]:
    numbers: list[Any] = []
    for label in labels:
        numbers += [kind(box[0] + draw(st.integers(0, 9))), kind(box[1] + draw(st.integers(0, 9))), label]
    return numbers


@given(st.data(), keypoint_pairs())
@settings(max_examples=100)
def test_keypoints(data: st.DataObject, pair: CocoPair) -> None:
    points = pair.ground_truth.pop("points")
    change = data.draw(st.composite(change_settings)(pair)) if data.draw(st.integers(0, 2)) == 0 else lambda _: None

    def before(params: Any) -> None:
        if points != 17:
            params.kpt_oks_sigmas = np.array([0.03, 0.07, 0.1])
        change(params)

    assert_drop_in(pair.ground_truth, pair.detections, "keypoints", before=before)


def test_a_difference_is_seen() -> None:
    records = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9]}
    ground_truth = {
        "images": [{"id": 1}],
        "annotations": [records | {"id": 0, "area": 81, "iscrowd": 0}],
        "categories": [{"id": 1, "name": "a"}],
    }
    genuine = run(GENUINE, ground_truth, [records | {"score": 0.5}]).evaluation
    ground_truth["annotations"][0]["id"] = 5
    other = run(OURS, ground_truth, [records | {"score": 0.5}]).evaluation
    for name in ("evalImgs", "eval", "stats"):
        with pytest.raises(AssertionError):
            assert_same(getattr(other, name), getattr(genuine, name))
