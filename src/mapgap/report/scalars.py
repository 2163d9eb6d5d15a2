"""The main numbers of an analysis under flat names, as the log of a training takes them."""

from mapgap.report.summary import gap_record, operating_point_record
from mapgap.tables import Results

OF_POINT = ("score_threshold", "precision", "recall", "f1")


def scalars(results: Results, prefix: str = "") -> dict[str, float]:
    """Name -> fraction of 1: the 12 COCO numbers, the operating point, the gap by cause, the gain of each cause.

    What is not defined is left out.
    """
    point, gap = operating_point_record(results), gap_record(results)
    numbers = {
        **results.metrics,
        **{name: point[name] for name in OF_POINT},
        "gap/total": gap["total"],
        **{f"gap/{cause}": value for cause, value in gap["by_cause"].items()},
        **{f"gain/{total.cause}": total.gain for total in results.cause_totals},
    }
    return {f"{prefix}{name}": float(value) for name, value in numbers.items() if value is not None}
