"""report.md: the short version, good to paste into a pull request."""

import re
from collections.abc import Iterable, Sequence

from mapgap.number_words import DASH, count, fraction, interval, percent, plural, rate, times
from mapgap.report.content import Report
from mapgap.report.json_values import Record
from mapgap.report.label_doubt import KIND_WORDS, evidence_pieces
from mapgap.report.wording import (
    CAUSE_WORDS,
    Name,
    cause_label,
    hotter_where,
    mode_price,
    mode_sentence,
    odds,
    shorten,
    sureness,
    tried_sentence,
    visible,
    where_pieces,
)
from mapgap.tables import Intervals

HOT_SPOTS = 10
SLICES = 10


def report_markdown(report: Report) -> str:
    """The report in Markdown: headline, gap by cause, hot spots, slices, settings. Names are escaped."""
    sections = [
        _headline(report),
        _gap(report),
        _hot_spots(report),
        _slices(report),
        _doubts(report),
        _settings(report.summary),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def markdown_text(text: str, length: int = 80) -> str:
    """Data as Markdown text that stays on one line and formats nothing: no markup, no table cell, no link, no HTML."""
    shown = shorten(visible(text), length) or "(no name)"
    escaped = re.sub(r"([\\`*_{}\[\]()#+!|~$:@])", r"\\\1", shown)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _written(pieces: Iterable[str]) -> str:
    return "".join(markdown_text(piece) if isinstance(piece, Name) else piece for piece in pieces)


def _headline(report: Report) -> str:
    summary = report.summary
    inputs, coco, point = summary["inputs"], summary["coco"], summary["operating_point"]
    truth, found = inputs["ground_truth"], inputs["detections"]
    threshold = point["score_threshold"]
    at = "at any score" if threshold is None else f"at score ≥ {threshold!r}"
    kept, objects = point["tp"] + point["fp"], point["tp"] + point["fn"]
    return "\n".join(
        [
            f"# Where the mAP went: {markdown_text(found['name'])} on {markdown_text(truth['name'])}",
            "",
            f"**AP {fraction(coco['AP'])}**, AP50 {fraction(coco['AP50'])}; "
            f"the gap to 1 is {fraction(summary['gap']['total'])}. {plural(truth['objects'], 'object')} and "
            f"{plural(found['detections'], 'detection')} in {plural(truth['images'], 'image')}.",
            "",
            f"Operating point ({at}, IoU {fraction(point['iou_threshold'], 2)}): "
            f"precision {rate(point['tp'], kept)} detections, recall {rate(point['tp'], objects)} objects, "
            f"F1 {fraction(point['f1'])}.",
            *_how_sure(report.intervals, summary["settings"]["resamples"]),
        ]
    )


def _how_sure(intervals: Intervals | None, resamples: int) -> list[str]:
    """A paragraph with the 95 % intervals of the headline, if there are any."""
    if intervals is None:
        return []
    ends = {"AP": intervals.metrics["AP"], "AP50": intervals.metrics["AP50"]}
    shares = {"precision": intervals.precision, "recall": intervals.recall}
    told = [f"{name}{interval(known)}" for name, known in ends.items() if known]
    told += [f"{name}{interval(known, percent)}" for name, known in shares.items() if known]
    told += [f"F1{interval(intervals.f1)}"] if intervals.f1 else []
    return (
        ["", f"95 % intervals from {plural(resamples, 'resample')} of the images: {', '.join(told)}."] if told else []
    )


def _gap(report: Report) -> str:
    at_50, over_all = report.gap_bars
    if over_all.total is None:
        return "## The gap by cause\n\nNot defined: no class has ground truth."
    rows = [
        [cause_label(cause), fraction(dict(at_50.by_cause)[cause]), fraction(gap), CAUSE_WORDS[cause]]
        for cause, gap in over_all.by_cause
    ]
    rows.append(["**1 − AP**", f"**{fraction(at_50.total)}**", f"**{fraction(over_all.total)}**", ""])
    return "## The gap by cause\n\n" + _table(["cause", "at IoU .5", "over .5 to .95", ""], "lrrl", rows)


def _hot_spots(report: Report) -> str:
    if not report.modes:
        return "## What to fix first\n\nNo slice fails clearly more often than the rest."
    costs = report.mode_costs or (None,) * len(report.modes)
    shown = list(zip(report.modes, costs, strict=True))[:HOT_SPOTS]
    lines = [f"{mode['rank']}. {_hot_spot(mode, cost)}" for mode, cost in shown]
    left = len(report.modes) + report.modes_left_out - len(lines)
    more = f"\n\nAnd {count(left)} more in `failure_modes.csv`." if left else ""
    return "## What to fix first\n\n" + "\n".join(lines) + more


def _hot_spot(mode: Record, cost: float | None) -> str:
    hotter = "; ".join(_hotter(entry, mode) for entry in mode["hotter_within"])
    few = " Too few to be sure." if "too_few" in mode["flags"] else ""
    inner = f" Hotter within: {hotter}." if hotter else ""
    sure = "" if mode["q_value"] is None else f" q {sureness(mode['q_value'])}."
    costs = "" if cost is None else f" Costs {cost:,.6g}."
    price = f"{mode_price(mode)}{costs}{sure}{inner}{few}"
    return f"**{cause_label(mode['cause'])}**: {_written(mode_sentence(mode))} {price}{_advice(mode['recommendation'])}"


def _advice(advice: Record | None) -> str:
    """Two lines below the hot spot: what to do, and the command that shows whether it helped."""
    if advice is None:
        return ""
    return f"\n    * To do: {markdown_text(advice['text'], 1000)}\n    * Then: {_code(advice['verify'])}"


def _code(text: str) -> str:
    """Text as a code span, with more backticks around it than it has in a row."""
    shown = visible(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    pad = " " if "`" in shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _hotter(entry: Record, mode: Record) -> str:
    inner = _written(where_pieces(hotter_where(entry["where"], mode["where"])))
    return f"{inner} ({plural(entry['errors'], 'error')} on {count(entry['population'])})"


def _slices(report: Report) -> str:
    rows = [
        [
            _written(where_pieces(record["where"])),
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
    return "## Slices worth looking at\n\n" + _table(header, "lrrrrrrr", rows) + more + f"\n\n{note.strip()}"


def _doubts(report: Report) -> str:
    if report.doubts is None:
        return ""
    if not report.doubts:
        return "## Labels worth checking\n\nNo label is doubtful."
    rows = [
        [
            KIND_WORDS[row["kind"]],
            fraction(row["score"], 2),
            str(row["image_id"]),
            DASH if row["object_id"] is None else str(row["object_id"]),
            DASH if row["class"] is None else markdown_text(row["class"]),
            _written(evidence_pieces(row)),
        ]
        for row in report.doubts
    ]
    more = f"\n\nAnd {count(report.doubts_left_out)} more in `label_doubt()`." if report.doubts_left_out else ""
    header = ["doubt", "score", "image", "object", "class", "why"]
    return "## Labels worth checking\n\n" + _table(header, "lrrrll", rows) + more


def _settings(summary: Record) -> str:
    settings, residual = summary["settings"], summary["gap"]["residual"]
    asked = settings["score_threshold"]
    facts = [
        f"score threshold {markdown_text(str(asked))}",
        f"analysis IoU {settings['iou_threshold']!r}",
        f"background IoU {settings['background_iou']!r}",
        f"at most {count(settings['max_detections'])} detections an image and class",
        f"ranked by {markdown_text(settings['rank_by'])}",
        f"{plural(settings['resamples'], 'resample')} of the images, seed {settings['seed']}",
        f"residual of the gap {DASH if residual is None else format(residual, '.1e')}",
    ]
    warnings = [
        f"- {markdown_text(warning['message'], 1000)} ({count(warning['count'])}×)" for warning in summary["warnings"]
    ]
    text = "## Settings\n\n" + "; ".join(facts) + "."
    return text + ("\n\n" + "\n".join(["Warnings:", "", *warnings]) if warnings else "")


def _table(header: Sequence[str], alignment: str, rows: Iterable[Sequence[str]]) -> str:
    rule = ["---:" if side == "r" else "---" for side in alignment]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *rows])
