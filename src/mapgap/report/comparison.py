"""The records of comparison.json (schema mapgap/comparison/1): what changed between runs, undefined as None."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np

from mapgap.changes import NO_CHANGE, Change, Changes, Compared, Comparison, CrossedSteps
from mapgap.rates import micro
from mapgap.report.evaluation import notice_record, tables_inputs_record
from mapgap.report.json_values import Record, number
from mapgap.report.summary import all_notices
from mapgap.tables import CAUSES, GAP_CAUSES, NO_CAUSE, Results

SCHEMA = "mapgap/comparison/1"
PAIRS_IN_RECORD = 200
SLICE_CHANGE_KEYS = (
    "where",
    "objects",
    "images",
    "gap_before",
    "gap_after",
    "ap_change",
    "fixed",
    "broken",
    *(
        f"{rate}_{part}"
        for rate in ("recall", "precision", "AP")
        for part in ("before", "after", "difference", "difference_interval", "q_value")
    ),
)


def comparison_record(compared: Compared, runs: Mapping[str, Results]) -> Record:
    """The whole of comparison.json as plain Python values.

    Slices are those of one attribute, the crosses that were asked for, and the 200 pairs whose gap changed most.
    """
    first = next(iter(runs.values()))
    return {
        "schema": SCHEMA,
        "inputs": {
            "ground_truth": tables_inputs_record(first.ground_truth, first.detections)["ground_truth"],
            "runs": [
                {"run": name, **tables_inputs_record(results.ground_truth, results.detections)["detections"]}
                for name, results in runs.items()
            ],
        },
        "settings": {
            "iou_type": first.settings.iou_type,
            "iou_threshold": first.settings.iou_threshold,
            "score_threshold": first.settings.score_threshold,
            "thresholds": None if first.settings.thresholds is None else asdict(first.settings.thresholds),
            "resamples": compared.resamples,
            "seed": compared.seed,
            "at": compared.at,
            "common_images": compared.common_images,
        },
        "leaderboard": leaderboard_records(compared, runs),
        "comparisons": [_comparison(one, runs) for one in compared.comparisons],
        "warnings": [
            *(notice_record(notice) for notice in compared.notices),
            *({**notice_record(one), "run": name} for name, results in runs.items() for one in all_notices(results)),
        ],
    }


def leaderboard_records(compared: Compared, runs: Mapping[str, Results]) -> list[Record]:
    """One record a run, best AP first; `behind_best` is what it lacks to the first, with its paired interval."""
    records = []
    for rank, standing in enumerate(compared.standings, start=1):
        results = runs[standing.run]
        precision, recall, f1 = micro(results.operating_point)
        records.append(
            {
                "rank": rank,
                "run": standing.run,
                "AP": number(standing.ap),
                "AP_interval": _interval(standing.ap_interval),
                "behind_best": number(standing.behind.difference),
                "behind_best_interval": _interval(standing.behind.interval),
                "first_in": number(standing.first_in),
                "AP50": number(results.metrics["AP50"]),
                "gap": number(results.gap.total),
                "score_threshold": number(results.operating_point.score_threshold),
                "has_class_thresholds": results.settings.thresholds is not None,
                "precision": precision,
                "recall": recall,
                "f1": f1,
            }
        )
    return records


def metric_change_records(comparison: Comparison) -> list[Record]:
    """One record a metric: AP and its kind, then the rates at each run's own operating point."""
    changes = {**comparison.metrics, **comparison.rates}
    return [{"metric": name, **_change(change)} for name, change in changes.items()]


def class_change_records(comparison: Comparison, results: Results) -> list[Record]:
    """One record a class, by id: its AP."""
    truth = results.ground_truth
    objects = np.bincount(truth.category[truth.is_object], minlength=len(truth.categories.ids)).tolist()
    rows = _rows(comparison.class_ap)
    return [
        {"id": identifier, "name": name, "objects": own, **row}
        for identifier, name, own, row in zip(
            truth.categories.ids.tolist(), truth.categories.names, objects, rows, strict=True
        )
    ]


def cause_change_records(comparison: Comparison) -> list[Record]:
    """One record a cause: its gap (null for causes that owe nothing) and its errors at the operating points."""
    gap = dict(zip(GAP_CAUSES, _rows(comparison.causes.gap), strict=True))
    nothing = dict.fromkeys(("before", "after", "difference", "difference_interval", "q_value"))
    return [
        {
            "cause": cause,
            **{f"gap_{part}": value for part, value in gap.get(cause, nothing).items()},
            "errors_before": before,
            "errors_after": after,
        }
        for cause, before, after in zip(
            CAUSES,
            comparison.causes.errors_before.tolist(),
            comparison.causes.errors_after.tolist(),
            strict=True,
        )
    ]


