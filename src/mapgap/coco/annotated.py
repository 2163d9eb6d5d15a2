"""What people wrote beside COCO's own fields: scalar fields of records and of their `attributes` dicts, as columns."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import msgspec

from mapgap.coco.complaints import READ_WITHOUT
from mapgap.coco.decoding import untyped_rows
from mapgap.coco.records import Records
from mapgap.coco.values import DECODING_ERRORS, INT64, is_writable, plain, shown
from mapgap.findings import Finding
from mapgap.tables import Scalar

Column = tuple[Scalar, ...]

ANNOTATION_FIELDS = frozenset(
    {
        "id",
        "image_id",
        "category_id",
        "bbox",
        "area",
        "iscrowd",
        "segmentation",
        "ignore",
        "keypoints",
        "num_keypoints",
        "caption",
        "attributes",
    }
)
IMAGE_FIELDS = frozenset(
    ("id", "width", "height", "file_name", "license", "coco_url", "flickr_url", "date_captured", "attributes")
)
NULL = msgspec.Raw(b"null")
MISSING = object()
MOST_NAMES = 1000
"""Each takes room for every record."""
FIX_VALUE = "Write a finite number, text in Unicode, true, false or null"


def annotation_columns(records: Records) -> tuple[dict[str, Column], dict[str, Column], list[int]]:
    """(columns of the `attributes` dicts, of unknown scalar fields; the records whose `attributes` is no object)."""
    untyped = untyped_rows(records)
    fields = _field_columns(records, untyped, lambda name: name in ANNOTATION_FIELDS)
    attributes, not_objects = _attribute_columns(records, untyped)
    return attributes, fields, not_objects


def image_columns(records: Records) -> tuple[dict[str, Column], list[int]]:
    """(unknown scalar fields of images and of their `attributes` dicts, records whose `attributes` is no object)."""
    untyped = untyped_rows(records)
    fields = _field_columns(records, untyped, lambda name: name in IMAGE_FIELDS or is_url(name))
    attributes, not_objects = _attribute_columns(records, untyped)
    return join_image_columns(fields, attributes), not_objects


def is_url(name: str) -> bool:
    """Whether a field of an image is an address: no attribute."""
    return name.lower().endswith("url")


def join_image_columns(fields: Mapping[str, Column], attributes: Mapping[str, Column]) -> dict[str, Column]:
    """Both as one; where a field and an entry of `attributes` share a name, the field becomes `field.NAME`."""
    renamed = {f"field.{name}" if name in attributes else name: column for name, column in fields.items()}
    return {**attributes, **renamed}


def scalars_of_text(text: bytes) -> list[Scalar] | None:
    """The values of a JSON list as attributes have them, or None if one of them would be refused."""
    try:
        values = [_scalar(value) for value in msgspec.json.decode(text)]
    except DECODING_ERRORS:
        return None
    return None if MISSING in values else values  # type: ignore[return-value]


def text_column(records: Records, values: Sequence[str | None], field: str) -> list[str | None]:
    """The texts; None, and a complaint, for one that UTF-8 cannot write (half of a surrogate pair)."""
    column: list[str | None] = []
    for row, value in enumerate(values):
        is_sound = value is None or is_writable(value)
        if not is_sound:
            records.refuse(row, None, field, value, lenient=READ_WITHOUT)
        column.append(value if is_sound else None)
    return column


def _field_columns(records: Records, untyped: Sequence[Mapping[str, Any]], is_standard: Any) -> dict[str, Column]:
    names = [name for name in _names(records, untyped) if not is_standard(name)]
    columns = {name: _column(records, name, _values(records, untyped, name)) for name in names}
    return {name: column for name, column in columns.items() if column.count(None) < len(column)}


def _attribute_columns(records: Records, untyped: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Column], list[int]]:
    if not any("attributes" in record for record in untyped):
        return {}, []
    values = _values(records, untyped, "attributes")
    dicts = [value if isinstance(value, Mapping) else {} for value in values]
    not_objects = [i for i, value in enumerate(values) if value is not None and not isinstance(value, Mapping)]
    columns = {
        name: _column(records, name, [attributes.get(name) for attributes in dicts]) for name in _names(records, dicts)
    }
    return {name: column for name, column in columns.items() if column.count(None) < len(column)}, not_objects


def _names(records: Records, mappings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names in order of first appearance; none where they are too many. Those that are no text are complained of."""
    names = []
    for name in dict.fromkeys(chain.from_iterable(mappings)):
        if is_writable(name):
            names.append(name)
            continue
        row = next(row for row, mapping in enumerate(mappings) if name in mapping)
        records.complain(
            "text_invalid",
            row,
            partial(_no_name, name),
            value=name,
            fix="Name fields with text",
            lenient=READ_WITHOUT,
        )
    if len(names) > MOST_NAMES:
        records.complaints.add_whole(_too_many(records, names))
        return []
    return names


def _too_many(records: Records, names: Sequence[str]) -> Finding:
    further = ", ".join(map(shown, names[MOST_NAMES : MOST_NAMES + 3]))
    return Finding(
        "too_many_fields",
        f"{records.list_name} have {len(names):,} different fields, more than {MOST_NAMES:,}; further ones: {further}",
        file=records.file,
        fix="Write what differs from record to record, such as an id, as the value of a field and not as its name",
        list_name=records.list_name,
        lenient=READ_WITHOUT,
    )


def _no_name(name: object) -> str:
    return f"the name {shown(name)} of a field is not text"


def _values(records: Records, untyped: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """One field of all rows, decoded in one go; None where missing."""
    values = [record.get(name, NULL) for record in untyped]
    if not isinstance(records.content, bytes | msgspec.Raw):
        return [None if value is NULL else plain(value) for value in values]
    try:
        decoded: list[Any] = msgspec.json.decode(b"[" + b",".join(values) + b"]")
    except DECODING_ERRORS:
        return [_decoded_alone(records, row, name, value) for row, value in enumerate(values)]
    return decoded


def _decoded_alone(records: Records, row: int, name: str, value: Any) -> Any:
    try:
        return msgspec.json.decode(value)
    except DECODING_ERRORS:
        what = f"{shown(value)} cannot be read"
        records.complain(
            "attribute_invalid", row, lambda: what, field=name, value=value, fix=FIX_VALUE, lenient=READ_WITHOUT
        )
        return None


def _column(records: Records, name: str, values: Sequence[object]) -> Column:
    column = [_scalar(value) for value in values]
    for row, scalar in enumerate(column):
        if scalar is MISSING:
            what = f"{shown(values[row])} can be neither compared nor written"
            records.complain(
                "attribute_invalid",
                row,
                lambda what=what: what,  # type: ignore[misc]
                field=name,
                value=values[row],
                fix=FIX_VALUE,
                lenient=READ_WITHOUT,
            )
            column[row] = None
    return tuple(column)  # type: ignore[arg-type]


def _scalar(value: object) -> object:
    """The value as an attribute has it: lists and objects are None, NaN too; MISSING for what cannot be used.

    Integers beyond 64 bits are names rather than quantities (hashes), hence text.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if is_writable(value) else MISSING
    if isinstance(value, int):
        if INT64.min <= value <= INT64.max:
            return value
        return str(value) if value.bit_length() < 1024 else MISSING
    if isinstance(value, float):
        return MISSING if math.isinf(value) else None if math.isnan(value) else value
    return None
