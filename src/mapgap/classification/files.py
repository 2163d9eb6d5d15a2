"""The files of a report folder as bytes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mapgap.classification.markdown import report_markdown
from mapgap.classification.page.page import report_html
from mapgap.classification.summary import class_records
from mapgap.report.column_values import Column, attribute_column, labels
from mapgap.report.csv_files import csv_bytes
from mapgap.report.json_files import json_bytes
from mapgap.report.json_values import Record
from mapgap.report.parquet import parquet_bytes
from mapgap.report.wording import value_text
from mapgap.where_text import where_text

if TYPE_CHECKING:
    from mapgap.classification.evaluation import Classification

FILE_NAMES = (
    "report.html",
    "report.md",
    "summary.json",
    "confusion_matrix.csv",
    "per_class.csv",
    "slices.csv",
    "samples.parquet",
)
RIGHT, WRONG = "right", "wrong"
OUTCOMES = ("tp", "fp", "fn", "tn")


def render_files(result: "Classification", command: str | None = None) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each file in the order of `FILE_NAMES`, made one at a time.

    Same input, same bytes; the Parquet file carries its writer's version. `command` is the command line to name.
    """
    yield "report.html", report_html(result, command).encode("utf-8")
    yield "report.md", report_markdown(result, command).encode("utf-8")
    yield "summary.json", json_bytes(result.summary)
    yield "confusion_matrix.csv", confusion_matrix_csv(result)
    yield "per_class.csv", per_class_csv(result)
    yield "slices.csv", slices_csv(result)
    yield "samples.parquet", parquet_bytes(sample_columns(result))


def confusion_matrix_csv(result: "Classification") -> bytes:
    """One row a true class, one column a predicted one."""
    names = [value_text(label) for label in result.labels]
    columns: dict[str, Sequence[Any]] = {_free("truth", dict.fromkeys(names)): names}
    return csv_bytes({**columns, **{name: result.matrix[:, k].tolist() for k, name in enumerate(names)}})


def per_class_csv(result: "Classification") -> bytes:
    """One row a class."""
    return _records_csv(class_records(result), {"label": value_text})


def slices_csv(result: "Classification") -> bytes:
    """One row a group of samples; `class` is empty where they are of any class."""
    writers: dict[str, Callable[[Any], str | None]] = {
        "class": lambda label: None if label is None else value_text(label),
        "where": where_text,
        "flags": " ".join,
    }
    return _records_csv(result.slice_records, writers, SLICE_COLUMNS)


def sample_columns(result: "Classification") -> dict[str, Column]:
    """One row a sample: row (counted from 0), id, truth, prediction, right or wrong, tp to tn, scores, attributes."""
    samples = result.samples
    texts = [value_text(label) for label in samples.labels]
    is_right = samples.truth == samples.prediction
    columns: dict[str, Column] = {"row": np.arange(len(samples.truth), dtype=np.int64)}
    if samples.ids is not None:
        columns["id"] = labels(np.arange(len(samples.ids)), [value_text(one) for one in samples.ids])
    columns["truth"] = labels(samples.truth, texts)
    columns["prediction"] = labels(samples.prediction, texts)
    columns["outcome"] = labels(np.where(is_right, 0, 1), (RIGHT, WRONG))
    if samples.positive is not None:
        is_taken, is_positive = samples.prediction == samples.positive, samples.truth == samples.positive
        columns["outcome"] = labels(
            np.where(is_taken, np.where(is_positive, 0, 1), np.where(is_positive, 2, 3)), OUTCOMES
        )
    for place, values in _score_columns(result):
        columns[_free(place, columns)] = values
    for attribute in samples.attributes:
        columns[_free(attribute.name, columns)] = attribute_column(attribute.codes, attribute.values)
    return columns


SLICE_COLUMNS = (
    "class", "where", "samples", "right", "share_right", "share_right_low", "share_right_high", "rest_share_right",
    "q_value", "flags",
)  # fmt: skip


def _score_columns(result: "Classification") -> Iterator[tuple[str, Column]]:
    samples = result.samples
    if samples.scores is None:
        return
    for column, place in enumerate(samples.scores.classes):
        is_only = samples.positive is not None
        name = "score" if is_only else f"score_{value_text(samples.labels[place])}"
        yield name, np.ascontiguousarray(samples.scores.values[:, column])


def _free(name: str, taken: Mapping[str, object]) -> str:
    """The name as text can hold it, with a suffix as often as it is taken; SQL does not tell columns apart by case."""
    seen = {one.casefold() for one in taken}
    name = name.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    while not name or name.casefold() in seen:
        name += "_column"
    return name


def _records_csv(records: Sequence[Record], writers: Mapping[str, Any], empty: Sequence[str] = ()) -> bytes:
    """Intervals become two columns; `empty` names the columns of a table without rows."""
    columns: dict[str, list[Any]] = {name: [] for name in empty}
    for record in records:
        for name, value in record.items():
            for column, cell in _cells(name, value, writers.get(name)):
                columns.setdefault(column, []).append(cell)
    return csv_bytes(columns)


def _cells(name: str, value: Any, write: Any) -> list[tuple[str, Any]]:
    if name.endswith("_interval"):
        stem = name.removesuffix("_interval")
        low, high = (None, None) if value is None else value
        return [(f"{stem}_low", low), (f"{stem}_high", high)]
    return [(name, value if write is None else write(value))]
