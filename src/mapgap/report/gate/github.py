"""What a gate found as workflow commands, which GitHub Actions shows as annotations of a run.

Escapes: percent and line ends as %25, %0D and %0A; in properties colon and comma too. Source: command.ts of
github.com/actions/toolkit.
"""

from mapgap.report.gate.rows import rule_sentences
from mapgap.verdicts import FAILING, Gate
from mapgap.visible_text import visible

MOST_SENTENCES = 3
"""GitHub shows an annotation on a few lines, and ten of a kind a step."""


def gate_annotations(gate: Gate) -> list[str]:
    """One line a rule that is not passed: an error, or a warning where it is not sure."""
    lines = []
    for outcomes, command in ((FAILING, "error"), (("unsure",), "warning")):
        for rule in gate.rules:
            if gate.outcome_of(rule) not in outcomes:
                continue
            sentences = rule_sentences(gate, rule)
            more = ["..."] if len(sentences) > MOST_SENTENCES else []
            message = "\n".join([*map(visible, sentences[:MOST_SENTENCES]), *more])
            lines.append(f"::{command} title={_property(f'mapgap check: {rule.text}')}::{_data(message)}")
    return lines


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
