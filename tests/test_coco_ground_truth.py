"""Ground truth: every column equals that of a naive reader, every bad record is refused by place, field and value."""

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
from pycocotools.coco import COCO

from mapgap.coco.ground_truth import read_ground_truth
from mapgap.errors import InputError
from mapgap.tables import GroundTruth
from tests.generated import CocoPair, coco_pairs
from tests.naive import coco as naive

REAL_FILES = [
    "coco_val2017/instances_val2017_rebuilt.json",
    "coco_val2017_images/gt.json",
    "coco_val2017_yolact100/gt.json",
    "cocoapi_fake100/gt.json",
    "kaist/gt.json",
]


def dataset(**annotation: Any) -> dict[str, Any]:
    """A small data set, its second annotation changed by the arguments."""
    first = {"id": 41, "image_id": 9, "category_id": 3, "bbox": [1, 2, 3, 4], "area": 11.5, "iscrowd": 0}
    second = {"id": 42, "image_id": 5, "category_id": 1, "bbox": [0.5, 2, 3, 4], "area": 12, "iscrowd": 1}
    return {
        "images": [
            {"id": 9, "width": 640, "height": 480, "file_name": "nine.jpg", "date_captured": "2020-01-02"},
            {"id": 5, "width": 320, "height": 240, "file_name": "five.jpg"},
        ],
        "categories": [{"id": 3, "name": "cat"}, {"id": 1, "name": "dog"}],
        "annotations": [first, {**second, **annotation}],
    }


def without(source: dict[str, Any], list_name: str, field: str) -> dict[str, Any]:
    source = copy.deepcopy(source)
    del source[list_name][-1][field]
    return source


