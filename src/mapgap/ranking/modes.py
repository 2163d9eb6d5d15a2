"""The ranked list of hot spots."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from mapgap.error_costs import read_costs, require_rankable
from mapgap.errors import InputError
from mapgap.ranking.candidates import (
    EXCESS_DECIMALS,
    MINIMUM_ERRORS,
    Candidate,
    distinct_candidates,
    find_candidates,
)
from mapgap.ranking.evidence import weigh_evidence
from mapgap.ranking.examples import choose_examples, weigh_errors
from mapgap.ranking.hotter import hotter_within, where_of
from mapgap.ranking.ledger import Book, Ledger, codes_at, open_book, open_ledger
from mapgap.ranking.redundancy import drop_longer_names, drop_parents, walk_down
from mapgap.slice_strata import make_strata, strata_of
from mapgap.tables import (
    CAUSES,
    Attribute,
    BoolArray,
    Debts,
    Detections,
    Errors,
    FailureMode,
    FloatArray,
    GroundTruth,
    IndexArray,
    OperatingPoint,
)

RANK_BY = ("excess", "gap", "gain", "errors", "cost")
TOO_FEW = "too_few"
ADJUSTED_FOR = ("class", "size")

GainOf = Callable[[str, BoolArray, BoolArray | None], float | None]
"""Gain of fixing a cause in a slice: (cause, (N,) objects in it, (D,) detections whose own values are in it).

