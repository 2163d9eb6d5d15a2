"""kill -9 at every step of writing: what is found afterwards is the old folder or the new one, and nothing else."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mapgap.analysis import exchanging, partial
from mapgap.analysis.exchanging import restore
from mapgap.analysis.partial import remove_leftovers, temporary_name
from mapgap.analysis.whole_file import write_file
from tests.test_folder import tag_of, write

ROOT = Path(__file__).parents[1]
SECONDS = 60
STEPS = 40
"""More than writing takes: a run that is not killed tells so."""

KILLED = """
import os, signal, sys
from pathlib import Path
from mapgap.analysis import exchanging, partial
from tests.test_folder import no_exchange, write

output, step, way = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if way == "here":
    os.chdir(output)
if way != "exchange":
    exchanging.exchange = no_exchange
left = iter(range(step, -1, -1))

def counting(function, after):
    def counted(*arguments, **options):
        if next(left) == 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return counted

for name in ("mkdir", "rename", "write_bytes", "write_text", "unlink", "rmdir"):
    setattr(Path, name, counting(getattr(Path, name), False))
os.rmdir, os.unlink = counting(os.rmdir, False), counting(os.unlink, False)
exchanging.exchange = counting(exchanging.exchange, False)
write(output, "new")
"""


def killed(output: Path, step: int, way: str) -> int:
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(output), str(step), way],
        cwd=ROOT,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    ).returncode


@pytest.mark.parametrize("way", ["exchange", "entries", "here"])
def test_killed_at_every_step(tmp_path: Path, way: str) -> None:
    """Whoever looks next (a run, or a command that reads the folder) finds it whole; the next run leaves no debris."""
    outcomes = set()
    for step in range(STEPS):
        output = tmp_path / str(step) / "out"
        write(output, "old")
        code = killed(output, step, way)
        restore(output)
        outcomes.add((code, _tag(output)))
        write(output, "next")
        assert tag_of(output) == "next"
        assert os.listdir(output.parent) == ["out"], step
        if code == 0:
            break
    assert code == 0, "more steps than tried"
    assert step > 5
    assert outcomes == {(-signal.SIGKILL, "old"), (-signal.SIGKILL, "new"), (0, "new")}


@pytest.mark.parametrize("way", ["exchange", "entries"])
def test_killed_where_there_was_nothing(tmp_path: Path, way: str) -> None:
    outcomes = set()
    for step in range(STEPS):
        output = tmp_path / str(step) / "out"
        output.parent.mkdir()
        code = killed(output, step, way)
        restore(output)
        outcomes.add(tag_of(output) if output.exists() else None)
        write(output, "next")
        assert os.listdir(output.parent) == ["out"], step
        if code == 0:
            break
    assert code == 0
    assert outcomes == {None, "new"}


def test_leftovers_of_the_living_stay(tmp_path: Path) -> None:
    """A run that is at it holds its folder; one that died does not."""
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\nfrom pathlib import Path\nfrom mapgap.analysis.partial import fresh_folder\n"
            f"with fresh_folder(Path({str(tmp_path)!r})) as fresh:\n print(fresh.name, flush=True)\n time.sleep(600)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    held = holder.stdout.readline().strip()
    dead, theirs = temporary_name(), ".mapgap-notes.txt"
    (tmp_path / dead / "deep").mkdir(parents=True)
    (tmp_path / temporary_name()).write_text("half")
    (tmp_path / theirs).write_text("not ours")
    remove_leftovers(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted([held, theirs])
    holder.kill()
    holder.communicate(timeout=SECONDS)
    remove_leftovers(tmp_path)
    assert os.listdir(tmp_path) == [theirs]


def test_a_look_from_outside_does_not_make_a_leftover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run may look at a new folder before its lock is taken: then it is left, and another one made."""
    lock, calls = partial._lock, iter([True])

    def looked_at(descriptor: int) -> None:
        if next(calls, False):
            raise BlockingIOError
        lock(descriptor)

    monkeypatch.setattr(partial, "_lock", looked_at)
    with partial.fresh_folder(tmp_path) as fresh:
        assert os.listdir(tmp_path) == [fresh.name]
        assert partial.leftovers(tmp_path) == []
    assert os.listdir(tmp_path) == []


def test_files_of_the_dead_are_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / temporary_name()).write_text("half")
    write_file(tmp_path / "table.csv", b"whole")
    assert os.listdir(tmp_path) == ["table.csv"]
    assert (tmp_path / "table.csv").read_bytes() == b"whole"


def test_the_old_entries_of_another_place_are_no_leftovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed exchange beside the place holds what belongs to it: only a run into that place may end it."""
    write(tmp_path / "one", "old")
    for step in range(STEPS):
        if killed(tmp_path / "one", step, "entries") == 0 or not (tmp_path / "one" / "data").exists():
            break
    assert not (tmp_path / "one" / "data").exists()
    write(tmp_path / "other", "other")
    assert len(list(tmp_path.glob(".mapgap-*.partial"))) == 1
    restore(tmp_path / "one")
    assert tag_of(tmp_path / "one") == "old"
    assert sorted(os.listdir(tmp_path)) == ["one", "other"]


def _tag(output: Path) -> str:
    """What the folder says; temporary folders in it, where it cannot be renamed, are looked through."""
    for leftover in output.glob(".mapgap-*.partial"):
        assert not (leftover / exchanging.OUT).exists()
        remove_leftovers(output)
    return tag_of(output)
