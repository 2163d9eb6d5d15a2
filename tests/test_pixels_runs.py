"""Looking at many pictures: cache, processes, how they end, and what an analysis makes of it."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import mapgap
from mapgap.analysis.stages import STAGES
from mapgap.cli.progress import StageProgress
from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.demo import demo_files, make_demo
from mapgap.pictures.messages import FailedElsewhereError
from mapgap.pixels import looking, workers
from mapgap.pixels.attributes import BINS, NAMES, pixel_attributes
from mapgap.pixels.cache import Cache, cache_file
from mapgap.pixels.looks import Look, Request
from mapgap.pixels.measuring import Measurements, measure_pictures
from mapgap.tables import GroundTruth
from tests.command import MAPGAP, PATIENCE_SECONDS, complaint
from tests.command import mapgap as run_mapgap
from tests.pictures import encoded, noisy, scene, truth_of, write

MANY = 2 * workers.PICTURES_WORTH_A_PROCESS + 5
BOXES = [[40, 40, 80, 60], [10, 20, 30, 30]]


@pytest.fixture(autouse=True)
def cache_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    return home


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MANY pictures that all differ, with a bad one among them."""
    contents = {f"{i}.png": encoded(noisy(scene(96, 64, seed=i), 2, seed=i)) for i in range(MANY)}
    contents["77.png"] = contents["77.png"][:300]
    return write(tmp_path_factory.mktemp("pictures"), contents)


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Grows by one with every picture that is decoded in this process."""
    made: list[float] = []
    decode = looking.decode

    def counting(content: bytes, width: float, height: float):  # type: ignore[no-untyped-def]
        made.append(width)
        return decode(content, width, height)

    monkeypatch.setattr(looking, "decode", counting)
    return made


def truth(count: int = MANY) -> GroundTruth:
    return truth_of([f"{i}.png" for i in range(count)], dict.fromkeys(range(count), BOXES), size=(96, 64))


def same(one: Measurements, other: Measurements) -> bool:
    arrays = ((getattr(m, name).tobytes() for name in ("image", "object", "jpeg_quality")) for m in (one, other))
    return all(a == b for a, b in zip(*arrays, strict=True)) and one.notices == other.notices


def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")


def children_of(parent: int) -> set[int]:
    """The running children of a process."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # one that has just ended
            state, its_parent = (process / "stat").read_text().rpartition(") ")[2].split()[:2]
            if int(its_parent) == parent and state != "Z":
                found.add(int(process.name))
    return found


def test_the_number_of_processes_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_cache(monkeypatch)
    alone = measure_pictures(truth(), folder, jobs=1)
    assert [(notice.code, notice.count) for notice in alone.notices] == [("pictures_unreadable", 1)]
    assert np.isnan(alone.image[:, 0]).sum() == 1
    threads = threading.active_count()
    for jobs in (2, 3, 0):
        assert same(measure_pictures(truth(), folder, jobs=jobs), alone)
    assert threading.active_count() == threads


