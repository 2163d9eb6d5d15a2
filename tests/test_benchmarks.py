"""The benchmarks run and tell the truth; nothing here looks at a time."""

import importlib
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import mapgap
from tests.browser import CHROMIUM

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
IMAGES, OBJECTS, DETECTIONS, CLASSES = 1_200, 3_000, 9_000, 7


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that imports a module of benchmarks/, which is no package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))

    def load_module(name: str) -> ModuleType:
        return importlib.import_module(name)

    return load_module


def run(script: str, *arguments: object) -> str:
    """What a script of benchmarks/ prints."""
    command = [sys.executable, str(BENCHMARKS / script), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def make_scene(folder: Path, *more: str) -> Path:
    """A folder of generated files, of two blocks of images."""
    counts = {"images": IMAGES, "objects": OBJECTS, "detections": DETECTIONS, "classes": CLASSES}
    run("scenes.py", folder, *(f"--{name}={count}" for name, count in counts.items()), *more)
    return folder


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_scene(tmp_path_factory.mktemp("benchmarks") / "scene", "--polygons")


def pair(folder: Path) -> tuple[str, str]:
    return str(folder / "ground_truth.json"), str(folder / "detections.json")


def test_scenes_have_the_counts_asked_for(scene: Path) -> None:
    ground_truth, detections = (json.loads(Path(path).read_text()) for path in pair(scene))
    assert [len(ground_truth[key]) for key in ("images", "annotations", "categories")] == [IMAGES, OBJECTS, CLASSES]
    assert len(detections) == DETECTIONS
    assert len({one["id"] for one in ground_truth["images"]}) == IMAGES
    assert len({one["id"] for one in ground_truth["annotations"]}) == OBJECTS
    assert any(one["iscrowd"] for one in ground_truth["annotations"])
    slices = json.loads((scene / "slices.json").read_text())
    assert len(slices) == 50
    assert sorted(i for ids in slices.values() for i in ids) == sorted(i["id"] for i in ground_truth["images"])
    manifest = json.loads((scene / "manifest.json").read_text())
    cameras = {one["id"]: one["camera"] for one in ground_truth["images"]}
    assert {row["key"]: row["camera"] for row in manifest["rows"]} == cameras


def test_scenes_are_worth_evaluating(scene: Path) -> None:
    evaluation = mapgap.evaluate(*pair(scene))
    assert 0.3 < (evaluation.metrics["AP"] or 0) < 0.5
    assert not evaluation.notices


def test_masks_of_scenes_can_be_read(scene: Path) -> None:
    """Polygons and the run lengths of crowds, which fill their masks."""
    from mapgap.coco.ground_truth import read_ground_truth

    assert read_ground_truth(pair(scene)[0], with_masks=True).masks is not None


def test_scenes_are_the_same_every_time(scene: Path, tmp_path: Path) -> None:
    again = make_scene(tmp_path / "again", "--polygons")
    other = make_scene(tmp_path / "other", "--polygons", "--seed=1")
    for path in scene.iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name
    assert (other / "detections.json").read_bytes() != (scene / "detections.json").read_bytes()


def test_mapgaps_runner_gives_what_mapgap_gives(scene: Path) -> None:
    analysis = mapgap.analyze(*pair(scene))
    numbers, together = (
        json.loads(run("runners/run_mapgap.py", task, *pair(scene))) for task in ("numbers", "together")
    )
    assert numbers == list(analysis.metrics.values())
    assert together["tide"] == {"AP50": analysis.results.tide.ap50, **analysis.results.tide.dap}
    counts = analysis.results.confusion_matrix.counts
    assert together["confusion"] == {"right": counts.trace(), "all": counts.sum()}
    rows = analysis.slices(by=["camera"])
    expected = {where["camera"]: ap for where, ap in zip(rows["where"], rows["AP"], strict=True)}
    assert len(expected) == 50
    assert together["slices"] == pytest.approx(expected, rel=0, abs=0, nan_ok=True)


def test_a_number_that_differs_is_told(load: Any) -> None:
    differences = load("comparing").differences
    right = [0.5] * 11 + [-1.0]
    same = [0.5] * 11 + [None]
    wrong = [0.5 + 2e-12, *right[1:]]
    assert differences({"a": right, "b": same}, "a") == []
    (line,) = differences({"a": right, "b": wrong}, "a")
    assert line == "b: AP is 0.500000000002, 0.5 by a"
    assert differences({"a": right, "b": [*right[:11], 0.0]}, "a") == ["b: ARl is 0.0, None by a"]
    assert differences({"a": right, "b": right[:3]}, "a") == ["b gives 3 numbers"]


def test_a_process_is_measured_whole(load: Any) -> None:
    measuring = load("measuring")
    code = "import sys; block = bytearray(300 << 20); print(len(block)); sys.exit(int(sys.argv[1]))"
    done = measuring.run([sys.executable, "-c", code, "0"])
    assert done.output == f"{300 << 20}\n"
    assert done.peak > 300
    assert done.wall > 0
    with pytest.raises(measuring.RunFailedError, match="ended with 7"):
        measuring.run([sys.executable, "-c", code, "7"])
    with pytest.raises(measuring.RunFailedError, match="MemoryError"):
        measuring.run([sys.executable, "-c", "bytearray(2 << 30)"], memory_limit=1)


def test_tables_go_between_their_markers(load: Any, tmp_path: Path) -> None:
    tables = load("tables")
    page = tmp_path / "page.md"
    text = "a\n<!-- benchmark: growth -->\nold\n<!-- /benchmark -->\nb\n<!-- benchmark: x y -->\n<!-- /benchmark -->\n"
    page.write_text(text)
    assert tables.fill(page, {"growth": "| new |"}) == ["x y"]
    assert page.read_text() == text.replace("old", "| new |")


def test_results_of_several_runs_are_joined(load: Any) -> None:
    def contest(task: str, megabytes: int) -> dict[str, Any]:
        return {"task": task, "size": "small", "megabytes": megabytes}

    first = {"versions": {"a": 1}, "contests": [contest("tide", 1), contest("numbers", 1)]}
    second = {"versions": {"b": 2}, "contests": [contest("numbers", 2)]}
    third = {"versions": {"b": 3}, "growth": []}
    whole = load("tables").joined([first, second, third])
    assert whole["versions"] == {"a": 1, "b": 3}
    assert whole["contests"] == [contest("tide", 1), contest("numbers", 2)]
    assert whole["growth"] == []


def test_every_marker_of_the_pages_has_a_table(load: Any) -> None:
    tables = load("tables")
    known = {"summary", "machine", "growth", "floor", "page"}
    for task in tables.SHOWN_TASKS:
        for size in load("sizes").SIZES:
            known |= {f"{task} {size}", f"{task} {size} ratios"}
    root = BENCHMARKS.parent
    for page in (root / "README.md", root / "docs" / "performance.md"):
        text = page.read_text(encoding="utf-8")
        names = [match[2] for match in tables.MARKED.finditer(text)]
        assert len(names) == text.count("<!-- benchmark:") == text.count("<!-- /benchmark -->")
        assert set(names) <= known


def test_the_page_of_a_small_run_is_measured(load: Any, tmp_path: Path) -> None:
    if not CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip(f"{CHROMIUM} is not installed: apt-get install chromium")
    size = load("sizes").Size(images=30, objects=200, detections=600, classes=4, polygons=False)
    found = load("page").measure("tiny", size, tmp_path, 1)
    assert 0 < found["rows"] <= 600
    assert found["left_out"] is None
    assert 0 < found["redraws"]["median"] <= found["redraws"]["slowest"]
    header, (row,) = load("tables").page_table([found])
    assert row[:5] == ("600", str(found["rows"]), str(found["objects"]), "30", "4")
    assert len(row) == len(header)


def test_the_plot_is_well_formed_and_to_scale(load: Any) -> None:
    plot = load("plot")
    line = plot.Line("a < b", [(10**4, 0.1), (10**5, 1.0), (10**6, 10.0)])
    text = plot.draw([plot.Panel("t", "x", "y", [line])], "d")
    assert text == plot.draw([plot.Panel("t", "x", "y", [line])], "d")
    svg = ElementTree.fromstring(text)
    circles = [
        (float(one.attrib["cx"]), float(one.attrib["cy"])) for one in svg.iter("{http://www.w3.org/2000/svg}circle")
    ]
    steps = np.diff(np.array(circles), axis=0)
    assert steps[0] == pytest.approx(steps[1], abs=0.2)
    assert steps[0][0] > 0 > steps[0][1]
    written = {one.text for one in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert {"10k", "100k", "1M", "0.1", "1", "10", "a < b", "x", "y", "t"} <= written


@pytest.mark.parametrize("script", ["peers.py", "scale.py", "scenes.py", "tables.py"])
def test_scripts_explain_themselves(script: str) -> None:
    assert run(script, "--help").startswith("usage: ")


def test_coverage_of_intervals_is_counted() -> None:
    header, rule, *rows = run(
        "coverage.py", "--trials", 4, "--endless", 3000, "--setups", "200 images, 3 classes"
    ).splitlines()
    assert (header, rule) == ("| interval of | 200 images, 3 classes |", "| --- | ---: |")
    cells = dict(row.strip("| ").split(" | ") for row in rows)
    shares = {name: float(share.split(" % (")[0]) for name, share in cells.items()}
    assert all(0 <= float(share.split(" % (")[1].removesuffix(" %)")) <= 100 for share in cells.values())
    assert {"AP", "recall", "precision", "f1", "recall, night", "AP, small", "gain, missed"} <= set(shares)
    assert set(shares.values()) <= {0.0, 25.0, 50.0, 75.0, 100.0}
    assert sum(shares.values()) / len(shares) > 60


def test_coverage_of_paired_intervals_is_counted() -> None:
    text = run("paired_coverage.py", "--trials", 2, "--setups", "200 images, 3 classes")
    equal, better, gate = (
        dict(row.strip("| ").split(" | ") for row in table.splitlines()[2:]) for table in text.split("\n\n")[:3]
    )
    assert {"AP", "recall", "precision", "f1", "recall, night", "AP, small"} <= set(equal) == set(better)
    assert set(equal.values()) <= {"0.0 %", "50.0 %", "100.0 %"}
    assert list(equal.values()).count("100.0 %") <= 2
    assert float(better["recall, night"].split(",")[0]) > 0 > float(gate["marked worse: true change of recall"])
    assert int(gate["slices of the comparison"]) > int(gate["slices of the gate"]) > 20


def test_costs_of_resampling_are_told(scene: Path) -> None:
    paired, gap, without, with_resamples, compared = run("resampling.py", *pair(scene), "--resamples", 20).splitlines()
    assert paired.endswith("ms CPU a paired resample, of 20")
    assert gap.endswith("ms CPU the gap by cause in a resample")
    assert without.startswith("report with 0 resamples: ")
    assert with_resamples.startswith("report with 20 resamples: ")
    assert compared.startswith("compare with 20 resamples: ")


def test_shards_hold_the_scene_that_they_are_cut_from(tmp_path: Path) -> None:
    metrics = []
    for form in ("parquet", "json"):
        run("shard_scenes.py", tmp_path / form, "--detections", 130_000, "--format", form)
        assert len(list((tmp_path / form).iterdir())) == 4
        evaluation = mapgap.evaluate_shards(tmp_path / form)
        assert (evaluation.images, evaluation.detections) == (1_300, 130_000)
        metrics.append(evaluation.metrics)
    assert metrics[0] == metrics[1]
    assert 0.05 < (metrics[0]["AP"] or 0) < 0.95


def test_growth_of_shards_is_measured_drawn_and_estimated(tmp_path: Path, load: Any) -> None:
    counts = ("--most", 100_000, "--rounds", 1, "--cache", tmp_path / "cache")
    run("shards.py", *counts, "--output", tmp_path / "shards.json", "--plot", tmp_path / "shards.svg")
    measured = json.loads((tmp_path / "shards.json").read_text())["shards"]
    kinds = {(one["command"], one["format"], one["detections"]) for one in measured}
    assert {("evaluate", form, count) for form in ("parquet", "json") for count in (10_000, 100_000)} < kinds
    assert {
        ("report", "parquet", 100_000),
        ("merge", "rows", 100_000),
        ("evaluate, 2 workers", "parquet", 10_000),
    } < kinds
    assert all(one["wall"] > 0 for one in measured)
    plot = ElementTree.fromstring((tmp_path / "shards.svg").read_text())
    assert sum(element.tag.endswith("circle") for element in plot.iter()) == 12
    page = tmp_path / "page.md"
    names = ("machine", "shards", "shard rates", "shard estimates")
    page.write_text("".join(f"<!-- benchmark: {name} -->\n<!-- /benchmark -->\n" for name in names))
    run("tables.py", tmp_path / "shards.json", page)
    assert page.read_text().count("| 10,000,000,000 | ") == 1
    rates = load("shard_tables").shard_rates(measured)
    small, large = (
        next(
            one
            for one in measured
            if (one["command"], one["format"], one["detections"]) == ("report", "parquet", count)
        )
        for count in (10_000, 100_000)
    )
    rate = rates["report parquet: detections a CPU second"]
    assert rate == pytest.approx(90_000 / (large["cpu"] - small["cpu"]))
