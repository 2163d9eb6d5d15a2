"""The records of summary.json (schema mapgap/summary/1): counts as they are, rates derived, undefined as None."""

from dataclasses import asdict
from typing import Any

import numpy as np

from mapgap.rates import class_rates, macro, micro, rates
from mapgap.report.json_values import number, numbers, ratio, sum_by
from mapgap.tables import (
    CAUSES,
    GAP_CAUSES,
    IOU_THRESHOLDS,
    METRICS,
    RECALL_THRESHOLDS,
    ConfusionMatrix,
    Detections,
    FailureMode,
    GroundTruth,
    Matches,
    Notice,
    Results,
    Where,
)

Record = dict[str, Any]
"""One JSON object."""

SCHEMA = "mapgap/summary/1"
PAIRS_IN_SUMMARY = 200
FEWEST_OBJECTS = 30
FEWEST_IMAGES = 5
RATES = ("precision", "recall", "f1")
WHOLE_MATRIX_LABELS = 2000
ROUNDING_NOISE = 1e-12
"""A gap below this is none: nothing can have a share of it."""

SLICE_KEYS = (
    "where",
    "objects",
    "images",
    "tp",
    "fp",
    "fn",
    "recall",
    "recall_interval",
    "precision",
    "f1",
    "AP",
    "AP_interval",
    "gap",
    "gap_share",
    "lift",
    "q_value",
    "adjusted_odds_ratio",
    "flags",
)
FAILURE_MODE_KEYS = (
    "rank",
    "cause",
    "where",
    "errors",
    "images",
    "population",
    "gap",
    "gap_share",
    "excess",
    "hotter_within",
    "gain",
    "gain_interval",
    "q_value",
    "adjusted_odds_ratio",
    "flags",
    "recommendation",
    "examples",
)


