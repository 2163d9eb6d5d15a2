"""The scanner of the kernel on text: strings, white space, nesting, broken ends, lists of numbers that are skipped."""

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

from mapgap import _kernel
from tests.scan_checks import outcome, require_handed_over, table_differences
from tests.scan_corpus import unusual_texts, usual_texts

pytestmark = pytest.mark.kernel

ONE = np.array([1])
TRUTH, RESULTS = usual_texts()["ground_truth_tiny"], usual_texts()["detections_tiny"]
NAMED = TRUTH.replace(b'"id":1}],"ann', b'"id":1,"file_name":"%s"}],"ann')
SMALL = 512
"""Bytes of a window; a new one of the usual size takes longer than these texts."""


def scan_truth(text: bytes) -> _kernel.ScannedGroundTruth | None:
    return _kernel.scan_ground_truth(text, -1, True, SMALL)


def scan_results(text: bytes) -> _kernel.ScannedDetections | None:
    return _kernel.scan_detections(text, -1, ONE, ONE, 1, SMALL)


def read_name(literal: bytes) -> str | None:
    """A string between its quotes, as the name of a file; None where it is not recognised."""
    scanned = scan_truth(NAMED.replace(b"%s", literal))
    return None if scanned is None else scanned.file_names[0]


# ---------------------------------------------------------------- strings


def test_every_byte_alone_and_behind_a_backslash() -> None:
    for number in range(256):
        byte = bytes([number])
        is_usual = 0x20 <= number < 0x80 and byte not in b'"\\'
        assert read_name(b"a" + byte + b"-") == (f"a{chr(number)}-" if is_usual else None)
        meaning = json.loads(b'"\\' + byte + b'"') if byte in b'"\\/bfnrt' else None
        assert read_name(b"\\" + byte) == meaning


def test_every_escaped_code() -> None:
    for code in range(0x10000):
        character = None if 0xD800 <= code < 0xE000 else chr(code)
        assert read_name(b"\\u%04x" % code) == character
        assert read_name(b"\\u%04X." % code) == (character and character + ".")


@pytest.mark.parametrize(
    "literal",
    [
        *(b"\\u", b"\\u1", b"\\u123", b"\\u123g", b"\\u 123", b"\\u+123", b"\\u-123", b"\\uD83D\\uDE00", b"\\ud83d"),
        *(b"\\udc00", b"\\ud83d\\u0041", b"\\U0041", b"\\x41", b"\\'", b"\\0", b"\n", b"\t", b"\x00", b"\x1f", b"\\\n"),
    ],
)
def test_strings_that_are_left_to_the_careful_reader(tmp_path: Path, literal: bytes) -> None:
    assert read_name(literal) is None
    require_handed_over(tmp_path / "text.json", NAMED.replace(b"%s", literal))
    require_handed_over(tmp_path / "text.json", TRUTH.replace(b'"id":1}]}', b'"id":1,"other":"%s"}]}' % literal))


def decoded(sequence: bytes) -> str | None:
    try:
        return sequence.decode()
    except UnicodeDecodeError:
        return None


def test_utf8_is_checked_as_python_does() -> None:
    borders = [0x7F, 0x80, 0x81, 0x8F, 0x90, 0x9F, 0xA0, 0xBE, 0xBF, 0xC0, 0xC2, 0xE0, 0xF0, 0xFF]
    leads = [*range(0xBF, 0xC4), 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF]
    sequences = [bytes(pair) for pair in itertools.product(range(0x80, 0x100), repeat=2)]
    for length in (1, 2, 3):
        sequences += [bytes(each) for each in itertools.product(leads, *[borders] * length)]
    for sequence in sequences:
        assert read_name(sequence) == decoded(sequence), sequence
        assert (scan_truth(TRUTH.replace(b'"id":1}]}', b'"id":1,"x":"%s"}]}' % sequence)) is None) == (
            decoded(sequence) is None
        ), sequence


def test_a_cut_character_does_not_take_the_quote() -> None:
    for cut in (b"\xc3", b"\xe4\xb8", b"\xf0\x9f\x98"):
        assert read_name(cut) is None


# ---------------------------------------------------------------- names


@pytest.mark.parametrize("name", ["images", "annotations", "id", "image_id", "category_id", "bbox", "area", "iscrowd"])
def test_escaped_and_doubled_names(tmp_path: Path, name: str) -> None:
    text = TRUTH.replace(b'"area":5', b'"area":5,"iscrowd":0')
    escaped = f'"\\u{ord(name[0]):04x}{name[1:]}"'.encode()
    quoted = f'"{name}"'.encode()
    require_handed_over(tmp_path / "text.json", text.replace(quoted, escaped))
    start = text.index(quoted)
    value_end = re.compile(rb'"\w+":(\[\{.*?\}\]|\[.*?\]|\d+)').match(text, start)
    assert value_end is not None
    require_handed_over(tmp_path / "text.json", text[:start] + value_end.group() + b"," + text[start:])


@pytest.mark.parametrize("name", [b"ID", b"id ", b" id", b"i", b"idx", b"", b"bbox2", b"Images", b"\xc3\xa9"])
def test_names_like_known_ones_are_others(name: bytes) -> None:
    assert scan_truth(TRUTH.replace(b'"area":5', b'"area":5,"%s":[]' % name)) is not None
    assert scan_truth(TRUTH.replace(b'"area"', b'"%s"' % name)) is None
    assert scan_results(RESULTS.replace(b'"score":0.5', b'"score":0.5,"%s":{"score":1}' % name)) is not None


# ---------------------------------------------------------------- white space, nesting, ends