def waterfall_record(comparison: Comparison) -> Record:
    """From AP before to AP after: what each cause, each value of each attribute, and both together add; all add up.

    A step is what was owed before minus what is owed after. `residual` is the sum of the causes minus the difference.
    """
    ap = comparison.metrics["AP"]
    gap = comparison.causes.gap
    steps = (gap.before - gap.after).tolist()
    by_attribute: dict[str, list[Record]] = {}
    slices = comparison.slices
    for where, step in zip(slices.where, (slices.gap_before - slices.gap_after).tolist(), strict=True):
        if len(where) == 1:
            (name,) = where
            by_attribute.setdefault(name, []).append({"value": where[name], "ap_change": step})
    is_defined = ap.difference is not None
    return {
        "before": number(ap.before),
        "after": number(ap.after),
        "difference": number(ap.difference),
        "by_cause": {cause: step if is_defined else None for cause, step in zip(GAP_CAUSES, steps, strict=True)},
        "by_attribute": by_attribute if is_defined else {},
        "by_cause_and_attribute": {one.attribute: _crossed_rows(one) for one in comparison.crossed}
        if is_defined
        else {},
        "residual": sum(steps) - ap.difference if ap.difference is not None else None,
    }


def _crossed_rows(steps: CrossedSteps) -> list[Record]:
    """One record a cause and a value that are not 0."""
    return [
        {"cause": GAP_CAUSES[cause], "value": steps.values[value], "ap_change": float(steps.ap_change[cause, value])}
        for cause, value in zip(*(place.tolist() for place in np.nonzero(steps.ap_change)), strict=True)
    ]


def object_change_record(comparison: Comparison) -> Record:
    """How many objects were fixed, broken, found and missed by both, and by their causes before and after."""
    objects = comparison.objects
    is_object = objects.outcome != NO_CHANGE
    pairs = np.stack([objects.cause_before[is_object], objects.cause_after[is_object]], axis=1)
    cells, counts = np.unique(pairs, axis=0, return_counts=True)
    return {
        **objects.counts(),
        "by_cause": [
            {"cause_before": _cause(before), "cause_after": _cause(after), "objects": count}
            for (before, after), count in zip(cells.tolist(), counts.tolist(), strict=True)
        ],
    }


def slice_change_records(comparison: Comparison) -> list[Record]:
    """One record a slice, all of them, keys as SLICE_CHANGE_KEYS."""
    slices = comparison.slices
    has_gap = comparison.metrics["AP"].difference is not None
    counts = np.stack([slices.objects, slices.images, slices.fixed, slices.broken], axis=1).astype(np.int64).tolist()
    rates = zip(_rows(slices.recall), _rows(slices.precision), _rows(slices.ap), strict=True)
    gaps = zip(slices.gap_before.tolist(), slices.gap_after.tolist(), strict=True)
    records = []
    for where, (objects, images, fixed, broken), (before, after), of_rates in zip(
        slices.where, counts, gaps, rates, strict=True
    ):
        records.append(
            {
                "where": dict(where),
                "objects": objects,
                "images": images,
                "gap_before": before if has_gap else None,
                "gap_after": after if has_gap else None,
                "ap_change": before - after if has_gap else None,
                "fixed": fixed,
                "broken": broken,
                **{
                    f"{name}_{part}": value
                    for name, row in zip(("recall", "precision", "AP"), of_rates, strict=True)
                    for part, value in row.items()
                },
            }
        )
    return records


def _comparison(comparison: Comparison, runs: Mapping[str, Results]) -> Record:
    asked = runs[comparison.before].settings.by
    return {
        "before": comparison.before,
        "after": comparison.after,
        "metrics": metric_change_records(comparison),
        "waterfall": waterfall_record(comparison),
        "causes": cause_change_records(comparison),
        "objects": object_change_record(comparison),
        "classes": class_change_records(comparison, runs[comparison.before]),
        "slices": _chosen_slices(slice_change_records(comparison), asked),
    }


def _chosen_slices(records: Sequence[Record], asked: Sequence[Sequence[str]]) -> list[Record]:
    crosses = {frozenset(names) for names in asked}
    is_pair = [len(record["where"]) == 2 and frozenset(record["where"]) not in crosses for record in records]
    pairs = [row for row, one in enumerate(is_pair) if one]
    pairs.sort(key=lambda row: (-abs(records[row]["ap_change"] or 0.0), row))
    kept = set(pairs[:PAIRS_IN_RECORD])
    kept |= {row for row, record in enumerate(records) if len(record["where"]) == 1}
    kept |= {row for row, record in enumerate(records) if frozenset(record["where"]) in crosses}
    return [records[row] for row in sorted(kept)]


def _change(change: Change) -> Record:
    return {
        "before": number(change.before),
        "after": number(change.after),
        "difference": number(change.difference),
        "difference_interval": _interval(change.interval),
    }


def _rows(changes: Changes) -> list[Record]:
    columns = zip(
        changes.before.tolist(),
        changes.after.tolist(),
        changes.difference.tolist(),
        changes.interval.tolist(),
        changes.q_value.tolist(),
        strict=True,
    )
    return [
        {
            "before": number(before),
            "after": number(after),
            "difference": number(difference),
            "difference_interval": None if number(ends[0]) is None else ends,
            "q_value": number(q_value),
        }
        for before, after, difference, ends, q_value in columns
    ]


def _interval(ends: tuple[float, float] | None) -> list[float] | None:
    return None if ends is None else list(ends)


def _cause(code: int) -> str | None:
    return None if code == NO_CAUSE else CAUSES[code]