def quiet_coco(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def assert_same(left: GroundTruth, right: GroundTruth) -> None:
    for field in ("record", "ids", "image", "category", "box", "area", "crowd"):
        one, other = getattr(left, field), getattr(right, field)
        assert one.dtype == other.dtype
        assert np.array_equal(one, other), field
    for field in ("ids", "file_position", "width", "height"):
        assert np.array_equal(getattr(left.images, field), getattr(right.images, field), equal_nan=True), field
    assert left.images.file_names == right.images.file_names
    assert left.images.dates_captured == right.images.dates_captured
    assert np.array_equal(left.categories.ids, right.categories.ids)
    assert left.categories.names == right.categories.names
    for one, other in (
        (left.attributes, right.attributes),
        (left.fields, right.fields),
        (left.images.attributes, right.images.attributes),
    ):
        assert list(one) == list(other)
        assert [repr(column) for column in one.values()] == [repr(column) for column in other.values()]
    assert left.notices == right.notices


def test_columns_of_a_small_data_set() -> None:
    table = read_ground_truth(dataset())
    assert table.name == "ground truth"
    assert table.sha256 is None
    assert table.images.ids.tolist() == [5, 9]
    assert table.images.file_position.tolist() == [1, 0]
    assert table.images.width.tolist() == [320, 640]
    assert table.images.file_names == ("five.jpg", "nine.jpg")
    assert table.images.dates_captured == (None, "2020-01-02")
    assert table.categories.ids.tolist() == [1, 3]
    assert table.categories.names == ("dog", "cat")
    assert table.record.tolist() == [0, 1]
    assert table.ids.tolist() == [41, 42]
    assert table.image.tolist() == [1, 0]
    assert table.category.tolist() == [1, 0]
    assert table.box.tolist() == [[1, 2, 3, 4], [0.5, 2, 3, 4]]
    assert table.area.tolist() == [11.5, 12]
    assert table.crowd.tolist() == [False, True]
    assert table.is_object.tolist() == [True, False]
    assert table.notices == ()
    assert [table.ids.dtype, table.image.dtype, table.box.dtype] == [np.int64, np.int32, np.float64]


@given(coco_pairs())
def test_equals_the_naive_reader(pair: CocoPair) -> None:
    table = read_ground_truth(pair.ground_truth)
    images, categories = naive.images(pair.ground_truth), naive.categories(pair.ground_truth)
    annotations = pair.ground_truth["annotations"]
    assert table.images.ids.tolist() == [image["id"] for image in images]
    assert table.images.file_position.tolist() == [image["file_position"] for image in images]
    assert table.images.file_names == tuple(image["file_name"] for image in images)
    assert table.images.attributes == {"time": tuple(image["time"] for image in images)}
    assert table.categories.names == tuple(category["name"] for category in categories)
    assert table.ids.tolist() == [a["id"] for a in annotations]
    assert table.image.tolist() == [naive.position(images, a["image_id"]) for a in annotations]
    assert table.category.tolist() == [naive.position(categories, a["category_id"]) for a in annotations]
    assert table.box.tolist() == [a["bbox"] for a in annotations]
    assert table.area.tolist() == [a["area"] for a in annotations]
    assert table.crowd.tolist() == [bool(a["iscrowd"]) for a in annotations]
    occlusion = tuple(a["attributes"]["occlusion"] for a in annotations)
    assert table.attributes == ({"occlusion": occlusion} if annotations else {})


@settings(max_examples=30)
@given(coco_pairs())
def test_text_and_objects_give_the_same_table(tmp_path_factory: pytest.TempPathFactory, pair: CocoPair) -> None:
    path = tmp_path_factory.getbasetemp() / "same.json"
    path.write_text(json.dumps(pair.ground_truth))
    assert_same(read_ground_truth(path), read_ground_truth(pair.ground_truth))
    assert_same(read_ground_truth(path), read_ground_truth(quiet_coco(path)))


def test_the_source_is_not_changed() -> None:
    source = dataset(extra={"nested": 1}, attributes={"a": 1})
    before = copy.deepcopy(source)
    read_ground_truth(source)
    assert source == before


def test_empty_lists() -> None:
    table = read_ground_truth({"images": [], "annotations": [], "categories": []})
    assert table.box.shape == (0, 4)
    assert len(table.images.ids) == len(table.categories.ids) == len(table.ids) == 0
    assert table.image.dtype == table.category.dtype == np.int32
    assert table.is_object.shape == (0,)


def test_missing_fields_have_their_defaults() -> None:
    source = dataset()
    source["images"][0] = {"id": 9, "width": None}
    source["categories"][0] = {"id": 3}
    source["categories"][1] = {"id": 1, "name": None}
    source = without(without(source, "annotations", "iscrowd"), "annotations", "area")
    table = read_ground_truth(source)
    assert np.isnan(table.images.width[1])
    assert np.isnan(table.images.height[1])
    assert table.images.file_names[1] is None
    assert table.categories.names == ("1", "3")
    assert table.crowd.tolist() == [False, False]
    assert table.area.tolist() == [11.5, 12]
    (notice,) = table.notices
    assert (notice.code, notice.count, notice.examples) == ("area_missing", 1, ("annotations[1] (id 42)",))


def test_no_more_than_three_examples() -> None:
    source = dataset()
    source["annotations"] = [{**source["annotations"][0], "id": i, "area": None} for i in range(5)]
    (notice,) = read_ground_truth(source).notices
    assert notice.count == 5
    assert notice.examples == ("annotations[0] (id 0)", "annotations[1] (id 1)", "annotations[2] (id 2)")


@pytest.mark.parametrize(
    ("value", "crowd"),
    [
        (0, False),
        (1, True),
        (True, True),
        (False, False),
        (2, True),
        (-1, True),
        (1.0, True),
        (0.0, False),
        (2**70, True),
    ],
)
def test_crowd_flags(value: object, crowd: bool) -> None:
    assert read_ground_truth(dataset(iscrowd=value)).crowd.tolist() == [False, crowd]


def test_of_duplicate_images_and_categories_the_last_counts() -> None:
    source = dataset()
    source["images"].append({"id": 9, "width": 1, "height": 1, "file_name": "again.jpg"})
    source["categories"].append({"id": 1, "name": "fox"})
    table = read_ground_truth(source)
    assert table.images.ids.tolist() == [5, 9]
    assert table.images.file_names == ("five.jpg", "again.jpg")
    assert table.images.file_position.tolist() == [1, 2]
    assert table.categories.names == ("fox", "cat")
    found = [(notice.code, notice.count, notice.examples) for notice in table.notices]
    assert found == [
        ("duplicate_image_id", 1, ("images[0] (id 9)",)),
        ("duplicate_category_id", 1, ("categories[1] (id 1)",)),
    ]


def test_duplicate_annotations_all_count() -> None:
    table = read_ground_truth(dataset(id=41))
    assert table.ids.tolist() == [41, 41]
    assert table.area.tolist() == [11.5, 12]
    (notice,) = table.notices
    assert (notice.code, notice.count, notice.examples) == ("duplicate_annotation_id", 1, ("annotations[0] (id 41)",))


def test_ids_of_every_size() -> None:
    source = dataset(id=-(2**63), image_id=2**63 - 1, category_id=-7.0)
    source["images"][1]["id"] = 2**63 - 1
    source["categories"][1]["id"] = -7
    table = read_ground_truth(source)
    assert table.ids.tolist() == [41, -(2**63)]
    assert table.images.ids.tolist() == [9, 2**63 - 1]
    assert table.image.tolist() == [0, 1]
    assert table.category.tolist() == [1, 0]


def test_repeated_names_and_numbers_as_names() -> None:
    source = dataset()
    source["categories"] = [{"id": 3, "name": "cat"}, {"id": 1, "name": "cat"}, {"id": 2, "name": 7}]
    assert read_ground_truth(source).categories.names == ("cat", "7", "cat")


def test_unknown_scalar_fields_are_kept() -> None:
    source = dataset(
        truncated=True,
        depth=2.5,
        track=7,
        note="n",
        nothing=None,
        points=[1, 2],
        more={"a": 1},
        ignore=1,
        num_keypoints=3,
        keypoints=[1],
        caption="c",
        segmentation=[],
        attributes={"occlusion": "none", "nested": [1], "level": 3, "empty": None},
    )
    source["images"][0] |= {"time": "day", "license": 3, "coco_url": "u", "thumb_URL": "u", "gps": [1, 2], "rain": 0.5}
    source["images"][1] |= {"attributes": {"time": "night", "weather": "dry"}}
    table = read_ground_truth(source)
    assert table.fields == {"truncated": (None, True), "depth": (None, 2.5), "track": (None, 7), "note": (None, "n")}
    assert table.attributes == {"occlusion": (None, "none"), "level": (None, 3)}
    assert table.images.attributes == {
        "time": ("night", None),
        "weather": ("dry", None),
        "field.time": (None, "day"),
        "rain": (None, 0.5),
    }
    assert isinstance(table.fields["truncated"][1], bool)
    assert table.notices == ()


def test_kept_values_from_python() -> None:
    source = dataset(hash=2**64, level=np.int64(3), seen=np.bool_(False), share=math.nan)
    table = read_ground_truth(source)
    assert table.fields == {"hash": (None, str(2**64)), "level": (None, 3), "seen": (None, False)}
    with pytest.raises(InputError, match=r"annotations\[1\], field 'share': inf"):
        read_ground_truth(dataset(share=math.inf))


def test_attributes_that_are_no_object_are_named() -> None:
    table = read_ground_truth(dataset(attributes=[3, 4]))
    assert table.attributes == {}
    (notice,) = table.notices
    assert (notice.code, notice.count) == ("annotation_attributes_not_read", 1)
    assert notice.examples == ("annotations[1] (id 42)",)


BAD_ANNOTATIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"id": "42"}, "field 'id'", '"42" is not an integer'),
    ({"id": True}, "field 'id'", "true is not an integer"),
    ({"id": None}, "field 'id'", "null is not an integer"),
    ({"id": 42.5}, "field 'id'", "42.5 is not an integer"),
    ({"id": 2**63}, "field 'id'", "9223372036854775808 is not an integer of at most 64 bits"),
    ({"image_id": "5"}, "(id 42), field 'image_id'", '"5" is not an integer'),
    (
        {"image_id": 6},
        "(id 42), field 'image_id'",
        "6 is not the id of any image (the ground truth has 2 images, ids 5 to 9)",
    ),
    ({"category_id": 2}, "(id 42), field 'category_id'", "2 is not the id of any category"),
    ({"category_id": [1]}, "(id 42), field 'category_id'", "[1] is not an integer"),
    ({"bbox": [1, 2, 3]}, "(id 42), field 'bbox'", "[1, 2, 3] is not four finite numbers"),
    ({"bbox": [1, 2, 3, 4, 5]}, "(id 42), field 'bbox'", "is not four finite numbers"),
    ({"bbox": []}, "(id 42), field 'bbox'", "[] is not four finite numbers"),
    ({"bbox": None}, "(id 42), field 'bbox'", "null is not four finite numbers"),
    ({"bbox": [1, 2, 3, "4"]}, "(id 42), field 'bbox'", "is not four finite numbers"),
    ({"bbox": [1, 2, 3, True]}, "(id 42), field 'bbox'", "is not four finite numbers"),
    ({"bbox": [1, 2, math.nan, 4]}, "(id 42), field 'bbox'", "nan"),
    ({"bbox": [1, 2, math.inf, 4]}, "(id 42), field 'bbox'", "inf"),
    ({"bbox": [0, 0, 1e200, 1e200], "area": None}, "(id 42), field 'bbox'", "is not a finite number"),
    ({"area": "12"}, "(id 42), field 'area'", '"12" is not a finite number'),
    ({"area": math.nan}, "(id 42), field 'area'", "nan is not a finite number"),
    ({"iscrowd": "0"}, "(id 42), field 'iscrowd'", '"0" is not 0 or 1'),
    ({"iscrowd": None}, "(id 42), field 'iscrowd'", "null is not 0 or 1"),
    ({"iscrowd": 0.5}, "(id 42), field 'iscrowd'", "0.5 is not 0 or 1"),
]


