"""The main numbers in a few lines of text."""

from collections.abc import Iterator

from mapgap.number_words import count, fraction, interval, percent, plural, score
from mapgap.report.json_values import Record
from mapgap.report.wording import value_text
from mapgap.tables import Scalar
from mapgap.visible_text import visible

BLIND_SPOTS = 5
PAIRS = 3


def headline_lines(summary: Record) -> list[str]:
    """Samples and classes, the headline numbers with their intervals, the worst pairs, the first blind spots."""
    inputs, settings = summary["inputs"], summary["settings"]
    return [
        f"{plural(inputs['samples'], 'sample')}, {plural_classes(inputs['classes'])}, {decision_text(settings)}",
        *(f"{name:<12} {text}" for name, text in headline_numbers(summary)),
        *_pairs(summary),
        *_blind_spots(summary),
    ]


def headline_numbers(summary: Record) -> Iterator[tuple[str, str]]:
    """(name, value with its n and interval) of what counts: of the positive class, else the means over classes."""
    metrics, ends = summary["metrics"], summary["intervals"] or {}
    right = sum(row["tp"] for row in summary["classes"])
    yield (
        "accuracy",
        f"{percent(metrics['accuracy'])} of {count(summary['inputs']['samples'])}"
        + interval(ends.get("accuracy"), percent)
        + f", {count(right)} right",
    )
    positive = positive_record(summary)
    part = metrics if positive else metrics["macro"]
    part_ends = ends if positive else ends.get("macro", {})
    for name in ("precision", "recall", "specificity"):
        yield name, percent(part[name]) + _of(name, positive, part) + interval(part_ends.get(name), percent)
    f1 = fraction(part["f1"]) + ("" if positive else _over(part, "f1"))
    yield "F1", f1 + interval(part_ends.get("f1"))
    if metrics["auc"] is not None:
        yield "AUC", fraction(metrics["auc"]) + ("" if positive else ", mean over classes") + interval(ends.get("auc"))


def positive_record(summary: Record) -> Record | None:
    """The record of the positive class; None without one."""
    positive = summary["settings"]["positive"]
    if positive is None:
        return None
    records: list[Record] = summary["classes"]
    return next(row for row in records if row["label"] == positive)


def decision_text(settings: Record) -> str:
    """How samples got their predicted class, in a few words."""
    if settings["threshold_rule"] == "predictions":
        return "predictions as given"
    if settings["threshold_rule"] == "highest score":
        return "the highest score wins"
    if settings["threshold"] is None:
        return f"no threshold finds a {positive_text(settings['positive'])}: none is predicted"
    rule = settings["threshold_rule"]
    is_goal = rule.startswith(("best-f1", "precision", "recall", "cost"))
    return f"{positive_text(settings['positive'])} from score {score(settings['threshold'])} up" + (
        f" ({rule})" if is_goal else ""
    )


def positive_text(label: Scalar) -> str:
    """The label inside a sentence: on one line, without characters that could turn what follows."""
    return visible(value_text(label))


def plural_classes(number: int) -> str:
    """`1 class`, `80 classes`."""
    return "1 class" if number == 1 else f"{count(number)} classes"


def _of(name: str, positive: Record | None, part: Record) -> str:
    """Behind a share: of how many, or over how many classes it is a mean."""
    if positive is None:
        return _over(part, name)
    if part[name] is None:
        return ""
    whole = {
        "precision": positive["predicted"],
        "recall": positive["support"],
        "specificity": positive["tn"] + positive["fp"],
    }[name]
    return f" of {count(whole)}"


def _over(part: Record, name: str) -> str:
    return f", mean over {plural_classes(part['classes'][name])}" if part[name] is not None else ""


def _pairs(summary: Record) -> Iterator[str]:
    for pair in summary["worst_pairs"][:PAIRS]:
        names = f"{value_text(pair['truth'])} -> {value_text(pair['prediction'])}"
        yield f"confused     {names}: {count(pair['count'])} ({percent(pair['share'])} of it)"


def _blind_spots(summary: Record) -> Iterator[str]:
    for spot in summary["blind_spots"][:BLIND_SPOTS]:
        where = ", ".join(f"{name} {value_text(value)}" for name, value in spot["where"].items())
        yield (
            f"blind spot   {value_text(spot['class'])} where {where}: recall {percent(spot['recall'])} of "
            f"{count(spot['samples'])}, elsewhere {percent(spot['rest_recall'])}"
        )
