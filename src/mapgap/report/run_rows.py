"""Several runs beside one another: their main numbers, worded."""

from collections.abc import Sequence

from mapgap.number_words import fraction, interval, percent, score
from mapgap.report.content import Report
from mapgap.report.json_values import Record
from mapgap.report.threshold_words import has_one_a_class
from mapgap.tables import Intervals, Settings

RUN_COLUMNS = ("AP", "AP50", "gap", "precision", "recall", "F1", "score threshold")
OWN_POINTS = "Each run is counted at its own operating point, because scores of two detectors do not mean the same."
ONE_SCORE = "All runs are counted from the same score up, although scores of two detectors need not mean the same."
SAME_THRESHOLDS = "All runs are counted with the same score thresholds, one a class."
EQUAL_PRECISION = "The first run is counted at its own operating point, the others where they reach its precision."


def points_explained(at: str, settings: Settings) -> str:
    """At which operating points runs are compared, of which the first has these settings."""
    if settings.thresholds is not None:
        return SAME_THRESHOLDS
    if at == "equal-precision":
        return EQUAL_PRECISION
    return OWN_POINTS if isinstance(settings.score_threshold, str) else ONE_SCORE


def run_row(report: Report) -> tuple[str, ...]:
    """The numbers of a run under `RUN_COLUMNS`, with their 95 % intervals."""
    coco, point = report.summary["coco"], report.summary["operating_point"]
    sure = report.intervals or Intervals({"AP": None, "AP50": None}, None, None, None, None)
    return (
        fraction(coco["AP"]) + interval(sure.metrics["AP"]),
        fraction(coco["AP50"]) + interval(sure.metrics["AP50"]),
        fraction(report.summary["gap"]["total"]),
        percent(point["precision"]) + interval(sure.precision, percent),
        percent(point["recall"]) + interval(sure.recall, percent),
        fraction(point["f1"]) + interval(sure.f1),
        _threshold_cell(report.summary),
    )


def _threshold_cell(summary: Record) -> str:
    threshold = summary["operating_point"]["score_threshold"]
    if has_one_a_class(summary):
        return "one a class"
    return "every score" if threshold is None else score(float(f"{threshold:.4g}"))


def run_rows(reports: Sequence[Report]) -> list[tuple[str, ...]]:
    """Name and numbers of each run."""
    return [(report.run, *run_row(report)) for report in reports]
