"""Pieces of Markdown as GitHub reads it: names that stay text and call nobody, tables, folded parts."""

import re
from collections.abc import Iterable, Sequence

from mapgap.report.wording import Name, shorten
from mapgap.visible_text import visible

SPECIAL = r"([\\`*_{}\[\]#+!|~$@]|:(?=\S))"
NOTHING = "&#8203;"
"""A space without width: what it parts is no mention, no reference and no address any more."""
CALLS = re.compile(r"(\\[@#]|\bGH-(?=\d)|\bwww(?=\.)|\\:(?=//))", re.IGNORECASE)
"""What GitHub looks for after Markdown is read, when a backslash is long gone: people, issues, addresses."""


def markdown_text(text: str, length: int = 80) -> str:
    """Data as Markdown text that stays on one line and formats nothing: no markup, no table cell, no HTML.

    It calls nobody either: @name, #1, GH-1 and addresses stay text. Source of the blank: what Renovate and Dependabot
    write into pull requests.
    """
    shown = shorten(visible(text), length) or "(no name)"
    escaped = re.sub(SPECIAL, r"\\\1", shown).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return CALLS.sub(rf"\1{NOTHING}", escaped)


def written(pieces: Iterable[str]) -> str:
    """A sentence: its `Name`s as data, the rest as it is."""
    return "".join(markdown_text(piece) if isinstance(piece, Name) else piece for piece in pieces)


def code_span(text: str) -> str:
    """Text as a code span, with more backticks around it than it has in a row."""
    shown = visible(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    pad = " " if "`" in shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def table(header: Sequence[str], alignment: str, rows: Iterable[Sequence[str]]) -> str:
    """A table; `alignment` has one letter a column, l or r."""
    rule = ["---:" if side == "r" else "---" for side in alignment]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *rows])


def folded(title: str, content: str) -> str:
    """A part that opens with a click; `title` is no data. The empty lines tell GitHub to read Markdown inside."""
    return f"<details>\n<summary>{title}</summary>\n\n{content}\n\n</details>"
