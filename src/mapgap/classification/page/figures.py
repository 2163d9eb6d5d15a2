"""The headline numbers: of the positive class, else means over the classes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mapgap.classification.headline import decision_text, plural_classes, positive_record
from mapgap.number_words import count, fraction, interval, percent
from mapgap.report.html.markup import Markup, element
from mapgap.report.html.parts import name
from mapgap.report.json_values import Record
from mapgap.report.wording import value_text

if TYPE_CHECKING:
    from mapgap.classification.evaluation import Classification


def headline_section(result: "Classification") -> Markup:
    """The figures, and how the predicted classes came about."""
    summary = result.summary
    positive = positive_record(summary)
    figures = _positive_figures(summary, positive) if positive else _mean_figures(summary)
    accuracy = _figure(
        "accuracy",
        percent(summary["metrics"]["accuracy"]),
        f"{count(int(result.matrix.trace()))} of {count(summary['inputs']['samples'])} samples",
        _ends(summary, "accuracy", percent),
    )
    area = _figure(
        "AUC",
        fraction(summary["metrics"]["auc"]),
        "of the ROC curve" if positive else "mean over classes",
        _ends(summary, "auc", fraction),
        is_live=positive is None,
    )
    return element(
        "section",
        element("div", accuracy, figures, area if summary["metrics"]["auc"] is not None else None, class_="figures"),
        _lead(summary, positive),
        id="headline",
    )


def _positive_figures(summary: Record, positive: Record) -> list[Markup]:
    tp, wholes = positive["tp"], (positive["predicted"], positive["support"])
    return [
        _figure(
            "precision", percent(positive["precision"]), f"{count(tp)} of {count(wholes[0])}", _of(summary, "precision")
        ),
        _figure("recall", percent(positive["recall"]), f"{count(tp)} of {count(wholes[1])}", _of(summary, "recall")),
        _figure(
            "specificity",
            percent(positive["specificity"]),
            f"{count(positive['tn'])} of {count(positive['tn'] + positive['fp'])}",
            _of(summary, "specificity"),
        ),
        _figure("F1", fraction(positive["f1"]), "precision and recall in one", _ends(summary, "f1", fraction)),
    ]


def _mean_figures(summary: Record) -> list[Markup]:
    macro, ends = summary["metrics"]["macro"], (summary["intervals"] or {}).get("macro", {})
    figures = []
    for label, key in (("precision", "precision"), ("recall", "recall"), ("specificity", "specificity"), ("F1", "f1")):
        write = fraction if key == "f1" else percent
        note = f"mean over {plural_classes(macro['classes'][key])}"
        figures.append(_figure(f"macro {label}", write(macro[key]), note, interval(ends.get(key), write)))
    return figures


def _of(summary: Record, key: str) -> str:
    return _ends(summary, key, percent)


def _ends(summary: Record, key: str, write: Callable[[float], str]) -> str:
    return interval((summary["intervals"] or {}).get(key), write)


def _figure(label: str, value: str, note: str, ends: str, *, is_live: bool = True) -> Markup:
    """One number; what a script may not count again is marked as frozen."""
    return element(
        "div",
        element("p", label, class_="label"),
        element("p", value, class_="value"),
        element("p", element("span", note, class_="note-text"), element("span", ends, class_="frozen"), class_="of"),
        class_="figure" if is_live else "figure whole-run",
        data_figure=label,
    )


def _lead(summary: Record, positive: Record | None) -> Markup:
    inputs, settings = summary["inputs"], summary["settings"]
    return element(
        "p",
        f"{count(inputs['samples'])} samples in {plural_classes(inputs['classes'])}; ",
        element("span", decision_text(settings), class_="decision"),
        ".",
        [" Precision, recall, specificity and F1 are of ", name(value_text(positive["label"])), "."]
        if positive
        else None,
        " In brackets: 95 % intervals" if summary["intervals"] else None,
        f", from {count(settings['resamples'])} resamples of the {_drawn(inputs)}." if summary["intervals"] else None,
        class_="note",
    )


def _drawn(inputs: Record) -> str:
    return "samples" if inputs["groups"] is None else f"{count(inputs['groups'])} groups"
