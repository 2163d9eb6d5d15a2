"""The numbers that rules of a gate are about: of the whole run, and of the slices that the rules name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mapgap.analysis.baseline_summary import Summary
from mapgap.attributes import Expression, named_slices
from mapgap.gap import counted_and_right
from mapgap.rates import micro, rates
from mapgap.slices import cross
from mapgap.slices.average_precision import average_precision_by_slice
from mapgap.tables import IOU_THRESHOLDS, FloatArray, IdArray, OperatingPoint, Results, Slices, Where
from mapgap.verdicts import SLICE_METRICS

Numbers = Mapping[str, float | None]
RATES = ("precision", "recall", "f1")


@dataclass(frozen=True)
class SliceNumbers:
    """One row a slice; zeros and NaN where a run has nothing in it."""

    objects: IdArray
    false_positives: IdArray
    values: Mapping[str, FloatArray]
    """By SLICE_METRICS."""


def whole_numbers(results: Results) -> dict[str, float | None]:
    """Of the whole run, by RULE_METRICS."""
    objects = int(results.ground_truth.is_object.sum())
    return {
        **results.metrics,
        "gap": results.gap.total,
        "objects": objects,
        **point_numbers(results.operating_point),
    }


def point_numbers(point: OperatingPoint) -> dict[str, float | None]:
    """Counts and rates at the operating point."""
    tp, fp, fn = (int(counts.sum()) for counts in (point.class_tp, point.class_fp, point.class_fn))
    return {**dict(zip(RATES, micro(point), strict=True)), "tp": tp, "fp": fp, "fn": fn}


def summary_numbers(summary: Summary) -> dict[str, float | None]:
    """Of the whole run, by RULE_METRICS, as far as the summary has them."""
    numbers: dict[str, float | None] = dict(summary.coco)
    if summary.gap is not None:
        numbers["gap"] = summary.gap.total
    point = summary.operating_point
    if point is not None:
        numbers |= {name: getattr(point, name) for name in (*RATES, "tp", "fp", "fn")}
        numbers["objects"] = point.tp + point.fn
    return numbers


def with_gate_slices(results: Results, expressions: Mapping[str, Expression]) -> Results:
    """The results with one attribute an expression, false or true, and with their slices alone."""
    truth, detections = results.ground_truth, results.detections
    gates, _ = named_slices(results.attributes, expressions, truth.is_object, len(detections.score))
    counted = counted_and_right(results.matches, len(IOU_THRESHOLDS))
    slices = cross(
        truth,
        detections,
        gates,
        results.operating_point,
        results.errors,
        results.debts,
        average_precision_by_slice(truth, results.matches, results.causes, *counted, len(IOU_THRESHOLDS)),
        [(gate.name,) for gate in gates],
    )
    return replace(results, attributes=gates, slices=slices)


def slice_numbers(slices: Slices, wheres: Sequence[Where]) -> SliceNumbers:
    """The numbers of these slices; `slices` may lack some of them."""
    row_of = {slice_key(where): row for row, where in enumerate(slices.where)}
    rows = np.array([row_of.get(slice_key(where), -1) for where in wheres], dtype=np.int64)
    objects, tp, fp, fn = (
        np.append(column, 0)[rows].astype(np.int64) for column in (slices.objects, slices.tp, slices.fp, slices.fn)
    )
    precision, recall, f1 = rates(tp, fp, fn)
    values = {
        "recall": recall,
        "precision": precision,
        "f1": f1,
        "AP": np.append(slices.ap, np.nan)[rows],
        "gap": np.append(slices.gap, 0.0)[rows],
        "tp": tp.astype(np.float64),
        "fp": fp.astype(np.float64),
        "fn": fn.astype(np.float64),
        "objects": objects.astype(np.float64),
    }
    assert tuple(values) == SLICE_METRICS
    return SliceNumbers(objects, fp, values)


def summary_slice_numbers(summary: Summary, where: Where) -> SliceNumbers | None:
    """The numbers of a slice of the summary; None where it has no such slice."""
    for record in summary.slices:
        if slice_key(record.where) == slice_key(where):
            values = {name: getattr(record, name) for name in SLICE_METRICS}
            return SliceNumbers(
                np.array([record.objects]),
                np.array([record.fp]),
                {name: np.array([np.nan if value is None else value]) for name, value in values.items()},
            )
    return None


def slice_key(where: Where) -> frozenset[tuple[str, type, object]]:
    """What makes two slices the same: True is not 1, and the order of keys does not matter."""
    # JSON has one kind of number.
    return frozenset((name, float if type(value) is int else type(value), value) for name, value in where.items())
