"""What the report shows, decided once: the numbers, their order and how much of them; the formats only draw it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mapgap.report.columns import gap_of_objects, missed_causes
from mapgap.report.curves.run import Curves, curves_of
from mapgap.report.curves.sparklines import sparklines
from mapgap.report.findings import slices_records
from mapgap.report.heat_map import HeatMap, heat_map
from mapgap.report.json_values import Record
from mapgap.report.label_doubt import doubt_rows
from mapgap.report.missed import shown_missed_rows, small_objects
from mapgap.report.summary import summary_record
from mapgap.slice_growth import is_prefixed
from mapgap.tables import CAUSES, ConfusionMatrix, Intervals, LabelDoubts, OperatingPoint, Results, Scalar, Where

WhereKey = frozenset[tuple[str, type, Scalar]]

MODES_SHOWN = 40
COSTLY_SHOWN = 20
NOTABLE_LIFT = 1.05
"""A slice is worth a row if its lift is this many times 1, and this many times that of each of its parts."""
SLICE_TABLES_SHOWN = 24
SLICES_SHOWN_IN_TABLE = 20
CLASSES_SHOWN = 100
MATRIX_CLASSES_SHOWN = 20
EXAMPLES_SHOWN = 5
DOUBTS_SHOWN = 10


@dataclass(frozen=True)
class GapBar:
    """One bar, one row a cause: the gap at one choice of IoU thresholds, which adds up to `total`."""

    title: str
    explanation: str
    total: float | None
    by_cause: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class SliceTable:
    """One row a slice: those of one attribute in natural order, or a ranked choice."""

    title: str
    rows: tuple[Record, ...]
    left_out: int


@dataclass(frozen=True)
class MatrixView:
    """The confusion matrix of the classes with most errors; the other classes are summed up in one row and column."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    classes_summed: int
    """How many classes the line before "background" stands for; 0 if there is no such line."""
    labels_are_data: tuple[bool, ...]
    classes: tuple[int, ...] = ()
    """Which classes the first lines are, by position in id order."""


@dataclass(frozen=True)
class ClassTable:
    """One row a class, by id: all of them, or the ones of highest gap."""

    places: tuple[int, ...]
    """Position of each among all classes."""
    rows: tuple[Record, ...]
    left_out: int
    sparklines: tuple[tuple[float, ...] | None, ...] = ()
    """Of each of `rows` its precision at IoU .5 at recalls from 0 to 1; empty where none are drawn."""


@dataclass(frozen=True)
class MissedView:
    """The missed small objects: how many by cause, and the costliest."""

    objects: int
    by_cause: tuple[tuple[str, int, float], ...]
    """(cause, how many, what they owe of the gap themselves), the causes in the order of definitions.md."""
    rows: tuple[Record, ...] | None
    """As `missed_rows`, with class and file name; None where nobody looked at them."""


@dataclass(frozen=True)
class Report:
    """Everything a report says; `summary` is summary.json, the other fields choose from it."""

    summary: Record
    slices: tuple[Record, ...]
    """All slices, for slices.csv."""
    modes: tuple[Record, ...]
    modes_left_out: int
    gap_bars: tuple[GapBar, ...]
    slice_tables: tuple[SliceTable, ...]
    slice_tables_left_out: int
    costly_slices: SliceTable
    matrix: MatrixView
    classes: ClassTable
    image_level: ClassTable
    image_names: Mapping[int, str]
    """File names of the images that examples show, by image id."""
    examples_shown: int
    attribute_edges: tuple[tuple[str, tuple[float, ...]], ...]
    """Bin edges of the binned attributes, for the method section."""
    slices_tried: int = 0
    """How many slices were compared with the rest, of which the q-values know."""
    mode_costs: tuple[float | None, ...] = ()
    """What the errors of each of `modes` cost; empty where no costs were given."""
    doubts: tuple[Record, ...] | None = None
    """The most doubtful labels, as `Analysis.label_doubt` has them; None where nobody looked for them."""
    doubts_left_out: int = 0
    missed: MissedView | None = None
    """None where no object is small."""
    heat_map: HeatMap | None = None
    """None where there are no two attributes."""
    intervals: Intervals | None = None
    """Of the headline numbers; None without resamples."""
    run: str = ""
    """What the run is called among others."""
    command: str | None = None
    """The command line that made the report; None if it was made otherwise."""
    curves: Curves | None = None


