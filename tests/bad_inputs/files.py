"""Files that are no JSON, or not all of it."""

import json
import pickle
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

from tests.bad_inputs.pair import Pair, json_bytes, packed, refused, sound_pair

POINTER = (
    b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b\nsize 12345\n"
)
PAGE = b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body>Not found</body></html>\n"
NO_JSON = {
    "lfs_pointer": (POINTER, "Git LFS pointer"),
    "web_page": (PAGE, "HTML"),
    "xml": (b'<?xml version="1.0"?>\n<annotation><object/></annotation>\n', "XML"),
    "zip": (b"", "zip"),
    "picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", "PNG"),
    "pickle": (pickle.dumps([{"score": 0.5}]), "pickle"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 40, "HDF5"),
    "parquet": (b"PAR1\x15\x04\x15\x10\x15\x14L\x15\x02PAR1", "Parquet"),
}
GRAMMAR = {
    "trailing_comma": b'[{"image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], "score": 0.5},]',
    "single_quotes": b"[{'image_id': 1}]",
    "comment": b'// detections\n[{"image_id": 1}]',
    "python_words": b'[{"image_id": None}]',
    "undefined": b'[{"image_id": undefined}]',
    "unquoted_name": b"[{image_id: 1}]",
    "two_documents": b"[] []",
    "trailing_garbage": b"[]\nEpoch 12 done\n",
    "nul_behind": b"[]\0\0\0",
    "csv": b"image_id,category_id,x,y,w,h,score\n1,1,10,10,20,20,0.5\n",
    "plus_sign": b'[{"image_id": +1}]',
    "leading_zero": b'[{"image_id": 01}]',
    "half_a_number": b'[{"image_id": 1.}]',
    "hex": b'[{"image_id": 0x1}]',
    "raw_newline_in_text": b'[{"name": "a\nb"}]',
    "bad_escape": b'[{"name": "a\\qb"}]',
    "lone_bracket": b"]",
}
TRUNCATED_PARTS = (1, 40, 100, 0.3, 0.5, 0.7, 0.9, -1)


def bad_files() -> Iterator[Pair]:
    """Everything whose bytes are not the text of one JSON value."""
    truth, results = map(json_bytes, sound_pair())
    for name, empty in {"empty": b"", "white_space": b" \n\t ", "only_bom": b"\xef\xbb\xbf"}.items():
        yield refused(f"{name}_ground_truth", "empty_file", "gt.json", "empty", gt=empty)
        yield refused(f"{name}_detections", "empty_file", "dt.json", "empty", dt=empty)
    for name, (content, words) in NO_JSON.items():
        content = content or _zip(truth)
        yield refused(f"{name}_as_ground_truth", "not_json", "gt.json", words, gt=content)
        yield refused(f"{name}_as_detections", "not_json", "dt.json", words, dt=content)
    for name, content in GRAMMAR.items():
        yield refused(name, "invalid_json", "dt.json", "byte", dt=content)
    yield refused("jsonl", "invalid_json", "byte", dt=b"\n".join(map(json_bytes, sound_pair()[1])))
    yield from _truncated(truth, results)
    yield from _encoded(truth)
    yield from _packed(truth, results)
    yield from _nested(truth)
    yield refused(
        "longer_than_asked", "input_too_large", "dt.json", "--max-input-bytes", dt=results + b" " * 5000,
        max_input_bytes="5000",
    )  # fmt: skip
    yield refused(
        "unpacks_to_more_than_asked", "input_too_large", "unpacks", dt=packed(results + b" " * 5000),
        max_input_bytes="5000",
    )  # fmt: skip


def _truncated(truth: bytes, results: bytes) -> Iterator[Pair]:
    for part in TRUNCATED_PARTS:
        for file, content in (("gt", truth), ("dt", results)):
            end = part if isinstance(part, int) else int(part * len(content))
            content = content[:end]
            words = (f"{file}.json", f"byte {len(content)}")
            yield refused(f"truncated_{file}_{part}", "truncated_json", *words, **{file: content})  # type: ignore[arg-type]


def _encoded(truth: bytes) -> Iterator[Pair]:
    text = truth.decode().replace('"cat"', '"café"')
    words = {"utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-32": "UTF-32", "latin-1": "no UTF-8 at byte"}
    for encoding, word in words.items():
        yield refused(encoding.replace("-", ""), "not_utf8", "gt.json", word, gt=text.encode(encoding))
    start = truth.index(b'"cat"') + 1
    yield refused("half_a_character", "not_utf8", f"byte {start}", gt=truth.replace(b'"cat"', b'"\xe2\x82"'))
    yield refused("surrogates_in_utf8", "not_utf8", f"byte {start}", gt=truth.replace(b'"cat"', b'"\xed\xa0\x80"'))


def _packed(truth: bytes, results: bytes) -> Iterator[Pair]:
    whole = packed(truth)
    broken = bytearray(whole)
    broken[-8] ^= 1
    for name, content in {
        "gzip_truncated": whole[: len(whole) // 2],
        "gzip_header_only": whole[:10],
        "gzip_checksum": bytes(broken),
        "gzip_garbage_behind": whole + b"garbage",
        "gzip_in_gzip": packed(whole),
        "gzip_magic_only": b"\x1f\x8b",
    }.items():
        yield refused(name, "invalid_gzip", "gt.json", "gzip", gt=content)
    yield refused("gzip_of_nothing", "empty_file", "gt.json", gt=packed(b""))
    yield refused("gzip_of_truncated", "truncated_json", "of the unpacked text", dt=packed(results[:200]))
    yield refused("gzip_of_text", "invalid_json", "of the unpacked text", dt=packed(b"hello"))
    yield refused("zlib_without_gzip", "not_json", "zlib", dt=zlib.compress(results))


def _nested(truth: bytes) -> Iterator[Pair]:
    deep = b"[" * 100_000 + b"]" * 100_000
    yield refused("nested_deeply", "nested_too_deeply", "dt.json", dt=deep)
    yield refused("nested_objects", "nested_too_deeply", "dt.json", dt=b'{"a":' * 100_000 + b"1" + b"}" * 100_000)
    yield refused("nested_in_a_field", "nested_too_deeply", "gt.json", gt=truth.replace(b'"cat"', deep))
    yield refused("nested_in_other_field", "nested_too_deeply", gt=truth[:-1] + b', "info": ' + deep + b"}")
    yield refused("open_brackets", ("nested_too_deeply"), "dt.json", dt=b"[" * 100_000)


def _zip(content: bytes) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo("gt.json"), json.dumps(json.loads(content)))
    return stream.getvalue()
