"""report.md: the short version, to be pasted into a pull request; what needs room is folded, as GitHub can."""

from collections.abc import Iterator

from mapgap.number_words import DASH, count, fraction, interval, percent, plural, times
from mapgap.report.compared_view import ComparedView
from mapgap.report.comparison_markdown import comparison_markdown
from mapgap.report.content import Report
from mapgap.report.json_values import Record
from mapgap.report.label_doubt import KIND_WORDS, evidence_pieces
from mapgap.report.markdown_parts import code_span, folded, markdown_text, table, written
from mapgap.report.threshold_words import asked_words, at_words
from mapgap.report.wording import (
    CAUSE_WORDS,
    cause_label,
    hotter_where,
    mode_price,
    mode_sentence,
    odds,
    sureness,
    tried_sentence,
    where_pieces,
)
from mapgap.tables import Interval, Intervals

HOT_SPOTS = 10
HOT_SPOTS_OPEN = 5
"""The others are folded."""
SLICES = 10


def report_markdown(report: Report, compared: ComparedView | None = None) -> str:
    """The report in GitHub's Markdown: headline, gap by cause, hot spots, slices, settings. Names are escaped.

    With `compared` it has a table of all runs and what changed between them; the rest is about the first.
    """
    sections = [
        _headline(report),
        None if compared is None else comparison_markdown(compared, report.run),
        _gap(report),
        _hot_spots(report),
        _slices(report),
        _doubts(report),
        _warnings(report.summary),
        _settings(report.summary),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _headline(report: Report) -> str:
    summary = report.summary
    inputs, point = summary["inputs"], summary["operating_point"]
    truth, found = inputs["ground_truth"], inputs["detections"]
    at = at_words(summary, f"score ≥ {point['score_threshold']!r}")
    data = f"{plural(truth['objects'], 'object')} and {plural(found['detections'], 'detection')}"
    header, alignment, rows = ["", "value"], "lr", list(_figures(summary))
    resamples = ""
    if report.intervals is not None:
        header, alignment = [*header, "95 % interval"], "lrr"
        rows = [[*row, ends] for row, ends in zip(rows, _interval_cells(report.intervals), strict=True)]
        resamples = f" 95 % intervals from {plural(summary['settings']['resamples'], 'resample')} of the images."
    return "\n\n".join(
        [
            f"## Where the mAP went: {markdown_text(found['name'])} on {markdown_text(truth['name'])}",
            table(header, alignment, rows),
            f"{data} in {plural(truth['images'], 'image')}. Precision, recall and F1 at {at}, "
            f"IoU {fraction(point['iou_threshold'], 2)}.{resamples}",
        ]
    )


def _figures(summary: Record) -> Iterator[list[str]]:
    coco, point = summary["coco"], summary["operating_point"]
    kept, objects = point["tp"] + point["fp"], point["tp"] + point["fn"]
    yield ["**AP**", f"**{fraction(coco['AP'])}**"]
    yield ["AP50", fraction(coco["AP50"])]
    yield ["gap to 1, which is 1 − AP", fraction(summary["gap"]["total"])]
    yield [f"precision of {plural(kept, 'detection')}", percent(point["tp"] / kept if kept else None)]
    yield [f"recall of {plural(objects, 'object')}", percent(point["tp"] / objects if objects else None)]
    yield ["F1", fraction(point["f1"])]


def _interval_cells(known: Intervals) -> Iterator[str]:
    """In the order of `_figures`."""
    rates = (known.precision, known.recall)
    ends: list[tuple[Interval | None, bool]] = [(known.metrics["AP"], False), (known.metrics["AP50"], False)]
    ends += [(known.gap, False), *((rate, True) for rate in rates), (known.f1, False)]
    for end, is_rate in ends:
        write = percent if is_rate else fraction
        yield DASH if end is None else f"{write(end[0])} to {write(end[1])}"


def _gap(report: Report) -> str:
    at_50, over_all = report.gap_bars
    if over_all.total is None:
        return "### The gap by cause\n\nNot defined: no class has ground truth."
    rows = [
        [cause_label(cause), fraction(dict(at_50.by_cause)[cause]), fraction(gap), CAUSE_WORDS[cause]]
        for cause, gap in over_all.by_cause
    ]
    rows.append(["**1 − AP**", f"**{fraction(at_50.total)}**", f"**{fraction(over_all.total)}**", ""])
    return "### The gap by cause\n\n" + table(["cause", "at IoU .5", "over .5 to .95", ""], "lrrl", rows)


def _hot_spots(report: Report) -> str:
    heading = "### What to fix first\n\n"
    if not report.modes:
        return f"{heading}No slice fails clearly more often than the rest."
    costs = report.mode_costs or (None,) * len(report.modes)
    shown = list(zip(report.modes, costs, strict=True))[:HOT_SPOTS]
    lines = [f"{mode['rank']}. {_hot_spot(mode, cost)}" for mode, cost in shown]
    is_short = len(lines) <= HOT_SPOTS_OPEN + 1  # one alone is not worth a click
    text = heading + "\n".join(lines if is_short else lines[:HOT_SPOTS_OPEN])
    if not is_short:
        title = f"Ranks {count(HOT_SPOTS_OPEN + 1)} to {count(len(lines))}"
        text += "\n\n" + folded(title, "\n".join(lines[HOT_SPOTS_OPEN:]))
    left = len(report.modes) + report.modes_left_out - len(lines)
    return text + (f"\n\nAnd {count(left)} more in `failure_modes.csv`." if left else "")


def _hot_spot(mode: Record, cost: float | None) -> str:
    hotter = "; ".join(_hotter(entry, mode) for entry in mode["hotter_within"])
    few = " Too few to be sure." if "too_few" in mode["flags"] else ""
    inner = f" Hotter within: {hotter}." if hotter else ""
    sure = "" if mode["q_value"] is None else f" q {sureness(mode['q_value'])}."
    costs = "" if cost is None else f" Costs {cost:,.6g}."
    price = f"{mode_price(mode)}{costs}{sure}{inner}{few}"
    return f"**{cause_label(mode['cause'])}**: {written(mode_sentence(mode))} {price}{_advice(mode['recommendation'])}"


def _advice(advice: Record | None) -> str:
    """Two lines below the hot spot: what to do, and the command that shows whether it helped."""
    if advice is None:
        return ""
    return f"\n    * To do: {markdown_text(advice['text'], 1000)}\n    * Then: {code_span(advice['verify'])}"


def _hotter(entry: Record, mode: Record) -> str:
    inner = written(where_pieces(hotter_where(entry["where"], mode["where"])))
    return f"{inner} ({plural(entry['errors'], 'error')} on {count(entry['population'])})"


def _slices(report: Report) -> str:
    rows = [
        [
            written(where_pieces(record["where"])),
            count(record["objects"]),
            f"{percent(record['recall'])}{interval(record['recall_interval'], percent)}",
            f"{fraction(record['AP'])}{interval(record['AP_interval'])}",
            fraction(record["gap"]),
            times(record["lift"]),
            sureness(record["q_value"]),
            odds(record),
        ]
        for record in report.costly_slices.rows[:SLICES]
    ]
    if not rows:
        return ""
    left = len(report.costly_slices.rows) + report.costly_slices.left_out - len(rows)
    more = f"\n\nAnd {count(left)} more in `slices.csv`." if left else ""
    header = ["slice", "objects", "recall", "AP", "gap", "lift", "q", "odds ratio"]
    note = (
        "q: is the share of missed objects another than in the rest, after correction for all that was tried? "
        "Odds ratio: of being missed, against objects of the same class and size outside; † where it points in the "
        f"other direction than the plain shares. {tried_sentence(report.slices_tried)}"
    )
    return folded("Slices worth looking at", table(header, "lrrrrrrr", rows) + more + f"\n\n{note.strip()}")


def _doubts(report: Report) -> str:
    if report.doubts is None:
        return ""
    if not report.doubts:
        return "No label is doubtful."
    rows = [
        [
            KIND_WORDS[row["kind"]],
            fraction(row["score"], 2),
            str(row["image_id"]),
            DASH if row["object_id"] is None else str(row["object_id"]),
            DASH if row["class"] is None else markdown_text(row["class"]),
            written(evidence_pieces(row)),
        ]
        for row in report.doubts
    ]
    more = f"\n\nAnd {count(report.doubts_left_out)} more in `label_doubt()`." if report.doubts_left_out else ""
    header = ["doubt", "score", "image", "object", "class", "why"]
    return folded("Labels worth checking", table(header, "lrrrll", rows) + more)


def _warnings(summary: Record) -> str:
    """Not folded: they may say that a number above is not what it seems."""
    if not summary["warnings"]:
        return ""
    lines = [
        f"- {markdown_text(warning['message'], 1000)} ({count(warning['count'])}×)" for warning in summary["warnings"]
    ]
    return "\n".join(["### Warnings", "", *lines])


def _settings(summary: Record) -> str:
    settings, residual = summary["settings"], summary["gap"]["residual"]
    facts = [
        f"score threshold {markdown_text(asked_words(settings))}",
        f"analysis IoU {settings['iou_threshold']!r}",
        f"background IoU {settings['background_iou']!r}",
        f"at most {count(settings['max_detections'])} detections an image and class",
        f"ranked by {markdown_text(settings['rank_by'])}",
        f"{plural(settings['resamples'], 'resample')} of the images, seed {settings['seed']}",
        f"residual of the gap {DASH if residual is None else format(residual, '.1e')}",
    ]
    return folded("Settings", "; ".join(facts) + ".")
