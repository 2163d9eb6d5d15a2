"""Names that attack, on every page in a real browser: no script runs, nothing is asked for, text is text."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import mapgap
from mapgap.report.notebook import first_words, framed
from mapgap.visible_text import visible_lines
from tests import hostile
from tests.browser import Watched, headless_browser
from tests.command import mapgap as command
from tests.hostile import MARK, NAMES, steering_in

HAS_RUN = f"() => '{MARK}' in window || [...document.querySelectorAll('iframe')].some((frame) => '{MARK}' in frame)"
FOREIGN = (
    "script:not([type]), img, iframe, object, embed, svg[onload], [onerror], a[href^=javascript], base, form[action]"
)

ADDRESSES = (
    "#<img src=x onerror=window.__hacked=1>",
    "#where.__proto__=x&where.constructor=constructor",
    "#run=constructor",
    "#%E0%A4%A",
    "#s=NaN",
    "#s=1e999",
    "#cell=__proto__.constructor&cause=toString&kind=valueOf",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`report` on two runs, and `classified`."""
    folder = hostile.write_inputs(tmp_path_factory.mktemp("pages"))
    a, b = hostile.run_file("a"), hostile.run_file("b")
    for arguments in (
        ("report", "gt.json", f"a={a}", f"constructor={b}", "--attributes", "joined.csv", "-o", "report",
         "--slice", "</b>\u202e<img src=x onerror=window.__hacked=1>: light != 'n/a'", "--resamples", "20"),
        ("classify", "samples.csv", "-o", "classified", "--resamples", "20"),
    ):  # fmt: skip
        done = command(*arguments, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder


def page_text(page: Page) -> str:
    """All text and all words that are read out or shown on hover."""
    return str(
        page.evaluate(
            """() => [document.body, ...document.querySelectorAll("template")].map((root) => {
              const part = (root.content ?? root).cloneNode(true);
              for (const hidden of part.querySelectorAll("script, style")) hidden.remove();
              const words = [...part.querySelectorAll("[title], [aria-label], [alt]")].flatMap((element) =>
                ["title", "aria-label", "alt"].map((name) => element.getAttribute(name) ?? ""));
              return [part.textContent, document.title, ...words].join("\\n");
            }).join("\\n")"""
        )
    )


def assert_harmless(watched: Watched) -> None:
    page = watched.page
    assert watched.told == []
    assert page.evaluate(HAS_RUN) is False
    assert steering_in(page_text(page)) == []


def use_everything(page: Page) -> None:
    """Unfolds, clicks and chooses whatever there is, a few of a kind."""
    for summary in page.locator("main details > summary").all()[:12]:
        summary.click()
    for selector in ("main select", "form select"):
        for place in range(min(page.locator(selector).count(), 6)):
            select = page.locator(selector).nth(place)
            if select.is_visible() and select.is_enabled():
                number = select.locator("option").count()
                for option in range(0, number, max(1, number // 4)):
                    select.select_option(index=option)
    for selector in ("button.as-text", "main table.matrix td button", ".show button", "th button"):
        for place in range(min(page.locator(selector).count(), 4)):
            button = page.locator(selector).nth(place)
            if button.is_visible() and button.is_enabled():
                button.click()


@pytest.mark.parametrize("name", ["report/report.html", "classified/report.html"])
def test_a_page_is_only_text(browser: Browser, folder: Path, name: str) -> None:
    page = browser.new_page()
    watched = Watched(page, (folder / name).as_uri())
    assert_harmless(watched)
    use_everything(page)
    assert_harmless(watched)
    assert page.locator(FOREIGN).count() == 1  # the page's own script
    names = page_text(page)
    for at in (0, 1, 3, 4, 9, 10):
        assert visible_lines(NAMES[at]) in names, at
    page.close()


def test_a_filter_by_any_attribute_and_value(browser: Browser, folder: Path) -> None:
    """Names such as __proto__ are keys like others, in the page's state and in its address."""
    page = browser.new_page()
    watched = Watched(page, (folder / "report/report.html").as_uri())
    attributes, values = page.get_by_label("Attribute to filter by"), page.get_by_label("Value to filter by")
    for name in ("__proto__", "constructor", "hasOwnProperty", NAMES[0], NAMES[9], "=2+2"):
        attributes.select_option(label=visible_lines(name))
        values.select_option(index=0)
        page.get_by_role("button", name="add filter").click()
        expect(page.locator(".chips").first).to_contain_text(visible_lines(name))
    address = page.url
    assert re.fullmatch(r"[!-~]+", address)
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator(".chips").first).to_contain_text("hasOwnProperty")
    told = [line for line in watched.told if not line.startswith("request: about:")]
    assert told == []
    assert page.evaluate(HAS_RUN) is False
    page.close()


def test_an_address_is_only_a_view(browser: Browser, folder: Path) -> None:
    """Whoever sends a link chooses what is shown, and nothing else."""
    page = browser.new_page()
    for address in ADDRESSES:
        watched = Watched(page, (folder / "report/report.html").as_uri() + address)
        assert watched.told == [], address
        assert page.evaluate(HAS_RUN) is False
        assert page.evaluate("() => Object.keys(Object.prototype).length") == 0
        page.goto("about:blank")
    page.close()


def test_a_notebook_stays_its_owners(browser: Browser, folder: Path, tmp_path: Path) -> None:
    analysis = mapgap.analyze(folder / "gt.json", folder / hostile.run_file("a"), resamples=0)
    text = (folder / "report/report.html").read_text(encoding="utf-8")
    words = first_words(analysis.summary, 9_000_000, NAMES[3])
    for place, shown in enumerate((framed(text), words)):
        path = tmp_path / f"{place}.html"
        path.write_text(f"<!doctype html><meta charset=utf-8><title>x</title><body>{shown}</body>", encoding="utf-8")
        page = browser.new_page()
        told: list[str] = []
        page.on("dialog", lambda dialog: (told.append(dialog.message), dialog.dismiss())[0])  # noqa: B023
        page.on("pageerror", lambda error: told.append(str(error)))  # noqa: B023
        page.goto(path.as_uri())
        if place == 0:
            frame = page.frame_locator("iframe")
            expect(frame.locator("h1")).to_be_visible()
            assert page.evaluate("() => { try { return frames[0].document === null; } catch { return true; } }")
        assert told == []
        assert page.evaluate(HAS_RUN) is False
        assert page.locator("script, img, object, embed, [onerror]").count() == 0
        assert all(not link.startswith("javascript:") for link in re.findall('href="([^"]*)"', html.unescape(words)))
        page.close()
