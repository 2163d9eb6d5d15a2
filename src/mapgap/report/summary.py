"""The records of summary.json (schema mapgap/summary/1): counts as they are, rates derived, undefined as None."""

from dataclasses import asdict

import numpy as np

from mapgap.rates import class_rates, macro, micro
from mapgap.report.evaluation import SCHEMA, coco_settings_record, notice_record, tables_inputs_record
from mapgap.report.findings import causes_records, failure_modes_records, summary_slices
from mapgap.report.json_values import Record, number, numbers
from mapgap.report.sums import sum_by
from mapgap.tables import (
    GAP_CAUSES,
    IOU_THRESHOLDS,
    METRICS,
    ConfusionMatrix,
    Notice,
    Results,
)

RATES = ("precision", "recall", "f1")
WHOLE_MATRIX_LABELS = 2000


def summary_record(results: Results, slices: list[Record]) -> Record:
    """The whole of summary.json as plain Python values, keys in the schema's order.

    `slices` is what `slices_records` gives; the summary keeps single slices, crosses that were asked for by name, and
    the 200 pairs of highest gap.
    """
    return {
        "schema": SCHEMA,
        "inputs": tables_inputs_record(results.ground_truth, results.detections),
        "settings": settings_record(results),
        "coco": {name: number(results.metrics.get(name)) for name in METRICS},
        "operating_point": operating_point_record(results),
        "gap": gap_record(results),
        "tide": tide_record(results),
        "classes": classes_records(results),
        "confusion_matrix": confusion_record(results.confusion_matrix),
        "image_level": image_level_records(results),
        "slices": summary_slices(slices, results.settings.by),
        "causes": causes_records(results),
        "failure_modes": failure_modes_records(results),
        "warnings": [notice_record(notice) for notice in all_notices(results)],
    }


def settings_record(results: Results) -> Record:
    """What was asked for, then the constants of the definitions it was done with."""
    asked = asdict(results.settings)
    if results.settings.thresholds is not None:
        asked["thresholds"]["classes"] = list(asked["thresholds"]["classes"])
    asked["by"] = [list(keys) for keys in results.settings.by]
    asked["bins"] = {name: list(edges) for name, edges in results.settings.bins.items()}
    return {
        **asked,
        **coco_settings_record(
            results.matches.iou_thresholds[: len(IOU_THRESHOLDS)].tolist(),
            results.matches.max_detections,
            results.matches.area_ranges,
        ),
    }


def operating_point_record(results: Results) -> Record:
    """Counts and rates at the operating point; `macro` means run over the classes with ground truth.

    A class without a kept detection has no precision and is left out of that mean only.
    """
    point = results.operating_point
    tp, fp, fn = (int(counts.sum()) for counts in (point.class_tp, point.class_fp, point.class_fn))
    return {
        "score_threshold": number(point.score_threshold),
        "iou_threshold": float(point.iou_threshold),
        "tp": tp,
        "fp": fp,
        "fn": fn,
        **dict(zip(RATES, micro(point), strict=True)),
        "macro": dict(zip(RATES, macro(point, ~np.isnan(results.class_ap)), strict=True)),
    }


def gap_record(results: Results) -> Record:
    """The gap 1 - AP by cause, over the ten thresholds and at IoU .5."""
    gap = results.gap
    return {
        "total": number(gap.total),
        "by_cause": {cause: number(gap.by_cause.get(cause, 0.0)) for cause in GAP_CAUSES},
        "at_iou_50": {
            "total": number(gap.total_at_50),
            "by_cause": {cause: number(gap.by_cause_at_50.get(cause, 0.0)) for cause in GAP_CAUSES},
        },
        "residual": number(gap.residual),
    }


def confusion_record(matrix: ConfusionMatrix) -> Record:
    """The whole matrix; beyond 2,000 labels its cells that are not 0, as [row, column, count]."""
    if len(matrix.labels) <= WHOLE_MATRIX_LABELS:
        return {"labels": list(matrix.labels), "counts": matrix.counts.tolist()}
    cells = np.stack([matrix.truth, matrix.prediction, matrix.cell_counts], axis=1).tolist()
    return {"labels": list(matrix.labels), "counts": None, "cells": cells}


def tide_record(results: Results) -> Record:
    """TIDE's numbers by tidecv's rules, as fractions of 1."""
    tide = results.tide
    return {
        "AP50": number(tide.ap50),
        "dAP": {name: number(value) for name, value in tide.dap.items()},
        "counts": {name: int(value) for name, value in tide.counts.items()},
    }


def classes_records(results: Results) -> list[Record]:
    """One record a class, by id: precision by predicted class, gap by address, `ap_loss` its share of 1 - AP."""
    truth, categories = results.ground_truth, results.ground_truth.categories
    length = len(categories.ids)
    objects = np.bincount(truth.category[truth.is_object], minlength=length).tolist()
    detections = np.bincount(results.detections.category, minlength=length).tolist()
    gap = sum_by(results.debts.category, results.debts.gap, length).tolist()
    has_gap = number(results.gap.total) is not None
    with_truth = sum(1 for ap in results.class_ap.tolist() if number(ap) is not None)
    return [
        {
            "id": identifier,
            "name": categories.names[k],
            "objects": objects[k],
            "detections": detections[k],
            "AP": ap,
            "AP50": ap50,
            "ap_loss": None if ap is None else (1 - ap) / with_truth,
            "gap": gap[k] if has_gap else None,
            **dict(zip(RATES, row, strict=True)),
        }
        for k, (identifier, ap, ap50, *row) in enumerate(
            zip(
                categories.ids.tolist(),
                numbers(results.class_ap.tolist()),
                numbers(results.class_ap50.tolist()),
                *(numbers(rate.tolist()) for rate in class_rates(results.operating_point)),
                strict=True,
            )
        )
    ]


def image_level_records(results: Results) -> list[Record]:
    """One record a class: is it in the image at all."""
    level = results.image_level
    columns = zip(
        results.ground_truth.categories.names,
        level.tp.tolist(),
        level.fp.tolist(),
        level.fn.tolist(),
        level.tn.tolist(),
        numbers(level.accuracy.tolist()),
        numbers(level.specificity.tolist()),
        numbers(level.auc.tolist()),
        strict=True,
    )
    keys = ("class", "tp", "fp", "fn", "tn", "accuracy", "specificity", "auc")
    return [dict(zip(keys, row, strict=True)) for row in columns]


def all_notices(results: Results) -> list[Notice]:
    """The analysis' warnings and those of its two inputs, each once."""
    notices: list[Notice] = []
    for notice in (*results.notices, *results.ground_truth.notices, *results.detections.notices):
        if notice not in notices:
            notices.append(notice)
    return notices