def build_report(results: Results, run: str = "", command: str | None = None) -> Report:
    """All decisions of what is shown, as records and rows; nothing is formatted yet."""
    slices = slices_records(results)
    summary = summary_record(results, slices)
    modes = summary["failure_modes"]
    tables = _slice_tables(slices)
    classes = _class_table(
        _with_kept(summary["classes"], results.operating_point),
        [record["gap"] or 0.0 for record in summary["classes"]],
    )
    return Report(
        summary=summary,
        slices=tuple(slices),
        modes=tuple(modes[:MODES_SHOWN]),
        modes_left_out=max(0, len(modes) - MODES_SHOWN),
        gap_bars=_gap_bars(summary["gap"]),
        slice_tables=tables[:SLICE_TABLES_SHOWN],
        slice_tables_left_out=max(0, len(tables) - SLICE_TABLES_SHOWN),
        costly_slices=_costly_slices(slices, summary["gap"]["total"]),
        matrix=_matrix_view(results.confusion_matrix),
        classes=replace(classes, sparklines=sparklines(results, classes.places)),
        image_level=_class_table(
            summary["image_level"], [float(record["fp"] + record["fn"]) for record in summary["image_level"]]
        ),
        slices_tried=results.slices_tried,
        mode_costs=tuple(m.cost for m in results.failure_modes[:MODES_SHOWN]) if results.settings.costs else (),
        image_names=_image_names(results, modes[:MODES_SHOWN]),
        examples_shown=EXAMPLES_SHOWN,
        attribute_edges=tuple((a.name, a.edges) for a in results.attributes if a.edges),
        doubts=None if results.label_doubts is None else _doubts(results, results.label_doubts),
        doubts_left_out=0 if results.label_doubts is None else max(0, len(results.label_doubts.score) - DOUBTS_SHOWN),
        missed=_missed_view(results),
        heat_map=heat_map(results, slices),
        intervals=results.intervals,
        run=run,
        command=command,
        curves=curves_of(results),
    )


def _doubts(results: Results, doubts: LabelDoubts) -> tuple[Record, ...]:
    rows = doubt_rows(results, doubts, DOUBTS_SHOWN)
    return tuple({**row, "where": where} for row, where in zip(rows, doubts.slice, strict=False))


def _missed_view(results: Results) -> MissedView | None:
    small = small_objects(results)
    if small is None:
        return None
    truth, (causes, _) = results.ground_truth, missed_causes(results)
    is_small = small & truth.is_object
    gap = gap_of_objects(results)
    by_cause = []
    for code, cause in enumerate(CAUSES):
        of_cause = is_small & (causes == code)
        if of_cause.any():
            by_cause.append((cause, int(of_cause.sum()), float(gap[of_cause].sum())))
    rows = None if results.shown_missed is None else tuple(_named(results, row) for row in shown_missed_rows(results))
    return MissedView(int(is_small.sum()), tuple(by_cause), rows)


def _named(results: Results, row: Record) -> Record:
    truth = results.ground_truth
    image = int(np.searchsorted(truth.images.ids, row["image_id"]))
    category = int(np.searchsorted(truth.categories.ids, row["category_id"]))
    return {**row, "class": truth.categories.names[category], "file_name": truth.images.file_names[image]}


def _image_names(results: Results, modes: Sequence[Record]) -> Mapping[int, str]:
    images = results.ground_truth.images
    shown = sorted({example["image_id"] for mode in modes for example in mode["examples"][:EXAMPLES_SHOWN]})
    places = np.searchsorted(images.ids, np.array(shown, dtype=np.int64)).tolist()
    names = {image_id: images.file_names[place] for image_id, place in zip(shown, places, strict=True)}
    return {image_id: name for image_id, name in names.items() if name}


def _gap_bars(gap: Record) -> tuple[GapBar, ...]:
    at_50 = gap["at_iou_50"]
    return (
        GapBar("IoU .5", "finding and naming objects", at_50["total"], tuple(at_50["by_cause"].items())),
        GapBar("IoU .5 to .95", "box quality too", gap["total"], tuple(gap["by_cause"].items())),
    )


def _slice_tables(slices: Sequence[Record]) -> tuple[SliceTable, ...]:
    """One table an attribute of two values or more, in the slices' order; the class has its own table elsewhere."""
    by_attribute: dict[str, list[Record]] = {}
    for record in slices:
        keys = list(record["where"])
        if len(keys) == 1 and keys[0] != "class":
            by_attribute.setdefault(keys[0], []).append(record)
    return tuple(_shortened(name, rows) for name, rows in by_attribute.items() if len(rows) > 1)


def _shortened(title: str, rows: list[Record]) -> SliceTable:
    costliest = sorted(range(len(rows)), key=lambda row: (-(rows[row]["gap"] or 0.0), row))[:SLICES_SHOWN_IN_TABLE]
    return SliceTable(title, tuple(rows[row] for row in sorted(costliest)), len(rows) - len(costliest))