def summary_record(results: Results, slices: list[Record]) -> Record:
    """The whole of summary.json as plain Python values, keys in the schema's order.

    `slices` is what `slices_records` gives; the summary keeps single slices, crosses that were asked for by name, and
    the 200 pairs of highest gap.
    """
    return {
        "schema": SCHEMA,
        "inputs": inputs_record(results.ground_truth, results.detections),
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


def inputs_record(truth: GroundTruth, detections: Detections) -> Record:
    """What was read: base names, hashes and counts."""
    return {
        "ground_truth": {
            "name": truth.name,
            "sha256": truth.sha256,
            "images": len(truth.images.ids),
            "objects": int(truth.is_object.sum()),
            "classes": len(truth.categories.ids),
        },
        "detections": {"name": detections.name, "sha256": detections.sha256, "detections": len(detections.record)},
    }


def settings_record(results: Results) -> Record:
    """What was asked for, then the constants of the definitions it was done with."""
    asked = asdict(results.settings)
    asked["by"] = [list(keys) for keys in results.settings.by]
    return {
        **asked,
        **coco_settings_record(results.matches, len(IOU_THRESHOLDS)),
    }


def coco_settings_record(matches: Matches, thresholds: int) -> Record:
    """The parameters of the COCO numbers: the first `thresholds` IoUs, recall points, limits and area ranges."""
    return {
        "iou_thresholds": matches.iou_thresholds[:thresholds].tolist(),
        "recall_points": len(RECALL_THRESHOLDS),
        "recall_max_detections": list(matches.max_detections),
        "area_ranges": {name: list(bounds) for name, bounds in matches.area_ranges.items()},
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


def slices_records(results: Results) -> list[Record]:
    """One record a slice, all of them, in the schema's order; rates, shares and flags derived from the counts."""
    table = results.slices
    counts = np.stack([table.objects, table.images, table.tp, table.fp, table.fn], axis=1).tolist()
    whole = (int(results.ground_truth.is_object.sum()), number(results.gap.total))
    shown_rates = zip(*(numbers(rate.tolist()) for rate in rates(table.tp, table.fp, table.fn)), strict=True)
    rows = zip(
        table.where,
        counts,
        shown_rates,
        table.gap.tolist(),
        table.ap.tolist(),
        table.without_background.tolist(),
        strict=True,
    )
    return [
        _slice_record(where, row, shown, gap, ap, without_background, whole)
        for where, row, shown, gap, ap, without_background in rows
    ]


def _slice_record(
    where: Where,
    counts: list[int],
    shown_rates: tuple[float | None, ...],
    gap: float,
    ap: float,
    without_background: bool,
    whole: tuple[int, float | None],
) -> Record:
    objects, images, tp, fp, fn = counts
    precision, recall, f1 = shown_rates
    all_objects, total = whole
    flags = ["without_background"] if without_background else []
    if objects < FEWEST_OBJECTS or images < FEWEST_IMAGES:
        flags.append("too_few")
    gap_share = _share(gap, total)
    return {
        "where": dict(where),
        "objects": objects,
        "images": images,
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "recall": recall,
        "recall_interval": None,
        "precision": precision,
        "f1": f1,
        "AP": number(ap),
        "AP_interval": None,
        "gap": None if total is None else number(gap),
        "gap_share": gap_share,
        "lift": ratio(gap_share, ratio(objects, all_objects)),
        "q_value": None,
        "adjusted_odds_ratio": None,
        "flags": flags,
    }


def summary_slices(slices: list[Record], asked: tuple[tuple[str, ...], ...] = ()) -> list[Record]:
    """The slices of the summary: singles, crosses asked for, and the 200 pairs of highest gap, in their order."""
    asked_keys = {frozenset(keys) for keys in asked}
    pairs = [row for row in range(len(slices)) if len(slices[row]["where"]) == 2]
    costliest = sorted(pairs, key=lambda row: (-(slices[row]["gap"] or 0.0), row))[:PAIRS_IN_SUMMARY]
    kept = set(costliest)
    return [
        record
        for row, record in enumerate(slices)
        if row in kept or len(record["where"]) == 1 or frozenset(record["where"]) in asked_keys
    ]


def causes_records(results: Results) -> list[Record]:
    """One record a cause over all data; their gaps add up to the whole gap."""
    total = number(results.gap.total)
    return [
        {
            "cause": row.cause,
            "errors": int(row.errors),
            "images": int(row.images),
            "gap": None if total is None else number(row.gap),
            "gap_share": _share(row.gap, total),
            "gain": number(row.gain),
            "gain_interval": None,
        }
        for row in sorted(results.cause_totals, key=lambda row: CAUSES.index(row.cause))
    ]


def failure_modes_records(results: Results) -> list[Record]:
    """One record a hot spot, by rank."""
    total = number(results.gap.total)
    return [_mode_record(rank, mode, total) for rank, mode in enumerate(results.failure_modes, start=1)]


def _share(gap: float, total: float | None) -> float | None:
    """Share of the whole gap, None where there is no gap to share."""
    return None if total is None or total < ROUNDING_NOISE else float(gap / total)


def _mode_record(rank: int, mode: FailureMode, total: float | None) -> Record:
    hotter = [
        {
            "where": dict(inner.where),
            "errors": int(inner.errors),
            "population": int(inner.population),
            "excess": number(inner.excess),
        }
        for inner in mode.hotter_within
    ]
    return {
        "rank": rank,
        "cause": mode.cause,
        "where": dict(mode.where),
        "errors": int(mode.errors),
        "images": int(mode.images),
        "population": int(mode.population),
        "gap": number(mode.gap),
        "gap_share": _share(mode.gap, total),
        "excess": number(mode.excess),
        "hotter_within": hotter,
        "gain": number(mode.gain),
        "gain_interval": None,
        "q_value": None,
        "adjusted_odds_ratio": None,
        "flags": list(mode.flags),
        "recommendation": None,
        "examples": [asdict(example) for example in mode.examples],
    }


def all_notices(results: Results) -> list[Notice]:
    """The analysis' warnings and those of its two inputs, each once."""
    notices: list[Notice] = []
    for notice in (*results.notices, *results.ground_truth.notices, *results.detections.notices):
        if notice not in notices:
            notices.append(notice)
    return notices


def notice_record(notice: Notice) -> Record:
    """A warning as JSON."""
    return {
        "code": notice.code,
        "message": notice.message,
        "count": int(notice.count),
        "examples": list(notice.examples),
    }
