"""What goes to the two streams: the result to stdout, warnings and complaints to stderr."""

import errno
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress

from mapgap.errors import AccessError, ResourceError
from mapgap.visible_text import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mapgap.findings import Told
    from mapgap.tables import Notice  # it takes NumPy along, which printing can do without

CELL_WIDTH = 80
LINE_LENGTH = 2_000
"""Names and values have any length; a line for people has not. Files and JSON hold them whole."""


def print_bytes(content: bytes) -> None:
    """Writes a result to stdout as it is; a pipe that was closed raises BrokenPipeError."""
    if sys.stdout is None:
        raise AccessError("cannot write the result: stdout is closed. Send it to a file or to /dev/null")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        kind = ResourceError if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else AccessError
        raise kind(f"cannot write the result to stdout: {error.strerror}. Send it somewhere else") from error


def print_lines(lines: Iterable[str]) -> None:
    """Writes a result to stdout, a line each, in UTF-8 whatever the locale."""
    print_bytes("".join(f"{_shortened(visible(line), LINE_LENGTH)}\n" for line in lines).encode("utf-8"))


def print_warnings(notices: Sequence["Notice | Told"]) -> None:
    """One line a warning on stderr."""
    for notice in notices:
        shown = ", ".join(_shortened(example, CELL_WIDTH) for example in notice.examples)
        print_warning(f"{notice.code}: {notice.message}{f' ({shown})' if shown else ''}")


def print_warning(warning: str) -> None:
    """One line on stderr."""
    _print_to_stderr(f"mapgap: warning: {warning}")


def print_note(note: str) -> None:
    """Something to know that is nothing to worry about, as one line on stderr."""
    _print_to_stderr(f"mapgap: {note}")


def print_complaint(complaint: str) -> None:
    """What went wrong, as one line on stderr; if nobody listens there, the exit code has to do."""
    with suppress(OSError):
        _print_to_stderr("mapgap: " + " ".join(complaint.split("\n")))


def table_lines(header: Sequence[str], rows: "Iterable[Sequence[Any]]") -> list[str]:
    """Columns padded to equal width on the terminal, numbers to the right."""
    from rich.cells import cell_len

    cells = [list(header), *[[_shortened(visible(_text(value)), CELL_WIDTH) for value in row] for row in rows]]
    numeric = [all(_is_number(row[i]) for row in cells[1:]) for i in range(len(header))]
    widths = [max(cell_len(row[i]) for row in cells) for i in range(len(header))]
    lines = []
    for row in cells:
        paddings = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        padded = [
            padding + cell if is_number else cell + padding
            for cell, padding, is_number in zip(row, paddings, numeric, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}\N{HORIZONTAL ELLIPSIS}"


def _print_to_stderr(line: str) -> None:
    if sys.stderr is None:
        return
    sys.stderr.flush()
    sys.stderr.buffer.write(f"{_shortened(visible(line), LINE_LENGTH)}\n".encode())
    sys.stderr.buffer.flush()


def _text(value: object) -> str:
    """Numbers to four decimals; what is not quite 0 or 1 does not look like it."""
    if value is None:
        return "n/a"
    if not isinstance(value, float):
        return str(value)
    if 0 < value < 0.0001:
        return "<0.0001"
    return ">0.9999" if 0.9999 < value < 1 else f"{value:.4f}"


def _is_number(cell: str) -> bool:
    return cell == "n/a" or cell.lstrip("<>-").replace(".", "").isdigit()
