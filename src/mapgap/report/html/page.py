"""report.html: one file, offline; every word that came from the data goes through `markup.escape`."""

from mapgap.report.content import Report
from mapgap.report.embedded.page_data import PageData
from mapgap.report.html.assets import content_security_policy, joined_scripts, joined_styles
from mapgap.report.html.doubts import doubts_section
from mapgap.report.html.examples import examples_section
from mapgap.report.html.gap import gap_section
from mapgap.report.html.headline import headline_section
from mapgap.report.html.hot_spots import hot_spots_section
from mapgap.report.html.markup import Markup, data_element, document, element, join, text_element
from mapgap.report.html.matrix import matrix_section
from mapgap.report.html.method import method_section
from mapgap.report.html.parts import name
from mapgap.report.html.slices import slices_section
from mapgap.report.html.tables import classes_section, coco_section, image_level_section, tide_section
from mapgap.report.wording import visible

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


def report_html(report: Report, data: PageData | None = None) -> str:
    """The whole page. Style sheet and script are inline and allowed by their hashes; nothing else may load or run.

    Without `data` the page has no script.
    """
    style = joined_styles()
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
            headline_section(report.summary, report.intervals),
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


def embedded(data: PageData) -> Markup:
    """The manifest and the chunks as elements that run nothing."""
    chunks = [text_element(f"mapgap-chunk-{name}", chunk) for name, chunk in data.chunks.items()]
    return join([data_element("mapgap-manifest", data.manifest), *chunks], "\n")


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
