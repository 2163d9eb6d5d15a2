"""What one shard is about: read once before anything is matched, so that what is missing shows early."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from mapgap.coco.detection_array import DetectionColumns
from mapgap.coco.detections import read_raw_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.coco.sources import JsonText
from mapgap.coco.values import is_identifier, number_in_text
from mapgap.errors import InputError
from mapgap.readings import USUAL, Reading
from mapgap.shards.contents import Mark, ShardContent, ground_truth_text, text_of_lists
from mapgap.shards.oddities import Oddities, object_oddities
from mapgap.shards.opening import open_shard
from mapgap.tables import AREA_RANGES, BoolArray, GroundTruth, IdArray, Notice

NO_IDS: IdArray = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Survey:
    """One shard in numbers."""

    path: str
    name: str
    """Of the file, without its folders."""
    mark: Mark | None
    categories: tuple[tuple[int, str], ...] | None
    """(id, name) of every class, by id; None where the shard does not say which there are."""
    has_ground_truth: bool
    has_detections: bool
    image_ids: IdArray = field(default_factory=lambda: NO_IDS)
    """Of its ground truth, rising."""
    detected_image_ids: IdArray = field(default_factory=lambda: NO_IDS)
    """Of its detections, rising, each once."""
    annotations: int = 0
    objects: int = 0
    detections: int = 0
    has_bad_records: bool = False
    """Whether some detections mean nothing, which the reader will say; they are not counted."""
    class_ids: IdArray = field(default_factory=lambda: NO_IDS)
    """Of the classes that `positives` counts, rising."""
    positives: IdArray = field(default_factory=lambda: np.zeros((len(AREA_RANGES), 0), dtype=np.int64))
    """(A, K) counted objects in each area range."""
    oddities: Oddities = field(default_factory=dict)
    """What is odd about its annotations."""
    notices: tuple[Notice, ...] = ()
    """What reading its ground truth had to say."""

    @property
    def kind(self) -> str:
        """What it holds, in words; empty where that is neither."""
        if not self.has_ground_truth and not self.has_detections:
            return ""
        if self.has_ground_truth and self.has_detections:
            return "ground truth and detections"
        return "ground truth" if self.has_ground_truth else "detections"


def survey_shard(path: str, iou_type: str = "bbox", reading: Reading = USUAL) -> Survey:
    """Reads the whole file once. InputError and AccessError as `open_shard` and the readers of `coco`.

    For `segm` the masks of the ground truth too: a lenient reading counts no object whose mask means nothing.
    """
    content = open_shard(path, only_images=True, max_input_bytes=reading.max_input_bytes)
    found: dict[str, Any] = {}
    if content.ground_truth is not None or content.categories is not None:
        text, with_masks = ground_truth_of(content), iou_type == "segm"
        truth = read_ground_truth(text, with_masks=with_masks, with_attributes=False, reading=reading)
        found |= _of_ground_truth(truth)
        if content.categories is not None:
            names = zip(truth.categories.ids.tolist(), truth.categories.names, strict=True)
            found["categories"] = tuple(names)
    if content.detections is not None:
        written, records = _written_image_ids(content.detections, reading)
        is_bad = records is None
        found |= {"detected_image_ids": np.unique(written), "has_bad_records": is_bad}
        found["detections"] = max(1, len(written)) if records is None else records
    return Survey(
        path=path,
        name=content.name,
        mark=content.mark,
        categories=found.pop("categories", None),
        has_ground_truth=content.ground_truth is not None,
        has_detections=content.detections is not None,
        **found,
    )


def ground_truth_of(content: ShardContent, categories: bytes | None = None) -> JsonText:
    """The shard's ground truth, with these classes, or those its annotations have, where it names none."""
    if content.ground_truth is None:
        return ground_truth_text(content.name, [], [], content.categories)
    if content.categories is not None:
        return content.ground_truth
    lists = msgspec.json.decode(content.ground_truth.text, type=_Lists)
    given = categories or _classes_of(lists.annotations)
    return text_of_lists(content.name, lists.images, lists.annotations, given)


class _Lists(msgspec.Struct):
    images: msgspec.Raw
    annotations: msgspec.Raw


class _OfClass(msgspec.Struct):
    category_id: int | float | str


class _OfImage(msgspec.Struct):
    image_id: int | float


def _classes_of(annotations: msgspec.Raw) -> bytes:
    """The list of the classes that annotations name; what names none is left to the reader to complain of.

    A number in a text is one, as a lenient reading takes it.
    """
    try:
        written = {record.category_id for record in msgspec.json.decode(annotations, type=list[_OfClass])}
    except msgspec.ValidationError:
        written = set(_sound_classes(annotations))
    numbers = (number_in_text(value) if isinstance(value, str) else value for value in written)
    ids = sorted({int(number) for number in numbers if is_identifier(number)})  # type: ignore[call-overload]
    return msgspec.json.encode([{"id": identifier} for identifier in ids])


def _sound_classes(annotations: msgspec.Raw) -> Iterator[int | float | str]:
    with suppress(msgspec.ValidationError):
        for record in msgspec.json.decode(annotations, type=list[msgspec.Raw]):
            with suppress(msgspec.ValidationError):
                yield msgspec.json.decode(record, type=_OfClass).category_id


def _of_ground_truth(truth: GroundTruth) -> dict[str, Any]:
    is_counted = np.stack([_inside(truth, area) & ~truth.crowd for area in AREA_RANGES.values()])
    classes = len(truth.categories.ids)
    positives = [np.bincount(truth.category[counted], minlength=classes) for counted in is_counted]
    return {
        "image_ids": truth.images.ids,
        "annotations": len(truth.ids),
        "objects": int(truth.is_object.sum()),
        "class_ids": truth.categories.ids,
        "positives": np.stack(positives).astype(np.int64),
        "oddities": object_oddities(truth),
        "notices": truth.notices,
    }


def _inside(truth: GroundTruth, area_range: tuple[float, float]) -> BoolArray:
    low, high = area_range
    return np.asarray((truth.area >= low) & (truth.area <= high))


def _written_image_ids(detections: JsonText | DetectionColumns, reading: Reading) -> tuple[IdArray, int | None]:
    """(the image of each detection that has one, how many records there are, None if some mean nothing)."""
    if isinstance(detections, DetectionColumns):
        values = detections.image_id
        if values.dtype.kind == "O":
            return _whole(values.tolist()), len(values)
        is_whole = np.isfinite(values) & (values == np.floor(values)) if values.dtype.kind == "f" else slice(None)
        return values[is_whole].astype(np.int64), len(values)
    try:
        written = [record.image_id for record in msgspec.json.decode(detections.text, type=list[_OfImage])]
        ids = np.array(written, dtype=np.int64) if set(map(type, written)) <= {int} else _whole(written)
    except (msgspec.DecodeError, RecursionError, OverflowError):
        return _whole(read_raw_detections(detections, reading=reading).image_id.tolist()), None
    return ids, len(written)


def _whole(values: list[Any]) -> IdArray:
    return np.array([int(value) for value in values if is_identifier(value)], dtype=np.int64)


def require_reading(reading: Reading) -> None:
    """InputError for what cannot be asked of shards."""
    if reading.image_map is not None:
        raise InputError(
            f"--image-map {reading.image_map} cannot be asked of shards",
            fix="Write image ids as the ground truth has them: they tell which shards belong together",
        )
