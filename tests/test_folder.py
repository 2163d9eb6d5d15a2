"""Folders are whole or not there at all: whoever writes at the same time, whatever fails, whenever it is killed."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mapgap.analysis import exchanging
from mapgap.analysis.demo import DEMO_ENTRIES, DEMO_MARKS
from mapgap.analysis.folder import NoRoomError, require_writable, write_folder
from mapgap.errors import AccessError, ResourceError

KNOWN = ("summary.json", "data", "runs")
SECONDS = 60


def version(tag: str) -> list[tuple[str, bytes]]:
    """The files of a folder that all say the same."""
    summary = json.dumps({"schema": "mapgap/summary/1", "tag": tag}).encode()
    return [("summary.json", summary), ("data", tag.encode()), (f"runs/{tag}/data", tag.encode())]


def tag_of(folder: Path) -> str:
    """What all files of the folder say; fails unless they agree and nothing else is there."""
    tag = (folder / "data").read_text()
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert files == dict(version(tag))
    return tag


def write(folder: Path | str, tag: str) -> Path:
    return write_folder(folder, version(tag), known=KNOWN)


def no_exchange(one: Path, other: Path) -> None:
    """The system of somebody who has no renameat2, or a layered file system."""
    raise OSError(errno.EXDEV, "Invalid cross-device link")


@pytest.fixture(params=["exchange", "entries"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of replacing a folder."""
    if request.param == "entries":
        monkeypatch.setattr(exchanging, "exchange", no_exchange)
    return str(request.param)


def test_new_empty_and_own_folders_are_written(tmp_path: Path, way: str) -> None:
    assert tag_of(write(tmp_path / "a" / "b", "new")) == "new"
    assert tag_of(write(tmp_path / "a" / "b", "newer")) == "newer"
    (tmp_path / "empty").mkdir()
    assert tag_of(write(tmp_path / "empty", "new")) == "new"
    assert sorted(os.listdir(tmp_path)) == ["a", "empty"]
    assert os.listdir(tmp_path / "a") == ["b"]


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        folder = write(tmp_path / "out", "new")
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o750
    assert (folder / "data").stat().st_mode & 0o777 == 0o640


def test_replacing_is_one_step_where_the_system_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No rename in two steps, between which nobody would find a folder: the folder is another, at once."""
    folder = write(tmp_path / "out", "old")
    inode = folder.stat().st_ino
    monkeypatch.delattr(Path, "rename")
    write(folder, "new")
    assert tag_of(folder) == "new"
    assert folder.stat().st_ino != inode


def test_a_folder_that_must_stay_is_refilled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder, by any name: a shell that stands in it must not stand in a deleted one."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    inode = place.stat().st_ino
    for output, tag in ((".", "one"), ("../here", "two"), (str(place), "three"), ("", "four")):
        write(output, tag)
        assert tag_of(place) == tag
    assert place.stat().st_ino == Path().stat().st_ino == inode


def test_a_mount_point_is_refilled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = write(tmp_path / "mounted", "old")
    inode = place.stat().st_ino
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == place)
    assert tag_of(write(place, "new")) == "new"
    assert place.stat().st_ino == inode


def test_links_in_front_of_the_folder_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert write(tmp_path / "link" / "out", "new") == tmp_path / "link" / "out"
    assert tag_of(tmp_path / "real" / "out") == "new"
    (tmp_path / "inner").symlink_to("real/out")
    with pytest.raises(AccessError, match="symbolic link"):
        write(tmp_path / "inner", "newer")
    assert tag_of(write(tmp_path / "link" / ".." / "link" / "out", "newer")) == "newer"


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: (folder / "notes.txt").write_text("mine"),
        lambda folder: (folder / "photos").mkdir(),
        lambda folder: (folder / ".hidden").write_text("mine"),
        lambda folder: (folder / "link").symlink_to(folder.parent),
        lambda folder: (folder / "summary.json").unlink(),
        lambda folder: (folder / "summary.json").write_text("{}"),
        lambda folder: (folder / "summary.json").write_text("[" * 100_000),
        lambda folder: (folder / "summary.json").write_text('{"schema": "other/1"}'),
    ],
)
def test_what_is_not_ours_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    folder = write(tmp_path / "out", "old")
    make(folder)
    before = sorted(folder.rglob("*"))
    with pytest.raises(AccessError, match="not a folder this command wrote"):
        write(folder, "new")
    assert sorted(folder.rglob("*")) == before
    assert (folder / "data").read_text() == "old"
    assert os.listdir(tmp_path) == ["out"]


def test_a_data_set_with_a_report_beside_it_is_no_demo(tmp_path: Path) -> None:
    """Its names are those of a demo, its content is somebody's work."""
    demo = [("gt.json", b"{}"), ("detections.json", b"[]"), ("images/0001.png", b""), ("report/summary.json", b"{}")]
    mark = ("weaknesses.json", b"{}")
    schema = ("report/summary.json", b'{"schema": "mapgap/summary/1"}')
    refused = [
        [*demo[:3], schema],
        [*demo, mark],
        [*demo[:3], schema, mark, ("images/my photo.png", b"")],
        [*demo[:3], schema, mark, ("report/notes.txt", b"")],
    ]
    for number, files in enumerate(refused):
        folder = write_folder(tmp_path / str(number), files, known=())
        with pytest.raises(AccessError, match="not a folder this command wrote"):
            require_writable(folder, known=DEMO_ENTRIES, marks=DEMO_MARKS)
    folder = write_folder(tmp_path / "demo", [*demo[:3], schema, mark], known=())
    require_writable(folder, known=DEMO_ENTRIES, marks=DEMO_MARKS)


