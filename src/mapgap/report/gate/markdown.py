"""What a gate found as Markdown, for the summary of a step or a comment."""

from mapgap.report.gate.rows import COLUMNS, gate_rows, headline, remarks, subject
from mapgap.report.markdown_parts import markdown_text, table
from mapgap.verdicts import Gate

CELL = 200


def gate_markdown(gate: Gate) -> bytes:
    """A heading, the table and the remarks, UTF-8; names of the data format nothing and call nobody."""
    rows = [[_cell(cell) for cell in row.cells] for row in gate_rows(gate)]
    parts = [
        f"### mapgap check {headline(gate)}",
        markdown_text(subject(gate), CELL),
        table(COLUMNS, "lllrrr", rows),
        " ".join(remarks(gate)),
    ]
    return ("\n\n".join(part for part in parts if part) + "\n").encode("utf-8")


def _cell(text: str) -> str:
    return markdown_text(text, CELL) if text else " "
