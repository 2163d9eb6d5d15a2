"""The curves of the page: what another score threshold would give, and how far scores can be believed."""

import math

import numpy as np

from mapgap.number_words import DASH, count, fraction, percent, plural, score
from mapgap.report.content import Report
from mapgap.report.curves.by_threshold import ThresholdCurve
from mapgap.report.curves.decimation import decimated
from mapgap.report.curves.images import RocCurve
from mapgap.report.curves.run import Curves
from mapgap.report.html.charts import Axis, Frame, block, chart, dot, line, nothing, steps, upright
from mapgap.report.html.markup import Child, Markup, element
from mapgap.report.html.parts import section
from mapgap.report.threshold_words import has_one_a_class
from mapgap.tables import FloatArray, Reliability

DOT_RADIUS = 2.0
DOT_GROWTH = 4.0
"""A dot of the reliability diagram grows by so much with the logarithm of its detections."""


def curves_section(report: Report) -> Markup | None:
    """Precision-recall, F1, cost, ROC and reliability, the report's own threshold marked on each."""
    curves = report.curves
    if curves is None:
        return None
    own = report.summary["operating_point"]["score_threshold"]
    if has_one_a_class(report.summary):
        text = (
            "Each class has a score threshold of its own, so no point of a curve over one threshold is this report's."
        )
        return section("curves", "Curves", element("p", text, class_="note"))
    intro = element(
        "p",
        "What another score threshold would give, ",
        element("span", "all classes pooled", class_="population"),
        f", at IoU {fraction(curves.iou_threshold, 2)}. The ring is the threshold of the report. AP is a mean over "
        "classes and ten IoUs of curves without dents, so it is not the area under the first one.",
        class_="note",
    )
    if len(curves.by_threshold.score) == 0:
        return section("curves", "Curves", intro, element("p", "No detection counts: no curve.", class_="empty"))
    charts = [
        _precision_recall(curves.by_threshold, own),
        _f1(curves.by_threshold, own),
        _cost(curves.by_threshold, own),
        _roc(curves.roc, own),
        _reliability(curves),
    ]
    return section("curves", "Curves", intro, element("div", charts, class_="charts"))


def threshold_text(threshold: float | None) -> str:
    """`score ≥ 0.42`, the number as a browser writes it."""
    return "every score" if threshold is None else f"score ≥ {score(threshold)}"


def score_axis(scores: FloatArray) -> Axis:
    """From 0 to 1, or from the lowest to the highest score where these are no probabilities."""
    low, high = float(scores.min()), float(scores.max())
    return Axis("score threshold") if low >= 0 and high <= 1 else _axis("score threshold", low, high)


def _axis(label: str, low: float, high: float) -> Axis:
    """An axis that spans something, be all values equal."""
    return Axis(label, low, high) if low < high else Axis(label, low - 0.5, high + 0.5)


def _precision_recall(curve: ThresholdCurve, own: float | None) -> Markup:
    frame = Frame(Axis("recall"), Axis("precision"))
    if curve.objects == 0:
        drawn: Child = nothing("no objects, so there is no recall")
    else:
        drawn = _curve(frame, curve.recall, curve.precision)
        drawn = [drawn, _ring(frame, curve.recall, curve.precision, curve.row)]
    return chart(
        "precision-recall",
        "Precision and recall",
        "Each point is one threshold: how many of the detections are right, how many of the objects are found.",
        frame,
        drawn,
        f"{threshold_text(own)}: {rates_text(*_counts(curve))}",
    )


def _f1(curve: ThresholdCurve, own: float | None) -> Markup:
    frame = Frame(score_axis(curve.score), Axis("F1"))
    drawn: list[Child] = [_steps(frame, curve.score, curve.f1)]
    if own is not None and frame.x.low <= own <= frame.x.high:
        drawn.append(upright(frame, own, "own"))
    return chart(
        "f1",
        "F1 against the threshold",
        "One number for precision and recall together. Where the curve is flat, the threshold hardly matters.",
        frame,
        [*drawn, _ring_at(frame, curve, curve.f1, own, 0.0)],
        f"{threshold_text(own)}: {f1_text(*_counts(curve))}",
    )


def _cost(curve: ThresholdCurve, own: float | None) -> Markup:
    frame = Frame(
        score_axis(curve.score), Axis("cost" if curve.has_costs else "errors", 0.0, max(1.0, float(curve.cost.max())))
    )
    drawn: list[Child] = [_steps(frame, curve.score, curve.cost)]
    if own is not None and frame.x.low <= own <= frame.x.high:
        drawn.append(upright(frame, own, "own"))
    if curve.row >= 0:
        drawn.append(_ring_at(frame, curve, curve.cost, own, 0.0))
    cost = float(curve.cost[curve.row]) if curve.row >= 0 else None
    return chart(
        "cost",
        "Cost against the threshold" if curve.has_costs else "Errors against the threshold",
        "What all errors cost together, at the costs given to the report."
        if curve.has_costs
        else "False positives and missed objects together. Costs given with --cost would weigh them.",
        frame,
        drawn,
        f"{threshold_text(own)}: {cost_text(*_counts(curve), cost, has_costs=curve.has_costs)}",
    )


