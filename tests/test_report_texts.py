"""Numbers, CSV cells and JSON rows written many at once are what one at a time gives."""

import csv
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapgap.report.column_values import Nullable
from mapgap.report.csv_files import csv_bytes
from mapgap.report.json_files import json_bytes
from mapgap.report.json_rows import Coded, Field, Rows, row_records, row_texts
from mapgap.report.json_values import ENCODER
from mapgap.report.number_texts import number_texts
from tests.naive.report import csv_text

NUMBERS = st.floats() | st.integers() | st.integers(-(2**70), 2**70) | st.none() | st.booleans()
DECIMALS = st.integers(-(10**6), 10**6).flatmap(lambda n: st.integers(-30, 30).map(lambda e: float(f"{n}e{e}")))


@given(st.lists(NUMBERS | DECIMALS))
def test_many_numbers_are_written_as_python_writes_each(values: list[float | int | None]) -> None:
    assert number_texts(values) == ["null" if value is None else repr(value) for value in values]
    assert number_texts(values, undefined="") == ["" if value is None else repr(value) for value in values]


@pytest.mark.parametrize("value", [0.00005, 1e-5, 1e-6, 1e-10, 1e16, 1e15, True, float("nan"), None])
def test_one_number_among_plain_ones_is_written_as_python_writes_it(value: float | None) -> None:
    assert number_texts([1.5, value, 2]) == ["1.5", "null" if value is None else repr(value), "2"]


def test_floats_at_every_exponent_are_written_as_python_writes_them() -> None:
    bits = np.random.default_rng(0).integers(0, 2**63, 20_000) | (np.arange(20_000) % 2047 << 52)
    values = (bits & ~(1 << 62) | (np.arange(20_000) % 2 << 62)).view(np.float64)
    values = np.concatenate([values[np.isfinite(values)], 10.0 ** np.arange(-30, 30), np.arange(-9, 9) * 1e-5])
    assert len(values) > 15_000
    assert number_texts(values.tolist()) == list(map(repr, values.tolist()))


CELLS = st.none() | st.text("=+-@\t\r\n'\"a,é;", max_size=4) | st.integers() | st.floats(allow_nan=False) | DECIMALS


@given(st.lists(st.tuples(CELLS, st.none() | DECIMALS, st.text("=+-@\t\r\n'\"a,é;", max_size=4)), max_size=8))
def test_csv_is_what_the_twin_writes_and_what_readers_read(rows: list[tuple[Any, ...]]) -> None:
    header = ("a,b", "=c", "d")
    columns = list(zip(*rows, strict=True)) if rows else [()] * 3
    text = csv_bytes(dict(zip(header, columns, strict=True))).decode()
    assert text == csv_text(header, rows)
    read = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert [row[2].removeprefix("'") for row in read] == [row[2].removeprefix("'") for row in rows]
    assert [None if row[1] == "" else float(row[1]) for row in read] == [row[1] for row in rows]


JSON_VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
FINITE = st.floats(allow_nan=False, allow_infinity=False) | DECIMALS


@st.composite
def json_fields(draw: st.DrawFn, length: int, *, is_first: bool, depth: int = 0) -> Field:
    def rows_of(values: st.SearchStrategy[Any]) -> Any:
        return draw(st.lists(values, min_size=length, max_size=length))

    kind = draw(st.sampled_from(["whole", "real", "lists", "nullable", "coded"] + ["nested"] * (depth < 2)))
    if kind == "nested":
        return draw(json_objects(length, depth + 1))
    if kind == "coded":
        values = draw(st.lists(JSON_VALUES, min_size=1, max_size=4))
        codes = np.array(rows_of(st.integers(-1, len(values) - 1)), dtype=np.int32)
        return Coded(codes, values, is_optional=not is_first and draw(st.booleans()))
    if kind == "nullable":
        is_missing = np.array(rows_of(st.booleans()), dtype=bool)
        return Nullable(np.where(is_missing, np.nan, rows_of(FINITE)), is_missing)
    if kind == "whole":
        return np.array(rows_of(st.integers(-(2**60), 2**60)), dtype=np.int64)
    width = draw(st.integers(1, 4))
    reals = np.array(rows_of(st.lists(FINITE, min_size=width, max_size=width)), dtype=float).reshape(length, width)
    return reals if kind == "lists" else reals[:, 0]


@st.composite
def json_objects(draw: st.DrawFn, length: int, depth: int = 0) -> Mapping[str, Field]:
    keys = draw(st.lists(st.text(), min_size=1, max_size=4, unique=True))
    return {key: draw(json_fields(length, is_first=place == 0, depth=depth)) for place, key in enumerate(keys)}


@given(st.integers(0, 3).flatmap(json_objects))
def test_rows_are_written_as_their_dicts_are(fields: Mapping[str, Field]) -> None:
    rows = Rows(fields)
    records = row_records(rows)
    assert row_texts(rows) == [ENCODER.encode(record) for record in records]
    assert json_bytes({"a": rows, "b": {"c": rows}}) == json_bytes({"a": records, "b": {"c": records}})


def test_rows_with_nan_are_refused() -> None:
    known = np.zeros(2, dtype=bool)
    for values in (np.array([1.0, np.nan]), np.array([[1.0], [np.inf]]), Nullable(np.array([1.0, np.nan]), known)):
        with pytest.raises(ValueError, match="JSON compliant"):
            row_texts(Rows({"a": values}))
