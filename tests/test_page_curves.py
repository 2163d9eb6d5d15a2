"""The curves of the page: in a browser, under every filter, exactly those of Python."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from playwright.sync_api import Browser, Page, expect

import mapgap
from mapgap.demo import make_demo
from mapgap.number_words import score as score_words
from mapgap.operating_point import choose_score_threshold
from mapgap.reliability import score_reliability
from mapgap.report.columns import target_of_detections
from mapgap.report.content import build_report
from mapgap.report.curves.by_threshold import cost_table, threshold_curve
from mapgap.report.curves.images import roc_curve
from mapgap.report.embedded.page_data import page_data
from mapgap.report.embedded.run import MOST_ROWS
from mapgap.report.html.page import report_html
from mapgap.tables import Attribute, IntegerArray, Results
from tests.browser import Watched, headless_browser
from tests.generated import CocoPair, coco_pairs

CURVES = """
([where, classes]) => mapgap.ready.then(async (page) => {
  await page.change({ where });
  const { run } = page;
  const curve = page.curve();
  const roc = (category) => {
    const { end, tp, fp, positives, negatives, auc } = page.roc(category);
    return { score: end.map((position) => run.score[position - 1]), tp, fp, positives, negatives, auc };
  };
  return {
    score: [...curve.end].map((position) => run.score[position - 1]),
    tp: [...curve.tp], fp: [...curve.fp], cost: [...curve.cost], objects: curve.objects,
    best: curve.best < 0 ? null : run.score[curve.end[curve.best] - 1],
    roc: roc(null), areas: classes.map((category) => roc(category).auc),
    reliability: page.reliability(),
  };
})
"""
COSTS = {"missed": 3.0, "below_threshold": 0.5, "background": 1.25, "localization": 2.0, "duplicate": 0.1}
CHARTS = ("precision-recall", "f1", "cost", "roc", "reliability")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    return browser.new_page()


def written(results: Results, folder: Path, most_rows: int = MOST_ROWS) -> str:
    path = folder / "report.html"
    path.write_text(report_html(build_report(results), page_data({"run": results}, most_rows)), encoding="utf-8")
    return path.as_uri()


def demo_results(images: int = 60, **options: Any) -> Results:
    demo = make_demo(seed=3, images=images)
    return mapgap.analyze(demo.ground_truth, demo.detections, resamples=0, **options).results


def codes_of(attribute: Attribute, results: Results) -> tuple[IntegerArray, IntegerArray]:
    """The value of each detection, where it is at home, and of each annotation."""
    target, _ = target_of_detections(results)
    return attribute.codes_at(target, np.arange(len(target), dtype=np.int32)), attribute.object_codes


def require_curve(found: dict[str, Any], results: Results, attribute: Attribute | None = None, code: int = 0) -> None:
    """The page's curve is that of the detections and objects at home in the slice, counted one score after another."""
    threshold, truth, scores = results.analysis_threshold, results.ground_truth, results.detections.score
    is_member = results.matches.is_counted(threshold)
    is_hit, is_object = results.matches.is_true_positive(threshold), truth.is_object.copy()
    if attribute is not None:
        of_detection, of_object = codes_of(attribute, results)
        is_member &= of_detection == code
        is_object &= of_object == code
    levels = np.unique(scores[is_member])[::-1]
    assert found["score"] == levels.tolist()
    assert found["objects"] == np.count_nonzero(is_object)
    assert found["tp"] == [int(np.count_nonzero(is_member & is_hit & (scores >= level))) for level in levels]
    assert found["fp"] == [int(np.count_nonzero(is_member & ~is_hit & (scores >= level))) for level in levels]
    best = choose_score_threshold("best-f1", scores, is_member, is_hit, int(np.count_nonzero(is_object)))
    assert found["best"] == best
    wanted = score_reliability(scores[is_member], is_hit[is_member], np.zeros(int(is_member.sum()), np.int32), 1)
    bins = found["reliability"]["bins"]
    assert [[one["low"], one["high"], one["number"], one["right"]] for one in bins] == [
        list(row) for row in zip(wanted.low, wanted.high, wanted.detections, wanted.true_positives, strict=True)
    ]
    assert [one["total"] / one["number"] for one in bins] == pytest.approx(wanted.confidence.tolist(), abs=1e-12)
    error = found["reliability"]["error"]
    assert np.isnan(wanted.d_ece[0]) if error is None else error == pytest.approx(wanted.d_ece[0], abs=1e-12)


