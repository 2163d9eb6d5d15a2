"""What a gate found as JSON (schema mapgap/check/1): fractions of 1, undefined as null."""

from mapgap.report.evaluation import notice_record
from mapgap.report.json_values import Record
from mapgap.tables import Interval
from mapgap.verdicts import Gate, Rule, Verdict

SCHEMA = "mapgap/check/1"


def gate_record(gate: Gate) -> Record:
    """Rules in the order given, each with its worst outcome; verdicts with those that fail first."""
    return {
        "schema": SCHEMA,
        "inputs": dict(gate.inputs),
        "settings": dict(gate.settings),
        "passed": gate.is_passed,
        "rules": [_rule(gate, rule) for rule in gate.rules],
        "verdicts": [_verdict(verdict) for verdict in gate.verdicts],
        "warnings": [notice_record(notice) for notice in gate.notices],
    }


def _rule(gate: Gate, rule: Rule) -> Record:
    return {
        "rule": rule.text,
        "metric": rule.metric,
        "slice": rule.where,
        "direction": rule.direction,
        "comparator": rule.comparator,
        "number": rule.number,
        "outcome": gate.outcome_of(rule),
        "verdicts": sum(verdict.rule == rule for verdict in gate.verdicts),
    }


def _verdict(verdict: Verdict) -> Record:
    measured = verdict.measured
    return {
        "rule": verdict.rule.text,
        "outcome": verdict.outcome,
        "slice": measured.place,
        "where": None if measured.where is None else dict(measured.where),
        "baseline": measured.before,
        "now": measured.after,
        "change": verdict.change,
        "change_interval": _ends(measured.interval),
        "now_interval": _ends(measured.after_interval),
        "q_value": measured.q_value,
    }


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)
