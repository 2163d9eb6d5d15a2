"""From what a rule measures to its verdict (docs/definitions.md, "Gates")."""

from collections.abc import Iterable, Sequence

from mapgap.verdicts import OUTCOMES, Measured, Outcome, Rule, Verdict

LARGEST_Q = 0.05
"""Up to here a change of one slice among many is believed."""
NOISE = 1e-9
"""Numbers of a rule's unit that are no further apart are equal: .66 - .65 is not exactly one point in float64."""


def judge(rule: Rule, measured: Sequence[Measured], *, strict: bool = False) -> tuple[Verdict, ...]:
    """One verdict for each thing the rule measures, the worst first; "nothing to measure" where there is none.

    A change beyond the rule is `failed` if it is sure: its interval lies on the rule's side of zero and, where the rule
    looks at every slice, its q-value is at most .05. Else it is `unsure`, unless `strict`. Where there is no interval,
    and for rules that ask for a change instead of forbidding one (`AP rise < 1`, `AP drop > -1`), beyond is `failed`.
    """
    verdicts = [Verdict(rule, each, _outcome(rule, each, strict)) for each in measured]
    if not verdicts:
        return (Verdict(rule, Measured(None, None), "nothing_to_measure"),)
    return in_order(verdicts)


def in_order(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """By outcome as in OUTCOMES, of one rule the worst first, else as they came."""
    places: dict[str, int] = {}
    for verdict in (verdicts := list(verdicts)):
        places.setdefault(verdict.rule.text, len(places))

    def key(verdict: Verdict) -> tuple[int, int, float]:
        beyond = _beyond(verdict.rule, verdict.measured)
        return OUTCOMES.index(verdict.outcome), places[verdict.rule.text], 0.0 if beyond is None else -beyond

    return tuple(sorted(verdicts, key=key))


def _outcome(rule: Rule, measured: Measured, strict: bool) -> Outcome:
    beyond = _beyond(rule, measured)
    if beyond is None:
        return "nothing_to_measure"
    is_equal = abs(beyond) <= NOISE
    is_beyond = rule.comparator in (">=", "<=") if is_equal else beyond > 0
    if not is_beyond:
        return "passed"
    is_sure = strict or not _forbids_change(rule) or _is_sure(rule, measured)
    return "failed" if is_sure else "unsure"


def _beyond(rule: Rule, measured: Measured) -> float | None:
    """How far the number is beyond the rule's, in its unit, above 0 where it is; None where nothing is measured."""
    value = _value(rule, measured)
    if value is None or (measured.members == 0 and rule.where is not None and rule.metric != "objects"):
        return None
    distance = value * rule.scale - rule.number
    return distance if rule.comparator in (">", ">=") else -distance


def _value(rule: Rule, measured: Measured) -> float | None:
    before, after = measured.before, measured.after
    if rule.direction is None:
        return after
    if before is None or after is None:
        return None
    return before - after if rule.direction == "drop" else after - before


def _forbids_change(rule: Rule) -> bool:
    """Whether it is about a change that should not be: `drop > 1`, not `rise < 1` or `drop > -1`."""
    return rule.direction is not None and rule.comparator in (">", ">=") and rule.number >= 0


def _is_sure(rule: Rule, measured: Measured) -> bool:
    if measured.interval is None:
        return True
    low, high = measured.interval
    least = -high if rule.direction == "drop" else low
    return least > 0 and (measured.q_value is None or measured.q_value <= LARGEST_Q)
