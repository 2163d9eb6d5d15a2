"""What a file is that is no JSON in UTF-8, as far as its first bytes tell."""

import codecs

GIVE_JSON = "Give a JSON file in COCO's format"
_ZIP = b"PK\x03\x04"
_UNPACK = "Unpack it, and give the JSON file that is in it"
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"version https://git-lfs", "a Git LFS pointer", "Fetch the file it stands for: git lfs pull"),
    (_ZIP, "a zip archive", _UNPACK),
    (b"PK\x05\x06", "an empty zip archive", GIVE_JSON),
    (b"\xfd7zXZ\0", "packed with xz", f"{_UNPACK}; of packed files gzip is read"),
    (b"BZh", "packed with bzip2", f"{_UNPACK}; of packed files gzip is read"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", f"{_UNPACK}; of packed files gzip is read"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"\x78\x9c", "packed with zlib", "Write it with gzip, or not packed"),
    (b"\x78\x01", "packed with zlib", "Write it with gzip, or not packed"),
    (b"\x78\xda", "packed with zlib", "Write it with gzip, or not packed"),
    (b"\x89PNG", "a PNG picture", GIVE_JSON),
    (b"\xff\xd8\xff", "a JPEG picture", GIVE_JSON),
    (b"%PDF", "a PDF document", GIVE_JSON),
    (b"PAR1", "a Parquet table", GIVE_JSON),
    (b"\x89HDF", "an HDF5 file", GIVE_JSON),
    (b"\x93NUMPY", "a NumPy array", "Load it in Python and give it to mapgap.evaluate"),
    (b"SQLite format 3", "an SQLite database", GIVE_JSON),
    (b"<?xml", "XML", "Convert it into COCO's format"),
)
_TORCH_MEMBER = b"/data.pkl"
_OPEN_NO_PICKLE = "A pickle can run code and is never opened"
_TORCH_FIX = (
    f"{_OPEN_NO_PICKLE}. Beside instances_predictions.pth Detectron2's COCOEvaluator writes "
    "coco_instances_results.json: give that; else write the records as JSON"
)
_PICKLE_FIX = (
    f"{_OPEN_NO_PICKLE}. With test_evaluator.outfile_prefix=results MMDetection writes results.bbox.json and "
    "results.segm.json: give one of them; else write the records as JSON"
)
_PAGES = (b"<!doctype html", b"<html")
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_ENCODINGS = (
    # The marks of UTF-32 begin like those of UTF-16.
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_OPENINGS = b"[{"
_LONGEST_SIGNATURE = 64


def other_format(text: bytes) -> tuple[str, str] | None:
    """(what the file is, what to do about it), None where its first bytes tell of no other format."""
    start = text[:_LONGEST_SIGNATURE]
    if _is_of_torch(text):
        return "a PyTorch file, a pickle in a zip archive", _TORCH_FIX
    for signature, what, fix in _SIGNATURES:
        if start.startswith(signature):
            return what, fix
    if start.lstrip().lower().startswith(_PAGES):
        return "an HTML page", "Download the file itself: a server has sent a page in its place"
    if start.startswith(_PICKLES):
        return "a Python pickle", _PICKLE_FIX
    return None


def _is_of_torch(text: bytes) -> bool:
    """Whether the first file of a zip archive is the pickle that torch.save puts there.

    In the head of a file in a zip archive the length of its name stands at byte 26, the name from byte 30 on.
    """
    if not text.startswith(_ZIP):
        return False
    length = int.from_bytes(text[26:28], "little")
    return text[30 : 30 + length].endswith(_TORCH_MEMBER)


def other_encoding(text: bytes) -> str | None:
    """UTF-16 or UTF-32, by the mark in front or by the zeros beside the first bracket; else None."""
    for mark, name in _ENCODINGS:
        if text.startswith(mark):
            return name
    start = text[:4]
    letters = start.replace(b"\0", b"")
    if letters[:1] and letters[:1] in _OPENINGS and b"\0" in start[:2]:
        return "UTF-32" if start.count(0) == 3 else "UTF-16"
    return None
