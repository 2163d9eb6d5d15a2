"""Slices and blind spots on the page."""

import json
from typing import TYPE_CHECKING

from mapgap.classification.view import CLASSES_BESIDE_SLICES, SliceGroup, slice_groups
from mapgap.number_words import count, percent, rate
from mapgap.report.html.markup import Child, Markup, element
from mapgap.report.html.parts import left_out, name, pieces, section
from mapgap.report.json_values import Record
from mapgap.report.wording import sureness, value_text, where_pieces
from mapgap.slice_tests import LEAST_MEMBERS

if TYPE_CHECKING:
    from mapgap.classification.evaluation import Classification

BLIND_SPOTS = 30


def blind_spots_section(result: "Classification") -> Markup:
    """Classes that are missed more often in a slice than elsewhere, ranked by what that costs."""
    spots = result.summary["blind_spots"]
    intro = element(
        "p",
        "A class that is missed more often where a condition holds than elsewhere, and hardly by chance (q up to .05, "
        "corrected for all that was tried). ",
        element("b", "Excess"),
        " is how many misses there would not be if it were missed as often as elsewhere; they are ranked by it.",
        class_="note",
    )
    if not spots:
        why = (
            "No class is missed clearly more often in one slice than elsewhere."
            if result.samples.attributes
            else "There are no attributes to slice by: columns of the file beyond labels and scores would be."
        )
        return section("blind-spots", "Blind spots", intro, element("p", why, class_="empty"))
    entries = [_spot(result, spot) for spot in spots[:BLIND_SPOTS]]
    return section(
        "blind-spots",
        "Blind spots",
        intro,
        element("ol", entries, class_="cards"),
        left_out(len(spots) - len(entries), "blind spots", "summary.json"),
    )


def _spot(result: "Classification", spot: Record) -> Markup:
    numbers = [
        ("recall", f"{percent(spot['recall'])} of {count(spot['samples'])}"),
        ("elsewhere", percent(spot["rest_recall"])),
        ("excess", f"{spot['excess']:.1f}"),
        ("q", sureness(spot["q_value"])),
    ]
    ends = spot["recall_interval"]
    if ends is not None:
        numbers.insert(1, ("95 % interval", f"{percent(ends[0])} to {percent(ends[1])}"))
    return element(
        "li",
        element("p", str(spot["rank"]), class_="rank"),
        element("h3", name(value_text(spot["class"])), ": ", pieces(where_pieces(spot["where"]))),
        element(
            "p",
            f"{count(spot['missed'])} of {count(spot['samples'])} samples were taken for something else, mostly for ",
            name(value_text(spot["taken_for"])),
            f" ({count(spot['taken_for_count'])}).",
        ),
        element("dl", [element("div", element("dt", k), element("dd", v)) for k, v in numbers], class_="numbers"),
        class_="card",
        data_class=result.labels.index(spot["class"]),
        data_where=where_codes(result, spot["where"]),
    )


def slices_section(result: "Classification") -> Markup | None:
    """One table an attribute or cross: how many samples are right, of all classes and, if there are few, of each."""
    groups = slice_groups(result)
    if not groups:
        return None
    intro = element(
        "p",
        f"How many samples are right, and the recall of each class. Grey rows have fewer than {LEAST_MEMBERS} samples, "
        "too few to judge. ",
        element("b", "q"),
        " asks whether the share right differs from that elsewhere, after correction for all that was tried.",
        class_="note",
    )
    cards = [_group(result, group) for group in groups]
    return section("slices", "Slices", intro, element("div", cards, class_="slice-tables"))


def _group(result: "Classification", group: SliceGroup) -> Markup:
    has_classes = len(result.labels) <= CLASSES_BESIDE_SLICES
    classes = range(len(result.labels)) if has_classes else range(0)
    header: list[Child] = ["value", "samples", "wrong", "right", "elsewhere", "q"]
    header += [["recall of ", name(value_text(result.labels[place]))] for place in classes]
    head = element("thead", element("tr", [element("th", cell, scope="col") for cell in header]))
    body = element(
        "tbody", [_row(result, record, by_class, classes, len(group.names) == 1) for record, by_class in group.rows]
    )
    title = ", ".join(group.names)
    inner = element("table", element("caption", f"Slices: {title}", class_="hidden"), head, body)
    scroll = element("div", inner, class_="scroll", tabindex=0, role="group", aria_label=f"Slices: {title}")
    heading = element("h3", [[", " if k else None, name(one)] for k, one in enumerate(group.names)])
    return element("div", heading, scroll, left_out(group.left_out, "slices", "slices.csv"), class_="slice-table")


def _row(result: "Classification", record: Record, by_class: object, classes: range, is_single: bool) -> Markup:
    assert isinstance(by_class, dict)
    where = record["where"]
    shown = name(value_text(next(iter(where.values())))) if is_single else pieces(where_pieces(where))
    is_thin = "too_few" in record["flags"]
    flag = element("span", "too few", class_="flag") if is_thin else None
    ends = record["share_right_interval"]
    small = None if ends is None else element("small", f"{percent(ends[0])} to {percent(ends[1])}", class_="frozen")
    cells: list[Child] = [
        count(record["samples"]),
        count(record["samples"] - record["right"]),
        [percent(record["share_right"]), small],
        percent(record["rest_share_right"]),
        element("span", sureness(record["q_value"]), class_="frozen"),
    ]
    for place in classes:
        own = by_class.get(place)
        cells.append(rate(own["right"], own["samples"]) if own else rate(0, 0))
    return element(
        "tr",
        element("th", shown, flag, scope="row"),
        [element("td", cell) for cell in cells],
        class_="few" if is_thin else None,
        data_where=where_codes(result, where),
    )


def where_codes(result: "Classification", where: dict[str, object]) -> str:
    """A slice for scripts: [[attribute, value], ...] as places."""
    places = {attribute.name: place for place, attribute in enumerate(result.samples.attributes)}
    pairs = []
    for key, value in where.items():
        values = result.samples.attributes[places[key]].values
        code = next(at for at, known in enumerate(values) if known == value and type(known) is type(value))
        pairs.append([places[key], code])
    return json.dumps(pairs, separators=(",", ":"))
