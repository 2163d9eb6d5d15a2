"""The confusion matrix on the page: a table whose cells are shaded by their share of the row."""

from collections.abc import Sequence

from mapgap.number_words import count, percent
from mapgap.report.content import MatrixView, Report
from mapgap.report.html.markup import Markup, element
from mapgap.report.html.parts import name, section

SHADES = 9


def matrix_section(report: Report) -> Markup:
    """Counts, shaded by their share of the row."""
    view = report.matrix
    summed = (
        f" The {len(view.labels) - 2} classes with most errors are shown, the rest is summed up; the whole matrix is "
        "in summary.json."
        if view.classes_summed
        else ""
    )
    intro = element(
        "p",
        "Rows are the truth, columns the prediction, at the operating point. The last column holds objects no "
        f"kept detection found, the last row detections of nothing. Shade: share of the row.{summed}",
        class_="note",
    )
    return section("confusion", "Confusion matrix", intro, _matrix_table(view))


def _matrix_table(view: MatrixView) -> Markup:
    words = [
        name(label) if is_data else element("span", label, class_="name")
        for label, is_data in zip(view.labels, view.labels_are_data, strict=True)
    ]
    corner = element("td", "truth ↓ prediction →", class_="corner")
    heads = [element("th", element("span", word, class_="upright"), scope="col") for word in [*words, "sum"]]
    rows = [
        element("tr", element("th", word, scope="row"), _matrix_cells(row, place, view), element("td", count(sum(row))))
        for place, (word, row) in enumerate(zip(words, view.counts, strict=True))
    ]
    sums = [sum(column) for column in zip(*view.counts, strict=True)]
    last = element("tr", element("th", "sum", scope="row"), [element("td", count(s)) for s in [*sums, sum(sums)]])
    inner = element(
        "table",
        element("caption", "Confusion matrix", class_="hidden"),
        element("thead", element("tr", corner, heads)),
        element("tbody", rows),
        element("tfoot", last),
        class_="matrix",
        data_classes=" ".join(map(str, view.classes)),
        data_summed=view.classes_summed or None,
    )
    return element("div", inner, class_="scroll fit", tabindex=0, role="group", aria_label="Confusion matrix")


def _matrix_cells(row: Sequence[int], place: int, view: MatrixView) -> list[Markup]:
    total = sum(row)
    is_mixed = bool(view.classes_summed) and place == len(view.labels) - 2
    cells = []
    for column, number in enumerate(row):
        is_right = column == place and place < len(view.labels) - 1
        # The summed-up line meets itself where right and wrong are mixed: no shade.
        is_shaded = number > 0 and not (is_mixed and is_right)
        shade = f"{'right' if is_right else 'wrong'}-{max(1, round(SHADES * number / total))}" if is_shaded else None
        title = f"{percent(number / total)} of {count(total)}" if number else None
        cells.append(element("td", count(number), class_=shade if number else "zero", title=title))
    return cells
