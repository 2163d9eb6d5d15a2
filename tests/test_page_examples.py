"""The examples of the page in a real browser: the same errors as Python's, in order, as pictures, table and files."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from playwright.sync_api import Browser, Page

import mapgap
from mapgap.report.content import build_report
from mapgap.report.embedded.page_data import page_data
from mapgap.report.html.page import report_html
from mapgap.tables import CAUSES, Results
from tests.generated import CocoPair, coco_pairs
from tests.test_report_browser import HOSTILE, browser

__all__ = ["browser"]

DETECTION = {"image_id": 1, "category_id": 1, "score": 0.9}
SELECTION = """
() => { const { selection, truth, run } = window.page; const chosen = selection();
  return Array.from({ length: chosen.number }, (_, at) => chosen.at(at)).map((error) => ({ ...error,
    image: truth.imageId(error.image), object: error.object < 0 ? null : truth.objectId(error.object),
    record: error.row < 0 ? null : run.record[error.row] })); }
"""


def pair() -> CocoPair:
    """Three images with ties: two objects of class 1 that nothing finds in each, and one error of every other kind."""
    images = [{"id": i, "width": 200, "height": 100, "file_name": f"{i}.jpg", "time": "day"} for i in (1, 2, 3)]
    images[2]["file_name"] = HOSTILE[1]
    boxes = [(i, 1, [10.0 + 30 * place, 10, 20, 20]) for i in (1, 2, 3) for place in (0, 1)]
    boxes += [(1, 1, [10, 60, 40, 30]), (1, 2, [60, 60, 40, 30]), (2, 2, [110, 60, 40, 30])]
    annotations = [
        {
            "id": 100 + at,
            "image_id": image,
            "category_id": category,
            "bbox": box,
            "area": box[2] * box[3],
            "iscrowd": 0,
            "attributes": {HOSTILE[1]: HOSTILE[3] if at % 2 else "__proto__"},
        }
        for at, (image, category, box) in enumerate(boxes)
    ]
    detections = [
        {**DETECTION, "bbox": [10, 60, 40, 30]},
        {**DETECTION, "bbox": [60, 60, 40, 30], "score": 0.8},  # class 2 taken for class 1
        {**DETECTION, "bbox": [150, 5, 40, 20], "score": 0.7},  # background, at the edge of the image
        {**DETECTION, "image_id": 2, "category_id": 2, "bbox": [110, 60, 40, 30], "score": 0.2},
    ]
    categories = [{"id": 1, "name": HOSTILE[0]}, {"id": 2, "name": "=1+1"}]
    return CocoPair({"images": images, "annotations": annotations, "categories": categories}, detections)


def results_of(case: CocoPair, threshold: float | str) -> Results:
    return mapgap.analyze(case.ground_truth, case.detections, score_threshold=threshold, resamples=0).results


class Opened:
    """A report in the browser and everything it should not do."""

    def __init__(self, browser: Browser, path: Path, results: Results, **options: Any) -> None:
        path.write_bytes(report_html(build_report(results), page_data({"run": results})).encode())
        self.told: list[str] = []
        self.page: Page = browser.new_page(**options)
        self.page.on("console", lambda message: self.told.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.told.append(f"error: {error}"))
        self.page.on("request", lambda request: self._asked(request.url, path.as_uri()))
        self.go(path.as_uri())

    def _asked(self, url: str, own: str) -> None:
        if url.split("#")[0] != own and not url.startswith("blob:"):
            self.told.append(f"request: {url}")

    def go(self, address: str) -> None:
        self.page.goto(address)
        self.page.evaluate("window.mapgap.ready.then((page) => { window.page = page; })")

    def change(self, patch: dict[str, Any]) -> None:
        self.page.evaluate("(patch) => window.page.change(patch)", patch)

    def selection(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate(SELECTION)
        return found

    def gallery(self) -> list[str]:
        """The captions, once drawn."""
        self.page.locator("#examples").scroll_into_view_if_needed()
        self.page.wait_for_selector("#examples:not([aria-busy])")
        return self.page.locator("#examples figcaption").all_text_contents()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    opened = Opened(browser, tmp_path / "report.html", results_of(pair(), 0.5))
    yield opened
    assert opened.told == []
    opened.page.close()


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.generate],  # shrinking takes minutes in a browser
)
@given(coco_pairs())
def test_the_errors_are_those_of_python(browser: Browser, tmp_path: Path, case: CocoPair) -> None:
    if not case.detections:
        return
    opened = Opened(browser, tmp_path / "report.html", results_of(case, 0.5))
    for threshold in (0.1, 0.5, 0.7):
        results = results_of(case, threshold)
        opened.change({"threshold": threshold, "cause": None})
        if not opened.page.evaluate("window.page.run.rows"):
            continue
        errors = opened.selection()
        assert Counter(map(identity, errors)) == Counter(python_identities(results))
        by_cause = Counter(error["cause"] for error in errors)
        counts = [by_cause[code] for code in range(len(CAUSES))]
        assert counts == opened.page.evaluate("window.page.tally.errors")
        totals = {total.cause: total.errors for total in results.cause_totals}
        assert counts == [totals.get(cause, 0) for cause in CAUSES]
        check_order(errors)
        for code in by_cause:
            opened.change({"cause": code})
            assert len(opened.selection()) == by_cause[code]
        opened.change({"cause": None})
        check_cells(opened)
    assert opened.told == []
    opened.page.close()


def identity(error: dict[str, Any]) -> tuple[object, ...]:
    detection = None if error["isMissed"] and error["record"] is None else error["record"]
    return error["isMissed"], CAUSES[error["cause"]], error["image"], error["object"], detection


def python_identities(results: Results) -> Iterator[tuple[object, ...]]:
    errors, truth, detections = results.errors, results.ground_truth, results.detections
    counted = results.matches.is_counted(results.analysis_threshold)
    for row in range(len(errors.cause)):
        thing, detection = int(errors.object[row]), int(errors.detection[row])
        is_known = detection >= 0 and (counted[detection] or detection in results.debts.detection)
        yield (
            bool(errors.is_false_negative[row]),
            CAUSES[errors.cause[row]],
            str(truth.images.ids[errors.image[row]]),
            str(truth.ids[thing]) if thing >= 0 else None,
            int(detections.record[detection]) if is_known else None,
        )


def check_order(errors: list[dict[str, Any]]) -> None:
    """One an image in each turn, costliest first in it."""
    turn: Counter[str] = Counter()
    turns = []
    for error in errors:
        turns.append(turn[error["image"]])
        turn[error["image"]] += 1
    assert turns == sorted(turns)
    for this, following, one, other in zip(errors, errors[1:], turns, turns[1:], strict=False):
        assert one < other or this["cost"] >= following["cost"]


def check_cells(opened: Opened) -> None:
    """As many errors in each cell off the diagonal as the matrix counts."""
    labels = opened.page.evaluate("window.page.truth.classes.length + 1")
    cells = opened.page.evaluate("[...window.page.tally.cells]")
    for cell, number in enumerate(cells):
        actual, predicted = divmod(cell, labels)
        if actual == predicted:
            continue
        opened.change({"cell": [actual, predicted]})
        assert len(opened.selection()) == number
    opened.change({"cell": None})


def test_ties_stand_in_the_order_of_the_file_one_an_image(opened: Opened) -> None:
    opened.change({"cause": CAUSES.index("missed")})
    assert [error["object"] for error in opened.selection()] == ["100", "102", "104", "101", "103", "105"]
    captions = opened.gallery()
    assert [caption.split(" · ")[-1] for caption in captions] == [f"object {i}" for i in (100, 102, 104, 101, 103, 105)]
    assert captions[0].startswith(f"missed: {HOSTILE[0]}")
    assert opened.page.locator("#examples [role=status]").text_content() == "6 of 6 errors shown"
    assert opened.page.locator("#examples tbody tr").count() == 6


def test_a_cell_shows_who_takes_the_object(opened: Opened) -> None:
    opened.change({"cell": [1, 0]})
    (error,) = opened.selection()
    assert (error["object"], error["record"], error["isMissed"]) == ("107", 1, True)
    (caption,) = opened.gallery()
    assert "score 0.8 · IoU 1" in caption
    opened.change({"cell": [2, 0]})
    assert [error["record"] for error in opened.selection()] == [2]
    opened.change({"cell": [1, 2]})
    (error,) = opened.selection()  # found at a lower threshold only
    assert (CAUSES[error["cause"]], error["record"]) == ("below_threshold", 3)
    opened.change({"cell": [0, 0]})
    assert opened.selection() == []
    assert opened.gallery() == []
    assert opened.page.locator("#examples .actions button:enabled").count() == 0


def test_boxes_are_drawn_to_scale_within_the_image(opened: Opened) -> None:
    opened.change({"cell": [2, 0]})
    opened.gallery()
    picture = opened.page.locator("#examples svg.picture")
    assert picture.get_attribute("viewBox") == "130 0 70 45"  # 150, 5, 40 x 20, with 20 around it, within 200 x 100
    assert picture.get_attribute("aria-label") == "detection 40 × 20 at 150, 5"
    box = picture.locator("rect.detection")
    assert [box.get_attribute(side) for side in ("x", "y", "width", "height")] == ["150", "5", "40", "20"]
    assert picture.locator("rect.truth, rect.other").count() == 0
    assert box.evaluate("(rect) => getComputedStyle(rect).strokeDasharray") == "5px, 3px"


def test_cause_and_cell_are_in_the_address_and_removable(opened: Opened) -> None:
    rates = opened.page.evaluate("[page.tally.tp, page.tally.fp, page.tally.fn]")
    opened.change({"cause": CAUSES.index("classification"), "cell": [1, 0]})
    address = opened.page.url
    assert address.endswith("#cause=classification&cell=2.1")
    assert opened.page.evaluate("[page.tally.tp, page.tally.fp, page.tally.fn]") == rates
    opened.page.goto("about:blank")
    opened.told.clear()
    opened.go(address)
    assert opened.page.evaluate("[page.state.cause, page.state.cell]") == [CAUSES.index("classification"), [1, 0]]
    chips = opened.page.locator(".chips button")
    assert chips.all_text_contents() == ["examples: classification ×", f"examples: =1+1 as {HOSTILE[0]} ×"]
    for _ in range(2):
        chips.first.press("Enter")
        opened.change({})  # waits for the drawing
    assert opened.page.evaluate("[page.state.cause, page.state.cell]") == [None, None]
    assert "#" not in opened.page.url.rstrip("#")


@pytest.mark.parametrize("words", ["cause=nothing", "cell=1", "cell=1.7", "cell=1.2.background", "cell=", "cause="])
def test_addresses_that_mean_nothing_are_ignored(opened: Opened, words: str) -> None:
    opened.go(opened.page.url.split("#")[0] + "#" + words)
    assert opened.page.evaluate("[page.state.cause, page.state.cell]") == [None, None]


def saved(opened: Opened, button: str) -> str:
    with opened.page.expect_download() as download:
        opened.page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_text(encoding="utf-8")


def test_the_files_hold_all_selected_errors(opened: Opened) -> None:
    number = len(opened.gallery())
    record = json.loads(saved(opened, "save as COCO JSON"))
    assert [image["id"] for image in record["images"]] == [1, 2, 3]
    assert record["images"][0] == {"id": 1, "file_name": "1.jpg", "width": 200, "height": 100}
    assert record["categories"] == [{"id": 1, "name": HOSTILE[0]}, {"id": 2, "name": "=1+1"}]
    errors = opened.selection()
    assert len(record["annotations"]) == len(errors) == number
    for annotation, error in zip(record["annotations"], errors, strict=True):
        told = annotation["attributes"]
        assert (told["cause"], annotation["image_id"]) == (CAUSES[error["cause"]], int(error["image"]))
        assert told["object_id"] == (None if error["object"] is None else int(error["object"]))
        assert annotation["bbox"] == told["object_box" if error["isMissed"] else "detection_box"]
        assert annotation["area"] == annotation["bbox"][2] * annotation["bbox"][3]
        assert told["time"] == "day"
        assert told["detection_box_rounded_to"] is None  # whole numbers
    mapgap.evaluate({**record}, [])  # it is a ground truth
    rows = list(csv.DictReader(io.StringIO(saved(opened, "save as CSV"), newline="")))
    assert [row["cause"] for row in rows] == [CAUSES[error["cause"]] for error in errors]
    assert {row["object_class"] for row in rows} == {HOSTILE[0], "'=1+1", ""}  # no formula
    assert {row["attribute.time"] for row in rows} == {"day"}


@pytest.mark.parametrize("many", [100_000, 0])
def test_saved_boxes_say_how_they_are_rounded(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr("mapgap.report.embedded.run.MANY_ROWS", many)
    image = {"id": 1, "width": 90, "height": 90}
    truth = {"images": [image], "annotations": [], "categories": [{"id": 1, "name": "cat"}]}
    detections = [{"image_id": 1, "category_id": 1, "bbox": [3.15, 1.3125, 5.111, 5], "score": 0.5}]
    opened = Opened(browser, tmp_path / "report.html", mapgap.analyze(truth, detections, resamples=0).results)
    assert len(opened.gallery()) == 1
    (annotation,) = json.loads(saved(opened, "save as COCO JSON"))["annotations"]
    (row,) = csv.DictReader(io.StringIO(saved(opened, "save as CSV"), newline=""))
    step = 0.25 if many == 0 else 0.01
    assert annotation["attributes"]["detection_box_rounded_to"] == float(row["detection_box_rounded_to"]) == step
    assert annotation["bbox"] == ([3.25, 1.25, 5, 5] if many == 0 else [3.15, 1.31, 5.11, 5])
    told = opened.page.locator("#examples .note", has_text="rounded to 0.25 pixels")
    assert told.count() == (1 if many == 0 else 0)


def test_more_and_the_cards(browser: Browser, tmp_path: Path) -> None:
    results = results_of(repeated(pair(), 12), 0.5)
    opened = Opened(browser, tmp_path / "report.html", results)
    page = opened.page
    assert page.evaluate("document.getElementById('mapgap-chunk-boxes-0').textContent.length") > 0  # not decoded yet
    buttons = page.locator(".card .show button")
    assert buttons.count() == page.locator(".card").count() > 0
    for place, mode in enumerate(results.failure_modes[: buttons.count()]):
        buttons.nth(place).evaluate("(button) => button.click()")
        assert page.evaluate("page.state.cause") == CAUSES.index(mode.cause)
        known = {attribute.name: attribute.values for attribute in results.attributes}
        where = {name: known[name].index(value) for name, value in mode.where.items() if name in known}
        assert page.evaluate("page.state.where") == where
    opened.change({"where": {}, "cause": None, "cell": None})
    number = len(opened.selection())
    assert number > 12
    assert len(opened.gallery()) == 12
    assert page.evaluate("document.getElementById('mapgap-chunk-boxes-0').textContent.length") == 0
    more = page.get_by_role("button", name="show 12 more")
    while more.is_visible():
        more.focus()
        page.keyboard.press("Enter")
    assert len(opened.gallery()) == number
    assert page.evaluate("document.activeElement.tagName") == "LI"  # not lost with the button
    assert page.locator("script:not([id^=mapgap]), img").count() == 1
    assert opened.told == []
    page.close()


@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_it_fits(browser: Browser, tmp_path: Path, width: int) -> None:
    results = results_of(repeated(pair(), 12), 0.5)
    opened = Opened(browser, tmp_path / "report.html", results, viewport={"width": width, "height": 900})
    opened.change({"cause": CAUSES.index("missed"), "cell": [1, 2]})
    opened.change({"cell": None, "cause": None})
    assert opened.gallery()
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    assert opened.page.locator("[style]").count() == 0
    assert opened.told == []
    opened.page.close()


def test_without_a_script_nothing_of_it_shows(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    results = results_of(repeated(pair(), 12), 0.5)
    path.write_bytes(report_html(build_report(results), page_data({"run": results})).encode())
    page = browser.new_page(java_script_enabled=False)
    page.goto(path.as_uri())
    assert not page.locator("#examples").is_visible()
    assert page.locator(".card button").count() == 0
    page.close()


def test_hot_spots_count_what_the_examples_show(browser: Browser, tmp_path: Path) -> None:
    case = repeated(pair(), 12)
    results = results_of(case, 0.5)
    assert results.failure_modes
    opened = Opened(browser, tmp_path / "report.html", results)
    for place, mode in enumerate(results.failure_modes[:5]):
        opened.page.locator(".card .show button").nth(place).click()
        opened.page.wait_for_selector("#examples:not([aria-busy])")
        assert len(opened.selection()) == mode.errors
    assert opened.told == []
    opened.page.close()


def repeated(case: CocoPair, times: int) -> CocoPair:
    """The case over and over, every other time by night, with all of the objects found by day."""
    truth: dict[str, Any] = {"images": [], "annotations": [], "categories": case.ground_truth["categories"]}
    detections: list[dict[str, Any]] = []
    for time in range(times):
        night = time % 2 == 1
        for image in case.ground_truth["images"]:
            truth["images"].append({**image, "id": image["id"] + 10 * time, "time": "night" if night else "day"})
        for annotation in case.ground_truth["annotations"]:
            moved = {**annotation, "id": annotation["id"] + 1000 * time, "image_id": annotation["image_id"] + 10 * time}
            truth["annotations"].append(moved)
            if not night:
                kept = {key: moved[key] for key in ("image_id", "category_id", "bbox")}
                detections.append({**kept, "score": 0.95 - 0.001 * float(np.round(time))})
        if night:
            detections += [{**one, "image_id": one["image_id"] + 10 * time} for one in case.detections]
    return CocoPair(truth, detections)


def test_a_run_without_detections_shows_what_it_misses(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path / "report.html", results_of(CocoPair(pair().ground_truth, []), 0.5))
    assert len(opened.gallery()) == 9
    assert opened.told == []
    opened.page.close()
