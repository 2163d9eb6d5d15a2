"""Runs in shards that are read leniently, or hardly match: numbers and written notices do not depend on the split."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

import mapgap
from mapgap.report.json_files import json_bytes
from tests.command import mapgap as run_mapgap
from tests.generated import CocoPair
from tests.shard_sets import write_results, write_truths
from tests.test_shards_refused import PAIR, THREE

LENIENT = mapgap.Reading(lenient=True)
SPLITS = ([[1, 2, 3, 4, 5, 6]], THREE, [[6, 2], [4, 1], [3, 5]])


def changed(objects: dict[int, Any], detections: dict[int, Any]) -> CocoPair:
    """The pair with other fields in some records."""
    truth, results = copy.deepcopy(PAIR.ground_truth), copy.deepcopy(PAIR.detections)
    for place, fields in objects.items():
        truth["annotations"][place] |= fields
    for place, fields in detections.items():
        results[place] |= fields
    return CocoPair(truth, results)


BAD = changed(
    {1: {"bbox": [1, 2]}, 2: {"area": "x"}, 4: {"area": None}, 5: {"area": None, "id": 1}},
    {0: {"score": None}, 3: {"score": "x"}, 4: {"bbox": [1, 2]}},
)
BAD.ground_truth["categories"].append(BAD.ground_truth["categories"][1])


def in_shards(folder: Path, pair: CocoPair, parts: list[list[int]], classes_apart: bool = False) -> Path:
    """The pair in a new folder."""
    folder = folder / f"split-{len(list(folder.iterdir()))}"
    folder.mkdir()
    write_truths(folder, pair, parts)
    write_results(folder, pair, parts)
    if classes_apart:
        for path in folder.glob("truth-*.json"):
            content = json.loads(path.read_text())
            del content["categories"]
            path.write_text(json.dumps(content))
        (folder / "classes.json").write_text(json.dumps({"categories": pair.ground_truth["categories"]}))
    return folder


@pytest.mark.parametrize("classes_apart", [False, True])
def test_notices_do_not_depend_on_the_split(tmp_path: Path, classes_apart: bool) -> None:
    whole = mapgap.evaluate(BAD.ground_truth, BAD.detections, reading=LENIENT).metrics
    written = set()
    for parts in SPLITS:
        folder = in_shards(tmp_path, BAD, parts, classes_apart)
        evaluation = mapgap.evaluate_shards(folder, reading=LENIENT)
        assert evaluation.metrics == whole
        analysis = mapgap.analyze_shards(folder, reading=LENIENT, resamples=0)
        command = run_mapgap("evaluate", "--lenient", "--json", "--shards", folder, cwd=tmp_path)
        assert command.returncode == 0
        assert command.stderr.count("score_invalid") == 1
        assert "score_invalid: results-" in command.stderr
        report = ("report", "--lenient", "--resamples", "0", "--shards", folder, "-o", folder.with_suffix(".report"))
        told = run_mapgap(*report, cwd=tmp_path).stderr
        assert (told.count("score_invalid"), told.count("score_invalid: results-")) == (1, 1)
        assert "area_missing: shards: annotations have no area" in told
        written.add((evaluation.notices, json_bytes(analysis.summary), command.stdout))
    assert len(written) == 1
    ((notices, _, _),) = written
    assert {notice.code: notice.count for notice in notices} == {
        "area_invalid": 1,
        "area_missing": 3,
        "box_invalid": 2,
        "duplicate_category_id": 1,
        "score_invalid": 2,
    }


def test_a_class_in_a_text_is_read_as_the_whole_file_reads_it(tmp_path: Path) -> None:
    pair = changed({1: {"category_id": "2"}, 3: {"category_id": "2"}, 5: {"category_id": "2"}}, {})
    whole = mapgap.evaluate(pair.ground_truth, pair.detections, reading=LENIENT).metrics
    for parts in SPLITS:
        evaluation = mapgap.evaluate_shards(in_shards(tmp_path, pair, parts, True), reading=LENIENT)
        assert (evaluation.objects, evaluation.metrics) == (6, whole)


@pytest.mark.parametrize("wrong", [None, "x", 1.5, [1]])
def test_one_bad_class_takes_no_other_annotation_with_it(tmp_path: Path, wrong: Any) -> None:
    pair = changed({3: {"category_id": wrong}}, {})
    whole = mapgap.evaluate(pair.ground_truth, pair.detections, reading=LENIENT).metrics
    for parts in SPLITS:
        evaluation = mapgap.evaluate_shards(in_shards(tmp_path, pair, parts, True), reading=LENIENT)
        assert (evaluation.objects, evaluation.metrics) == (5, whole)


def test_objects_whose_mask_means_nothing_are_not_counted(tmp_path: Path) -> None:
    square = {"segmentation": [[10, 10, 30, 10, 30, 30, 10, 30]]}
    pair = changed(dict.fromkeys(range(6), square) | {2: {"segmentation": "x"}}, dict.fromkeys(range(6), square))
    whole = mapgap.analyze(pair.ground_truth, pair.detections, iou_type="segm", reading=LENIENT, resamples=0).metrics
    for parts in SPLITS:
        folder = in_shards(tmp_path, pair, parts)
        evaluation = mapgap.evaluate_shards(folder, iou_type="segm", reading=LENIENT)
        assert evaluation.metrics == whole
        assert evaluation.objects == 5
        assert "mask_invalid" in {notice.code for notice in evaluation.notices}
        with pytest.raises(mapgap.InputError, match="'segmentation'"):
            mapgap.evaluate_shards(folder, iou_type="segm")


def test_boxes_written_otherwise_are_told(tmp_path: Path) -> None:
    boxes = {i: [i * 97 % 500, i * 61 % 300, 30 + i * 41 % 250, 30 + i * 83 % 170] for i in range(1, 41)}
    truth: dict[str, Any] = {
        "images": [{"id": i, "width": 900, "height": 500} for i in boxes],
        "annotations": [
            {"id": i, "image_id": i, "category_id": 1, "bbox": box, "area": box[2] * box[3]} for i, box in boxes.items()
        ],
        "categories": [{"id": 1, "name": "person"}],
    }
    detections = []
    for record in truth["annotations"]:
        x, y, width, height = record["bbox"]
        detections.append({"image_id": record["image_id"], "category_id": 1, "bbox": [y, x, y + height, x + width]})
    pair = CocoPair(truth, [{**record, "score": 0.5 + place / 100} for place, record in enumerate(detections)])
    folder = in_shards(tmp_path, pair, [list(range(1, 31)), list(range(31, 41))])
    (notice,) = (n for n in mapgap.evaluate_shards(folder).shard_notices if n.code == "other_box_format")
    assert "look like yxyx" in notice.message
    assert "results-0.json" in notice.message
    command = run_mapgap("evaluate", "--shards", folder, cwd=tmp_path)
    assert "--box-format yxyx" in command.stderr
    read_so = mapgap.evaluate_shards(folder, reading=mapgap.Reading(box_format="yxyx"))
    assert read_so.metrics["AP"] == pytest.approx(1)
    assert read_so.shard_notices == ()


def test_annotations_without_an_image_do_not_depend_on_their_shard(tmp_path: Path) -> None:
    summaries = set()
    lost = [{**PAIR.ground_truth["annotations"][0], "id": 90 + n, "image_id": ("x", 1.5)[n]} for n in range(2)]
    for first, second in (lost, lost[::-1]):
        folder = in_shards(tmp_path, PAIR, THREE)
        for name, record in (("truth-0.json", first), ("truth-2.json", second)):
            content = json.loads((folder / name).read_text())
            content["annotations"].append(record)
            (folder / name).write_text(json.dumps(content))
        analysis = mapgap.analyze_shards(folder, reading=LENIENT, resamples=0)
        assert analysis.metrics == mapgap.evaluate(PAIR.ground_truth, PAIR.detections).metrics
        summaries.add(json_bytes(analysis.summary))
    assert len(summaries) == 1
    assert b"2 records left out" in summaries.pop()
