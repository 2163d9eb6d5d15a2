"""Ctrl-C, SIGTERM and a closed terminal end a command in time, in one line, without debris, wherever it is."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mapgap.cli.signals import PATIENCE_SECONDS
from mapgap.demo import make_demo
from tests.command import MAPGAP

SECONDS = 60
PROMPT_SECONDS = 3.0
CODES = {
    signal.SIGINT: (130, "interrupted"),
    signal.SIGTERM: (143, "terminated"),
    signal.SIGHUP: (129, "terminal closed"),
}

STUCK = """
import ctypes, sys
from pathlib import Path
import mapgap.cli.app as app
from mapgap.analysis.partial import fresh_folder

def stuck(arguments):
    # A mutex of its own, locked twice: a call into C that no signal ends, as a long one into the kernel.
    mutex = ctypes.create_string_buffer(64)
    lock = ctypes.CDLL(None).pthread_mutex_lock
    with fresh_folder(Path(sys.argv[1])):
        lock(mutex)
        print("stuck", flush=True)
        lock(mutex)

app._carry_out = stuck
from mapgap.cli import main
main()
"""


def heed_signals() -> None:
    """Whoever runs the tests, as in the background, may have made signals harmless for all that it starts."""
    for number in CODES:
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", CODES)
def test_a_command_stuck_in_a_call_ends_in_time(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_signals,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "stuck\n"
    assert len(os.listdir(tmp_path)) == 1
    process.send_signal(number)
    process.send_signal(number)
    _, errors = process.communicate(timeout=SECONDS)
    code, words = CODES[number]
    assert (process.returncode, errors) == (code, f"mapgap: {words}\n")
    assert os.listdir(tmp_path) == []


def test_the_thread_gives_the_command_time_and_leaves_three_seconds() -> None:
    assert 0.5 < PATIENCE_SECONDS < PROMPT_SECONDS - 1


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signals")
    made = make_demo(0)
    (folder / "gt.json").write_text(json.dumps(made.ground_truth))
    (folder / "dt.json").write_text(json.dumps(made.detections))
    return folder


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("delay", [0.02, 0.08, 0.2, 0.4, 0.7, 1.0])
def test_at_any_moment(pair: Path, tmp_path: Path, number: signal.Signals, delay: float) -> None:
    """Either the signal ends it, in one line and with nothing left, or it was done."""
    process = subprocess.Popen(
        [*MAPGAP, "report", str(pair / "gt.json"), str(pair / "dt.json"), "-o", str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_signals,
    )
    time.sleep(delay)
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=SECONDS)
    lines = [line for line in errors.splitlines() if "warning: " not in line]
    code, words = CODES[number]
    if process.returncode == 0:
        assert os.listdir(tmp_path) == ["out"]
        return
    # Before Python has run our first line, its own way of ending holds, or the system's.
    if process.returncode == 1 and "KeyboardInterrupt" in errors and "cli/app.py" not in errors:
        return
    assert process.returncode in (code, -number), errors
    if process.returncode == code:
        assert lines == [f"mapgap: {words}"]
    assert [name for name in os.listdir(tmp_path) if name != "out"] == []


def test_an_ignored_signal_stays_ignored(pair: Path, tmp_path: Path) -> None:
    """As nohup does it."""
    process = subprocess.Popen(
        [*MAPGAP, "report", str(pair / "gt.json"), str(pair / "dt.json"), "-o", str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    time.sleep(0.5)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert (tmp_path / "out" / "report.html").exists()