The last is None for a cause other than background: its errors are at objects.
"""


def rank_failure_modes(
    ground_truth: GroundTruth,
    detections: Detections,
    attributes: tuple[Attribute, ...],
    operating_point: OperatingPoint,
    errors: Errors,
    debts: Debts,
    detection_address: IndexArray,
    gain_of: GainOf,
    *,
    rank_by: str = "excess",
    costs: Mapping[str, float] | None = None,
) -> tuple[FailureMode, ...]:
    """The hot spots: cause x slice of one to three attributes, by definitions.md 7.

    Ordered by falling `rank_by` (one of RANK_BY, an undefined gain last), ties by cause, then where (number of keys,
    keys, values). What is listed does not depend on `rank_by`. Causes that owe nothing come after the others, by
    errors; rules 2 to 5 count their errors in place of gap, and their gap, excess and gain are 0.0. With fewer than
    30 errors of all causes together the minimum of 30 and the test are waived and every mode is flagged "too_few".

    `detection_address` (D,): the object each kept true positive matched, else anything (not looked at). `gain_of` is
    called once for each mode listed. `costs` says what one error costs, by cause or "cause:class" (the class of the
    address); what it does not name costs nothing. Raises InputError for an unknown `rank_by`, cause or class, and for
    rank_by "cost" without costs.
    """
    if rank_by not in RANK_BY:
        raise InputError(f"cannot rank by {rank_by!r}", fix=f"Use one of: {', '.join(RANK_BY)}")
    cost_by_class = read_costs(costs or {}, ground_truth.categories)
    require_rankable(rank_by, costs or {})
    too_few = len(errors.cause) < MINIMUM_ERRORS
    minimum_errors = 1 if too_few else MINIMUM_ERRORS
    tables = _Tables(ground_truth, detections, errors, gain_of, (TOO_FEW,) if too_few else (), cost_by_class)
    book = open_book(ground_truth, detections, attributes, operating_point, errors, debts, detection_address)
    ledgers = [open_ledger(book, cause) for code, cause in enumerate(CAUSES) if np.any(errors.cause == code)]
    found = [find_candidates(ledger, minimum_errors) for ledger in ledgers]
    ranked: list[tuple[_Place, FailureMode]] = []
    for ledger, candidates, evidence in zip(
        ledgers, found, weigh_evidence(book, ledgers, found, minimum_errors), strict=True
    ):
        if not too_few:
            candidates = [one for one in (*candidates, *evidence.grown) if evidence.is_significant(one)]
        distinct = drop_longer_names(distinct_candidates(ledger, candidates))
        listed = walk_down(ledger, drop_parents(ledger, distinct), candidates)
        odds_ratios = _odds_ratios(book, ledger, listed)
        weights = weigh_errors(errors, ledger.error_rows, debts, ledger.cause)
        for candidate, odds_ratio in zip(listed, odds_ratios, strict=True):
            mode = _describe(tables, ledger, weights, candidate, minimum_errors)
            mode = replace(mode, q_value=evidence.q_value(candidate), adjusted_odds_ratio=odds_ratio)
            ranked.append((_place(mode, candidate, ledger, rank_by), mode))
    ranked.sort(key=lambda pair: pair[0])
    return tuple(mode for _, mode in ranked)


@dataclass(frozen=True)
class _Tables:
    ground_truth: GroundTruth
    detections: Detections
    errors: Errors
    gain_of: GainOf
    flags: tuple[str, ...]
    cost_by_class: Mapping[str, FloatArray]
    """By cause: what one error costs at each category; empty where no costs were given."""


_Place = tuple[bool, bool, float, int, tuple[int, tuple[str, ...], tuple[int, ...]]]


def _place(mode: FailureMode, candidate: Candidate, ledger: Ledger, rank_by: str) -> _Place:
    errors = float(mode.errors)
    values = {"excess": mode.excess, "gap": mode.gap, "gain": mode.gain, "errors": errors, "cost": mode.cost}
    value = values[rank_by] if ledger.owes or rank_by == "cost" else errors
    names = tuple(ledger.attributes[key].name for key in candidate.keys)
    where = len(candidate.keys), names, candidate.values
    # Rounded, so that the noise of rounding does not decide between equals.
    return not ledger.owes, value is None, -round(value or 0.0, EXCESS_DECIMALS), CAUSES.index(mode.cause), where


def _describe(
    tables: _Tables, ledger: Ledger, weights: FloatArray, candidate: Candidate, minimum_errors: int
) -> FailureMode:
    is_inside = ledger.contains(candidate.keys, candidate.values)[ledger.error_address]
    rows = ledger.error_rows[is_inside]
    costs = tables.cost_by_class.get(ledger.cause)
    return FailureMode(
        cause=ledger.cause,
        where=where_of(ledger, candidate),
        errors=candidate.errors,
        images=len(np.unique(tables.errors.image[rows])),
        population=candidate.population,
        gap=candidate.cost if ledger.owes else 0.0,
        excess=candidate.excess if ledger.owes else 0.0,
        hotter_within=hotter_within(ledger, candidate, minimum_errors),
        gain=_gain(tables, ledger, candidate) if ledger.owes else 0.0,
        flags=tables.flags,
        examples=choose_examples(tables.ground_truth, tables.detections, tables.errors, rows, weights[is_inside]),
        cost=None if costs is None else float(costs[tables.errors.category[rows]].sum()),
    )


def _odds_ratios(book: Book, ledger: Ledger, listed: list[Candidate]) -> list[float | None]:
    """Mantel-Haenszel odds ratio of each listed slice, None where it is not defined.

    Within strata of class and size, as far as the slice is not by these itself; a member counts once, however many
    errors are at it.
    """
    of_place = {a.name: codes_at(a, ledger.place, book.annotations) for a in book.attributes if a.name in ADJUSTED_FOR}
    wanted = [strata_of(ledger.attributes[key].name for key in candidate.keys) for candidate in listed]
    ratios: list[float | None] = [None] * len(listed)
    for names in {names for names in wanted if names is not None}:
        strata = make_strata([of_place[name] for name in names if name in of_place], ledger.members, ledger.errors)
        rows = [row for row, of_row in enumerate(wanted) if of_row == names]
        odds = strata.odds_ratios_of(ledger.contains(listed[row].keys, listed[row].values) for row in rows)
        for row, ratio in zip(rows, odds.tolist(), strict=True):
            ratios[row] = ratio if math.isfinite(ratio) else None
    return ratios


def _gain(tables: _Tables, ledger: Ledger, candidate: Candidate) -> float | None:
    holds_object = tables.ground_truth.is_object
    holds_detection = None
    for key, value in zip(candidate.keys, candidate.values, strict=True):
        attribute = ledger.attributes[key]
        holds_object = holds_object & (attribute.object_codes == value)
        if ledger.cause == "background":
            own = attribute.detection_codes == value
            holds_detection = own if holds_detection is None else holds_detection & own
    return tables.gain_of(ledger.cause, holds_object, holds_detection)
