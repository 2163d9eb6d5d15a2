"""The gap by cause on the page: two bars on one scale, and the table beside them."""

from mapgap.number_words import count, fraction, interval, percent
from mapgap.report.content import GapBar, Report
from mapgap.report.html.markup import Markup, element
from mapgap.report.html.parts import cause_swatch, section, segment, table
from mapgap.report.json_values import Record
from mapgap.report.wording import CAUSE_WORDS, cause_label


def gap_section(report: Report) -> Markup:
    """The gap as one bar by cause, at IoU .5 and over .5 to .95, and the same as a table."""
    intro = element(
        "p",
        "Every false positive and every object that was never found owes a part of 1 − AP, and the parts add up to all "
        "of it. Averaged over strict IoUs most errors become loose boxes, so the gap is shown twice. No score "
        "threshold moves it.",
        class_="note",
    )
    if report.gap_bars[-1].total is None:
        nothing = element("p", "Not defined: no class has ground truth.", class_="empty")
        return section("gap", "The gap by cause", intro, nothing)
    bars = [_gap_bar(bar_) for bar_ in report.gap_bars]
    return section("gap", "The gap by cause", intro, element("div", bars, class_="gap-bars"), _gap_table(report))


def _gap_bar(bar_: GapBar) -> Markup:
    total = bar_.total or 0.0
    found = 1 - total
    segments = [segment(0.0, found, "found", f"AP {fraction(found)}")]
    start = found
    for cause, gap in bar_.by_cause:
        segments.append(segment(start, gap, f"cause-{cause}", f"{cause_label(cause)} {fraction(gap)}", cause))
        start += gap
    picture = element(
        "svg",
        segments,
        class_="gap-bar",
        data_total=repr(total),
        role="img",
        aria_label=f"{bar_.title}: AP {fraction(found)}, "
        + ", ".join(f"{cause_label(c)} {fraction(g)}" for c, g in bar_.by_cause),
    )
    caption = element(
        "p",
        element("b", bar_.title),
        f" ({bar_.explanation}): AP {fraction(found)}, gap {fraction(total)}",
        class_="bar-title",
    )
    return element("div", caption, picture)


def _gap_table(report: Report) -> Markup:
    at_50, over_all = report.gap_bars
    totals = {record["cause"]: record for record in report.summary["causes"]}
    rows, marks = [], []
    for cause in CAUSE_WORDS:
        gap, gap_50 = dict(over_all.by_cause).get(cause), dict(at_50.by_cause).get(cause)
        record = totals.get(cause, {})
        if gap is None and not record.get("errors"):
            continue
        marks.append({"data_cause": cause} | ({} if gap is None else {"data_owes": "1"}))
        share = None if not gap or not over_all.total else gap / over_all.total
        rows.append(
            [
                [cause_swatch(cause), cause_label(cause), element("small", CAUSE_WORDS[cause])],
                fraction(gap_50),
                fraction(gap),
                percent(share) if gap else percent(gap),
                fraction(record.get("gain")) + interval(record.get("gain_interval")),
                count(record.get("errors", 0)),
                count(record.get("images", 0)),
            ]
        )
    total = ["all", fraction(at_50.total), fraction(over_all.total), "", "", count(_sum(totals, "errors")), ""]
    header = ["cause", "gap at .5", "gap .5 to .95", "share of it", "gain", "errors", "images"]
    return table("The gap by cause", header, rows, total=total, marks=marks)


def _sum(records: dict[str, Record], key: str) -> int:
    return sum(record[key] for record in records.values())
