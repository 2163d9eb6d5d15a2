"""mapgap export: every failure once, with its cause and gap, where it is."""

import json
import math
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from pycocotools.coco import COCO

import mapgap
from mapgap.analysis.analysis import Analysis
from mapgap.analysis.exports import FORMATS, ExportAsked, export_of
from mapgap.cli import export as command
from mapgap.errors import AccessError, InputError
from tests.command import complaint
from tests.command import mapgap as run
from tests.generated import CocoPair, coco_pairs

PLANTED = Path(__file__).resolve().parents[1] / "datasets" / "planted"
ONE = {"id": 7, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}
Record = dict[str, Any]


@pytest.fixture(scope="module")
def planted() -> Analysis:
    return mapgap.analyze(PLANTED / "gt.json", PLANTED / "detections.json", resamples=0)


def exported(analysis: Analysis, to: str, **options: Any) -> bytes:
    return export_of(analysis.results, ExportAsked(to, **options)).content


def failures_by_definition(analysis: Analysis) -> list[Record]:
    """The missed objects and kept false positives, from the tables that the report writes."""
    rows = []
    for row in analysis.objects().to_dict("records"):
        if row["outcome"] == "fn":
            rows.append({**row, "outcome": "fn", "detection": None})
    kept = analysis.detections().query("kept")
    for row in kept.to_dict("records"):
        if row["outcome"] == "fp":
            rows.append(
                {**row, "object_id": None if math.isnan(float(row["object_id"] or "nan")) else row["object_id"]}
            )
    return rows


def key(row: Record) -> tuple[Any, ...]:
    box = tuple(row["bbox"]) if "bbox" in row else tuple(row[name] for name in ("x", "y", "width", "height"))
    return (row["outcome"], row["image_id"], row["category_id"], *box, row["cause"])


def flat(annotation: Record) -> Record:
    return {**annotation, **annotation["attributes"]}


