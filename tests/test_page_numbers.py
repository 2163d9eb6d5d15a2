"""The live numbers of the page: in a browser, at every threshold and filter, exactly those of Python."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from playwright.sync_api import Browser, Page, expect

import mapgap
from mapgap.demo import make_demo
from mapgap.number_words import fraction, percent, score
from mapgap.report.content import build_report
from mapgap.report.embedded.page_data import page_data
from mapgap.report.embedded.run import MOST_ROWS
from mapgap.report.html.page import report_html
from mapgap.tables import CAUSES, Results
from tests.browser import Watched, headless_browser
from tests.generated import CocoPair, coco_pairs

TALLY = """
([threshold, where]) => mapgap.ready.then(async (page) => {
  await page.change({ threshold, where });
  const { tally, whole, truth } = page;
  const cells = [];
  tally.cells.forEach((number, cell) => { if (number) cells.push([cell, number]); });
  const levels = page.imageLevel();
  return {
    tp: [...tally.classTp], fp: [...tally.classFp], fn: [...tally.classFn],
    errors: [...tally.errors], images: [...tally.imagesOfCause], cells,
    gap: [...whole.byCause], gapAt50: [...whole.byCauseAt50],
    levels: ["tp", "fp", "fn", "tn"].map((key) => [...levels[key]]),
    slices: truth.attributes.map((attribute, at) => ({
      objects: [...whole.attributes[at].objects], images: [...whole.attributes[at].images],
      gap: [...whole.attributes[at].gap],
      tp: [...tally.attributes[at].tp], fp: [...tally.attributes[at].fp], fn: [...tally.attributes[at].fn],
    })),
  };
})
"""


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


def analyzed(pair: CocoPair, **options: Any) -> Results:
    return mapgap.analyze(pair.ground_truth, pair.detections, resamples=0, **options).results


def thresholds_of(results: Results) -> list[float | None]:
    """All of a few scores, in between, and all detections."""
    scores = np.unique(results.detections.score)
    some = scores[:: max(1, len(scores) // 4)].tolist()
    return [*some, *(score + 1e-9 for score in some[:1]), None]


def told_by_python(results: Results) -> dict[str, Any]:
    """The same numbers as `TALLY` gives."""
    point, matrix, levels = results.operating_point, results.confusion_matrix, results.image_level
    labels = len(matrix.labels)
    cells = matrix.truth.astype(int) * labels + matrix.prediction
    totals = {total.cause: total for total in results.cause_totals}
    return {
        "tp": point.class_tp.tolist(),
        "fp": point.class_fp.tolist(),
        "fn": point.class_fn.tolist(),
        "errors": [totals[cause].errors if cause in totals else 0 for cause in CAUSES],
        "images": [totals[cause].images if cause in totals else 0 for cause in CAUSES],
        "cells": sorted(zip(cells.tolist(), matrix.cell_counts.tolist(), strict=True)),
        "levels": [column.tolist() for column in (levels.tp, levels.fp, levels.fn, levels.tn)],
        "gap": [totals[cause].gap if cause in totals else 0.0 for cause in CAUSES],
    }


def require_equal(found: dict[str, Any], results: Results, *, with_slices: bool = True) -> None:
    wanted = told_by_python(results)
    for key in ("tp", "fp", "fn", "errors", "images", "levels"):
        assert found[key] == wanted[key], key
    assert [tuple(cell) for cell in found["cells"]] == wanted["cells"]
    assert found["gap"] == pytest.approx(wanted["gap"], abs=1e-9)
    if with_slices:
        require_slices(found["slices"], results, {})


def require_slices(found: list[dict[str, Any]], results: Results, where: dict[str, Any]) -> None:
    """The slices by one attribute more than `where` are those of Python; a value without a row holds nothing."""
    slices = results.slices
    rows = {json.dumps(named, sort_keys=True): row for row, named in enumerate(slices.where)}
    for attribute, columns in zip(results.attributes, found, strict=True):
        if attribute.name in where:
            continue
        for code, value in enumerate(attribute.values):
            row = rows.get(json.dumps({**where, attribute.name: value}, sort_keys=True))
            here = [columns[key][code] for key in ("objects", "images", "tp", "fp", "fn")]
            if row is None:
                assert here == [0, 0, 0, 0, 0]
                continue
            columns_of_python = (slices.objects, slices.images, slices.tp, slices.fp, slices.fn)
            assert here == [int(column[row]) for column in columns_of_python], (attribute.name, value)
            assert columns["gap"][code] == pytest.approx(slices.gap[row], abs=1e-9)


@settings(max_examples=40)
@given(pair=coco_pairs())
def test_every_number_is_that_of_python(page: Page, tmp_path_factory: pytest.TempPathFactory, pair: CocoPair) -> None:
    results = analyzed(pair)
    watched = Watched(page, written(results, tmp_path_factory.getbasetemp()))
    for threshold in thresholds_of(results):
        # Below all scores nothing is left out, which is how Python is told of "every score".
        score = -1.0 if threshold is None else threshold
        require_equal(page.evaluate(TALLY, [threshold, {}]), analyzed(pair, score_threshold=score))
    assert watched.told == []


@settings(max_examples=25)
@given(pair=coco_pairs(max_categories=2))
def test_filters_give_the_slices_of_python(
    page: Page, tmp_path_factory: pytest.TempPathFactory, pair: CocoPair
) -> None:
    results = analyzed(pair)
    watched = Watched(page, written(results, tmp_path_factory.getbasetemp()))
    threshold = results.operating_point.score_threshold
    for attribute in results.attributes[:6]:
        for code, value in enumerate(attribute.values):
            found = page.evaluate(TALLY, [threshold, {attribute.name: code}])
            require_slices(found["slices"], results, {attribute.name: value})
    assert watched.told == []


def test_what_is_written_is_what_python_writes(page: Page, tmp_path: Path) -> None:
    """After a move of the slider the tables say what the report at that threshold says."""
    demo = make_demo(seed=3, images=60)
    results = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0).results
    watched = Watched(page, written(results, tmp_path))
    page.set_viewport_size({"width": 1280, "height": 900})
    for threshold in (0.2, 0.62):
        page.evaluate(TALLY, [threshold, {}])
        report = build_report(
            mapgap.analyze(demo.ground_truth, demo.detections, resamples=0, score_threshold=threshold).results
        )
        point = report.summary["operating_point"]
        texts = page.evaluate(
            "Object.fromEntries([...document.querySelectorAll('[data-figure]')]"
            ".map((one) => [one.dataset.figure, one.querySelector('.value').textContent]))"
        )
        assert texts["recall"] == percent(point["recall"])
        assert texts["precision"] == percent(point["precision"])
        assert texts["F1"] == fraction(point["f1"])
        by_class = page.locator("#classes tbody tr").all()
        for row, record in zip(by_class, report.classes.rows, strict=True):
            cells = row.locator("td").all_text_contents()
            assert cells[8] == percent(record["recall"])
            assert cells[9] == fraction(record["f1"], 2)
        matrix = page.evaluate(
            "[...document.querySelector('#confusion table.matrix').tBodies[0].rows]"
            ".map((row) => [...row.querySelectorAll('td')].slice(0, -1)"
            ".map((cell) => Number(cell.textContent.replaceAll(',', ''))))"
        )
        assert matrix == [list(row) for row in report.matrix.counts]
    assert watched.told == []


def test_a_view_can_be_linked(page: Page, tmp_path: Path) -> None:
    demo = make_demo(seed=3, images=40)
    results = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0).results
    address = written(results, tmp_path)
    Watched(page, address)
    wanted = page.evaluate(TALLY, [0.3, {"time_of_day": 1, "size": 0}])
    linked = page.url
    assert "s=0.3" in linked
    watched = Watched(page, "about:blank")
    page.goto(linked)
    found = page.evaluate("mapgap.ready.then((page) => [page.state.threshold, page.state.where, page.tally.tp])")
    assert found == [0.3, {"time_of_day": 1, "size": 0}, sum(wanted["tp"])]
    page.locator(".chips button").first.click()
    page.evaluate("mapgap.ready.then((page) => page.change({}))")
    assert page.locator(".chips button").count() == 1
    assert [line for line in watched.told if "report.html" not in line] == []


def test_the_threshold_stops_where_the_file_ends(page: Page, tmp_path: Path) -> None:
    """Below the score from which all detections are known nothing could be counted."""
    demo = make_demo(seed=3, images=40)
    results = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0).results
    watched = Watched(page, written(results, tmp_path, most_rows=100))
    lowest = page_data({"run": results}, 100).manifest["runs"][0]["left_out"]["below_score"]
    found = page.evaluate(TALLY, [0.01, {}])
    assert page.evaluate("mapgap.ready.then((page) => page.state.threshold)") == lowest
    known = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0, score_threshold=lowest).results
    require_equal({**found, "gap": told_by_python(known)["gap"]}, known, with_slices=False)
    assert "are not in this file" in (page.locator(".controls .note:not(.moved-only)").text_content() or "")
    assert watched.told == []


def test_what_is_not_counted_again_turns_grey(page: Page, tmp_path: Path) -> None:
    demo = make_demo(seed=3, images=60)
    results = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0).results
    watched = Watched(page, written(results, tmp_path))
    note = page.locator(".moved-only")
    colour = "getComputedStyle(document.querySelector('.reported td')).color"
    as_reported = page.evaluate(f"mapgap.ready.then(() => {colour})")
    assert not note.is_visible()
    page.evaluate(TALLY, [0.2, {}])
    assert page.evaluate(colour) != as_reported
    assert str(results.operating_point.score_threshold) in (note.text_content() or "")
    assert note.is_visible()
    page.evaluate(TALLY, [results.operating_point.score_threshold, {}])
    assert page.evaluate(colour) == as_reported
    assert not note.is_visible()
    assert watched.told == []


def test_an_attribute_may_have_any_name(page: Page, tmp_path: Path) -> None:
    """One that means something to JavaScript filters like every other, from the address too."""
    demo = make_demo(seed=3, images=20)
    for annotation in demo.ground_truth["annotations"]:
        annotation["attributes"]["__proto__"] = "odd" if annotation["id"] % 2 else "even"
    results = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0).results
    address = written(results, tmp_path)
    Watched(page, "about:blank")
    page.goto(f'{address}#where.__proto__="odd"')
    told = page.evaluate(
        "mapgap.ready.then(({ tally, members }) => [tally.tp, members.objects.reduce((a, b) => a + b)])"
    )
    slices = results.slices
    row = next(row for row, where in enumerate(slices.where) if dict(where) == {"__proto__": "odd"})
    assert told == [slices.tp[row], slices.objects[row]]


def test_numbers_are_worded_as_in_python(page: Page, tmp_path: Path) -> None:
    demo = make_demo(seed=3, images=20)
    Watched(page, written(mapgap.analyze(demo.ground_truth, demo.detections, resamples=0).results, tmp_path))
    chance = np.random.default_rng(0)
    values = [
        *chance.random(300),
        *(k / 8 for k in range(9)),
        *(k / 80 for k in range(81)),
        *(k / 1000 for k in range(1001)),
    ]
    values += [1e-13, 0.00049, 0.0005, 0.9994, 0.9995, 0.99951, 0.0995, 0.09949999, 0.99, 0.0625, 0.03125, 0.9990234375]
    found = page.evaluate(
        "(values) => mapgap.ready.then((page) => values.map((v) => [page.words.percent(v), page.words.fraction(v),"
        " page.words.fraction(v, 2), page.words.fraction(-v)]))",
        values,
    )
    for value, words in zip(values, found, strict=True):
        assert words == [percent(value), fraction(value), fraction(value, 2), fraction(-value)], value
    assert math.isfinite(sum(values))
    scores = [
        0.0,
        1.0,
        100.0,
        7.137e-05,
        1e-6,
        9.99e-7,
        1e-7,
        5e-324,
        0.1 + 0.2,
        1e16,
        123456789012345680000.0,
        1e21,
        1e300,
    ]
    scores += (
        [-score for score in scores[1:]] + chance.random(200).tolist() + (10 ** chance.uniform(-9, 22, 200)).tolist()
    )
    assert page.evaluate("(values) => values.map(String)", scores) == [score(value) for value in scores]


def test_a_click_on_a_cell_shows_its_errors(page: Page, tmp_path: Path) -> None:
    demo = make_demo(seed=3, images=40)
    results = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0).results
    watched = Watched(page, written(results, tmp_path))
    page.evaluate("mapgap.ready.then((page) => page.change({}))")
    rows = page.locator("#confusion table.matrix tbody tr")
    rows.nth(0).locator("td").nth(0).click()
    assert page.evaluate("mapgap.ready.then((page) => page.state.cell)") is None
    rows.nth(0).locator("td").last.click()
    assert page.evaluate("mapgap.ready.then((page) => page.state.cell)") is None
    background = len(results.ground_truth.categories.ids)
    rows.nth(0).locator("td").nth(background).click()
    assert page.evaluate("mapgap.ready.then((page) => page.state.cell)") == [0, background]
    expect(page.locator("#examples h2")).to_be_focused()  # the click moves the focus there, once all is drawn
    page.locator("#confusion table.matrix").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("mapgap.ready.then((page) => page.state.cell)") == [0, 1]
    assert watched.told == []
