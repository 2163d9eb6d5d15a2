"""The curves of the report: at every threshold the numbers of an analysis at that threshold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap.operating_point import choose_score_threshold
from mapgap.report.curves.by_threshold import threshold_curve
from mapgap.report.curves.decimation import COLUMNS, decimated
from mapgap.report.curves.images import first_of_each, roc_curve
from mapgap.report.curves.sparklines import POINTS, sparklines
from mapgap.report.html.charts import Axis, ticks
from mapgap.tables import CAUSES, Results
from tests.generated import CocoPair, coco_pairs

COSTS = {cause: 1.0 + place for place, cause in enumerate(CAUSES)}


def analyzed(pair: CocoPair, threshold: float | str = "best-f1") -> Results:
    return mapgap.analyze(
        pair.ground_truth, pair.detections, resamples=0, score_threshold=threshold, costs=COSTS
    ).results


@settings(max_examples=30, deadline=None)
@given(pair=coco_pairs())
def test_every_point_is_an_analysis_at_its_threshold(pair: CocoPair) -> None:
    results = analyzed(pair)
    curve, roc = threshold_curve(results), roc_curve(results)
    rows = range(0, len(curve.score), max(1, len(curve.score) // 4))
    for row, score in [(row, float(curve.score[row])) for row in rows]:
        there = analyzed(pair, score)
        point = there.operating_point
        assert (curve.tp[row], curve.fp[row]) == (point.class_tp.sum(), point.class_fp.sum())
        assert curve.objects - curve.tp[row] == point.class_fn.sum()
        assert curve.cost[row] == pytest.approx(sum(COSTS[CAUSES[cause]] for cause in there.errors.cause), abs=1e-9)
        at = int(np.count_nonzero(roc.score >= score)) - 1
        found = (int(roc.tp[at]), int(roc.fp[at])) if at >= 0 else (0, 0)
        assert found == (there.image_level.tp.sum(), there.image_level.fp.sum())
        assert roc.positives - found[0] == there.image_level.fn.sum()
        assert roc.negatives - found[1] == there.image_level.tn.sum()
        assert threshold_curve(there).row == row


@settings(max_examples=30, deadline=None)
@given(pair=coco_pairs())
def test_the_best_point_is_the_threshold_of_best_f1(pair: CocoPair) -> None:
    results = analyzed(pair)
    curve = threshold_curve(results)
    threshold, matches = results.analysis_threshold, results.matches
    chosen = choose_score_threshold(
        "best-f1",
        results.detections.score,
        matches.is_counted(threshold),
        matches.is_true_positive(threshold),
        curve.objects,
    )
    assert (chosen is None) == (len(curve.tp) == 0 or curve.tp[-1] == 0)
    if chosen is not None:
        assert curve.f1[list(curve.score).index(chosen)] == curve.f1.max()


@settings(max_examples=30, deadline=None)
@given(pair=coco_pairs(max_categories=1))
def test_the_area_of_one_class_is_that_of_the_image_level(pair: CocoPair) -> None:
    results = analyzed(pair)
    area, wanted = roc_curve(results).auc, float(results.image_level.auc[0])
    assert area is None if np.isnan(wanted) else area == wanted


@settings(max_examples=30, deadline=None)
@given(pair=coco_pairs())
def test_the_small_curve_is_what_ap50_averages(pair: CocoPair) -> None:
    results = analyzed(pair)
    classes = range(len(results.class_ap50))
    for category, line in zip(classes, sparklines(results, classes), strict=True):
        assert (line is None) == bool(np.isnan(results.class_ap50[category]))
        if line is None:
            continue
        assert len(line) == POINTS
        assert list(line) == sorted(line, reverse=True)
        # A mean over every fourth of falling values lies off by less than one of them.
        assert np.mean(line) == pytest.approx(results.class_ap50[category], abs=2 / POINTS)


@given(ys=st.lists(st.integers(0, 50), max_size=3000), columns=st.integers(1, 2000))
def test_few_points_keep_the_extremes(ys: list[int], columns: int) -> None:
    y = np.array(ys * 2, dtype=float)
    x = np.sort(np.arange(len(y)) % columns / columns)
    shown = decimated(x, y, 0.0, 1.0)
    assert len(shown) <= 4 * COLUMNS or len(y) == 0
    assert list(shown) == sorted(set(shown.tolist()))
    if len(y):
        assert (shown[0], shown[-1]) == (0, len(y) - 1)
        assert {int(np.argmax(y)), int(np.argmin(y))} <= set(shown.tolist()) or len(set(ys)) == 1
        assert y[shown].max() == y.max()
        assert y[shown].min() == y.min()


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 1, ["0", ".2", ".4", ".6", ".8", "1"]),
        (0, 7, ["0", "2", "4", "6"]),
        (0, 123456, ["0", "50,000", "100,000"]),
        (-0.5, 0.5, ["−.4", "−.2", "0", ".2", ".4"]),
        (0.91, 0.97, [".92", ".94", ".96"]),
        (-3, 12, ["0", "5", "10"]),
    ],
)
def test_axes_have_round_numbers(low: float, high: float, texts: list[str]) -> None:
    assert [text for _, text in ticks(Axis("", low, high))] == texts


@given(keys=st.lists(st.integers(0, 20), max_size=40), more=st.sampled_from([0, 10_000]))
def test_the_first_of_each_key(keys: list[int], more: int) -> None:
    """By a table of all keys, and by sorting where they are far between."""
    known: set[int] = set()
    first = [place for place, key in enumerate(keys) if not (key in known or known.add(key))]  # type: ignore[func-returns-value]
    assert first_of_each(np.array(keys, dtype=np.int64), 21 + more).tolist() == first
