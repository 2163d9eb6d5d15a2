"""mapgap thresholds: score thresholds for all, by class and by slice, and what they are worth."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import rich_click as click

from mapgap.cli.analysis_options import data_options
from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import OUTPUT, PATH, SLICING, input_arguments, json_option, named_path

MOST_COLUMNS = 6
"""So many values of an attribute stand beside one another; more stand below one another."""
NOT_BEFORE = "not known before detection, so no threshold can be chosen by it when serving"


@click.command(epilog=exit_codes_help())
@input_arguments
@click.option(
    "--rule",
    default="best-f1",
    show_default=True,
    metavar="RULE",
    panel="What is proposed",
    help="What a threshold is for: best-f1, precision=P, recall=R, or cost: least by --cost.",
)
@click.option(
    "--by",
    multiple=True,
    metavar="ATTRIBUTE",
    panel=SLICING,
    help="Propose one for each value of this attribute; may be repeated. Without it by all known before detection.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=PATH,
    callback=named_path,
    panel=OUTPUT,
    help="Also write the thresholds as JSON, for --thresholds and for serving; a file of thresholds is replaced.",
)
@data_options
@json_option
def thresholds(
    ground_truth: str,
    detections: str,
    rule: str,
    by: tuple[str, ...],
    output: str | None,
    asked: dict[str, Any],
    as_json: bool,
) -> None:
    """Propose score thresholds: one for all, one a class, one a slice such as day and night.

    They are chosen on one half of the images and judged on the other: what each gains there over the one for all, and
    whether that is more than chance. A class or slice with fewer than 30 objects, 5 images or 10 true positives to
    choose on takes the one for all.

    \b
    Examples:
      mapgap thresholds gt.json dt.json
      mapgap thresholds gt.json dt.json --rule precision=0.9 --by time_of_day
      mapgap thresholds gt.json dt.json --rule cost --by scene --by time_of_day
      mapgap thresholds gt.json dt.json -o thresholds.json
      mapgap report gt.json dt.json --thresholds thresholds.json
    """
    from mapgap.analysis.analysis import REPORT_STAGES, analyze
    from mapgap.analysis.proposals import require_replaceable
    from mapgap.cli.output import print_bytes, print_lines, print_warnings
    from mapgap.cli.progress import StageProgress
    from mapgap.report.json_files import json_bytes

    if output is not None:
        require_replaceable(Path(output))
    with StageProgress(REPORT_STAGES) as progress:
        analysis = analyze(ground_truth, detections, progress=progress, **asked)
        proposed = analysis.propose_thresholds(rule, by or None)
    if output is not None:
        proposed.write(output)
    print_warnings(analysis.results.notices)
    if as_json:
        print_bytes(json_bytes(proposed.record))
        return
    print_lines([*_lines(proposed.record), *([f"Written: {output}"] if output else [])])


def _lines(record: dict[str, Any]) -> Iterable[str]:
    from mapgap.number_words import count, plural

    images, judged = record["images"], record["for_all"]["judged_on"]
    yield (
        f"{record['rule']} at IoU {record['iou_threshold']:g}, chosen on {plural(images['chosen_on'], 'image')}, "
        f"judged on the other {count(images['judged_on'])}"
    )
    yield f"For all: score >= {record['all']:.4g}; there {_rates(judged)}, {plural(judged['objects'], 'object')}"
    yield from ("", f"{_measure(record)} with the threshold for all and with its own, by class:")
    columns = [("class", "all together"), *_facts(record, record["classes_together"], None)]
    yield from _table(columns, record["classes"], [row["name"] for row in record["classes"]], record)
    yield from ("", "LaECE and LRP with the threshold for all, and the lowest LRP of any threshold, on all images:")
    yield from _quality_table(record)
    for together in record["slices_together"]:
        rows = [row for row in record["slices"] if together["attribute"] in row["where"]]
        values = [str(row["where"][together["attribute"]]) for row in rows]
        note = "" if together["known_before"] else f" ({NOT_BEFORE})"
        yield from ("", f"By {together['attribute']}{note}:")
        columns = [(together["attribute"], "all together"), *_facts(record, together, None)]
        yield from _table(columns, rows, values, record, beside=len(values) <= MOST_COLUMNS)


def _table(
    together: Sequence[tuple[str, str]],
    rows: Sequence[dict[str, Any]],
    names: Sequence[str],
    record: dict[str, Any],
    *,
    beside: bool = False,
) -> list[str]:
    """One column a fact and one row a part, all together last; turned over where parts stand beside one another."""
    from mapgap.cli.output import table_lines

    header = [name for name, _ in together]
    cells = [[name, *(text for _, text in _facts(record, row["judged_on"], row))]
             for name, row in zip(names, rows, strict=True)]  # fmt: skip
    cells.append([text for _, text in together])
    if not beside:
        return table_lines(header, cells)
    turned = [list(column) for column in zip(header, *cells, strict=True)]
    return table_lines(turned[0], turned[1:])


def _facts(record: dict[str, Any], judged: dict[str, Any], row: dict[str, Any] | None) -> list[tuple[str, str]]:
    """What is told of one part, or of all together (without a row): name and text."""
    from mapgap.number_words import DASH, count, fraction

    write = _amount if record["rule"] == "cost" else fraction
    name = record["measure"]
    gain, interval = judged["gain"], judged["gain_interval"]
    ends = DASH if interval is None else f"{_signed(interval[0], write)} to {_signed(interval[1], write)}"
    return [
        ("objects", count(judged["objects"])),
        ("images", count(judged["images"])),
        ("threshold", "own" if row is None else f"{row['score_threshold']:.4g}"),
        ("with all's", write(judged["with_all"][name])),
        ("with own", write(judged["with_own"][name])),
        ("gain", DASH if gain is None else _signed(gain, write)),
        ("95 % interval", ends),
        ("", _verdict(judged, row)),
    ]


def _quality_table(record: dict[str, Any]) -> list[str]:
    """One row a class, and the means over the classes."""
    from mapgap.cli.output import table_lines
    from mapgap.number_words import DASH, fraction

    header = (
        "class",
        "LaECE",
        "LRP",
        "optimal LRP",
        "its threshold",
        "localization",
        "false positive",
        "false negative",
    )
    rows = []
    for name, row in [*((row["name"], row) for row in record["classes"]), ("mean", record["for_all"])]:
        best = row["optimal_lrp"]
        threshold = DASH if best["score_threshold"] is None else f"{best['score_threshold']:.4g}"
        parts = [fraction(best[part]) for part in ("localization", "false_positive", "false_negative")]
        rows.append(
            (name, fraction(row["laece"]), fraction(row["lrp"]["error"]), fraction(best["error"]), threshold, *parts)
        )
    return table_lines(header, rows)


def _verdict(judged: dict[str, Any], row: dict[str, Any] | None) -> str:
    if row is not None and not row["own"]:
        words = {"too_few": "too few: the one for all", "out_of_reach": "out of reach: the one for all"}
        return words[row["why_for_all"]]
    if judged["with_all"] == judged["with_own"]:
        return "no difference"
    if judged["gain_interval"] is not None and judged["gain_interval"][1] < 0:
        return "worse"
    return {True: "holds", False: "does not hold", None: ""}[judged["holds"]]


def _measure(record: dict[str, Any]) -> str:
    name = "F1" if record["measure"] == "f1" else record["measure"]
    goal = str(record["rule"]).partition("=")[2]
    told = f"{name} (gain: how much nearer to {goal})" if goal else name
    return told[0].upper() + told[1:]


def _rates(outcome: dict[str, Any]) -> str:
    from mapgap.number_words import fraction

    rates = [f"{name} {fraction(outcome[key])}" for key, name in (("precision", "precision"), ("recall", "recall"))]
    cost = [f"cost {_amount(outcome['cost'])}"] if "cost" in outcome else []
    return ", ".join([*rates, f"F1 {fraction(outcome['f1'])}", *cost])


def _signed(value: float, write: Any) -> str:
    text = str(write(value))
    return f"+{text}" if value > 0 and not text.startswith("<") else text.replace("< ", "< +")


def _amount(value: float | None) -> str:
    """A cost, at most two decimals."""
    return "n/a" if value is None else f"{value:,.2f}".rstrip("0").rstrip(".").replace("-", "−")
