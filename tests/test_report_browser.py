"""report.html in a real browser: nothing runs, nothing loads, names are text, it fits every width."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from mapgap.report.content import build_report
from mapgap.report.html.page import report_html
from mapgap.visible_text import visible_lines
from tests.browser import Watched, headless_browser
from tests.report_example import example_results

HOSTILE = (
    "</script><script>alert(1)</script>",
    "\"'><img src=x onerror=alert(2)>\u202e\u2066 reversed\nsecond line",
    "",
    "</style><style>*{display:none}</style>" + "long " * 60,
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(report_html(build_report(example_results(HOSTILE))).encode())
    return path.as_uri()


@pytest.mark.parametrize("width", [360, 1280, 2560])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_quiet_and_fits(browser: Browser, address: str, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    watched = Watched(page, address)
    for summary in page.locator("details > summary").all():
        summary.click()
    for link in page.locator("nav a").all():
        link.click()
        assert page.evaluate("document.querySelector(location.hash) !== null")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert watched.told == []
    page.close()


def test_names_are_text(browser: Browser, address: str) -> None:
    page = browser.new_page()
    watched = Watched(page, address)
    names = page.locator("#classes tbody th").all_text_contents()
    assert names == [HOSTILE[0], visible_lines(HOSTILE[1]), "(no name)", HOSTILE[3]]
    assert page.locator("script, img, iframe, object, embed").count() == 0
    assert page.locator("style").count() == 1
    assert page.locator("#classes table").is_visible()
    assert watched.told == []
    page.close()


def test_the_style_sheet_is_allowed_and_nothing_else(browser: Browser, address: str) -> None:
    page = browser.new_page()
    watched = Watched(page, address)
    assert page.evaluate("getComputedStyle(document.querySelector('.figures')).display") == "grid"
    watched.told.clear()
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s);"
        " const i = document.createElement('img'); i.src = 'https://example.invalid/x.png'; document.body.append(i); }"
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in line for line in watched.told)
    page.close()


def test_the_bars_are_drawn_to_scale(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    Watched(page, address)
    widths = page.evaluate(
        "[...document.querySelectorAll('svg.gap-bar')].map(bar => [bar.getBoundingClientRect().width,"
        " [...bar.querySelectorAll('rect')].map(r => r.getBoundingClientRect().width).reduce((a, b) => a + b)])"
    )
    assert len(widths) == 2
    for bar, parts in widths:
        assert bar > 900
        assert parts == pytest.approx(bar, abs=10)
    page.close()
