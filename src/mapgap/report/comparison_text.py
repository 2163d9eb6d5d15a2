"""What changed between runs, as a few lines for a terminal."""

from collections.abc import Sequence

from mapgap.number_words import DASH, count, fraction, percent, plural, score
from mapgap.report.json_values import Record
from mapgap.report.wording import cause_label
from mapgap.significance import SIGNIFICANT_Q
from mapgap.slice_tests import LEAST_IMAGES, LEAST_MEMBERS
from mapgap.where_text import where_text

LEADERBOARD_COLUMNS = ("rank", "run", "AP", "behind the best", "first in", "AP50", "precision", "recall", "F1", "score")
METRIC_COLUMNS = ("metric", "before", "after", "difference", "")
SLICES_SHOWN = 5
SHARE_OF_ALL = 0.8
"""A slice of more than this share of all objects says no more than the whole."""


def signed(value: float | None) -> str:
    """A difference of fractions with its sign: `+.013`, `−.010`."""
    if value is None:
        return DASH
    text = fraction(value)
    return text if value < 0 or text == "0" else f"+{text}" if not text.startswith("< ") else f"< +{text[2:]}"


def change_text(difference: float | None, interval: Sequence[float] | None) -> str:
    """A difference with its interval: `+.013 (+.009 to +.017)`."""
    ends = "" if interval is None else f" ({signed(interval[0])} to {signed(interval[1])})"
    return signed(difference) + ends


def is_sure(interval: Sequence[float] | None) -> bool:
    """Whether the interval of a difference excludes zero."""
    return interval is not None and (interval[0] > 0 or interval[1] < 0)


def leaderboard_rows(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """One row a run under LEADERBOARD_COLUMNS."""
    return [
        (
            str(record["rank"]),
            record["run"],
            fraction(record["AP"]) + _interval(record["AP_interval"]),
            DASH
            if record["rank"] == 1
            else fraction(record["behind_best"]) + _interval(record["behind_best_interval"]),
            percent(record["first_in"]),
            fraction(record["AP50"]),
            percent(record["precision"]),
            percent(record["recall"]),
            fraction(record["f1"]),
            "every" if record["score_threshold"] is None else score(float(f"{record['score_threshold']:.4g}")),
        )
        for record in records
    ]


def metric_rows(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """One row a metric under METRIC_COLUMNS; the last says where the interval excludes zero."""
    return [
        (
            "F1" if record["metric"] == "f1" else record["metric"],
            fraction(record["before"]),
            fraction(record["after"]),
            change_text(record["difference"], record["difference_interval"]),
            "sure" if is_sure(record["difference_interval"]) else "",
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


def slice_lines(records: Sequence[Record], recall_difference: float | None) -> list[str]:
    """The slices of one attribute whose recall surely changed, those first that did so most beyond the whole.

    `recall_difference` is that of the whole. Slices of nearly all objects, and those with the members of another one,
    are left out.
    """
    whole = recall_difference or 0.0
    known = _distinct([record for record in records if _is_sure_slice(record)])
    most = SHARE_OF_ALL * max((record["objects"] for record in records), default=0)
    lines = []
    for word, sign in (("Better", 1), ("Worse", -1)):
        of_sign = [record for record in known if sign * record["recall_difference"] > 0 and record["objects"] <= most]
        of_sign.sort(key=lambda record: -sign * (record["fixed"] - record["broken"] - whole * record["objects"]))
        for record in of_sign[:SLICES_SHOWN]:
            change = change_text(record["recall_difference"], record["recall_difference_interval"])
            recall = f"recall {fraction(record['recall_before'])} to {fraction(record['recall_after'])}, {change}"
            objects = f"{count(record['fixed'])} fixed, {count(record['broken'])} broken of {count(record['objects'])}"
            lines.append(f"{word}: {where_text(record['where'])}: {recall}; {objects}")
        if len(of_sign) > SLICES_SHOWN:
            lines.append(f"  and {plural(len(of_sign) - SLICES_SHOWN, 'more slice')} surely {word.lower()}")
    return lines


def _distinct(records: Sequence[Record]) -> list[Record]:
    """The first of slices that hold the same objects, as far as their numbers tell."""
    first: dict[tuple[int, ...], Record] = {}
    for record in records:
        first.setdefault(tuple(record[key] for key in ("objects", "images", "fixed", "broken")), record)
    return list(first.values())


def _is_sure_slice(record: Record) -> bool:
    is_thin = record["objects"] < LEAST_MEMBERS or record["images"] < LEAST_IMAGES
    q_value = record["recall_q_value"]
    is_significant = q_value is not None and q_value <= SIGNIFICANT_Q
    return (
        len(record["where"]) == 1 and not is_thin and is_significant and is_sure(record["recall_difference_interval"])
    )


def _interval(ends: Sequence[float] | None) -> str:
    return "" if ends is None else f" ({fraction(ends[0])} to {fraction(ends[1])})"