def test_counts_rise_to_the_number_of_pictures(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    for jobs in (1, 2):
        told.clear()
        measure_pictures(truth(), folder, jobs=jobs, count=lambda done, of: told.append((done, of)))
        assert told == [(done, MANY) for done in range(1, MANY + 1)]


def test_a_second_run_decodes_nothing_that_could_be_read(folder: Path, decodes: list[float]) -> None:
    first = measure_pictures(truth(), folder, jobs=1)
    assert len(decodes) == MANY
    decodes.clear()
    assert same(measure_pictures(truth(), folder, jobs=1), first)
    assert len(decodes) == 1  # the one that cannot be read
    assert same(measure_pictures(truth(), folder, jobs=2), first)


def test_processes_fill_the_cache_and_use_it(folder: Path, decodes: list[float], cache_home: Path) -> None:
    first = measure_pictures(truth(), folder, jobs=2)
    assert same(measure_pictures(truth(), folder, jobs=1), first)
    assert len(decodes) == 1
    # That the processes of their own look there is seen by what they bring back.
    (file,) = (cache_home / "mapgap").iterdir()
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        assert connection.execute("SELECT count(*) FROM looks").fetchone() == (MANY - 1,)
        (some,) = connection.execute("SELECT numbers FROM looks LIMIT 1").fetchone()
        connection.execute("UPDATE looks SET numbers = ?", (some,))
    again = measure_pictures(truth(), folder, jobs=2)
    assert len(np.unique(again.image[~np.isnan(again.image[:, 0]), 0])) == 1


def test_the_content_decides_and_neither_name_nor_time(tmp_path: Path, decodes: list[float]) -> None:
    content = encoded(scene(96, 64))
    write(tmp_path, {"a.png": content})
    boxes = {0: BOXES}
    measure_pictures(truth_of(["a.png"], boxes, size=(96, 64)), tmp_path)
    (tmp_path / "a.png").rename(tmp_path / "b.png")
    os.utime(tmp_path / "b.png", (0, 0))
    measure_pictures(truth_of(["b.png"], boxes, size=(96, 64)), tmp_path)
    assert len(decodes) == 1
    measure_pictures(truth_of(["b.png"], {0: BOXES[:1]}, size=(96, 64)), tmp_path)
    assert len(decodes) == 2
    (tmp_path / "b.png").write_bytes(encoded(scene(96, 64, seed=1)))
    measure_pictures(truth_of(["b.png"], boxes, size=(96, 64)), tmp_path)
    assert len(decodes) == 3


def test_another_version_measures_anew(folder: Path, decodes: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    measure_pictures(truth(3), folder)
    monkeypatch.setattr(looking, "_versions", lambda: b"of another time")
    measure_pictures(truth(3), folder)
    assert len(decodes) == 6


def _read_only(home: Path) -> None:
    (home / "mapgap").mkdir()
    (home / "mapgap").chmod(0o500)


def _a_file(home: Path) -> None:
    (home / "mapgap").touch()


def _a_folder_in_its_place(home: Path) -> None:
    (home / "mapgap" / "pixels-1.sqlite").mkdir(parents=True)


@pytest.mark.parametrize("spoil", [_read_only, _a_file, _a_folder_in_its_place])
def test_without_a_cache_everything_is_measured(
    folder: Path, cache_home: Path, decodes: list[float], spoil: Callable[[Path], None]
) -> None:
    spoil(cache_home)
    first = measure_pictures(truth(5), folder)
    assert same(measure_pictures(truth(5), folder), first)
    is_root = os.geteuid() == 0  # whom permissions do not stop
    assert len(decodes) == (5 if spoil is _read_only and is_root else 10)
    if spoil is _read_only:
        (cache_home / "mapgap").chmod(0o700)


@pytest.mark.parametrize("spoil", [_a_file, _a_folder_in_its_place, None])
def test_the_command_says_when_nothing_is_kept(
    folder: Path, cache_home: Path, tmp_path: Path, spoil: Callable[[Path], None] | None
) -> None:
    if spoil:
        spoil(cache_home)
    (tmp_path / "gt.json").write_text('{"images": [], "annotations": [], "categories": []}')
    (tmp_path / "dt.json").write_text("[]")
    done = run_mapgap("slices", "gt.json", "dt.json", "--images", folder, "--json", cwd=tmp_path)
    assert done.returncode == 0
    said = [line for line in done.stderr.splitlines() if "pictures_not_kept" in line]
    assert len(said) == (1 if spoil else 0)
    assert all("Set XDG_CACHE_HOME to a folder of yours" in line for line in said)


def test_a_spoilt_cache_is_replaced(folder: Path, cache_home: Path, decodes: list[float]) -> None:
    (cache_home / "mapgap").mkdir()
    (cache_home / "mapgap" / "pixels-1.sqlite").write_bytes(b"this is no database" * 500)
    first = measure_pictures(truth(5), folder)
    assert same(measure_pictures(truth(5), folder), first)
    assert len(decodes) == 5


def test_numbers_of_another_length_are_measured_anew(folder: Path, cache_home: Path, decodes: list[float]) -> None:
    first = measure_pictures(truth(5), folder)
    with contextlib.closing(sqlite3.connect(cache_home / "mapgap" / "pixels-1.sqlite")) as connection, connection:
        connection.execute("UPDATE looks SET numbers = x'0a00'")
    assert same(measure_pictures(truth(5), folder), first)
    assert len(decodes) == 10


def test_a_cache_that_somebody_holds_is_done_without(
    folder: Path, cache_home: Path, decodes: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = measure_pictures(truth(5), folder)
    monkeypatch.setattr("mapgap.pixels.cache.SECONDS_TO_WAIT", 0.05)
    with contextlib.closing(sqlite3.connect(cache_home / "mapgap" / "pixels-1.sqlite")) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert same(measure_pictures(truth(5), folder), first)
    assert len(decodes) == 10


def test_two_runs_at_once_share_a_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Measurements] = []
    runs = [threading.Thread(target=lambda: found.append(measure_pictures(truth(), folder, jobs=2))) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    no_cache(monkeypatch)
    expected = measure_pictures(truth(), folder, jobs=1)
    assert all(same(one, expected) for one in found)
    assert len(found) == 2


def test_where_the_cache_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for asked in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", asked)
        assert cache_file() == tmp_path / ".cache" / "mapgap" / "pixels-1.sqlite"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_file() == tmp_path / "x" / "mapgap" / "pixels-1.sqlite"


def test_a_cache_that_is_none_keeps_nothing() -> None:
    with Cache(None) as cache:
        cache.keep([(b"key", b"numbers")])
        assert cache.get(b"key") is None


CRASHING = """
import json, os, sys
sys.path[:] = json.loads(sys.stdin.buffer.readline())
from mapgap.pixels import looking, worker
look_at = looking.look_at
def crashing(folder, request, kept):
    if request.file_name in ("3.png", "70.png"):
        os.abort()
    return look_at(folder, request, kept)
worker.look_at = crashing
worker.work()
"""


def test_a_picture_that_kills_its_decoder_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_cache(monkeypatch)
    expected = measure_pictures(truth(), folder, jobs=1)
    monkeypatch.setattr(workers, "PROGRAM", CRASHING)
    found = measure_pictures(truth(), folder, jobs=2)
    (notice,) = found.notices
    assert (notice.code, notice.count) == ("pictures_unreadable", 3)
    assert notice.examples[:2] == ("3.png: its decoder crashed", "70.png: its decoder crashed")
    others = [i for i in range(MANY) if i not in (3, 70)]
    np.testing.assert_array_equal(found.image[others], expected.image[others])
    assert np.isnan(found.image[[3, 70]]).all()


@pytest.mark.parametrize("program", ["raise SystemExit(1)", "print('hello', flush=True)"])
def test_where_no_process_starts_the_threads_do_the_work(
    folder: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_cache(monkeypatch)
    expected = measure_pictures(truth(), folder, jobs=1)
    monkeypatch.setattr(workers, "PROGRAM", program)
    assert same(measure_pictures(truth(), folder, jobs=2), expected)


BUGGY = """
import json, sys
sys.path[:] = json.loads(sys.stdin.buffer.readline())
from mapgap.pixels import worker
def look_at(folder, request, kept):
    raise ZeroDivisionError("ours")
worker.look_at = look_at
worker.work()
"""


def test_a_bug_in_a_process_comes_up_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PROGRAM", BUGGY)
    with pytest.raises(FailedElsewhereError, match="ZeroDivisionError: ours"):
        measure_pictures(truth(), folder, jobs=2)


def test_a_bug_in_a_thread_comes_up_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: Path, request: Request, kept: object) -> tuple[Look, None]:
        raise ZeroDivisionError

    monkeypatch.setattr(workers, "PROGRAM", "")  # no process starts
    monkeypatch.setattr(workers, "look_at", broken)
    with pytest.raises(ZeroDivisionError):
        measure_pictures(truth(), folder, jobs=2)


def test_whoever_stops_reading_stops_the_processes(folder: Path) -> None:
    class Enough(Exception):  # noqa: N818
        pass

    def enough(done: int, of: int) -> None:
        raise Enough

    before = children_of(os.getpid()), threading.active_count()
    with pytest.raises(Enough):
        measure_pictures(truth(), folder, jobs=2, count=enough)
    assert (children_of(os.getpid()), threading.active_count()) == before


def test_a_script_without_a_main_guard_works(folder: Path, tmp_path: Path) -> None:
    """What multiprocessing would run again in every process."""
    script = (
        "print('once')\n"
        "from mapgap.pixels.measuring import measure_pictures\n"
        "from tests.test_pixels_runs import truth\n"
        f"print(measure_pictures(truth(), {str(folder)!r}, jobs=2).image.shape)\n"
    )
    (tmp_path / "script.py").write_text(script)
    root = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env={**os.environ, "PYTHONPATH": root},
        cwd=tmp_path,
    )
    assert (done.stdout, done.stderr) == (f"once\n({MANY}, 5)\n", "")


@pytest.fixture(scope="module")
def slow_pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """gt.json, dt.json and 400 names of one picture that takes its time."""
    place = tmp_path_factory.mktemp("slow")
    write(place, {"images/0.png": encoded(noisy(scene(3000, 2000), 20))})
    for name in range(1, 400):
        (place / "images" / f"{name}.png").hardlink_to(place / "images" / "0.png")
    images = [{"id": i, "file_name": f"{i}.png", "width": 3000, "height": 2000} for i in range(400)]
    annotations = [
        {"id": i + 1, "image_id": i, "category_id": 1, "bbox": [i, 0, 50, 50], "area": 2500, "iscrowd": 0}
        for i in range(400)
    ]
    categories = [{"id": 1, "name": "a"}]
    (place / "gt.json").write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    (place / "dt.json").write_text("[]")
    return place


def _is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


def _until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_signals_leave_no_orphan_and_no_folder(slow_pair: Path, tmp_path: Path, number: int, code: int) -> None:
    """The signal reaches the whole group, as Ctrl-C does; SIGKILL only the parent."""
    command = [*MAPGAP, "report", slow_pair / "gt.json", slow_pair / "dt.json", "--images", slow_pair / "images"]
    process = subprocess.Popen(
        [*command, "--jobs", "2", "-o", "out"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    _until(lambda: len(children_of(process.pid)) == 2 or process.poll() is not None)
    running = children_of(process.pid)
    assert len(running) == 2
    time.sleep(0.5)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == code
    assert output == ""
    if number != signal.SIGKILL:
        assert errors in ("mapgap: interrupted\n", "mapgap: terminated\n")
    _until(lambda: not any(_is_running(one) for one in running))
    assert os.listdir(tmp_path) == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demo")
    return write(place, dict(demo_files(make_demo(images=120))))


def test_an_analysis_has_the_attributes(demo: Path) -> None:
    stages: list[str] = []
    analysis = mapgap.analyze(
        demo / "gt.json", demo / "detections.json", images=demo / "images", progress=stages.append
    )
    assert stages == list(STAGES)
    names = [attribute.name for attribute in analysis.results.attributes]
    assert names == sorted(names)
    assert NAMES - {"jpeg_quality"} <= set(names)  # the demo draws PNG
    assert "jpeg_quality" not in names
    records = analysis.slices(by="image_brightness")
    assert records["objects"].sum() == analysis.count_objects()
    night = analysis.count_objects("time_of_day == 'night'")
    assert analysis.count_objects("time_of_day == 'night' and image_brightness == 'dark'") > 0.9 * night
    assert analysis.count_objects("time_of_day == 'day' and image_brightness == 'dark'") == 0
    assert analysis.count_objects("brightness < 0.3") == analysis.count_objects("brightness == 'dark'")
    background = analysis.slices(by="local_contrast")
    assert {"local_contrast": "n/a (background)"} in background["where"].tolist()
    assert {"image_noise": "n/a (background)"} not in analysis.slices(by="image_noise")["where"].tolist()


def test_other_edges_for_a_measure(demo: Path) -> None:
    bins = {"image_brightness": [0.2, 0.4], "brightness": [0.3]}
    analysis = mapgap.analyze(demo / "gt.json", demo / "detections.json", images=demo / "images", bins=bins)
    values = {attribute.name: attribute.values for attribute in analysis.results.attributes}
    assert values["image_brightness"] == ("< 0.2", "0.2 to 0.4", ">= 0.4")
    assert values["brightness"] == ("< 0.3", ">= 0.3", "n/a (background)")
    rows = analysis.slices(by="image_brightness")
    assert rows["objects"].sum() == analysis.count_objects()
    assert rows["fp"].sum() == analysis.summary["operating_point"]["fp"]


def test_without_pictures_nothing_changes(demo: Path) -> None:
    stages: list[str] = []
    analysis = mapgap.analyze(demo / "gt.json", demo / "detections.json", progress=stages.append)
    assert stages == [stage for stage in STAGES if stage != "pixels"]
    assert not NAMES & {attribute.name for attribute in analysis.results.attributes}


def test_built_in_names_win(folder: Path) -> None:
    truth_json = {
        "images": [{"id": i, "file_name": f"{i}.png", "width": 96, "height": 64, "noise": "loud"} for i in range(2)],
        "annotations": [
            {"id": i + 1, "image_id": i, "category_id": 1, "bbox": [9, 9, 30, 30], "area": 900, "iscrowd": 0,
             "attributes": {"brightness": "dim"}}
            for i in range(2)
        ],
        "categories": [{"id": 1, "name": "a"}],
    }  # fmt: skip
    values = {
        attribute.name: attribute.values
        for attribute in mapgap.analyze(truth_json, [], images=folder).results.attributes
    }
    assert values["annotation.brightness"] == ("dim", "n/a (background)")
    assert values["brightness"] == ("dark", "normal", "bright", "n/a (background)")
    assert values["image.noise"] == ("loud",)
    assert values["noise"][:3] == ("low", "normal", "high")
    plain = {attribute.name for attribute in mapgap.analyze(truth_json, []).results.attributes}
    assert {"brightness", "noise"} <= plain
    assert "annotation.brightness" not in plain


def test_background_has_what_its_image_has(tmp_path: Path) -> None:
    dark, bright = scene().point(lambda tone: tone // 5), scene().point(lambda tone: 255 - tone // 5)
    write(tmp_path, {"0.png": encoded(dark), "1.png": encoded(bright)})
    truth = truth_of(["0.png", "1.png", "2.png"], {0: [[40, 40, 80, 60]]})
    records = [{"image_id": i, "category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.5} for i in range(3)]
    detections = read_detections(records, truth)
    measurements = measure_pictures(truth, tmp_path)
    found = {attribute.name: attribute for attribute in pixel_attributes(measurements, truth, detections)}
    image, own = found["image_brightness"], found["brightness"]
    assert [image.values[code] for code in image.detection_codes] == ["dark", "bright", "n/a"]
    assert image.detection_numbers is not None
    np.testing.assert_array_equal(image.detection_numbers, measurements.image[:, 0])
    assert [own.values[code] for code in own.detection_codes] == ["n/a (background)"] * 3
    assert (image.kind, own.kind) == ("image", "object")
    assert own.numbers is not None
    assert own.edges == BINS["brightness"].edges


def test_crowds_are_not_measured_and_have_codes(tmp_path: Path) -> None:
    write(tmp_path, {"0.png": encoded(scene())})
    truth = truth_of(["0.png", "gone.png"], {0: [[40, 40, 80, 60]]})
    crowd = truth_of(["0.png", "gone.png"], {1: [[40, 40, 80, 60]]}, iscrowd=1)
    both = read_ground_truth(_joined(truth, crowd))
    found = pixel_attributes(measure_pictures(both, tmp_path), both, read_detections([], both))
    for attribute in found:
        assert "n/a" not in attribute.values
        assert (attribute.object_codes < len(attribute.values)).all()


def _joined(*truths: GroundTruth) -> dict[str, object]:
    first = truths[0]
    images = [
        {"id": int(i), "file_name": name, "width": 320, "height": 240}
        for i, name in zip(first.images.ids, first.images.file_names, strict=True)
    ]
    rows = [(one, row) for one in truths for row in range(len(one.ids))]
    annotations = [
        {
            "id": number + 1,
            "image_id": int(one.images.ids[one.image[row]]),
            "category_id": 1,
            "bbox": one.box[row].tolist(),
            "area": float(one.area[row]),
            "iscrowd": int(one.crowd[row]),
        }
        for number, (one, row) in enumerate(rows)
    ]
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "thing"}]}


def test_nothing_at_all(tmp_path: Path) -> None:
    nothing = truth_of([])
    measurements = measure_pictures(nothing, tmp_path)
    assert measurements.image.shape == measurements.object.shape == (0, 5)
    assert pixel_attributes(measurements, nothing, read_detections([], nothing)) == ()
    missing = truth_of(["a.png"])
    measurements = measure_pictures(missing, tmp_path)
    assert pixel_attributes(measurements, missing, read_detections([], missing)) == ()


def test_the_command_line(demo: Path, tmp_path: Path) -> None:
    arguments = (
        "slices",
        demo / "gt.json",
        demo / "detections.json",
        "--images",
        demo / "images",
        "--by",
        "brightness",
    )
    done = run_mapgap(*arguments, cwd=tmp_path)
    assert done.returncode == 0
    assert 'brightness == "dark"' in done.stdout
    assert run_mapgap(*arguments, "--jobs", "1", cwd=tmp_path).stdout == done.stdout
    assert os.listdir(tmp_path) == []
    arguments = ("slices", demo / "gt.json", demo / "detections.json", "--images", "nowhere")
    assert complaint(run_mapgap(*arguments, cwd=tmp_path), 3).startswith(
        "nowhere: the folder of the pictures is not there"
    )


def test_missing_pictures_are_a_warning(demo: Path, tmp_path: Path) -> None:
    arguments = ("slices", demo / "gt.json", demo / "detections.json", "--images", tmp_path)
    done = run_mapgap(*arguments, cwd=tmp_path)
    assert done.returncode == 0
    assert "120 pictures are not in the folder" in done.stderr


def test_a_long_stage_shows_how_far_it_is() -> None:
    progress = StageProgress(["a", "pixels"])
    shown: list[tuple[float, str]] = []
    progress._update = lambda: shown.append((progress._position + progress._part, progress._stage))  # type: ignore[method-assign]
    progress("pixels")
    progress.count(1000, 4000)
    progress.count(4000, 4000)
    assert shown == [(1, "pixels"), (1.25, "pixels 1,000 of 4,000"), (2, "pixels 4,000 of 4,000")]


DARK = {308394, 199681, 406129, 515077, 223747, 151938, 519208, 300039, 520707, 5001}
"""The darkest ten of the 80 photographs, each looked at: night, dim rooms, black backdrops."""


@pytest.fixture(scope="module")
def photographs(real_data: Path) -> tuple[Path, mapgap.Analysis]:
    place = real_data / "coco_val2017_images"
    return place, mapgap.analyze(place / "gt.json", place / "yolov2_416.json", images=place / "images", jobs=1)


def test_the_darkest_photographs_are_found(photographs: tuple[Path, mapgap.Analysis]) -> None:
    place, _ = photographs
    truth = read_ground_truth(place / "gt.json")
    measurements = measure_pictures(truth, place / "images", jobs=2)
    assert measurements.notices == ()
    order = np.argsort(measurements.image[:, 0])
    assert set(truth.images.ids[order[:10]].tolist()) == DARK
    dark = (measurements.image[:, 0] < BINS["brightness"].edges[0]).sum()
    assert 10 <= dark <= 25
    assert not np.isnan(measurements.object[truth.is_object, :2]).any()
    assert np.nanmin(measurements.image[:, 2]) > BINS["sharpness"].edges[0]  # none of them is blurred all over


def test_dark_objects_are_missed_more_often(photographs: tuple[Path, mapgap.Analysis]) -> None:
    _, analysis = photographs
    rows = analysis.slices(by="brightness")
    recall = {where["brightness"]: value for where, value in zip(rows["where"], rows["recall"], strict=True)}
    assert recall["dark"] < recall["normal"]
    contrast = analysis.slices(by="local_contrast")
    of = {where["local_contrast"]: value for where, value in zip(contrast["where"], contrast["recall"], strict=True)}
    assert of["low"] < of["normal"] < of["high"]
