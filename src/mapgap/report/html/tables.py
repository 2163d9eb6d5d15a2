"""Plain tables of the page: classes, images, TIDE and COCO numbers."""

from collections.abc import Sequence

from mapgap.number_words import DASH, count, fraction, percent
from mapgap.report.content import Report
from mapgap.report.html.charts import sparkline
from mapgap.report.html.markup import Child, Markup, element
from mapgap.report.html.parts import left_out, name, section, table
from mapgap.report.json_values import Record

_COCO_WORDS = {
    "AP": "IoU .5 to .95",
    "AP50": "IoU .5",
    "AP75": "IoU .75",
    "APs": "small objects",
    "APm": "medium objects",
    "APl": "large objects",
    "AR1": "recall, 1 detection an image and class",
    "AR10": "recall, 10 detections",
    "AR100": "recall, 100 detections",
    "ARs": "recall, small objects",
    "ARm": "recall, medium objects",
    "ARl": "recall, large objects",
}
_TIDE_WORDS = {
    "Cls": "wrong class",
    "Loc": "loose box",
    "Both": "wrong class and loose box",
    "Dupe": "second box",
    "Bkg": "nothing there",
    "Miss": "missed",
    "FP": "all false positives",
    "FN": "all missed objects",
}


def classes_section(report: Report) -> Markup:
    """One row a class."""
    intro = element(
        "p",
        element("b", "AP loss"),
        " is (1 − AP) divided by the number of classes with ground truth; ",
        element("b", "gap"),
        " is what the errors on this class's objects owe, and background errors named as it. Precision is by predicted "
        "class. The small curve is precision (up) against recall (to the right) at IoU .5; the area under it is AP50.",
        class_="note",
    )
    lines = report.classes.sparklines or (None,) * len(report.classes.rows)
    rows = [_class_row(record, line) for record, line in zip(report.classes.rows, lines, strict=True)]
    header = ["class", "id", "objects", "detections", "AP", "AP50", "AP loss", "gap", "precision", "recall", "F1"]
    more = left_out(report.classes.left_out, "classes (of lower gap)", "summary.json")
    return section("classes", "Classes", intro, table("Classes", header, rows, places=report.classes.places), more)


def _class_row(record: Record, line: Sequence[float] | None) -> list[Child]:
    return [
        name(record["name"]),
        str(record["id"]),
        count(record["objects"]),
        count(record["detections"]),
        fraction(record["AP"]),
        [None if line is None else sparkline(line), fraction(record["AP50"])],
        fraction(record["ap_loss"]),
        fraction(record["gap"]),
        f"{percent(record['precision'])} of {count(record['kept'])}" if record["kept"] else DASH,
        percent(record["recall"]),
        fraction(record["f1"], 2),
    ]


def image_level_section(report: Report) -> Markup:
    """Is the class in the image at all: where true negatives exist."""
    intro = element(
        "p",
        "Is the class in the image at all? Present: it has an object of the class. Predicted present: it has a "
        "detection of the class at or above the score threshold.",
        class_="note",
    )
    rows = [_image_level_row(record) for record in report.image_level.rows]
    header = ["class", "TP", "FP", "FN", "TN", "accuracy", "specificity", "AUC"]
    more = left_out(report.image_level.left_out, "classes (with fewer errors)", "summary.json")
    images = table("Images", header, rows, places=report.image_level.places)
    inner = element("details", element("summary", "Class by class"), images, more)
    return section("image-level", "Images", intro, inner)


def _image_level_row(record: Record) -> list[Child]:
    tp, fp, fn, tn = (record[key] for key in ("tp", "fp", "fn", "tn"))
    return [
        name(record["class"]),
        count(tp),
        count(fp),
        count(fn),
        count(tn),
        f"{percent(record['accuracy'])} of {count(tp + fp + fn + tn)}" if record["accuracy"] is not None else DASH,
        f"{percent(record['specificity'])} of {count(tn + fp)}" if record["specificity"] is not None else DASH,
        fraction(record["auc"]),
    ]


def tide_section(summary: Record) -> Markup:
    """TIDE's numbers, by its own rules."""
    tide = summary["tide"]
    intro = element(
        "p",
        f"By tidecv's own rules, so that these compare with published numbers; they do not add up. AP50 is "
        f"{fraction(tide['AP50'])}. dAP is how much AP50 rises when errors of one type are fixed.",
        class_="note",
    )
    rows = [
        [
            [word, element("small", _TIDE_WORDS.get(word, ""))],
            fraction(value),
            count(tide["counts"][word]) if word in tide["counts"] else DASH,
        ]
        for word, value in tide["dAP"].items()
    ]
    return section("tide", "TIDE", intro, table("TIDE", ["type", "dAP", "errors"], rows))


def coco_section(summary: Record) -> Markup:
    """The 12 numbers of COCO."""
    rows = [[[key, element("small", _COCO_WORDS[key])], fraction(value)] for key, value in summary["coco"].items()]
    intro = element(
        "p",
        "By COCO's rules, as pycocotools computes them where it is right; a warning below tells where it is not.",
        class_="note",
    )
    return section("coco", "COCO numbers", intro, table("COCO numbers", ["metric", "value"], rows))
