"""Inputs that are far larger than they look, or nested, or no files at all: words and an exit code, at once."""

import gzip
import json
import os
import resource
import stat
import subprocess
import sys
import threading
import time
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from mapgap import evaluate
from mapgap.attributes import build_attributes
from mapgap.coco import input_bytes
from mapgap.coco.detections import empty_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.coco.input_bytes import read_input, unpacked_bytes
from mapgap.coco.scanning import scan_ground_truth
from mapgap.coco.sources import read_json_text
from mapgap.errors import AccessError, InputError, ResourceError
from mapgap.readings import Reading

DATASET = {
    "images": [{"id": 1, "width": 100, "height": 100, "file_name": "a.jpg"}],
    "categories": [{"id": 1, "name": "cat"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40], "area": 1200, "iscrowd": 0}],
}
TEXT = json.dumps(DATASET).encode()
DETECTIONS = b'[{"image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40], "score": 0.5}]'
ENDLESS = 8 << 30
"""Bytes that a bomb of these tests unpacks to."""


def bomb() -> bytes:
    """Eight members, each of which unpacks to a gigabyte of blanks."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    blanks = b" " * (1 << 22)
    member = b"".join(packer.compress(blanks) for _ in range(1 << 5)) + packer.flush()
    return member * (ENDLESS >> 27)


@pytest.fixture(scope="module")
def packed_bomb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bomb") / "gt.json.gz"
    path.write_bytes(bomb())
    return path


def run(*arguments: object, memory: int | None = None, stdin: bytes = b"") -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of the command, which may take `memory` bytes of addresses."""

    def limit() -> None:
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    command = [sys.executable, "-m", "mapgap", *map(str, arguments)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # whose threads reserve addresses
    ended = subprocess.run(
        command, input=stdin, capture_output=True, timeout=60, check=False, preexec_fn=limit, env=environment
    )
    return ended.returncode, ended.stdout.decode(), ended.stderr.decode()


def test_members_join_and_padding_is_ignored() -> None:
    pieces = [TEXT[:50], b"", TEXT[50:]]
    assert unpacked_bytes(b"".join(map(gzip.compress, pieces)), "x") == TEXT
    assert unpacked_bytes(gzip.compress(TEXT) + bytes(5000) + gzip.compress(b" ") + bytes(3), "x") == TEXT + b" "
    large = os.urandom(3_000_000)
    assert unpacked_bytes(gzip.compress(large), "x") == large


@pytest.mark.parametrize(
    ("packed", "what"),
    [
        (gzip.compress(TEXT, mtime=0)[:-1], "it ends too early"),
        (gzip.compress(TEXT, mtime=0)[:12], "it ends too early"),
        (gzip.compress(TEXT, mtime=0) + gzip.compress(TEXT, mtime=0)[:5], "it ends too early"),
        (gzip.compress(TEXT, mtime=0) + b"rest", "something else begins at byte"),
        (gzip.compress(TEXT, mtime=0)[:-8] + bytes(8), "incorrect data check"),
        (gzip.compress(gzip.compress(TEXT, mtime=0), mtime=0), "gzip within gzip"),
        (b"\x1f\x8b" + bytes(30), "unknown compression method"),
    ],
)
def test_broken_gzip_is_told(packed: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        unpacked_bytes(packed, "gt.json")
    assert (caught.value.code, caught.value.file) == ("invalid_gzip", "gt.json")


def test_many_members_take_no_longer_than_one() -> None:
    started = time.process_time()
    assert unpacked_bytes(gzip.compress(b"") * 100_000, "x") == b""
    assert time.process_time() - started < 5


@pytest.mark.parametrize("is_packed", [False, True])
def test_the_limit_of_the_user_is_exact(tmp_path: Path, is_packed: bool) -> None:
    path = tmp_path / "gt.json"
    path.write_bytes(gzip.compress(TEXT) if is_packed else TEXT)
    assert read_json_text(path, None, max_input_bytes=len(TEXT)).text == TEXT
    assert scan_ground_truth(path, with_attributes=False, max_input_bytes=len(TEXT)) is not None
    assert scan_ground_truth(path, with_attributes=False, max_input_bytes=len(TEXT) - 1) is None
    with pytest.raises(InputError) as caught:
        read_json_text(path, None, max_input_bytes=len(TEXT) - 1)
    assert caught.value.code == "input_too_large"
    assert caught.value.what.startswith("it unpacks to more than" if is_packed else "the file has more than")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("annotation", [{}, {"category_id": 9}])
def test_reading_as_pycocotools_does_is_no_way_around_the_limit(tmp_path: Path, annotation: dict[str, object]) -> None:
    path, found = tmp_path / "gt.json", tmp_path / "dt.json"
    path.write_text(json.dumps({**DATASET, "annotations": [{**DATASET["annotations"][0], **annotation}]}))
    found.write_bytes(DETECTIONS + b" " * 10_000)
    with pytest.raises(InputError) as caught:
        evaluate(path, found, compat="pycocotools", reading=Reading(max_input_bytes=10_000))
    assert caught.value.tells("input_too_large")
    assert "AP" in evaluate(path, found, compat="pycocotools").metrics


def test_a_bomb_ends_at_the_limit_of_the_user(packed_bomb: Path) -> None:
    started = time.process_time()
    with pytest.raises(InputError) as caught:
        read_json_text(packed_bomb, None, max_input_bytes=10_000_000)
    assert str(caught.value) == (
        "gt.json.gz: it unpacks to more than the 10,000,000 bytes that an input may have. "
        "Give a larger --max-input-bytes if the file is meant to be so large"
    )
    assert time.process_time() - started < 2


def test_a_bomb_ends_where_the_memory_does(packed_bomb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_bytes, "free_memory", lambda: 100_000_000)
    for read in (lambda: read_ground_truth(packed_bomb), lambda: read_json_text(packed_bomb, None)):
        with pytest.raises(
            ResourceError, match=r"unpacks to more than 50,000,000 bytes.* half of the memory"
        ) as caught:
            read()
        assert caught.value.exit_code == 4


def test_a_command_survives_a_bomb(packed_bomb: Path, tmp_path: Path) -> None:
    (tmp_path / "dt.json").write_bytes(DETECTIONS)
    code, out, complaint = run("evaluate", packed_bomb, tmp_path / "dt.json", memory=1_000_000_000)
    assert (code, out) == (4, ""), complaint
    assert complaint.startswith("mapgap: gt.json.gz: it unpacks to more than ")
    assert complaint.count("\n") == 1


def test_free_memory_knows_the_limit_on_addresses() -> None:
    assert input_bytes.free_memory() > 0
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (300_000_000, 300_000_000));"
        "from mapgap.coco.input_bytes import free_memory; raise SystemExit(not 0 < free_memory() < 300_000_000)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/urandom"])
