"""The end of the page: warnings, settings, how the numbers were made, the other files."""

from typing import TYPE_CHECKING

from mapgap.number_words import count
from mapgap.report.html.markup import Markup, element
from mapgap.report.html.parts import section
from mapgap.report.json_values import Record
from mapgap.report.wording import value_text

if TYPE_CHECKING:
    from mapgap.classification.evaluation import Classification

_FILES = {
    "report.md": "the short version, for a pull request",
    "summary.json": "the numbers behind this page",
    "confusion_matrix.csv": "the whole confusion matrix",
    "per_class.csv": "one row a class",
    "slices.csv": "one row a slice, of all classes and of each",
    "samples.parquet": "one row a sample",
}


def method_section(result: "Classification", command: str | None, *, is_live: bool) -> Markup:
    """What was odd, what was asked for, how the numbers were made, and the other files."""
    return section(
        "method",
        "Method and settings",
        _warnings(result.summary),
        element("div", _settings(result.summary, command), _how(is_live=is_live), _files(), class_="method"),
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


def _settings(summary: Record, command: str | None) -> Markup:
    inputs, settings = summary["inputs"], summary["settings"]
    facts = [
        ("samples", inputs["name"]),
        *([("SHA-256", inputs["sha256"])] if inputs["sha256"] else []),
        ("positive class", "none" if settings["positive"] is None else value_text(settings["positive"])),
        ("predictions", settings["threshold_rule"]),
        ("threshold", "none" if settings["threshold"] is None else repr(settings["threshold"])),
        ("resamples", f"{count(settings['resamples'])}, seed {settings['seed']}"),
        *([("command", command)] if command else []),
    ]
    rows = [element("div", element("dt", key), element("dd", value)) for key, value in facts]
    return element("div", element("h3", "Settings"), element("dl", rows, class_="facts"))


def _how(*, is_live: bool) -> Markup:
    sentences = [
        "Each class is counted as one against the rest. Micro rates are of all counts together, macro rates means over "
        "the classes in which they are defined. 0/0 is not defined; other tools say 0 there, and average it in.",
        "AUC is the chance that a sample of a class scores above one of another class, ties counted half.",
        "Intervals hold the middle 95 % of resamples, in which samples (or whole groups) are drawn anew.",
        "The test of a slice compares its share of wrong samples with that of the rest; q-values are those of "
        "Benjamini and Hochberg over all slices of all classes.",
    ]
    if not is_live:
        sentences.append("There are too many samples to put them into this page: it has no lists and no slider.")
    return element("div", element("h3", "How it was counted"), [element("p", sentence) for sentence in sentences])


def _files() -> Markup:
    rows = [element("div", element("dt", key), element("dd", value)) for key, value in _FILES.items()]
    return element("div", element("h3", "Files beside this page"), element("dl", rows, class_="facts"))
