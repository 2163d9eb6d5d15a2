"""Writes index.md: a table of all codes with their severity and the first sentence of their page.

Run as `python docs/findings/make_index.py` after a code or its page is added.
"""

import re
from pathlib import Path

from mapgap.findings import CODES

HERE = Path(__file__).resolve().parent
INTRODUCTION = """# Findings

Everything that mapgap finds wrong with, or noteworthy about, its inputs has a code. `mapgap doctor` prints it, `--json`
has it as `code`, and so have the `warnings` of a report's `summary.json`. How to read a finding is told in
[doctor.md](../doctor.md).

An *error* is refused by every analysis, with exit status 2, unless `--lenient` can leave the record out or mend it. A
*warning* travels with the numbers. A *note* is good to know.
"""
SEVERITIES = {"error": "Errors", "warning": "Warnings", "note": "Notes"}


def index() -> str:
    """The page's text."""
    parts = [INTRODUCTION]
    for severity, heading in SEVERITIES.items():
        rows = [f"| [`{code}`]({code}.md) | {_sentence(code)} |" for code in sorted(CODES) if CODES[code] == severity]
        parts.append("\n".join([f"## {heading}", "", "| Code | What it means |", "| --- | --- |", *rows]) + "\n")
    return "\n".join(parts)


def _sentence(code: str) -> str:
    """The first sentence below the page's heading."""
    paragraph = (HERE / f"{code}.md").read_text(encoding="utf-8").split("\n\n")[1]
    text = " ".join(paragraph.split())
    match = re.match(r".+?\.(?= [A-Z]|$)", text)
    return match[0] if match else text


if __name__ == "__main__":
    (HERE / "index.md").write_text(index(), encoding="utf-8")
