"""Full disks: exit 4 in one line, what was there stays, nothing half written is left."""

import json
import os
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mapgap.demo import make_demo
from tests.command import MAPGAP, PATIENCE_SECONDS, mapgap


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("disk")
    made = make_demo(0)
    (folder / "gt.json").write_text(json.dumps(made.ground_truth))
    (folder / "dt.json").write_text(json.dumps(made.detections))
    return folder


def files_up_to(kilobytes: int) -> Callable[[], None]:
    """No file may be longer, as on a disk that is full: Python ignores the signal, and writing fails."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, kilobytes << 10))


def run_with_limit(
    kilobytes: int, *arguments: object, environment: dict[str, str] | None = None
) -> tuple[int, list[str]]:
    done = subprocess.run(
        [*MAPGAP, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
        check=False,
        preexec_fn=files_up_to(kilobytes),
    )
    return done.returncode, [line for line in done.stderr.splitlines() if "warning: " not in line]


@pytest.mark.parametrize("kilobytes", [0, 1, 8, 20, 60, 200])
def test_a_report_on_a_full_disk(pair: Path, tmp_path: Path, kilobytes: int) -> None:
    inputs = (pair / "gt.json", pair / "dt.json")
    assert mapgap("report", *inputs, "-o", tmp_path / "out", cwd=tmp_path).returncode == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    code, lines = run_with_limit(kilobytes, "report", *inputs, "-o", tmp_path / "out")
    assert code == 4
    assert len(lines) == 1
    assert "mapgap: " in lines[0]
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("command", ["missed", "demo", "thresholds"])
def test_other_outputs_on_a_full_disk(pair: Path, tmp_path: Path, command: str) -> None:
    inputs = () if command == "demo" else (pair / "gt.json", pair / "dt.json")
    code, lines = run_with_limit(0, command, *inputs, "-o", tmp_path / "out")
    assert (code, len(lines)) == (4, 1)
    assert os.listdir(tmp_path) == []


def test_inputs_are_never_written(pair: Path, tmp_path: Path) -> None:
    """Whatever is run on them, with rights to write or without."""
    before = {path.name: path.read_bytes() for path in pair.iterdir()}
    stamps = {path.name: path.stat().st_mtime_ns for path in pair.iterdir()}
    inputs = (pair / "gt.json", pair / "dt.json")
    for command in ("evaluate", "doctor", "slices"):
        assert mapgap(command, *inputs, cwd=tmp_path).returncode == 0
    assert mapgap("compare", inputs[0], f"a={inputs[1]}", f"b={inputs[1]}", cwd=tmp_path).returncode == 0
    assert mapgap("report", *inputs, "-o", tmp_path / "out", cwd=tmp_path).returncode == 0
    for output in inputs:
        assert mapgap("missed", *inputs, "-o", output, cwd=tmp_path).returncode == 3
    assert {path.name: path.read_bytes() for path in pair.iterdir()} == before
    assert {path.name: path.stat().st_mtime_ns for path in pair.iterdir()} == stamps
