"""What people wrote beside COCO's own fields: scalar fields of records and of their `attributes` dicts, as columns."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from mapgap.coco.columns import INT64
from mapgap.coco.records import DECODING_ERRORS, Records, plain, shown, untyped_records
from mapgap.errors import InputError
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


def annotation_columns(records: Records) -> tuple[dict[str, Column], dict[str, Column], list[int]]:
    """(columns of the `attributes` dicts, of unknown scalar fields; the records whose `attributes` is no object)."""
    untyped = untyped_records(records)
    fields = _field_columns(records, untyped, lambda name: name in ANNOTATION_FIELDS)
    attributes, not_objects = _attribute_columns(records, untyped)
    return attributes, fields, not_objects


def image_columns(records: Records) -> tuple[dict[str, Column], list[int]]:
    """(unknown scalar fields of images and of their `attributes` dicts, records whose `attributes` is no object)."""
    untyped = untyped_records(records)
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


def require_text(records: Records, values: Iterable[object], field: str) -> None:
    """Refuse text that UTF-8 cannot write (half of a surrogate pair), before a report has to."""
    for position, value in enumerate(values):
        if isinstance(value, str) and not _is_writable(value):
            raise records.refusal(position, None, field, value)


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
    """All names in order of first appearance."""
    names = list(dict.fromkeys(chain.from_iterable(mappings)))
    for name in names:
        if not isinstance(name, str) or not _is_writable(name):
            raise InputError(
                f"the name {shown(name)} of a field is not text",
                file=records.file,
                where=records.list_name,
                fix="Name fields with text",
            )
    return names


def _values(records: Records, untyped: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """One field of all records, decoded in one go; None where missing."""
    values = [record.get(name, NULL) for record in untyped]
    if not isinstance(records.content, bytes | msgspec.Raw):
        return [None if value is NULL else plain(value) for value in values]
    try:
        decoded: list[Any] = msgspec.json.decode(b"[" + b",".join(values) + b"]")
    except DECODING_ERRORS:
        _refuse_undecodable(records, name, values)
        raise
    return decoded


def _column(records: Records, name: str, values: Sequence[object]) -> Column:
    column = []
    for position, value in enumerate(values):
        scalar = _scalar(value)
        if scalar is MISSING:
            raise InputError(
                f"{shown(value)} can be neither compared nor written",
                file=records.file,
                where=records.where(position, None, name),
                fix="Write a finite number, text in Unicode, true, false or null",
            )
        column.append(scalar)
    return tuple(column)  # type: ignore[arg-type]


def _scalar(value: object) -> object:
    """The value as an attribute has it: lists and objects are None, NaN too; MISSING for what cannot be used.

    Integers beyond 64 bits are names rather than quantities (hashes), hence text.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if _is_writable(value) else MISSING
    if isinstance(value, int):
        if INT64.min <= value <= INT64.max:
            return value
        return str(value) if value.bit_length() < 1024 else MISSING
    if isinstance(value, float):
        return MISSING if math.isinf(value) else None if math.isnan(value) else value
    return None


def _is_writable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_undecodable(records: Records, name: str, values: Sequence[Any]) -> None:
    for position, value in enumerate(values):
        try:
            msgspec.json.decode(value)
        except DECODING_ERRORS:
            raise InputError(
                f"{shown(value)} cannot be read",
                file=records.file,
                where=records.where(position, None, name),
                fix="Write a finite number, text in Unicode, true, false or null",
            ) from None