def tokens(text: bytes) -> list[bytes]:
    return re.findall(rb'"[^"]*"|[-+.\w]+|[\[\]{},:]', text)


def columns(text: bytes) -> list[bytes] | None:
    scanned = scan_truth(text)
    return None if scanned is None else [scanned.ids.tobytes(), scanned.box.tobytes(), scanned.area.tobytes()]


@pytest.mark.parametrize("space", [b" ", b"\n", b"\r", b"\t", b"\r\n\t  " * 40])
def test_white_space_in_every_place(space: bytes) -> None:
    parts = tokens(TRUTH)
    assert b"".join(parts) == TRUTH
    for place in range(len(parts) + 1):
        text = b"".join(parts[:place]) + space + b"".join(parts[place:])
        assert columns(text) == columns(TRUTH), text
    assert columns(space.join([b"", *parts, b""])) == columns(TRUTH)
    assert scan_results(space.join([b"", *tokens(RESULTS), b""])) is not None


@pytest.mark.parametrize("space", [b"\x0b", b"\x0c", b"\x00", b"\xa0", b"\xc2\xa0", b"\xef\xbb\xbf", b"/**/", b";"])
def test_other_bytes_in_every_place(tmp_path: Path, space: bytes) -> None:
    parts = tokens(TRUTH)
    for place in range(len(parts) + 1):
        text = b"".join(parts[:place]) + space + b"".join(parts[place:])
        if place == 0 and space == b"\xef\xbb\xbf":
            assert columns(text) == columns(TRUTH)
        else:
            assert columns(text) is None, text
    require_handed_over(tmp_path / "text.json", space * 2 + TRUTH)
    require_handed_over(tmp_path / "text.json", TRUTH + space)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[1,{"a":', b"}]")])
def test_nesting(tmp_path: Path, opening: bytes, closing: bytes) -> None:
    """Sixteen levels are read, more are left to the careful reader, however many there are."""
    levels = 2 if opening.startswith(b"[1") else 1
    for place in (b'"area":5', b'"categories"'):
        for depth in (1, 15 // levels, 16 // levels, 17 // levels + 1, 40, 5000):
            nest = opening * depth + b"0" + closing * depth
            new = place + b',"x":' + nest if b":" in place else b'"x":' + nest + b"," + place
            text = TRUTH.replace(place, new)
            if depth * levels <= 16:
                assert columns(text) == columns(TRUTH)
            else:
                assert columns(text) is None
                if depth < 5000:
                    require_handed_over(tmp_path / "text.json", text)


@pytest.mark.parametrize("name", usual_texts())
def test_a_text_that_ends_too_early_anywhere(name: str) -> None:
    text = usual_texts()[name].rstrip()
    scan = scan_truth if name.startswith("ground_truth") else scan_results
    for length in range(len(text)):
        assert scan(text[:length]) is None, text[:length]


@pytest.mark.parametrize("tail", [b"x", b"]", b"}", b",", b"{}", b"null", b" \n\x00", b"\xef\xbb\xbf", b"\xff"])
def test_a_text_that_goes_on_behind_its_end(tmp_path: Path, tail: bytes) -> None:
    require_handed_over(tmp_path / "text.json", TRUTH + tail)
    assert scan_results(RESULTS + tail) is None
    assert scan_results(RESULTS + b"\n" * 2000 + tail) is None


def test_zero_bytes_in_every_place() -> None:
    """The end of a window is marked by zeros, and those of the text are not to be taken for it."""
    for text, scan in ((TRUTH, scan_truth), (RESULTS, scan_results)):
        for place in range(len(text) + 1):
            for count in (1, 64, 70, 600):
                assert scan(text[:place] + bytes(count) + text[place:]) is None
                assert scan(text[:place] + bytes(count) + text[place + count :]) is None


def test_every_byte_left_out_or_doubled(tmp_path: Path) -> None:
    path = tmp_path / "text.json"
    for place in range(len(TRUTH)):
        for text in (TRUTH[:place] + TRUTH[place + 1 :], TRUTH[: place + 1] + TRUTH[place:]):
            path.write_bytes(text)
            assert table_differences(outcome(path), outcome(path, carefully=True)) == []


@pytest.mark.parametrize("name", ["images", "annotations", "categories"])
@pytest.mark.parametrize("value", [b"[]", b"[ ]", b"{}", b"null", b"1", b'""', b"[null]", b"[1]", b"[{}]", b"[[]]"])
def test_lists_without_records(tmp_path: Path, name: str, value: bytes) -> None:
    content = json.loads(TRUTH) | {name: "@"}
    require_handed_over(tmp_path / "text.json", json.dumps(content).encode().replace(b'"@"', value))
    assert scan_results(value) is None


@pytest.mark.parametrize("name", list(unusual_texts()))
def test_threads_do_not_make_more_usual(name: str) -> None:
    text = unusual_texts()[name]
    for threads, window, stretch in ((1, 1, 0), (4, 0, 1), (7, 9, 1)):
        assert _kernel.scan_detections(text, -1, ONE, ONE, threads, window, stretch) is None
        assert _kernel.scan_ground_truth(text, -1, True, window) is None


def test_one_record_longer_than_many_windows() -> None:
    name = b"\xc3\xa9" * 1_000_000
    assert read_name(name) == name.decode()
    assert scan_results(RESULTS.replace(b"0.5", b'0.5,"more":[' + b"1," * 1_000_000 + b"1]")) is not None
    assert scan_results(RESULTS.replace(b"0.5", b"0.5" + b" " * 2_000_000)) is not None
