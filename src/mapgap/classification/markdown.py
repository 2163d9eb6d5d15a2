"""report.md of a classification: the short version, to be pasted into a pull request."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mapgap.classification.headline import decision_text, headline_numbers, plural_classes
from mapgap.classification.view import matrix_view
from mapgap.number_words import count, fraction, percent, plural
from mapgap.report.json_values import Record
from mapgap.report.markdown_parts import code_span, folded, markdown_text, table, written
from mapgap.report.wording import sureness, value_text, where_pieces

if TYPE_CHECKING:
    from mapgap.classification.evaluation import Classification

BLIND_SPOTS = 10
PAIRS = 10
CLASSES = 50


def report_markdown(result: "Classification", command: str | None = None) -> str:
    """Headline, blind spots, confusion matrix, classes, settings. Names are escaped and call nobody."""
    summary = result.summary
    parts = [_headline(summary), _blind_spots(summary), _matrix(result), _classes(summary), _warnings(summary)]
    if command:
        parts.append(f"Made by {code_span(command)}.")
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(summary: Record) -> str:
    inputs, settings = summary["inputs"], summary["settings"]
    rows = [[name, text] for name, text in headline_numbers(summary)]
    resamples = f" In brackets: 95 % intervals from {plural(settings['resamples'], 'resample')}."
    about = f"{plural(inputs['samples'], 'sample')}, {plural_classes(inputs['classes'])}, "
    return "\n\n".join(
        [
            f"## Where the classifier is wrong: {markdown_text(inputs['name'])}",
            table(["", "value"], "ll", rows),
            f"{about}{markdown_text(decision_text(settings), 200)}.{resamples if summary['intervals'] else ''}",
        ]
    )


def _blind_spots(summary: Record) -> str:
    spots = summary["blind_spots"]
    if not spots:
        return "### Blind spots\n\nNo class is missed clearly more often in one slice than elsewhere."
    rows = [
        [
            str(spot["rank"]),
            markdown_text(value_text(spot["class"])),
            written(where_pieces(spot["where"])),
            f"{percent(spot['recall'])} of {count(spot['samples'])}",
            percent(spot["rest_recall"]),
            markdown_text(value_text(spot["taken_for"])),
            f"{spot['excess']:.1f}",
            sureness(spot["q_value"]),
        ]
        for spot in spots[:BLIND_SPOTS]
    ]
    header = ["#", "class", "where", "recall", "elsewhere", "mostly taken for", "excess misses", "q"]
    more = f"\n\nAnd {count(len(spots) - len(rows))} more in summary.json." if len(spots) > len(rows) else ""
    return f"### Blind spots\n\n{table(header, 'rllrrlrr', rows)}{more}"


def _matrix(result: "Classification") -> str:
    view = matrix_view(result)
    names = [markdown_text(value_text(result.labels[place]), 30) for place in view.classes]
    names += [f"{count(view.classes_summed)} other classes"] if view.classes_summed else []
    rows = [[name, *map(count, line)] for name, line in zip(names, view.counts.tolist(), strict=True)]
    header = ["truth \\ prediction", *names]
    whole = table(header, "l" + "r" * len(names), rows)
    pairs = "\n".join(_pairs(result.summary))
    return f"### Confusion matrix\n\n{whole}" + (f"\n\nMost often confused:\n\n{pairs}" if pairs else "")


def _pairs(summary: Record) -> Iterator[str]:
    for pair in summary["worst_pairs"][:PAIRS]:
        names = [markdown_text(value_text(pair[side])) for side in ("truth", "prediction")]
        yield f"* {names[0]} → {names[1]}: {count(pair['count'])} ({percent(pair['share'])} of the truth)"


def _classes(summary: Record) -> str:
    rows = [
        [
            markdown_text(value_text(record["label"])),
            count(record["support"]),
            *(percent(record[key]) for key in ("precision", "recall", "specificity")),
            fraction(record["f1"]),
            fraction(record["auc"]),
        ]
        for record in summary["classes"][:CLASSES]
    ]
    header = ["class", "samples", "precision", "recall", "specificity", "F1", "AUC"]
    more = len(summary["classes"]) - len(rows)
    tail = f"\n\nAnd {count(more)} more in per_class.csv." if more else ""
    return folded("Classes", table(header, "lrrrrrr", rows) + tail)


def _warnings(summary: Record) -> str | None:
    lines = [f"* {markdown_text(w['message'], 300)} ({count(w['count'])}×)" for w in summary["warnings"]]
    return "### Warnings\n\n" + "\n".join(lines) if lines else None
