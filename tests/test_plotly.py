"""Figures for notebooks: the report's own numbers, names as text, and a word of advice where plotly is missing."""

import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

import mapgap
from mapgap.analysis.figures import CAUSE_COLOURS, FIGURES
from mapgap.demo import make_demo
from mapgap.errors import InputError
from mapgap.report.html import assets
from mapgap.tables import GAP_CAUSES


@pytest.fixture(scope="module")
def demo() -> Any:
    return make_demo(images=60)


@pytest.fixture(scope="module")
def analysis(demo: Any) -> mapgap.Analysis:
    return mapgap.analyze(demo.ground_truth, demo.detections, resamples=0)


def numbers(values: Iterable[float]) -> list[float]:
    return [float(value) for value in values]


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_can_be_written(analysis: mapgap.Analysis, name: str) -> None:
    figure = analysis.to_plotly(name)
    assert isinstance(figure, go.Figure)
    assert figure.layout.title.text
    assert "NaN" not in (figure.to_json() or "NaN")
    assert figure == analysis.to_plotly(name)


def test_the_matrix_is_the_reports(analysis: mapgap.Analysis) -> None:
    figure, frame = analysis.to_plotly("confusion_matrix"), analysis.confusion_matrix()
    (heat,) = figure.data
    assert np.array_equal(heat.z, frame.to_numpy())
    assert list(figure.layout.xaxis.ticktext) == list(figure.layout.yaxis.ticktext) == list(frame.index)
    assert figure.layout.yaxis.autorange == "reversed"
    assert list(heat.customdata[0][1]) == [frame.index[0], frame.index[1]]


def test_the_gap_is_the_reports(analysis: mapgap.Analysis) -> None:
    figure, gap = analysis.to_plotly("gap"), analysis.summary["gap"]
    assert [numbers(bar.x) for bar in figure.data] == [
        [gap["by_cause"][cause], gap["at_iou_50"]["by_cause"][cause]] for cause in GAP_CAUSES
    ]
    assert sum(bar.x[0] for bar in figure.data) == pytest.approx(gap["total"], abs=1e-9)


def test_colours_are_those_of_the_page() -> None:
    assert set(CAUSE_COLOURS) == set(GAP_CAUSES)
    for cause, colour in CAUSE_COLOURS.items():
        assert f".cause-{cause} {{ fill: {colour};" in assets.joined_styles()


def test_curves_are_what_python_gives_at_each_score(demo: Any, analysis: mapgap.Analysis) -> None:
    curve, mark = analysis.to_plotly("precision_recall").data
    lines = {line.name: line for line in analysis.to_plotly("f1").data}
    scores = numbers(curve.customdata)
    assert scores == sorted(set(scores), reverse=True)
    assert numbers(lines["F1"].x) == scores
    for place in (0, len(scores) // 3, len(scores) - 1):
        there = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0, score_threshold=scores[place])
        point = there.summary["operating_point"]
        expected = [point["precision"], point["recall"], point["f1"]]
        assert [lines[name].y[place] for name in ("precision", "recall", "F1")] == pytest.approx(expected, abs=1e-15)
        assert [curve.y[place], curve.x[place]] == pytest.approx(expected[:2], abs=1e-15)
    point = analysis.summary["operating_point"]
    assert [mark.x[0], mark.y[0]] == pytest.approx([point["recall"], point["precision"]], abs=1e-15)
    assert max(lines["F1"].y) == pytest.approx(point["f1"], abs=1e-15)


def test_reliability_is_the_calibration(analysis: mapgap.Analysis) -> None:
    figure, frame = analysis.to_plotly("reliability"), analysis.calibration()
    bars, diagonal, means = figure.data
    assert numbers(bars.y) == numbers(frame["precision"])
    assert numbers(means.x) == numbers(frame["confidence"])
    assert numbers(diagonal.x) == numbers(diagonal.y) == [0, 1]
    assert f"{frame['d_ece'][0]:.3f}" in figure.layout.title.text


def test_hostile_and_equal_names(analysis: mapgap.Analysis) -> None:
    matrix = analysis.results.confusion_matrix
    names = ("<b>x</b>", "", "same", "same", *matrix.labels[4:])
    hostile = replace(analysis.results, confusion_matrix=replace(matrix, labels=names))
    figure = mapgap.Analysis(hostile).to_plotly("confusion_matrix")
    assert list(figure.layout.xaxis.ticktext)[:4] == ["&lt;b&gt;x&lt;/b&gt;", "(no name)", "same", "same"]
    assert numbers(figure.data[0].x) == list(range(len(names)))
    assert "<b>" not in (figure.to_json() or "")


def test_nothing_found_and_nothing_to_find() -> None:
    images = [{"id": 1, "width": 9, "height": 9}]
    classes = [{"id": 1, "name": "a"}]
    found = [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5], "score": 0.5}]
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5], "area": 25, "iscrowd": 0}
    for annotations, detections in ([], []), ([], found), ([box], []), ([box], found):
        truth = {"images": images, "categories": classes, "annotations": annotations}
        analysis = mapgap.analyze(truth, detections, resamples=0)
        for name in FIGURES:
            assert analysis.to_plotly(name).to_json()


def test_another_name_is_an_error(analysis: mapgap.Analysis) -> None:
    with pytest.raises(InputError, match=r"there is no figure 'roc'.*confusion_matrix, precision_recall"):
        analysis.to_plotly("roc")


def test_without_plotly_there_is_advice(analysis: mapgap.Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly", None)
    monkeypatch.delitem(sys.modules, "plotly.graph_objects")
    with pytest.raises(InputError, match=r'plotly, which is not installed\. pip install "mapgap\[plotly\]"'):
        analysis.to_plotly("gap")
