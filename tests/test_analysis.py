"""The whole chain: planted weaknesses, values on real data, whole folders, equal bytes."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import mapgap
from mapgap.analysis.analysis import Analysis
from mapgap.demo import make_demo
from mapgap.errors import AccessError, InputError
from mapgap.report.files import FILE_NAMES
from mapgap.tables import CAUSES
from tests.generated import CocoPair, coco_pairs

PLANTED = Path(__file__).parent.parent / "datasets" / "planted"


@pytest.fixture(scope="module")
def demo_analysis() -> Analysis:
    demo = make_demo()
    return mapgap.analyze(demo.ground_truth, demo.detections)


@pytest.mark.parametrize("weakness", make_demo(images=0).weaknesses, ids=lambda weakness: weakness.cause)
def test_every_planted_weakness_is_found(demo_analysis: Analysis, weakness: Any) -> None:
    first_two = [mode for mode in demo_analysis.results.failure_modes if mode.cause == weakness.cause][:2]
    candidates = [mode.where for mode in first_two]
    candidates += [hotter.where for mode in first_two for hotter in mode.hotter_within[:1]]
    assert dict(weakness.where) in [dict(where) for where in candidates]


def test_five_weaknesses_are_planted() -> None:
    causes = [weakness.cause for weakness in make_demo(images=0).weaknesses]
    assert sorted(causes) == ["background", "classification", "duplicate", "localization", "missed"]


def test_causes_and_slices_partition_errors_and_gap(demo_analysis: Analysis) -> None:
    summary = demo_analysis.summary
    point, total = summary["operating_point"], summary["gap"]["total"]
    assert sum(cause["errors"] for cause in summary["causes"]) == point["fp"] + point["fn"]
    assert math.fsum(cause["gap"] for cause in summary["causes"]) == pytest.approx(total, abs=1e-9)
    assert math.fsum(row["gap"] for row in summary["classes"]) == pytest.approx(total, abs=1e-9)
    singles = [row for row in summary["slices"] if len(row["where"]) == 1]
    for name in {key for row in singles for key in row["where"]}:
        rows = [row for row in singles if name in row["where"]]
        assert math.fsum(row["gap"] for row in rows) == pytest.approx(total, abs=1e-9)
        for count in ("tp", "fp", "fn"):
            assert sum(row[count] for row in rows) == point[count]


def test_confusion_matrix_agrees_with_the_other_tables(demo_analysis: Analysis) -> None:
    summary = demo_analysis.summary
    counts = summary["confusion_matrix"]["counts"]
    assert sum(counts[k][k] for k in range(len(counts))) == summary["operating_point"]["tp"]
    assert [sum(row) for row in counts[:-1]] == [row["objects"] for row in summary["classes"]]
    assert counts[-1][-1] == 0


@settings(max_examples=60)
@given(coco_pairs())
def test_any_pair_gives_a_whole_summary(pair: CocoPair) -> None:
    analysis = mapgap.analyze(pair.ground_truth, pair.detections)
    summary = json.loads(json.dumps(analysis.summary, allow_nan=False))
    point, gap = summary["operating_point"], summary["gap"]
    assert sum(cause["errors"] for cause in summary["causes"]) == point["fp"] + point["fn"]
    assert point["tp"] + point["fn"] == summary["inputs"]["ground_truth"]["objects"]
    if gap["total"] is not None:
        assert abs(gap["residual"]) < 1e-9
        assert all(cause["gain"] >= -1e-9 for cause in summary["causes"])
    assert {mode["cause"] for mode in summary["failure_modes"]} <= set(CAUSES)


def test_report_folder_is_whole_and_replaced(demo_analysis: Analysis, tmp_path: Path) -> None:
    folder = demo_analysis.report(tmp_path / "deep" / "report")
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILE_NAMES)
    (folder / "report.md").write_text("old")
    demo_analysis.report(folder)
    assert (folder / "report.md").read_text() != "old"
    assert [path.name for path in folder.parent.iterdir()] == ["report"]


def test_a_folder_of_something_else_is_refused_and_left_alone(demo_analysis: Analysis, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(AccessError, match=r"thesis\.txt"):
        demo_analysis.report(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    report = demo_analysis.report(tmp_path / "report")
    (report / "notes.txt").write_text("mine too")
    with pytest.raises(AccessError, match=r"notes\.txt"):
        demo_analysis.report(report)
    assert (report / "notes.txt").read_text() == "mine too"
    (tmp_path / "file").write_text("a file")
    with pytest.raises(AccessError, match="not a folder"):
        demo_analysis.report(tmp_path / "file")


def test_a_report_that_fails_half_way_leaves_the_old_one(
    demo_analysis: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = demo_analysis.report(tmp_path / "report")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def broken(*_: object) -> Any:
        yield "report.html", b"half"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mapgap.analysis.reporting.render_files", broken)
    with pytest.raises(AccessError, match="No space left"):
        demo_analysis.report(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_same_input_same_bytes(tmp_path: Path) -> None:
    """Another hash seed, time zone, folder and day; Parquet is compared by values, it carries its writer's version."""
    code = "import mapgap, sys; mapgap.analyze(sys.argv[1], sys.argv[2]).report(sys.argv[3])"
    folders = []
    for run, environment in enumerate(
        ({"PYTHONHASHSEED": "1", "TZ": "UTC"}, {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo"})
    ):
        folder = tmp_path / f"run {run}" / "report"
        folders.append(folder)
        subprocess.run(
            [sys.executable, "-c", code, PLANTED / "gt.json", PLANTED / "detections.json", folder],
            env={**os.environ, **environment},
            check=True,
            cwd=tmp_path,
        )
    for name in FILE_NAMES:
        if name.endswith(".parquet"):
            one, other = (mapgap.read_table(folder / name) for folder in folders)
            assert one.equals(other)
        else:
            assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
            assert str(tmp_path).encode() not in (folders[0] / name).read_bytes()


def test_tables_are_read_back(demo_analysis: Analysis, tmp_path: Path) -> None:
    folder = demo_analysis.report(tmp_path / "report")
    objects = mapgap.read_table(folder / "objects.parquet")
    detections = mapgap.read_table(folder / "detections.parquet")
    summary = demo_analysis.summary
    assert len(objects) == summary["inputs"]["ground_truth"]["objects"]
    assert (objects["outcome"] == "fn").sum() == summary["operating_point"]["fn"]
    kept = detections[detections["kept"]]
    assert (kept["outcome"] == "tp").sum() == summary["operating_point"]["tp"]
    assert (kept["outcome"] == "fp").sum() == summary["operating_point"]["fp"]
    total = objects["gap"].sum() + detections["gap"].sum()
    assert total == pytest.approx(summary["gap"]["total"], abs=1e-9)


def test_analysis_iou_between_and_beyond_the_ten(demo_analysis: Analysis) -> None:
    demo = make_demo(images=40)
    for iou_threshold in (0.3, 0.5, 0.62, 1.0):
        analysis = mapgap.analyze(demo.ground_truth, demo.detections, iou_threshold=iou_threshold)
        point = analysis.summary["operating_point"]
        assert point["iou_threshold"] == iou_threshold
        assert abs(analysis.summary["gap"]["residual"]) < 1e-9
        errors = sum(cause["errors"] for cause in analysis.summary["causes"])
        assert errors == point["fp"] + point["fn"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"iou_threshold": 0.0}, "iou_threshold"),
        ({"iou_threshold": 1.5}, "iou_threshold"),
        ({"iou_type": "keypoints"}, "iou_type"),
        ({"rank_by": "fame"}, "rank by"),
        ({"by": [["no_such"]]}, "no_such"),
        ({"score_threshold": "best"}, "best"),
    ],
)
def test_settings_without_a_meaning_are_refused(options: dict[str, Any], complaint: str) -> None:
    demo = make_demo(images=3)
    with pytest.raises(InputError, match=complaint):
        mapgap.analyze(demo.ground_truth, demo.detections, **options)


