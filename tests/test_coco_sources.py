"""Files: gzip by content, byte order marks, hashes, names; broken and missing ones end in a sentence."""

import gzip
import hashlib
import json
import os
from pathlib import Path

import pytest

from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.errors import AccessError, InputError

DATASET = {
    "images": [{"id": 1, "file_name": "é.jpg"}],
    "categories": [{"id": 1, "name": "cat"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}],
}
TEXT = json.dumps(DATASET, ensure_ascii=False).encode()


def test_plain_file_as_path_and_text(tmp_path: Path) -> None:
    path = tmp_path / "gt.json"
    path.write_bytes(TEXT)
    for source in (path, str(path)):
        table = read_ground_truth(source)
        assert table.name == "gt.json"
        assert table.sha256 == hashlib.sha256(TEXT).hexdigest()
        assert table.images.file_names == ("é.jpg",)
    assert read_ground_truth(path, name="mine").name == "mine"
    assert read_ground_truth(DATASET, name="mine").name == "mine"


@pytest.mark.parametrize("file_name", ["gt.json.gz", "gt.json", "gt"])
def test_gzip_is_recognised_by_content(tmp_path: Path, file_name: str) -> None:
    packed = gzip.compress(TEXT)
    path = tmp_path / file_name
    path.write_bytes(packed)
    table = read_ground_truth(path)
    assert table.ids.tolist() == [1]
    assert table.name == file_name
    assert table.sha256 == hashlib.sha256(packed).hexdigest()
    plain = tmp_path / "plain.gz"
    plain.write_bytes(TEXT)
    assert read_ground_truth(plain).ids.tolist() == [1]


def test_byte_order_mark_and_white_space(tmp_path: Path) -> None:
    path = tmp_path / "gt.json"
    path.write_bytes(b"\xef\xbb\xbf" + b" \r\n\t" * 2000 + TEXT + b"\n\n")
    assert read_ground_truth(path).ids.tolist() == [1]
    detections = tmp_path / "dt.json"
    detections.write_bytes(b"\xef\xbb\xbf\n [] ")
    assert read_detections(detections, read_ground_truth(path)).box.shape == (0, 4)


def refusal(path: Path, text: bytes, *, detections: bool = False) -> InputError:
    path.write_bytes(text)
    ground_truth = read_ground_truth(DATASET)
    with pytest.raises(InputError) as caught:
        read_detections(path, ground_truth) if detections else read_ground_truth(path)
    assert caught.value.file == path.name
    assert caught.value.fix
    return caught.value


@pytest.mark.parametrize("detections", [False, True])
@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b'{"annotations": [', "the JSON ends too early, at byte 17"),
        (b'{"annotations": [}', "invalid JSON at byte 17"),
        (b'{"annotations": [{"score": NaN}]}', "invalid JSON at byte 27: NaN is not a number JSON knows"),
        (b'{"annotations": [{"score": Infinity}]}', "byte 27: Infinity is not a number"),
        (b'{"annotations": [{"score": -Infinity}]}', "byte 28: -Infinity is not a number"),
        (b'\xef\xbb\xbf{"annotations": [NaN]}', "byte 20: NaN is not a number"),
        (b'{"annotations": []} x', "invalid JSON at byte 20: trailing characters"),
        (b'{"a": "\xff"}', "no UTF-8 at byte 7"),
        ('{"a": 1}'.encode("utf-16"), "the file is UTF-16"),
        (b'{"a":' + b"[" * 100_000, "nested too deeply"),
        (b"\x1f\x8bnot gzip", "invalid gzip"),
        (gzip.compress(TEXT, mtime=0)[:-9], "invalid gzip"),
        (b"42", "not an object"),
        (b'"text"', "not an object"),
        (b"nonsense", "invalid JSON at byte"),
    ],
)
def test_broken_files(tmp_path: Path, text: bytes, what: str, detections: bool) -> None:
    error = refusal(tmp_path / "broken.json", text, detections=detections)
    if detections:
        what = what.replace("not an object", "neither a list nor an object")
    assert what in error.what


def test_broken_list_of_detections_has_its_offset(tmp_path: Path) -> None:
    record = b'{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": '
    assert "byte 66: NaN" in refusal(tmp_path / "d.json", b"[" + record + b"NaN}]", detections=True).what
    assert "ends too early, at byte 70" in refusal(tmp_path / "d.json", b"[" + record + b"0.5}", detections=True).what
    packed = gzip.compress(b"[" + record + b"NaN}]")
    assert "byte 66 of the unpacked text: NaN" in refusal(tmp_path / "d.json", packed, detections=True).what


def test_numbers_and_text_that_json_has_but_nothing_can_hold(tmp_path: Path) -> None:
    path = tmp_path / "gt.json"
    huge = TEXT.replace(b'"area": 12', b'"area": 1e999')
    assert refusal(path, huge).where == "annotations[0] (id 1), field 'area'"
    half = TEXT.replace(b'"cat"', rb'"\ud800"')
    assert "half of a surrogate pair" in refusal(path, half).what
    field = TEXT.replace(b'"area": 12', b'"level": 1e999')
    assert refusal(path, field).where == "annotations[0], field 'level'"
    identifier = TEXT.replace(b'"annotations": [{"id": 1', b'"annotations": [{"id": 1' + b"0" * 5000)
    assert refusal(path, identifier).where == "annotations[0], field 'id'"


def test_unreadable_files(tmp_path: Path) -> None:
    for source in (tmp_path / "missing.json", tmp_path, str(tmp_path / "a\0b"), tmp_path / ("x" * 5000)):
        with pytest.raises(AccessError) as caught:
            read_ground_truth(source)
        assert caught.value.exit_code == 3
        assert str(tmp_path) in str(caught.value)
        with pytest.raises(AccessError):
            read_detections(source, read_ground_truth(DATASET))
    if os.getuid() != 0:
        locked = tmp_path / "locked.json"
        locked.write_bytes(TEXT)
        locked.chmod(0)
        with pytest.raises(AccessError, match="Permission denied"):
            read_ground_truth(locked)