def test_devices_are_no_inputs(device: str) -> None:
    with pytest.raises(AccessError, match="is a device"):
        read_input(device, "x")


def test_the_null_device_is_an_empty_file() -> None:
    with pytest.raises(InputError, match="the file is empty"):
        read_ground_truth("/dev/null")


def test_pipes_are_read_once_and_within_the_limit(tmp_path: Path) -> None:
    def write(path: Path, content: bytes) -> None:
        with suppress(BrokenPipeError):
            path.write_bytes(content)

    path = tmp_path / "gt.json"
    os.mkfifo(path)
    for content, most in [(TEXT, None), (gzip.compress(TEXT), None), (bytes(5_000_000), 1000)]:
        writer = threading.Thread(target=write, args=(path, content))
        writer.start()
        if most is None:
            assert read_ground_truth(path).ids.tolist() == [1]
        else:
            with pytest.raises(InputError, match="more than the 1,000 bytes"):
                read_json_text(path, None, max_input_bytes=most)
        writer.join()
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_standard_input_is_an_input(tmp_path: Path) -> None:
    (tmp_path / "dt.json").write_bytes(DETECTIONS)
    code, out, complaint = run("evaluate", "/dev/stdin", tmp_path / "dt.json", stdin=TEXT)
    assert (code, complaint) == (0, "")
    assert out.startswith("AP ")