def cost_at(results: Results, attribute: Attribute | None = None, code: int = 0) -> float:
    """What the errors at home in the slice cost at the operating point."""
    errors = results.errors
    costs = cost_table(results)[errors.cause, errors.category]
    is_member = np.ones(len(costs), bool)
    if attribute is not None:
        is_member = attribute.codes_at(errors.object, errors.detection) == code
    return float(costs[is_member].sum())


@settings(max_examples=25, deadline=None)
@given(pair=coco_pairs())
def test_curves_of_the_whole_run(page: Page, tmp_path_factory: pytest.TempPathFactory, pair: CocoPair) -> None:
    results = mapgap.analyze(pair.ground_truth, pair.detections, resamples=0, costs=COSTS).results
    watched = Watched(page, written(results, tmp_path_factory.getbasetemp()))
    classes = list(range(len(results.ground_truth.categories.ids)))
    if len(results.detections.score):
        found = page.evaluate(CURVES, [{}, classes])
        require_curve(found, results)
        curve, roc = threshold_curve(results), roc_curve(results)
        assert found["cost"] == pytest.approx(curve.cost.tolist(), abs=1e-9)
        for key in ("score", "tp", "fp"):
            assert found["roc"][key] == getattr(roc, key).tolist(), key
        assert [found["roc"][key] for key in ("positives", "negatives", "auc")] == [
            roc.positives, roc.negatives, roc.auc
        ]  # fmt: skip
        assert found["areas"] == [None if np.isnan(auc) else auc for auc in results.image_level.auc.tolist()]
    assert watched.told == []


@settings(max_examples=15, deadline=None)
@given(pair=coco_pairs(max_categories=2))
def test_curves_under_a_filter(page: Page, tmp_path_factory: pytest.TempPathFactory, pair: CocoPair) -> None:
    results = mapgap.analyze(pair.ground_truth, pair.detections, resamples=0, costs=COSTS).results
    watched = Watched(page, written(results, tmp_path_factory.getbasetemp()))
    attributes = [one for one in results.attributes if one.name in ("class", "size", "border", "time")]
    level = float(np.median(results.detections.score)) if len(results.detections.score) else 0.0
    there = mapgap.analyze(pair.ground_truth, pair.detections, resamples=0, costs=COSTS, score_threshold=level).results
    for attribute in attributes if len(results.detections.score) else []:
        for code in range(len(attribute.values)):
            found = page.evaluate(CURVES, [{attribute.name: code}, []])
            require_curve(found, results, attribute, code)
            kept = sum(score >= level for score in found["score"])
            if kept:
                assert found["cost"][kept - 1] == pytest.approx(cost_at(there, attribute, code), abs=1e-9)
    assert watched.told == []


def test_costs_may_differ_by_class(page: Page, tmp_path: Path) -> None:
    names = demo_results(20).ground_truth.categories.names
    results = demo_results(20, costs={"missed": 2.0, f"background:{names[0]}": 7.0, f"missed:{names[1]}": 0.0})
    watched = Watched(page, written(results, tmp_path))
    found = page.evaluate(CURVES, [{}, []])
    assert found["cost"] == pytest.approx(threshold_curve(results).cost.tolist(), abs=1e-9)
    assert f"cost {cost_at(results):g}," in text_of(page, "cost")
    assert watched.told == []


def section_of(page: Page) -> None:
    """Brings the curves into sight and waits until they are drawn."""
    page.locator("#curves").scroll_into_view_if_needed()
    expect(page.locator("#curves:not([aria-busy])")).to_be_visible()


def text_of(page: Page, name: str) -> str:
    section_of(page)
    return page.locator(f"[data-chart={name}] .readout").text_content() or ""


def drawn_by(page: Page, name: str, selector: str) -> Any:
    return page.locator(f"[data-chart={name}] {selector}").evaluate_all(
        "(all) => all.map((one) => one.getAttribute('d') ?? [...one.attributes].map((a) => a.value).join(' '))"
    )


def test_the_page_draws_what_python_drew(browser: Browser, tmp_path: Path) -> None:
    """Axes, curves, rings, dots and words: before the scripts take over and after, number by number."""
    results = demo_results(120)
    assert len(threshold_curve(results).score) > 800  # so that points are left out
    address = written(results, tmp_path)
    without = browser.new_context(java_script_enabled=False).new_page()
    without.goto(address)
    with_scripts = browser.new_page()
    watched = Watched(with_scripts, address)
    section_of(with_scripts)
    for name in CHARTS:
        assert text_of(with_scripts, name) == without.locator(f"[data-chart={name}] .readout").text_content()
        for part in (".axes text", ".axes line", "path.curve", "path.diagonal", ".own", ".bin"):
            assert drawn_by(with_scripts, name, part) == drawn_by(without, name, part), (name, part)
        caption = f"[data-chart={name}] figcaption"
        assert with_scripts.locator(caption).text_content() == without.locator(caption).text_content()
    assert watched.told == []
    with_scripts.close()
    without.context.close()


