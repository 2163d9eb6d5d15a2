"""What goes to the two streams: the result to stdout, warnings to stderr."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from mapgap.tables import Notice


def print_bytes(content: bytes) -> None:
    """Writes a result to stdout as it is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def print_lines(lines: Iterable[str]) -> None:
    """Writes a result to stdout, a line each, in UTF-8 whatever the locale."""
    print_bytes("".join(f"{plain(line)}\n" for line in lines).encode("utf-8"))


def print_warnings(notices: Sequence[Notice]) -> None:
    """One line a warning on stderr."""
    for notice in notices:
        examples = f" ({', '.join(notice.examples)})" if notice.examples else ""
        line = plain(f"mapgap: warning: {notice.code}: {notice.message}{examples}")
        sys.stderr.buffer.write(f"{line}\n".encode())
    sys.stderr.flush()


def table_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Columns padded to equal width, numbers to the right."""
    cells = [list(header), *[[plain(_text(value)) for value in row] for row in rows]]
    numeric = [all(_is_number(row[i]) for row in cells[1:]) for i in range(len(header))]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    return [
        "  ".join(
            cell.rjust(width) if is_number else cell.ljust(width)
            for cell, width, is_number in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in cells
    ]


def plain(text: str) -> str:
    """Text without control and direction characters, which could rewrite a terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _text(value: Any) -> str:
    if value is None:
        return "n/a"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _is_number(cell: str) -> bool:
    return cell == "n/a" or cell.replace(".", "").replace("-", "").isdigit()