def test_an_input_inside_the_folder_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "out", "old")
    (tmp_path / "link").symlink_to("out")
    for inside in (folder / "data", tmp_path / "link" / "data", folder / "runs" / "old" / "data"):
        with pytest.raises(AccessError, match="holds the input"):
            require_writable(folder, known=KNOWN, inputs=[tmp_path / "gt.json", inside])
    require_writable(folder, known=KNOWN, inputs=[tmp_path / "gt.json", tmp_path / "out.json"])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_what_fails_half_way_leaves_nothing(tmp_path: Path, number: int) -> None:
    def broken() -> Iterator[tuple[str, bytes]]:
        yield "summary.json", b"half"
        raise OSError(number, os.strerror(number))

    write(tmp_path / "out", "old")
    for output in (tmp_path / "out", tmp_path / "new" / "deeper"):
        with pytest.raises(AccessError, match=os.strerror(number)) as raised:
            write_folder(output, broken(), known=KNOWN)
        assert isinstance(raised.value, NoRoomError) == (number == errno.ENOSPC)
        assert raised.value.exit_code == (ResourceError.exit_code if number == errno.ENOSPC else AccessError.exit_code)
    assert tag_of(tmp_path / "out") == "old"
    assert os.listdir(tmp_path) == ["out"]


def test_a_place_taken_meanwhile(tmp_path: Path, way: str) -> None:
    """Between the first look and the rename: a folder of ours is replaced, anything else is left alone."""

    def files(appearing: Callable[[], object]) -> Iterator[tuple[str, bytes]]:
        yield from version("late")
        appearing()

    write_folder(tmp_path / "ours", files(lambda: write(tmp_path / "ours", "early")), known=KNOWN)
    assert tag_of(tmp_path / "ours") == "late"
    write_folder(tmp_path / "empty", files((tmp_path / "empty").mkdir), known=KNOWN)
    assert tag_of(tmp_path / "empty") == "late"
    with pytest.raises(AccessError, match="not a folder"):
        write_folder(tmp_path / "file", files(lambda: (tmp_path / "file").write_text("mine")), known=KNOWN)
    assert (tmp_path / "file").read_text() == "mine"
    (tmp_path / "theirs").mkdir()
    appearing = files((tmp_path / "theirs" / "thesis.txt").touch)
    with pytest.raises(AccessError, match=r"thesis\.txt"):
        write_folder(tmp_path / "theirs", appearing, known=KNOWN)
    assert os.listdir(tmp_path / "theirs") == ["thesis.txt"]
    assert sorted(os.listdir(tmp_path)) == ["empty", "file", "ours", "theirs"]