def test_the_live_point_is_the_headline(page: Page, tmp_path: Path) -> None:
    results = demo_results()
    watched = Watched(page, written(results, tmp_path))
    section_of(page)
    for threshold in (0.2, 0.62, 2.0):
        page.evaluate("([threshold]) => mapgap.ready.then((page) => page.change({ threshold }))", [threshold])
        there = build_report(demo_results(score_threshold=threshold))
        words = report_html(there).split('data-chart="')[1:]
        for name, figure in zip(CHARTS, words, strict=True):
            wanted = figure.split('class="readout">')[1].split("</p>")[0]
            expect(page.locator(f"[data-chart={name}] .readout")).to_have_text(wanted)
        figures = {
            key: page.locator(f"[data-figure={key}] .value").text_content() for key in ("precision", "recall", "F1")
        }
        assert f"precision {figures['precision']} of" in text_of(page, "precision-recall")
        assert f"recall {figures['recall']} of" in text_of(page, "precision-recall")
        assert f"F1 {figures['F1']}," in text_of(page, "f1")
    live = page.locator("[data-chart=precision-recall] circle.live")
    assert live.count() == 0  # nothing is kept, so there is no precision
    page.evaluate("mapgap.ready.then((page) => page.change({ threshold: page.ownThreshold }))")
    expect(live).to_have_count(1)
    assert drawn_by(page, "f1", "circle.live")[0].split()[:2] == drawn_by(page, "f1", "circle.own")[0].split()[:2]
    assert watched.told == []


def test_keys_and_clicks_on_a_curve_move_the_threshold(page: Page, tmp_path: Path) -> None:
    results = demo_results()
    watched = Watched(page, written(results, tmp_path))
    section_of(page)
    exact, own = page.locator("output.threshold"), results.operating_point.score_threshold
    assert own is not None
    scores = sorted(set(threshold_curve(results).score.tolist()))
    for name, right in (("f1", 1), ("cost", 1), ("precision-recall", -1)):
        page.evaluate("mapgap.ready.then((page) => page.change({ threshold: page.ownThreshold }))")
        expect(exact).to_have_text(score_words(own))
        page.locator(f"[data-chart={name}] svg").focus()
        page.keyboard.press("ArrowRight")
        expect(exact).not_to_have_text(score_words(own))
        moved = float(exact.text_content() or "")
        assert moved in scores
        assert (moved > own) == (right > 0)
        page.keyboard.press("ArrowLeft")
        expect(exact).not_to_have_text(score_words(moved))
        page.keyboard.press("End" if right > 0 else "Home")
        expect(exact).to_have_text(score_words(scores[-1]))
    box = page.locator("[data-chart=f1] svg").bounding_box()
    assert box is not None
    at = box["x"] + box["width"] * (44 + 0.7 * 286) / 340
    page.mouse.move(at, box["y"] + box["height"] / 2)
    expect(page.locator("[data-chart=f1] circle.read")).to_have_count(1)
    read = page.locator("[data-chart=f1] .readout").text_content() or ""
    page.mouse.click(at, box["y"] + box["height"] / 2)
    expect(exact).not_to_have_text(score_words(scores[-1]))
    assert read.startswith(f"score ≥ {exact.text_content()}: F1 ")
    assert float(exact.text_content() or "") == pytest.approx(0.7, abs=0.02)
    page.locator("[data-chart=reliability] svg").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-chart=reliability] .readout")).to_have_text(re.compile("^score 0.00 to 0.05: "))
    assert watched.told == []


def test_the_slider_marks_the_best_f1(page: Page, tmp_path: Path) -> None:
    results = demo_results(score_threshold=0.2)
    best = demo_results().operating_point.score_threshold
    watched = Watched(page, written(results, tmp_path))
    mark = page.locator(".legend button")
    expect(mark).to_contain_text(f"at {best}")
    mark.click()
    expect(page.locator("output.threshold")).to_have_text(str(best))
    size = next(one for one in results.attributes if one.name == "size")
    found = page.evaluate(CURVES, [{"size": 0}, []])
    require_curve(found, results, size, 0)
    expect(mark).to_contain_text(f"at {score_words(found['best'])}")
    assert watched.told == []


