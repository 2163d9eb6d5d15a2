"""report.html of a classification: one file, offline; every word that came from the data is escaped by `markup`."""

from typing import TYPE_CHECKING

from mapgap.classification.page.assets import joined_scripts, joined_styles
from mapgap.classification.page.classes import classes_section
from mapgap.classification.page.curves import curves_section
from mapgap.classification.page.data import PageData, page_data
from mapgap.classification.page.figures import headline_section
from mapgap.classification.page.matrix import matrix_section
from mapgap.classification.page.method import method_section
from mapgap.classification.page.slices import blind_spots_section, slices_section
from mapgap.report.html.assets import content_security_policy
from mapgap.report.html.markup import Markup, data_element, document, element, join, text_element
from mapgap.report.html.parts import name
from mapgap.visible_text import visible

if TYPE_CHECKING:
    from mapgap.classification.evaluation import Classification

SECTIONS = (
    ("blind-spots", "Blind spots"),
    ("confusion", "Confusion matrix"),
    ("classes", "Classes"),
    ("curves", "Curves"),
    ("slices", "Slices"),
    ("method", "Method and settings"),
)


def report_html(result: "Classification", command: str | None = None) -> str:
    """The whole page, complete at the reported threshold without its script.

    Style sheet and script are inline and allowed by their hashes; nothing else may load or run.
    """
    data = page_data(result)
    style, script = joined_styles(), joined_scripts() if data else None
    shown = {
        "blind-spots": blind_spots_section(result),
        "confusion": matrix_section(result),
        "classes": classes_section(result),
        "curves": curves_section(result),
        "slices": slices_section(result),
        "method": method_section(result, command, is_live=data is not None),
    }
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=content_security_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{visible(result.samples.name)}: classification – mapgap"),
    ]
    links = [element("a", text, href=f"#{key}") for key, text in SECTIONS if shown[key] is not None]
    masthead = element(
        "header",
        element("p", "mapgap", class_="brand"),
        element("h1", "Where the classifier is wrong"),
        element("p", name(result.samples.name), class_="inputs"),
        element("nav", links, aria_label="Sections"),
    )
    main = element("main", headline_section(result), [shown[key] for key, _ in SECTIONS])
    return document(head, style, [masthead, main, _embedded(data) if data else None], script)


def _embedded(data: PageData) -> Markup:
    return join([data_element("mapgap-manifest", data.manifest), text_element("mapgap-samples", data.chunk)], "\n")
