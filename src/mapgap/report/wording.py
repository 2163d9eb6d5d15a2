"""Names and causes as people read them: sentences are made of plain text and `Name`s, which are data."""

import json
from collections.abc import Mapping
from typing import Any

from mapgap.number_words import count, fraction, interval, percent, plural, times
from mapgap.tables import Scalar, Where


class Name(str):
    """A word that came from the data (a class, an attribute, a value), to be set apart and escaped by each format."""

    __slots__ = ()


Text = tuple[str, ...]
"""A sentence in pieces; the pieces that are `Name`s are data."""

CAUSE_WORDS: Mapping[str, str] = {
    "missed": "nothing was proposed",
    "localization": "right class, box too loose",
    "classification": "good box, wrong class",
    "both": "wrong class and a loose box",
    "crowded_out": "its good box went to another object",
    "duplicate": "a second box on a found object",
    "background": "a box where there is nothing",
    "below_threshold": "found, but the score is below the threshold",
    "max_detections": "found, but cut by the limit of detections an image",
}
_DETECTIONS_ONLY = ("duplicate", "background")
_OBJECTS_ONLY = ("missed", "crowded_out", "below_threshold", "max_detections")


def cause_label(cause: str) -> str:
    """The name of a cause as text: its key, with spaces."""
    return cause.replace("_", " ")


def value_text(value: Scalar) -> str:
    """A value of an attribute as text; booleans as in JSON."""
    return json.dumps(value) if isinstance(value, bool) or value is None else str(value)


def where_pieces(where: Where) -> Text:
    """A slice for people: `size small, time_of_day night`."""
    pieces: list[str] = []
    for key, value in where.items():
        pieces += [", "] if pieces else []
        pieces += [Name(key), " ", Name(value_text(value))]
    return tuple(pieces)


def population_pieces(where: Where, noun: str) -> Text:
    """Who a slice holds: `small person objects with time_of_day night`."""
    rest = {key: value for key, value in where.items() if key not in ("size", "class")}
    size: Text = (Name(value_text(where["size"])), " ") if "size" in where else ()
    category: Text = (Name(value_text(where["class"])), " ") if "class" in where else ()
    return size + category + (noun,) + ((" with ", *where_pieces(rest)) if rest else ())


def hotter_where(inner: Where, outer: Where) -> Where:
    """What a narrower slice adds to the one it lies in."""
    return {key: value for key, value in inner.items() if key not in outer} or inner


def mode_title(mode: Mapping[str, Any]) -> Text:
    """The hot spot's name: its cause and its slice."""
    return (cause_label(mode["cause"]), ": ", *where_pieces(mode["where"]))


def mode_sentence(mode: Mapping[str, Any]) -> Text:
    """What happened, with its counts: `212 of 340 small objects with time_of_day night: nothing was proposed.`"""
    cause, where = mode["cause"], mode["where"]
    noun = "detections" if cause in _DETECTIONS_ONLY else "objects"
    errors, population = mode["errors"], mode["population"]
    who = population_pieces(where, noun)
    if cause in _DETECTIONS_ONLY or cause in _OBJECTS_ONLY:
        share = f" ({percent(errors / population)})" if population else ""
        return (f"{count(errors)} of {count(population)} ", *who, f"{share}: {CAUSE_WORDS[cause]}.")
    # A loose or misnamed box counts once as a false positive and once as a missed object.
    return (f"{plural(errors, 'error')} on {count(population)} ", *who, f": {CAUSE_WORDS[cause]}.")


def mode_price(mode: Mapping[str, Any]) -> str:
    """What it costs: gap, share, excess and gain, each with its own word."""
    if not mode["gap"]:
        return "Owes nothing of the gap: AP has no score threshold, so these errors cost only at the operating point."
    share = f" ({percent(mode['gap_share'])} of it)" if mode["gap_share"] is not None else ""
    parts = [
        f"Owes {fraction(mode['gap'])} of the gap{share}",
        f"{fraction(mode['excess'])} more than if it failed like the rest",
    ]
    if mode["gain"] is not None:
        parts.append(f"fixing all of it would gain {fraction(mode['gain'])}{interval(mode['gain_interval'])} AP")
    return "; ".join(parts) + "."


def shorten(text: str, length: int = 80) -> str:
    """At most `length` characters, cut with an ellipsis."""
    return text if len(text) <= length else text[: length - 1] + "…"


def sureness(q_value: float | None) -> str:
    """A q-value as `< .001` or `.012`; a dash where nothing was tested."""
    return "< .001" if q_value is not None and q_value < 0.001 else fraction(q_value)


def odds(record: Mapping[str, Any]) -> str:
    """The adjusted odds ratio, marked where it points in the other direction than the plain rates."""
    return times(record["adjusted_odds_ratio"]) + ("†" if "simpson" in record["flags"] else "")


def tried_sentence(slices_tried: int) -> str:
    """How many slices the q-values answer for; nothing where none was tried."""
    return f"{plural(slices_tried, 'slice')} {'was' if slices_tried == 1 else 'were'} tried." if slices_tried else ""
