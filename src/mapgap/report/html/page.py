"""report.html: one file, offline; every word that came from the data goes through `markup.escape`."""

from collections.abc import Sequence

from mapgap.report.compared_view import ComparedView
from mapgap.report.content import Report
from mapgap.report.embedded.crops import PagePictures
from mapgap.report.embedded.page_data import PageData
from mapgap.report.html.assets import content_security_policy, joined_scripts, joined_styles
from mapgap.report.html.comparison import comparison_section, leaderboard_section
from mapgap.report.html.curves import curves_section
from mapgap.report.html.doubts import doubts_section
from mapgap.report.html.examples import examples_section
from mapgap.report.html.gap import gap_section
from mapgap.report.html.headline import headline_section
from mapgap.report.html.heat_map import heat_map_section
from mapgap.report.html.hot_spots import hot_spots_section
from mapgap.report.html.markup import Markup, data_element, document, element, join, text_element
from mapgap.report.html.matrix import matrix_section
from mapgap.report.html.method import method_section
from mapgap.report.html.missed import missed_section
from mapgap.report.html.parts import name
from mapgap.report.html.slices import slices_section
from mapgap.report.html.tables import classes_section, coco_section, image_level_section, tide_section
from mapgap.visible_text import visible

SECTIONS = (
    ("changes", "What changed"),
    ("fix-first", "What to fix first"),
    ("gap", "The gap by cause"),
    ("slices", "Slices"),
    ("heat-map", "Two attributes"),
    ("confusion", "Confusion matrix"),
    ("curves", "Curves"),
    ("classes", "Classes"),
    ("missed", "Missed small objects"),
    ("image-level", "Images"),
    ("label-doubt", "Labels"),
    ("tide", "TIDE"),
    ("coco", "COCO numbers"),
    ("method", "Method and settings"),
)


def report_html(
    report: Report,
    data: PageData | None = None,
    others: Sequence[Report] = (),
    pictures: PagePictures | None = None,
    compared: ComparedView | None = None,
) -> str:
    """The whole page. Style sheet and script are inline and allowed by their hashes; nothing else may load or run.

    It shows `report`; its script can show the `others` in its place. Without `data` the page has no script.
    `pictures` has the thumbnails of the hot spots and what is said of crops, `compared` what changed between the runs,
    without which there is no table of them.
    """
    style = joined_styles()
    script = joined_scripts() if data else None
    reports = (report, *others)
    title = f"{visible(_shown(reports))} on {visible(report.summary['inputs']['ground_truth']['name'])} – mapgap"
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=content_security_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
    ]
    body = [
        _masthead(reports, is_compared=compared is not None),
        _main(reports, 0, pictures, compared, is_live=data is not None),
        [
            element("template", _main(reports, place, pictures, compared, is_live=True), id=f"mapgap-run-{place}")
            for place in range(1, len(reports))
            if data
        ],
        embedded(data) if data else None,
    ]
    return document(head, style, body, script)


def _main(
    reports: Sequence[Report],
    place: int,
    pictures: PagePictures | None,
    compared: ComparedView | None,
    *,
    is_live: bool,
) -> Markup:
    """All that the page says of one run."""
    report = reports[place]
    thumbnails = pictures.thumbnails[place] if pictures and pictures.thumbnails else ()
    runs = [report.run for report in reports]
    file_name = report.summary["inputs"]["detections"]["name"]
    return element(
        "main",
        leaderboard_section(compared, runs, place, file_name) if compared else None,
        headline_section(report.summary, report.intervals),
        comparison_section(compared, runs, place) if compared else None,
        hot_spots_section(report, thumbnails),
        gap_section(report),
        slices_section(report),
        heat_map_section(report),
        matrix_section(report),
        examples_section(pictures) if is_live else None,
        curves_section(report),
        classes_section(report),
        missed_section(report),
        image_level_section(report),
        doubts_section(report),
        element("div", tide_section(report.summary), coco_section(report.summary), class_="side-by-side"),
        method_section(report),
    )


def _shown(reports: Sequence[Report]) -> str:
    """What the page is about, in the words of its title."""
    if len(reports) == 1:
        return str(reports[0].summary["inputs"]["detections"]["name"])
    return ", ".join(report.run for report in reports)


def embedded(data: PageData) -> Markup:
    """The manifest and the chunks as elements that run nothing."""
    chunks = [text_element(f"mapgap-chunk-{name}", chunk) for name, chunk in data.chunks.items()]
    return join([data_element("mapgap-manifest", data.manifest), *chunks], "\n")


def _masthead(reports: Sequence[Report], *, is_compared: bool) -> Markup:
    first = reports[0]
    absent = {"label-doubt"} if first.doubts is None else set()
    absent |= {"heat-map"} if first.heat_map is None else set()
    absent |= set() if is_compared else {"changes"}
    absent |= {"missed"} if first.missed is None else set()
    sections = [entry for entry in SECTIONS if entry[0] not in absent]
    links = [element("a", text, href=f"#{anchor}") for anchor, text in sections]
    return element(
        "header",
        element("p", "mapgap", class_="brand"),
        element("h1", "Where the mAP went"),
        element(
            "p", name(_shown(reports)), " on ", name(first.summary["inputs"]["ground_truth"]["name"]), class_="inputs"
        ),
        element("nav", links, aria_label="Sections"),
    )
