"""What to fix first on the page: the ranked hot spots as cards."""

import base64
import json
from collections.abc import Sequence
from itertools import zip_longest

from mapgap.number_words import count, fraction, plural, times
from mapgap.report.content import Report
from mapgap.report.html.markup import Markup, element
from mapgap.report.html.parts import bar, cause_swatch, name, pieces, section
from mapgap.report.json_values import Record
from mapgap.report.wording import hotter_where, mode_price, mode_sentence, mode_title, sureness, where_pieces
from mapgap.visible_text import visible

CARDS_SHOWN = 10


def hot_spots_section(report: Report, thumbnails: Sequence[Sequence[bytes | None]] = ()) -> Markup:
    """What to fix first: the first ten as cards, the rest folded away.

    `thumbnails` are WebP files of the first examples of each, as far as there are any.
    """
    intro = element(
        "p",
        "Hot spots: slices of the data where one kind of error strikes clearly more often than elsewhere. ",
        element("b", "Gap"),
        " is what its errors owe today of 1 − AP; ",
        element("b", "excess"),
        " is what would come back if the slice failed no more than the rest; ",
        element("b", "gain"),
        " is how much AP would rise if every one of these errors were fixed",
        ", with its 95 % interval; " if report.intervals else "; ",
        element("b", "q"),
        " is small where the rate differs from that of the rest by more than chance, after correction for all that was "
        "tried; ",
        element("b", "odds ratio"),
        " compares with the same class and size outside.",
        class_="note",
    )
    if not report.modes:
        nothing = element("p", "No slice fails clearly more often than the rest.", class_="empty")
        return section("fix-first", "What to fix first", intro, nothing)
    widest = max(mode["gap"] or 0.0 for mode in report.modes)
    cards = [
        _card(mode, widest, report, of_mode or ())
        for mode, of_mode in zip_longest(report.modes, thumbnails[: len(report.modes)])
    ]
    rest = cards[CARDS_SHOWN:]
    more = (
        element(
            "details",
            element("summary", f"{count(len(rest))} more hot spots"),
            element("ol", rest, class_="cards", start=CARDS_SHOWN + 1),
        )
        if rest
        else None
    )
    left_out = (
        element("p", f"And {count(report.modes_left_out)} more in failure_modes.csv.", class_="note")
        if report.modes_left_out
        else None
    )
    return section(
        "fix-first", "What to fix first", intro, element("ol", cards[:CARDS_SHOWN], class_="cards"), more, left_out
    )


def _card(mode: Record, widest: float, report: Report, thumbnails: Sequence[bytes | None]) -> Markup:
    few = element("span", "too few to be sure", class_="flag") if "too_few" in mode["flags"] else None
    numbers = [
        _pair("gap", fraction(mode["gap"])),
        _pair("excess", fraction(mode["excess"])),
        _pair("gain", fraction(mode["gain"])),
        _pair("errors", f"{count(mode['errors'])} / {count(mode['population'])}"),
        _pair("images", count(mode["images"])),
        _pair("q", sureness(mode["q_value"])),
        _pair("odds ratio", times(mode["adjusted_odds_ratio"])),
    ]
    if report.mode_costs:
        numbers.append(_pair("cost", f"{report.mode_costs[mode['rank'] - 1]:,.6g}"))
    return element(
        "li",
        element("p", f"{mode['rank']}", class_="rank"),
        element("h3", cause_swatch(mode["cause"]), pieces(mode_title(mode)), " ", few),
        element("p", pieces(mode_sentence(mode)), " ", mode_price(mode)),
        _thumbnails(mode, thumbnails),
        bar(mode["gap"] or 0.0, widest, mode["cause"]),
        element("dl", numbers, class_="numbers"),
        _hotter(mode),
        _advice(mode["recommendation"]),
        _examples(mode, report),
        class_="card",
        data_cause=mode["cause"],
        data_where=json.dumps(dict(mode["where"]), ensure_ascii=True),
    )


def _thumbnails(mode: Record, thumbnails: Sequence[bytes | None]) -> Markup | None:
    """What the failure looks like at first glance."""
    shown = [
        element(
            "img",
            src="data:image/webp;base64," + base64.b64encode(content).decode("ascii"),
            alt=f"Example in image {example['image_id']}: {_drawn(example)}",
            title=f"Image {example['image_id']}: {_drawn(example)}",
        )
        for example, content in zip(mode["examples"], thumbnails, strict=False)
        if content is not None
    ]
    return element("p", shown, class_="thumbnails") if shown else None


def _drawn(example: Record) -> str:
    lines = {"object solid": example["object_id"], "detection dashed": example["detection"]}
    return ", ".join(words for words, thing in lines.items() if thing is not None)


def _pair(term: str, text: str) -> Markup:
    return element("div", element("dt", term), element("dd", text))


def _hotter(mode: Record) -> Markup | None:
    if not mode["hotter_within"]:
        return None
    entries = [
        element(
            "li",
            pieces(where_pieces(hotter_where(entry["where"], mode["where"]))),
            f": {plural(entry['errors'], 'error')} on {count(entry['population'])}",
            f", excess {fraction(entry['excess'])}" if entry["excess"] else None,
        )
        for entry in mode["hotter_within"]
    ]
    return element("div", element("p", "Hotter within", class_="label"), element("ul", entries), class_="hotter")


def _advice(advice: Record | None) -> Markup | None:
    if advice is None:
        return None
    return element(
        "div",
        element("p", "What to do", class_="label"),
        element("p", visible(advice["text"])),
        element("p", "Then run ", element("code", visible(advice["verify"]))),
        class_="advice",
    )


def _examples(mode: Record, report: Report) -> Markup | None:
    shown = mode["examples"][: report.examples_shown]
    if not shown:
        return None
    entries = [element("li", _example(example, report)) for example in shown]
    return element("details", element("summary", "Examples"), element("ul", entries), class_="examples")


def _example(example: Record, report: Report) -> list[str]:
    parts: list[str] = [f"image {example['image_id']}"]
    file_name = report.image_names.get(example["image_id"])
    if file_name:
        parts += [" (", name(file_name), ")"]
    if example["object_id"] is not None:
        parts.append(f", object {example['object_id']}")
    if example["detection"] is not None:
        parts.append(f", detection {example['detection']}")
    return parts
