"""Memory: what is free, what a command takes, and a ladder of limits on which nothing dies without words."""

import json
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mapgap import memory
from mapgap.cli.memory_needs import RESIDENT, require_room
from mapgap.demo import make_demo
from mapgap.errors import ResourceError
from tests.command import MAPGAP, PATIENCE_SECONDS

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("memory")
    made = make_demo(0)
    (folder / "gt.json").write_text(json.dumps(made.ground_truth))
    (folder / "dt.json").write_text(json.dumps(made.detections))
    return folder


def limited(megabytes: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes * MEGABYTE, megabytes * MEGABYTE))


@pytest.mark.parametrize("command", ["evaluate", "doctor", "report"])
@pytest.mark.parametrize("megabytes", [40, 80, 100, 130, 150, 215, 260, 400, 700, 800, 950])
def test_a_ladder_of_limits(pair: Path, tmp_path: Path, command: str, megabytes: int) -> None:
    output = ["-o", str(tmp_path / "report")] if command == "report" else []
    done = subprocess.run(
        [*MAPGAP, command, pair / "gt.json", pair / "dt.json", *output],
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
        check=False,
        preexec_fn=limited(megabytes),
    )
    lines = [line for line in done.stderr.splitlines() if "warning: " not in line]
    assert done.returncode in (0, 4), done.stderr
    if done.returncode == 4:
        assert len(lines) == 1
        assert lines[0].startswith("mapgap: ")
        assert "memory" in lines[0] or "address space" in lines[0]
    assert (tmp_path / "report").exists() == (command == "report" and done.returncode == 0)


def test_what_is_free_is_the_least_of_machine_container_and_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "max").write_text("1000000\n")
    (tmp_path / "current").write_text("400000\n")
    monkeypatch.setattr(memory, "CGROUP_FILES", ((str(tmp_path / "max"), str(tmp_path / "current")),))
    assert memory.free_memory() == 600_000
    (tmp_path / "max").write_text("300000\n")
    assert memory.free_memory() == 0
    (tmp_path / "max").write_text("max\n")
    assert memory.free_memory() > MEGABYTE


def test_too_large_an_input_is_told_with_both_numbers(
    monkeypatch: pytest.MonkeyPatch, pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 90 * MEGABYTE)
    words = ["report", str(pair / "gt.json"), f"run={pair / 'dt.json'}"]
    with pytest.raises(
        ResourceError, match=r"mapgap report on inputs of \d+ MB takes some \d+ MB of memory, and 90 MB"
    ):
        require_room(words)
    require_room(["evaluate", *words[1:2]])
    require_room([*words, "--help"])
    require_room(["--version"])


def test_gzip_counts_as_what_it_unpacks_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import gzip

    packed = tmp_path / "gt.json.gz"
    packed.write_bytes(gzip.compress(b" " * 40 * MEGABYTE))
    base, a_byte = RESIDENT["report"]
    monkeypatch.setattr(memory, "free_memory", lambda: int((base + 30 * a_byte) * MEGABYTE))
    with pytest.raises(ResourceError, match="inputs of 40 MB"):
        require_room(["report", str(packed)])


def test_words_for_bytes() -> None:
    assert [memory.in_words(count) for count in (0, 380 * MEGABYTE, 2_458 * MEGABYTE)] == ["0 MB", "380 MB", "2.4 GB"]
