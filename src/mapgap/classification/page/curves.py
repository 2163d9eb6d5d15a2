"""ROC and precision-recall: of the positive class with its point, else the ROC of each class against the rest."""

from typing import TYPE_CHECKING

import numpy as np

from mapgap.classification.roc import Roc
from mapgap.classification.view import roc_curves
from mapgap.number_words import count, fraction, percent, plural
from mapgap.report.curves.decimation import decimated
from mapgap.report.html.charts import Axis, Frame, chart, dot, line
from mapgap.report.html.markup import Child, Markup, element
from mapgap.report.html.parts import name, section
from mapgap.report.wording import value_text
from mapgap.tables import FloatArray
from mapgap.visible_text import visible

if TYPE_CHECKING:
    from mapgap.classification.evaluation import Classification

ROC_FRAME = Frame(Axis("false positive rate"), Axis("recall"))
PR_FRAME = Frame(Axis("recall"), Axis("precision"))


def curves_section(result: "Classification") -> Markup | None:
    """The curves of what has scores; nothing without them."""
    curves = roc_curves(result)
    if result.samples.scores is None:
        return None
    if not curves:
        nothing = element(
            "p", "No curve: with samples of one class only there is nothing to tell apart.", class_="empty"
        )
        return section("curves", "Curves", nothing)
    if result.samples.positive is not None:
        ((place, curve),) = curves
        charts = [_roc(result, place, curve, "roc", 0), _precision_recall(result, curve)]
        note = "What another threshold would give. The ring is the report's own."
    else:
        charts = [_roc(result, place, curve, f"roc-{place}", k) for k, (place, curve) in enumerate(curves)]
        left = len(result.samples.scores.classes) - len(curves)
        more = f" The {len(curves)} with the lowest AUC are shown, {plural(left, 'class')} not." if left else ""
        note = f"Each class against the rest, by its own score; the lowest AUC first.{more}".replace(
            "classs", "classes"
        )
    return section("curves", "Curves", element("p", note, class_="note"), element("div", charts, class_="charts"))


def roc_text(tp: int, positives: int, fp: int, negatives: int) -> str:
    """Both shares with their numbers."""
    return f"recall {_share(tp, positives)}, false positive rate {_share(fp, negatives)}"


def precision_text(tp: int, positives: int, fp: int) -> str:
    """Precision and recall with their numbers."""
    return f"precision {_share(tp, tp + fp)}, recall {_share(tp, positives)}"


def _roc(result: "Classification", place: int, curve: Roc, key: str, number: int) -> Markup:
    label = value_text(result.labels[place])
    xs, ys = curve.fp / max(curve.negatives, 1), curve.tp / max(curve.positives, 1)
    drawn: list[Child] = [line(ROC_FRAME, (0.0, 1.0), (0.0, 1.0), "diagonal"), _curve(ROC_FRAME, xs, ys)]
    words = f"AUC {fraction(curve.auc)}, {count(curve.positives)} samples of the class, {count(curve.negatives)} others"
    if result.samples.positive is not None:
        tp, fp = int(result.counts.tp[place]), int(result.counts.fp[place])
        drawn.append(dot(ROC_FRAME, fp / max(curve.negatives, 1), tp / max(curve.positives, 1), "own"))
        words = roc_text(tp, curve.positives, fp, curve.negatives)
    explanation = [
        "Ties count half. AUC ",
        element("span", fraction(curve.auc), class_="auc"),
        ": the chance that a sample of the class scores above another.",
    ]
    title = "ROC" if result.samples.positive is not None else f"ROC {number + 1}: {visible(label)}"
    return chart(key, title, [name(label), " against the rest. ", explanation], ROC_FRAME, drawn, words)


def _precision_recall(result: "Classification", curve: Roc) -> Markup:
    place = result.samples.positive or 0
    kept = (curve.tp + curve.fp)[1:]
    recall, precision = curve.tp[1:] / max(curve.positives, 1), curve.tp[1:] / kept
    tp, fp = int(result.counts.tp[place]), int(result.counts.fp[place])
    drawn: list[Child] = [_curve(PR_FRAME, recall, precision)]
    if tp + fp and curve.positives:
        drawn.append(dot(PR_FRAME, tp / curve.positives, tp / (tp + fp), "own"))
    explanation = (
        "Each point is one threshold: how many of those taken for positive are, how many of the positive are found."
    )
    return chart(
        "precision-recall",
        "Precision and recall",
        explanation,
        PR_FRAME,
        drawn,
        precision_text(tp, curve.positives, fp),
    )


def _curve(frame: Frame, xs: FloatArray, ys: FloatArray) -> Markup:
    shown = decimated(np.asarray(xs), np.asarray(ys), frame.x.low, frame.x.high)
    return line(frame, xs[shown].tolist(), ys[shown].tolist())


def _share(part: int, whole: int) -> str:
    return f"{percent(part / whole)} of {count(whole)}" if whole else "– of 0"
