"""objects.parquet and detections.parquet: the same rows as the slow twin, whatever the names."""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapgap.errors import AccessError, InputError
from mapgap.report.column_values import Column, Labels, Nullable, pandas_columns
from mapgap.report.columns import detections_columns, detections_table, objects_columns, objects_table
from mapgap.report.csv_files import csv_bytes
from mapgap.report.files import render_files
from mapgap.report.parquet import FEW_TEXTS, parquet_bytes, parquet_files, read_table
from mapgap.tables import NOT_AVAILABLE, Attribute, Results
from tests.naive.report import detections_rows, objects_rows
from tests.report_example import empty_results, example_results


def _read(columns: Mapping[str, Column], folder: Path) -> pd.DataFrame:
    path = folder / "table [1]*.parquet"
    path.write_bytes(parquet_bytes(columns))
    return read_table(path)


def _plain(value: Any) -> Any:
    return None if pd.isna(value) else value.item() if isinstance(value, np.generic) else value


def _assert_rows(table: pd.DataFrame, rows: list[dict[str, Any]]) -> None:
    assert len(table) == len(rows)
    for key in rows[0]:
        if key.startswith("attribute "):
            continue
        expected, found = [row[key] for row in rows], [_plain(value) for value in table[key]]
        if isinstance(next((value for value in expected if value is not None), None), float):
            assert found == pytest.approx(expected, abs=1e-12, nan_ok=True), key
        else:
            assert found == expected, key


def test_objects_are_the_twins_rows(tmp_path: Path) -> None:
    results = example_results()
    table = _read(objects_table(results), tmp_path)
    _assert_rows(table, objects_rows(results))
    assert {"tp", "fn"} == set(table["outcome"])
    assert table["cause"].nunique() == 4
    assert table["detection"].dtype == "Int64"
    assert pd.DataFrame(objects_columns(results))["object_id"].tolist() == table["object_id"].tolist()


def test_detections_are_the_twins_rows(tmp_path: Path) -> None:
    results = example_results()
    table = _read(detections_table(results), tmp_path)
    rows = detections_rows(results)
    _assert_rows(table, rows)
    assert {"tp", "fp", "ignored", "cut"} == set(table["outcome"])
    assert table["size"].tolist() == [row["attribute size"] for row in rows]
    assert table["occlusion"].tolist() == [row["attribute occlusion"] for row in rows]
    lanes = [row["attribute Width"] for row in rows]
    assert [_plain(value) for value in table["Width_attribute"]] == [v if isinstance(v, int) else None for v in lanes]


def test_iou_with_an_object_that_is_not_the_nearest_is_computed() -> None:
    results = example_results()
    away = replace(results.causes.nearest, same_class_object=np.full_like(results.causes.nearest.same_class_object, -1))
    hit = results.matches.is_true_positive(0)
    before = np.asarray(detections_columns(results)["iou"])[hit]
    after = np.asarray(detections_columns(replace(results, causes=replace(results.causes, nearest=away)))["iou"])[hit]
    assert len(before) > 20
    assert after == pytest.approx(before, abs=1e-12)


def test_the_gaps_of_both_tables_add_up_to_the_whole_gap() -> None:
    results = example_results()
    for column, whole in (("gap", results.gap.total), ("gap_at_iou_50", results.gap.total_at_50)):
        tables = (objects_columns(results), detections_columns(results))
        assert sum(float(np.asarray(table[column]).sum()) for table in tables) == pytest.approx(whole, abs=1e-12)
    for table in (objects_columns(results), detections_columns(results)):
        parts = sum(np.asarray(values) for name, values in table.items() if re.match("gap_(?!at)", name))
        assert parts == pytest.approx(np.asarray(table["gap"]), abs=1e-12)


def test_an_empty_analysis_gives_empty_tables(tmp_path: Path) -> None:
    results = empty_results()
    for columns in (objects_table(results), detections_table(results)):
        table = _read(columns, tmp_path)
        assert len(table) == 0
        assert list(table.columns) == list(columns)


