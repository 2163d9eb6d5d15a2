"""What a gate found as JUnit XML, which most pipelines read: one test case a rule.

The elements and attributes are those that Jenkins and GitLab read: testsuites, testsuite, testcase, failure and
system-out.
"""

from xml.sax.saxutils import escape, quoteattr

from mapgap.report.gate.rows import rule_sentences
from mapgap.verdicts import FAILING, Gate, Rule
from mapgap.visible_text import visible

NAME = "mapgap check"
CLASS_NAME = "mapgap.check"


def gate_junit(gate: Gate) -> bytes:
    """The file, UTF-8: no time and no host, so that the same run gives the same bytes."""
    failures = sum(gate.outcome_of(rule) in FAILING for rule in gate.rules)
    counts = f'tests="{len(gate.rules)}" failures="{failures}" errors="0"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites name={_attribute(NAME)} {counts}>",
        f'  <testsuite name={_attribute(NAME)} {counts} skipped="0">',
        *(line for rule in gate.rules for line in _test_case(gate, rule)),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def _test_case(gate: Gate, rule: Rule) -> list[str]:
    outcome, sentences = gate.outcome_of(rule), rule_sentences(gate, rule)
    opening = f"    <testcase classname={_attribute(CLASS_NAME)} name={_attribute(rule.text)}"
    if not sentences:
        return [f"{opening}/>"]
    content = "\n".join(_text(sentence) for sentence in sentences)
    if outcome in FAILING:
        inner = f"<failure type={_attribute(outcome)} message={_attribute(sentences[0])}>{content}</failure>"
    else:
        inner = f"<system-out>{content}</system-out>"
    return [f"{opening}>", f"      {inner}", "    </testcase>"]


def _text(text: str) -> str:
    return escape(visible(text))


def _attribute(text: str) -> str:
    return quoteattr(visible(text))
