"""Where the lists of records stand in what was given, and whether it is ground truth or detections at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from mapgap.coco.records import Records, first_record, shown
from mapgap.coco.sources import (
    JsonText,
    decode_text,
    first_character,
    is_coco_object,
    is_path,
    read_json_text,
    refuse_json,
)
from mapgap.coco.structs import TopLevel
from mapgap.errors import InputError

LISTS = ("images", "annotations", "categories")
SWAPPED = "Were the two inputs swapped? Ground truth comes first, then detections"
GROUND_TRUTH_LAYOUT = "Ground truth is an object with the lists images, annotations and categories"
DETECTIONS_LAYOUT = (
    "Detections are a list of records with image_id, category_id, bbox and score, or an object with such a list "
    "under 'annotations'"
)


@dataclass(frozen=True)
class GroundTruthLists:
    """The three lists of one ground truth, undecoded."""

    name: str
    sha256: str | None
    images: Records
    annotations: Records
    categories: Records


@dataclass(frozen=True)
class DetectionList:
    """The list of one results file, undecoded."""

    name: str
    sha256: str | None
    records: Records
    has_areas: bool = False
    """Whether it is a pycocotools `COCO` object, whose records have the area that `loadRes` computed."""
    has_images: bool = False
    """Whether the list stood beside images or categories, as ground truth does."""


def open_ground_truth(source: object, name: str | None) -> GroundTruthLists:
    """The lists of a path, a dict in COCO's layout or a pycocotools `COCO` object."""
    if is_path(source):
        return _ground_truth_of_text(read_json_text(source, name))  # type: ignore[arg-type]
    name = "ground truth" if name is None else name
    if is_coco_object(source):
        source = source.dataset  # type: ignore[attr-defined]
    if isinstance(source, Mapping):
        return _three_lists(name, None, source)
    if isinstance(source, list | tuple | np.ndarray):
        is_empty = source.size == 0 if isinstance(source, np.ndarray) else not source
        raise _not_an_object(name, looks_like_detections=not is_empty)
    raise InputError(
        f"{shown(source)} is not ground truth",
        file=name,
        fix="Give a path, a dict in COCO's layout or a pycocotools COCO object",
    )


def open_detections(source: object, name: str | None) -> DetectionList:
    """The list of a path, a list of dicts, a dict with `annotations` or a pycocotools `COCO` object."""
    if is_path(source):
        return _detections_of_text(read_json_text(source, name))  # type: ignore[arg-type]
    name = "detections" if name is None else name
    if is_coco_object(source):
        return _detections_of_mapping(name, None, source.dataset, has_areas=True)  # type: ignore[attr-defined]
    if isinstance(source, Mapping):
        return _detections_of_mapping(name, None, source)
    if isinstance(source, list | tuple):
        return DetectionList(name, None, Records(name, "detections", source))
    raise InputError(
        f"{shown(source)} is not a list of detections",
        file=name,
        fix="Give a path, a list of dicts, an (N, 7) array or a pycocotools COCO object made by loadRes",
    )


def looks_like_ground_truth(detections: DetectionList) -> bool:
    """Whether the first record has no score and either stands beside images or has a crowd flag."""
    first = first_record(detections.records)
    return first is not None and "score" not in first and (detections.has_images or "iscrowd" in first)


def _ground_truth_of_text(text: JsonText) -> GroundTruthLists:
    top = _top_level(text)
    if top is None:
        decode_text(text, msgspec.Raw)
        raise _not_an_object(text.name, looks_like_detections=first_character(text) == b"[")
    return _three_lists(text.name, text.sha256, top)


def _detections_of_text(text: JsonText) -> DetectionList:
    top = _top_level(text)
    if top is not None:
        return _detections_of_mapping(text.name, text.sha256, top)
    if first_character(text) == b"[":
        return DetectionList(text.name, text.sha256, Records(text.name, "detections", text.text, text))
    decode_text(text, msgspec.Raw)
    raise InputError("the detections are neither a list nor an object", file=text.name, fix=DETECTIONS_LAYOUT)


def _top_level(text: JsonText) -> Mapping[str, msgspec.Raw] | None:
    """The lists of a JSON object that are there, or None if the text is no object."""
    if first_character(text) != b"{":
        return None
    try:
        top = decode_text(text, TopLevel)
    except msgspec.ValidationError as error:
        refuse_json(text, error)
    raws = {key: getattr(top, key) for key in LISTS}
    return {key: raw for key, raw in raws.items() if _first_byte(raw)}


def _three_lists(name: str, sha256: str | None, top: Mapping[Any, Any]) -> GroundTruthLists:
    missing = [key for key in LISTS if key not in top]
    if missing:
        what = f"the list {missing[0]!r} is missing"
        first = first_record(Records(name, "annotations", top["annotations"])) if "annotations" in top else None
        if first is not None and "score" in first:
            what += " and the annotations have scores; this looks like detections"
            raise InputError(what, file=name, fix=SWAPPED)
        raise InputError(what, file=name, fix=GROUND_TRUTH_LAYOUT)
    images, annotations, categories = (_records(name, key, top[key], GROUND_TRUTH_LAYOUT) for key in LISTS)
    return GroundTruthLists(name, sha256, images, annotations, categories)


def _detections_of_mapping(
    name: str, sha256: str | None, top: Mapping[Any, Any], *, has_areas: bool = False
) -> DetectionList:
    if "annotations" not in top:
        raise InputError("the object has no list 'annotations'", file=name, fix=DETECTIONS_LAYOUT)
    records = _records(name, "annotations", top["annotations"], DETECTIONS_LAYOUT)
    has_images = "images" in top or "categories" in top
    return DetectionList(name, sha256, records, has_areas=has_areas, has_images=has_images)


def _records(name: str, key: str, value: object, fix: str) -> Records:
    is_list = _first_byte(value) == b"[" if isinstance(value, msgspec.Raw) else isinstance(value, list | tuple)
    if not is_list:
        raise InputError(f"{shown(value)} is not a list", file=name, where=key, fix=fix)
    return Records(name, key, value)  # type: ignore[arg-type]


def _first_byte(raw: msgspec.Raw) -> bytes:
    """What an undecoded value starts with, without copying it; empty if there is no value."""
    return bytes(memoryview(raw)[:1])


def _not_an_object(name: str, *, looks_like_detections: bool) -> InputError:
    if looks_like_detections:
        return InputError("the ground truth is a list; this looks like detections", file=name, fix=SWAPPED)
    return InputError("the ground truth is not an object", file=name, fix=GROUND_TRUTH_LAYOUT)
