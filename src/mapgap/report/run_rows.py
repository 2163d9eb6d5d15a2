"""Several runs beside one another: their main numbers, worded."""

from collections.abc import Sequence

from mapgap.number_words import fraction, interval, percent, score
from mapgap.report.content import Report
from mapgap.tables import Intervals

RUN_COLUMNS = ("AP", "AP50", "gap", "precision", "recall", "F1", "score threshold")
RUNS_EXPLAINED = "Each run is counted at its own operating point, because scores of two detectors do not mean the same."


def run_row(report: Report) -> tuple[str, ...]:
    """The numbers of a run under `RUN_COLUMNS`, with their 95 % intervals."""
    coco, point = report.summary["coco"], report.summary["operating_point"]
    sure = report.intervals or Intervals({"AP": None, "AP50": None}, None, None, None, None)
    threshold = point["score_threshold"]
    return (
        fraction(coco["AP"]) + interval(sure.metrics["AP"]),
        fraction(coco["AP50"]) + interval(sure.metrics["AP50"]),
        fraction(report.summary["gap"]["total"]),
        percent(point["precision"]) + interval(sure.precision, percent),
        percent(point["recall"]) + interval(sure.recall, percent),
        fraction(point["f1"]) + interval(sure.f1),
        "every score" if threshold is None else score(float(f"{threshold:.4g}")),
    )


def run_rows(reports: Sequence[Report]) -> list[tuple[str, ...]]:
    """Name and numbers of each run."""
    return [(report.run, *run_row(report)) for report in reports]
