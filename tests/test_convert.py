"""Labels of other tools become COCO ground truth: the same boxes to the last bit, every attribute kept, ids stable."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mapgap
from mapgap import convert
from mapgap.errors import InputError
from tests.label_folders import (
    HEIGHT,
    WIDTH,
    Corners,
    bdd_frame,
    bdd_label,
    dont_care,
    kitti_line,
    voc_annotation,
    voc_object,
    write_json,
    write_lines,
    write_picture,
    write_voc,
    write_yolo,
    yolo_line,
)


def boxes(converted: convert.Converted) -> list[list[float]]:
    record = converted.record
    assert isinstance(record, dict)
    return [annotation["bbox"] for annotation in record["annotations"]]


def ground_truth(converted: convert.Converted) -> dict[str, Any]:
    assert isinstance(converted.record, dict)
    return converted.record


@st.composite
def corner_lists(draw: st.DrawFn, whole: bool = True) -> list[tuple[int, Corners]]:
    """(class of three, left, top, right, bottom) within the picture."""
    found = []
    for _ in range(draw(st.integers(0, 4))):
        left, right = sorted((draw(st.integers(0, WIDTH)), draw(st.integers(0, WIDTH))))
        top, bottom = sorted((draw(st.integers(0, HEIGHT)), draw(st.integers(0, HEIGHT))))
        shift = 0.0 if whole else draw(st.integers(0, 99)) / 100
        found.append((draw(st.integers(0, 2)), (left + shift, top + shift, right + shift, bottom + shift)))
    return found


@given(st.lists(corner_lists(), min_size=1, max_size=3))
def test_yolo_gives_back_the_boxes(tmp_path_factory: pytest.TempPathFactory, images: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("yolo")
    labels = {f"p{number}": [yolo_line(*one) for one in image] for number, image in enumerate(images)}
    found = ground_truth(convert.from_yolo(write_yolo(folder, labels, ["a", "b", "c"])))
    expected = [
        (number + 1, kind + 1, [left, top, right - left, bottom - top])
        for number, image in enumerate(images)
        for kind, (left, top, right, bottom) in image
    ]
    assert [(one["image_id"], one["category_id"], one["bbox"]) for one in found["annotations"]] == expected
    assert [image["file_name"] for image in found["images"]] == [f"p{number}.jpg" for number in range(len(images))]


@given(corner_lists(), st.booleans())
def test_voc_gives_back_the_boxes(tmp_path_factory: pytest.TempPathFactory, image: list[Any], pixels: bool) -> None:
    """Corners that name pixels from 1 are written from edges by adding 1 to left and top."""
    folder = tmp_path_factory.mktemp("voc") / "Annotations"
    shift = int(pixels)
    written = [
        voc_object("abc"[kind], (left + shift, top + shift, max(right, left + shift), max(bottom, top + shift)))
        for kind, (left, top, right, bottom) in image
    ]
    converted = convert.from_voc(
        write_voc(folder, {"p": voc_annotation("p.jpg", written)}),
        classes=["a", "b", "c"],
        corners="pixels" if pixels else "edges",
    )
    expected = [
        [left, top, max(right - left, shift), max(bottom - top, shift)] for _, (left, top, right, bottom) in image
    ]
    assert boxes(converted) == expected


@given(corner_lists(whole=False))
def test_kitti_gives_back_the_boxes(tmp_path_factory: pytest.TempPathFactory, image: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("kitti")
    lines = [kitti_line(("Car", "Van", "Truck")[kind], corners) for kind, corners in image]
    expected = [[left, top, right - left, bottom - top] for _, (left, top, right, bottom) in image]
    assert boxes(convert.from_kitti(write_lines(folder, {"000000": lines}))) == expected


@given(corner_lists(whole=False))
def test_bdd100k_gives_back_the_boxes(tmp_path_factory: pytest.TempPathFactory, image: list[Any]) -> None:
    file = tmp_path_factory.mktemp("bdd100k") / "det_val.json"
    write_json(file, [bdd_frame("a.jpg", [bdd_label("car", corners) for _, corners in image])])
    expected = [[left, top, right - left + 1, bottom - top + 1] for _, (left, top, right, bottom) in image]
    assert boxes(convert.from_bdd100k(file)) == expected
    edges = [[left, top, right - left, bottom - top] for _, (left, top, right, bottom) in image]
    assert boxes(convert.from_bdd100k(file, corners="edges")) == edges


def test_a_polygon_is_a_mask_with_its_own_area(tmp_path: Path) -> None:
    labels = write_yolo(tmp_path, {"p": ["0 0.25 0.25 0.75 0.25 0.25 0.75"]}, ["a"])
    found = ground_truth(convert.from_yolo(labels))
    (annotation,) = found["annotations"]
    assert annotation["segmentation"] == [[16, 8, 48, 8, 16, 24]]
    assert annotation["bbox"] == [16, 8, 32, 16]
    assert annotation["area"] == 32 * 16 / 2
    image = {"image_id": 1, "category_id": 1, "bbox": [16, 8, 32, 16], "score": 1.0}
    detections = [{**image, "segmentation": annotation["segmentation"]}]
    assert mapgap.evaluate(found, detections, iou_type="segm").metrics["AP"] > 0.999


def test_every_picture_is_an_image_in_the_order_of_names(tmp_path: Path) -> None:
    labels = write_yolo(tmp_path, {"b": [yolo_line(0, (0, 0, 8, 8))], "a": []}, ["x"])
    write_picture(tmp_path / "images" / "sub" / "c.png")
    converted = convert.from_yolo(labels)
    found = ground_truth(converted)
    assert [(image["id"], image["file_name"]) for image in found["images"]] == [
        (1, "a.jpg"),
        (2, "b.jpg"),
        (3, "sub/c.png"),
    ]
    assert [notice.code for notice in converted.notices] == ["pictures_without_labels"]
    assert ground_truth(convert.from_yolo(tmp_path)) == found


@pytest.mark.parametrize(
    ("labels", "pictures"), [("d", "d"), ("d/labels", "d/images"), ("labels/d/labels/val", "labels/d/images/val")]
)
def test_pictures_are_where_yolo_has_them(tmp_path: Path, labels: str, pictures: str) -> None:
    """Beside their labels, or where the last folder `labels` of the path is called `images`."""
    write_lines(tmp_path / labels, {"p": ["0 .5 .5 1 1"]})
    write_picture(tmp_path / pictures / "p.png")
    assert boxes(convert.from_yolo(tmp_path / labels, classes=["a"])) == [[0, 0, WIDTH, HEIGHT]]
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="there is no picture"):
        convert.from_yolo(tmp_path / labels, images=tmp_path / "other", classes=["a"])


@pytest.mark.parametrize("orientation", [1, 3, 5, 6, 7, 8])
def test_sizes_are_those_of_the_picture_as_it_is_seen(tmp_path: Path, orientation: int) -> None:
    labels = write_yolo(tmp_path, {"p": ["0 0.5 0.5 1 1"]}, ["a"])
    write_picture(tmp_path / "images" / "p.jpg", (40, 20), orientation)
    (image,) = ground_truth(convert.from_yolo(labels))["images"]
    size = (20, 40) if orientation >= 5 else (40, 20)
    assert (image["width"], image["height"]) == size
    assert boxes(convert.from_yolo(labels)) == [[0, 0, *size]]


@pytest.mark.parametrize(
    "text",
    [
        "names: [car, 'dining table', \"it's\"]",
        "names: ['car', 'dining table',\n  \"it's\"]  # three",
        "names:\n- car\n- dining table\n- it's\nnc: 3",
        "names:\n  0: car\n  1: 'dining table'  # with a blank\n  2: 'it''s'\nnc: 3",
        'nc: 3\nnames: {0: car, 1: dining table, 2: "it\'s"}\n',
        "\ufeff# data\n\npath: x\r\nnames:\r\n  0: car\r\n\r\n  1: dining table\r\n  2: it's\r\ntrain: y\r\n",
    ],
)
def test_names_of_a_data_yaml(tmp_path: Path, text: str) -> None:
    labels = write_yolo(tmp_path, {"p": ["2 0.5 0.5 1 1"]}, ["x"])
    (tmp_path / "data.yaml").write_text(text, encoding="utf-8", newline="")
    assert [one["name"] for one in ground_truth(convert.from_yolo(labels))["categories"]] == [
        "car",
        "dining table",
        "it's",
    ]


@pytest.mark.parametrize(
    "text",
    ["nc: 3", "names: 3", "names:\n  1: car", "names: [car", "names:\n  0: car\nnames: [a]", "names: [a, a]",
     "names: &x [a]", "names:\n  - [a]", "names: []", "kpt_shape: [17, 3]\nnames: [a]", "names:\n  0:\n"],
)  # fmt: skip
def test_other_yaml_is_refused(tmp_path: Path, text: str) -> None:
    labels = write_yolo(tmp_path, {"p": []}, ["x"])
    (tmp_path / "data.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"data\.yaml"):
        convert.from_yolo(labels)


def test_classes_are_found_or_given(tmp_path: Path) -> None:
    labels = write_yolo(tmp_path, {"p": ["1 0.5 0.5 1 1"]}, ["x", "y"])
    given_file = tmp_path / "own.txt"
    given_file.write_text("car\nvan\n\n")
    for classes in (["car", "van"], "car, van", given_file, str(given_file)):
        found = ground_truth(convert.from_yolo(labels, classes=classes))
        assert [one["name"] for one in found["categories"]] == ["car", "van"]
    (labels / "classes.txt").write_text("near\nby\n")
    assert [one["name"] for one in ground_truth(convert.from_yolo(labels))["categories"]] == ["near", "by"]


def test_what_voc_says_of_an_object_is_kept(tmp_path: Path) -> None:
    listed = "<attribute><name>rain drops</name><value>2.5</value></attribute>"
    objects = [
        voc_object("cat", (1, 1, 10, 10), pose="Left", truncated=1, difficult=0, occluded=0, colour="grey"),
        voc_object("cat", (1, 1, 10, 10), pose="Unspecified", truncated=0, difficult=1, attributes=listed),
        voc_object("cat", (1, 1, 10, 10), actions="<jumping>1</jumping>", part="<name>head</name>"),
    ]
    folder = write_voc(tmp_path / "a", {"p": voc_annotation("p.jpg", objects)})
    converted = convert.from_voc(folder)
    first, second, third = ground_truth(converted)["annotations"]
    assert first["attributes"] == {
        "difficult": False,
        "truncated": True,
        "occluded": False,
        "pose": "Left",
        "colour": "grey",
    }
    assert second["attributes"] == {"difficult": True, "truncated": False, "rain drops": 2.5}
    assert third["attributes"] == {"actions.jumping": 1}
    assert [one["iscrowd"] for one in (first, second, third)] == [0, 1, 0]
    assert [notice.code for notice in converted.notices] == ["difficult_ignored", "parts_left_out"]
    assert ground_truth(converted)["images"][0]["attributes"] == {"segmented": 0}
    counted = ground_truth(convert.from_voc(folder, difficult="count"))
    assert [one["iscrowd"] for one in counted["annotations"]] == [0, 0, 0]


def test_voc_pictures_give_names_and_sizes(tmp_path: Path) -> None:
    annotations = {
        "one": voc_annotation("one", [voc_object("cat", (1, 1, 2, 2))], size=(0, 0)),
        "two": voc_annotation("C:\\data\\img.001.png", [], size=None),
    }
    folder = write_voc(tmp_path / "a", annotations)
    without = convert.from_voc(folder)
    assert [image["file_name"] for image in ground_truth(without)["images"]] == ["img.001.png", "one"]
    assert "width" not in ground_truth(without)["images"][0]
    assert [notice.code for notice in without.notices] == ["image_sizes_unknown"]
    for name in ("one.png", "img.001.jpg", "img.png"):
        write_picture(tmp_path / "pictures" / name)
    found = convert.from_voc(folder, images=tmp_path / "pictures")
    assert [(image["file_name"], image["width"]) for image in ground_truth(found)["images"]] == [
        ("img.001.jpg", WIDTH),
        ("one.png", WIDTH),
    ]
    assert found.notices == ()


def test_what_kitti_says_of_an_object_is_kept(tmp_path: Path) -> None:
    lines = [
        kitti_line("Car", (0, 0, 10.5, 10), truncated=0.25, occluded=2),
        kitti_line("Cyclist", (0, 0, 10, 10), occluded=3, rest="-1 -1 -1 -1000 -1000 -1000 -10"),
    ]
    write_picture(tmp_path / "image_2" / "000007.png")
    converted = convert.from_kitti(write_lines(tmp_path / "label_2", {"000007": lines}))
    found = ground_truth(converted)
    first, second = found["annotations"]
    assert first["attributes"] == {
        "truncated": 0.25, "occluded": 2, "alpha": -1.55, "height_m": 1.5, "width_m": 1.6, "length_m": 3.9,
        "x_m": 1, "y_m": 2, "z_m": 30.5, "rotation_y": -1.5,
    }  # fmt: skip
    assert second["attributes"] == {"truncated": 0, "alpha": -1.55}
    assert (first["category_id"], second["category_id"]) == (1, 6)
    assert found["images"] == [{"id": 1, "file_name": "000007.png", "width": WIDTH, "height": HEIGHT}]
    assert converted.notices == ()


def test_a_dont_care_region_absorbs_detections_of_every_class(tmp_path: Path) -> None:
    """KITTI: no false positive if the region covers enough of the detection, whatever its class."""
    folder = write_lines(tmp_path, {"1": [kitti_line("Car", (0, 0, 10, 10)), dont_care((20, 0, 60, 30))]})
    converted = convert.from_kitti(folder)
    found = ground_truth(converted)
    regions = [one for one in found["annotations"] if one["iscrowd"]]
    assert [one["category_id"] for one in regions] == list(range(1, 9))
    assert [notice.code for notice in converted.notices] == ["regions_ignored", "image_sizes_unknown"]
    inside = [
        {"image_id": 1, "category_id": kind, "bbox": [30, 5, 5, 5], "score": 0.9 - place / 10}
        for kind in (1, 4)
        for place in (0, 1)
    ]
    found_car = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.5}
    analysis = mapgap.analyze(found, [*inside, found_car], resamples=0)
    assert analysis.summary["operating_point"]["fp"] == 0
    assert analysis.summary["coco"]["AP"] > 0.999


def test_what_bdd100k_says_is_kept(tmp_path: Path) -> None:
    labels = [
        bdd_label("person", (0, 0, 9, 9), attributes={"occluded": True, "truncated": False, "trafficLightColor": "NA"}),
        bdd_label("traffic light", (0, 0, 9, 9), attributes={"trafficLightColor": "G", "crowd": False}),
        bdd_label("other vehicle", (0, 0, 9, 9)),
        bdd_label("car", (0, 0, 9, 9), attributes={"crowd": True}),
        bdd_label("lane", None),
    ]
    frames = [
        bdd_frame("b.jpg", labels, weather="rainy", scene="city street", timeofday="undefined"),
        bdd_frame("a.jpg", None, weather="clear", scene="highway", timeofday="night"),
    ]
    converted = convert.from_bdd100k(write_json(tmp_path / "det.json", frames))
    found = ground_truth(converted)
    assert [image["file_name"] for image in found["images"]] == ["a.jpg", "b.jpg"]
    assert found["images"][1]["attributes"] == {"weather": "rainy", "scene": "city street"}
    assert found["images"][0]["attributes"]["timeofday"] == "night"
    assert (found["images"][0]["width"], found["images"][0]["height"]) == (1280, 720)
    assert [(one["category_id"], one["iscrowd"]) for one in found["annotations"]] == [(1, 0), (9, 0), (3, 1), (3, 1)]
    assert found["annotations"][0]["attributes"] == {"written_category": "person", "occluded": True, "truncated": False}
    assert found["annotations"][1]["attributes"] == {"trafficLightColor": "G", "crowd": False}
    assert [notice.code for notice in converted.notices] == ["regions_ignored", "labels_left_out"]
    assert converted.notices[1].examples == ("lane: 1",)
    whole = convert.from_bdd100k(write_json(tmp_path / "whole.json", {"frames": frames, "config": {}}))
    assert whole.record == found
