"""What the page and report.md show of a classification: which classes, groups and curves, before anything is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mapgap.classification.roc import Roc
from mapgap.classification.tables import NO_CLASS
from mapgap.report.json_values import Record
from mapgap.tables import IdArray

if TYPE_CHECKING:
    from mapgap.classification.evaluation import Classification

MATRIX_CLASSES = 20
CLASSES = 200
CLASSES_BESIDE_SLICES = 4
ROWS_OF_SLICES = 60
CURVES = 12


@dataclass(frozen=True)
class MatrixView:
    """The confusion matrix of the classes with most mistakes; the others are summed up in a last line."""

    classes: tuple[int, ...]
    """The class of each line, the summed-up line left out."""
    line_of: tuple[int, ...]
    """The line of each class."""
    counts: IdArray
    """(L, L)."""
    classes_summed: int


@dataclass(frozen=True)
class SliceGroup:
    """The slices by one attribute, or by one cross of some: each with its record of all classes and of each class."""

    names: tuple[str, ...]
    rows: tuple[tuple[Record, Mapping[int, Record]], ...]
    left_out: int


def matrix_view(result: "Classification") -> MatrixView:
    """All classes, or the 20 with most mistakes in their row and column together."""
    mistakes = result.counts.fp + result.counts.fn
    heaviest = np.lexsort((np.arange(len(mistakes)), -mistakes))[:MATRIX_CLASSES]
    shown = tuple(sorted(heaviest.tolist()))
    summed = len(mistakes) - len(shown)
    line_of = np.full(len(mistakes), len(shown))
    line_of[list(shown)] = np.arange(len(shown))
    lines = len(shown) + (summed > 0)
    counts = np.zeros((lines, lines), dtype=np.int64)
    np.add.at(counts, (line_of[:, np.newaxis], line_of[np.newaxis, :]), result.matrix)
    return MatrixView(shown, tuple(line_of.tolist()), counts, summed)


def shown_classes(result: "Classification") -> tuple[int, ...]:
    """The classes of the table, in order: all of up to 200, else those with most mistakes."""
    mistakes = result.counts.fp + result.counts.fn
    heaviest = np.lexsort((np.arange(len(mistakes)), -mistakes))[:CLASSES]
    return tuple(sorted(heaviest.tolist()))


def slice_groups(result: "Classification") -> tuple[SliceGroup, ...]:
    """One an attribute, then one a cross; of long ones the rows with most samples."""
    table, records = result.slice_table, result.slice_records
    whole: dict[tuple[str, ...], dict[str, Record]] = {}
    by_class: dict[tuple[str, str], dict[int, Record]] = {}
    for row, record in enumerate(records):
        names, key = tuple(record["where"]), repr(sorted(record["where"].items()))
        place = int(table.class_[row])
        if place == NO_CLASS:
            whole.setdefault(names, {})[key] = record
        else:
            by_class.setdefault((repr(names), key), {})[place] = record
    return tuple(_slice_group(names, rows, by_class) for names, rows in whole.items())


def _slice_group(
    names: tuple[str, ...], rows: Mapping[str, Record], by_class: Mapping[tuple[str, str], Mapping[int, Record]]
) -> SliceGroup:
    largest = sorted(rows, key=lambda key: -rows[key]["samples"])[:ROWS_OF_SLICES]
    shown = [key for key in rows if key in set(largest)]
    found = tuple((rows[key], by_class.get((repr(names), key), {})) for key in shown)
    return SliceGroup(names, found, len(rows) - len(shown))


def roc_curves(result: "Classification") -> tuple[tuple[int, Roc], ...]:
    """The curve of the positive class; else of up to 12 classes with scores and a defined AUC, the lowest AUC first."""
    samples = result.samples
    if samples.scores is None:
        return ()
    places = [samples.positive] if samples.positive is not None else list(samples.scores.classes)
    known = [place for place in places if result.class_auc[place] is not None]
    worst = sorted(known, key=lambda place: (result.class_auc[place] or 0.0, place))[:CURVES]
    return tuple((place, result.roc_curve(place)) for place in worst)
