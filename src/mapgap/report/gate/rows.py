"""What a gate found as rows and sentences: failing ones first, of a rule on every slice only the worst."""

from collections.abc import Iterator
from dataclasses import dataclass

from mapgap.number_words import DASH, ROUNDING_NOISE, count, plural, score
from mapgap.tables import Interval
from mapgap.verdicts import FAILING, FRACTIONS, OUTCOMES, POINTS, Gate, Outcome, Rule, Verdict

COLUMNS = ("verdict", "rule", "slice", "baseline", "now", "change")
OUTCOME_WORDS: dict[Outcome, str] = {
    "failed": "failed",
    "nothing_to_measure": "nothing to measure",
    "unsure": "not sure",
    "passed": "passed",
}
MOST_ROWS = 10
"""Slices shown of one rule and outcome; JSON has all."""
MINUS = "−"
FINE_DIGITS = 4


@dataclass(frozen=True)
class GateRow:
    """One line of the table: a verdict, or the worst of several that are not shown."""

    outcome: Outcome
    rule: str
    place: str
    """The slice; empty for the whole run."""
    before: str
    after: str
    change: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Under COLUMNS."""
        return (OUTCOME_WORDS[self.outcome], self.rule, self.place, self.before, self.after, self.change)


def gate_rows(gate: Gate) -> list[GateRow]:
    """The rows of the table: by outcome, then in the order of the rules."""
    return [
        row
        for outcome in OUTCOMES
        for rule in gate.rules
        for row in _rows_of(rule, outcome, [v for v in gate.verdicts if v.rule == rule and v.outcome == outcome])
    ]


def headline(gate: Gate) -> str:
    """Whether it is passed, and how many rules say so."""
    failed = sum(gate.outcome_of(rule) in FAILING for rule in gate.rules)
    if failed:
        return f"failed: {count(failed)} of {plural(len(gate.rules), 'rule')}"
    return f"passed: {plural(len(gate.rules), 'rule')}"


def subject(gate: Gate) -> str:
    """Which run is compared with which, and where."""
    point = gate.settings["score_threshold"]
    before = gate.settings["baseline_score_threshold"]
    kept = _kept(point) if point == before else f"{_kept(point)} (the baseline {_kept(before)})"
    baseline = gate.inputs["baseline"]
    against = _name(baseline["detections"]) if isinstance(baseline, dict) else ""
    return f"{_name(gate.inputs['detections'])} against {against}, {kept}, IoU {gate.settings['iou_threshold']}"


def remarks(gate: Gate) -> list[str]:
    """What the table does not say of itself: units, what is not sure, what has no interval."""
    inputs = gate.inputs["baseline"]
    kind = inputs["kind"] if isinstance(inputs, dict) else None
    lines = []
    if any(rule.metric in FRACTIONS for rule in gate.rules):
        lines.append("In points (hundredths).")
    if any(verdict.measured.interval or verdict.measured.after_interval for verdict in gate.verdicts):
        lines.append(f"In brackets 95 % intervals: {gate.settings['resamples']} resamples of the images, paired.")
    if any(verdict.outcome == "unsure" for verdict in gate.verdicts):
        many = " (of so many slices)" if any(rule.is_about_every_slice for rule in gate.rules) else ""
        lines.append(f"Not sure: beyond the rule, but it may be chance{many}. It does not fail; --strict lets it.")
    if kind == "summary":
        lines.append("The baseline is a summary alone: changes have no interval, and count as they stand.")
    elif any(_counts_without_interval(verdict) for verdict in gate.verdicts):
        lines.append("A change without brackets has no interval, and counts as it stands.")
    return lines


def sentence(verdict: Verdict) -> str:
    """One verdict in words: `recall where [size=small]: 34.38 to 32.67, −1.70 points (−2.50 to −0.98)`."""
    rule, measured = verdict.rule, verdict.measured
    subject = rule.metric if measured.place is None else f"{rule.metric} where {measured.place}"
    if verdict.outcome == "nothing_to_measure":
        return f"{subject}: nothing to measure"
    unit = " points" if rule.metric in FRACTIONS else ""
    after = number_text(measured.after, rule.metric)
    if rule.direction is None:
        return f"{subject}: {after}{unit}{_interval_text(measured.after_interval, rule.metric)}"
    before = number_text(measured.before, rule.metric)
    return f"{subject}: {before} to {after}, {_change_text(verdict, unit)}"


def rule_sentences(gate: Gate, rule: Rule) -> list[str]:
    """The verdicts of a rule that are not passed, the worst first; of more than MOST_ROWS the number of the others."""
    told = [verdict for verdict in gate.verdicts if verdict.rule == rule and verdict.outcome != "passed"]
    lines = [_with_outcome(verdict) for verdict in told[:MOST_ROWS]]
    return lines if len(told) <= MOST_ROWS else [*lines, f"and {plural(len(told) - MOST_ROWS, 'more slice')}"]


def number_text(value: float | None, metric: str, digits: int = 2) -> str:
    """A fraction in points to two decimals, or a count; what is not quite 0 or 100 does not look like it."""
    if value is None:
        return DASH
    if metric not in FRACTIONS:
        return count(int(value))
    if abs(value) < ROUNDING_NOISE:
        return "0"
    text = f"{value * POINTS:.{digits}f}"
    if value != 1 and float(text) == POINTS:
        return f"> {POINTS - 10**-digits:.{digits}f}"
    return f"< {10**-digits:.{digits}f}" if float(text) == 0 else text


def _with_outcome(verdict: Verdict) -> str:
    prefix = "not sure, " if verdict.outcome == "unsure" else ""
    return f"{prefix}{sentence(verdict)}"


def _rows_of(rule: Rule, outcome: Outcome, verdicts: list[Verdict]) -> Iterator[GateRow]:
    """All of them up to MOST_ROWS; of passed slices the worst only."""
    shown = 1 if outcome == "passed" else MOST_ROWS
    for verdict in verdicts[:shown]:
        others = len(verdicts) - 1 if outcome == "passed" else 0
        yield _row(rule, verdict, f"{plural(others + 1, 'slice')}, at worst " if others else "")
    if outcome != "passed" and len(verdicts) > shown:
        yield GateRow(outcome, rule.text, f"and {plural(len(verdicts) - shown, 'more slice')}", "", "", "")


def _row(rule: Rule, verdict: Verdict, prefix: str) -> GateRow:
    measured = verdict.measured
    after = number_text(measured.after, rule.metric) + _interval_text(measured.after_interval, rule.metric)
    before = number_text(measured.before, rule.metric)
    return GateRow(
        verdict.outcome, rule.text, prefix + (measured.place or ""), before, after, _change_text(verdict, "")
    )


def _change_text(verdict: Verdict, unit: str) -> str:
    metric = verdict.rule.metric
    digits = 2 if _is_told_apart(verdict, 2) else FINE_DIGITS
    change = _signed(verdict.change, metric, digits)
    return change + unit + _interval_text(verdict.measured.interval, metric, signed=True)


def _is_told_apart(verdict: Verdict, digits: int) -> bool:
    """Whether so many digits show that a change of 1.003 points is beyond `drop > 1`."""
    rule, change = verdict.rule, verdict.change
    if change is None or rule.direction is None or verdict.outcome == "passed":
        return True
    return round(abs(change) * rule.scale, digits) != abs(rule.number)


def _interval_text(interval: Interval | None, metric: str, *, signed: bool = False) -> str:
    if interval is None:
        return ""
    low, high = (_signed(end, metric) if signed else number_text(end, metric) for end in interval)
    return f" ({low} to {high})"


def _signed(value: float | None, metric: str, digits: int = 2) -> str:
    if value is None:
        return DASH
    size = number_text(abs(value), metric, digits)
    if size == "0":
        return size
    sign = "+" if value > 0 else MINUS
    return f"{size[:2]}{sign}{size[2:]}" if size.startswith(("< ", "> ")) else f"{sign}{size}"


def _counts_without_interval(verdict: Verdict) -> bool:
    has_change = verdict.rule.direction is not None and verdict.change is not None
    return has_change and verdict.measured.interval is None


def _kept(score_threshold: object) -> str:
    return f"score >= {score(score_threshold)}" if isinstance(score_threshold, float) else "no one score"


def _name(file: object) -> str:
    return str(file["name"]) if isinstance(file, dict) else ""