def test_a_class_is_chosen_above_the_curves(page: Page, tmp_path: Path) -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    demo = make_demo(seed=3, images=40)
    demo.ground_truth["categories"][0]["name"] = hostile
    results = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0).results
    watched = Watched(page, written(results, tmp_path))
    section_of(page)
    page.locator(".choose-class select").select_option(hostile)
    expect(page.locator("#curves .population")).to_have_text(f"within class {hostile}")
    expect(page.locator("[data-chart=roc] .scope")).to_have_text(f"images of {hostile}")
    expect(page.locator("[data-chart=roc] .auc")).to_have_text(f"{results.image_level.auc[0]:.3f}".lstrip("0"))
    assert page.locator("#curves img").count() == 0
    page.locator(".choose-class select").select_option("all classes pooled")
    expect(page.locator("#curves .population")).to_have_text("all classes pooled")
    assert watched.told == []


def test_the_curves_stop_where_the_file_ends(page: Page, tmp_path: Path) -> None:
    results = demo_results(40)
    watched = Watched(page, written(results, tmp_path, most_rows=100))
    data = page_data({"run": results}, 100)
    lowest = data.manifest["runs"][0]["left_out"]["below_score"]
    found, whole = page.evaluate(CURVES, [{}, [0]]), threshold_curve(results)
    known = int(np.count_nonzero(whole.score >= lowest))
    assert found["score"] == whole.score[:known].tolist()
    assert found["fp"] == whole.fp[:known].tolist()
    assert found["areas"] == [None]
    section_of(page)
    expect(page.locator("[data-chart=roc] .auc")).to_have_text(f"{roc_curve(results).auc:.3f}".lstrip("0"))
    assert watched.told == []


def one_image(objects: int, scores: list[float], *, right: bool = True, classes: int = 1) -> tuple[Any, Any]:
    boxes = [[place * 20, 0, 10, 10] for place in range(max(objects, len(scores)))]
    return (
        {
            "images": [{"id": 1, "width": 400, "height": 100}],
            "categories": [{"id": k, "name": f"class {k}"} for k in range(classes)],
            "annotations": [
                {"id": k + 1, "image_id": 1, "category_id": 0, "bbox": box, "area": 100, "iscrowd": 0}
                for k, box in enumerate(boxes[:objects])
            ],
        },
        [
            {"image_id": 1, "category_id": 0, "bbox": box if right else [box[0], 50, 10, 10], "score": score}
            for box, score in zip(boxes, scores, strict=False)
        ],
    )


def test_of_equals_the_highest_score_is_best(page: Page, tmp_path: Path) -> None:
    """One right of one kept and two right of four kept: the same F1 for two objects."""
    truth, found = one_image(2, [0.9, 0.6, 0.7, 0.8])
    results = mapgap.analyze(truth, found, resamples=0, score_threshold=0.1).results
    curve = threshold_curve(results)
    assert curve.f1.tolist() == [2 / 3, 1 / 2, 2 / 5, 2 / 3]
    watched = Watched(page, written(results, tmp_path))
    require_curve(page.evaluate(CURVES, [{}, []]), results)
    expect(page.locator(".legend button")).to_contain_text("best F1 .667 at 0.9")
    assert watched.told == []


DEGENERATE = {
    "no detections": one_image(3, []),
    "no true positive": one_image(3, [0.9, 0.4], right=False),
    "no objects": one_image(0, [0.9, 0.4]),
    "one of each": one_image(1, [0.5]),
    "all scores equal": one_image(3, [0.5] * 4),
    "all scores equal and large": one_image(3, [50.0] * 4),
    "scores beyond 1": one_image(3, [120.0, 80.5, -3.0], classes=3),
    "tiny scores": one_image(2, [1e-300, 5e-324]),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_runs_are_drawn(page: Page, tmp_path: Path, name: str) -> None:
    truth, found = DEGENERATE[name]
    results = mapgap.analyze(truth, found, resamples=0).results
    watched = Watched(page, written(results, tmp_path))
    page.evaluate("mapgap.ready")
    page.locator("#curves").scroll_into_view_if_needed()
    if found:
        section_of(page)
    for patch in ({"threshold": 200}, {"threshold": None}, {"where": {"size": 0}}, {"where": {"class": 0}}):
        page.evaluate("(patch) => mapgap.ready.then((page) => page.change(patch))", patch)
        if found:
            section_of(page)
        drawing = page.locator("#curves").inner_html()
        assert "NaN" not in drawing
        assert "Infinity" not in drawing
    assert watched.told == []
