"""Intervals of an analysis: everything that has one, everywhere it is shown, and none where nobody asked."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mapgap
from mapgap import _kernel
from mapgap.analysis.intervals import MODES_WITH_INTERVAL
from mapgap.analysis.stages import STAGES
from mapgap.demo import make_demo
from mapgap.errors import InputError
from mapgap.tables import GAP_CAUSES
from tests.command import mapgap as command


@pytest.fixture(scope="module")
def demo() -> Any:
    return make_demo(0)


@pytest.fixture(scope="module")
def analysis(demo: Any) -> mapgap.Analysis:
    return mapgap.analyze(
        demo.ground_truth, demo.detections, slices={"night_small": 'time_of_day == "night" and size == "small"'}
    )


def is_interval(ends: Any) -> bool:
    return isinstance(ends, list) and len(ends) == 2 and 0 <= ends[0] <= ends[1] <= 1


def test_every_number_that_may_have_an_interval_has_one(analysis: mapgap.Analysis) -> None:
    summary = analysis.summary
    assert (summary["settings"]["resamples"], summary["settings"]["seed"]) == (200, 0)
    for record in summary["slices"]:
        assert is_interval(record["recall_interval"]) == (record["objects"] > 0), record["where"]
        has_ap = len(record["where"]) == 1 and record["AP"] is not None
        assert is_interval(record["AP_interval"]) == has_ap, record["where"]
    assert {"night_small": True} in [record["where"] for record in summary["slices"]]
    for record in summary["causes"]:
        assert is_interval(record["gain_interval"]) == (record["cause"] in GAP_CAUSES)
    gains = [(record["cause"] in GAP_CAUSES, record["gain_interval"]) for record in summary["failure_modes"]]
    assert [is_interval(ends) for _, ends in gains] == [
        owes and rank < MODES_WITH_INTERVAL for rank, (owes, _) in enumerate(gains)
    ]
    whole = analysis.results.intervals
    assert whole is not None
    low, high = whole.metrics["AP"]
    assert whole.gap == pytest.approx((1 - high, 1 - low), abs=1e-12)
    for ends in (whole.metrics["AP50"], whole.recall, whole.precision, whole.f1):
        assert is_interval(list(ends))


def test_intervals_hold_the_numbers_they_belong_to(analysis: mapgap.Analysis) -> None:
    """Not always, but with a thousand objects they do; the rates' samples have them as their mean."""
    whole, summary = analysis.results.intervals, analysis.summary
    assert whole is not None
    for name in ("precision", "recall", "f1"):
        low, high = getattr(whole, name)
        assert low < summary["operating_point"][name] < high
    for record in summary["slices"]:
        if record["objects"] and "too_few" not in record["flags"]:
            low, high = record["recall_interval"]
            assert low <= record["recall"] <= high


