"""Runs the real command as a user does: another process, its two streams, its exit code."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 120
MAPGAP = (sys.executable, "-m", "mapgap")


def mapgap(*arguments: str | Path, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """The finished process, its streams as UTF-8; `environment` replaces the environment."""
    environment = options.pop("environment", {**os.environ, "MAPGAP_TRACEBACK": ""})
    return subprocess.run(
        [*MAPGAP, *map(os.fspath, arguments)],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
        check=False,
        **options,
    )


def complaint(finished: subprocess.CompletedProcess[str], exit_code: int) -> str:
    """The one line on stderr of a command that failed as it should: no result, no traceback."""
    lines = complaints(finished, exit_code)
    assert len(lines) == 1, finished.stderr
    return lines[0]


def complaints(finished: subprocess.CompletedProcess[str], exit_code: int) -> list[str]:
    """The lines on stderr, one a finding, of a command that failed as it should: no result, no traceback."""
    assert finished.returncode == exit_code, finished.stderr
    assert finished.stdout == ""
    lines = finished.stderr.splitlines()
    assert lines
    assert all(line.startswith("mapgap: ") for line in lines), finished.stderr
    assert_printable(finished.stderr)
    return [line.removeprefix("mapgap: ") for line in lines]


def assert_printable(text: str) -> None:
    """No character that could steer a terminal."""
    assert [character for character in text if not character.isprintable() and character != "\n"] == []
