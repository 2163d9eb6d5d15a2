"""The headline numbers of the page."""

from mapgap.number_words import count, fraction, interval, percent, score
from mapgap.report.html.markup import Markup, element
from mapgap.report.html.parts import figure
from mapgap.report.json_values import Record
from mapgap.report.threshold_words import ONE_A_CLASS, has_one_a_class
from mapgap.tables import Intervals


def headline_section(summary: Record, intervals: Intervals | None) -> Markup:
    """The figures that tell the run in one line, and at which operating point they were counted."""
    truth, found = summary["inputs"]["ground_truth"], summary["inputs"]["detections"]
    coco, point, gap = summary["coco"], summary["operating_point"], summary["gap"]
    kept = point["tp"] + point["fp"]
    objects = point["tp"] + point["fn"]
    right = count(point["tp"])
    sure = intervals or Intervals({"AP": None, "AP50": None}, None, None, None, None)
    figures = [
        figure("AP", fraction(coco["AP"]), "mean over IoU .5 to .95" + interval(sure.metrics["AP"])),
        figure("AP50", fraction(coco["AP50"]), "at IoU .5" + interval(sure.metrics["AP50"])),
        figure("gap", fraction(gap["total"]), "1 − AP, what is missing" + interval(sure.gap)),
        figure(
            "precision",
            percent(point["precision"]),
            f"{right} of {count(kept)} detections{interval(sure.precision, percent)}",
        ),
        figure(
            "recall", percent(point["recall"]), f"{right} of {count(objects)} objects{interval(sure.recall, percent)}"
        ),
        figure("F1", fraction(point["f1"]), _threshold_text(summary) + interval(sure.f1)),
        figure("objects", count(truth["objects"]), plural_classes(truth["classes"])),
        figure("images", count(truth["images"]), "with or without objects"),
        figure("detections", count(found["detections"]), f"{count(kept)} kept"),
    ]
    lead = _lead(summary, has_intervals=intervals is not None)
    return element("section", element("div", figures, class_="figures"), lead, id="headline")


def plural_classes(number: int) -> str:
    """`1 class`, `80 classes`."""
    return "1 class" if number == 1 else f"{count(number)} classes"


def _threshold_text(summary: Record) -> str:
    point, asked = summary["operating_point"], summary["settings"]["score_threshold"]
    threshold = point["score_threshold"]
    if has_one_a_class(summary):
        return f"at {ONE_A_CLASS}"
    if threshold is None:
        return "no true positive: every score counts"
    return f"at score ≥ {_short(threshold)}{' (best F1)' if asked == 'best-f1' else ''}"


def _short(threshold: float) -> str:
    return score(float(f"{threshold:.4g}"))


def _lead(summary: Record, *, has_intervals: bool) -> Markup:
    point = summary["operating_point"]
    threshold = point["score_threshold"]
    if has_one_a_class(summary):
        at = "detections that reach the score threshold of their class count"
    elif threshold is None:
        at = "every detection counts"
    else:
        at = f"detections with a score of at least {_short(threshold)} count"
    return element(
        "p",
        f"Errors, rates and missed objects are counted at the operating point: {at}, and a box is right from IoU ",
        f"{fraction(point['iou_threshold'], 2)} up. AP and the gap have no score threshold: all detections count.",
        " In brackets: 95 % intervals." if has_intervals else None,
        class_="note",
    )