def _with_attributes(results: Results, *pairs: tuple[str, tuple[Any, ...]]) -> Results:
    n, d = len(results.ground_truth.ids), len(results.detections.record)

    def made(name: str, values: tuple[Any, ...]) -> Attribute:
        codes = (np.arange(max(n, d)) % len(values)).astype(np.int32)
        return Attribute(name, "object", values, codes[:n], codes[:d])

    return replace(results, attributes=tuple(made(name, values) for name, values in pairs))


def test_attribute_values_keep_their_type(tmp_path: Path) -> None:
    results = _with_attributes(
        example_results(),
        ("whole", (1, 2, NOT_AVAILABLE)),
        ("real", (1, 2.5, NOT_AVAILABLE)),
        ("flag", (True, False, NOT_AVAILABLE)),
        ("text", ("a", NOT_AVAILABLE)),
        ("mixed", (1, True, "1", NOT_AVAILABLE)),
        ("huge", (2**70, 3)),
        ("nothing", (NOT_AVAILABLE,)),
    )
    table = _read(objects_table(results), tmp_path)
    assert [_plain(v) for v in table["whole"][:3]] == [1, 2, None]
    assert [_plain(v) for v in table["real"][:3]] == [1.0, 2.5, None]
    assert [_plain(v) for v in table["flag"][:3]] == [True, False, None]
    assert table["text"][:2].tolist() == ["a", "n/a"]
    assert table["mixed"][:4].tolist() == ["1", "true", "1", "n/a"]
    assert table["huge"][:2].tolist() == [2.0**70, 3.0]
    assert table["nothing"][0] == "n/a"


def test_hostile_attribute_names_become_distinct_columns(tmp_path: Path) -> None:
    names = ("class", "CLASS", "gap", "", "nul\0", "\ud800", "a'b\"", "n\nl", "x" * 300, "size", "Size", "_attribute")
    results = _with_attributes(example_results(), *((name, ("<b>", "\ud800\0")) for name in names))
    columns = objects_table(results)
    table = _read(columns, tmp_path)
    assert list(table.columns) == list(columns)
    assert {"class_attribute", "CLASS_attribute_attribute", "gap_attribute", "_attribute", "Size_attribute"} <= set(
        columns
    )
    assert table["size"][:2].tolist() == ["<b>", "?\ufffd"]


HOSTILE_TEXTS = ("'", '"', "a'', 'b", "\n", "NULL", "", "é", "😀", "\\", "--", "x" * 5000, "%s {} $1 ?")


@st.composite
def label_columns(draw: st.DrawFn) -> Labels:
    """Few texts or many, some of them equal, some null; codes of any width and -1."""
    text = st.sampled_from(HOSTILE_TEXTS) | st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8"))
    texts = tuple(draw(st.lists(text, max_size=6))) * draw(st.sampled_from([1, 1, FEW_TEXTS]))
    codes = draw(st.lists(st.integers(-1, len(texts) - 1), min_size=3, max_size=3))
    return Labels(np.array(codes, dtype=draw(st.sampled_from([np.int16, np.int32, np.int64]))), texts)


@given(st.lists(label_columns(), min_size=1, max_size=3))
def test_labels_are_read_back(tmp_path_factory: pytest.TempPathFactory, columns: list[Labels]) -> None:
    named = {f"{text}{place}": column for place, (text, column) in enumerate(zip(HOSTILE_TEXTS, columns, strict=False))}
    table = _read(named, tmp_path_factory.mktemp("labels"))
    assert list(table.columns) == list(named)
    for name, column in named.items():
        expected = [None if code < 0 else column.texts[code] for code in column.codes.tolist()]
        assert [_plain(value) for value in table[name]] == expected
        assert [_plain(value) for value in pandas_columns(named)[name]] == expected


