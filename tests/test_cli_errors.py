"""What a user gets wrong: one line on stderr, the right exit code, nothing written."""

import gzip
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mapgap.demo import make_demo
from tests.command import MAPGAP, complaint, complaints, mapgap

SIGNALS = [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
SECONDS_TO_END = 30
"""Meant to be 3, on a machine of one's own."""


@pytest.fixture(scope="module")
def demo() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    made = make_demo(images=40)
    return made.ground_truth, made.detections


@pytest.fixture(scope="module")
def pair(demo: tuple[Any, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pair")
    (folder / "gt.json").write_text(json.dumps(demo[0]))
    (folder / "dt.json").write_text(json.dumps(demo[1]))
    return folder


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing command"),
        (["reprot"], "No such command 'reprot'"),
        (["report"], "Missing argument 'GT'"),
        (["report", "gt.json"], "Missing argument '[NAME=]DT...'"),
        (["slices", "gt.json", "dt.json", "x.json"], "unexpected extra argument (x.json)"),
        (["evaluate", "gt.json", "dt.json", "--fast"], "No such option '--fast'"),
        (["report", "gt.json", "dt.json", "--iou-threshold", "half"], "'half' is not a valid float"),
        (["report", "gt.json", "dt.json", "--rank-by", "fame"], "--rank-by"),
        (["report", "gt.json", "dt.json", "-o", ""], "empty name"),
        (["slices", "gt.json", "dt.json", "--by", "size,,class"], "empty name"),
        (["slices", "gt.json", "dt.json", "--images", ""], "the name is empty"),
        (["slices", "gt.json", "dt.json", "--attributes", ""], "the name is empty"),
        (["slices", "gt.json", "dt.json", "--by", "size,size"], "twice"),
        (["demo", "--seed", "-1"], "--seed"),
    ],
)
def test_wrong_command_lines_name_the_help_to_read(tmp_path: Path, arguments: list[str], words: str) -> None:
    line = complaint(mapgap(*arguments, cwd=tmp_path), 2)
    assert words in line
    command = f"mapgap {arguments[0]}" if arguments and arguments[0] != "reprot" else "mapgap"
    assert line.endswith(f"See {command} --help")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missed", "--where", "size = 'small'"], ("column 6", "Write == to compare")),
        (["missed", "--where", "size == 'tiny'"], ("column 9", '"small"')),
        (["missed", "--where", "colour == 'red'"], ("column 1", "colour", "time_of_day")),
        (["missed", "--where", "(size == 'small'"], ("column 17",)),
        (["slices", "--by", "size,colour"], ("colour", "time_of_day")),
        (["report", "--iou-threshold", "0"], ("iou_threshold", "(0, 1]")),
        (["report", "--iou-threshold", "nan"], ("iou_threshold", "(0, 1]")),
        (["report", "--score-threshold", "best"], ("--score-threshold", "best-f1")),
        (["report", "--score-threshold", "precision=2"], ("precision=2", "precision=P")),
        (["report", "--score-threshold", "recall=1"], ("recall 1", "the best that can be had")),
        (["report", "--score-threshold", "nan"], ("--score-threshold", "best-f1")),
        (["slices", "--by", "ocllusion"], ("unknown attribute 'ocllusion'. Known attributes: occlusion, ",)),
        (["report", "--rank-by", "cost"], ("without costs. Say what an error costs: --cost missed=5",)),
        (
            ["slices", "--score-threshold", "cost", "--cost", "missed=5"],
            (
                "the score threshold cost needs what an object lost below it costs",
                "Add it, as in --cost below_threshold=5, or give no costs",
            ),
        ),
        (["report", "--cost", "misses=5"], ("no cause 'misses'. Causes: missed, ",)),
        (["report", "--cost", "missed:vam=5"], ("no class 'vam'. Classes: van, ",)),
    ],
)
def test_options_without_a_meaning_say_what_has_one(
    pair: Path, tmp_path: Path, arguments: list[str], words: tuple[str, ...]
) -> None:
    line = complaint(mapgap(arguments[0], pair / "gt.json", pair / "dt.json", *arguments[1:], cwd=tmp_path), 2)
    for word in words:
        assert word in line
    assert os.listdir(tmp_path) == []


