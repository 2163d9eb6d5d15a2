"""Splits a run on one ground truth into shards."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.coco.sources import is_path, read_json_text
from mapgap.errors import AccessError, InputError
from mapgap.shards.contents import Mark
from mapgap.shards.parquet_writing import parquet_shard
from mapgap.tables import Detections, GroundTruth

FORMATS = ("parquet", "jsonl", "json")
Record = Mapping[str, msgspec.Raw]


@dataclass(frozen=True)
class ImageRecords:
    """One image with its records, undecoded."""

    image: Record
    annotations: Sequence[Record]
    detections: Sequence[Record]


def write_shards(
    gt: str | os.PathLike[str] | Mapping[str, Any],
    dt: str | os.PathLike[str] | Sequence[Mapping[str, Any]],
    folder: str | os.PathLike[str],
    *,
    shards: int,
    format: str = "parquet",
    name: str | None = None,
) -> tuple[Path, ...]:
    """Writes ground truth and detections as files of neighbouring images, by image id, each with its mark.

    `gt` and `dt` are files or what they hold. `format` is "parquet", "jsonl" or "json"; `name` that of the set, the
    ground truth file's without its suffix unless given. The folder is made; one that holds other files is refused.
    Gives the paths, in order. InputError for what `evaluate` would refuse, AccessError where nothing can be written.
    """
    if format not in FORMATS:
        raise InputError(f"format {format!r} is not known", fix=f"Use one of: {', '.join(FORMATS)}")
    if isinstance(shards, bool) or not isinstance(shards, int) or shards < 1:
        raise InputError(f"{shards!r} is no number of shards", fix="Give 1 or more")
    truth = read_ground_truth(gt)
    detections = read_detections(dt, truth)
    name = (Path(truth.name).name.split(".")[0] if is_path(gt) else "shards") if name is None else name
    if not re.fullmatch(r"[\w.-]+", name):
        raise InputError(f"{name!r} is no name of a set", fix="Use letters, digits, dots, dashes and underscores")
    images = _by_image(gt, dt, truth, detections)
    categories = msgspec.json.encode(
        [{"id": i, "name": text} for i, text in zip(truth.categories.ids.tolist(), truth.categories.names, strict=True)]
    )
    names = [f"{name}-{number:05}-of-{shards:05}.{format}" for number in range(1, shards + 1)]
    target = _ready(Path(folder), names)
    fields = _fields(images) if format == "parquet" else {}
    for number, (file, part) in enumerate(zip(names, _parts(images, shards), strict=True), 1):
        mark = Mark(
            name,
            number,
            shards,
            len(part),
            sum(len(one.annotations) for one in part),
            sum(len(one.detections) for one in part),
        )
        _write(target / file, _content(format, part, mark, categories, fields))
    return tuple(target / file for file in names)


def _by_image(gt: Any, dt: Any, truth: GroundTruth, detections: Detections) -> list[ImageRecords]:
    top = _decoded(gt, dict[str, msgspec.Raw])
    images = msgspec.json.decode(top["images"], type=list[Record])
    annotations = msgspec.json.decode(top["annotations"], type=list[Record])
    found = _decoded(dt, list[Record] | dict[str, msgspec.Raw])
    results = msgspec.json.decode(found["annotations"], type=list[Record]) if isinstance(found, dict) else found
    of_image: list[tuple[list[Record], list[Record]]] = [([], []) for _ in truth.images.ids]
    for record, image in zip(truth.record.tolist(), truth.image.tolist(), strict=True):
        of_image[image][0].append(annotations[record])
    for record, image in zip(detections.record.tolist(), detections.image.tolist(), strict=True):
        of_image[image][1].append(results[record])
    places = truth.images.file_position.tolist()
    return [ImageRecords(images[place], *records) for place, records in zip(places, of_image, strict=True)]


def _decoded(source: Any, kind: Any) -> Any:
    text = read_json_text(source, None).text if is_path(source) else msgspec.json.encode(source)
    return msgspec.json.decode(text, type=kind)


def _parts(images: Sequence[ImageRecords], shards: int) -> Iterator[Sequence[ImageRecords]]:
    edges = np.linspace(0, len(images), shards + 1).round().astype(int).tolist()
    for start, end in pairwise(edges):
        yield images[start:end]


def _content(
    format: str, part: Sequence[ImageRecords], mark: Mark, categories: bytes, fields: Mapping[str, Sequence[str]]
) -> bytes:
    head = {"shard": mark, "categories": msgspec.Raw(categories)}
    if format == "parquet":
        lines = [msgspec.json.encode(_line(one, nested=True)) for one in part]
        return parquet_shard(lines, fields, msgspec.json.encode(head))
    if format == "jsonl":
        lines = [msgspec.json.encode({**_line(one, nested=False)}) for one in part]
        return b"\n".join([msgspec.json.encode(head), *lines, b""])
    whole = {
        "images": [one.image for one in part],
        "annotations": [record for one in part for record in one.annotations],
        "detections": [record for one in part for record in one.detections],
    }
    return msgspec.json.encode(head | whole)


def _line(one: ImageRecords, *, nested: bool) -> dict[str, Any]:
    """An image with its records; `nested` with its own fields beside the lists, as a row of a table has them."""
    image = dict(one.image) if nested else {"image": one.image}
    return {**image, "annotations": one.annotations, "detections": one.detections}


def _fields(images: Sequence[ImageRecords]) -> dict[str, list[str]]:
    """The fields of each kind of record anywhere in the set, by first appearance: all shards have the same columns."""
    found: dict[str, dict[str, None]] = {"image": {}, "annotation": {}, "detection": {}}
    for one in images:
        found["image"] |= dict.fromkeys(one.image)
        for kind, records in (("annotation", one.annotations), ("detection", one.detections)):
            for record in records:
                if not found[kind].keys() >= record.keys():
                    found[kind] |= dict.fromkeys(record)
    return {kind: list(names) for kind, names in found.items()}


def _ready(folder: Path, names: Sequence[str]) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted({entry.name for entry in folder.iterdir()} - set(names))
    except OSError as error:
        raise AccessError(f"{folder}: cannot be made: {error.strerror}") from None
    if others:
        raise AccessError(f"{folder}: holds {others[0]}, which is none of these shards. Give an empty folder")
    return folder


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise AccessError(f"{path}: cannot be written: {error.strerror}") from None
