"""What changed between runs, as a few lines for a terminal."""

from collections.abc import Sequence

from mapgap.number_words import DASH, count, fraction, interval, percent, plural, score, signed
from mapgap.report.changed_slices import ChangedSlices, is_sure
from mapgap.report.json_values import Record
from mapgap.report.wording import cause_label
from mapgap.where_text import where_text

LEADERBOARD_COLUMNS = ("rank", "run", "AP", "behind the best", "first in", "AP50", "precision", "recall", "F1", "score")
METRIC_COLUMNS = ("metric", "before", "after", "difference", "")
SLICES_SHOWN = 5


def change_text(difference: float | None, interval: Sequence[float] | None) -> str:
    """A difference with its interval: `+.013 (+.009 to +.017)`."""
    ends = "" if interval is None else f" ({signed(interval[0])} to {signed(interval[1])})"
    return signed(difference) + ends


def leaderboard_rows(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """One row a run under LEADERBOARD_COLUMNS."""
    return [
        (
            str(record["rank"]),
            record["run"],
            fraction(record["AP"]) + interval(record["AP_interval"]),
            DASH if record["rank"] == 1 else fraction(record["behind_best"]) + interval(record["behind_best_interval"]),
            percent(record["first_in"]),
            fraction(record["AP50"]),
            percent(record["precision"]),
            percent(record["recall"]),
            fraction(record["f1"]),
            threshold_text(record),
        )
        for record in records
    ]


def threshold_text(record: Record) -> str:
    """The score threshold of a row of the leaderboard."""
    if record["has_class_thresholds"]:
        return "one a class"
    threshold = record["score_threshold"]
    return "every score" if threshold is None else score(float(f"{threshold:.4g}"))


def metric_rows(records: Sequence[Record], images: int) -> list[tuple[str, ...]]:
    """One row a metric under METRIC_COLUMNS; the last says where the difference, drawn from so many images, is sure."""
    return [
        (
            "F1" if record["metric"] == "f1" else record["metric"],
            fraction(record["before"]),
            fraction(record["after"]),
            change_text(record["difference"], record["difference_interval"]),
            "sure" if is_sure(record["difference_interval"], images) else "",
        )
        for record in records
    ]


def waterfall_line(record: Record) -> str:
    """From AP to AP by cause, in one line."""
    steps = [(cause, step) for cause, step in record["by_cause"].items() if step]
    steps.sort(key=lambda step: -abs(step[1]))
    told = ", ".join(f"{cause_label(cause)} {signed(step)}" for cause, step in steps)
    return f"AP by cause: {fraction(record['before'])}, {told or 'nothing changed'}, makes {fraction(record['after'])}"


def objects_line(record: Record) -> str:
    """What became of the objects."""
    kinds = (
        ("found_by_both", "found by both"),
        ("fixed", "fixed"),
        ("broken", "broken"),
        ("missed_by_both", "missed by both"),
    )
    return "Objects: " + ", ".join(f"{count(record[key])} {words}" for key, words in kinds)


def slice_lines(changed: ChangedSlices) -> list[str]:
    """The slices that surely got better or worse, the first few of each."""
    lines = []
    for word, records in (("Better", changed.better), ("Worse", changed.worse)):
        for record in records[:SLICES_SHOWN]:
            change = change_text(record["recall_difference"], record["recall_difference_interval"])
            recall = f"recall {fraction(record['recall_before'])} to {fraction(record['recall_after'])}, {change}"
            objects = f"{count(record['fixed'])} fixed, {count(record['broken'])} broken of {count(record['objects'])}"
            lines.append(f"{word}: {where_text(record['where'])}: {recall}; {objects}")
        if len(records) > SLICES_SHOWN:
            lines.append(f"  and {plural(len(records) - SLICES_SHOWN, 'more slice')} surely {word.lower()}")
    return lines
