"""summary.json of a classification (schema mapgap/classification/1): counts, rates, intervals, slices, blind spots."""

from typing import TYPE_CHECKING

import numpy as np

from mapgap.classification.blind_spots import is_too_few
from mapgap.classification.counts import RATES, class_rates, worst_pairs
from mapgap.classification.tables import NO_CLASS, SliceTable
from mapgap.report.json_values import Record, number, ratio
from mapgap.tables import FloatArray, Scalar

if TYPE_CHECKING:
    from mapgap.classification.evaluation import Classification

SCHEMA = "mapgap/classification/1"
WORST_PAIRS = 20
CLASSES_WITH_SLICES = 20
"""With more classes summary.json holds the slices of all classes together only; slices.csv holds all."""


def summary_record(result: "Classification") -> Record:
    """Everything but the samples, as JSON holds it: None where undefined, intervals as [low, high]."""
    samples = result.samples
    has_class_slices = samples.classes <= CLASSES_WITH_SLICES
    return {
        "schema": SCHEMA,
        "inputs": {
            "name": samples.name,
            "sha256": samples.sha256,
            "samples": len(samples.truth),
            "classes": samples.classes,
            "groups": int(samples.cluster.max()) + 1 if samples.is_grouped else None,
        },
        "settings": {
            "positive": result.positive,
            "threshold": samples.threshold,
            "threshold_rule": samples.threshold_rule,
            "by": [list(cross) for cross in result.crosses],
            "resamples": result.resamples,
            "seed": result.seed,
        },
        "metrics": result.metrics,
        "intervals": result.intervals,
        "classes": class_records(result),
        "confusion_matrix": {"labels": list(result.labels), "counts": result.matrix.tolist()},
        "worst_pairs": pair_records(result),
        "slices": [record for record in result.slice_records if has_class_slices or record["class"] is None],
        "blind_spots": blind_spot_records(result),
        "warnings": [
            {"code": n.code, "message": n.message, "count": n.count, "examples": list(n.examples)}
            for n in result.notices
        ],
    }


def class_records(result: "Classification") -> list[Record]:
    """One record a class, in the order of labels."""
    counts, rates, intervals = result.counts, class_rates(result.counts), result.class_intervals
    return [
        {
            "label": label,
            "support": int(counts.tp[place] + counts.fn[place]),
            "predicted": int(counts.tp[place] + counts.fp[place]),
            "tp": int(counts.tp[place]),
            "fp": int(counts.fp[place]),
            "fn": int(counts.fn[place]),
            "tn": int(counts.tn[place]),
            **{name: number(float(rates[name][place])) for name in RATES},
            "auc": result.class_auc[place],
            **{f"{name}_interval": _ends(intervals[name][place]) if intervals else None for name in RATES},
        }
        for place, label in enumerate(result.labels)
    ]


def pair_records(result: "Classification") -> list[Record]:
    """The most frequent mistakes: how many samples of one class were taken for another, and what share of it."""
    support = result.counts.tp + result.counts.fn
    return [
        {
            "truth": result.labels[truth],
            "prediction": result.labels[prediction],
            "count": number_of,
            "share": ratio(number_of, int(support[truth])),
        }
        for truth, prediction, number_of in worst_pairs(result.matrix, WORST_PAIRS)
    ]


def slice_records(result: "Classification") -> list[Record]:
    """One record a group of samples; `class` is None where they are of any; the share right of one class is recall."""
    table = result.slice_table
    is_thin = is_too_few(table, is_grouped=result.samples.is_grouped)
    return [_slice_record(result, table, row, bool(is_thin[row])) for row in range(len(table.where))]


def blind_spot_records(result: "Classification") -> list[Record]:
    """One record a blind spot, ranked."""
    table = result.slice_table
    records = []
    for rank, spot in enumerate(result.blind_spots, start=1):
        group = _slice_record(result, table, spot.row, False)
        records.append(
            {
                "rank": rank,
                "class": group["class"],
                "where": group["where"],
                "samples": group["samples"],
                "missed": group["samples"] - group["right"],
                "recall": group["share_right"],
                "recall_interval": group["share_right_interval"],
                "rest_recall": group["rest_share_right"],
                "excess": spot.excess,
                "taken_for": result.labels[spot.taken_for],
                "taken_for_count": spot.taken_for_count,
                "q_value": group["q_value"],
            }
        )
    return records


def _slice_record(result: "Classification", table: SliceTable, row: int, is_thin: bool) -> Record:
    place = int(table.class_[row])
    label: Scalar = None if place == NO_CLASS else result.labels[place]
    samples, right = int(table.samples[row]), int(table.right[row])
    return {
        "class": label,
        "where": dict(table.where[row]),
        "samples": samples,
        "right": right,
        "share_right": ratio(right, samples),
        "share_right_interval": _ends(table.interval[row]),
        "rest_share_right": ratio(int(table.rest_right[row]), int(table.rest_samples[row])),
        "q_value": number(float(table.q_value[row])),
        "flags": ["too_few"] if is_thin else [],
    }


def _ends(ends: FloatArray) -> list[float] | None:
    return None if np.isnan(ends[0]) else [float(end) for end in ends]
