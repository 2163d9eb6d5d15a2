"""The commands as users and scripts see them: streams, files, JSON, help."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pycocotools.coco import COCO

import mapgap as package
from mapgap.demo import make_demo
from mapgap.report.files import FILE_NAMES
from mapgap.tables import CAUSES, METRICS
from tests.command import MAPGAP, PATIENCE_SECONDS, assert_printable, complaint, mapgap

COMMANDS = ("report", "evaluate", "missed", "slices", "serve", "demo")
EVALUATE_KEYS = ["schema", "inputs", "settings", "coco", "warnings"]
SUMMARY_KEYS = [
    *EVALUATE_KEYS[:4],
    *("operating_point", "gap", "tide", "classes", "confusion_matrix", "image_level", "slices", "causes"),
    *("failure_modes", "warnings"),
]
SMALL_DEMO = """
from functools import partial
from mapgap.analysis import demo
from mapgap.cli import main
demo.make_demo = partial(demo.make_demo, images=20)
main()
"""
"""`mapgap demo` with fewer pictures; README's first command, which is run before every change, draws all of them."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with gt.json and dt.json of a small demo; whoever writes there fails the last test."""
    folder = tmp_path_factory.mktemp("pair")
    demo = make_demo(images=40)
    (folder / "gt.json").write_text(json.dumps(demo.ground_truth))
    (folder / "dt.json").write_text(json.dumps(demo.detections))
    return folder


@pytest.fixture
def inputs(pair: Path) -> tuple[Path, Path]:
    return pair / "gt.json", pair / "dt.json"