def test_what_holds_no_object_has_no_interval_and_what_is_certain_has_no_width() -> None:
    truth = {
        "images": [{"id": i, "width": 99, "height": 99, "light": "on" if i else "off"} for i in range(4)],
        "categories": [{"id": 1, "name": "a"}],
        "annotations": [
            {"id": i, "image_id": i, "category_id": 1, "bbox": [0, 0, 9, 9], "area": 81, "iscrowd": 0}
            for i in (1, 2, 3)
        ],
    }
    found = [{"image_id": i, "category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.9} for i in (0, 1, 2, 3)]
    summary = mapgap.analyze(truth, found).summary
    by_light = {str(r["where"]["light"]): r for r in summary["slices"] if list(r["where"]) == ["light"]}
    assert by_light["on"]["recall_interval"] == [1.0, 1.0]
    assert by_light["on"]["AP_interval"] == pytest.approx([by_light["on"]["AP"]] * 2, abs=1e-12)
    assert (by_light["off"]["recall_interval"], by_light["off"]["AP_interval"]) == (None, None)


def test_without_resamples_there_is_none(demo: Any) -> None:
    analysis = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0)
    assert analysis.results.intervals is None
    assert analysis.summary["settings"]["resamples"] == 0
    for table in ("slices", "causes", "failure_modes"):
        for record in analysis.summary[table]:
            assert {value for key, value in record.items() if key.endswith("_interval")} <= {None}


def test_nothing_else_depends_on_resamples(demo: Any, analysis: mapgap.Analysis) -> None:
    def without_intervals(summary: dict[str, Any]) -> str:
        def kept(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: kept(item) for key, item in value.items() if not key.endswith("_interval")}
            return [kept(item) for item in value] if isinstance(value, list) else value

        return json.dumps(kept({**summary, "settings": None}))

    again = mapgap.analyze(
        demo.ground_truth, demo.detections, resamples=0, slices=dict(analysis.results.settings.slices)
    )
    assert without_intervals(again.summary) == without_intervals(analysis.summary)


def test_the_seed_decides_and_nothing_else(demo: Any, analysis: mapgap.Analysis) -> None:
    def intervals(seed: int, resamples: int = 200) -> Any:
        run = mapgap.analyze(demo.ground_truth, demo.detections, seed=seed, resamples=resamples)
        statistics = run.results.slice_statistics
        assert statistics is not None
        return run.results.intervals, statistics.recall_interval.tobytes(), statistics.ap_interval.tobytes()

    first = intervals(5)
    assert intervals(5) == first
    assert all(one != other for one, other in zip(intervals(6), first, strict=True))
    assert all(one != other for one, other in zip(intervals(5, 100), first, strict=True))


def test_one_thread_finds_the_same_bits(demo: Any, analysis: mapgap.Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("resampled_average_precision", "resampled_counts", "percentile_intervals"):
        function = getattr(_kernel, name)
        monkeypatch.setattr(_kernel, name, lambda *arguments, function=function: function(*arguments, threads=1))
    again = mapgap.analyze(demo.ground_truth, demo.detections, slices=dict(analysis.results.settings.slices))
    assert json.dumps(again.summary) == json.dumps(analysis.summary)


def test_the_stage_has_its_name(demo: Any) -> None:
    told: list[str] = []
    mapgap.analyze(demo.ground_truth, demo.detections, resamples=2, progress=told.append)
    assert told == [stage for stage in STAGES if stage != "pixels"]
    assert told.index("ranking") < told.index("intervals") < told.index("advice")


def test_data_frames_and_csv_have_them(analysis: mapgap.Analysis, tmp_path: Path) -> None:
    slices, modes = analysis.slices(), analysis.failure_modes()
    assert is_interval(slices["recall_interval"].iloc[0])
    assert is_interval(modes["gain_interval"].iloc[0])
    folder = analysis.report(tmp_path / "report")
    with open(folder / "slices.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, ends, ap_ends in zip(rows, slices["recall_interval"], slices["AP_interval"], strict=True):
        assert [row["recall_low"], row["recall_high"]] == (["", ""] if ends is None else [repr(end) for end in ends])
        assert [row["AP_low"], row["AP_high"]] == (["", ""] if ap_ends is None else [repr(end) for end in ap_ends])
    with open(folder / "failure_modes.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [[float(row["gain_low"]), float(row["gain_high"])] for row in rows if row["gain_low"]] == [
        ends for ends in modes["gain_interval"] if ends
    ]


def test_the_report_says_them_in_words(analysis: mapgap.Analysis, demo: Any, tmp_path: Path) -> None:
    folder = analysis.report(tmp_path / "with")
    without = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0).report(tmp_path / "without")
    for name in ("report.md", "report.html"):
        page = (folder / name).read_text(encoding="utf-8")
        assert "95 % interval" in page
        assert "200 resamples" in page or "200, seed 0" in page
        assert "95 % intervals from" not in (without / name).read_text(encoding="utf-8")
    assert "95 %" not in (without / "report.html").read_text(encoding="utf-8")


def empty(truth: dict[str, Any], found: list[dict[str, Any]]) -> mapgap.Analysis:
    return mapgap.analyze(truth, found, resamples=7)


IMAGES = [{"id": 1, "width": 99, "height": 99}, {"id": 2, "width": 99, "height": 99}]
OBJECT = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9], "area": 81, "iscrowd": 0}
DETECTION = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.5}


@pytest.mark.parametrize(
    ("images", "annotations", "detections", "ap"),
    [
        (IMAGES, [OBJECT], [], (0.0, 0.0)),
        (IMAGES, [], [DETECTION], None),
        (IMAGES, [], [], None),
        (IMAGES[:1], [OBJECT], [DETECTION], (1.0, 1.0)),
        (IMAGES, [{**OBJECT, "iscrowd": 1}], [DETECTION], None),
    ],
)
def test_strange_data(
    images: list[dict[str, Any]], annotations: list[dict[str, Any]], detections: list[dict[str, Any]], ap: Any
) -> None:
    truth = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "a"}]}
    for resamples in (1, 2, 40):
        intervals = mapgap.analyze(truth, detections, resamples=resamples).results.intervals
        assert intervals is not None
        if resamples == 1:
            assert intervals.metrics["AP"] is intervals.recall is None
        if resamples == 40:
            assert intervals.metrics["AP"] == (ap if ap is None else pytest.approx(ap, abs=1e-12))