def _costly_slices(slices: Sequence[Record], total: float | None) -> SliceTable:
    """Slices that owe most above their share of objects: gap minus share of objects x total.

    Left out are slices with too few objects, "n/a", crosses that say no more than one of their parts, and slices with
    the members of another one.
    """
    lifts = _lifts_of_parts(slices)
    ranked: list[tuple[float, int]] = []
    for row, record in enumerate(slices):
        is_known = "too_few" not in record["flags"] and not _is_unknown(record["where"].values())
        if is_known and total and (record["lift"] or 0.0) >= NOTABLE_LIFT and _says_more_than_its_parts(record, lifts):
            ranked.append((record["gap"] * (1 - 1 / record["lift"]), row))
    ranked.sort(key=lambda entry: (-entry[0], entry[1]))
    # Equal counts and an equal gap: the same members under another name, of which the plainest stays.
    names = {name for record in slices for name in record["where"]}
    distinct: dict[tuple[float, ...], int] = {}
    for _, row in ranked:
        known = distinct.setdefault(_counts(slices[row]), row)
        distinct[_counts(slices[row])] = min(known, row, key=lambda one: _plainness(slices[one], names))
    kept = list(distinct.values())
    shown = tuple(slices[row] for row in kept[:COSTLY_SHOWN])
    return SliceTable("Slices that owe more than their share", shown, len(kept) - len(shown))


def _plainness(record: Record, names: Collection[str]) -> tuple[int, int]:
    """Sorts names of the same members as elsewhere: fewest keys, then those without prefix; else the first stays."""
    return len(record["where"]), sum(is_prefixed(name, names) for name in record["where"])


def _lifts_of_parts(slices: Sequence[Record]) -> dict[WhereKey, float]:
    """The lift of each slice but those of most keys, which are no part of any other."""
    most_keys = max((len(record["where"]) for record in slices), default=0)
    return {_key(record["where"]): record["lift"] or 0.0 for record in slices if len(record["where"]) < most_keys}


def _says_more_than_its_parts(record: Record, lifts: Mapping[WhereKey, float]) -> bool:
    where = record["where"]
    parts = [{key: value for key, value in where.items() if key != left} for left in where] if len(where) > 1 else []
    return all(record["lift"] >= NOTABLE_LIFT * lifts.get(_key(part), 0.0) for part in parts)


def _key(where: Where) -> WhereKey:
    return frozenset((key, type(value), value) for key, value in where.items())


def _counts(record: Record) -> tuple[float, ...]:
    return (*(record[key] for key in ("objects", "images", "tp", "fp", "fn")), round(record["gap"], 9))


def _is_unknown(values: Any) -> bool:
    return any(isinstance(value, str) and value.startswith("n/a") for value in values)


def _class_table(records: Sequence[Record], weights: Sequence[float]) -> ClassTable:
    heaviest = sorted(range(len(records)), key=lambda row: (-weights[row], row))[:CLASSES_SHOWN]
    shown = sorted(heaviest)
    return ClassTable(tuple(shown), tuple(records[row] for row in shown), len(records) - len(shown))


def _with_kept(records: Sequence[Record], point: OperatingPoint) -> list[Record]:
    """The classes with `kept`, the number of kept detections, which their precision is out of."""
    kept = (point.class_tp + point.class_fp).tolist()
    return [{**record, "kept": number} for record, number in zip(records, kept, strict=True)]


def _matrix_view(matrix: ConfusionMatrix) -> MatrixView:
    """Classes in id order; beyond 20 those with most errors, and one line for the rest."""
    classes = len(matrix.labels) - 1
    is_error = matrix.truth != matrix.prediction
    wrong = np.concatenate([matrix.truth[is_error], matrix.prediction[is_error]])
    errors = np.bincount(wrong, weights=np.tile(matrix.cell_counts[is_error], 2), minlength=classes + 1)
    heaviest = sorted(range(classes), key=lambda k: (-int(errors[k]), k))[:MATRIX_CLASSES_SHOWN]
    shown = sorted(heaviest)
    summed = classes - len(shown)
    # Each label goes to a line: its own, or the one for the rest; background is the last.
    lines = len(shown) + (summed > 0) + 1
    line_of = np.full(classes + 1, len(shown))
    line_of[shown] = np.arange(len(shown))
    line_of[classes] = lines - 1
    counts = np.zeros((lines, lines), dtype=np.int64)
    np.add.at(counts, (line_of[matrix.truth], line_of[matrix.prediction]), matrix.cell_counts)
    labels = [matrix.labels[k] for k in shown]
    rest = [f"{summed:,} other classes"] if summed else []
    return MatrixView(
        labels=(*labels, *rest, "background"),
        counts=tuple(tuple(row) for row in counts.tolist()),
        classes_summed=summed,
        labels_are_data=(*(True for _ in labels), *(False for _ in rest), False),
        classes=tuple(shown),
    )


def slice_value(record: Record) -> Scalar:
    """The value of a single slice."""
    value: Scalar = next(iter(record["where"].values()))
    return value
