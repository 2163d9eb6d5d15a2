"""One row a class: its counts and rates as one against the rest, and the means over classes."""

from typing import TYPE_CHECKING

from mapgap.classification.counts import RATES
from mapgap.classification.view import shown_classes
from mapgap.number_words import DASH, count, fraction, percent
from mapgap.report.html.markup import Child, Markup, element
from mapgap.report.html.parts import left_out, name, section
from mapgap.report.json_values import Record
from mapgap.report.wording import value_text

if TYPE_CHECKING:
    from mapgap.classification.evaluation import Classification

HEADER = ("class", "samples", "predicted", "TP", "FP", "FN", "TN", "precision", "recall", "specificity", "F1", "AUC")


def classes_section(result: "Classification") -> Markup:
    """All classes, or those with most mistakes."""
    shown = shown_classes(result)
    records = result.summary["classes"]
    intro = element(
        "p",
        "Each class against all others. Small print: the 95 % interval. Micro rates are of all classes' counts "
        "together, macro rates means over the classes in which the rate is defined; 0/0 is not, and shown as a dash.",
        class_="note",
    )
    head = element("thead", element("tr", [element("th", cell, scope="col") for cell in HEADER]))
    body = element("tbody", [_row(records[place]) for place in shown])
    foot = element("tfoot", [_mean(result.metrics, part) for part in ("micro", "macro")])
    inner = element("table", element("caption", "Classes", class_="hidden"), head, body, foot)
    scroll = element("div", inner, class_="scroll", tabindex=0, role="group", aria_label="Classes")
    return section("classes", "Classes", intro, scroll, left_out(len(records) - len(shown), "classes", "per_class.csv"))


def rate_text(key: str, value: float | None) -> str:
    """F1 and AUC as fractions, the others in per cent."""
    return fraction(value) if key == "f1" else percent(value)


def _row(record: Record) -> Markup:
    numbers: list[Child] = [count(record[key]) for key in ("support", "predicted", "tp", "fp", "fn", "tn")]
    rates = [[rate_text(key, record[key]), _ends(key, record[f"{key}_interval"])] for key in RATES]
    cells = [element("td", cell) for cell in [*numbers, *rates, fraction(record["auc"])]]
    return element("tr", element("th", name(value_text(record["label"])), scope="row"), cells)


def _ends(key: str, ends: list[float] | None) -> Markup | None:
    if ends is None:
        return None
    return element("small", f"{rate_text(key, ends[0])} to {rate_text(key, ends[1])}", class_="frozen")


def _mean(metrics: Record, part: str) -> Markup:
    over = metrics["macro"]["classes"]
    rates: list[Child] = [rate_text(key, metrics[part][key]) for key in RATES]
    if part == "macro":
        rates = [[text, element("small", f"over {count(over[key])}")] for text, key in zip(rates, RATES, strict=True)]
    auc = fraction(metrics["auc"]) if part == "macro" else DASH
    cells = [*[""] * 6, *rates, auc]
    return element("tr", element("th", part, scope="row"), [element("td", cell) for cell in cells])
