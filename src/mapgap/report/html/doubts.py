"""Labels that may be wrong, on the page: the most doubtful ones in a table."""

from mapgap.number_words import DASH, fraction
from mapgap.report.content import Report
from mapgap.report.html.markup import Child, Markup, element
from mapgap.report.html.parts import left_out, name, pieces, section, table
from mapgap.report.json_values import Record
from mapgap.report.label_doubt import KIND_WORDS, evidence_pieces


def doubts_section(report: Report) -> Markup | None:
    """The most doubtful labels; nothing where nobody looked for them."""
    if report.doubts is None:
        return None
    intro = element(
        "p",
        "Labels that a detector which is usually right contradicts in a way that is not usual for it. A score to rank "
        "by, no proof: look at the picture before changing a label.",
        class_="note",
    )
    if not report.doubts:
        return section(
            "label-doubt", "Labels worth checking", intro, element("p", "No label is doubtful.", class_="empty")
        )
    header = ["doubt", "score", "image", "object", "class", "why"]
    rows = table("Labels worth checking", header, [_row(row) for row in report.doubts])
    more = left_out(report.doubts_left_out, "doubtful labels", "label_doubt()")
    return section("label-doubt", "Labels worth checking", intro, rows, more)


def _row(row: Record) -> list[Child]:
    return [
        KIND_WORDS[row["kind"]],
        fraction(row["score"], 2),
        name(row["file_name"]) if row["file_name"] else str(row["image_id"]),
        DASH if row["object_id"] is None else str(row["object_id"]),
        DASH if row["class"] is None else name(row["class"]),
        pieces(evidence_pieces(row)),
    ]
