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
    assert finished.returncode == exit_code, finished.stderr
    assert finished.stdout == ""
    lines = finished.stderr.splitlines()
    assert len(lines) == 1, finished.stderr
    assert lines[0].startswith("mapgap: ")
    assert_printable(finished.stderr)
    return lines[0].removeprefix("mapgap: ")


def assert_printable(text: str) -> None:
    """No character that could steer a terminal."""
    assert [character for character in text if not character.isprintable() and character != "\n"] == []
