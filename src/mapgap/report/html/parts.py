"""The pieces the page is built from: names, tables, bars, figures."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from mapgap.number_words import count
from mapgap.report.html.markup import Child, Markup, element, join
from mapgap.report.wording import Name


def name(text: str) -> Markup:
    """Data as a word on the page: isolated, so that right-to-left marks in it cannot turn its surroundings."""
    if not text.strip():
        return element("span", "(no name)" if not text else f"({len(text)} blanks)", class_="muted")
    return element("bdi", text, class_="name", title=text if len(text) > 28 else None)


def pieces(text: Iterable[str]) -> Markup:
    """A sentence: its `Name`s as names, the rest as text."""
    return join(name(piece) if isinstance(piece, Name) else piece for piece in text)


def section(anchor: str, heading: str, *children: Child) -> Markup:
    """A section with its heading, labelled for screen readers."""
    return element(
        "section",
        element("h2", heading, id=f"{anchor}-heading"),
        children,
        id=anchor,
        aria_labelledby=f"{anchor}-heading",
    )


def figure(label: str, value: str, note: str) -> Markup:
    """One headline number with its name and what it is out of."""
    return element(
        "div",
        element("p", label, class_="label"),
        element("p", value, class_="value"),
        element("p", note, class_="of"),
        class_="figure",
        data_figure=label,
    )


def table(
    caption: str,
    header: Sequence[Child],
    rows: Iterable[Sequence[Child]],
    *,
    total: Sequence[Child] | None = None,
    class_: str | None = None,
    places: Sequence[int] | None = None,
    marks: Sequence[Mapping[str, str]] | None = None,
) -> Markup:
    """A table that scrolls sideways on its own when narrow; the first column is each row's heading.

    `places` tells the scripts which class each row is, `marks` other attributes of each row.
    """
    head = element("thead", element("tr", [element("th", cell, scope="col") for cell in header]))
    rows = list(rows)
    told = marks if marks is not None else [{"data_class": str(place)} for place in places or ()]
    body = element("tbody", [_row(row, mark) for row, mark in zip_longest(rows, told)])
    foot = element("tfoot", _row(total)) if total is not None else None
    inner = element("table", element("caption", caption, class_="hidden"), head, body, foot, class_=class_)
    return element("div", inner, class_="scroll", tabindex=0, role="group", aria_label=caption)


def _row(cells: Sequence[Child], marks: Mapping[str, str] | None = None) -> Markup:
    first, *others = cells
    parts = [element("th", first, scope="row"), [element("td", cell) for cell in others]]
    return element("tr", parts, **(marks or {}))


def cause_swatch(cause: str) -> Markup:
    """The colour of a cause."""
    return element("span", class_=f"swatch cause-{cause}", aria_hidden="true")


def segment(start: float, width: float, class_: str, label: str, cause: str | None = None) -> Markup:
    """One part of a bar, in fractions of its width, with its label on hover; `cause` is for the scripts."""
    left, wide = max(0.0, min(1.0, start)), max(0.0, min(1.0, width))
    return element(
        "rect",
        element("title", label),
        x=f"{left * 100:.3f}%",
        width=f"{wide * 100:.3f}%",
        height="100%",
        class_=class_,
        data_cause=cause,
    )


def bar(value: float, largest: float, cause: str) -> Markup:
    """A bar of one value beside others of its kind; decoration, as the number stands next to it."""
    width = value / largest if largest > 0 else 0.0
    parts = [segment(0.0, 1.0, "track", ""), segment(0.0, width, f"cause-{cause}", "")]
    return element("svg", parts, class_="bar", aria_hidden="true")


def left_out(number: int, noun: str, file_name: str) -> Markup | None:
    """A line that says how much is not on the page and where it is; None if nothing is left out."""
    return element("p", f"And {count(number)} more {noun} in {file_name}.", class_="note") if number else None
