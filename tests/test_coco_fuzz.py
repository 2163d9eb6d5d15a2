"""Whatever is given, reading ends in a table or in a MapgapError: mutated JSON bytes, mutated Python objects."""

import copy
import datetime
import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.errors import MapgapError
from mapgap.tables import Detections, GroundTruth
from tests.generated import CocoPair, coco_pairs

RECURSIVE: list[Any] = []
RECURSIVE.append(RECURSIVE)

WEIRD_VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    42.0,
    2**31,
    2**63,
    -(2**63) - 1,
    2**64,
    10**400,
    10**5000,
    1e308,
    math.nan,
    math.inf,
    "",
    "1",
    "\ud800",
    "\x1b[31m\u202e",
    b"bytes",
    [],
    {},
    (),
    set(),
    [[]],
    [None],
    {"a": 1},
    {1: 2},
    {"\ud800": 1},
    RECURSIVE,
    object(),
    len,
    int,
    3 + 4j,
    datetime.date(2020, 1, 1),
    np.int64(3),
    np.uint64(2**64 - 1),
    np.float32(0.5),
    np.float64("nan"),
    np.bool_(True),
    np.array(3),
    np.array([1.0, 2.0, 3.0, 4.0]),
    np.array(["x", None], dtype=object),
    [1, 2, 3],
    [1, 2, 3, 4],
    [1, 2, 3, "4"],
    [1, 2, 3, math.nan],
    [0, 0, 1e200, 1e200],
    {"size": [2, 2], "counts": "04"},
    {"size": [0, 2], "counts": "04"},
    {"size": [2, 2], "counts": [1, 3]},
    {"size": [2, 2], "counts": b"13"},
]
NAMES = ["images", "annotations", "categories", "id", "image_id", "category_id", "bbox", "area", "iscrowd", "score"]
NAMES += ["segmentation", "attributes", "ignore", "width", "height", "file_name", "date_captured", "name", "other"]
TOKENS = [
    b"NaN",
    b"-Infinity",
    b"null",
    b"true",
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b",",
    b":",
    b"1e999",
    b"1" + b"0" * 5000,
]
TOKENS += [
    b"\\ud800",
    b"\xff",
    b"\x00",
    b"[" * 3000,
    b"42.0",
    b"-",
    b"9223372036854775808",
    b"\xef\xbb\xbf",
    b"\x1f\x8b",
    b"",
]


def survives(read: Callable[[], object], expected: type) -> None:
    try:
        table = read()
    except MapgapError as error:
        message = str(error)
        assert message
        assert all(line.isprintable() for line in message.split("\n")), message
        message.encode()
    else:
        assert isinstance(table, expected)
        _require_sound(table)


def _require_sound(table: Any) -> None:
    rows = len(table.record)
    assert table.box.shape == (rows, 4)
    assert table.box.dtype == table.area.dtype == np.float64
    assert np.isfinite(table.box).all()
    assert np.isfinite(table.area).all()
    assert table.image.shape == table.category.shape == table.area.shape == (rows,)
    if isinstance(table, Detections):
        assert np.isfinite(table.score).all()
        return
    images = table.images
    assert ((table.image >= 0) & (table.image < len(images.ids))).all()
    assert (np.diff(images.ids) > 0).all()
    assert not ((images.width < 0) | np.isinf(images.width)).any()
    columns = [*images.attributes.items(), *table.attributes.items(), *table.fields.items()]
    for name, column in [*columns, ("names", table.categories.names), ("names", images.file_names)]:
        for value in (name, *column):
            assert isinstance(value, str | int | float | None)
            str(value).encode()
            assert not isinstance(value, float) or math.isfinite(value)


def _places(value: Any, seen: set[int]) -> list[tuple[Any, Any]]:
    """Every (container, key) of a nest of dicts and lists, which may contain itself."""
    if not isinstance(value, dict | list) or id(value) in seen:
        return []
    seen.add(id(value))
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [place for key in keys for place in [(value, key), *_places(value[key], seen)]]


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    holder = {"root": copy.deepcopy(value)}
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(_places(holder, set())))
        weird = copy.deepcopy(draw(st.sampled_from(WEIRD_VALUES)))
        action = draw(st.sampled_from(["replace", "delete", "add"]))
        if action == "delete" and container is not holder:
            del container[key]
        elif action == "add" and isinstance(container, dict) and container is not holder:
            container[draw(st.sampled_from(NAMES))] = weird
        else:
            container[key] = weird
    return holder["root"]


@st.composite
def mutated_bytes(draw: st.DrawFn, data: bytes) -> bytes:
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        stop = min(len(data), start + draw(st.sampled_from([0, 0, 1, 2, 5, 40])))
        data = data[:start] + draw(st.sampled_from(TOKENS)) + data[stop:]
    if draw(st.integers(0, 9)) == 0:
        data = data[: draw(st.integers(0, len(data)))]
    return data


