"""Views of the page beyond its counts: sorted tables, gap, heat map, missed small objects, chosen hot spots."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

import mapgap
from mapgap.demo import make_demo
from mapgap.report.content import build_report
from mapgap.report.embedded.page_data import page_data
from mapgap.report.html.page import report_html
from mapgap.tables import Results
from tests.browser import Watched, headless_browser

CHANGE = "(patch) => mapgap.ready.then((page) => page.change(patch))"
STATE = "mapgap.ready.then((page) => page.state)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def results() -> Results:
    return analyzed()


def analyzed(**options: float) -> Results:
    demo = make_demo(seed=3, images=60)
    return mapgap.analyze(demo.ground_truth, demo.detections, **{"resamples": 0, **options}).results


@pytest.fixture(scope="module")
def address(results: Results, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("views") / "report.html"
    path.write_bytes(report_html(build_report(results), page_data(results)).encode())
    return path.as_uri()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    watched = Watched(page, address)
    page.evaluate(CHANGE, {})
    yield page
    assert watched.told == []
    page.close()


def test_a_table_sorts_by_value_and_back(page: Page, results: Results) -> None:
    table = page.locator("#classes table")
    own = table.locator("tbody th").all_text_contents()
    objects = build_report(results).classes.rows
    by_objects = [str(row["name"]) for row in sorted(objects, key=lambda row: -row["objects"])]
    heading = table.locator("thead th").nth(2)
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert table.locator("tbody th").all_text_contents() == by_objects
    heading.locator("button").press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    by_objects = [str(row["name"]) for row in sorted(objects, key=lambda row: row["objects"])]
    assert table.locator("tbody th").all_text_contents() == by_objects
    heading.locator("button").press("Space")
    assert heading.get_attribute("aria-sort") is None
    assert table.locator("tbody th").all_text_contents() == own


def test_a_sorted_table_stays_sorted(page: Page) -> None:
    table = page.locator("#classes table")
    table.locator("thead th").nth(9).locator("button").click()
    for threshold in (0.2, 0.62):
        page.evaluate(CHANGE, {"threshold": threshold})
        shown = [float(text.split()[0]) for text in table.locator("tbody td:nth-child(10)").all_text_contents()]
        assert shown == sorted(shown, reverse=True)


def test_intervals_are_drawn(results: Results) -> None:
    told = report_html(build_report(analyzed(resamples=20)))
    assert 'class="range"' in told
    assert 'class="whole"' in told
    assert 'class="range"' not in report_html(build_report(results))