def test_both_ways_of_writing_labels_give_one_type(tmp_path: Path) -> None:
    """Also where the first text comes late, or never."""
    few = Labels(np.repeat([1, -1, 0, 1], [3000, 3000, 1, 3000]), ("a", None))
    many, none = replace(few, texts=("a", None, *map(str, range(300)))), replace(few, texts=(None, None))
    table = _read({"few": few, "many": many, "none": none}, tmp_path)
    assert table["few"].dropna().tolist() == table["many"].dropna().tolist() == ["a"]
    assert table["few"].dtype == table["many"].dtype
    assert table.isna().sum().tolist() == [9000, 9000, 9001]


def test_numbers_keep_value_type_null_and_order(tmp_path: Path) -> None:
    """More rows than one row group holds; a column of a box is a view with a stride."""
    n = 300_000
    boxes = np.random.default_rng(0).normal(size=(n, 4))
    boxes[::7, 1] = np.nan
    is_missing = np.arange(n) % 5 == 0
    table = _read(
        {
            "id": np.arange(n) * 2**40,
            "x": boxes[:, 1],
            "end": np.array([-0.0, np.inf, 5e-324] * (n // 3)),
            "flag": is_missing,
            "whole": Nullable(np.arange(n), is_missing),
            "answer": Nullable(is_missing, ~is_missing),
            "word": Labels(np.arange(n) % 3, ("c", "b", "a")),
        },
        tmp_path,
    )
    assert table["id"].dtype == np.int64
    assert table["flag"].dtype == np.bool_
    assert table["id"].tolist() == (np.arange(n) * 2**40).tolist()
    assert np.array_equal(table["x"].to_numpy(), boxes[:, 1], equal_nan=True)
    assert table["end"].to_numpy().tobytes() == np.array([-0.0, np.inf, 5e-324] * (n // 3)).tobytes()
    assert table["flag"].tolist() == is_missing.tolist()
    assert [_plain(v) for v in table["whole"][:7]] == [None, 1, 2, 3, 4, None, 6]
    assert [_plain(v) for v in table["answer"][:7]] == [True, None, None, None, None, True, None]
    assert table["word"].tolist() == ["c", "b", "a"] * (n // 3)


def test_tables_of_one_report_do_not_mix(tmp_path: Path) -> None:
    tables = [(name, {"a": Labels(np.array([0, 1]), texts)}) for name, texts in (("x", ("p", "q")), ("y", ("q", "r")))]
    for name, content in parquet_files(tables):
        (tmp_path / name).with_suffix(".parquet").write_bytes(content)
    assert read_table(tmp_path / "x.parquet")["a"].tolist() == ["p", "q"]
    assert read_table(tmp_path / "y.parquet")["a"].tolist() == ["q", "r"]


def test_writing_a_report_does_not_import_pandas() -> None:
    code = (
        "import sys; from mapgap.report.files import render_files; from tests.report_example import example_results;"
        "print(len(dict(render_files({'run': example_results()}))), 'duckdb' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert done.stdout.split() == ["8", "True", "False"], done.stderr


def test_categories_may_share_a_name() -> None:
    columns = objects_columns(example_results(("car", "car", "", "n\0")))
    assert set(pd.DataFrame(columns)["class"]) == {"car", ""}


def test_read_table_reads_csv_and_says_what_is_wrong(tmp_path: Path) -> None:
    files = dict(render_files({"run": example_results()}))
    (tmp_path / "slices.csv").write_bytes(files["slices.csv"])
    table = read_table(tmp_path / "slices.csv")
    assert 'size == "small"' in table["where"].tolist()
    (tmp_path / "plain.csv").write_bytes(csv_bytes({"a": ["n/a", "null"], "b": [None, 1.5]}))
    assert read_table(str(tmp_path / "plain.csv"))["a"].tolist() == ["n/a", "null"]
    with pytest.raises(AccessError, match=r"none\.parquet"):
        read_table(tmp_path / "none.parquet")
    with pytest.raises(AccessError):
        read_table(tmp_path)
    for name in ("broken.parquet", "broken.csv", "table.txt"):
        (tmp_path / name).write_bytes(b"\xff\xfe\x00broken")
        with pytest.raises(InputError, match=name):
            read_table(tmp_path / name)
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(InputError):
        read_table(tmp_path / "empty.csv")