@settings(max_examples=60)
@given(coco_pairs())
def test_every_failure_is_there_once(pair: CocoPair) -> None:
    analysis = mapgap.analyze(pair.ground_truth, pair.detections, resamples=0)
    record = json.loads(exported(analysis, "fiftyone"))
    rows = [flat(annotation) for annotation in record["annotations"]]
    failures = [row for row in rows if row["outcome"] != "tp"]
    by_definition = failures_by_definition(analysis)
    assert Counter(map(key, failures)) == Counter(map(key, by_definition))
    assert math.fsum(row["gap"] for row in failures) == pytest.approx(math.fsum(row["gap"] for row in by_definition))
    point = analysis.summary["operating_point"]
    outcomes = Counter(row["outcome"] for row in rows)
    assert [outcomes[name] for name in ("tp", "fp", "fn")] == [point["tp"], point["fp"], point["fn"]]
    assert [row["id"] for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        assert ("score" in row) == (row["outcome"] != "fn")
    found = [row["object_id"] for row in rows if row["outcome"] != "fp"]
    assert sorted(found) == sorted(record["id"] for record in pair.ground_truth["annotations"] if is_object(record))


def is_object(annotation: Record) -> bool:
    return not annotation["iscrowd"] and 0 <= annotation["area"] <= 1e10


@settings(max_examples=40)
@given(coco_pairs())
def test_cvat_and_label_studio_have_the_same_boxes(pair: CocoPair) -> None:
    analysis = mapgap.analyze(pair.ground_truth, pair.detections, resamples=0)
    names = {category["id"]: category["name"] for category in pair.ground_truth["categories"]}
    sizes = {image["file_name"]: (image["width"], image["height"]) for image in pair.ground_truth["images"]}
    wanted = Counter(
        (
            f"{row['image_id']}.jpg",
            names[row["category_id"]],
            row["cause"],
            *(row[k] for k in ("x", "y", "width", "height")),
        )
        for row in failures_by_definition(analysis)
    )
    root = ElementTree.fromstring(exported(analysis, "cvat"))
    boxes = Counter()
    for image in root.iter("image"):
        assert (float(image.attrib["width"]), float(image.attrib["height"])) == sizes[image.attrib["name"]]
        for box in image.iter("box"):
            x, y, right, bottom = (float(box.attrib[side]) for side in ("xtl", "ytl", "xbr", "ybr"))
            values = {one.attrib["name"]: one.text for one in box}
            boxes[image.attrib["name"], box.attrib["label"], values["cause"], x, y, right - x, bottom - y] += 1
    assert rounded(boxes) == rounded(wanted)
    tasks = json.loads(exported(analysis, "label-studio", image_prefix="s3://bucket/"))
    regions: Counter[tuple[Any, ...]] = Counter()
    for task in tasks:
        name = task["data"]["image"].removeprefix("s3://bucket/")
        for prediction in task["predictions"]:
            for region in prediction["result"]:
                width, height = region["original_width"], region["original_height"]
                x, y, across, down = (region["value"][side] for side in ("x", "y", "width", "height"))
                place = (x * width / 100, y * height / 100, across * width / 100, down * height / 100)
                regions[name, region["value"]["rectanglelabels"][0], region["cause"], *place] += 1
    assert rounded(regions) == rounded(wanted)


def rounded(boxes: Counter[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    """Boxes after a way over corners or percent."""
    joined: Counter[tuple[Any, ...]] = Counter()
    for (*names, x, y, width, height), count in boxes.items():
        joined[(*names, *(round(side, 6) + 0.0 for side in (x, y, width, height)))] += count
    return joined


@settings(max_examples=40)
@given(coco_pairs())
def test_hard_examples_are_the_costliest_images(pair: CocoPair) -> None:
    analysis = mapgap.analyze(pair.ground_truth, pair.detections, resamples=0)
    debts, truth = analysis.results.debts, analysis.results.ground_truth
    owed: dict[int, float] = {}
    for image, gap in zip(truth.images.ids[debts.image].tolist(), debts.gap.tolist(), strict=True):
        owed[image] = owed.get(image, 0.0) + gap
    record = json.loads(exported(analysis, "hard-examples", most=2))
    chosen = [image["id"] for image in record["images"]]
    costliest = sorted((gap for gap in owed.values() if gap > 0), reverse=True)[:2]
    assert [owed[image] for image in chosen] == pytest.approx(costliest)
    for image in record["images"]:
        assert image["mapgap"]["gap"] == pytest.approx(owed[image["id"]])
        assert math.fsum(image["mapgap"]["causes"].values()) == pytest.approx(owed[image["id"]])
    assert record["info"]["gap"] == pytest.approx(math.fsum(costliest))
    assert record["info"]["gap_of_all"] == pytest.approx(analysis.summary["gap"]["total"] or 0.0)
    given = [annotation for annotation in pair.ground_truth["annotations"] if annotation["image_id"] in chosen]
    assert record["annotations"] == given


def test_a_condition_and_causes_choose(planted: Analysis) -> None:
    where = "[size=small, time_of_day=night]"
    rows = [flat(each) for each in json.loads(exported(planted, "fiftyone", where=where))["annotations"]]
    assert {(row["size"], row["time_of_day"]) for row in rows} == {("small", "night")}
    missed = planted.missed(where)
    assert sorted(row["object_id"] for row in rows if row["outcome"] == "fn") == sorted(missed["id"])
    only = [flat(each) for each in json.loads(exported(planted, "fiftyone", causes=("background",)))["annotations"]]
    assert {row["cause"] for row in only} == {"background"}
    totals = {row["cause"]: row["errors"] for row in planted.summary["causes"]}
    assert len(only) == totals["background"]
    hard = json.loads(exported(planted, "hard-examples", where=where, most=10_000))
    gap = next(
        row["gap"]
        for row in planted.slices_by([["size", "time_of_day"]])
        if row["where"] == {"size": "small", "time_of_day": "night"}
    )
    assert hard["info"]["gap"] == pytest.approx(gap)
    nothing = json.loads(exported(planted, "label-studio", where='size == "small" and size == "large"'))
    assert nothing == []


def test_pycocotools_and_mapgap_read_the_coco_files(planted: Analysis, tmp_path: Path) -> None:
    for to in ("fiftyone", "hard-examples"):
        planted.export(to, tmp_path / f"{to}.json")
    hard = COCO(tmp_path / "hard-examples.json")
    assert len(hard.getImgIds()) == 100
    assert len(COCO(tmp_path / "fiftyone.json").getAnnIds()) == 1_961 + 617
    again = mapgap.analyze(tmp_path / "hard-examples.json", [], resamples=0)
    assert {"time_of_day", "scene", "occlusion"} <= {attribute.name for attribute in again.results.attributes}


def test_masks_come_along() -> None:
    mask = {"size": [70, 70], "counts": [1500, 20, 50, 20, 50, 20, 3240]}
    truth = {
        "images": [{"id": 1, "width": 70, "height": 70, "file_name": "a.jpg"}],
        "annotations": [
            {
                "id": 7,
                "image_id": 1,
                "category_id": 1,
                "bbox": [21, 30, 3, 20],
                "area": 60,
                "iscrowd": 0,
                "segmentation": mask,
            }
        ],
        "categories": [{"id": 1, "name": "a"}],
    }
    analysis = mapgap.analyze(truth, [], iou_type="segm", resamples=0)
    (annotation,) = json.loads(exported(analysis, "hard-examples"))["annotations"]
    again = mapgap.analyze({**truth, "annotations": [annotation]}, [], iou_type="segm", resamples=0)
    assert again.results.ground_truth.masks == analysis.results.ground_truth.masks


def test_hostile_names_are_text(tmp_path: Path) -> None:
    name = '</name><script>"&\u202e\x07'
    truth = {
        "images": [{"id": 1, "width": 70, "height": 70, "file_name": '"><evil>.jpg'}],
        "annotations": [ONE],
        "categories": [{"id": 1, "name": name}],
    }
    analysis = mapgap.analyze(truth, [], resamples=0)
    root = ElementTree.fromstring(exported(analysis, "cvat"))
    (box,) = root.iter("box")
    assert box.attrib["label"] == '</name><script>"&⟨U+202E⟩⟨U+0007⟩'
    assert next(root.iter("image")).attrib["name"] == '"><evil>.jpg'
    (task,) = json.loads(exported(analysis, "label-studio"))
    assert task["predictions"][0]["result"][0]["value"]["rectanglelabels"] == [name]


def test_attributes_called_like_fields_of_the_tool_get_another_name() -> None:
    truth = {
        "images": [{"id": 1, "width": 70, "height": 70, "file_name": "a.jpg"}],
        "annotations": [
            {
                "id": n,
                "image_id": 1,
                "category_id": 1,
                "bbox": [1, 2, 3, 4],
                "area": 12,
                "attributes": {"label": "x", "cause": "y"},
            }
            for n in (1, 2)
        ],
        "categories": [{"id": 1, "name": "a"}],
    }
    attributes = json.loads(exported(mapgap.analyze(truth, [], resamples=0), "fiftyone"))["annotations"][0][
        "attributes"
    ]
    assert (attributes["label_attribute"], attributes["cause_attribute"], attributes["cause"]) == ("x", "y", "missed")
    assert "label" not in attributes


@pytest.mark.parametrize("to", ["fiftyone", "cvat", "label-studio"])
def test_images_without_size_or_name_are_refused(to: str) -> None:
    for image, words in (({"file_name": "a.jpg"}, "width and height"), ({"width": 9, "height": 9}, "file_name")):
        truth = {"images": [{"id": 1, **image}], "annotations": [ONE], "categories": [{"id": 1, "name": "a"}]}
        with pytest.raises(InputError, match=rf"images\[0\] \(id 1\): .*{words}"):
            exported(mapgap.analyze(truth, [], resamples=0), to)


def test_the_same_input_gives_the_same_bytes(planted: Analysis, tmp_path: Path) -> None:
    assert command.FORMATS == FORMATS
    for to in FORMATS:
        done = run("export", PLANTED / "gt.json", PLANTED / "detections.json", "--to", to, "-o", to, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith(f"Written: {to}\n")
        assert (tmp_path / to).read_bytes() == exported(planted, to)


def test_wrong_words_are_refused(planted: Analysis, tmp_path: Path) -> None:
    pair = (PLANTED / "gt.json", PLANTED / "detections.json")
    for words, code, told in (
        (["--to", "xml", "-o", "x"], 2, "'xml' is not one of"),
        (["--to", "cvat"], 2, "Missing option '-o'"),
        (["--to", "cvat", "-o", "x", "--causes", "bad"], 2, "'bad' is no cause"),
        (["--to", "cvat", "-o", "x", "--where", "size = 1"], 2, "Write == to compare"),
        (["--to", "cvat", "-o", "x", "--where", "[sise=small]"], 2, "size"),
        (["--to", "cvat", "-o", "nowhere/x"], 3, "nowhere/x"),
        (["--to", "cvat", "-o", pair[0]], 3, "gt.json"),
        (["--to", "hard-examples", "-o", "x", "--most", "0"], 2, "--most"),
    ):
        assert told in complaint(run("export", *pair, *words, cwd=tmp_path), code)
    with pytest.raises(InputError, match="no format to export to"):
        planted.export("xml", tmp_path / "x")
    with pytest.raises(InputError, match="no number of images"):
        planted.export("hard-examples", tmp_path / "x", most=0)
    with pytest.raises(AccessError):
        planted.export("cvat", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_real_data(real_data: Path) -> None:
    kaist = mapgap.analyze(
        real_data / "kaist" / "gt.json", real_data / "kaist" / "detections" / "MLPD.json", resamples=0
    )
    point = kaist.summary["operating_point"]
    for to in FORMATS[:3]:
        found = export_of(kaist.results, ExportAsked(to))
        assert (found.missed, found.false_positives) == (point["fn"], point["fp"])


def test_percent_are_of_width_and_of_height(planted: Analysis) -> None:
    boxes = Counter(
        (annotation["image_id"], *annotation["bbox"])
        for annotation in json.loads(exported(planted, "fiftyone"))["annotations"]
        if annotation["attributes"]["outcome"] != "tp"
    )
    found: Counter[tuple[float, ...]] = Counter()
    for task in json.loads(exported(planted, "label-studio")):
        for region in (region for prediction in task["predictions"] for region in prediction["result"]):
            x, y, width, height = (region["value"][side] for side in ("x", "y", "width", "height"))
            assert (region["original_width"], region["original_height"]) == (320, 240)
            found[task["data"]["image_id"], x * 3.2, y * 2.4, width * 3.2, height * 2.4] += 1
    assert rounded(found) == rounded(boxes)
