"""What one shard holds, as it was found: texts and columns, not yet looked at record by record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from mapgap.coco.detection_array import DetectionColumns
from mapgap.coco.sources import JsonText, text_in_memory
from mapgap.errors import InputError
from mapgap.visible_text import visible

LONGEST_SHOWN = 40
MARK_FIX = 'Write it as {"set": NAME, "number": 3, "of": 64}, with how many images, annotations and detections it has'


class Mark(msgspec.Struct, frozen=True):
    """What a shard says of itself, so that a missing or shortened one is noticed."""

    set: str
    """Name of all that belong together."""
    number: int
    """From 1."""
    of: int
    """How many there are."""
    images: int | None = None
    """Records that it should hold; None where it does not say."""
    annotations: int | None = None
    detections: int | None = None


@dataclass(frozen=True)
class ShardContent:
    """Ground truth, detections, or both, of some images."""

    name: str
    """Of the file."""
    mark: Mark | None = None
    categories: bytes | None = None
    """The JSON list of the classes; None where the shard does not say which there are."""
    ground_truth: JsonText | None = None
    """COCO's object without detections; its `categories` are empty where the shard has none."""
    detections: JsonText | DetectionColumns | None = None


def mark_of(content: Any, name: str) -> Mark | None:
    """The mark in a decoded or undecoded JSON value; InputError where it has no meaning."""
    if content is None:
        return None
    try:
        is_text = isinstance(content, msgspec.Raw | bytes)
        mark = msgspec.json.decode(content, type=Mark) if is_text else msgspec.convert(content, type=Mark)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise InputError(f"not the mark of a shard: {error}", file=name, where="shard", fix=MARK_FIX) from None
    if not 1 <= mark.number <= mark.of:
        what = f"number {mark.number} of {mark.of} is no number of a shard"
        raise InputError(what, file=name, where="shard", fix=MARK_FIX)
    return mark


def ground_truth_text(
    name: str, images: Sequence[bytes], annotations: Sequence[bytes], categories: bytes | None
) -> JsonText:
    """COCO's object made of records, in their order."""
    return text_of_lists(name, b"[%b]" % b",".join(images), b"[%b]" % b",".join(annotations), categories)


def text_of_lists(
    name: str, images: bytes | msgspec.Raw, annotations: bytes | msgspec.Raw, categories: bytes | None
) -> JsonText:
    """COCO's object made of its lists as they were written; one that is empty text was not there."""
    lists = (bytes(each or b"") or b"[]" for each in (images, annotations, categories))
    return text_in_memory(name, b'{"images":%b,"annotations":%b,"categories":%b}' % tuple(lists))


def with_image_id(record: bytes | msgspec.Raw, image_id: int, name: str) -> bytes:
    """A record that stands in the list of its image, with the field `image_id` that it may leave out.

    InputError, naming the file `name`, for what is no object, and for a record that says it is of another image.
    """
    text = bytes(record).lstrip()
    if not text.startswith(b"{"):
        shown = visible(text[:LONGEST_SHOWN].decode(errors="replace"))
        what = f"{shown} among the annotations or detections of image {image_id} is no object"
        raise InputError(what, file=name, fix="Write records of COCO's format")
    if b'"image_id"' in text:
        own = msgspec.json.decode(text, type=dict[str, msgspec.Raw]).get("image_id")
        if own is not None:
            if msgspec.json.decode(own) != image_id:
                raise of_another_image(name, image_id, visible(bytes(own)[:LONGEST_SHOWN].decode(errors="replace")))
            return text
    rest = text[1:].lstrip()
    return b'{"image_id":%d%b%b' % (image_id, b"" if rest.startswith(b"}") else b",", rest)


def of_another_image(name: str, image_id: int, own: str) -> InputError:
    """The complaint about a record in the list of an image."""
    return InputError(
        f"a record with the image_id {own} stands among the annotations or detections of image {image_id}",
        file=name,
        fix="Write it in the list of its own image, or leave image_id out",
    )


def without_nulls(record: bytes) -> bytes:
    """A record of a table, where null says that there is nothing."""
    if b"null" not in record or not record.lstrip().startswith(b"{"):
        return record
    fields = msgspec.json.decode(record, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({key: value for key, value in fields.items() if bytes(value) != b"null"})
