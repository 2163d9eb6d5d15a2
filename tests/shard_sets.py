"""Splits generated data into shards, in ways that the package itself does not write."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import strategies as st

from tests.generated import CocoPair

Record = dict[str, Any]
Parts = list[list[int]]
"""The image ids of each shard."""


@st.composite
def splits(draw: st.DrawFn, image_ids: Sequence[int], most: int = 4) -> Parts:
    """Every image in one of the shards, in any order; shards may be empty."""
    count = draw(st.integers(1, most))
    parts: Parts = [[] for _ in range(count)]
    for image_id in draw(st.permutations(list(image_ids))):
        parts[draw(st.integers(0, count - 1))].append(image_id)
    return parts


def image_ids_of(pair: CocoPair) -> list[int]:
    """Of the ground truth."""
    return [image["id"] for image in pair.ground_truth["images"]]


def of_images(pair: CocoPair, image_ids: Sequence[int]) -> Record:
    """COCO's lists, with `detections`, of some images; records in the order of the pair."""
    wanted = set(image_ids)
    truth = pair.ground_truth
    return {
        "images": [image for image_id in image_ids for image in truth["images"] if image["id"] == image_id],
        "annotations": [record for record in truth["annotations"] if record["image_id"] in wanted],
        "categories": truth["categories"],
        "detections": [record for record in pair.detections if record["image_id"] in wanted],
    }


def write_truths(folder: Path, pair: CocoPair, parts: Parts, kind: str = "json") -> None:
    """A file of ground truth a part."""
    for place, part in enumerate(parts):
        found = of_images(pair, part)
        del found["detections"]
        _write(folder / f"truth-{place}", found, kind)


def write_results(folder: Path, pair: CocoPair, parts: Parts, kind: str = "json") -> None:
    """A file of detections a part."""
    for place, part in enumerate(parts):
        records = of_images(pair, part)["detections"]
        path = folder / f"results-{place}"
        if kind == "json":
            path.with_suffix(".json").write_text(json.dumps(records))
        elif kind == "jsonl":
            lines = [json.dumps(record) for record in records] or ['{"detections": []}']
            path.with_suffix(".jsonl").write_text("\n".join(lines) + "\n")
        else:
            write_rows(path.with_suffix(".parquet"), records)


def write_both(folder: Path, pair: CocoPair, parts: Parts, kind: str = "json") -> None:
    """A file of both a part."""
    for place, part in enumerate(parts):
        _write(folder / f"both-{place}", of_images(pair, part), kind)


def write_rows(path: Path, records: Sequence[Record], types: Mapping[str, str] | None = None) -> None:
    """A Parquet file with one row a detection."""
    types = types or {"image_id": "BIGINT", "category_id": "BIGINT", "bbox": "DOUBLE[]", "score": "DOUBLE"}
    _copy(path, records, types)


def _write(path: Path, found: Record, kind: str) -> None:
    writers: dict[str, Callable[[Path, Record], None]] = {"json": _json, "jsonl": _lines, "parquet": _nested}
    writers[kind](path.with_suffix(f".{kind}"), found)


def _json(path: Path, found: Record) -> None:
    path.write_text(json.dumps(found))


def _lines(path: Path, found: Record) -> None:
    lines = [json.dumps({"categories": found["categories"]}), *(json.dumps(line) for line in _by_image(found))]
    path.write_text("\n".join(lines) + "\n")


def _nested(path: Path, found: Record) -> None:
    box = "bbox DOUBLE[], category_id BIGINT"
    types = {
        "id": "BIGINT",
        "width": "DOUBLE",
        "height": "DOUBLE",
        "file_name": "VARCHAR",
        "time": "VARCHAR",
        "annotations": f"STRUCT(id BIGINT, {box}, area DOUBLE, iscrowd INTEGER, attributes JSON)[]",
    }
    if "detections" in found:
        types["detections"] = f"STRUCT({box}, score DOUBLE)[]"
    rows = [{**line["image"], **{key: line[key] for key in line if key != "image"}} for line in _by_image(found)]
    _copy(path, rows, types, {"categories": found["categories"]})


def _by_image(found: Record) -> list[Record]:
    """A line an image; its records do without the image's id."""
    lines: list[Record] = []
    for image in found["images"]:
        line: Record = {"image": image}
        for key in ("annotations", "detections"):
            if key in found:
                here = [record for record in found[key] if record["image_id"] == image["id"]]
                line[key] = [{name: record[name] for name in record if name != "image_id"} for record in here]
        lines.append(line)
    return lines


def _copy(path: Path, rows: Sequence[Record], types: Mapping[str, str], head: Record | None = None) -> None:
    source = path.with_suffix(".rows")
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    read = f"read_json('{source}', columns = {{{columns}}}, format = 'newline_delimited')"
    marked = "" if head is None else ", KV_METADATA {mapgap: '" + json.dumps(head).replace("'", "''") + "'}"
    duckdb.connect().execute(f"COPY (FROM {read}) TO '{path}' (FORMAT parquet{marked})")
    source.unlink()
