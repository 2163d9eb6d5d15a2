"""report.html: one file, offline, no script; every word that came from the data goes through `markup.escape`."""

import base64
import hashlib
from importlib.resources import files

from mapgap.number_words import count, fraction, interval, percent
from mapgap.report.content import Report
from mapgap.report.embedded.page_data import PageData
from mapgap.report.html_doubts import doubts_section
from mapgap.report.html_examples import examples_section
from mapgap.report.html_gap import gap_section
from mapgap.report.html_hot_spots import hot_spots_section
from mapgap.report.html_matrix import matrix_section
from mapgap.report.html_method import method_section
from mapgap.report.html_parts import figure, name
from mapgap.report.html_slices import slices_section
from mapgap.report.html_tables import classes_section, coco_section, image_level_section, tide_section
from mapgap.report.json_values import Record
from mapgap.report.markup import Markup, data_element, document, element, join, text_element
from mapgap.report.wording import visible
from mapgap.tables import Intervals

SECTIONS = (
    ("fix-first", "What to fix first"),
    ("gap", "The gap by cause"),
    ("slices", "Slices"),
    ("confusion", "Confusion matrix"),
    ("classes", "Classes"),
    ("image-level", "Images"),
    ("label-doubt", "Labels"),
    ("tide", "TIDE"),
    ("coco", "COCO numbers"),
    ("method", "Method and settings"),
)


SCRIPTS = (
    "manifest.js",
    "once.js",
    "words.js",
    "elements.js",
    "decode.js",
    "tally.js",
    "presence.js",
    "state.js",
    "bar.js",
    "headline.js",
    "live_tables.js",
    "selection.js",
    "example_files.js",
    "example_pictures.js",
    "gallery.js",
    "hot_spots.js",
    "page.js",
)
"""In the order in which they need each other."""


def report_html(report: Report, data: PageData | None = None) -> str:
    """The whole page. Style sheet and script are inline and allowed by their hashes; nothing else may load or run.

    Without `data` the page has no script.
    """
    style = files("mapgap.report").joinpath("page.css").read_text(encoding="utf-8")
    script = joined_scripts() if data else None
    inputs = report.summary["inputs"]
    title = f"{visible(inputs['detections']['name'])} on {visible(inputs['ground_truth']['name'])} – mapgap"
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=content_security_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
    ]
    body = [
        _masthead(report),
        element(
            "main",
            _headline(report.summary, report.intervals),
            hot_spots_section(report),
            gap_section(report),
            slices_section(report),
            matrix_section(report),
            examples_section() if data else None,
            classes_section(report),
            image_level_section(report),
            doubts_section(report),
            element("div", tide_section(report.summary), coco_section(report.summary), class_="side-by-side"),
            method_section(report),
        ),
        embedded(data) if data else None,
    ]
    return document(head, style, body, script)


def joined_scripts() -> str:
    """The scripts of the page as one, strict and without a name of theirs outside."""
    scripts = files("mapgap.report").joinpath("scripts")
    texts = [scripts.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS]
    return '(() => {\n"use strict";\n' + "\n".join(texts) + "})();\n"


def embedded(data: PageData) -> Markup:
    """The manifest and the chunks as elements that run nothing."""
    chunks = [text_element(f"mapgap-chunk-{name}", chunk) for name, chunk in data.chunks.items()]
    return join([data_element("mapgap-manifest", data.manifest), *chunks], "\n")


def content_security_policy(style: str, script: str | None = None) -> str:
    """A policy that allows this style sheet, this script, pictures inside the file, and nothing else."""
    allowed = f"style-src '{_hash(style)}'" + (f"; script-src '{_hash(script)}'" if script else "")
    return f"default-src 'none'; {allowed}; img-src data:; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    """What a policy calls a text by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _masthead(report: Report) -> Markup:
    inputs = report.summary["inputs"]
    sections = [entry for entry in SECTIONS if entry[0] != "label-doubt" or report.doubts is not None]
    links = [element("a", text, href=f"#{anchor}") for anchor, text in sections]
    return element(
        "header",
        element("p", "mapgap", class_="brand"),
        element("h1", "Where the mAP went"),
        element("p", name(inputs["detections"]["name"]), " on ", name(inputs["ground_truth"]["name"]), class_="inputs"),
        element("nav", links, aria_label="Sections"),
    )


def _headline(summary: Record, intervals: Intervals | None) -> Markup:
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
    if threshold is None:
        return "no true positive: every score counts"
    return f"at score ≥ {_short(threshold)}{' (best F1)' if asked == 'best-f1' else ''}"


def _short(score: float) -> str:
    return f"{score:.4g}"


def _lead(summary: Record, *, has_intervals: bool) -> Markup:
    point = summary["operating_point"]
    threshold = point["score_threshold"]
    at = (
        "every detection counts"
        if threshold is None
        else f"detections with a score of at least {_short(threshold)} count"
    )
    return element(
        "p",
        f"Errors, rates and missed objects are counted at the operating point: {at}, and a box is right from IoU ",
        f"{fraction(point['iou_threshold'], 2)} up. AP and the gap have no score threshold: all detections count.",
        " In brackets: 95 % intervals." if has_intervals else None,
        class_="note",
    )