def test_many_classes_and_many_resamples() -> None:
    classes, images = 1203, 40
    chance = np.random.default_rng(0)
    truth = {
        "images": [{"id": i, "width": 500, "height": 500} for i in range(images)],
        "categories": [{"id": k, "name": f"class {k}"} for k in range(classes)],
        "annotations": [
            {
                "id": k + 1, "image_id": int(chance.integers(images)), "category_id": k % classes,
                "bbox": [10 * (k % 40), 10, 9, 9], "area": 81, "iscrowd": 0,
            }
            for k in range(2 * classes)
        ],
    }  # fmt: skip
    run = [
        {"image_id": a["image_id"], "category_id": a["category_id"], "bbox": a["bbox"], "score": float(chance.random())}
        for a in truth["annotations"]
        if chance.random() < 0.6
    ]
    few, many = (mapgap.analyze(truth, run, resamples=resamples) for resamples in (3, 2000))
    for analysis in (few, many):
        assert analysis.results.intervals is not None
        low, high = analysis.results.intervals.recall
        assert 0.5 < low < high < 0.7
    assert many.summary["slices"][0]["recall_interval"] is not None


def test_masks_have_intervals() -> None:
    square = [[0, 0, 9, 0, 9, 9, 0, 9]]
    truth = {
        "images": IMAGES,
        "categories": [{"id": 1, "name": "a"}],
        "annotations": [{**OBJECT, "id": i, "image_id": i, "segmentation": square} for i in (1, 2)],
    }
    run = [{"image_id": 1, "category_id": 1, "segmentation": square, "score": 0.5}]
    with_polygons = [{**record, "segmentation": _run_lengths(square)} for record in run]
    intervals = mapgap.analyze(truth, with_polygons, iou_type="segm").results.intervals
    assert intervals is not None
    assert intervals.recall == (0.0, 1.0)


def _run_lengths(polygons: list[list[float]]) -> dict[str, Any]:
    from pycocotools import mask

    encoded = mask.merge(mask.frPyObjects(polygons, 99, 99))
    return {"size": [99, 99], "counts": encoded["counts"].decode()}


def test_the_command_takes_resamples_and_seed(demo: Any, tmp_path: Path) -> None:
    for name, content in (("gt.json", demo.ground_truth), ("dt.json", demo.detections)):
        (tmp_path / name).write_text(json.dumps(content))
    rows = {}
    for options in ((), ("--resamples", "200", "--seed", "0"), ("--seed", "1"), ("--resamples", "0")):
        done = command("slices", "gt.json", "dt.json", "--by", "size", "--json", *options, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        rows[options] = [record["recall_interval"] for record in json.loads(done.stdout)["slices"]]
    assert rows[()] == rows["--resamples", "200", "--seed", "0"] != rows["--seed", "1"]
    assert set(map(str, rows["--resamples", "0"])) == {"None"}
    for options in (("--resamples", "-1"), ("--resamples", "many"), ("--resamples", "100001"), ("--seed", str(2**64))):
        refused = command("slices", "gt.json", "dt.json", *options, cwd=tmp_path)
        assert (refused.returncode, refused.stdout) == (2, "")
    missed = [
        command("missed", "gt.json", "dt.json", *options, cwd=tmp_path).stdout for options in ((), ("--seed", "1"))
    ]
    assert missed[0] == missed[1]


def test_wrong_numbers_are_refused(demo: Any) -> None:
    with pytest.raises(InputError, match="seed -1"):
        mapgap.analyze(demo.ground_truth, demo.detections, seed=-1)


def test_advice_knows_the_interval(demo: Any) -> None:
    modes = mapgap.analyze(demo.ground_truth, demo.detections).results.failure_modes
    evidence = [mode.recommendation.evidence for mode in modes if mode.recommendation is not None]
    known = [one["recall_interval"] for one in evidence if "recall_interval" in one]
    assert known
    assert all(is_interval(ends) for ends in known)


def test_heavy_occlusion_and_night_are_worse_than_the_whole(real_data: Path) -> None:
    """MSDS-RCNN on kaist: the intervals of these recalls exclude the recall over all objects."""
    folder = real_data / "kaist"
    analysis = mapgap.analyze(folder / "gt.json", folder / "detections" / "MSDS-RCNN.json", score_threshold=0.5)
    overall = analysis.summary["operating_point"]["recall"]
    recall = {tuple(record["where"].items()): record["recall_interval"] for record in analysis.summary["slices"]}
    assert recall[("occlusion", "heavy"),][1] < overall
    assert recall[("time_of_day", "night"),][1] < overall
    assert overall < recall[("occlusion", "none"),][0]
