"""The slices on the page: one table an attribute, and the crossed slices that owe most above their share."""

import json
from collections.abc import Callable, Sequence

from mapgap.number_words import count, fraction, percent, rate, times
from mapgap.report.content import Report, SliceTable, slice_value
from mapgap.report.html.markup import Child, Markup, element
from mapgap.report.html.parts import left_out, name, pieces, section, segment
from mapgap.report.json_values import Record
from mapgap.report.wording import odds, sureness, tried_sentence, value_text, where_pieces
from mapgap.slice_tests import LEAST_IMAGES, LEAST_MEMBERS

_SLICE_HEADER = ("objects", "images", "missed", "recall", "precision", "F1", "AP", "gap", "lift", "q", "odds ratio")


def slices_section(report: Report) -> Markup:
    """Tables by attribute, and the crossed slices that owe more than their share."""
    intro = element(
        "p",
        element("b", "Lift"),
        " is a slice's share of the gap divided by its share of the objects: above 1 it owes more than its share. "
        f"Grey rows have fewer than {LEAST_MEMBERS} objects or {LEAST_IMAGES} images, too few to judge. * means that "
        "false positives on background are left out, because the attribute is known for objects only. ",
        "Small print below a number is its 95 % interval. The bar shows that of the recall, its dot the recall, its "
        "line the recall of the whole run. "
        if report.intervals
        else None,
        element("b", "q"),
        " asks whether the share of missed objects differs from that of the rest, after correction for all that was "
        "tried: up to .05 it is hardly chance. The ",
        element("b", "odds ratio"),
        " of being missed compares with objects of the same class and size outside: above 1 is worse. † marks where it "
        f"points in the other direction than the plain shares. {tried_sentence(report.slices_tried)}",
        class_="note",
    )
    if not report.slice_tables and not report.costly_slices.rows:
        return section("slices", "Slices", intro, element("p", "There are no slices.", class_="empty"))
    recall = report.summary["operating_point"]["recall"]
    cards = [_slice_card(slices, recall, single=True) for slices in report.slice_tables]
    crossed = _slice_card(report.costly_slices, recall, single=False) if report.costly_slices.rows else None
    more = left_out(report.slice_tables_left_out, "attributes", "slices.csv")
    return section("slices", "Slices", intro, crossed, element("div", cards, class_="slice-tables"), more)


def _slice_card(slices: SliceTable, recall: float | None, *, single: bool) -> Markup:
    heading = name(slices.title) if single else slices.title
    rows = [_slice_row(record, recall, single=single) for record in slices.rows]
    head = ["value" if single else "slice", *_SLICE_HEADER]
    few = ["few" if "too_few" in record["flags"] else None for record in slices.rows]
    wheres = [json.dumps(record["where"]) if single else None for record in slices.rows]
    body = element("tbody", [_slice_line(*line) for line in zip(rows, few, wheres, strict=True)])
    inner = element("table", element("thead", element("tr", [element("th", c, scope="col") for c in head])), body)
    scroll = element("div", inner, class_="scroll", tabindex=0, role="group", aria_label=f"Slices: {slices.title}")
    more = left_out(slices.left_out, "slices", "slices.csv")
    # The scripts count slices by one attribute again; the others stay as reported.
    return element(
        "div", element("h3", heading), scroll, more, class_="slice-table" if single else "slice-table reported"
    )


def _slice_line(cells: Sequence[Child], class_: str | None, where: str | None) -> Markup:
    """One row; `where` as JSON tells the scripts which slice it is."""
    first, *others = cells
    parts = [element("th", first, scope="row"), [element("td", cell) for cell in others]]
    return element("tr", parts, class_=class_, data_where=where)


def _slice_row(record: Record, recall: float | None, *, single: bool) -> list[Child]:
    star = "*" if "without_background" in record["flags"] else ""
    missed = record["fn"] / record["objects"] if record["objects"] else None
    return [
        [name(value_text(slice_value(record))) if single else pieces(where_pieces(record["where"])), _flag(record)],
        count(record["objects"]),
        count(record["images"]),
        [_missed_bar(missed), element("span", count(record["fn"]), class_="tally")],
        [
            percent(record["recall"]),
            _range(record["recall"], record["recall_interval"], recall),
            _ends(record["recall_interval"], percent),
        ],
        rate(record["tp"], record["tp"] + record["fp"]) + (star if record["precision"] is not None else ""),
        fraction(record["f1"], 2) + (star if record["f1"] is not None else ""),
        [fraction(record["AP"]) + (star if record["AP"] is not None else ""), _ends(record["AP_interval"], fraction)],
        fraction(record["gap"]),
        times(record["lift"]),
        sureness(record["q_value"]),
        odds(record),
    ]


def _ends(ends: Sequence[float] | None, write: Callable[[float], str]) -> Markup | None:
    """The 95 % interval below its number."""
    return None if ends is None else element("small", f"{write(ends[0])} to {write(ends[1])}")


def _flag(record: Record) -> Markup | None:
    """What a grey row says, for those who do not see that it is grey."""
    if "too_few" not in record["flags"]:
        return None
    why = f"fewer than {LEAST_MEMBERS} objects or {LEAST_IMAGES} images: too few to judge"
    return element("span", "too few", class_="flag", title=why)


def _range(value: float | None, ends: Sequence[float] | None, whole: float | None) -> Markup | None:
    """An interval on a scale from 0 to 1 with the number itself, and the line of the whole run."""
    if value is None or ends is None:
        return None
    run = None if whole is None else _line(whole, "whole")
    words = f"95 % interval {percent(ends[0])} to {percent(ends[1])}; whole run {percent(whole)}"
    return element(
        "svg",
        element("title", words),
        segment(0.0, 1.0, "track", words),
        segment(ends[0], ends[1] - ends[0], "interval", words),
        run,
        element("circle", cx=f"{value * 100:.3f}%", cy="50%", r="2.5", class_="here"),
        class_="range",
        aria_hidden="true",
    )


def _line(at: float, class_: str) -> Markup:
    place = f"{at * 100:.3f}%"
    return element("line", x1=place, x2=place, y1="0", y2="100%", class_=class_)


def _missed_bar(missed: float | None) -> Markup | None:
    if missed is None:
        return None
    parts = [segment(0.0, 1.0, "track", ""), segment(0.0, missed, "cause-missed", "")]
    return element("svg", parts, class_="mini", aria_hidden="true")
