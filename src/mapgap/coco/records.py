"""Decode a list of records, from JSON text or Python objects, and say exactly what is wrong with a bad one."""

import json
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import msgspec
import numpy as np

from mapgap.coco.sources import JsonText, decode_text, printable
from mapgap.errors import InputError

Record = TypeVar("Record")

# What msgspec raises on bad values; ValueError is an integer too long to be shown in its own message.
DECODING_ERRORS = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)

EXPECTED: Mapping[str, str] = {
    "id": "an integer of at most 64 bits",
    "image_id": "an integer of at most 64 bits",
    "category_id": "an integer of at most 64 bits",
    "bbox": "four finite numbers [x, y, width, height]",
    "area": "a finite number",
    "score": "a finite number",
    "iscrowd": "0 or 1",
    "width": "a finite number of pixels, 0 or more",
    "height": "a finite number of pixels, 0 or more",
    "file_name": "text",
    "name": "text",
    "segmentation": 'run lengths {"size": [height, width], "counts": ...}',
}
FIXES: Mapping[str, str] = {
    "id": "Write every id as a JSON integer, without quotes",
    "image_id": "Write the image's id as a JSON integer, without quotes",
    "category_id": "Write the category's id as a JSON integer, without quotes",
    "bbox": "Write the box as [x, y, width, height] in pixels or remove the record",
    "area": "Write the area in pixels or leave the field out: it is then the box's",
    "score": "Write the detection's confidence as a number or remove the record",
    "iscrowd": "Write 1 for a crowd region, else 0, or leave the field out",
    "width": "Write the image's width in pixels or leave the field out",
    "height": "Write the image's height in pixels or leave the field out",
    "segmentation": "Write the mask with pycocotools.mask.encode or give the detection a box",
}
DEPTH = 6
LENGTH_SHOWN = 80


@dataclass(frozen=True)
class Records:
    """One list of records, still undecoded: the JSON text of a list, or Python objects."""

    file: str
    list_name: str
    content: bytes | msgspec.Raw | Sequence[object]
    text: JsonText | None = None
    """The file's text where the list is all of it: its syntax has not been checked yet."""

    def where(self, position: int, identifier: object = None, field: str | None = None) -> str:
        """The place of a record in words: `annotations[17] (id 42), field 'bbox'`."""
        label = f"{self.list_name}[{position}]"
        label += "" if identifier is None else f" (id {identifier})"
        return label if field is None else f"{label}, field {field!r}"

    def refusal(self, position: int, identifier: object, field: str, value: object) -> InputError:
        """The InputError for a field whose value has no meaning."""
        expected = EXPECTED.get(field, "what COCO's format has here")
        return InputError(
            f"{shown(value)} is not {expected}",
            file=self.file,
            where=self.where(position, identifier, field),
            fix=FIXES.get(field),
        )


def decode_records(records: Records, kind: type[Record]) -> list[Record]:
    """All records as structs of one type; the first bad one is refused by name, field and value."""
    try:
        if isinstance(records.content, bytes | msgspec.Raw):
            return msgspec.json.decode(records.content, type=list[kind])  # type: ignore[valid-type]
        return _convert(records.content, kind)
    except DECODING_ERRORS:
        _refuse_first_bad(records, kind)


def untyped_records(records: Records) -> Sequence[Mapping[str, Any]]:
    """All records as mappings from field to value; of JSON text the values stay undecoded `msgspec.Raw`."""
    if isinstance(records.content, bytes | msgspec.Raw):
        return msgspec.json.decode(records.content, type=list[dict[str, msgspec.Raw]])
    return records.content  # type: ignore[return-value]


def first_record(records: Records) -> Mapping[str, Any] | None:
    """The first record as `untyped_records` has it, or None if there is none or it is no object."""
    items: Sequence[object] = records.content
    if isinstance(records.content, bytes | msgspec.Raw):
        try:
            items = msgspec.json.decode(records.content, type=list[msgspec.Raw])
        except DECODING_ERRORS:
            return None
    return _fields_of(items[0]) if isinstance(items, list | tuple) and items else None


