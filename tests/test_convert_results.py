"""Results of other tools become COCO results for a ground truth: its images by name, its classes by name or place."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import mapgap
from mapgap import convert
from mapgap.convert.detecting import format_of
from mapgap.errors import AccessError, InputError
from tests.command import complaint
from tests.command import mapgap as run_mapgap
from tests.label_folders import (
    HEIGHT,
    WIDTH,
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
from tests.test_convert import corner_lists, ground_truth


def truth(names: list[str], classes: list[str], **size: int) -> dict[str, Any]:
    told = size or {"width": WIDTH, "height": HEIGHT}
    return {
        "images": [{"id": 10 * place, "file_name": name, **told} for place, name in enumerate(names, start=1)],
        "annotations": [],
        "categories": [{"id": 5 * place, "name": name} for place, name in enumerate(classes, start=1)],
    }


@given(corner_lists())
def test_yolo_results(tmp_path_factory: pytest.TempPathFactory, image: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("results")
    lines = [f"{yolo_line(*one)} {0.25 + place / 8}" for place, one in enumerate(image)]
    write_lines(folder, {"b": lines, "a": []})
    found = convert.results_from_yolo(folder, truth(["b.jpg", "a.jpg"], ["x", "y", "z"]))
    assert found.record == [
        {
            "image_id": 10,
            "category_id": 5 * (kind + 1),
            "bbox": [left, top, right - left, bottom - top],
            "score": 0.25 + place / 8,
        }
        for place, (kind, (left, top, right, bottom)) in enumerate(image)
    ]


def test_yolo_results_by_names_of_classes_and_with_polygons(tmp_path: Path) -> None:
    line = "0 0.25 0.25 0.75 0.25 0.25 0.75 0.5"
    folder = write_lines(tmp_path / "labels", {"000000000139": [line]})
    found = convert.results_from_yolo(folder, truth(["val/000000000139.jpg"], ["x", "y"]), classes=["y", "x"])
    assert found.record == [
        {
            "image_id": 10,
            "category_id": 10,
            "bbox": [16, 8, 32, 16],
            "score": 0.5,
            "segmentation": [[16, 8, 48, 8, 16, 24]],
        }
    ]


def test_results_stand_in_the_order_of_images(tmp_path: Path) -> None:
    folder = write_lines(tmp_path, {"a": ["0 .5 .5 1 1 .9"], "b": ["0 .5 .5 1 1 .8"], "c": ["0 .5 .5 1 1 .7"]})
    found = convert.results_from_yolo(folder, truth(["c.jpg", "a.jpg", "b.jpg"], ["x"]))
    assert [one["image_id"] for one in found.record] == [10, 20, 30]  # type: ignore[call-overload,index]


@pytest.mark.parametrize(
    ("line", "given", "message"),
    [
        ("0 .5 .5 1 1", {}, r"a\.txt: line 1: 5 fields and no score.*--results-for"),
        ("0 .5 .5 1 1 nan", {}, r"a\.txt: line 1, field 6: the score 'nan' is no finite number"),
        ("2 .5 .5 1 1 .5", {}, r"a\.txt: line 1, field 1: class 2, and there are 2 classes"),
        ("0 .5 .5 1 1 .5 7", {}, r"a\.txt: line 1: 7 fields"),
        ("0 .5 .5 1 1 .5", {"classes": ["x", "w"]}, r"'w' is no class of ground truth"),
    ],
)
def test_bad_yolo_results(tmp_path: Path, line: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        convert.results_from_yolo(write_lines(tmp_path, {"a": [line]}), truth(["a.jpg"], ["x", "y"]), **given)


def test_results_need_known_images_with_sizes(tmp_path: Path) -> None:
    folder = write_lines(tmp_path, {"a": ["0 .5 .5 1 1 .5"]})
    with pytest.raises(InputError, match=r"^a\.txt: ground truth has no image of this name"):
        convert.results_from_yolo(folder, truth(["b.jpg"], ["x"]))
    with pytest.raises(InputError, match=r"^a\.txt: ground truth has no image of this name, or several"):
        convert.results_from_yolo(folder, truth(["u/a.jpg", "v/a.jpg"], ["x"]))
    with pytest.raises(InputError, match=r"^a\.txt: ground truth does not tell the width and height"):
        convert.results_from_yolo(folder, {**truth([], ["x"]), "images": [{"id": 1, "file_name": "a.jpg"}]})


def test_a_path_is_an_image_s_own_name_before_it_is_another_one_s_base_name(tmp_path: Path) -> None:
    folder = write_lines(tmp_path / "sub", {"a": ["0 .5 .5 1 1 .5"]})
    write_lines(tmp_path, {"a": ["0 .5 .5 1 1 .25"]})
    for source, expected in ((folder, [(10, 0.5)]), (tmp_path, [(10, 0.25), (20, 0.5)])):
        record = convert.results_from_yolo(source, truth(["a.jpg", "sub/a.jpg"], ["x"])).record
        assert [(one["image_id"], one["score"]) for one in record] == expected  # type: ignore[call-overload,index]


def test_kitti_results(tmp_path: Path) -> None:
    labels = write_lines(tmp_path / "labels", {"7": [kitti_line("Van", (1, 2, 11.5, 12))], "8": []})
    lines = [kitti_line("Van", (1, 2, 11.5, 12), score=3.5), kitti_line("Car", (0, 0, 1, 1), score=-1.0)]
    results = write_lines(tmp_path / "results", {"8": lines[1:], "7": lines[:1]})
    found = convert.results_from_kitti(results, convert.from_kitti(labels))
    assert found.record == [
        {"image_id": 1, "category_id": 2, "bbox": [1, 2, 10.5, 10], "score": 3.5},
        {"image_id": 2, "category_id": 1, "bbox": [0, 0, 1, 1], "score": -1.0},
    ]
    with pytest.raises(InputError, match=r"^7\.txt: line 1: 15 fields and no score"):
        convert.results_from_kitti(labels, convert.from_kitti(labels))
    write_lines(results, {"8": [dont_care((0, 0, 1, 1)) + " 0.5"]})
    with pytest.raises(InputError, match=r"^8\.txt: line 1, field 1: 'DontCare' is no class"):
        convert.results_from_kitti(results, convert.from_kitti(labels))


def test_bdd100k_results(tmp_path: Path) -> None:
    labels = write_json(tmp_path / "gt.json", [bdd_frame("a.jpg", [bdd_label("pedestrian", (0, 0, 9, 9))])])
    frames = [bdd_frame("a.jpg", [bdd_label("person", (0, 0, 9, 9), score=0.5)])]
    results = write_json(tmp_path / "dt.json", frames)
    found = convert.results_from_bdd100k(results, convert.from_bdd100k(labels))
    assert found.record == [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.5}]
    for label, message in (
        (bdd_label("car", (0, 0, 9, 9)), "frame 'a.jpg', labels[0]: there is no score"),
        (bdd_label("boat", (0, 0, 9, 9), score=1), "labels[0]: 'boat' is no class"),
        (bdd_label("car", None, score=1), "labels[0]: there is no box2d"),
    ):
        write_json(results, [bdd_frame("a.jpg", [label])])
        with pytest.raises(InputError) as refusal:
            convert.results_from_bdd100k(results, convert.from_bdd100k(labels))
        assert message in str(refusal.value)
    write_json(results, [bdd_frame("b.jpg", [])])
    with pytest.raises(InputError, match=r"^dt\.json: frame 'b\.jpg': ground truth has no image"):
        convert.results_from_bdd100k(results, convert.from_bdd100k(labels))


def data_sets(folder: Path) -> dict[str, Path]:
    """One small data set of each format."""
    for name in "01":
        write_picture(folder / "image_2" / f"{name}.png")
    return {
        "yolo": write_yolo(folder / "y", {"a": ["0 .5 .5 1 1"]}, ["x"]),
        "voc": write_voc(folder / "v", {"a": voc_annotation("a.jpg", [voc_object("cat", (1, 1, 9, 9))])}),
        "kitti": write_lines(folder / "label_2", {"0": [], "1": [kitti_line("Car", (1, 1, 9, 9))]}),
        "bdd100k": write_json(folder / "det.json", [bdd_frame("a.jpg", [bdd_label("car", (0, 0, 9, 9))])]),
    }


@pytest.mark.parametrize("name", ["yolo", "voc", "kitti", "bdd100k"])
def test_only_the_pictures_of_a_list(tmp_path: Path, name: str) -> None:
    """Lists have names with folder and ending, without, and with a number behind."""
    names = ["a", "b.1", "c", "d"]
    voc = {one: voc_annotation(f"{one}.jpg", [voc_object("x", (1, 1, 9, 9))]) for one in names}
    source = {
        "yolo": lambda: write_yolo(tmp_path / "y", {one: ["0 .5 .5 1 1"] for one in names}, ["x"]),
        "voc": lambda: write_voc(tmp_path / "v", voc),
        "kitti": lambda: write_lines(tmp_path / "k", {one: [kitti_line("Car", (1, 1, 9, 9))] for one in names}),
        "bdd100k": lambda: write_json(tmp_path / "b.json", [bdd_frame(f"{one}.jpg", []) for one in names]),
    }[name]()
    only = tmp_path / "val.txt"
    only.write_text("./images/c.jpg\n\nb.1  -1\n")
    for asked in (only, str(only), ["c.jpg", "b.1"]):
        found = ground_truth(convert.convert(source, name, convert.Asked(only=asked)))
        assert [Path(image["file_name"]).stem for image in found["images"]] == ["b.1", "c"]
    only.write_text("c\ne\n")
    with pytest.raises(InputError, match=r"^val\.txt: line 2: there is no (label file|picture|frame) 'e'"):
        convert.convert(source, name, convert.Asked(only=only))
    only.write_text("\n")
    with pytest.raises(InputError, match=r"^val\.txt: the list names no picture"):
        convert.convert(source, name, convert.Asked(only=only))
    with pytest.raises(AccessError, match="there is no such file"):
        convert.convert(source, name, convert.Asked(only=tmp_path / "nowhere.txt"))


def test_the_format_is_found_out(tmp_path: Path) -> None:
    sources = data_sets(tmp_path)
    for name, source in sources.items():
        assert format_of(source) == name
    assert format_of(tmp_path / "y") == "yolo"


def test_a_format_in_doubt_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="is not there"):
        format_of(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"holds neither \.txt nor \.xml"):
        format_of(tmp_path)
    write_lines(tmp_path, {"a": []})
    with pytest.raises(InputError, match=r"all label files are empty.*--from"):
        format_of(tmp_path)
    with pytest.raises(InputError, match=r"^a\.txt: this is one label file\. Give the folder"):
        format_of(tmp_path / "a.txt")
    write_lines(tmp_path, {"a": ["Car 1 2 3"]})
    with pytest.raises(InputError, match=r"^a\.txt: a line of 4 fields that begins with 'Car'"):
        format_of(tmp_path)
    (tmp_path / "a.xml").write_text("<a/>")
    with pytest.raises(InputError, match=r"both \.txt and \.xml"):
        format_of(tmp_path)


@pytest.mark.parametrize(
    ("name", "asked", "message"),
    [
        ("yolo", {"difficult": "count"}, "--difficult means nothing for yolo labels"),
        ("yolo", {"corners": "edges"}, "--corners means nothing"),
        ("kitti", {"difficult": "count"}, "--difficult means nothing"),
        ("bdd100k", {"images": "."}, "--images means nothing"),
        ("kitti", {"results_for": {}, "classes": "a"}, "--classes means nothing for kitti results"),
        ("voc", {"results_for": {}}, "are no results"),
        ("coco", {}, "there is no format 'coco'"),
    ],
)
def test_options_that_mean_nothing_are_refused(tmp_path: Path, name: str, asked: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        convert.convert(tmp_path, name, convert.Asked(**asked))


def test_the_command_writes_what_python_gives_and_the_same_bytes_again(tmp_path: Path) -> None:
    for name, source in data_sets(tmp_path).items():
        done = run_mapgap("convert", source, "-o", "gt.json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("Written: gt.json\n")
        assert "1 object" in done.stdout
        content = (tmp_path / "gt.json").read_bytes()
        expected = ground_truth(convert.convert(source))
        assert json.loads(content) == expected
        run_mapgap("convert", source, "--from", name, "-o", "gt.json", cwd=tmp_path)
        assert (tmp_path / "gt.json").read_bytes() == content
        assert mapgap.evaluate(tmp_path / "gt.json", []).metrics["AP"] == 0


def test_the_command_on_results(tmp_path: Path) -> None:
    source = data_sets(tmp_path)["yolo"]
    run_mapgap("convert", source, "-o", "gt.json", cwd=tmp_path)
    write_lines(tmp_path / "out", {"a": ["0 .5 .5 1 1 .9"]})
    done = run_mapgap("convert", "out", "--results-for", "gt.json", "-o", "dt.json", cwd=tmp_path)
    assert done.stdout == "1 detection on 1 image\nWritten: dt.json\n"
    assert mapgap.evaluate(tmp_path / "gt.json", tmp_path / "dt.json").metrics["AP"] > 0.999


@pytest.mark.parametrize("output", ["gt.json", "out/dt.json"])
def test_no_input_is_replaced(tmp_path: Path, output: str) -> None:
    write_json(tmp_path / "gt.json", truth(["a.jpg"], ["x"]))
    write_lines(tmp_path / "out", {"a": ["0 .5 .5 1 1 .9"]})
    done = run_mapgap("convert", "out", "--results-for", "gt.json", "-o", output, cwd=tmp_path)
    assert "is an input, or lies in one" in complaint(done, 3)


def test_a_report_slices_by_what_was_kept(tmp_path: Path) -> None:
    """Truncated, occluded and weather reach the slices of an analysis."""
    labels = [
        bdd_label(
            "car", (20 * place, 0, 20 * place + 9, 9), attributes={"occluded": bool(place % 2), "truncated": False}
        )
        for place in range(4)
    ]
    frames = [
        bdd_frame(f"{place}.jpg", labels, weather=weather, timeofday=time)
        for place, (weather, time) in enumerate([("rainy", "night"), ("clear", "daytime")])
    ]
    write_json(tmp_path / "det.json", frames)
    assert run_mapgap("convert", "det.json", "-o", "gt.json", cwd=tmp_path).returncode == 0
    write_json(tmp_path / "dt.json", [{"image_id": 1, "category_id": 3, "bbox": [0, 0, 10, 10], "score": 0.9}])
    assert run_mapgap("report", "gt.json", "dt.json", "-o", "out", cwd=tmp_path).returncode == 0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    found = {
        (name, value) for one in summary["slices"] for name, value in one["where"].items() if len(one["where"]) == 1
    }
    assert found >= {
        ("weather", "rainy"), ("weather", "clear"), ("timeofday", "night"), ("timeofday", "daytime"),
        ("occluded", True), ("occluded", False), ("truncated", False),
    }  # fmt: skip