def _recalls(analysis: Analysis, **where: str) -> float:
    rows = [row for row in analysis.summary["slices"] if row["where"] == where]
    assert len(rows) == 1
    return rows[0]["recall"]


def to_four_digits(value: float) -> Any:
    return pytest.approx(value, abs=5.1e-5)


def test_recall_by_slice_on_kaist(real_data: Path) -> None:
    analysis = mapgap.analyze(
        real_data / "kaist/gt.json", real_data / "kaist/detections/MSDS-RCNN.json", score_threshold=0.5
    )
    assert _recalls(analysis, occlusion="none") == to_four_digits(0.6489)
    assert _recalls(analysis, occlusion="partial") == to_four_digits(0.4312)
    assert _recalls(analysis, occlusion="heavy") == to_four_digits(0.2275)
    assert _recalls(analysis, time_of_day="day") == to_four_digits(0.6173)
    assert _recalls(analysis, time_of_day="night") == to_four_digits(0.5223)
    assert abs(analysis.summary["gap"]["residual"]) < 1e-9
    assert "annotation_id_zero" in [warning["code"] for warning in analysis.summary["warnings"]]


@pytest.mark.parametrize(("run", "recall"), [("MBNet", 0.385), ("MLPD", 0.657)])
def test_one_threshold_for_every_model_misleads(real_data: Path, run: str, recall: float) -> None:
    analysis = mapgap.analyze(
        real_data / "kaist/gt.json", real_data / f"kaist/detections/{run}.json", score_threshold=0.5
    )
    assert round(analysis.summary["operating_point"]["recall"], 3) == recall