def _roc(curve: RocCurve, own: float | None) -> Markup:
    frame = Frame(Axis("found where the class is not"), Axis("found where the class is"))
    right, wrong = max(curve.positives, 1), max(curve.negatives, 1)
    if curve.auc is None:
        drawn: Child = nothing("no pair on one of the two sides")
    else:
        xs, ys = np.append(curve.fp / wrong, 1.0), np.append(curve.tp / right, 1.0)
        xs, ys = np.append(0.0, xs), np.append(0.0, ys)
        diagonal = line(frame, (0.0, 1.0), (0.0, 1.0), "diagonal")
        drawn = [diagonal, _curve(frame, xs, ys), _ring(frame, xs, ys, curve.row + 1)]
    tp, fp = (int(column[curve.row]) if curve.row >= 0 else 0 for column in (curve.tp, curve.fp))
    return chart(
        "roc",
        "ROC: is the class in the image?",
        [
            "Pairs of a class and an image: found in how many that hold it, and in how many that do not. AUC ",
            element("span", fraction(curve.auc), class_="auc"),
            ", ",
            element("span", "all pairs pooled", class_="scope"),
            ".",
        ],
        frame,
        drawn,
        f"{threshold_text(own)}: {roc_text(tp, curve.positives, fp, curve.negatives)}",
    )


def _reliability(curves: Curves) -> Markup:
    bins = curves.reliability
    d_ece = float(bins.d_ece[0])
    is_probability = not math.isnan(d_ece)
    axis = Axis("score") if is_probability else _axis("score", float(bins.low.min()), float(bins.high.max()))
    frame = Frame(axis, Axis("share that is right"))
    diagonal = [line(frame, (0.0, 1.0), (0.0, 1.0), "diagonal")] if is_probability else []
    return chart(
        "reliability",
        "Reliability",
        [
            "How many detections of a score are right. On the diagonal the score says it; the larger a dot, the more "
            "detections. D-ECE ",
            element("span", fraction(d_ece if is_probability else None), class_="d-ece"),
            " is their mean distance from it.",
        ],
        frame,
        [*_bins(frame, bins), *diagonal, *_dots(frame, bins)],
        reliability_text(int(bins.detections.sum()), int(bins.true_positives.sum())),
    )


def _bins(frame: Frame, bins: Reliability) -> list[Markup]:
    columns = (bins.low, bins.high, bins.detections, bins.true_positives, bins.confidence)
    return [
        block(frame, low, high, right / number, bin_text(low, high, number, right, mean))
        for low, high, number, right, mean in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _dots(frame: Frame, bins: Reliability) -> list[Markup]:
    most = math.log1p(float(bins.detections.max()))
    return [
        dot(frame, mean, right / number, "bin", DOT_RADIUS + DOT_GROWTH * math.log1p(number) / most)
        for number, right, mean in zip(
            bins.detections.tolist(), bins.true_positives.tolist(), bins.confidence.tolist(), strict=True
        )
    ]


def _curve(frame: Frame, xs: FloatArray, ys: FloatArray) -> Markup:
    shown = decimated(xs, ys, frame.x.low, frame.x.high)
    return line(frame, xs[shown].tolist(), ys[shown].tolist())


def _steps(frame: Frame, xs: FloatArray, ys: FloatArray) -> Markup:
    shown = decimated(xs, ys, frame.x.low, frame.x.high)
    return steps(frame, xs[shown].tolist(), ys[shown].tolist())


def _ring(frame: Frame, xs: FloatArray, ys: FloatArray, row: int) -> Markup | None:
    return dot(frame, float(xs[row]), float(ys[row]), "own") if row >= 0 else None


def _ring_at(
    frame: Frame, curve: ThresholdCurve, ys: FloatArray, own: float | None, nothing_kept: float
) -> Markup | None:
    """At the report's own threshold; at the lowest score where every score counts."""
    x = float(curve.score[-1]) if own is None else own
    if not frame.x.low <= x <= frame.x.high:
        return None
    return dot(frame, x, float(ys[curve.row]) if curve.row >= 0 else nothing_kept, "own")


def _counts(curve: ThresholdCurve) -> tuple[int, int, int]:
    tp, fp = (int(column[curve.row]) if curve.row >= 0 else 0 for column in (curve.tp, curve.fp))
    return tp, fp, curve.objects - tp


def rates_text(tp: int, fp: int, fn: int) -> str:
    """Precision and recall with their numbers."""
    return f"precision {_share(tp, tp + fp, 'detection')}, recall {_share(tp, tp + fn, 'object')}"


def f1_text(tp: int, fp: int, fn: int) -> str:
    """F1 with what it is made of."""
    f1 = 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None
    return f"F1 {fraction(f1)}, {rates_text(tp, fp, fn)}"


def cost_text(tp: int, fp: int, fn: int, cost: float | None, *, has_costs: bool) -> str:
    """The cost with what it is made of."""
    parts = f"{plural(fp, 'false positive')} and {plural(fn, 'missed object')}"
    if not has_costs:
        return f"{plural(fp + fn, 'error')}, {parts}"
    return f"cost {amount_text(cost)}, {parts}"


def amount_text(cost: float | None) -> str:
    """A sum of costs, at most one decimal."""
    if cost is None:
        return DASH
    whole, _, decimal = f"{cost:.1f}".partition(".")
    return count(int(whole)) + (f".{decimal}" if decimal != "0" else "")


def roc_text(tp: int, positives: int, fp: int, negatives: int) -> str:
    """Both shares with their numbers."""
    return f"found in {_share(tp, positives, 'pair')} with the class, in {_share(fp, negatives, 'pair')} without"


def reliability_text(number: int, right: int) -> str:
    """All bins together."""
    return f"every score: {_share(right, number, 'detection')} right"


def bin_text(low: float, high: float, number: int, right: int, mean: float) -> str:
    """One bin."""
    return f"score {low:.2f} to {high:.2f}: {_share(right, number, 'detection')} right, mean score {fraction(mean)}"


def _share(part: int, whole: int, noun: str) -> str:
    return f"{percent(part / whole)} of {plural(whole, noun)}" if whole else f"{DASH} of 0 {noun}s"
