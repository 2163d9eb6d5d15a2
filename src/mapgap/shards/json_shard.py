"""A shard that is one JSON text: COCO's object, a list of detections, or an object with both."""

import msgspec

from mapgap.coco.broken_json import decode_text
from mapgap.coco.decoding import first_record
from mapgap.coco.records import Records
from mapgap.coco.sources import JsonText, first_character, text_in_memory
from mapgap.errors import InputError
from mapgap.shards.contents import ShardContent, mark_of, text_of_lists

LAYOUT = (
    "A shard is COCO's object with images, annotations and categories, a list of detections, or the object with the "
    "detections under 'detections'"
)


class _Top(msgspec.Struct):
    images: msgspec.Raw = msgspec.Raw()
    annotations: msgspec.Raw = msgspec.Raw()
    categories: msgspec.Raw = msgspec.Raw()
    detections: msgspec.Raw = msgspec.Raw()
    shard: msgspec.Raw = msgspec.Raw()


def open_json(text: JsonText) -> ShardContent:
    """What the text holds; its records are not looked at."""
    if first_character(text) == b"[":
        return ShardContent(text.name, detections=text)
    try:
        top = decode_text(text, _Top)
    except msgspec.ValidationError:
        raise InputError("the shard is neither a list nor an object", file=text.name, fix=LAYOUT) from None
    mark = mark_of(top.shard if bytes(top.shard) else None, text.name)
    categories = bytes(top.categories) or None
    if not bytes(top.detections) and bytes(top.annotations) and _has_scores(top.annotations):
        return ShardContent(text.name, mark, detections=text_in_memory(text.name, bytes(top.annotations)))
    if not any(map(bytes, (top.images, top.annotations, top.categories, top.detections))):
        what = "the object has neither images, annotations, categories nor detections"
        raise InputError(what, file=text.name, fix=LAYOUT)
    return ShardContent(
        text.name,
        mark,
        categories,
        _ground_truth(text, top),
        text_in_memory(text.name, bytes(top.detections)) if bytes(top.detections) else None,
    )


def _has_scores(annotations: msgspec.Raw) -> bool:
    first = first_record(Records("", "annotations", annotations))
    return first is not None and "score" in first


def _ground_truth(text: JsonText, top: _Top) -> JsonText | None:
    """The text itself where all three lists are there, so that messages count its bytes."""
    given = {key: bytes(getattr(top, key)) for key in ("images", "annotations", "categories")}
    if all(given.values()):
        return text
    if not given["images"] and not given["annotations"]:
        return None
    if given["annotations"] and not given["images"]:
        what = "the annotations have no score and stand beside no images"
        raise InputError(what, file=text.name, fix=LAYOUT)
    return text_of_lists(text.name, *given.values())