def test_report_writes_the_folder_and_says_where(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    done = mapgap("report", *inputs, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "Report: mapgap-report/report.html"
    assert sorted(os.listdir(tmp_path / "mapgap-report")) == sorted(FILE_NAMES)
    assert os.listdir(tmp_path) == ["mapgap-report"]


def test_report_json_is_the_summary_and_the_same_each_time(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    once = mapgap("report", *inputs, "-o", "one", "--json", cwd=tmp_path)
    again = mapgap("report", *inputs, "-o", "two", "--json", cwd=tmp_path)
    assert once.stdout == again.stdout == (tmp_path / "one" / "summary.json").read_text()
    assert list(json.loads(once.stdout)) == SUMMARY_KEYS
    assert json.loads(once.stdout)["settings"]["score_threshold"] == "best-f1"


def test_evaluate_prints_the_twelve_numbers(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    lines = mapgap("evaluate", *inputs, cwd=tmp_path).stdout.splitlines()
    assert tuple(line.split()[0] for line in lines) == METRICS
    record = json.loads(mapgap("evaluate", *inputs, "--json", cwd=tmp_path).stdout)
    assert list(record) == EVALUATE_KEYS
    assert record["coco"] == dict(package.evaluate(*inputs).metrics)
    assert record["inputs"]["detections"]["name"] == "dt.json"
    assert os.listdir(tmp_path) == []


def test_missed_json_is_a_data_set_for_pycocotools(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    done = mapgap("missed", *inputs, "--where", "[time_of_day=night]", "--json", cwd=tmp_path)
    (tmp_path / "missed.json").write_text(done.stdout)
    opened = COCO(tmp_path / "missed.json")
    annotations = opened.loadAnns(opened.getAnnIds())
    assert annotations
    for annotation in annotations:
        assert annotation["attributes"]["cause"] in CAUSES
        assert annotation["attributes"]["time_of_day"] == "night"
        assert opened.loadImgs(annotation["image_id"])


def test_missed_as_text_counts_what_json_lists(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    listed = json.loads(mapgap("missed", *inputs, "--json", cwd=tmp_path).stdout)["annotations"]
    assert {annotation["attributes"]["size"] for annotation in listed} == {"small"}
    lines = mapgap("missed", *inputs, cwd=tmp_path).stdout.splitlines()
    assert lines[0].startswith(f"{len(listed)} of ")
    assert len(lines) == 2 + len(listed) if len(listed) <= 50 else 53


def test_slices_by_repeated_crosses(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    done = mapgap("slices", *inputs, "--by", " size, time_of_day", "--by", "scene", "--json", cwd=tmp_path)
    record = json.loads(done.stdout)
    assert list(record) == ["slices"]
    assert {tuple(sorted(row["where"])) for row in record["slices"]} == {("size", "time_of_day"), ("scene",)}
    lines = mapgap("slices", *inputs, cwd=tmp_path).stdout.splitlines()
    assert lines[0].split()[:2] == ["slice", "objects"]
    assert len({len(line) for line in lines}) == 1


def test_a_cross_of_three_reaches_the_report(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    mapgap("report", *inputs, "--by", "size,scene,time_of_day", "--rank-by", "gap", cwd=tmp_path)
    table = (tmp_path / "mapgap-report" / "slices.csv").read_text()
    assert "size" in table
    summary = json.loads((tmp_path / "mapgap-report" / "summary.json").read_text())
    assert summary["settings"]["by"] == [["size", "scene", "time_of_day"]]
    gaps = [mode["gap"] for mode in summary["failure_modes"]]
    assert gaps == sorted(gaps, reverse=True)


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("0.25", lambda point: point["score_threshold"] == 0.25),
        ("precision=0.9", lambda point: point["precision"] >= 0.9),
        ("recall=0.5", lambda point: point["recall"] >= 0.5),
    ],
)
def test_rules_for_the_score_threshold(inputs: tuple[Path, Path], tmp_path: Path, rule: str, holds: Any) -> None:
    done = mapgap("report", *inputs, "--score-threshold", rule, "--json", cwd=tmp_path)
    assert holds(json.loads(done.stdout)["operating_point"])


def test_demo_twice_into_one_folder(tmp_path: Path) -> None:
    output = tmp_path / "deep" / "a demo"
    command = [MAPGAP[0], "-c", SMALL_DEMO, "demo", "-o", f"{output}/"]
    printed = []
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE_SECONDS)
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
        files = ["detections.json", "gt.json", "images", "later.json", "report", "weaknesses.json"]
        assert sorted(os.listdir(output)) == files
        assert (output / "report" / "report.md").read_text() != "old"
        (output / "report" / "report.md").write_text("old")
    assert printed[0] == printed[1]
    assert printed[0].splitlines()[-1] == f"Report: {output}/report/report.html"
    assert len(os.listdir(output / "images")) == 20
    assert os.listdir(output.parent) == ["a demo"]
    inputs = (output / "gt.json", output / "detections.json")
    assert "holds the input" in complaint(mapgap("report", *inputs, "-o", output, cwd=tmp_path), 3)


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)])
def test_help_has_examples_and_exit_codes(command: tuple[str, ...], tmp_path: Path) -> None:
    done = mapgap(*command, "--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Examples:" in done.stdout
    for code in ("0", "2", "3", "4", "70", "130", "143"):
        assert any(line.split()[:1] == [code] for line in done.stdout.splitlines())


def test_h_is_help(tmp_path: Path) -> None:
    assert mapgap("report", "-h", cwd=tmp_path).stdout == mapgap("report", "--help", cwd=tmp_path).stdout


def test_options_of_a_report_are_grouped(tmp_path: Path) -> None:
    page = mapgap("report", "--help", cwd=tmp_path).stdout
    titles = [line.split("─")[1].strip() for line in page.splitlines() if line.startswith("╭")]
    of_analysis = ["What counts", "Attributes and slices", "Intervals", "How inputs are read"]
    assert titles == ["Output", *of_analysis, "Slices and ranking", "Shards", "Options"]


def test_version(tmp_path: Path) -> None:
    assert mapgap("--version", cwd=tmp_path).stdout == f"mapgap, version {package.__version__}\n"


def test_a_poor_environment(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    """No home, no locale, no terminal, a working directory in which nobody can write."""
    done = mapgap("report", *inputs, "-o", tmp_path / "réport", cwd=Path("/proc"), environment={"LC_ALL": "C"})
    assert done.returncode == 0
    assert done.stdout.endswith(f"Report: {tmp_path}/réport/report.html\n")
    assert sorted(os.listdir(tmp_path / "réport")) == sorted(FILE_NAMES)


@pytest.mark.parametrize("output", ["a b/ünïcödé – 報告/", ".", "./x/../y", "-dash"])
def test_output_folders(inputs: tuple[Path, Path], tmp_path: Path, output: str) -> None:
    (tmp_path / "x").mkdir()
    here = tmp_path / "empty" if output == "." else tmp_path
    here.mkdir(exist_ok=True)
    done = mapgap("report", *inputs, f"--output={output}", cwd=here)
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(here / output)) == sorted(FILE_NAMES)
    assert [name for name in os.listdir(here) if name.startswith(".")] == []


HOSTILE = (
    "</script><script>alert(1)</script>",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202eright to left\u2066",
    "line\nbreak\r\ttab",
    "x" * 10_000,
    "\x00nul\x7f\x9b31m",
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A pair whose class names, attribute names and values try to take over the terminal."""
    folder = tmp_path_factory.mktemp("hostile")
    kinds = range(len(HOSTILE))
    truth = {
        "images": [{"id": i, "width": 200, "height": 200, "we\x1b[2Jather": HOSTILE[i][:50]} for i in kinds],
        "categories": [{"id": k, "name": HOSTILE[k]} for k in kinds],
        "annotations": [
            {"id": 10 * i + k, "image_id": i, "category_id": k, "bbox": [30 * k, 10, 20, 20], "area": 400, "iscrowd": 0}
            for i in kinds
            for k in kinds
        ],
    }
    found = [
        {"image_id": i, "category_id": (k + i % 2) % len(HOSTILE), "bbox": [30 * k, 10, 20, 18], "score": 0.5}
        for i in kinds
        for k in kinds
    ]
    (folder / "gt.json").write_text(json.dumps(truth))
    (folder / "dt.json").write_text(json.dumps(found))
    return folder / "gt.json", folder / "dt.json"


@pytest.mark.parametrize(
    "command",
    [
        ["report", "-o", "\x1b[31m\nred"],
        ["evaluate"],
        ["missed"],
        ["slices"],
        ["missed", "--where", "[class=\x1b[31m\n]"],
        ["slices", "--by", "we\x1b[2Jathe"],
        ["report", "--\x1b[31m"],
    ],
)
def test_hostile_names_do_not_reach_the_terminal(
    hostile: tuple[Path, Path], tmp_path: Path, command: list[str]
) -> None:
    done = mapgap(command[0], *hostile, *command[1:], cwd=tmp_path)
    assert done.returncode in (0, 2)
    assert (done.stdout == "") == (done.returncode == 2)
    assert_printable(done.stdout + done.stderr)
    assert max(len(line) for line in (done.stdout + done.stderr).splitlines()) <= 2_100


def test_hostile_names_are_whole_in_json(hostile: tuple[Path, Path], tmp_path: Path) -> None:
    done = mapgap("missed", *hostile, "--json", cwd=tmp_path)
    assert {category["name"] for category in json.loads(done.stdout)["categories"]} <= set(HOSTILE)
    assert max(len(category["name"]) for category in json.loads(done.stdout)["categories"]) == 10_000
    assert_printable(done.stdout)


@pytest.mark.parametrize("command", [["missed", "--json"], ["slices"], ["--help"]])
def test_a_closed_pipe_ends_quietly(inputs: tuple[Path, Path], tmp_path: Path, command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    arguments = command if command == ["--help"] else [command[0], *map(str, inputs), *command[1:]]
    done = subprocess.run(
        [*MAPGAP, *arguments], stdout=writer, stderr=subprocess.PIPE, cwd=tmp_path, timeout=PATIENCE_SECONDS
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_closed_and_full_streams(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    def shell(redirection: str) -> subprocess.CompletedProcess[bytes]:
        line = f'"$0" -m mapgap evaluate "$1" "$2" {redirection}'
        return subprocess.run(
            ["sh", "-c", line, MAPGAP[0], *inputs], capture_output=True, cwd=tmp_path, timeout=PATIENCE_SECONDS
        )

    full = shell(">/dev/full")
    assert (full.returncode, full.stderr.count(b"\n")) == (4, 1)
    assert b"No space left" in full.stderr
    closed = shell(">&-")
    assert (closed.returncode, closed.stderr.count(b"\n")) == (3, 1)
    assert b"stdout is closed" in closed.stderr
    assert shell("2>&-").stdout.startswith(b"AP ")
    assert shell(">/dev/null 2>&-").returncode == 0


def test_inputs_are_never_written(pair: Path) -> None:
    assert sorted(os.listdir(pair)) == ["dt.json", "gt.json"]
    demo = make_demo(images=40)
    assert (pair / "gt.json").read_text() == json.dumps(demo.ground_truth)
    assert (pair / "dt.json").read_text() == json.dumps(demo.detections)