DEPTH = 1_000_000
CROWD = b'"iscrowd": 0'
BOMBS = {
    "open_brackets": (b'{"images":' + b"[" * DEPTH, "nested too deeply"),
    "closed_brackets": (b'{"images":' + b"[" * DEPTH + b"]" * DEPTH + b"}", "nested too deeply"),
    "objects": (b'{"a":' * DEPTH, "nested too deeply"),
    "attributes": (
        TEXT.replace(CROWD, CROWD + b', "attributes": {"a": ' + b"[" * DEPTH + b"]" * DEPTH + b"}"),
        "nested too deeply",
    ),
    "digits": (TEXT.replace(b"1200", b"9" * DEPTH), "is not a finite number"),
    "digits_of_id": (TEXT.replace(b'"image_id": 1', b'"image_id": ' + b"9" * DEPTH), "is not an integer"),
    "digits_of_attribute": (TEXT.replace(CROWD, CROWD + b', "level": ' + b"9" * DEPTH), "cannot be read"),
    "exponent": (TEXT.replace(b"1200", b"1e" + b"9" * DEPTH), "is not a finite number"),
    "blanks_before_rubbish": (b'{"images": [1]' + b" " * 20_000_000 + b"x", "invalid JSON"),
    "image_lists": (TEXT[:-1] + b', "images": []' * 100_000 + b"}", "is not the id of any image"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_no_dataset_ends_at_once(tmp_path: Path, name: str) -> None:
    content, what = BOMBS[name]
    path = tmp_path / "gt.json"
    path.write_bytes(content)
    started = time.process_time()
    with pytest.raises(InputError, match=what) as caught:
        read_ground_truth(path)
    assert time.process_time() - started < 5
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("more", [b", " + CROWD, b', "x": 1'])
def test_a_field_a_million_times_is_one_field(tmp_path: Path, more: bytes) -> None:
    path = tmp_path / "gt.json"
    path.write_bytes(TEXT.replace(CROWD, CROWD + more * 1_000_000))
    started = time.process_time()
    assert read_ground_truth(path).ids.tolist() == [1]
    assert time.process_time() - started < 5


def test_a_name_of_fifty_megabytes_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "gt.json"
    path.write_bytes(TEXT.replace(b'"cat"', b'"' + b"c" * 50_000_000 + b'"'))
    started = time.process_time()
    assert len(read_ground_truth(path).categories.names[0]) == 50_000_000
    assert time.process_time() - started < 5


@pytest.mark.parametrize("inside", [False, True])
def test_names_that_are_ids_take_no_room_for_every_record(tmp_path: Path, inside: bool) -> None:
    def record(number: int) -> dict[str, object]:
        named = {f"track {number}": 1}
        return {**DATASET["annotations"][0], "id": number, **({"attributes": named} if inside else named)}

    for number, is_refused in [(1000 - 8 * (not inside), False), (20_000, True)]:
        records = [record(place) for place in range(1, number + 1)]
        path = tmp_path / "gt.json"
        path.write_text(json.dumps({**DATASET, "annotations": records}))
        started = time.process_time()
        if not is_refused:
            assert scan_ground_truth(path, with_attributes=True) is not None
            assert read_ground_truth(path).notices == ()
            assert read_ground_truth(path, reading=Reading(lenient=True)).notices == ()
            continue
        with pytest.raises(InputError, match=r"annotations have 20,00\d different fields, more than 1,000") as caught:
            read_ground_truth(path)
        assert caught.value.code == "too_many_fields"
        table = read_ground_truth(path, reading=Reading(lenient=True))
        assert len(table.ids) == number
        assert (table.attributes, table.fields) == ({}, {})
        assert [notice.code for notice in table.notices] == ["too_many_fields"]
        assert time.process_time() - started < 10


def test_more_attributes_than_anyone_slices_by_are_told(tmp_path: Path) -> None:
    names = {f"a{place:03}": place % 2 for place in range(205)}
    dataset = {**DATASET, "annotations": [{**DATASET["annotations"][0], "attributes": names}]}
    ground_truth = read_ground_truth(dataset)
    attributes, notices = build_attributes(ground_truth, empty_detections(ground_truth))
    assert sum(attribute.name.startswith("a") and attribute.name[1:].isdigit() for attribute in attributes) == 200
    [notice] = notices
    assert (notice.code, notice.count, notice.examples) == ("attribute_left_out", 5, ("a200", "a201", "a202"))
