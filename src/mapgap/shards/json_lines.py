"""A shard of JSON lines: one line an image with its annotations and detections, or one line a detection."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from mapgap.coco.sources import JsonText, text_in_memory
from mapgap.coco.values import is_identifier
from mapgap.errors import InputError
from mapgap.shards.contents import Mark, ShardContent, ground_truth_text, mark_of, with_image_id

Said = TypeVar("Said")
LAYOUT = (
    'A line is an image, {"image": {"id": 1, ...}, "annotations": [...], "detections": [...]}, or a detection, '
    '{"image_id": 1, "category_id": 1, "bbox": [...], "score": 0.9}; one may have "categories" and "shard", and '
    '{"detections": []} says that there are none'
)


class _Line(msgspec.Struct):
    image: msgspec.Raw = msgspec.Raw()
    annotations: list[msgspec.Raw] | None = None
    detections: list[msgspec.Raw] | None = None
    categories: msgspec.Raw = msgspec.Raw()
    shard: msgspec.Raw = msgspec.Raw()
    image_id: msgspec.Raw = msgspec.Raw()


class _Image(msgspec.Struct):
    id: int | float


def open_json_lines(text: JsonText) -> ShardContent:
    """What the lines hold, as the texts that one JSON file would have."""
    mark: Mark | None = None
    categories: bytes | None = None
    images: list[bytes] = []
    annotations: list[bytes] = []
    detections: list[bytes] = []
    has_truth = has_detections = False
    for number, raw, line in _lines(text):
        if bytes(line.categories):
            categories = _said_once(text.name, number, "categories", categories, bytes(line.categories))
        if bytes(line.shard):
            mark = _said_once(text.name, number, "shard", mark, mark_of(line.shard, text.name))
        if bytes(line.image):
            image_id = _image_id(text.name, number, line)
            if line.annotations is None and line.detections is None:
                raise _not_a_line(text.name, number, "the image has neither annotations nor detections")
            images.append(bytes(line.image))
            has_truth |= line.annotations is not None
            has_detections |= line.detections is not None
            annotations += [with_image_id(record, image_id, text.name) for record in line.annotations or ()]
            detections += [with_image_id(record, image_id, text.name) for record in line.detections or ()]
        elif line.annotations is not None:
            raise _not_a_line(text.name, number, "the annotations stand beside no image")
        elif bytes(line.image_id):
            has_detections = True
            detections.append(raw)
        elif line.detections is not None:
            has_detections = True
            detections += map(bytes, line.detections)
        elif not bytes(line.categories) and not bytes(line.shard):
            raise _not_a_line(text.name, number, "the line is neither an image nor a detection")
    return ShardContent(
        text.name,
        mark,
        categories,
        ground_truth_text(text.name, images, annotations, categories) if has_truth else None,
        text_in_memory(text.name, b"[%b]" % b",".join(detections)) if has_detections else None,
    )


def _lines(text: JsonText) -> Iterator[tuple[int, bytes, _Line]]:
    """(number from 1, its bytes, decoded) of each line that is not blank."""
    for number, raw in enumerate(text.text.split(b"\n"), 1):
        stripped = raw.strip()
        if stripped:
            try:
                yield number, stripped, msgspec.json.decode(stripped, type=_Line)
            except (msgspec.DecodeError, RecursionError) as error:
                raise InputError(
                    f"not a JSON object: {error}",
                    file=text.name,
                    where=f"line {number}",
                    fix=f"{LAYOUT}. If it is the last line, the file was cut off: copy or write it again",
                ) from None


def _said_once(name: str, number: int, what: str, before: Said | None, now: Said) -> Said:
    if before is not None and before != now and not _is_same_json(before, now):
        raise _not_a_line(name, number, f"the line has a {what!r} other than a line above")
    return now


def _is_same_json(before: object, now: object) -> bool:
    """Whether both are texts that say the same, written with other spaces, say."""
    if not isinstance(before, bytes) or not isinstance(now, bytes):
        return False
    return bool(msgspec.json.decode(before) == msgspec.json.decode(now))


def _image_id(name: str, number: int, line: _Line) -> int:
    try:
        identifier = msgspec.json.decode(line.image, type=_Image).id
    except msgspec.DecodeError as error:
        raise _not_a_line(name, number, f"the image has no id that is a whole number: {error}") from None
    if not is_identifier(identifier):
        raise _not_a_line(name, number, f"the image has the id {identifier}, which is no whole number of 64 bits")
    if bytes(line.image_id) and msgspec.json.decode(line.image_id) != identifier:
        raise _not_a_line(name, number, f"the line has another image_id than its image, {int(identifier)}")
    return int(identifier)


def _not_a_line(name: str, number: int, what: str) -> InputError:
    return InputError(what, file=name, where=f"line {number}", fix=LAYOUT)
