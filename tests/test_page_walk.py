"""A reader who presses anything: after every step all views agree with one another, and at the end with Python."""

import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

import mapgap
from mapgap.analysis.runs import Runs
from mapgap.demo import make_demo
from mapgap.report.content import build_report
from mapgap.report.embedded.page_data import page_data
from mapgap.report.html.page import report_html
from tests.browser import Watched, headless_browser
from tests.compared import compared_of
from tests.page_walk import counts_of, read, require_agreement
from tests.test_report_browser import HOSTILE

STEPS = int(os.environ.get("MAPGAP_WALK_STEPS", "14"))
SEEDS = [int(seed) for seed in os.environ.get("MAPGAP_WALK_SEEDS", "1,2").split(",")]

# What can be pressed, by kind, so that the many cells do not drown the few buttons. Saving is tested elsewhere.
KINDS = {
    "button": "button:enabled:visible:not(:has-text('save as'))",
    "select": "select:visible",
    "cell": "table.matrix tbody td:visible",
    "part": "rect[role=button]",
    "chart": "#curves svg[role=slider]",
    "slider": "input[type=range]",
    "chip": ".chips button",
    "link": "nav a",
    "details": "summary",
    "walk": "table.matrix",
    "heading": "th button:visible",
}
KEYS = ["ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown"]
DIGEST = [
    "state",
    "headline",
    "matrix",
    "classRows",
    "images",
    "gap",
    "gapSum",
    "causes",
    "missed",
    "missedRows",
    "run",
]
HASH = """(hash) => new Promise((done) => {
  if (location.hash === hash) { done(); return; }
  addEventListener("hashchange", () => done(), { once: true });
  location.hash = hash;
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_browser() as browser:
        yield browser


def hostile_demo() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The demo with names that want to be markup, a crowd, a class without objects and one without detections."""
    demo = make_demo(seed=3, images=40)
    truth = demo.ground_truth
    for category, name in zip(truth["categories"], (*HOSTILE, "__proto__"), strict=True):
        category["name"] = name
    for category, name in ((6, "no <b>objects</b>"), (7, "no detections")):
        truth["categories"].append({"id": category, "name": name})
    for place, image in enumerate(truth["images"]):
        image["file_name"] = f"{HOSTILE[place % 2]}{place}.png"
        image[HOSTILE[1]] = HOSTILE[place % 3]
    for place, annotation in enumerate(truth["annotations"]):
        if place % 29 == 0:
            annotation["iscrowd"] = 1
        elif place % 17 == 0:
            annotation["category_id"] = 7
    detections = [
        {**detection, "category_id": 6} if place % 23 == 0 else detection
        for place, detection in enumerate(demo.detections)
    ]
    return truth, detections


@pytest.fixture(scope="module")
def runs() -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]], Runs]:
    truth, detections = hostile_demo()
    fewer = [{**detection, "score": detection["score"] / 10} for detection in detections[::2]]
    of = {"whole": detections, "fewer": fewer}
    return truth, of, mapgap.analyze_runs(truth, of, resamples=20)


def written(runs: Runs, folder: Path) -> str:
    results = {name: analysis.results for name, analysis in runs.items()}
    reports = [build_report(of_run, name) for name, of_run in results.items()]
    path = folder / "report.html"
    path.write_text(
        report_html(reports[0], page_data(results), reports[1:], None, compared_of(results)), encoding="utf-8"
    )
    return path.as_uri()


def open_page(browser: Browser, address: str) -> tuple[Page, Watched]:
    """A page in which everything is in sight, so that every view draws at once."""
    page = browser.new_page(viewport={"width": 1280, "height": 24000})
    watched = Watched(page, address)
    page.evaluate("mapgap.ready.then(() => null)")
    return page, watched


