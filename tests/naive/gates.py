"""Verdicts of gates in plain steps and exact fractions, written from docs/definitions.md."""

from fractions import Fraction

IN_POINTS = {
    "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl",
    "precision", "recall", "f1", "gap",
}  # fmt: skip
EQUAL = Fraction(1, 10**9)


def outcome(
    metric: str,
    direction: str | None,
    comparator: str,
    number: str,
    before: float | None,
    after: float | None,
    *,
    interval: tuple[float, float] | None,
    q_value: float | None,
    strict: bool,
) -> str:
    """What comes of a rule whose parts are given, for one number of two runs."""
    if after is None or (direction is not None and before is None):
        return "nothing_to_measure"
    unit = 100 if metric in IN_POINTS else 1
    value = Fraction(after) * unit
    if direction == "drop":
        value = (Fraction(before) - Fraction(after)) * unit
    if direction == "rise":
        value = (Fraction(after) - Fraction(before)) * unit
    limit = Fraction(number)
    is_equal = abs(value - limit) <= EQUAL
    is_beyond = {
        ">": value > limit and not is_equal,
        ">=": value > limit or is_equal,
        "<": value < limit and not is_equal,
        "<=": value < limit or is_equal,
    }[comparator]
    if not is_beyond:
        return "passed"
    if direction is None or strict or interval is None:
        return "failed"
    if comparator in ("<", "<=") or limit < 0:  # it asks for a change
        return "failed"
    low, high = interval
    excludes_zero = high < 0 if direction == "drop" else low > 0
    is_one_of_many_by_chance = q_value is not None and q_value > 0.05
    return "failed" if excludes_zero and not is_one_of_many_by_chance else "unsure"
