"""What is wrong with the records of one list, gathered while they are read; and what becomes of it."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from mapgap.errors import InputError
from mapgap.findings import MOST_EXAMPLES, Finding, Place
from mapgap.number_words import plural
from mapgap.tables import Notice

LEFT_OUT = "leaves the record out"
READ_AS_NUMBER = "reads it as the number in the text"
READ_WITHOUT = "reads the record as if the field were not there"
READ_AS_NO_NUMBER = "reads it as no number"
OUTCOMES = {
    LEFT_OUT: "left out",
    READ_AS_NUMBER: "read as the number in the text",
    READ_WITHOUT: "read as if the field were not there",
    READ_AS_NO_NUMBER: "read as no number",
}
"""What --lenient does with a record, and how the notice tells that it was done."""


@dataclass
class _Kind:
    """All records that share one complaint."""

    code: str
    message: str
    fix: str | None
    field: str | None
    lenient: str
    count: int = 0
    examples: list[Place] = dataclasses.field(default_factory=list)


class Complaints:
    """Open while one list is read: records that have no meaning, counted by kind, with the first of each."""

    def __init__(self, file: str, list_name: str):
        self._file, self._list_name = file, list_name
        self._kinds: dict[tuple[str, str | None, str], _Kind] = {}
        self._whole: list[Finding] = []

    def add_whole(self, finding: Finding) -> None:
        """One about the text as a whole, not about a record."""
        self._whole.append(finding)

    def add(
        self,
        code: str,
        describe: Callable[[], tuple[str, Place]],
        *,
        fix: str | None,
        field: str | None = None,
        lenient: str = LEFT_OUT,
    ) -> None:
        """One more record; `describe` gives the message and the place, and is asked for the first ones only."""
        key = (code, field, lenient)
        kind = self._kinds.get(key)
        if kind is None or kind.count < MOST_EXAMPLES:
            message, place = describe()
            if kind is None:
                kind = self._kinds[key] = _Kind(code, message, fix, field, lenient)
            kind.examples.append(place)
        kind.count += 1

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One finding a kind, in the order in which each was first met."""
        of_records = (
            Finding(
                kind.code,
                kind.message,
                file=self._file,
                fix=kind.fix or "Write it in COCO's format",
                count=kind.count,
                examples=kind.examples,
                list_name=self._list_name,
                field=kind.field,
                lenient=kind.lenient,
            )
            for kind in self._kinds.values()
        )
        return (*self._whole, *of_records)


def refuse(findings: Sequence[Finding]) -> NoReturn:
    """Raise the InputError that tells all of them, one a line."""
    first = findings[0]
    raise InputError(
        first.message_with_count,
        file=first.file,
        where=first.first_place,
        fix=first.fix,
        code=first.code,
        findings=findings,
    )


def findings_of(error: InputError) -> tuple[Finding, ...]:
    """What an error that refuses an input says, as findings."""
    if error.findings:
        return tuple(error.findings)
    places = [Place(error.where)] if error.where else []
    return (
        Finding(error.code or "input_refused", error.what, file=error.file or "", fix=error.fix or "", examples=places),
    )


def notices_of(findings: Iterable[Finding]) -> tuple[Notice, ...]:
    """What --lenient left out or repaired, as the warnings of the table that was read so."""
    return tuple(
        Notice(
            finding.code,
            f"{finding.file}: {_outcome(finding)}: {finding.message}",
            finding.count,
            tuple(place.words for place in finding.examples),
        )
        for finding in findings
    )


def _outcome(finding: Finding) -> str:
    """What became of the records, and of how many; a finding about the whole text counts none."""
    outcome = OUTCOMES.get(finding.lenient or "", "read loosely")
    return f"{plural(finding.count, 'record')} {outcome}" if finding.examples else outcome
