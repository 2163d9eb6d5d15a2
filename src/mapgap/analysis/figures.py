"""Figures for notebooks, drawn by plotly, which is imported when one is asked for."""

import html
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mapgap.analysis.label_doubt import calibration_rows
from mapgap.errors import InputError
from mapgap.report.curves.by_threshold import threshold_curve
from mapgap.report.wording import CAUSE_WORDS, cause_label
from mapgap.tables import Results
from mapgap.visible_text import visible

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe and Ito's colours, as on the page: https://jfly.uni-koeln.de/color/
CAUSE_COLOURS = {
    "missed": "#0072b2",
    "localization": "#e69f00",
    "classification": "#009e73",
    "both": "#f0e442",
    "crowded_out": "#56b4e9",
    "duplicate": "#cc79a7",
    "background": "#d55e00",
}
LINE, MARK, PLAIN = "#0072b2", "#d55e00", "#888888"


def figure_of(results: Results, name: str) -> "go.Figure":
    """The figure of that name, one of FIGURES; InputError for another one, and where plotly is not installed."""
    draw = FIGURES.get(name)
    if draw is None:
        raise InputError(f"there is no figure {name!r}", fix=f"Known figures: {', '.join(FIGURES)}")
    try:
        import plotly.graph_objects as go
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "plotly":
            raise
        raise InputError("figures need plotly, which is not installed", fix='pip install "mapgap[plotly]"') from None
    return draw(go, results)


def _confusion_matrix(go: Any, results: Results) -> "go.Figure":
    matrix = results.confusion_matrix
    names = [_text(label) for label in matrix.labels]
    # By position, as two classes may have one name.
    places = list(range(len(names)))
    axis = {"tickmode": "array" if len(names) <= 60 else "auto", "tickvals": places, "ticktext": names}
    heat = go.Heatmap(
        x=places,
        y=places,
        z=matrix.counts,
        customdata=[[[truth, prediction] for prediction in names] for truth in names],
        hovertemplate="%{customdata[0]} taken for %{customdata[1]}: %{z:,}<extra></extra>",
        colorscale="Blues",
        texttemplate="%{z}" if len(names) <= 20 else None,
    )
    return _laid_out(
        go.Figure(heat),
        f"Confusion matrix {_where(results)}",
        xaxis={"title": {"text": "prediction"}, **axis},
        yaxis={"title": {"text": "truth"}, "autorange": "reversed", **axis},
    )


def _precision_recall(go: Any, results: Results) -> "go.Figure":
    curve = threshold_curve(results)
    point = results.operating_point
    tp, fp, fn = (int(counts.sum()) for counts in (point.class_tp, point.class_fp, point.class_fn))
    hover = "recall %{x:.3f}, precision %{y:.3f} at score ≥ %{customdata}<extra></extra>"
    figure = go.Figure(
        go.Scatter(
            x=curve.recall, y=curve.precision, customdata=curve.score, mode="lines", name="all classes",
            line={"color": LINE}, hovertemplate=hover,
        )
    )  # fmt: skip
    if tp:
        mark = {"color": MARK, "size": 10}
        at = {"x": [tp / (tp + fn)], "y": [tp / (tp + fp)], "customdata": [_score(results)]}
        figure.add_trace(go.Scatter(**at, mode="markers", name="operating point", marker=mark, hovertemplate=hover))
    return _laid_out(
        figure,
        f"Precision and recall at IoU {results.settings.iou_threshold:g}",
        xaxis={"title": {"text": f"recall of {curve.objects:,} objects"}, "range": [0, 1.02]},
        yaxis={"title": {"text": "precision"}, "range": [0, 1.02]},
    )


