"""The ranked list of hot spots."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mapgap.errors import InputError
from mapgap.ranking.candidates import EXCESS_DECIMALS, MINIMUM_ERRORS, Candidate, find_candidates
from mapgap.ranking.examples import choose_examples, weigh_errors
from mapgap.ranking.hotter import hotter_within, where_of
from mapgap.ranking.ledger import Ledger, open_book, open_ledger
from mapgap.ranking.redundancy import drop_parents, walk_down
from mapgap.tables import (
    CAUSES,
    Attribute,
    BoolArray,
    Debts,
    Detections,
    Errors,
    FailureMode,
    GroundTruth,
    IndexArray,
    OperatingPoint,
)

RANK_BY = ("excess", "gap", "gain", "errors")
TOO_FEW = "too_few"

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
) -> tuple[FailureMode, ...]:
    """The hot spots: cause x slice of one or two attributes, by definitions.md 7.

    Ordered by falling `rank_by` (one of RANK_BY, an undefined gain last), ties by cause, then where (number of keys,
    keys, values). What is listed does not depend on `rank_by`. Causes that owe nothing come after the others, by
    errors; rules 2 to 5 count their errors in place of gap, and their gap, excess and gain are 0.0. With fewer than
    30 errors of all causes together the minimum of 30 is waived and every mode is flagged "too_few".

    `detection_address` (D,): the object each kept true positive matched, else anything (not looked at). `gain_of` is
    called once for each mode listed. Raises InputError for an unknown `rank_by`.
    """
    if rank_by not in RANK_BY:
        raise InputError(f"cannot rank by {rank_by!r}", fix=f"Use one of: {', '.join(RANK_BY)}")
    too_few = len(errors.cause) < MINIMUM_ERRORS
    minimum_errors = 1 if too_few else MINIMUM_ERRORS
    tables = _Tables(ground_truth, detections, errors, debts, gain_of, (TOO_FEW,) if too_few else ())
    book = open_book(ground_truth, attributes, operating_point, errors, debts, detection_address)
    ranked: list[tuple[_Place, FailureMode]] = []
    for position, cause in enumerate(CAUSES):
        if not np.any(errors.cause == position):
            continue
        ledger = open_ledger(book, cause)
        candidates = drop_parents(ledger, find_candidates(ledger, minimum_errors))
        for candidate, mode in _describe(tables, ledger, walk_down(ledger, candidates), minimum_errors):
            ranked.append((_place(mode, candidate, ledger, rank_by), mode))
    ranked.sort(key=lambda pair: pair[0])
    return tuple(mode for _, mode in ranked)


@dataclass(frozen=True)
class _Tables:
    ground_truth: GroundTruth
    detections: Detections
    errors: Errors
    debts: Debts
    gain_of: GainOf
    flags: tuple[str, ...]


_Place = tuple[bool, bool, float, int, tuple[int, tuple[str, ...], tuple[int, ...]]]


def _place(mode: FailureMode, candidate: Candidate, ledger: Ledger, rank_by: str) -> _Place:
    values = {"excess": mode.excess, "gap": mode.gap, "gain": mode.gain, "errors": float(mode.errors)}
    value = values[rank_by] if ledger.owes else values["errors"]
    names = tuple(ledger.attributes[key].name for key in candidate.keys)
    where = len(candidate.keys), names, candidate.values
    # Rounded, so that the noise of rounding does not decide between equals.
    return not ledger.owes, value is None, -round(value or 0.0, EXCESS_DECIMALS), CAUSES.index(mode.cause), where


def _describe(
    tables: _Tables, ledger: Ledger, listed: list[Candidate], minimum_errors: int
) -> list[tuple[Candidate, FailureMode]]:
    weights = weigh_errors(tables.errors, ledger.error_rows, tables.debts, ledger.cause)
    described = []
    for candidate in listed:
        is_inside = ledger.contains(candidate.keys, candidate.values)[ledger.error_address]
        rows = ledger.error_rows[is_inside]
        examples = choose_examples(tables.ground_truth, tables.detections, tables.errors, rows, weights[is_inside])
        mode = FailureMode(
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
            examples=examples,
        )
        described.append((candidate, mode))
    return described


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