def _changed(records: list[dict[str, Any]], **fields: Any) -> bytes:
    return json.dumps([records[0], {**records[1], **fields}, *records[2:]]).encode()


def _without_score(detections: list[dict[str, Any]]) -> bytes:
    return json.dumps([{k: v for k, v in detections[0].items() if k != "score"}]).encode()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda dt: json.dumps(dt).encode()[:-40], ("ends too early",)),
        (lambda dt: b"", ("empty",)),
        (lambda dt: b"image_id,score\n1,0.5\n", ("invalid JSON",)),
        (lambda dt: b'{"images": []}', ("annotations",)),
        (lambda dt: b"\x1f\x8b\x08garbage", ("gzip",)),
        (lambda dt: gzip.compress(json.dumps(dt).encode())[:-20], ("gzip",)),
        (lambda dt: json.dumps(dt).encode("utf-16"), ("UTF-16",)),
        (lambda dt: _changed(dt, score=float("nan")), ("NaN",)),
        (lambda dt: _changed(dt, bbox=[1, 2, float("inf"), 4]), ("Infinity",)),
        (lambda dt: _changed(dt, bbox=[1, 2, 3]), ("bbox", "1")),
        (lambda dt: _changed(dt, score="high"), ("score", "1")),
        (lambda dt: _changed(dt, image_id=987654), ("image_id", "987654")),
        (lambda dt: _changed(dt, category_id=-5), ("category_id", "-5")),
        (_without_score, ("score",)),
    ],
    ids=lambda value: None if callable(value) else value[0],
)
def test_broken_detections(
    demo: tuple[Any, Any], pair: Path, tmp_path: Path, make: Callable[[Any], bytes], words: tuple[str, ...]
) -> None:
    (tmp_path / "broken.json").write_bytes(make(demo[1]))
    lines = complaints(mapgap("report", pair / "gt.json", "broken.json", cwd=tmp_path), 2)
    for word in ("broken.json", *words):
        assert word in lines[0]
    assert os.listdir(tmp_path) == ["broken.json"]


def test_swapped_and_missing_files(pair: Path, tmp_path: Path) -> None:
    truth, found = pair / "gt.json", pair / "dt.json"
    swapped = complaints(mapgap("evaluate", found, truth, cwd=tmp_path), 2)
    assert ["dt.json: " in swapped[0], "gt.json: " in swapped[1], len(swapped)] == [True, True, 2]
    assert all("Were the two inputs swapped?" in line for line in swapped)
    assert "nowhere.json: cannot be read" in complaint(mapgap("evaluate", "nowhere.json", found, cwd=tmp_path), 3)
    assert "cannot be read: Is a directory" in complaint(mapgap("evaluate", truth, pair, cwd=tmp_path), 3)
    assert "cannot be read" in complaint(mapgap("evaluate", "", found, cwd=tmp_path), 3)


def test_refused_output_folders_are_left_alone(pair: Path, tmp_path: Path) -> None:
    inputs = (pair / "gt.json", pair / "dt.json")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    for output, words in (
        ("thesis", "chapter.txt"),
        ("file", "not a folder"),
        ("link/", "symbolic link"),
        ("n" * 300, "name too long"),
        (pair / "gt.json", "not a folder"),
        (pair, "holds the input"),
    ):
        line = complaint(mapgap("report", *inputs, "-o", output, cwd=tmp_path), 3)
        assert words in line
        assert "Choose another output folder with -o" in line
    assert "chapter.txt" in complaint(mapgap("demo", "-o", "thesis", cwd=tmp_path), 3)
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before
    assert sorted(os.listdir(pair)) == ["dt.json", "gt.json"]


