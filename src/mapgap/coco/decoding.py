"""Records from JSON text or Python objects as typed structs; bad ones are named, mended or set aside."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from mapgap.coco.broken_json import decode_text, read_bent
from mapgap.coco.complaints import LEFT_OUT, READ_AS_NUMBER, READ_WITHOUT
from mapgap.coco.fields import CAN_DO_WITHOUT, FIXES
from mapgap.coco.records import Records
from mapgap.coco.values import DECODING_ERRORS, fits, is_identifier, is_writable, loosely, number_in_text, plain, shown
from mapgap.errors import InputError

Record = TypeVar("Record", bound=msgspec.Struct)
MISSING = object()


def decode_records(records: Records, kind: type[Record]) -> list[Record]:
    """All sound records as structs of one type, one a row; the others are complained of and leave `content`.

    Raises InputError where the text is no JSON.
    """
    try:
        return _decode(records.content, kind)
    except DECODING_ERRORS:
        pass
    _check_syntax(records)
    structs, items, places = [], [], []
    for record, item in enumerate(_items(records)):
        mended, struct = _examine(records, record, item, kind)
        if struct is not None:
            structs.append(struct)
            items.append(mended)
            places.append(record)
    records.content, records.places = items, places
    return structs


def decode_rows(records: Records, kind: type[Record]) -> list[Record | None]:
    """The rows once more as structs of another type; None, with a complaint, where one is none."""
    try:
        return [*_decode(records.content, kind)]
    except DECODING_ERRORS:
        pass
    structs = [_examine(records, records.record(row), item, kind)[1] for row, item in enumerate(_items(records))]
    records.bad_rows.update(row for row, struct in enumerate(structs) if struct is None)
    return structs


def untyped_rows(records: Records) -> Sequence[Mapping[str, Any]]:
    """The rows as mappings from field to value; of JSON text the values stay undecoded `msgspec.Raw`."""
    if isinstance(records.content, bytes | msgspec.Raw):
        return msgspec.json.decode(records.content, type=list[dict[str, msgspec.Raw]])
    return records.content  # type: ignore[return-value]


def first_record(records: Records) -> Mapping[str, Any] | None:
    """The first record as `untyped_rows` has it, or None if there is none or it is no object."""
    try:
        items = _items(records)
    except DECODING_ERRORS:
        return None
    return _fields_of(items[0]) if isinstance(items, list | tuple) and items else None


def _decode(content: Any, kind: type[Record]) -> list[Record]:
    if isinstance(content, bytes | msgspec.Raw):
        return msgspec.json.decode(content, type=list[kind])  # type: ignore[valid-type]
    try:
        return msgspec.convert(content, type=list[kind])  # type: ignore[valid-type]
    except DECODING_ERRORS:
        return msgspec.convert(plain(content), type=list[kind])  # type: ignore[valid-type]


def _check_syntax(records: Records) -> None:
    """Refuses what is no JSON; where only numbers are bent, the list as Python's own reader has it stays."""
    if records.text is None:
        return
    try:
        decode_text(records.text, msgspec.Raw)
    except InputError as refusal:
        content, finding = read_bent(records.text, refusal)
        records.content = content if isinstance(content, list) else []
        records.complaints.add_whole(finding)


def _items(records: Records) -> Sequence[object]:
    if isinstance(records.content, bytes | msgspec.Raw):
        return msgspec.json.decode(records.content, type=list[msgspec.Raw])
    return records.content


def _examine(records: Records, record: int, item: object, kind: type[Record]) -> tuple[object, Record | None]:
    """(the record as it can be read, its struct); the struct is None, after a complaint, where it cannot be."""
    struct = _struct_of(item, kind)
    if struct is not None:
        return loosely(item), struct
    fields = _fields_of(item)
    if fields is None:
        _complain_of_no_object(records, record, item)
        return None, None
    identifier = _identifier_of(fields)
    mended: dict[Any, object] = {name: loosely(value) for name, value in fields.items()}
    is_lost = False
    for field in msgspec.structs.fields(kind):
        name = field.encode_name
        if name not in fields:
            if field.required:
                _complain_of_missing(records, record, identifier, name)
                is_lost = True
        elif not fits(fields[name], field.type):
            instead = _instead(name, mended[name], field.type)
            lenient = LEFT_OUT if instead is LEFT_OUT else READ_WITHOUT if instead is MISSING else READ_AS_NUMBER
            records.refuse_record(record, identifier, name, fields[name], lenient=lenient)
            is_lost = is_lost or lenient == LEFT_OUT
            mended[name] = instead
    if is_lost:
        return None, None
    if not all(map(is_writable, fields)):
        _complain_of_name(records, record, identifier)
    sound = {name: value for name, value in mended.items() if value is not MISSING and is_writable(name)}
    struct = _struct_of(sound, kind)
    if struct is None:
        _complain_of_no_object(records, record, item)
    return sound, struct


def _struct_of(item: object, kind: type[Record]) -> Record | None:
    try:
        return (
            msgspec.json.decode(item, type=kind)
            if isinstance(item, msgspec.Raw)
            else msgspec.convert(plain(item), kind)
        )
    except DECODING_ERRORS:
        return None


def _instead(field: str, value: object, kind: Any) -> object:
    """What lenient reading takes for a bad value: a number, MISSING for nothing, LEFT_OUT where nothing will do."""
    number = number_in_text(value)
    if number is not None and fits(number, kind):
        return number
    return MISSING if field in CAN_DO_WITHOUT else LEFT_OUT


def _fields_of(item: object) -> Mapping[Any, object] | None:
    if not isinstance(item, msgspec.Raw):
        return item if isinstance(item, Mapping) else None
    try:
        return msgspec.json.decode(item, type=dict[str, msgspec.Raw])
    except DECODING_ERRORS:
        return None


def _identifier_of(fields: Mapping[Any, object]) -> int | None:
    """The record's own id for the message, if it has a readable one."""
    value = fields.get("id")
    return int(loosely(value)) if value is not None and fits(value, int) and is_identifier(loosely(value)) else None


def _complain_of_no_object(records: Records, record: int, item: object) -> None:
    fix = f"Every entry of {records.list_name} is an object with its fields in COCO's format"
    records.complaints.add(
        "record_not_an_object",
        lambda: (f"{shown(item)} is not an object", records.place(record, value=item)),
        fix=fix,
    )


def _complain_of_missing(records: Records, record: int, identifier: object, field: str) -> None:
    records.complaints.add(
        "field_missing",
        lambda: (f"field {field!r} is missing", records.place(record, identifier)),
        fix=FIXES.get(field),
        field=field,
    )


def _complain_of_name(records: Records, record: int, identifier: object) -> None:
    records.complaints.add(
        "text_invalid",
        lambda: ("a field's name is not text", records.place(record, identifier)),
        fix="Name fields with text",
        lenient=READ_WITHOUT,
    )
