"""The missed objects as users get them: table, COCO JSON, CSV and crops, with the evidence for each cause."""

import csv
import io
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

import mapgap
from mapgap.analysis.analysis import Analysis
from mapgap.analysis.missed import MissedOutput, require_missed_writable
from mapgap.demo import demo_files, make_demo
from mapgap.errors import AccessError, InputError
from mapgap.report.columns import gap_of_objects
from mapgap.report.missed import CSV_COLUMNS, missed_record, missed_rows
from mapgap.report.missed_evidence import EVIDENCE_KEYS, evidence_pieces
from mapgap.tables import OperatingPoint
from tests.command import complaint
from tests.command import mapgap as run

NOTHING = np.zeros(0)


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ground truth, detections and pictures of a small demo."""
    folder = tmp_path_factory.mktemp("demo")
    for name, content in demo_files(make_demo(3, images=30)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def analysis(data: Path) -> Analysis:
    return mapgap.analyze(data / "gt.json", data / "detections.json")


@pytest.mark.parametrize("score", ["best-f1", 0.0, 0.05, 0.3, 0.5, 0.8, 0.99, 1.0])
@pytest.mark.parametrize("iou", [0.5, 0.72])
def test_the_causes_add_up_to_the_false_negatives(data: Path, score: float | str, iou: float) -> None:
    found = mapgap.analyze(data / "gt.json", data / "detections.json", score_threshold=score, iou_threshold=iou)
    record = found.missed_record()
    false_negatives = found.summary["operating_point"]["fn"]
    ids = [annotation["id"] for annotation in record["annotations"]]
    assert len(ids) == len(set(ids)) == false_negatives == record["info"]["missed"]
    counts = Counter(annotation["attributes"]["cause"] for annotation in record["annotations"])
    assert None not in counts
    in_summary = {cause["cause"]: cause["errors"] for cause in found.summary["causes"]}
    for cause in ("missed", "crowded_out", "below_threshold", "max_detections"):
        assert counts[cause] == in_summary.get(cause, 0)
    by_size = [len(found.missed_record(f"size == '{size}'")["annotations"]) for size in ("small", "medium", "large")]
    assert sum(by_size) == false_negatives


def test_costliest_first_then_more_errors_then_file_order(analysis: Analysis) -> None:
    results = analysis.results
    owed = dict(zip(results.ground_truth.ids.tolist(), gap_of_objects(results).tolist(), strict=True))
    errors = Counter(results.ground_truth.ids[g] for g in results.errors.object.tolist() if g >= 0)
    place = {number: row for row, number in enumerate(results.ground_truth.ids.tolist())}
    listed = [row["id"] for row in missed_rows(results)]
    assert listed == sorted(listed, key=lambda number: (-owed[number], -errors[number], place[number]))
    assert len({errors[number] for number in listed}) > 1
    assert len({owed[number] for number in listed}) < len(listed)


def test_the_record_adds_evidence_to_what_the_report_holds(analysis: Analysis) -> None:
    lean, rich = missed_record(analysis.results), analysis.missed_record()
    assert list(rich) == ["info", "images", "annotations", "categories"]
    assert rich["info"]["schema"] == "mapgap/missed/1"
    assert rich["info"]["score_threshold"] == analysis.summary["operating_point"]["score_threshold"]
    for annotation in rich["annotations"]:
        assert tuple(annotation["attributes"])[4 : 4 + len(EVIDENCE_KEYS)] == EVIDENCE_KEYS
        assert all(value is None or isinstance(value, str | int | float) for value in annotation["attributes"].values())
        for key in EVIDENCE_KEYS:
            del annotation["attributes"][key]
    assert {key: rich[key] for key in lean} == lean


def test_the_evidence_is_that_of_the_detection_named(analysis: Analysis, data: Path) -> None:
    detections = json.loads((data / "detections.json").read_bytes())
    record = analysis.missed_record()
    names = {category["id"]: category["name"] for category in json.loads((data / "gt.json").read_bytes())["categories"]}
    causes = set()
    for annotation in record["annotations"]:
        told = annotation["attributes"]
        if told["detection"] is None:
            assert told["cause"] == "missed"
            assert told["iou"] is None
            continue
        named = detections[told["detection"]]
        causes.add(told["cause"])
        assert named["image_id"] == annotation["image_id"]
        assert told["detection_score"] == named["score"]
        assert told["detection_class"] == names[named["category_id"]]
        assert [told[f"detection_{side}"] for side in ("x", "y", "width", "height")] == named["bbox"]
        assert told["iou"] == pytest.approx(overlap(named["bbox"], annotation["bbox"]), abs=1e-12)
        if told["cause"] == "below_threshold":
            assert told["recovering_score"] == named["score"] < record["info"]["score_threshold"]
        else:
            assert told["recovering_score"] is None
    assert causes >= {"localization", "classification", "below_threshold"}


def overlap(one: list[float], other: list[float]) -> float:
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(0.0, width) * max(0.0, height)
    return both / (one[2] * one[3] + other[2] * other[3] - both)


ROW = {
    "detection_score": 0.25,
    "detection_class": "truck",
    "detection_rank": 1234,
    "iou": 0.625,
    "same_class_iou": None,
    "other_class": None,
    "other_class_iou": None,
    "taken_by": 77,
}


@pytest.mark.parametrize(
    ("cause", "more", "words"),
    [
        ("below_threshold", {}, "found with IoU .62 and score .250, below the threshold .400"),
        ("localization", {"iou": 0.31}, "its car box has IoU .31, needed is .50 (score .250)"),
        ("classification", {}, "taken for truck with IoU .62 (score .250)"),
        ("both", {"iou": 0.31}, "taken for truck by a loose box with IoU .31 (score .250)"),
        ("crowded_out", {}, "the car box with IoU .62 went to object 77 (score .250)"),
        (
            "max_detections",
            {},
            "cut: the car box with IoU .62 is number 1,234 of its class in the image (score .250)",
        ),
        ("missed", {}, "no car box reaches IoU .10"),
        ("missed", {"same_class_iou": 0.4}, "the best car box has IoU .40 and belongs elsewhere"),
        (
            "missed",
            {"other_class": "bus", "other_class_iou": 0.2},
            "no car box reaches IoU .10; a bus box has .20",
        ),
    ],
)
def test_the_evidence_in_words(cause: str, more: dict[str, Any], words: str) -> None:
    point = OperatingPoint(0.4, 0.5, *[NOTHING] * 6)
    assert "".join(evidence_pieces({"cause": cause, **ROW, **more}, "car", point, 0.1, 0.4)) == words


def test_the_csv_holds_the_rows_of_the_record(analysis: Analysis, tmp_path: Path) -> None:
    analysis.write_missed("size == 'small'", output=tmp_path / "out")
    assert sorted(os.listdir(tmp_path / "out")) == ["missed.csv", "missed.json"]
    record = json.loads((tmp_path / "out" / "missed.json").read_bytes())
    assert record == analysis.missed_record("size == 'small'")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "missed.csv").read_text())))
    assert tuple(rows[0])[: len(CSV_COLUMNS)] == CSV_COLUMNS
    names = {category["id"]: category["name"] for category in record["categories"]}
    for row, annotation in zip(rows, record["annotations"], strict=True):
        assert (int(row["object_id"]), int(row["image_id"])) == (annotation["id"], annotation["image_id"])
        assert row["class"] == names[annotation["category_id"]]
        assert [float(row[side]) for side in ("x", "y", "width", "height")] == annotation["bbox"]
        for key, value in annotation["attributes"].items():
            assert row[key] == ("" if value is None else str(value)), key


def test_names_in_the_csv_start_no_formula(tmp_path: Path) -> None:
    truth = {
        "images": [{"id": 1, "width": 50, "height": 50, "file_name": "=1+1.jpg"}],
        "categories": [{"id": 1, "name": "@SUM(A1)"}, {"id": 2, "name": '=cmd|" /C calc"!A0'}],
        "annotations": [
            {
                "id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 20, 20], "area": 400, "iscrowd": 0,
                "attributes": {"width": "+1", "iou": True},
            },
            {"id": 2, "image_id": 1, "category_id": 2, "bbox": [1, 30, 5, 5], "area": 25, "iscrowd": 0,
             "attributes": {"iou": False}},
        ],
    }  # fmt: skip
    found = [{"image_id": 1, "category_id": 2, "bbox": [1, 1, 20, 20], "score": 0.5}]
    mapgap.analyze(truth, found).write_missed(output=tmp_path / "out")
    rows = list(csv.reader(io.StringIO((tmp_path / "out" / "missed.csv").read_text())))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "-"))]
    assert {"width_attribute", "iou_attribute"} <= set(rows[0])
    assert {row[rows[0].index("iou_attribute")] for row in rows[1:]} <= {"true", "false"}


MASKED = {
    "images": [{"id": 5, "width": 60, "height": 40, "file_name": "a.png"}],
    "categories": [{"id": 3, "name": "thing"}],
    "annotations": [
        {
            "id": 9, "image_id": 5, "category_id": 3, "bbox": [10, 10, 20, 20], "area": 200, "iscrowd": 0,
            "segmentation": [[10, 10, 30, 10, 30, 30]],
        },
    ],
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_masks_come_along_where_masks_are_compared(tmp_path: Path) -> None:
    found = [{"image_id": 5, "category_id": 3, "segmentation": {"size": [40, 60], "counts": [2400]}, "score": 0.5}]
    (tmp_path / "gt.json").write_text(json.dumps(MASKED))
    analysis = mapgap.analyze(MASKED, found, iou_type="segm")
    analysis.write_missed(output=tmp_path / "out")
    opened = COCO(tmp_path / "out" / "missed.json")
    [annotation] = opened.loadAnns(opened.getAnnIds())
    original = COCO(tmp_path / "gt.json")
    np.testing.assert_array_equal(opened.annToMask(annotation), original.annToMask(original.anns[9]))
    assert "segmentation" not in missed_rows(analysis.results)[0]
    assert "segmentation" not in mapgap.analyze(MASKED, []).missed_record()["annotations"][0]


def test_crops_are_named_by_image_and_object(analysis: Analysis, data: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    written = analysis.write_missed(
        crops=tmp_path / "crops", images=data, most_crops=7, count=lambda done, of: told.append((done, of))
    )
    missed = analysis.missed_record()["annotations"]
    assert (written.missed, written.crops, written.left_out) == (len(missed), 7, len(missed) - 7)
    assert told == [(done, 7) for done in range(1, 8)]
    assert written.notices == ()
    index = json.loads((tmp_path / "crops" / "crops.json").read_bytes())
    assert index["schema"] == "mapgap/crops/1"
    assert index["left_out"] == len(missed) - 7
    names = [f"{place:04}_image_{row['image_id']}_object_{row['id']}.webp" for place, row in enumerate(missed[:7], 1)]
    assert [entry["file"] for entry in index["crops"]] == names
    assert [entry["evidence"] for entry in index["crops"]] == [row["attributes"]["evidence"] for row in missed[:7]]
    assert sorted(os.listdir(tmp_path / "crops")) == sorted([*names, "crops.json"])
    for name in names:
        with Image.open(tmp_path / "crops" / name) as picture:
            assert picture.format == "WEBP"
            assert max(picture.size) <= 320


def test_two_runs_write_the_same_bytes(analysis: Analysis, data: Path, tmp_path: Path) -> None:
    contents = []
    for _ in range(2):  # the second replaces the first
        analysis.write_missed(output=tmp_path / "out", crops=tmp_path / "out" / "crops", images=data, most_crops=5)
        contents.append({path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 2 + 5 + 1


def test_pictures_that_cannot_be_used_are_counted(analysis: Analysis, data: Path, tmp_path: Path) -> None:
    missed = analysis.missed_record()
    file_names = {image["id"]: image["file_name"] for image in missed["images"]}
    used = list(dict.fromkeys(file_names[row["image_id"]] for row in missed["annotations"]))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for place, name in enumerate(used[2:]):
        content = (data / name).read_bytes()
        (pictures / Path(name).name).write_bytes(content if place else content[:200])
    written = analysis.write_missed(crops=tmp_path / "crops", images=pictures, most_crops=10_000)
    per_picture = Counter(file_names[row["image_id"]] for row in missed["annotations"])
    assert {notice.code: notice.count for notice in written.notices} == {
        "crops_missing": per_picture[used[0]] + per_picture[used[1]],
        "crops_unreadable": per_picture[used[2]],
    }
    assert written.crops + sum(notice.count for notice in written.notices) == written.missed
    index = json.loads((tmp_path / "crops" / "crops.json").read_bytes())
    assert sum(entry["file"] is None and entry["why_none"] is not None for entry in index["crops"]) == sum(
        notice.count for notice in written.notices
    )
    assert len(os.listdir(tmp_path / "crops")) == written.crops + 1


def test_hostile_names_and_ids_stay_inside_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.new("RGB", (60, 40)).save(tmp_path / "secret.png")
    Image.new("RGB", (60, 40)).save(tmp_path / "in" / "a.png")
    names = ["../secret.png", str(tmp_path / "secret.png"), "x/../../secret.png", "a.png"]
    truth = {
        "images": [{"id": -i, "width": 60, "height": 40, "file_name": name} for i, name in enumerate(names)],
        "categories": [{"id": 1, "name": "../../thing"}],
        "annotations": [
            {"id": 7 * 10**17 - i, "image_id": -i, "category_id": 1, "bbox": [5, 5, 9, 9], "area": 81, "iscrowd": 0}
            for i in range(len(names))
        ],
    }
    before = set(tmp_path.iterdir())
    written = mapgap.analyze(truth, []).write_missed(crops=tmp_path / "crops", images=tmp_path / "in")
    assert set(tmp_path.iterdir()) - before == {tmp_path / "crops"}
    assert [(notice.code, notice.count) for notice in written.notices] == [("crops_refused", 3)]
    assert sorted(os.listdir(tmp_path / "crops")) == ["0004_image_-3_object_699999999999999997.webp", "crops.json"]


def folder_of(tmp_path: Path, **contents: str) -> Path:
    folder = tmp_path / "there"
    folder.mkdir()
    for name, content in contents.items():
        (folder / name.replace("_", ".")).write_text(content)
    return folder


@pytest.mark.parametrize(
    "contents",
    [
        {"mine_txt": "x"},
        {"missed_json": "{}"},
        {"missed_json": '{"images": [], "info": {"description": "mine"}}', "missed_csv": "a"},
        {"missed_json": '{"info": {"schema": "mapgap/missed/1"}}', "mine_txt": "x"},
        {"summary_json": '{"schema": "mapgap/summary/1"}'},
        {"missed_csv": "a,b"},
    ],
)
def test_folders_of_others_are_left_alone(analysis: Analysis, data: Path, tmp_path: Path, contents: Any) -> None:
    folder = folder_of(tmp_path, **contents)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(AccessError, match="not a folder this command wrote"):
        analysis.write_missed(output=folder)
    with pytest.raises(AccessError, match="--crops"):
        analysis.write_missed(crops=folder, images=data)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_crops_within_the_output_do_not_cover_other_folders(analysis: Analysis, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    analysis.write_missed(output=out, crops=out / "a[b]" / "crops", images=data, most_crops=2)
    assert len(list((out / "a[b]" / "crops").glob("*.webp"))) == 2
    with pytest.raises(AccessError, match="holds"):
        analysis.write_missed(output=out)  # it would take the crops away
    with pytest.raises(AccessError, match="holds"):
        analysis.write_missed(output=out, crops=out / "crops", images=data)
    analysis.write_missed(output=out, crops=out / "a[b]" / "crops", images=data, most_crops=3)
    (out / "a[b]" / "crops" / "mine.webp").touch()
    with pytest.raises(AccessError, match="mine"):
        analysis.write_missed(output=out, crops=out / "a[b]" / "crops", images=data)
    analysis.write_missed(output=tmp_path / "flat", crops=tmp_path / "flat", images=data, most_crops=1)
    assert len(os.listdir(tmp_path / "flat")) == 4


def test_what_cannot_work_is_said_first(analysis: Analysis, data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--images"):
        analysis.write_missed(crops=tmp_path / "crops")
    with pytest.raises(InputError, match="lies in the folder of the crops"):
        analysis.write_missed(output=tmp_path / "a" / "b", crops=tmp_path / "a", images=data)
    with pytest.raises(AccessError, match="folder of the pictures"):
        analysis.write_missed(crops=tmp_path / "crops", images=tmp_path / "nowhere")
    with pytest.raises(AccessError, match="would be replaced"):
        require_missed_writable(MissedOutput(crops=data, images=data), [data])
    assert os.listdir(tmp_path) == []


def test_nothing_missed_is_written_too(tmp_path: Path) -> None:
    empty: dict[str, list[Any]] = {"images": [], "annotations": [], "categories": []}
    (tmp_path / "in").mkdir()
    written = mapgap.analyze(empty, []).write_missed(
        output=tmp_path / "out", crops=tmp_path / "crops", images=tmp_path / "in"
    )
    assert (written.missed, written.crops, written.left_out, written.notices) == (0, 0, 0, ())
    assert (tmp_path / "out" / "missed.csv").read_text() == ",".join(CSV_COLUMNS) + "\n"
    assert os.listdir(tmp_path / "crops") == ["crops.json"]


def test_the_command_prints_and_writes(data: Path, tmp_path: Path) -> None:
    pair = (data / "gt.json", data / "detections.json")
    done = run(
        "missed", *pair, "--images", data, "--limit", "3", "-o", "out", "--crops", "out/crops", "--limit-crops", "4",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    record = json.loads((tmp_path / "out" / "missed.json").read_bytes())
    info, rows = record["info"], record["annotations"]
    assert lines[0].startswith(f'{info["missed"]} of {info["objects"]} objects missed where size == "small" (score >= ')
    assert lines[1].split() == ["object", "image", "class", "cause", "gap", "detection", "evidence"]
    for line, row in zip(lines[2:5], rows, strict=False):
        assert line.split()[:2] == [str(row["id"]), str(row["image_id"])]
        assert line.endswith(row["attributes"]["evidence"])
    assert lines[5:] == [
        f"and {len(rows) - 3} more: --limit for more rows, --output or --json for all of them",
        "Written: out/missed.json, out/missed.csv",
        "Crops: 4 in out/crops",
        f"{len(rows) - 4} that owe less were left out: --limit-crops for more",
    ]
    assert len(os.listdir(tmp_path / "out" / "crops")) == 5
    as_json = run("missed", *pair, "--images", data, "--json", cwd=tmp_path)
    assert as_json.stdout == (tmp_path / "out" / "missed.json").read_text()


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--bins", "size=0,100"], 2, ('size == "small"', "--where", "size < 1024")),
        (["--crops", "crops"], 2, ("--images",)),
        (["--crops", "", "--images", "."], 2, ("empty name",)),
        (["-o", ""], 2, ("empty name",)),
        (["-o", "."], 3, ("holds", ".")),
        (["--limit", "-1"], 2, ("--limit",)),
        (["--limit-crops", "0"], 2, ("--limit-crops",)),
        (["--crops", "a", "--images", "nowhere"], 3, ("nowhere",)),
    ],
)
def test_complaints_come_before_the_analysis(
    data: Path, tmp_path: Path, options: list[str], code: int, words: tuple[str, ...]
) -> None:
    (tmp_path / "mine.txt").touch()
    line = complaint(run("missed", data / "gt.json", data / "detections.json", *options, cwd=tmp_path), code)
    assert [word for word in words if word not in line] == []
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_other_bins_work_with_a_condition_of_their_own(data: Path, tmp_path: Path) -> None:
    pair = (data / "gt.json", data / "detections.json")
    done = run("missed", *pair, "--bins", "size=0,100", "--where", "size < 1024", "--limit", "0", cwd=tmp_path)
    usual = run("missed", *pair, "--limit", "0", cwd=tmp_path)
    assert done.stdout.split()[:3] == usual.stdout.split()[:3]


def test_real_photographs(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "coco_val2017_images"
    analysis = mapgap.analyze(folder / "gt.json", folder / "yolov2_416.json")
    written = analysis.write_missed(output=tmp_path / "out", crops=tmp_path / "crops", images=folder / "images")
    assert written.crops == min(written.missed, 200)
    assert written.notices == ()


def test_a_crop_is_not_cut_out_of_a_picture_that_may_be_another_one(tmp_path: Path) -> None:
    """Both films have a 1.png, and the folder holds that of one of them."""
    truth = {
        "images": [{"id": i, "file_name": f"{film}/1.png", "width": 64, "height": 64} for i, film in enumerate("ab")],
        "annotations": [{"id": i, "image_id": i, "category_id": 1, "bbox": [8, 8, 40, 40]} for i in range(2)],
        "categories": [{"id": 1, "name": "thing"}],
    }
    (tmp_path / "film").mkdir()
    Image.new("L", (64, 64), 99).save(tmp_path / "film" / "1.png")
    written = mapgap.analyze(truth, []).write_missed(crops=tmp_path / "crops", images=tmp_path / "film")
    assert written.crops == 0
    reason = "it is not in the folder, and other images have its base name too"
    assert [notice.examples for notice in written.notices] == [(f"a/1.png: {reason}", f"b/1.png: {reason}")]
