"""A CSV or Parquet file of predictions as samples: which columns hold what, by name or as the caller says."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mapgap.alikeness import listed, most_alike_first
from mapgap.attributes.csv_rows import csv_rows
from mapgap.attributes.expression_text import shown_name, shown_text
from mapgap.attributes.row_source import Cell, NoScalar, RowSource
from mapgap.attributes.text_columns import TextColumn
from mapgap.attributes.typed_rows import is_parquet, parquet_rows
from mapgap.classification.sampling import read_samples
from mapgap.classification.tables import Samples
from mapgap.coco.file_identity import base_name, sha256_of_file
from mapgap.errors import InputError
from mapgap.report.wording import value_text
from mapgap.tables import Scalar

TRUTH_NAMES = ("y_true", "truth", "ground_truth", "label", "target")
PREDICTION_NAMES = ("y_pred", "prediction", "predicted", "pred")
SCORE_NAMES = ("score", "y_score", "probability", "proba", "prob")
SCORE_PREFIXES = ("score_", "probability_", "proba_", "prob_")
ID_NAMES = ("id", "sample_id", "image_id", "file_name", "filename", "file", "path", "image")
"""Column names that are taken for what they say, whatever their case; the first that is there wins."""

MOST_COLUMNS = 5_000
WHOLE_NUMBER = re.compile(r"(-?[0-9]+)(?:\.0*)?")


@dataclass(frozen=True)
class Columns:
    """Which column holds what; None where none was named, and then the usual names are looked for."""

    truth: str | None = None
    prediction: str | None = None
    score: str | None = None
    """Scores of the positive one of two classes."""
    scores: Mapping[str, str] | None = None
    """Scores by class: label -> column."""
    id: str | None = None
    group: str | None = None


def read_file(
    path: str | os.PathLike[str],
    columns: Columns | None = None,
    *,
    positive: str | None = None,
    threshold: float | str | None = None,
) -> tuple[Samples, Columns]:
    """The samples of a file, and which columns they are from; every column that is none of these is an attribute.

    Labels are text without the blanks around it; where all are whole numbers, 1.0 is 1. Raises InputError for a column
    that is not there, a missing label or score, and for what `read_samples` refuses; AccessError if the file cannot
    be read.
    """
    name = base_name(path)
    table = _table(path, name)
    found = _found_columns(table, columns or Columns(), name)
    try:
        samples = read_samples(
            _labels(table, str(found.truth), found),
            None if found.prediction is None else _labels(table, found.prediction, found),
            scores=_scores(table, found),
            positive=positive,
            threshold=threshold,
            attributes=_attributes(table, found),
            groups=None if found.group is None else _present(table, found.group, "the group"),
            ids=None if found.id is None else [_id(cell) for cell in table.cells[found.id]],
            name=name,
            sha256=sha256_of_file(path),
            places=table.places,
        )
    except InputError as error:
        if error.file is not None:
            raise
        raise InputError(error.what, file=name, where=error.where, fix=error.fix) from None
    return samples, found


@dataclass(frozen=True)
class _Table:
    """One list a column, one entry a row."""

    name: str
    places: list[str]
    cells: dict[str, list[Cell]]
    is_text: bool


def _table(path: str | os.PathLike[str], name: str) -> _Table:
    source = parquet_rows(path, name) if is_parquet(path, name) else csv_rows(path, name, most_columns=MOST_COLUMNS)
    places, rows = _all_rows(source)
    if not rows:
        raise InputError("the file has a header and no row", file=name, fix="Give one row a sample")
    return _Table(
        name, places, dict(zip(source.columns, map(list, zip(*rows, strict=True)), strict=True)), source.is_text
    )


def _all_rows(source: RowSource) -> tuple[list[str], list[Sequence[Cell]]]:
    places, rows = [], []
    for place, cells in source.rows:
        places.append(place)
        rows.append(cells)
    return places, rows


def _found_columns(table: _Table, asked: Columns, file: str) -> Columns:
    for column in (asked.truth, asked.prediction, asked.score, asked.id, asked.group, *(asked.scores or {}).values()):
        if column is not None and column not in table.cells:
            raise _no_column(column, table, file)
    taken = {asked.truth, asked.prediction, asked.score, asked.id, asked.group, *(asked.scores or {}).values()}
    truth = asked.truth or _usual(table, TRUTH_NAMES, taken)
    if truth is None:
        what = "no column holds the truth"
        fix = f"Name it with --truth; columns: {listed([shown_name(column) for column in table.cells])}"
        raise InputError(what, file=file, fix=fix)
    taken |= {truth}
    prediction = asked.prediction or _usual(table, PREDICTION_NAMES, taken)
    taken |= {prediction}
    has_scores = asked.score is not None or asked.scores is not None
    by_class = asked.scores if has_scores else _scores_by_name(table, truth, prediction, taken)
    score = asked.score if has_scores or by_class else _usual(table, SCORE_NAMES, taken)
    if prediction is None and score is None and not by_class:
        what = "no column holds predictions or scores"
        fix = f"Name one with --prediction, --score or --scores; columns: {_shown(table)}"
        raise InputError(what, file=file, fix=fix)
    taken |= {score, *(by_class or {}).values()}
    return Columns(truth, prediction, score, by_class or None, asked.id or _usual(table, ID_NAMES, taken), asked.group)


def _no_column(column: str, table: _Table, file: str) -> InputError:
    known = listed([shown_name(name) for name in most_alike_first(column, list(table.cells))])
    return InputError(
        f"there is no column {shown_name(column)}", file=file, fix=f"Columns, the most alike first: {known}"
    )


def _shown(table: _Table) -> str:
    return listed([shown_name(column) for column in table.cells])


def _usual(table: _Table, names: Sequence[str], taken: set[str | None]) -> str | None:
    """The column that is called like the first of the names that one is called."""
    by_name = {column.casefold(): column for column in reversed(list(table.cells)) if column not in taken}
    return next((by_name[name] for name in names if name in by_name), None)


def _scores_by_name(table: _Table, truth: str, prediction: str | None, taken: set[str | None]) -> dict[str, str]:
    """Columns such as `score_cat`, if the label of one of them is in the data."""
    seen = {_text(cell) for name in (truth, prediction) if name is not None for cell in set(table.cells[name])}
    for prefix in SCORE_PREFIXES:
        columns = {
            column[len(prefix) :]: column
            for column in table.cells
            if column.casefold().startswith(prefix) and column not in taken and len(column) > len(prefix)
        }
        if seen & set(columns):
            return columns
    return {}


def _labels(table: _Table, column: str, found: Columns) -> list[str]:
    """The labels of a column as text; 1.0 is 1 where all labels are whole numbers."""
    texts = _present(table, column, "the label")
    others = [other for other in (found.truth, found.prediction) if other not in (column, None)]
    seen = {*texts, *(_text(cell) for other in others for cell in set(table.cells[str(other)])), *(found.scores or ())}
    if not all(WHOLE_NUMBER.fullmatch(text) for text in seen if text):
        return texts
    return [WHOLE_NUMBER.sub(r"\1", text) for text in texts]


def _present(table: _Table, column: str, what: str) -> list[str]:
    texts = [_text(cell) for cell in table.cells[column]]
    if "" in texts:
        place = table.places[texts.index("")]
        raise InputError(
            f"{what} is missing",
            file=table.name,
            where=f"{place}: {shown_name(column)}",
            fix="Give every row one, or leave the row out",
        )
    return texts


def _scores(table: _Table, found: Columns) -> list[float] | dict[str, list[float]] | None:
    if found.scores is not None:
        return {label: _numbers(table, column) for label, column in found.scores.items()}
    return None if found.score is None else _numbers(table, found.score)


def _numbers(table: _Table, column: str) -> list[float]:
    cells = table.cells[column]
    numbers = [_number(cell) for cell in cells]
    for row, value in enumerate(numbers):
        if not -float("inf") < value < float("inf"):
            text = _text(cells[row])
            what = "the score is missing" if text == "" else f"{shown_text(text)} is no score"
            where = f"{table.places[row]}: {shown_name(column)}"
            raise InputError(what, file=table.name, where=where, fix="Give finite numbers, such as 0.93")
    return numbers


def _number(cell: Cell) -> float:
    if isinstance(cell, bool | NoScalar) or cell is None or (isinstance(cell, str) and "_" in cell):
        return float("nan")
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def _attributes(table: _Table, found: Columns) -> dict[str, list[Scalar]]:
    used = {found.truth, found.prediction, found.score, found.id, found.group, *(found.scores or {}).values()}
    return {
        column: _typed(cells, is_text=table.is_text)
        for column, cells in table.cells.items()
        if column not in used and column
    }


def _typed(cells: Sequence[Cell], *, is_text: bool) -> list[Scalar]:
    if not is_text:
        return [None if isinstance(cell, NoScalar) else cell for cell in cells]
    texts = [str(cell) for cell in cells]
    meaning = TextColumn()
    for text in dict.fromkeys(texts):
        meaning.see(text)
    return list(meaning.scalars(texts))


def _id(cell: Cell) -> Scalar:
    return "" if isinstance(cell, NoScalar) or cell is None else cell


def _text(cell: Cell) -> str:
    """A cell as text, without blanks around it; nothing is empty."""
    return "" if cell is None or isinstance(cell, NoScalar) else value_text(cell).strip()
