"""The confusion matrix of the page, with a line for what is summed up, and the pairs most often confused."""

from typing import TYPE_CHECKING

from mapgap.classification.view import MatrixView, matrix_view
from mapgap.number_words import count, percent
from mapgap.report.html.markup import Markup, element
from mapgap.report.html.matrix import SHADES
from mapgap.report.html.parts import name, section, table
from mapgap.report.wording import value_text
from mapgap.tables import IdArray

if TYPE_CHECKING:
    from mapgap.classification.evaluation import Classification


def matrix_section(result: "Classification") -> Markup:
    """Counts, shaded by their share of the row; scripts add shares and lists of samples."""
    view = matrix_view(result)
    summed = (
        f" The {len(view.classes)} classes with most mistakes are shown, the rest is summed up; the whole matrix is in "
        "confusion_matrix.csv."
        if view.classes_summed
        else ""
    )
    note = f"Rows are the truth, columns the prediction. Shade: share of the row.{summed}"
    return section(
        "confusion",
        "Confusion matrix",
        element("p", note, class_="note"),
        element("div", class_="modes", id="matrix-modes"),
        _table(result, view),
        element("div", id="samples"),
        _pairs(result),
    )


def _table(result: "Classification", view: MatrixView) -> Markup:
    words = [name(value_text(result.labels[place])) for place in view.classes]
    if view.classes_summed:
        words.append(element("span", f"{count(view.classes_summed)} other classes", class_="name"))
    corner = element("td", "truth ↓ prediction →", class_="corner")
    heads = [element("th", element("span", word, class_="upright"), scope="col") for word in words]
    heads.append(element("th", element("span", "sum", class_="upright"), scope="col"))
    rows = [
        element(
            "tr",
            element("th", word, scope="row"),
            [_cell(view, line, column) for column in range(len(words))],
            element("td", count(int(view.counts[line].sum()))),
        )
        for line, word in enumerate(words)
    ]
    sums: IdArray = view.counts.sum(axis=0)
    last = element(
        "tr",
        element("th", "sum", scope="row"),
        [element("td", count(number)) for number in [*sums.tolist(), int(sums.sum())]],
    )
    inner = element(
        "table",
        element("caption", "Confusion matrix", class_="hidden"),
        element("thead", element("tr", corner, heads)),
        element("tbody", rows),
        element("tfoot", last),
        class_="matrix",
    )
    return element("div", inner, class_="scroll fit", tabindex=0, role="group", aria_label="Confusion matrix")


def _cell(view: MatrixView, line: int, column: int) -> Markup:
    number, total = int(view.counts[line, column]), int(view.counts[line].sum())
    is_mixed = bool(view.classes_summed) and line == column == len(view.classes)
    shade = (
        None
        if is_mixed
        else f"{'right' if line == column else 'wrong'}-{max(1, round(SHADES * number / (total or 1)))}"
    )
    title = f"{percent(number / total)} of {count(total)}" if number else None
    return element("td", count(number), class_=shade if number else "zero", title=title)


def _pairs(result: "Classification") -> Markup | None:
    pairs = result.summary["worst_pairs"][:10]
    if not pairs:
        return element("p", "No sample was taken for another class.", class_="empty")
    rows = [
        [
            [name(value_text(pair["truth"])), " → ", name(value_text(pair["prediction"]))],
            count(pair["count"]),
            percent(pair["share"]),
        ]
        for pair in pairs
    ]
    inner = table("Classes most often confused", ["truth → prediction", "samples", "share of the truth"], rows)
    return element("div", element("h3", "Most often confused"), inner, class_="fit-table frozen-grey")
