"""Slices, causes and failure modes as records of summary.json: counts as they are, rates and shares derived."""

import math
from collections.abc import Iterable
from heapq import nsmallest

import numpy as np

from mapgap.rates import rates
from mapgap.report.json_values import Record, number, numbers, ratio
from mapgap.slice_tests import LEAST_IMAGES, LEAST_MEMBERS
from mapgap.tables import CAUSES, FailureMode, FloatArray, Recommendation, Results, Where

PAIRS_IN_SUMMARY = 200
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
        _tests(results),
        _slice_intervals(results),
        strict=True,
    )
    return [
        _slice_record(where, row, shown, gap, ap, without_background, tests, whole, intervals)
        for where, row, shown, gap, ap, without_background, tests, intervals in rows
    ]


def _tests(results: Results) -> list[tuple[float | None, float | None, bool]]:
    """q-value, adjusted odds ratio and whether the two comparisons contradict each other, of each slice."""
    statistics = results.slice_statistics
    if statistics is None:
        return [(None, None, False)] * len(results.slices.where)
    odds_ratio = np.where(np.isfinite(statistics.adjusted_odds_ratio), statistics.adjusted_odds_ratio, np.nan)
    columns = numbers(statistics.q_value.tolist()), numbers(odds_ratio.tolist()), statistics.is_reversed.tolist()
    return list(zip(*columns, strict=True))


_Ends = list[float] | None


def _slice_intervals(results: Results) -> Iterable[tuple[_Ends, _Ends]]:
    """The ends of the intervals of recall and AP of each slice."""
    known = results.slice_statistics
    if known is None:
        return [(None, None)] * len(results.slices.where)
    return zip(_ends(known.recall_interval), _ends(known.ap_interval), strict=True)


def _ends(intervals: FloatArray) -> list[_Ends]:
    return [None if math.isnan(low) else [low, high] for low, high in intervals.tolist()]


def _slice_record(
    where: Where,
    counts: list[int],
    shown_rates: tuple[float | None, ...],
    gap: float,
    ap: float,
    without_background: bool,
    tests: tuple[float | None, float | None, bool],
    whole: tuple[int, float | None],
    intervals: tuple[_Ends, _Ends],
) -> Record:
    objects, images, tp, fp, fn = counts
    precision, recall, f1 = shown_rates
    all_objects, total = whole
    q_value, adjusted_odds_ratio, is_reversed = tests
    flags = ["without_background"] if without_background else []
    if objects < LEAST_MEMBERS or images < LEAST_IMAGES:
        flags.append("too_few")
    if is_reversed:
        flags.append("simpson")
    gap_share = _share(gap, total)
    return {
        "where": dict(where),
        "objects": objects,
        "images": images,
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "recall": recall,
        "recall_interval": intervals[0],
        "precision": precision,
        "f1": f1,
        "AP": number(ap),
        "AP_interval": intervals[1],
        "gap": None if total is None else number(gap),
        "gap_share": gap_share,
        "lift": ratio(gap_share, ratio(objects, all_objects)),
        "q_value": q_value,
        "adjusted_odds_ratio": adjusted_odds_ratio,
        "flags": flags,
    }


def summary_slices(slices: list[Record], asked: tuple[tuple[str, ...], ...] = ()) -> list[Record]:
    """The slices of the summary: singles, crosses asked for, and the 200 pairs of highest gap, in their order."""
    asked_keys = {frozenset(keys) for keys in asked}
    pairs = [(-(record["gap"] or 0.0), row) for row, record in enumerate(slices) if len(record["where"]) == 2]
    kept = {row for _, row in nsmallest(PAIRS_IN_SUMMARY, pairs)}
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
            "gain_interval": None if row.gain_interval is None else list(row.gain_interval),
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
        "gain_interval": None if mode.gain_interval is None else list(mode.gain_interval),
        "q_value": number(mode.q_value),
        "adjusted_odds_ratio": number(mode.adjusted_odds_ratio),
        "flags": list(mode.flags),
        "recommendation": _recommendation_record(mode.recommendation),
        "examples": [
            {"image_id": example.image_id, "object_id": example.object_id, "detection": example.detection}
            for example in mode.examples
        ],
    }


def _recommendation_record(advice: Recommendation | None) -> Record | None:
    if advice is None:
        return None
    evidence = dict(advice.evidence)
    return {"action": advice.action, "text": advice.text, "evidence": evidence, "verify": advice.verify}
