"""What the doctor found, as JSON and as lines for people."""

from collections.abc import Iterator, Sequence

from mapgap.findings import Finding, Place
from mapgap.number_words import plural
from mapgap.report.json_values import Record

SCHEMA = "mapgap/doctor/1"
INDENT = " " * 9
SEVERITIES = ("error", "warning", "note")


def diagnosis_record(findings: Sequence[Finding], inputs: Record, settings: Record) -> Record:
    """The content of `mapgap doctor --json`, schema mapgap/doctor/1."""
    return {
        "schema": SCHEMA,
        "inputs": inputs,
        "settings": settings,
        "is_refused": any(is_refused(finding, settings) for finding in findings),
        "counts": {f"{name}s": sum(finding.severity == name for finding in findings) for name in SEVERITIES},
        "findings": [finding_record(finding) for finding in findings],
    }


def is_refused(finding: Finding, settings: Record) -> bool:
    """Whether an analysis with these settings would refuse the file for it."""
    return finding.severity == "error" and not (settings["lenient"] and finding.lenient)


def finding_record(finding: Finding) -> Record:
    """One finding as JSON."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "file": finding.file,
        "list": finding.list_name,
        "field": finding.field,
        "message": finding.message,
        "count": finding.count,
        "examples": [_place_record(place) for place in finding.examples],
        "fix": finding.fix or None,
        "options": finding.command,
        "lenient": finding.lenient,
    }


def diagnosis_lines(findings: Sequence[Finding], settings: Record, command: str) -> Iterator[str]:
    """Errors first, each with its examples and the way out; then what that means. `command` reads both inputs."""
    for severity in SEVERITIES:
        for finding in findings:
            if finding.severity == severity:
                yield from _lines(finding, settings, command)
    yield _verdict(findings, settings)


def _lines(finding: Finding, settings: Record, command: str) -> Iterator[str]:
    place = "" if finding.first_place is None else f"{finding.first_place}: "
    yield f"{finding.severity:<7}  {finding.code}"
    yield f"{INDENT}{finding.file}: {place}{finding.message_with_count}"
    if len(finding.examples) > 1:
        others = (f"{place.words}{f': {place.value}' if place.value else ''}" for place in finding.examples[1:])
        yield f"{INDENT}Also {', '.join(others)}"
    if finding.fix:
        yield f"{INDENT}{finding.fix}"
    if finding.command:
        yield f"{INDENT}Try: {command} {finding.command}"
    if finding.lenient and not settings["lenient"]:
        yield f"{INDENT}--lenient {finding.lenient}"


def _verdict(findings: Sequence[Finding], settings: Record) -> str:
    if not findings:
        return "Nothing found: an analysis accepts these inputs"
    counts = ((sum(finding.severity == name for finding in findings), name) for name in SEVERITIES)
    found = ", ".join(plural(number, name) for number, name in counts if number)
    verdict = "refuses" if any(is_refused(finding, settings) for finding in findings) else "accepts"
    return f"{found}: an analysis {verdict} these inputs"


def _place_record(place: Place) -> Record:
    identifier = place.identifier
    return {
        "place": place.words,
        "record": place.record,
        "id": identifier if identifier is None or isinstance(identifier, int) else str(identifier),
        "value": place.value,
    }