def is_json(change: dict[str, Any]) -> bool:
    """Whether JSON text can say it: no NaN, no infinity."""
    return not any(word in repr(change) for word in ("nan", "inf"))


@pytest.mark.parametrize(
    ("change", "where", "what", "as_text"),
    [(*bad, as_text) for bad in BAD_ANNOTATIONS for as_text in (False, True) if is_json(bad[0]) or not as_text],
)
def test_bad_annotations(tmp_path: Path, change: dict[str, Any], where: str, what: str, as_text: bool) -> None:
    source = dataset(**change)
    path = tmp_path / "gt.json"
    path.write_text(json.dumps(source))
    with pytest.raises(InputError) as caught:
        read_ground_truth(path if as_text else source)
    assert caught.value.file == ("gt.json" if as_text else "ground truth")
    assert caught.value.where is not None
    assert caught.value.where.startswith("annotations[1]")
    assert caught.value.where.endswith(where)
    assert what in caught.value.what
    assert caught.value.fix
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("field", ["id", "image_id", "category_id", "bbox"])
def test_missing_annotation_fields(field: str) -> None:
    with pytest.raises(InputError, match=rf"annotations\[1\].*: field '{field}' is missing") as caught:
        read_ground_truth(without(dataset(), "annotations", field))
    assert ("(id 42)" in str(caught.value)) == (field != "id")


