"""The heat map on the page: the share found of each pair of values, as a table shaded by what is lacking."""

from mapgap.number_words import count, percent
from mapgap.report.content import Report
from mapgap.report.heat_map import HEAT_VALUES_SHOWN, HeatMap
from mapgap.report.html.markup import Markup, element
from mapgap.report.html.matrix import SHADES
from mapgap.report.html.parts import name, section
from mapgap.report.json_values import Record
from mapgap.report.wording import value_text
from mapgap.slice_tests import LEAST_IMAGES, LEAST_MEMBERS


def heat_map_section(report: Report) -> Markup | None:
    """Recall by two attributes; nothing where there are no two."""
    view = report.heat_map
    if view is None:
        return None
    intro = element(
        "p",
        "Recall where two attributes meet, darker where more is missed. Grey cells have fewer than "
        f"{LEAST_MEMBERS} objects or {LEAST_IMAGES} images, too few to judge. Of an attribute with many values the "
        f"{HEAT_VALUES_SHOWN} with most objects are shown.",
        class_="note",
    )
    return section("heat-map", "Where two attributes meet", intro, _left_out(view), _table(view))


def _left_out(view: HeatMap) -> Markup:
    parts = [f"{count(n)} of {one}" for n, one in zip(view.left_out, view.attributes, strict=True) if n]
    return element("p", f"Left out: {', '.join(parts)}." if parts else "", class_="note heat-left-out")


def _table(view: HeatMap) -> Markup:
    down, across = view.attributes
    heads = [element("th", name(value_text(value)), scope="col") for value in view.columns]
    corner = element("td", name(down), " ↓ ", name(across), " →", class_="corner")
    rows = [
        element(
            "tr",
            element("th", name(value_text(value)), scope="row"),
            [_cell(view.cells.get((row, column))) for column in range(len(view.columns))],
        )
        for row, value in enumerate(view.rows)
    ]
    inner = element(
        "table",
        element("caption", "Recall where two attributes meet", class_="hidden"),
        element("thead", element("tr", corner, heads)),
        element("tbody", rows),
        class_="matrix heat",
        data_down=down,
        data_across=across,
        data_values=HEAT_VALUES_SHOWN,
        data_objects=LEAST_MEMBERS,
        data_images=LEAST_IMAGES,
    )
    return element("div", inner, class_="scroll fit", tabindex=0, role="group", aria_label="Where two attributes meet")


def _cell(record: Record | None) -> Markup:
    if record is None:
        return element("td", "", class_="zero")
    is_thin = record["objects"] < LEAST_MEMBERS or record["images"] < LEAST_IMAGES
    recall = record["recall"]
    lacking = 0 if recall is None else round(SHADES * (1 - recall))
    shade = "thin" if is_thin else f"wrong-{lacking}" if lacking else None
    title = f"{count(record['fn'])} of {count(record['objects'])} objects missed, {count(record['images'])} images"
    return element("td", percent(recall), class_=shade, title=f"{title}: too few to judge" if is_thin else title)
