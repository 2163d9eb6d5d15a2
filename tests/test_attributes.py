"""Built-in attributes against the naive twin, at their edges, and on real data."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap.attributes import build_attributes
from mapgap.attributes.dates import month_of
from mapgap.tables import Attribute, Categories, Detections, GroundTruth, Images, Notice, Scalar
from tests.generated import CocoPair, coco_pairs
from tests.naive import attributes as naive

pytestmark = pytest.mark.kernel


IMAGE_STANDARD = {"id", "width", "height", "file_name", "date_captured"}
ANNOTATION_STANDARD = {"id", "image_id", "category_id", "bbox", "area", "iscrowd", "attributes"}


def tables_of(ground_truth: Mapping[str, Any], detections: Sequence[Mapping[str, Any]] = ()) -> tuple[Any, Any]:
    """The tables a reader would make of the dicts, built here so that these tests need no other room."""
    images = sorted(ground_truth["images"], key=lambda image: image["id"])
    categories = sorted(ground_truth["categories"], key=lambda category: category["id"])
    annotations = ground_truth["annotations"]
    image_index = {image["id"]: index for index, image in enumerate(images)}
    category_index = {category["id"]: index for index, category in enumerate(categories)}
    table = GroundTruth(
        name="gt.json",
        sha256=None,
        images=Images(
            np.array([image["id"] for image in images], dtype=np.int64),
            np.arange(len(images)),
            np.array([image.get("width", np.nan) for image in images], dtype=np.float64),
            np.array([image.get("height", np.nan) for image in images], dtype=np.float64),
            tuple(image.get("file_name") for image in images),
            tuple(image.get("date_captured") for image in images),
            _columns(images, IMAGE_STANDARD),
        ),
        categories=Categories(
            np.array([category["id"] for category in categories], dtype=np.int64),
            tuple(category["name"] for category in categories),
        ),
        record=np.arange(len(annotations)),
        ids=np.array([annotation["id"] for annotation in annotations], dtype=np.int64),
        **_boxes(annotations, image_index, category_index),
        crowd=np.array([bool(annotation.get("iscrowd", 0)) for annotation in annotations], dtype=np.bool_),
        attributes=_columns([annotation.get("attributes", {}) for annotation in annotations], set()),
        fields=_columns(annotations, ANNOTATION_STANDARD),
    )
    own = Detections(
        name="dt.json",
        sha256=None,
        record=np.arange(len(detections)),
        **_boxes(detections, image_index, category_index),
        score=np.array([detection["score"] for detection in detections], dtype=np.float64),
    )
    return table, own


def _boxes(records: Sequence[Mapping[str, Any]], image_index: dict[int, int], category_index: dict[int, int]) -> Any:
    box = np.array([record["bbox"] for record in records], dtype=np.float64).reshape(-1, 4)
    areas = [record.get("area", record["bbox"][2] * record["bbox"][3]) for record in records]
    return {
        "image": np.array([image_index[record["image_id"]] for record in records], dtype=np.int32),
        "category": np.array([category_index[record["category_id"]] for record in records], dtype=np.int32),
        "box": box,
        "area": np.array(areas, dtype=np.float64),
    }


def _columns(records: Sequence[Mapping[str, Any]], dropped: set[str]) -> dict[str, tuple[Scalar, ...]]:
    names = dict.fromkeys(name for record in records for name in record if name not in dropped)
    return {name: tuple(record.get(name) for record in records) for name in names}


def built(
    ground_truth: Mapping[str, Any], detections: Sequence[Mapping[str, Any]] = ()
) -> tuple[dict[str, Attribute], tuple[Notice, ...]]:
    attributes, notices = build_attributes(*tables_of(ground_truth, detections))
    return {attribute.name: attribute for attribute in attributes}, notices


def object_values(attribute: Attribute) -> list[Scalar]:
    return [attribute.values[code] for code in attribute.object_codes]


def detection_values(attribute: Attribute) -> list[Scalar]:
    return [attribute.values[code] for code in attribute.detection_codes]


def scene(boxes: Sequence[Sequence[float]], **image: Any) -> dict[str, Any]:
    """One image, one class, one object a box."""
    return {
        "images": [{"id": 1, "width": 90, "height": 60, **image}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [
            {"id": i, "image_id": 1, "category_id": 1, "bbox": list(box), "area": box[2] * box[3]}
            for i, box in enumerate(boxes)
        ],
    }


def found(box: Sequence[float]) -> dict[str, Any]:
    return {"image_id": 1, "category_id": 1, "bbox": list(box), "score": 0.5}


def assert_is_sound(attribute: Attribute, ground_truth: GroundTruth, detections: Detections) -> None:
    """Codes are int32 and name a value; values are distinct; n/a values are last and used."""
    assert attribute.object_codes.dtype == attribute.detection_codes.dtype == np.int32
    assert attribute.object_codes.shape == ground_truth.image.shape
    assert attribute.detection_codes.shape == detections.image.shape
    for codes in (attribute.object_codes, attribute.detection_codes):
        assert np.all((codes >= 0) & (codes < len(attribute.values)))
    assert len({(type(value), value) for value in attribute.values}) == len(attribute.values)
    if attribute.kind == "class":
        return
    assert ("n/a (background)" in attribute.values) == (attribute.kind == "object")
    assert "n/a (background)" not in attribute.values[:-1]
    used = [*np.array(object_values(attribute), dtype=object)[ground_truth.is_object], *detection_values(attribute)]
    assert ("n/a" in attribute.values) == ("n/a" in used)
    if "n/a" in attribute.values:
        assert attribute.values.index("n/a") == len(attribute.values) - (2 if attribute.kind == "object" else 1)


@st.composite
def hostile_pairs(draw: st.DrawFn) -> CocoPair:
    """Pairs whose images may lack a size and whose objects may have a box without height or a wild area."""
    pair = draw(coco_pairs())
    for image in pair.ground_truth["images"]:
        if draw(st.integers(0, 4)) == 0:
            image.pop(draw(st.sampled_from(["width", "height"])))
        elif draw(st.integers(0, 6)) == 0:
            image["width"] = 0
    for record in [*pair.ground_truth["annotations"], *pair.detections]:
        change = draw(st.integers(0, 8))
        if change == 0:
            record["bbox"][3] = 0
        elif change == 1:
            record["area"] = draw(st.sampled_from([0, 255.5, 256, 1024, 9215, 288**2, 2e10, -1]))
        elif change == 2:
            record["bbox"][0] -= 30
    return pair


@settings(max_examples=250)
@given(hostile_pairs())
def test_built_in_attributes_are_those_of_the_naive_twin(pair: CocoPair) -> None:
    ground_truth, detections = tables_of(pair.ground_truth, pair.detections)
    attributes = {attribute.name: attribute for attribute in build_attributes(ground_truth, detections)[0]}
    is_object = ground_truth.is_object.tolist()
    for name, told in naive.built_in(ground_truth, detections).items():
        attribute = attributes[name]
        objects = [v if counts else None for v, counts in zip(object_values(attribute), is_object, strict=True)]
        assert (name, list(attribute.values)) == (name, told.values)
        assert (name, objects) == (name, told.objects)
        assert (name, detection_values(attribute)) == (name, told.detections)


@settings(max_examples=150)
@given(hostile_pairs())
def test_every_attribute_is_sound_and_they_are_sorted(pair: CocoPair) -> None:
    ground_truth, detections = tables_of(pair.ground_truth, pair.detections)
    attributes, _ = build_attributes(ground_truth, detections)
    names = [attribute.name for attribute in attributes]
    assert names == sorted(set(names))
    for attribute in attributes:
        assert_is_sound(attribute, ground_truth, detections)


@settings(max_examples=60)
@given(coco_pairs(), st.randoms(use_true_random=False))
def test_the_order_of_annotations_does_not_matter(pair: CocoPair, random: Any) -> None:
    annotations = pair.ground_truth["annotations"]
    places = list(range(len(annotations)))
    random.shuffle(places)
    straight, _ = built(pair.ground_truth, pair.detections)
    shuffled, _ = built({**pair.ground_truth, "annotations": [annotations[p] for p in places]}, pair.detections)
    is_object = tables_of(pair.ground_truth)[0].is_object
    assert list(straight) == list(shuffled)
    for name, attribute in straight.items():
        assert attribute.values == shuffled[name].values
        mine, theirs = attribute.object_codes[places], shuffled[name].object_codes
        np.testing.assert_array_equal(mine[is_object[places]], theirs[is_object[places]])


def test_nothing_at_all() -> None:
    attributes, notices = built({"images": [], "categories": [], "annotations": []})
    assert set(attributes) == {
        *("aspect", "border", "class", "class_frequency", "covered", "crowding"),
        *("image_crowding", "position", "size", "size_detail"),
    }
    assert attributes["class"].values == ()
    assert notices == ()


def test_only_crowds_are_counted_nowhere() -> None:
    ground_truth = scene([(0, 0, 10, 10), (0, 0, 10, 10)])
    for annotation in ground_truth["annotations"]:
        annotation.update(iscrowd=1, attributes={"occlusion": "none"})
    attributes, notices = built(ground_truth, [found((0, 0, 5, 5))])
    assert attributes["image_crowding"].values == ("few",)
    assert attributes["class_frequency"].values == ("n/a (background)",)
    assert object_values(attributes["crowding"]) == ["none", "none"]
    assert object_values(attributes["covered"]) == ["free", "free"]
    assert "occlusion" not in attributes
    assert [(notice.code, notice.count) for notice in notices] == [("attribute_left_out", 2)]


def test_sizes_are_half_open() -> None:
    areas = [255, 256, 1023.99, 1024, 9215, 9216, 82943, 82944]
    ground_truth = scene([(0, 0, 10, 10)] * len(areas))
    for annotation, area in zip(ground_truth["annotations"], areas, strict=True):
        annotation["area"] = area
    attributes, _ = built(ground_truth, [found((0, 0, 32, 32)), found((0, 0, 31, 33))])
    assert object_values(attributes["size"]) == ["small"] * 3 + ["medium"] * 2 + ["large"] * 3
    assert object_values(attributes["size_detail"]) == [
        *("tiny", "small", "small", "medium", "medium", "large", "large", "huge")
    ]
    assert detection_values(attributes["size"]) == ["medium", "small"]
    assert attributes["size"].numbers is not None
    assert attributes["size"].numbers.tolist() == areas
    assert attributes["size"].edges == (1024, 9216)


@pytest.mark.parametrize(
    ("box", "name"),
    [((0, 0, 3, 4), "square"), ((0, 0, 29, 40), "tall"), ((0, 0, 8, 6), "wide"), ((0, 0, 5, 0), "n/a")],
)
def test_aspect(box: tuple[float, ...], name: str) -> None:
    attributes, _ = built(scene([box]), [found(box)])
    assert object_values(attributes["aspect"]) == detection_values(attributes["aspect"]) == [name]


@pytest.mark.parametrize(
    ("box", "border", "position"),
    [
        ((1, 10, 10, 10), "touching", "top left"),
        ((1.01, 10, 10, 10), "inside", "top left"),
        ((79, 10, 10, 10), "touching", "top right"),
        ((40, 49.5, 10, 10), "touching", "bottom"),
        ((-20, 25, 10, 10), "touching", "left"),
        ((25, 15, 10, 10), "inside", "centre"),
        ((55, 35, 10, 10), "inside", "bottom right"),
    ],
)
def test_border_and_position(box: tuple[float, ...], border: str, position: str) -> None:
    attributes, _ = built(scene([box]), [found(box)])
    assert object_values(attributes["border"]) == detection_values(attributes["border"]) == [border]
    assert object_values(attributes["position"]) == detection_values(attributes["position"]) == [position]


def test_covered_bins_are_closed_above() -> None:
    shares = {"light": 1, "partial": 5, "heavy": 6}
    for name, width in shares.items():
        covered = built(scene([(0, 0, 10, 10), (0, 0, width, 10)]))[0]["covered"]
        assert object_values(covered)[0] == name
        assert covered.numbers is not None
        assert covered.numbers[0] == width / 10


def test_crowding_is_above_one_tenth_and_ignores_crowds() -> None:
    exactly_one_tenth = scene([(0, 0, 10, 10), (0, 0, 1, 10)])
    assert object_values(built(exactly_one_tenth)[0]["crowding"]) == ["none", "none"]
    stack = scene([(0, 0, 10, 10)] * 4)
    assert object_values(built(stack)[0]["crowding"]) == ["3+"] * 4
    stack["annotations"][3]["iscrowd"] = 1
    assert object_values(built(stack)[0]["crowding"]) == ["1-2", "1-2", "1-2", "none"]
    assert object_values(built(stack)[0]["covered"]) == ["heavy", "heavy", "heavy", "free"]


def counted_images(counts: Sequence[int]) -> dict[str, Any]:
    ground_truth = scene([(0, 0, 10, 10)] * sum(counts))
    ground_truth["images"] = [{"id": i} for i in range(len(counts))]
    owners = [image for image, count in enumerate(counts) for _ in range(count)]
    for annotation, owner in zip(ground_truth["annotations"], owners, strict=True):
        annotation["image_id"] = owner
    return ground_truth


@pytest.mark.parametrize(
    ("counts", "names"),
    [
        ([1, 2, 3, 4, 5, 6], ["few", "few", "some", "some", "many", "many"]),
        ([0, 1, 2, 3], ["few", "few", "some", "many"]),
        ([1, 1, 1, 1, 7], ["few", "few", "few", "few", "many"]),
        ([0, 0, 2, 2], ["few", "few", "some", "some"]),
        ([2, 2], ["some", "some"]),
        ([0, 0], ["few", "few"]),
    ],
)
def test_image_crowding_by_terciles_of_images_with_objects(counts: list[int], names: list[str]) -> None:
    detections = [{**found((0, 0, 1, 1)), "image_id": image} for image in range(len(counts))]
    image_crowding = built(counted_images(counts), detections)[0]["image_crowding"]
    assert detection_values(image_crowding) == names
    assert list(image_crowding.values) == [name for name in ("few", "some", "many") if name in names]


def test_class_frequency_leaves_out_classes_without_objects() -> None:
    ground_truth = scene([(0, 0, 10, 10)] * 7)
    ground_truth["categories"] = [{"id": i, "name": f"c{i}"} for i in range(9)]
    for annotation, category in zip(ground_truth["annotations"], [0, 1, 1, 2, 2, 2, 2], strict=True):
        annotation["category_id"] = category
    frequency = built(ground_truth, [{**found((0, 0, 1, 1)), "category_id": 8}])[0]["class_frequency"]
    assert frequency.values == ("rare", "common", "frequent", "n/a (background)")
    assert object_values(frequency) == ["rare", "common", "common", *["frequent"] * 4]
    assert detection_values(frequency) == ["n/a (background)"]


def test_class_names_are_made_distinct() -> None:
    ground_truth = scene([(0, 0, 10, 10)])
    names = {3: "dog", 1: "cat", 7: "dog", 9: "dog (id 3)"}
    ground_truth["categories"] = [{"id": key, "name": name} for key, name in names.items()]
    attribute = built(ground_truth, [{**found((0, 0, 1, 1)), "category_id": 7}])[0]["class"]
    assert attribute.kind == "class"
    assert attribute.values == ("cat", "dog (id 3) (id 3)", "dog (id 7)", "dog (id 3) (id 9)")
    assert object_values(attribute) == ["cat"]
    assert detection_values(attribute) == ["dog (id 7)"]


@pytest.mark.parametrize(
    ("date", "month"),
    [
        ("2013-11-21 01:34:01", "2013-11"),
        ("2013/11/21", "2013-11"),
        ("2013-11-21T01:34:01.5+02:00", "2013-11"),
        ("20131121T013401Z", "2013-11"),
        ("2013-1-2", "2013-01"),
        ("2013-11", "2013-11"),
        ("2013:11:21 01:34:01", "2013-11"),
        ("0000-00-00", None),
        ("2013-13-01", None),
        ("21/11/2013", None),
        ("1385000000", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_months(date: str, month: str | None) -> None:
    assert month_of(date) == month


def test_capture_month_only_where_an_image_is_dated() -> None:
    undated = scene([(0, 0, 10, 10)])
    assert "capture_month" not in built(undated)[0]
    dates = ["2014/02/01", None, "2013-11-21 01:34:01", "soon", " "]
    ground_truth = counted_images([1, 1, 2, 1, 1])
    for image, date in zip(ground_truth["images"], dates, strict=True):
        image["date_captured"] = date
    attributes, notices = built(ground_truth)
    month = attributes["capture_month"]
    assert month.values == ("2013-11", "2014-02", "n/a")
    assert object_values(month) == ["2014-02", "n/a", "2013-11", "2013-11", "n/a", "n/a"]
    assert month.kind == "image"
    assert notices == (Notice("date_unreadable", notices[0].message, 1, ("soon",)),)