@pytest.mark.parametrize(
    ("list_name", "change", "message"),
    [
        ("images", {"id": "9"}, r"images\[1\], field 'id': \"9\" is not an integer"),
        ("images", {"width": -1}, r"images\[1\] \(id 5\), field 'width': -1.0 is not a finite number of pixels"),
        ("images", {"height": "480"}, r"images\[1\] \(id 5\), field 'height': \"480\" is not"),
        ("images", {"height": math.inf}, r"images\[1\] \(id 5\), field 'height': inf is not"),
        ("images", {"file_name": 5}, r"images\[1\] \(id 5\), field 'file_name': 5 is not text"),
        ("images", {"file_name": "\ud800"}, r"images\[1\], field 'file_name'"),
        ("categories", {"id": None}, r"categories\[1\], field 'id': null is not an integer"),
        ("categories", {"name": ["dog"]}, r"categories\[1\] \(id 1\), field 'name': \['dog'\] is not text"),
    ],
)
def test_bad_images_and_categories(list_name: str, change: dict[str, Any], message: str) -> None:
    source = dataset()
    source[list_name][1] |= change
    with pytest.raises(InputError, match=message):
        read_ground_truth(source)


def test_unknown_ids_say_how_many() -> None:
    source = dataset()
    source["annotations"] += [{**source["annotations"][0], "id": i, "image_id": 100 + i} for i in range(3)]
    with pytest.raises(InputError, match=r"annotations\[2\] \(id 0\), .*100 is not .* and 2 more records"):
        read_ground_truth(source)
    source["images"] = []
    with pytest.raises(InputError, match="the ground truth has no images"):
        read_ground_truth(source)