@pytest.mark.parametrize("failing", range(1, 7))
@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt, SystemExit])
def test_refilling_that_fails_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int, kind: type[BaseException]
) -> None:
    """Three entries go, three come; whichever move fails, the old ones are back."""
    folder = write(tmp_path / "out", "old")
    monkeypatch.setattr(exchanging, "exchange", no_exchange)
    rename, calls = Path.rename, iter(range(1, 100))

    def failing_rename(source: Path, target: Path) -> Path:
        if next(calls) == failing:
            raise kind(errno.EIO, "Input/output error")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", failing_rename)
    with pytest.raises(AccessError if kind is OSError else kind):
        write(folder, "new")
    monkeypatch.undo()
    assert tag_of(folder) == "old"
    assert os.listdir(tmp_path) == ["out"]


def test_the_lock_is_on_the_folder_that_stands_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run exchanges the folder while its lock is waited for: the lock of the old one keeps nobody out."""
    place, other = tmp_path / "out", tmp_path / "other"
    place.mkdir()
    other.mkdir()
    lock, exchanges = fcntl.flock, iter([True])
    locked: list[int] = []

    def waiting_lock(descriptor: int, how: int) -> None:
        if next(exchanges, False):
            exchanging.exchange(other, place)
        lock(descriptor, how)
        locked.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(fcntl, "flock", waiting_lock)
    with exchanging.locked(place):
        assert locked[-1] == place.stat().st_ino
    assert len(locked) == 2


WRITER = """
import sys
from pathlib import Path
from mapgap.analysis import exchanging
from tests.test_folder import no_exchange, write
if sys.argv[3] == "entries":
    exchanging.exchange = no_exchange
print("ready", flush=True)
sys.stdin.readline()
for turn in range(40):
    write(Path(sys.argv[1]), f"{sys.argv[2]}{turn}")
"""


@pytest.mark.parametrize("way", ["exchange", "entries"])
@pytest.mark.parametrize("is_there", [False, True])
def test_two_runs_at_once_leave_one_whole_folder(tmp_path: Path, way: str, is_there: bool) -> None:
    if is_there:
        write(tmp_path / "out", "before")
    runs = [_python(WRITER, tmp_path / "out", name, way) for name in ("a", "b")]
    for run in runs:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("go\n")
        run.stdin.flush()
    for run in runs:
        _, errors = run.communicate(timeout=SECONDS)
        assert (run.returncode, errors) == (0, "")
    assert tag_of(tmp_path / "out") in ("a39", "b39")
    assert os.listdir(tmp_path) == ["out"]


SLOW = """
import sys, time
from mapgap.analysis.folder import write_folder
from mapgap.cli.signals import end_on_signals
from tests.test_folder import KNOWN, version

def files():
    yield version("new")[0]
    print("writing", flush=True)
    for _ in range(600):
        time.sleep(0.1)

end_on_signals()
write_folder(sys.argv[1], files(), known=KNOWN)
"""


@pytest.mark.parametrize(
    ("number", "exit_code", "left"), [(signal.SIGINT, 130, 0), (signal.SIGTERM, 143, 0), (signal.SIGKILL, -9, 1)]
)
@pytest.mark.parametrize("is_there", [False, True])
def test_killed_while_writing(tmp_path: Path, number: int, exit_code: int, left: int, is_there: bool) -> None:
    """Only SIGKILL leaves the unfinished folder beside it, and the next run does not mind."""
    output = tmp_path / "parent" / "out"
    if is_there:
        write(output, "old")
    process = _python(SLOW, output)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    process.send_signal(number)
    process.communicate(timeout=SECONDS)
    assert process.returncode == exit_code
    assert output.exists() == is_there
    if is_there:
        assert tag_of(output) == "old"
    beside = list(tmp_path.glob("parent/.mapgap-*.partial"))
    assert len(beside) == left
    if not is_there and not left:
        assert os.listdir(tmp_path) == []
    assert tag_of(write(output, "next")) == "next"


def _python(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(os.fspath, arguments)],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
