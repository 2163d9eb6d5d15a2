"""What a process loads before it begins to work, and the short way of `mapgap evaluate` beside the long one."""

import json
import os
import pty
import select
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapgap import coco_parameters, tables
from mapgap.cli.app import CLICK_COMPLETION, plain_evaluation
from mapgap.cli.evaluate import evaluate
from mapgap.demo import make_demo
from mapgap.readings import USUAL
from tests.command import MAPGAP, PATIENCE_SECONDS, mapgap

HEAVY = {"numpy", "pandas", "duckdb", "scipy", "shapely", "PIL", "pycocotools", "msgspec"}
FOR_HELP = {"click", "rich", "rich_click"}
LISTING = "print('loaded', *sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
QUICK = "from mapgap.cli.app import run; code = run(sys.argv[1:])"
CAREFUL = """
import sys
from mapgap.analysis import numbers
numbers.numbers_of_files = lambda gt, dt: None
from mapgap.cli.app import run
code = run(sys.argv[1:])
"""
TOKENS = ["gt.json", "dt.json", "--json", "--", "-", "", "-h", "--iou-type", "bbox", "--iou-type=segm", "nowhere.json"]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with gt.json and dt.json of a small demo."""
    folder = tmp_path_factory.mktemp("pair")
    demo = make_demo(images=20)
    (folder / "gt.json").write_text(json.dumps(demo.ground_truth))
    (folder / "dt.json").write_text(json.dumps(demo.detections))
    return folder


def python(code: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter that ran the code; the names of what it has loaded are the last line of its stderr."""
    command = [sys.executable, "-c", f"import sys\n{code}\n{LISTING}", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8", timeout=PATIENCE_SECONDS, check=True)


def loaded(done: subprocess.CompletedProcess[str]) -> set[str]:
    """The top-level modules that `python` listed."""
    label, *names = done.stderr.splitlines()[-1].split()
    assert label == "loaded"
    return set(names)


@pytest.mark.parametrize("command", [[], ["report"], ["evaluate"]])
def test_help_loads_click_and_rich_only(command: list[str]) -> None:
    names = loaded(python(f"from mapgap.cli.app import run; run({[*command, '--help']})"))
    assert names >= FOR_HELP
    assert not names & HEAVY


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_quick_way_loads_nothing_heavy(pair: Path, options: list[str]) -> None:
    done = python(QUICK, "evaluate", "gt.json", "dt.json", *options, cwd=pair)
    assert done.stdout
    assert not loaded(done) & (HEAVY | FOR_HELP)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_both_ways_print_the_same_bytes(pair: Path, options: list[str]) -> None:
    careful = python(CAREFUL, "evaluate", "gt.json", "dt.json", *options, cwd=pair)
    assert "numpy" in loaded(careful)
    for arguments in (["gt.json", "dt.json", *options], [*options, "--", "gt.json", "dt.json"]):
        assert python(QUICK, "evaluate", *arguments, cwd=pair).stdout == careful.stdout


def test_masks_never_take_the_quick_way(pair: Path) -> None:
    done = python(QUICK, "evaluate", "gt.json", "dt.json", "--iou-type", "segm", cwd=pair)
    assert done.stdout == ""
    assert "segmentation" in done.stderr


def test_evaluate_from_python_does_not_load_pandas() -> None:
    pair = "{'images': [{'id': 1}], 'annotations': [], 'categories': [{'id': 1, 'name': 'a'}]}, []"
    names = loaded(python(f"import mapgap; mapgap.evaluate({pair})"))
    assert "numpy" in names
    assert not names & (HEAVY | FOR_HELP) - {"numpy", "msgspec"}


@given(st.lists(st.sampled_from(TOKENS), max_size=4))
def test_what_is_read_without_click_means_the_same_to_click(pair: Path, arguments: list[str]) -> None:
    arguments = [str(pair / word) if word.endswith(".json") else word for word in arguments]
    plain = plain_evaluation(["evaluate", *arguments])
    if plain is not None:
        ground_truth, detections, as_json = plain
        read = evaluate.make_context("evaluate", list(arguments)).params
        assert read == {
            "ground_truth": ground_truth,
            "detections": detections,
            "iou_type": "bbox",
            **asdict(USUAL),
            "shards": (),
            "scheduler": None,
            "as_json": as_json,
        }


def test_only_the_plain_form_is_read_without_click(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = ["gt.json", "dt.json"]
    for name in (*files, "-h", "x"):
        (tmp_path / name).touch()
    assert plain_evaluation(["evaluate", *files]) == ("gt.json", "dt.json", False)
    for words in (["--json", *files], [files[0], "--json", files[1]], [*files, "--json"]):
        assert plain_evaluation(["evaluate", *words]) == ("gt.json", "dt.json", True)
    for words in ([], files[:1], ["--json"], [*files, "x"], ["--", *files], ["-h", "x"], ["nowhere.json", "x"]):
        assert plain_evaluation(["evaluate", *words]) is None
    assert plain_evaluation(["report", *files]) is None
    assert plain_evaluation(["--json", "evaluate", *files]) is None
    monkeypatch.setenv(CLICK_COMPLETION, "bash_complete")
    assert plain_evaluation(["evaluate", *files]) is None


def test_a_pipe_is_read_once_and_a_person_who_waits_sees_a_bar(pair: Path, tmp_path: Path) -> None:
    """The ground truth comes through a named pipe and only once the bar is on the terminal."""
    os.mkfifo(tmp_path / "gt.json")
    terminal, stderr = pty.openpty()
    process = subprocess.Popen(
        [*MAPGAP, "evaluate", tmp_path / "gt.json", pair / "dt.json"],
        env={**os.environ, "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=stderr,
    )
    with (tmp_path / "gt.json").open("wb") as pipe:
        shown = b""
        while b"evaluating" not in shown:
            assert select.select([terminal], [], [], PATIENCE_SECONDS)[0]
            shown += os.read(terminal, 4096)
        pipe.write((pair / "gt.json").read_bytes())
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    os.close(stderr)
    os.close(terminal)
    assert process.returncode == 0
    assert output.decode() == mapgap("evaluate", "gt.json", "dt.json", cwd=pair).stdout


def test_the_parameters_are_those_of_numpy() -> None:
    for plain, table, array in (
        (coco_parameters.IOU_THRESHOLDS, tables.IOU_THRESHOLDS, np.linspace(0.5, 0.95, 10)),
        (coco_parameters.RECALL_THRESHOLDS, tables.RECALL_THRESHOLDS, np.linspace(0.0, 1.0, 101)),
    ):
        assert all(type(value) is float for value in plain)
        assert np.array(plain).tobytes() == table.tobytes() == array.tobytes()