class Walk:
    """One reader; `trail` says what was pressed, for the message of a failure."""

    def __init__(self, browser: Browser, address: str, seed: int) -> None:
        self.chance = random.Random(seed)
        self.browser, self.address = browser, address
        self.page, self.watched = open_page(browser, address)
        self.trail: list[str] = []
        self.seen: dict[str, dict[str, Any]] = {}

    def step(self) -> None:
        kind = self.chance.choice([*KINDS, "hash", "reset", "slider", "select"])
        if kind == "hash":
            self._change_address()
        elif kind == "reset":
            self._reset()
        else:
            self._press(kind)
        self._run_is_there()
        self.check()

    def _press(self, kind: str) -> None:
        found = self.page.locator(KINDS[kind])
        number = found.count()
        if not number:
            return
        place = self.chance.randrange(number)
        one = found.nth(place)
        self.trail.append(f"{kind} {place}")
        if kind == "select":
            options = one.locator("option").count()
            one.select_option(index=self.chance.randrange(options))
        elif kind in ("chart", "slider", "walk"):
            one.focus()
            for _ in range(self.chance.randrange(1, 5)):
                self.page.keyboard.press(self.chance.choice(KEYS))
            if kind == "walk":
                self.page.keyboard.press("Enter")
        elif kind in ("button", "part", "heading") and self.chance.random() < 0.5:
            one.focus()
            self.page.keyboard.press(self.chance.choice(["Enter", "Space", "Escape"]))
        elif kind == "part":
            one.dispatch_event("click")  # some are too thin for a mouse
        else:
            one.click()

    def _change_address(self) -> None:
        name, value = quote(HOSTILE[1]), quote(f'"{HOSTILE[0]}"')
        hashes = ["#s=0.3", "#s=all", "#s=9", "#s=-1&run=fewer", '#where.size="small"', "#cause=missed&kind=missed"]
        hashes += ["#run=fewer", "#run=<b>&s=x", "#cell=1.background", "#cell=background.6&where.nothing=1", "#gap"]
        hashes += [f"#where.{name}={value}&s=0.02", '#where.class="no detections"', "#s=0.05&run=fewer&cell=2.1"]
        chosen = self.chance.choice(hashes)
        self.trail.append(chosen)
        self.page.evaluate(HASH, chosen)
        wanted = "fewer" if "run=fewer" in chosen else "whole"
        if "=" in chosen and self.page.locator("#runs").count():
            expect(self.page.locator("#runs tr[aria-current] th")).to_have_text(wanted)

    def _reset(self) -> None:
        self.trail.append("reset")
        while self.page.locator(".chips button").count():
            self.page.locator(".chips button").first.click()
            self.page.evaluate("mapgap.page().change({})")
        button = self.page.get_by_role("button", name="as reported", exact=True).first
        if button.is_enabled():
            button.click()

    def _run_is_there(self) -> None:
        """The run that is chosen in the bar is the one on the page; its data may have to be read first."""
        if self.page.locator(".run select").count():
            chosen = self.page.evaluate("document.querySelector('.run select').value")
            expect(self.page.locator("#runs tr[aria-current] th")).to_have_text(chosen)

    def check(self) -> None:
        told = read(self.page)
        trail = " > ".join(self.trail)
        try:
            require_agreement(told)
        except AssertionError as error:
            raise AssertionError(f"{error}\nafter {trail}") from error
        assert self.watched.told == [], trail
        address = self.page.url if "=" in self.page.url else self.address
        digest = sorted_rows({key: told[key] for key in DIGEST})
        assert self.seen.setdefault(address, digest) == digest, f"the same address, other numbers, after {trail}"

    def round_trip(self) -> None:
        """The address opens the same numbers in a new page."""
        here, there = read(self.page), self.browser.new_page(viewport={"width": 1280, "height": 24000})
        watched = Watched(there, self.page.url)
        there.evaluate("mapgap.ready.then(() => null)")
        told = read(there)
        trail = " > ".join(self.trail)
        assert sorted_rows({key: told[key] for key in DIGEST}) == sorted_rows({key: here[key] for key in DIGEST}), trail
        assert watched.told == []
        there.close()