def plain(value: object, depth: int = DEPTH) -> object:
    """The value with NumPy scalars, arrays and bytes made plain Python, to a depth that bounds the work."""
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist(), depth - 1) if value.dtype == object else value.tolist()
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    if depth > 0 and isinstance(value, Mapping):
        return {key: plain(item, depth - 1) for key, item in value.items()}
    if depth > 0 and isinstance(value, list | tuple):
        return [plain(item, depth - 1) for item in value]
    return value


def shown(value: object) -> str:
    """A value as it stands in an error message: short, on one line, printable."""
    if isinstance(value, msgspec.Raw):
        text = " ".join(bytes(value)[: 4 * LENGTH_SHOWN].decode(errors="replace").split())
    elif value is None or isinstance(value, bool):
        text = {None: "null", True: "true", False: "false"}[value]
    elif isinstance(value, str):
        text = json.dumps(value[:LENGTH_SHOWN], ensure_ascii=False)
    else:
        text = _short_representation(value)
    text = printable(text)
    return text if len(text) <= LENGTH_SHOWN else f"{text[:LENGTH_SHOWN]}..."


def _convert(content: Sequence[object], kind: type[Record]) -> list[Record]:
    try:
        return msgspec.convert(content, type=list[kind])  # type: ignore[valid-type]
    except DECODING_ERRORS:
        return msgspec.convert(plain(content), type=list[kind])  # type: ignore[valid-type]


def _refuse_first_bad(records: Records, kind: type) -> NoReturn:
    """Slow and careful: first the syntax, then record by record, then field by field, with the same types."""
    if records.text is not None:
        decode_text(records.text, msgspec.Raw)
    if isinstance(records.content, bytes | msgspec.Raw):
        items: Sequence[object] = msgspec.json.decode(records.content, type=list[msgspec.Raw])
    else:
        items = records.content
    for position, item in enumerate(items):
        if not _fits(item, kind):
            _refuse_record(records, position, item, kind)
    raise InputError("cannot be read", file=records.file, where=records.list_name, fix="Write it in COCO's format")


def _fits(value: object, kind: Any) -> bool:
    try:
        if isinstance(value, msgspec.Raw):
            msgspec.json.decode(value, type=kind)
        else:
            msgspec.convert(plain(value), type=kind)
    except DECODING_ERRORS:
        return False
    return True


def _refuse_record(records: Records, position: int, item: object, kind: type) -> NoReturn:
    fields = _fields_of(item)
    if fields is None:
        raise InputError(
            f"{shown(item)} is not an object",
            file=records.file,
            where=records.where(position),
            fix=f"Every entry of {records.list_name} is an object with its fields in COCO's format",
        )
    identifier = _identifier_of(fields)
    for field in msgspec.structs.fields(kind):
        name = field.encode_name
        if name not in fields:
            if field.required:
                raise InputError(
                    f"field {name!r} is missing",
                    file=records.file,
                    where=records.where(position, identifier),
                    fix=FIXES.get(name),
                )
        elif not _fits(fields[name], field.type):
            raise records.refusal(position, identifier, name, fields[name])
    raise InputError(
        "a field's name is not text", file=records.file, where=records.where(position, identifier), fix="Use text"
    )


def _fields_of(item: object) -> Mapping[Any, object] | None:
    if not isinstance(item, msgspec.Raw):
        return item if isinstance(item, Mapping) else None
    try:
        return msgspec.json.decode(item, type=dict[str, msgspec.Raw])
    except DECODING_ERRORS:
        return None


def _identifier_of(fields: Mapping[Any, object]) -> str | None:
    """The record's own id for the message, if it has a readable one."""
    value = fields.get("id")
    return shown(value) if value is not None and _fits(value, int) else None


def _short_representation(value: object) -> str:
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    limited = reprlib.Repr()
    limited.maxstring = limited.maxlong = limited.maxother = LENGTH_SHOWN
    try:
        return limited.repr(value)
    except (ValueError, RecursionError):
        # An integer of thousands of digits has no text form.
        return f"a value of type {type(value).__name__}"