def test_a_report_is_not_replaced_under_its_own_input(pair: Path, tmp_path: Path) -> None:
    assert mapgap("report", pair / "gt.json", pair / "dt.json", "-o", "out", cwd=tmp_path).returncode == 0
    before = (tmp_path / "out" / "missed.json").read_bytes()
    line = complaint(mapgap("report", "out/missed.json", pair / "dt.json", "-o", "out", cwd=tmp_path), 3)
    assert line.startswith("out holds the input out/missed.json")
    pictures = tmp_path / "out" / "runs" / "pictures"
    pictures.mkdir(parents=True)
    inputs = (pair / "gt.json", pair / "dt.json", "--images", pictures)
    assert complaint(mapgap("report", *inputs, "-o", "out", cwd=tmp_path), 3).startswith("out holds the input ")
    assert "not a folder this command wrote" in complaint(mapgap("demo", "-o", "out", cwd=tmp_path), 3)
    assert (tmp_path / "out" / "missed.json").read_bytes() == before


def _start(arguments: list[str | Path], cwd: Path) -> subprocess.Popen[str]:
    """A running command that heeds Ctrl-C even where the tests run in the background of a shell, which ignores it."""
    return subprocess.Popen(
        [*MAPGAP, *map(os.fspath, arguments)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def _end(process: subprocess.Popen[str], number: int) -> tuple[int, str, str]:
    """Exit code and streams of a process that is sent a signal, and once a second again: one may come just before a
    read begins to wait, and Python looks at signals only when the read is done or disturbed."""
    asked = time.monotonic()
    while time.monotonic() < asked + SECONDS_TO_END:
        process.send_signal(number)
        try:
            output, errors = process.communicate(timeout=1)
        except subprocess.TimeoutExpired:
            continue
        return process.returncode, output, errors
    process.kill()
    process.communicate()
    raise AssertionError(f"still running {SECONDS_TO_END} seconds after signal {number}")


@pytest.mark.parametrize(("number", "exit_code", "word"), SIGNALS)
def test_signals_while_reading(pair: Path, tmp_path: Path, number: int, exit_code: int, word: str) -> None:
    """A named pipe in place of the detections holds the command where it is."""
    os.mkfifo(tmp_path / "slow.json")
    process = _start(["report", pair / "gt.json", "slow.json", "-o", "new/out"], tmp_path)
    with (tmp_path / "slow.json").open("w") as pipe:  # waits until the command reads
        pipe.write("[")
        pipe.flush()
        ended = _end(process, number)
    assert ended == (exit_code, "", f"mapgap: {word}\n")
    assert os.listdir(tmp_path) == ["slow.json"]


def _repeated(records: list[dict[str, Any]], times: int, *identifiers: str) -> list[dict[str, Any]]:
    """The records over and over, with other identifiers each time."""
    return [
        {**record, **{name: record[name] + 10_000 * turn for name in identifiers}}
        for turn in range(times)
        for record in records
    ]


@pytest.mark.parametrize(("number", "exit_code", "word"), SIGNALS)
def test_signals_while_writing(demo: tuple[Any, Any], tmp_path: Path, number: int, exit_code: int, word: str) -> None:
    """So much data that writing takes a while; the report that is there stays as it is."""
    truth, found = demo
    images, annotations = _repeated(truth["images"], 20, "id"), _repeated(truth["annotations"], 20, "id", "image_id")
    (tmp_path / "gt.json").write_text(json.dumps({**truth, "images": images, "annotations": annotations}))
    (tmp_path / "dt.json").write_text(json.dumps(_repeated(found, 20, "image_id")))
    output = tmp_path / "out" / "report"
    output.mkdir(parents=True)
    (output / "summary.json").write_text('{"schema": "mapgap/summary/1"}')
    process = _start(["report", "gt.json", "dt.json", "-o", "out/report"], tmp_path)
    while process.poll() is None and not list(tmp_path.glob("out/.mapgap-*.partial")):
        time.sleep(0.001)
    assert _end(process, number) == (exit_code, "", f"mapgap: {word}\n")
    assert os.listdir(tmp_path / "out") == ["report"]
    assert os.listdir(output) == ["summary.json"]
