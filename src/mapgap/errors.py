"""The errors mapgap raises on purpose: each says what was wrong, where, and how to mend it, and knows its exit code."""

from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:  # `findings` stands beside this file
    from mapgap.findings import Finding


class MapgapError(Exception):
    """What a user can act on: printed as one line without a traceback, ends the command with `exit_code`."""

    exit_code = 70


class InputError(MapgapError):
    """Bad input or bad options: exit code 2.

    `what` is the complaint with the value, `file` and `where` (record, id and field) say where it stands,
    `fix` says what would be right. The parts stay readable as attributes. Where an input has several things wrong,
    `findings` has all of them, and the text a line for each; the parts are those of the first.
    """

    exit_code = 2

    def __init__(
        self,
        what: str,
        *,
        file: str | None = None,
        where: str | None = None,
        fix: str | None = None,
        code: str | None = None,
        findings: "Sequence[Finding]" = (),
    ):
        self.what = what
        self.file = file
        self.where = where
        self.fix = fix
        self.code = code
        """Of the finding, where the error is about an input."""
        self.findings = tuple(findings)
        self.lines = [
            _line(finding.message_with_count, finding.file, finding.first_place, finding.fix) for finding in findings
        ] or [_line(what, file, where, fix)]
        """The error line by line: one a finding."""
        super().__init__("\n".join(self.lines))

    def tells(self, code: str) -> bool:
        """Whether a finding of this code is among what is wrong."""
        return code == self.code or any(finding.code == code for finding in self.findings)


def lines_of(error: MapgapError) -> list[str]:
    """What a command prints of the error."""
    return error.lines if isinstance(error, InputError) else [str(error)]


def _line(what: str, file: str | None, where: str | None, fix: str | None) -> str:
    """What went wrong as one line: the place, the complaint, the way out."""
    place = ": ".join(part for part in (file, where) if part)
    sentence = f"{place}: {what}" if place else what
    return f"{sentence}. {fix}" if fix else sentence


class AccessError(MapgapError):
    """A file or folder that cannot be read or written: exit code 3."""

    exit_code = 3


class ResourceError(MapgapError):
    """Not enough memory or disk for what was asked: exit code 4."""

    exit_code = 4