def test_official_demo_pair(real_data: Path) -> None:
    folder = real_data / "cocoapi_fake100"
    analysis = mapgap.analyze(folder / "gt.json", folder / "bbox.json", score_threshold=0.3)
    summary = analysis.summary
    assert summary["gap"]["total"] == pytest.approx(0.4954193013, abs=1e-10)
    counts = summary["confusion_matrix"]["counts"]
    diagonal = sum(counts[k][k] for k in range(len(counts) - 1))
    off_diagonal = sum(sum(row[:-1]) for row in counts[:-1]) - diagonal
    assert (diagonal, off_diagonal) == (459, 57)
    assert sum(row[-1] for row in counts) == 314
    assert sum(counts[-1]) == 1
    tide = {name: round(100 * value, 3) for name, value in summary["tide"]["dAP"].items()}
    assert round(100 * summary["tide"]["AP50"], 3) == 69.708
    assert tide == {
        "Cls": 16.743,
        "Loc": 0.247,
        "Both": 0,
        "Dupe": 0.021,
        "Bkg": 0,
        "Miss": 10.507,
        "FP": 7.406,
        "FN": 20.612,
    }
    assert {name: summary["tide"]["counts"][name] for name in ("Cls", "Loc", "Dupe", "Miss", "FN")} == {
        "Cls": 83,
        "Loc": 1,
        "Dupe": 1,
        "Miss": 97,
        "FN": 181,
    }


@pytest.mark.parametrize(
    ("ground_truth", "detections"),
    [
        ("coco_val2017/instances_val2017_rebuilt.json", "coco_val2017/yolov2_416_results.json"),
        ("coco_val2017/instances_val2017_rebuilt.json", "coco_val2017/yolov2_416_results_yxyx.json"),
        ("coco_val2017_yolact100/gt.json", "coco_val2017_yolact100/detections/yolact_im700.json"),
        ("coco_val2017_images/gt.json", "coco_val2017_images/yolov2_608.json"),
    ],
)
def test_whole_reports_on_real_inputs(real_data: Path, tmp_path: Path, ground_truth: str, detections: str) -> None:
    analysis = mapgap.analyze(real_data / ground_truth, real_data / detections)
    folder = analysis.report(tmp_path / "report")
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILE_NAMES)
    assert abs(analysis.summary["gap"]["residual"]) < 1e-9
    errors = sum(cause["errors"] for cause in analysis.summary["causes"])
    assert errors == analysis.summary["operating_point"]["fp"] + analysis.summary["operating_point"]["fn"]


def test_slices_by_one_cross_or_several(demo_analysis: Analysis) -> None:
    one = demo_analysis.slices(by=["size", "time_of_day"])
    assert {frozenset(where) for where in one["where"]} == {frozenset(("size", "time_of_day"))}
    several = demo_analysis.slices(by=[["size"], ["size", "time_of_day"]])
    assert len(several) == len(one) + 3
    demo = make_demo(images=10)
    deeper = mapgap.analyze(demo.ground_truth, demo.detections, by=["size", "time_of_day", "scene"])
    assert {len(where) for where in deeper.slices(by=["size", "time_of_day", "scene"])["where"]} == {3}
    with pytest.raises(InputError, match="no slices by nothing"):
        demo_analysis.slices(by=["nothing"])


def test_tables_without_rows_keep_their_columns() -> None:
    truth = {"images": [], "annotations": [], "categories": []}
    analysis = mapgap.analyze(truth, [])
    assert list(analysis.missed().columns)[6:11] == ["cause", "gap", "recovering_score", "detection", "evidence"]
    assert "excess" in analysis.failure_modes()
    assert "recall" in analysis.slices()
    assert len(analysis.slices()) == 0


def test_a_perfect_detector_has_no_gap_to_share() -> None:
    demo = make_demo(images=20)
    objects = [a for a in demo.ground_truth["annotations"] if not a["iscrowd"]]
    perfect = [{**{key: a[key] for key in ("image_id", "category_id", "bbox")}, "score": 0.9} for a in objects]
    truth = {**demo.ground_truth, "annotations": objects}
    analysis = mapgap.analyze(truth, perfect)
    assert analysis.metrics["AP"] == pytest.approx(1)
    assert {cause["gap_share"] for cause in analysis.summary["causes"]} == {None}
    assert len(analysis.failure_modes()) == 0
