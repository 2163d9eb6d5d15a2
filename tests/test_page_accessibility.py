"""report.html for people who use a keyboard, a screen reader or their own colours: what axe-core can tell of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import mapgap
from mapgap.demo import make_demo
from mapgap.report.content import build_report
from mapgap.report.embedded.page_data import page_data
from mapgap.report.html.page import report_html
from tests.browser import Watched, headless_browser
from tests.report_example import example_results

STATES: dict[str, dict[str, Any]] = {
    "as reported": {},
    "moved and filtered": {"threshold": 0.5, "where": {"size": 0}, "cause": 0},
    "nothing left": {"threshold": 2},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    demo = make_demo(seed=3, images=60)
    results = mapgap.analyze(demo.ground_truth, demo.detections, resamples=20).results
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(report_html(build_report(results), page_data({"run": results})).encode())
    return path.as_uri()


def complaints(page: Page) -> list[str]:
    """What axe-core finds wrong, one line an element."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['html'][:200]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_to_complain_of(browser: Browser, address: str, state: str, scheme: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    watched = Watched(page, address)
    page.evaluate("(patch) => mapgap.ready.then((page) => page.change(patch))", STATES[state])
    page.locator("#examples").scroll_into_view_if_needed()
    expect(page.locator("#examples:not([aria-busy])")).to_be_visible()
    for summary in page.locator("details > summary").all():
        summary.click()
    assert complaints(page) == []
    assert watched.told == []
    page.close()


def test_nothing_to_complain_of_without_scripts(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(report_html(build_report(example_results(("</script>", "", "\u202e", "long " * 60)))).encode())
    page = browser.new_page()
    watched = Watched(page, path.as_uri())
    assert complaints(page) == []
    assert watched.told == []
    page.close()


def test_a_complaint_is_heard(browser: Browser, address: str) -> None:
    page = browser.new_page()
    Watched(page, address)
    page.evaluate("mapgap.ready.then(() => document.querySelector('main').append(document.createElement('button')))")
    assert any(line.startswith("button-name") for line in complaints(page))
    page.close()