@pytest.mark.parametrize("list_name", ["images", "annotations", "categories"])
def test_missing_and_wrong_lists(list_name: str) -> None:
    source = dataset()
    source[list_name] = {"a": 1}
    with pytest.raises(InputError, match=f"{list_name}: {{'a': 1}} is not a list"):
        read_ground_truth(source)
    del source[list_name]
    with pytest.raises(InputError, match=f"the list '{list_name}' is missing"):
        read_ground_truth(source)


@pytest.mark.parametrize("source", [42, None, {1, 2}, b"{}", 1.5])
def test_wrong_sources(source: object) -> None:
    with pytest.raises(InputError, match="is not ground truth"):
        read_ground_truth(source)


@pytest.mark.parametrize("entry", [1, None, "x", [1]])
def test_records_that_are_no_objects(entry: object) -> None:
    source = dataset()
    source["annotations"].append(entry)
    with pytest.raises(InputError, match=r"annotations\[2\]: .* is not an object"):
        read_ground_truth(source)


def test_detections_in_place_of_ground_truth() -> None:
    detections = [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}]
    for source in (detections, {"annotations": detections}, np.zeros((2, 7))):
        with pytest.raises(InputError, match="looks like detections") as caught:
            read_ground_truth(source)
        assert "swapped" in (caught.value.fix or "")
    with pytest.raises(InputError, match="is not an object"):
        read_ground_truth([])


@pytest.mark.parametrize("file", REAL_FILES)
def test_real_files_equal_pycocotools(real_data: Path, file: str) -> None:
    table = read_ground_truth(real_data / file)
    coco = quiet_coco(real_data / file)
    annotations = coco.dataset["annotations"]
    assert table.ids.tolist() == [a["id"] for a in annotations]
    assert table.images.ids.tolist() == sorted(coco.imgs)
    assert table.categories.ids.tolist() == sorted(coco.cats)
    assert table.categories.names == tuple(coco.cats[identifier]["name"] for identifier in sorted(coco.cats))
    assert table.images.ids[table.image].tolist() == [a["image_id"] for a in annotations]
    assert table.categories.ids[table.category].tolist() == [a["category_id"] for a in annotations]
    assert table.box.tolist() == [a["bbox"] for a in annotations]
    assert table.area.tolist() == [a["area"] for a in annotations]
    assert table.crowd.tolist() == [a["iscrowd"] == 1 for a in annotations]
    assert table.notices == ()
    assert_same(table, read_ground_truth(coco))


def test_real_attributes(real_data: Path) -> None:
    table = read_ground_truth(real_data / "kaist/gt.json")
    occlusion = table.attributes["occlusion"]
    assert [occlusion.count(value) for value in ("none", "partial", "heavy")] == [3452, 534, 268]
    assert [table.images.attributes["time_of_day"].count(value) for value in ("day", "night")] == [1455, 797]
    assert list(table.fields) == ["height", "occlusion"]