def _f1(go: Any, results: Results) -> "go.Figure":
    curve = threshold_curve(results)
    lines = {"precision": (curve.precision, PLAIN), "recall": (curve.recall, MARK), "F1": (curve.f1, LINE)}
    figure = go.Figure(
        [
            go.Scatter(x=curve.score, y=values, mode="lines", name=name, line={"color": colour})
            for name, (values, colour) in lines.items()
        ]
    )
    threshold = results.operating_point.score_threshold
    if threshold is not None:
        figure.add_vline(x=threshold, line_dash="dash", line_color=PLAIN)
    return _laid_out(
        figure,
        f"Score thresholds at IoU {results.settings.iou_threshold:g}",
        xaxis={"title": {"text": "score threshold"}},
        yaxis={"title": {"text": "share"}, "range": [0, 1.02]},
    )


def _gap(go: Any, results: Results) -> "go.Figure":
    gap = results.gap
    rows = ["over IoU .5 to .95", "at IoU .5"]
    figure = go.Figure(
        [
            go.Bar(
                x=[gap.by_cause[cause], gap.by_cause_at_50[cause]],
                y=rows,
                orientation="h",
                name=cause_label(cause),
                marker={"color": CAUSE_COLOURS[cause]},
                hovertemplate=f"{cause_label(cause)}, {CAUSE_WORDS[cause]}: %{{x:.4f}}<extra></extra>",
            )
            for cause in gap.by_cause
        ]
    )
    return _laid_out(figure, "The gap 1 − AP by cause", barmode="relative", xaxis={"title": {"text": "gap"}})


def _reliability(go: Any, results: Results) -> "go.Figure":
    bins = calibration_rows(results, None, None)
    (error,) = {row["d_ece"] for row in bins[:1]} or {float("nan")}
    figure = go.Figure(
        [
            go.Bar(
                x=[(row["score_low"] + row["score_high"]) / 2 for row in bins],
                y=[row["precision"] for row in bins],
                width=[row["score_high"] - row["score_low"] for row in bins],
                customdata=[[row["score_low"], row["score_high"], row["tp"], row["detections"]] for row in bins],
                name="share that is right",
                marker={"color": "#56b4e9", "line": {"color": LINE, "width": 1}},
                hovertemplate="%{customdata[2]:,} of %{customdata[3]:,} detections with a score from "
                "%{customdata[0]} to %{customdata[1]} are right<extra></extra>",
            ),
            go.Scatter(x=[0, 1], y=[0, 1], mode="lines", name="score = share", line={"color": PLAIN, "dash": "dash"}),
            go.Scatter(
                x=[row["confidence"] for row in bins],
                y=[row["precision"] for row in bins],
                mode="markers",
                name="mean score",
                marker={"color": MARK},
                hovertemplate="mean score %{x:.3f}, share right %{y:.3f}<extra></extra>",
            ),
        ]
    )
    told = "not defined" if error != error else f"{error:.3f}"
    return _laid_out(
        figure,
        f"Reliability at IoU {results.settings.iou_threshold:g}, D-ECE {told}",
        xaxis={"title": {"text": "score"}},
        yaxis={"title": {"text": "true positives among detections"}, "range": [0, 1.02]},
    )


FIGURES: Mapping[str, Callable[[Any, Results], "go.Figure"]] = {
    "confusion_matrix": _confusion_matrix,
    "precision_recall": _precision_recall,
    "f1": _f1,
    "gap": _gap,
    "reliability": _reliability,
}


def _laid_out(figure: "go.Figure", title: str, **layout: Any) -> "go.Figure":
    return figure.update_layout(title={"text": title}, template="simple_white", **layout)


def _score(results: Results) -> str:
    threshold = results.operating_point.score_threshold
    if results.operating_point.class_score_thresholds is not None:
        return "that of its class"
    return "any" if threshold is None else repr(threshold)


def _where(results: Results) -> str:
    return f"at score ≥ {_score(results)}, IoU {results.settings.iou_threshold:g}"


def _text(name: str) -> str:
    """Data as text for plotly, which would read tags in it."""
    return html.escape(visible(name), quote=False) or "(no name)"
