"""The few lines a command prints when a report is done."""

from mapgap.number_words import count, fraction, rate
from mapgap.report.json_values import Record
from mapgap.report.threshold_words import at_words
from mapgap.report.wording import cause_label, mode_sentence

HOT_SPOTS = 3


def headline_lines(summary: Record) -> list[str]:
    """AP, the operating point, the gap by cause and the first hot spots, in plain text."""
    lines = number_lines(summary)
    for mode in summary["failure_modes"][:HOT_SPOTS]:
        lines.append(f"{count(mode['rank'])}. {''.join(str(piece) for piece in mode_sentence(mode))}")
    return lines


def number_lines(summary: Record) -> list[str]:
    """AP, the operating point and the gap by cause; no names."""
    coco, point, gap = summary["coco"], summary["operating_point"], summary["gap"]
    objects, kept = point["tp"] + point["fn"], point["tp"] + point["fp"]
    threshold = at_words(summary, f"score >= {point['score_threshold'] or 0.0:g}")
    lines = [
        f"AP {fraction(coco['AP'])}, AP50 {fraction(coco['AP50'])}; the gap to 1 is {fraction(gap['total'])}",
        f"At {threshold}: recall {rate(point['tp'], objects)} objects, precision {rate(point['tp'], kept)} detections",
    ]
    owing = sorted(gap["by_cause"].items(), key=lambda row: -row[1])
    shares = ", ".join(f"{cause_label(cause)} {fraction(owed)}" for cause, owed in owing if owed > 0)
    if shares:
        lines.append(f"The gap by cause: {shares}")
    return lines
