"""The nine causes over all data."""

from collections.abc import Callable

import numpy as np

from mapgap.tables import CAUSES, GAP_CAUSES, CauseTotal, Debts, Errors


def total_causes(errors: Errors, debts: Debts, gain_of_cause: Callable[[str], float | None]) -> tuple[CauseTotal, ...]:
    """All nine causes, by falling gap, then falling errors, then the order of CAUSES; their gaps add up to the whole.

    Errors and images are at the operating point. The gain of a cause that owes nothing is 0.0 and never asked for.
    """
    totals = [_total(code, errors, debts, gain_of_cause) for code in range(len(CAUSES))]
    return tuple(sorted(totals, key=lambda total: (-total.gap, -total.errors, CAUSES.index(total.cause))))


def _total(code: int, errors: Errors, debts: Debts, gain_of_cause: Callable[[str], float | None]) -> CauseTotal:
    is_cause = errors.cause == code
    return CauseTotal(
        cause=CAUSES[code],
        errors=int(np.count_nonzero(is_cause)),
        images=len(np.unique(errors.image[is_cause])),
        gap=float(debts.gap[debts.cause == code].sum()),
        gain=gain_of_cause(CAUSES[code]) if CAUSES[code] in GAP_CAUSES else 0.0,
    )
