"""Several runs on one page: whichever is shown, its numbers are Python's, and the filter stays."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import mapgap
from mapgap.analysis.runs import Runs
from mapgap.demo import make_demo
from mapgap.number_words import count, fraction, percent
from mapgap.report.content import build_report
from mapgap.report.embedded.page_data import page_data
from mapgap.report.html.page import report_html
from mapgap.tables import Results
from tests.browser import Watched, headless_browser
from tests.compared import compared_of

SHOWN = """(page) => ({
  run: page.state.run, threshold: page.state.threshold, where: page.state.where,
  counts: [page.tally.tp, page.tally.fp, page.tally.fn], cells: [...page.tally.cells],
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture(scope="module")
def runs() -> Runs:
    demo = make_demo(seed=3, images=40)
    fewer = [detection for place, detection in enumerate(demo.detections) if place % 3]
    weak = [{**detection, "score": detection["score"] / 1000} for detection in fewer]
    of = {"all": demo.detections, "weak": weak, "none": []}
    return mapgap.analyze_runs(demo.ground_truth, of, resamples=20)


@pytest.fixture(scope="module")
def address(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(runs, tmp_path_factory.mktemp("runs"))


def written(runs: Runs, folder: Path) -> str:
    results = {name: analysis.results for name, analysis in runs.items()}
    reports = [build_report(of_run, name) for name, of_run in results.items()]
    path = folder / "report.html"
    path.write_text(
        report_html(reports[0], page_data(results), reports[1:], None, compared_of(results)), encoding="utf-8"
    )
    return path.as_uri()


def shown(page: Page) -> dict[str, Any]:
    told: dict[str, Any] = page.evaluate(f"mapgap.ready.then(() => ({SHOWN})(mapgap.page()))")
    return told


def choose(page: Page, name: str) -> None:
    page.locator(".run select").select_option(name)
    expect(page.locator("#runs tr[aria-current] th")).to_have_text(name)


def agrees(page: Page, results: Results) -> None:
    """What the page shows of a run, as reported, is what Python says."""
    point, matrix = results.operating_point, results.confusion_matrix
    tp, fp, fn = (int(column.sum()) for column in (point.class_tp, point.class_fp, point.class_fn))
    told = shown(page)
    assert told["threshold"] == point.score_threshold
    assert told["counts"] == [tp, fp, fn]
    cells = [0] * len(matrix.labels) ** 2
    for truth, prediction, number in zip(matrix.truth, matrix.prediction, matrix.cell_counts, strict=True):
        cells[truth * len(matrix.labels) + prediction] = int(number)
    if len(told["cells"]) == len(cells):
        assert told["cells"] == cells
    figure = page.locator("#headline .figure[data-figure='AP'] .value")
    expect(figure).to_have_text(fraction(results.metrics["AP"]))
    recall = page.locator("#headline .figure[data-figure='recall']")
    expect(recall.locator(".value")).to_have_text(percent(tp / (tp + fn)))
    expect(recall.locator(".of")).to_contain_text(f"{count(tp)} of {count(tp + fn)} objects")


def test_each_run_shows_its_own_numbers(page: Page, runs: Runs, address: str) -> None:
    watched = Watched(page, address)
    agrees(page, runs["all"].results)
    for name in ("weak", "none", "all", "none", "weak"):
        choose(page, name)
        agrees(page, runs[name].results)
        assert page.evaluate("document.querySelectorAll('.controls').length") == 1
        assert page.evaluate("document.querySelectorAll('main').length") == 1
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
        assert len(ids) == len(set(ids))
        expect(page.locator(".run select")).to_be_focused()
        expect(page.locator(".run select")).to_have_value(name)
    assert watched.told == []


def test_the_filter_stays_and_the_threshold_goes_to_that_of_the_run(page: Page, runs: Runs, address: str) -> None:
    watched = Watched(page, f'{address}#s=0.9&where.size="small"')
    filtered = shown(page)
    assert filtered["threshold"] == 0.9
    choose(page, "weak")
    told = shown(page)
    results = runs["weak"].results
    assert told["where"] == filtered["where"]
    assert told["threshold"] == results.operating_point.score_threshold
    row = next(row for row, where in enumerate(results.slices.where) if dict(where) == {"size": "small"})
    slices = results.slices
    assert told["counts"] == [slices.tp[row], slices.fp[row], slices.fn[row]]
    assert "run=weak" in page.evaluate("location.hash")
    assert "s=" not in page.evaluate("location.hash").replace("where.s", "")
    assert watched.told == []


def test_the_address_names_the_run(page: Page, runs: Runs, address: str) -> None:
    """From the start, and when somebody changes it; a run that is not there is the first."""
    watched = Watched(page, f"{address}#run=weak&s=0.0005")
    assert (shown(page)["run"], shown(page)["threshold"]) == (1, 0.0005)
    page.evaluate("location.hash = '#run=none'")
    expect(page.locator("#runs tr[aria-current] th")).to_have_text("none")
    agrees(page, runs["none"].results)
    page.evaluate("location.hash = '#run=unknown'")
    expect(page.locator("#runs tr[aria-current] th")).to_have_text("all")
    agrees(page, runs["all"].results)
    assert watched.told == []


def test_a_name_in_the_table_shows_its_run(page: Page, runs: Runs, address: str) -> None:
    watched = Watched(page, address)
    shown(page)
    page.locator("#runs button", has_text="weak").click()
    expect(page.locator("#runs tr[aria-current] th")).to_have_text("weak")
    agrees(page, runs["weak"].results)
    page.locator("#examples").scroll_into_view_if_needed()
    expect(page.locator("#examples .gallery figure").first).to_be_visible()
    assert page.locator("nav a[href='#examples']").count() == 1
    assert page.locator(".without-scripts").count() == 0
    assert watched.told == []


def test_without_scripts_the_first_run_is_there_and_the_way_to_the_others(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    expect(page.locator("main")).to_have_count(1)
    expect(page.locator("#runs tbody tr")).to_have_count(3)
    expect(page.locator("#runs .without-scripts")).to_contain_text("runs/weak/report.md")
    context.close()


def test_one_run_has_no_choice(page: Page, runs: Runs, tmp_path: Path) -> None:
    watched = Watched(page, written(Runs({"all": runs["all"]}), tmp_path))
    agrees(page, runs["all"].results)
    assert page.locator("#runs, .run, template").count() == 0
    assert watched.told == []


def test_three_detectors_on_kaist(page: Page, real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "kaist"
    files = {name: folder / "detections" / f"{name}.json" for name in ("MBNet", "MLPD", "MSDS-RCNN")}
    runs = mapgap.analyze_runs(folder / "gt.json", files, resamples=0)
    watched = Watched(page, written(runs, tmp_path))
    for name in ("MBNet", "MSDS-RCNN", "MLPD", "MBNet"):
        choose(page, name)
        agrees(page, runs[name].results)
    assert watched.told == []