def sorted_rows(told: dict[str, Any]) -> dict[str, Any]:
    """Tables in one order, however the reader sorted them."""
    return {**told, "classRows": sorted(told["classRows"]), "images": sorted(told["images"])}


def require_python(told: dict[str, Any], truth: Any, detections: Any) -> None:
    """The headline is that of a new analysis at this threshold, and of its slice where there is a filter."""
    threshold = told["state"]["threshold"]
    where = told["named"]
    crossed = [list(where)] if len(where) > 1 else []
    score = -1.0 if threshold is None else threshold
    results = mapgap.analyze(truth, detections, resamples=0, score_threshold=score, by=crossed).results
    if where:
        slices = results.slices
        rows = [row for row, named in enumerate(slices.where) if dict(named) == where]
        wanted = [int(column[rows[0]]) if rows else 0 for column in (slices.tp, slices.fp, slices.fn)]
    else:
        point = results.operating_point
        wanted = [int(column.sum()) for column in (point.class_tp, point.class_fp, point.class_fn)]
    assert list(counts_of(told)) == wanted


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_pressed_all_views_agree(browser: Browser, runs: Any, tmp_path: Path, seed: int) -> None:
    truth, detections, analyses = runs
    walk = Walk(browser, written(analyses, tmp_path), seed)
    walk.check()
    for step in range(STEPS):
        walk.step()
        if step % 7 == 6:
            walk.round_trip()
    told = read(walk.page)
    require_python(told, truth, detections[list(detections)[told["state"]["run"]]])
    walk.page.close()


CUT = """[...document.querySelectorAll("main *")].filter((one) => one.checkVisibility() && one.clientWidth > 2
  && getComputedStyle(one).overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1 && !one.closest("svg"))
  .map((one) => one.outerHTML)"""


def test_on_paper_all_tables_are_whole_and_nothing_asks_to_be_pressed(
    browser: Browser, runs: Any, tmp_path: Path
) -> None:
    """Nothing can be opened, pointed at or pressed there: folded tables are open, names whole, controls gone."""
    page, watched = open_page(browser, written(runs[2], tmp_path))
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 within its margins
    page.emulate_media(media="print")
    for controls in (".controls", ".modes", ".causes", ".actions"):
        assert page.locator(f"{controls}:visible").count() == 0
    for table in page.locator("main table").all():
        expect(table).to_be_visible()
        assert table.evaluate("(table) => table.getBoundingClientRect().right") <= 718
    expect(page.locator("table.heat caption")).to_contain_text("ecall")
    assert page.evaluate(CUT) == []
    assert watched.told == []
    page.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_a_chip_with_long_names_does_not_widen_the_page(
    browser: Browser, runs: Any, tmp_path: Path, width: int
) -> None:
    page, watched = open_page(browser, written(runs[2], tmp_path))
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(HASH, '#cell=5.4&cause=missed&kind=missed&s=0.3&where.class="no detections"')
    expect(page.locator(".chips button")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert watched.told == []
    page.close()


def test_errors_of_a_cause_without_a_row_are_told_below_the_gap(browser: Browser, tmp_path: Path) -> None:
    """Where every detection counts as reported, errors below the threshold appear only as the slider moves."""
    demo = make_demo(seed=3, images=20)
    lowest = min(detection["score"] for detection in demo.detections)
    analysis = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0, score_threshold=lowest)
    page, watched = open_page(browser, written(Runs({"only": analysis}), tmp_path))
    assert page.locator("#gap tr[data-cause=below_threshold]").count() == 0
    expect(page.locator(".gap-others")).to_have_text("")
    page.evaluate(HASH, "#s=0.9")
    expect(page.locator(".gap-others")).to_have_text(re.compile(r"^Among all errors: below threshold [1-9]\d*\.$"))
    assert watched.told == []
    page.close()
