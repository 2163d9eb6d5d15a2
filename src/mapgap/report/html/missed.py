"""Missed small objects on the page: how many for which cause, and the costliest with what is behind them."""

from mapgap.number_words import DASH, count, fraction
from mapgap.report.content import MissedView, Report
from mapgap.report.html.markup import Child, Markup, element
from mapgap.report.html.parts import cause_swatch, name, section, table
from mapgap.report.json_values import Record
from mapgap.report.wording import CAUSE_WORDS, cause_label


def missed_section(report: Report) -> Markup | None:
    """The section; nothing where no object is small."""
    view = report.missed
    if view is None:
        return None
    missed = sum(number for _, number, _ in view.by_cause)
    lead = element(
        "p",
        f"{count(missed)} of {count(view.objects)} small objects are missed at the operating point.",
        class_="missed-lead",
    )
    note = element(
        "p",
        "Small objects have an area below 32² pixels, unless the size was binned otherwise. ",
        element("b", "Gap"),
        " is what the missed objects owe of 1 − AP themselves; false positives at them owe more. All of them with "
        "their evidence: ",
        element("code", "mapgap missed"),
        ".",
        class_="note",
    )
    if not missed:
        return section("missed", "Missed small objects", lead, note)
    return section("missed", "Missed small objects", lead, note, _causes(view), _costliest(view))


def _causes(view: MissedView) -> Markup:
    numbers = {cause: (number, gap) for cause, number, gap in view.by_cause}
    shown = [cause for cause in CAUSE_WORDS if cause in numbers]
    rows: list[list[Child]] = [
        [
            [cause_swatch(cause), cause_label(cause), element("small", CAUSE_WORDS[cause])],
            count(numbers[cause][0]),
            fraction(numbers[cause][1]),
        ]
        for cause in shown
    ]
    total = ["all", count(sum(n for n, _ in numbers.values())), fraction(sum(gap for _, gap in numbers.values()))]
    marks = [{"data_cause": cause} for cause in shown]
    return table("Missed small objects by cause", ["cause", "missed", "gap"], rows, total=total, marks=marks)


def _costliest(view: MissedView) -> list[Markup] | None:
    if not view.rows:
        return None
    header = ["object", "class", "image", "cause", "gap", "recovering score", "why"]
    rows = table("The costliest missed small objects", header, [_row(row) for row in view.rows], class_="reported")
    return [element("h3", "The costliest" if len(view.rows) > 1 else "The one missed"), rows]


def _row(row: Record) -> list[Child]:
    told = row["attributes"]
    return [
        str(row["id"]),
        name(row["class"]),
        [str(row["image_id"]), [" ", name(row["file_name"])] if row["file_name"] else None],
        [cause_swatch(told["cause"]), cause_label(told["cause"])],
        fraction(told["gap"], 4),
        DASH if told["recovering_score"] is None else fraction(told["recovering_score"]),
        _isolated(told["evidence"]),
    ]


def _isolated(text: str) -> Markup:
    """The evidence, which names classes: isolated as a whole."""
    return element("bdi", text, class_="why")