PAIR = CocoPair(
    {
        "images": [{"id": 7, "width": 9, "height": 9, "file_name": "7.jpg", "time": "day"}],
        "categories": [{"id": 3, "name": "cat"}],
        "annotations": [
            {
                "id": 1,
                "image_id": 7,
                "category_id": 3,
                "bbox": [1, 2, 3, 4],
                "area": 12,
                "iscrowd": 0,
                "segmentation": [[1, 2, 3, 4]],
                "attributes": {"occlusion": "none", "\u00e9": 1.5},
                "truncated": False,
            }
        ],
    },
    [
        {"image_id": 7, "category_id": 3, "bbox": [1, 2, 3, 4], "score": 0.5},
        {"image_id": 7, "category_id": 3, "segmentation": {"size": [9, 9], "counts": "m03600000`0"}, "score": 0.5},
    ],
)
GROUND_TRUTH = read_ground_truth(PAIR.ground_truth)


@settings(max_examples=600)
@given(st.data())
def test_mutated_ground_truth_objects(data: st.DataObject) -> None:
    source = data.draw(mutated(PAIR.ground_truth))
    survives(lambda: read_ground_truth(source), GroundTruth)


@settings(max_examples=600)
@given(st.data())
def test_mutated_detection_objects(data: st.DataObject) -> None:
    base = data.draw(st.sampled_from([PAIR.detections, PAIR.detections[1:], {"annotations": PAIR.detections}]))
    source = data.draw(mutated(base))
    survives(lambda: read_detections(source, GROUND_TRUTH), Detections)


@settings(max_examples=500)
@given(data=st.data())
def test_mutated_ground_truth_bytes(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated.json"
    path.write_bytes(data.draw(mutated_bytes(json.dumps(PAIR.ground_truth, ensure_ascii=False).encode())))
    survives(lambda: read_ground_truth(path), GroundTruth)


@settings(max_examples=500)
@given(data=st.data())
def test_mutated_detection_bytes(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated.json"
    base = data.draw(st.sampled_from([PAIR.detections, PAIR.detections[1:], {"annotations": PAIR.detections}]))
    path.write_bytes(data.draw(mutated_bytes(json.dumps(base).encode())))
    survives(lambda: read_detections(path, GROUND_TRUTH), Detections)


@settings(max_examples=100)
@given(data=st.data())
def test_mutated_gzip(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated.json.gz"
    path.write_bytes(data.draw(mutated_bytes(gzip.compress(json.dumps(PAIR.ground_truth).encode(), mtime=0))))
    survives(lambda: read_ground_truth(path), GroundTruth)


@settings(max_examples=300)
@given(st.binary(max_size=40))
@example(b"")
@example(b"[")
@example(b"[" * 100_000)
@example(b'{"annotations":' * 100_000)
@example(b"\xff\xfe[\x00]\x00")
@example(b"[]")
@example(b"{}")
@example(b"null")
@example(b"\xef\xbb\xbf")
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(data)
    survives(lambda: read_ground_truth(path), GroundTruth)
    survives(lambda: read_detections(path, GROUND_TRUTH), Detections)


@pytest.mark.parametrize("value", WEIRD_VALUES, ids=lambda value: type(value).__name__)
def test_any_python_object(value: Any) -> None:
    for source in (value, [value], [[value]], {"annotations": value}, {"annotations": [value]}):
        survives(lambda source=source: read_ground_truth(source), GroundTruth)
        survives(lambda source=source: read_detections(source, GROUND_TRUTH), Detections)
    survives(lambda: read_ground_truth({"images": value, "annotations": [], "categories": []}), GroundTruth)


@settings(max_examples=100)
@given(
    st.sampled_from(["f2", "f4", "f8", "i1", "i8", "u1", "u8", "c16", "O", "U3", "M8[s]", "b1", "g"]),
    st.sampled_from([(0,), (0, 7), (2, 7), (2, 6), (7,), (), (1, 7, 1), (0, 6)]),
    st.sampled_from([0, 1, 3, 7, 300]),
)
def test_any_array(kind: str, shape: tuple[int, ...], fill: int) -> None:
    try:
        array = np.full(shape, fill, dtype=kind)
    except (OverflowError, ValueError):
        return
    survives(lambda: read_detections(array, GROUND_TRUTH), Detections)
    survives(lambda: read_ground_truth(array), GroundTruth)


@settings(max_examples=60)
@given(coco_pairs(), st.integers(0, 6), st.sampled_from([math.nan, math.inf, -math.inf, 1.5, 2.0**63, 1e308]))
def test_any_number_in_an_array(pair: CocoPair, column: int, value: float) -> None:
    ground_truth = read_ground_truth(pair.ground_truth)
    rows = [[d["image_id"], *d["bbox"], d["score"], d["category_id"]] for d in pair.detections]
    array = np.array(rows, dtype=np.float64).reshape(-1, 7)
    if len(array):
        array[len(array) // 2, column] = value
    survives(lambda: read_detections(array, ground_truth), Detections)
