"""`mapgap compare` as a command: its two streams, its exit codes, what it writes; and its tables in odd cases."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

import mapgap
from mapgap.demo import make_demo
from tests.command import complaint
from tests.command import mapgap as command

ROWS = ("leaderboard", "metrics", "classes", "causes", "slices", "waterfall", "objects")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """gt.json, a.json, b.json of a small demo, and nothing.json without detections."""
    folder = tmp_path_factory.mktemp("runs")
    demo = make_demo(images=30)
    contents: dict[str, Any] = {
        "gt": demo.ground_truth,
        "a": demo.detections,
        "b": demo.later_detections,
        "nothing": [],
    }
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def test_json_is_the_record_and_text_has_its_numbers(files: Path) -> None:
    asked = ("compare", "gt.json", "a.json", "later=b.json", "--resamples", "20")
    done = command(*asked, "--json", cwd=files)
    assert done.returncode == 0
    demo = make_demo(images=30)
    record = json.loads(done.stdout)
    expected = mapgap.compare(demo.ground_truth, {"a": demo.detections, "later": demo.later_detections}, resamples=20)
    for key in ("leaderboard", "comparisons", "warnings"):
        assert record[key] == json.loads(json.dumps(expected.record[key])), key
    assert [run["run"] for run in record["inputs"]["runs"]] == ["a", "later"]
    text = command(*asked, cwd=files)
    assert text.returncode == 0
    counts = record["comparisons"][0]["objects"]
    assert f"{counts['fixed']} fixed, {counts['broken']} broken, {counts['missed_by_both']} missed" in text.stdout
    assert text.stdout.splitlines()[0].split()[:3] == ["rank", "run", "AP"]
    assert "\na to later\n" in text.stdout


def test_the_folder_has_the_comparison_whatever_the_hash_seed(files: Path, tmp_path: Path) -> None:
    asked = ("compare", files / "gt.json", files / "a.json", files / "b.json", "--resamples", "5", "--json")
    outputs = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = command(*asked, "-o", tmp_path / seed, cwd=tmp_path, environment=environment)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / seed / "comparison.json").is_file()
        assert (tmp_path / seed / "runs" / "b" / "objects_compared.parquet").is_file()
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    for name in ("comparison.json", "report.md", "summary.json"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["a.json"], 2, "only one run"),
        (["a.json", "a.json"], 2, "two runs are called a"),
        (["a.json", "b.json", "--at", "best"], 2, "'own', 'equal-precision'"),
        (["a.json", "b.json", "--resamples", "-1"], 2, "--resamples"),
        (["a.json", "b.json", "--link-images"], 2, "--link-images needs the pictures"),
        (["a.json", "none.json"], 3, "none.json"),
        (["a.json", "b.json", "-o", "."], 3, "holds the input"),
        (["a.json", "b.json", "-o", "gt.json"], 3, "is not a folder"),
        (["a.json", "nothing.json", "--at", "equal-precision"], 2, "nothing cannot be compared at the precision"),
        (["nothing.json", "a.json", "--at", "equal-precision"], 2, "the first run has no precision"),
    ],
)
def test_exit_codes(files: Path, arguments: list[str], exit_code: int, words: str) -> None:
    before = sorted(os.listdir(files))
    assert words in complaint(command("compare", "gt.json", *arguments, cwd=files), exit_code)
    assert sorted(os.listdir(files)) == before


def test_a_precision_out_of_reach_names_its_run() -> None:
    """The rule of the later runs is not one that the user gave, so --score-threshold is not blamed for it."""
    box = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10]}
    truth = {
        "images": [{"id": 1}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [{**box, "id": 1, "area": 100, "iscrowd": 0}],
    }
    wrong = {**box, "bbox": [50, 50, 10, 10], "score": 0.9}
    runs = {"right": [{**box, "score": 0.9}], "half": [{**box, "score": 0.5}, wrong]}
    with pytest.raises(mapgap.InputError, match=r"^half cannot be compared .* best that can be had is 0.5\. Compare"):
        mapgap.compare(truth, runs, at="equal-precision", resamples=0)
    with pytest.raises(mapgap.InputError, match=r"^--score-threshold"):
        mapgap.compare(truth, runs, at="equal-precision", score_threshold="recall=2", resamples=0)


@pytest.mark.parametrize("resamples", [0, 1, 5])
@pytest.mark.parametrize("with_objects", [True, False])
def test_tables_have_the_same_types_whatever_is_defined(with_objects: bool, resamples: int) -> None:
    demo = make_demo(images=8)
    truth: dict[str, Any] = demo.ground_truth
    full = mapgap.compare(truth, {"a": demo.detections, "b": demo.later_detections}, resamples=5)
    if not with_objects:
        truth = {**truth, "annotations": []}
    bare = mapgap.compare(truth, {"a": [], "b": []}, resamples=resamples)
    for name in ROWS:
        expected, found = getattr(full, name)(), getattr(bare, name)()
        for column in set(found.columns) & set(expected.columns) if len(found) else ():
            if not column.endswith("_interval") and expected[column].dtype.name == "float64":
                assert found[column].dtype.name == "float64", (name, column)
