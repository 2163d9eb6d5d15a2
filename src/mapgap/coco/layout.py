"""Where the lists of records stand in what was given, and whether it is ground truth or detections at all."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import msgspec
import numpy as np

from mapgap.coco.broken_json import decode_text, read_bent, refuse_json
from mapgap.coco.complaints import findings_of, refuse
from mapgap.coco.decoding import first_record
from mapgap.coco.records import Records
from mapgap.coco.repeated_names import repeated_names
from mapgap.coco.sources import JsonText, first_character, is_coco_object, is_path, read_json_text
from mapgap.coco.structs import TopLevel
from mapgap.coco.values import shown
from mapgap.errors import InputError
from mapgap.findings import Finding
from mapgap.tables import Notice

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
    findings: tuple[Finding, ...] = ()
    """What is wrong with the text as a whole."""
    notices: tuple[Notice, ...] = ()


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
    findings: tuple[Finding, ...] = ()
    """What is wrong with the text as a whole."""
    notices: tuple[Notice, ...] = ()


def open_ground_truth(source: object, name: str | None, max_input_bytes: int | None = None) -> GroundTruthLists:
    """The lists of a path, a text, a dict in COCO's layout or a pycocotools `COCO` object."""
    if isinstance(source, JsonText):
        return _ground_truth_of_text(source)
    if is_path(source):
        return _ground_truth_of_text(read_json_text(source, name, max_input_bytes=max_input_bytes))  # type: ignore[arg-type]
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
        code="not_ground_truth",
    )


def open_detections(source: object, name: str | None, max_input_bytes: int | None = None) -> DetectionList:
    """The list of a path, a text, a list of dicts, a dict with `annotations` or a pycocotools `COCO` object."""
    if isinstance(source, JsonText):
        return _detections_of_text(source)
    if is_path(source):
        return _detections_of_text(read_json_text(source, name, max_input_bytes=max_input_bytes))  # type: ignore[arg-type]
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
        code="not_detections",
    )


def looks_like_ground_truth(detections: DetectionList) -> bool:
    """Whether the first record has no score and either stands beside images or has a crowd flag."""
    first = first_record(detections.records)
    return first is not None and "score" not in first and (detections.has_images or "iscrowd" in first)


def _ground_truth_of_text(text: JsonText) -> GroundTruthLists:
    top, findings = _top_level(text)
    if top is None:
        decode_text(text, msgspec.Raw)
        is_list = first_character(text) == b"["
        raise _not_an_object(text.name, looks_like_detections=is_list and b"".join(text.text[:80].split()) != b"[]")
    with _together_with(findings):
        lists = _three_lists(text.name, text.sha256, top)
    return replace(lists, findings=findings, notices=repeated_names(text, LISTS))


def _detections_of_text(text: JsonText) -> DetectionList:
    top, findings = _top_level(text)
    if top is not None:
        with _together_with(findings):
            opened = _detections_of_mapping(text.name, text.sha256, top)
        return replace(opened, findings=findings, notices=repeated_names(text, ("annotations",)))
    if first_character(text) == b"[":
        return DetectionList(text.name, text.sha256, Records(text.name, "detections", text.text, text))
    decode_text(text, msgspec.Raw)
    what = "the detections are neither a list nor an object"
    raise InputError(what, file=text.name, fix=DETECTIONS_LAYOUT, code="not_detections")


@contextmanager
def _together_with(findings: tuple[Finding, ...]) -> Iterator[None]:
    """A refusal in here also tells what was found before."""
    try:
        yield
    except InputError as refusal:
        if findings:
            refuse([*findings, *findings_of(refusal)])
        raise


def _top_level(text: JsonText) -> tuple[Mapping[str, object] | None, tuple[Finding, ...]]:
    """(the lists of a JSON object that are there, or None if the text is no object; what is bent in it)."""
    if first_character(text) != b"{":
        return None, ()
    try:
        top = decode_text(text, TopLevel)
    except msgspec.ValidationError as error:
        refuse_json(text, error)
    except InputError as refusal:
        bent, finding = read_bent(text, refusal)
        return (bent if isinstance(bent, dict) else None), (finding,)
    raws = {key: getattr(top, key) for key in LISTS}
    return {key: raw for key, raw in raws.items() if _first_byte(raw)}, ()


def _three_lists(name: str, sha256: str | None, top: Mapping[Any, Any]) -> GroundTruthLists:
    missing = [key for key in LISTS if key not in top]
    if missing:
        _refuse_missing(name, top, missing)
    images, annotations, categories = (_records(name, key, top[key], GROUND_TRUTH_LAYOUT) for key in LISTS)
    return GroundTruthLists(name, sha256, images, annotations, categories)


def _refuse_missing(name: str, top: Mapping[Any, Any], missing: Sequence[str]) -> NoReturn:
    """Raise the InputError for lists that are not there; where scores are, the inputs were swapped."""
    first = first_record(Records(name, "annotations", top["annotations"])) if "annotations" in top else None
    if first is not None and "score" in first:
        what = f"the list {missing[0]!r} is missing and the annotations have scores; this looks like detections"
        raise InputError(what, file=name, fix=SWAPPED, code="inputs_swapped")
    refuse(
        [Finding("list_missing", f"the list {key!r} is missing", file=name, fix=GROUND_TRUTH_LAYOUT) for key in missing]
    )


def _detections_of_mapping(
    name: str, sha256: str | None, top: Mapping[Any, Any], *, has_areas: bool = False
) -> DetectionList:
    if "annotations" not in top:
        what = "the object has no list 'annotations'"
        raise InputError(what, file=name, fix=DETECTIONS_LAYOUT, code="not_detections")
    records = _records(name, "annotations", top["annotations"], DETECTIONS_LAYOUT)
    has_images = "images" in top or "categories" in top
    return DetectionList(name, sha256, records, has_areas=has_areas, has_images=has_images)


def _records(name: str, key: str, value: object, fix: str) -> Records:
    is_list = _first_byte(value) == b"[" if isinstance(value, msgspec.Raw) else isinstance(value, list | tuple)
    if not is_list:
        raise InputError(f"{shown(value)} is not a list", file=name, where=key, fix=fix, code="not_a_list")
    return Records(name, key, value)  # type: ignore[arg-type]


def _first_byte(raw: msgspec.Raw) -> bytes:
    """What an undecoded value starts with, without copying it; empty if there is no value."""
    return bytes(memoryview(raw)[:1])


def _not_an_object(name: str, *, looks_like_detections: bool) -> InputError:
    if looks_like_detections:
        what = "the ground truth is a list; this looks like detections"
        return InputError(what, file=name, fix=SWAPPED, code="inputs_swapped")
    return InputError("the ground truth is not an object", file=name, fix=GROUND_TRUTH_LAYOUT, code="not_ground_truth")
