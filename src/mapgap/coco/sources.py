"""Open what the user gave: a path (plain or gzip), a Python object or a pycocotools object."""

import hashlib
import os
from dataclasses import dataclass

from mapgap.coco.file_identity import base_name
from mapgap.coco.input_bytes import GZIP_MAGIC, read_input, unpacked_bytes
from mapgap.coco.other_formats import other_encoding, other_format
from mapgap.errors import AccessError, InputError, ResourceError
from mapgap.visible_text import visible

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class JsonText:
    """The content of one file: its UTF-8 text without byte order mark, and the hash of its raw bytes if it is one."""

    name: str
    sha256: str | None
    text: bytes
    skipped: int
    """Bytes of a byte order mark in front of `text`, so that offsets in messages are those of the file."""
    unpacked: bool
    """Whether the file was gzip, whose offsets then count unpacked bytes."""

    def offset_words(self, position: int) -> str:
        """A place in `text` as messages have it, counted from the start of the file."""
        unpacked = " of the unpacked text" if self.unpacked else ""
        return f"byte {position + self.skipped}{unpacked}"


def text_in_memory(name: str, text: bytes) -> JsonText:
    """JSON that was put together in memory, as if it were a file of this name; it has no hash."""
    return JsonText(name, None, text, 0, False)


def is_path(source: object) -> bool:
    """Whether the source names a file."""
    return isinstance(source, str | os.PathLike)


def is_coco_object(source: object) -> bool:
    """Whether the source has the `dataset` dict of a pycocotools `COCO` object."""
    return isinstance(getattr(source, "dataset", None), dict)


def read_json_text(source: str | os.PathLike[str], name: str | None, *, max_input_bytes: int | None = None) -> JsonText:
    """The text of a file; gzip is recognised by its content, a UTF-8 byte order mark is accepted.

    AccessError if the file cannot be read, InputError if it is empty, broken gzip, not UTF-8 or has more than
    `max_input_bytes`, packed or unpacked; ResourceError if the memory does not hold it.
    """
    name = base_name(source) if name is None else name
    raw = _read_bytes(source, name, max_input_bytes)
    unpacked = raw.startswith(GZIP_MAGIC)
    text = _unzip(raw, name, max_input_bytes) if unpacked else raw
    skipped = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
    text = text[skipped:] if skipped else text
    content = JsonText(name, hashlib.sha256(raw).hexdigest(), text, skipped, unpacked)
    _require_text(content)
    return content


def first_character(content: JsonText) -> bytes:
    """The first byte that is not white space: `[` opens a list, `{` an object."""
    return content.text[:4096].lstrip(b" \t\r\n")[:1] or content.text.lstrip(b" \t\r\n")[:1]


def _read_bytes(source: str | os.PathLike[str], name: str, max_input_bytes: int | None) -> bytes:
    path = os.fsdecode(source)
    try:
        return read_input(path, name, max_input_bytes)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise AccessError(f"{visible(path)}: cannot be read: {reason}. Check path and permissions") from None
    except ValueError as error:
        raise AccessError(f"{visible(path)}: is not a path: {error}") from None
    except MemoryError:
        raise ResourceError(f"{visible(path)}: not enough memory to read the file") from None


def _unzip(raw: bytes, name: str, max_input_bytes: int | None) -> bytes:
    try:
        return unpacked_bytes(raw, name, max_input_bytes)
    except MemoryError:
        raise ResourceError(f"{name}: not enough memory to unpack the file") from None


def _require_text(content: JsonText) -> None:
    """msgspec checks UTF-8 only in strings it decodes; checked here, so that every message has its offset."""
    if not content.text.strip():
        raise InputError(
            "the file is empty", file=content.name, fix="Give a JSON file in COCO's format", code="empty_file"
        )
    other = other_format(content.text)
    if other is not None:
        what, fix = other
        raise InputError(f"the file is {what}, not JSON", file=content.name, fix=fix, code="not_json")
    encoding = other_encoding(content.text)
    if encoding is not None:
        raise _not_utf8(content, f"the file is {encoding}")
    if content.text.isascii():
        return
    try:
        content.text.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(content, f"no UTF-8 at {content.offset_words(error.start)}") from None


def _not_utf8(content: JsonText, what: str) -> InputError:
    return InputError(what, file=content.name, fix="Write the file as JSON in UTF-8", code="not_utf8")
