"""The end of the page: warnings, settings, how the numbers were made, the other files."""

from mapgap.number_words import DASH, count
from mapgap.report.content import Report
from mapgap.report.html.markup import Markup, element
from mapgap.report.html.parts import section
from mapgap.report.json_values import Record
from mapgap.report.threshold_words import asked_words

_FILES = {
    "summary.json": "the numbers behind this page",
    "failure_modes.csv": "all hot spots",
    "slices.csv": "all slices",
    "missed.json": "the missed objects as a COCO file",
    "objects.parquet": "one row an object",
    "detections.parquet": "one row a detection",
}


def method_section(report: Report) -> Markup:
    """How the numbers were made, what was asked for, what was odd, and the other files."""
    return section(
        "method",
        "Method and settings",
        _warnings(report.summary),
        element("div", _settings(report), _how(report.summary), _files(), class_="method"),
    )


def _warnings(summary: Record) -> Markup | None:
    if not summary["warnings"]:
        return None
    entries = [
        element(
            "li",
            warning["message"],
            f" ({count(warning['count'])}×)",
            [element("small", "e.g. ", ", ".join(warning["examples"]))] if warning["examples"] else None,
        )
        for warning in summary["warnings"]
    ]
    return element("div", element("h3", "Warnings"), element("ul", entries), class_="warnings")


def _settings(report: Report) -> Markup:
    summary = report.summary
    settings, inputs = summary["settings"], summary["inputs"]
    facts = [
        ("ground truth", inputs["ground_truth"]["name"]),
        ("SHA-256", inputs["ground_truth"]["sha256"]),
        ("detections", inputs["detections"]["name"]),
        ("SHA-256", inputs["detections"]["sha256"]),
        ("matched by", "boxes" if settings["iou_type"] == "bbox" else "masks"),
        ("score threshold", asked_words(settings)),
        *([("SHA-256", settings["thresholds"]["sha256"])] if settings["thresholds"] else []),
        ("analysis IoU", repr(settings["iou_threshold"])),
        ("background IoU", repr(settings["background_iou"])),
        ("detections an image and class", count(settings["max_detections"])),
        ("hot spots ranked by", settings["rank_by"]),
        ("resamples of the images", f"{count(settings['resamples'])}, seed {settings['seed']}"),
        *_joined(settings["attributes"]),
        *([("command", report.command)] if report.command else []),
        *((f"slice {name_}", expression) for name_, expression in settings["slices"].items()),
        *((f"bins of {name_}", ", ".join(f"{edge:.6g}" for edge in edges)) for name_, edges in report.attribute_edges),
    ]
    entries = [
        element("div", element("dt", term), element("dd", DASH if text is None else text)) for term, text in facts
    ]
    return element("div", element("h3", "Settings"), element("dl", entries, class_="facts"))


def _joined(joined: Record | None) -> list[tuple[str, str | None]]:
    if joined is None:
        return []
    return [("joined attributes", f"{joined['name']}, by {joined['key']}"), ("SHA-256", joined["sha256"])]


def _how(summary: Record) -> Markup:
    residual = summary["gap"]["residual"]
    off = "" if residual is None else f" Here they are off by {abs(residual):.1e}."
    paragraphs = [
        "Boxes are matched by COCO's rules: by falling score, each detection takes the best free object of its class. "
        "A false positive gets the first cause that holds: loose box, wrong class, second box, nothing there, both. "
        "An object never matched at any score gets its cause from the detections that came near it.",
        "For each class and IoU, 1 − AP is an average over 101 recall points. A recall point that is reached is owed "
        "by the false positives ranked before it, one that is not by the objects that were not found. The debts add up "
        "to 1 − AP." + off,
        "An error that comes from a score below the threshold, or from the limit of detections, owes nothing: AP has "
        "no threshold. Such causes count errors only.",
        *(
            [
                "An interval is the middle 95 % of what a number is when as many images are drawn again, with "
                "replacement. Images are drawn and not objects, because what is in one image goes wrong together."
            ]
            if summary["settings"]["resamples"]
            else []
        ),
    ]
    return element("div", element("h3", "How"), [element("p", text) for text in paragraphs])


def _files() -> Markup:
    entries = [element("li", element("code", file_name), f" – {words}") for file_name, words in _FILES.items()]
    return element("div", element("h3", "In this folder"), element("ul", entries))
