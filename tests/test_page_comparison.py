"""The compare view: its numbers are Python's, every number of objects shows just these; it reads without scripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import mapgap
from mapgap.analysis.comparing import compare_results
from mapgap.analysis.runs import Runs
from mapgap.changes import Comparison
from mapgap.demo import make_demo
from mapgap.number_words import count, fraction, signed
from mapgap.report.compared_view import VALUES_SHOWN, ComparedView
from mapgap.report.content import build_report
from mapgap.report.embedded.found_by import MOST_RUNS, with_found_by
from mapgap.report.embedded.page_data import page_data
from mapgap.report.html.page import report_html
from mapgap.tables import Results
from tests.browser import Watched, headless_browser
from tests.compared import compared_of
from tests.test_page_accessibility import complaints


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def three_runs() -> Runs:
    """A detector, one that misses what it finds and finds what it misses, and one in between."""
    demo = make_demo(seed=3, images=60)
    truth = demo.ground_truth
    truth = {**truth, "annotations": [{**a, "found by b": "x" if a["id"] % 2 else "y"} for a in truth["annotations"]]}
    other = [detection for place, detection in enumerate(demo.detections) if place % 4]
    for annotation in truth["annotations"]:
        if annotation["id"] % 5 == 0 and not annotation.get("iscrowd"):
            box = {key: annotation[key] for key in ("image_id", "category_id", "bbox")}
            other.append({**box, "score": 0.93})
    some = [detection for place, detection in enumerate(other) if place % 7]
    return mapgap.analyze_runs(truth, {"a": demo.detections, "b": other, "c": some}, resamples=30)


@pytest.fixture(scope="module")
def runs() -> dict[str, Results]:
    return {name: analysis.results for name, analysis in three_runs().items()}


@pytest.fixture(scope="module")
def view(runs: dict[str, Results]) -> ComparedView:
    view = compared_of(runs)
    assert view is not None
    return view


def page_of(runs: dict[str, Results], view: ComparedView | None, path: Path) -> str:
    reports = [build_report(of_run, name) for name, of_run in runs.items()]
    path.write_text(report_html(reports[0], page_data(runs), reports[1:], None, view), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def address(runs: dict[str, Results], view: ComparedView, tmp_path_factory: pytest.TempPathFactory) -> str:
    return page_of(runs, view, tmp_path_factory.mktemp("compared") / "report.html")


def missed_by(results: Results) -> set[int]:
    truth, point = results.ground_truth, results.operating_point
    return {int(i) for i in truth.ids[truth.is_object & ~point.found]}


def shown_objects(page: Page) -> set[int]:
    """The ids of the objects in the examples."""
    told = page.evaluate(
        """() => { const page = mapgap.page(); const chosen = page.selection();
        return Array.from({length: chosen.number}, (_, place) => page.truth.objectId(chosen.at(place).object)); }"""
    )
    assert len(told) == len(set(told))
    return {int(one) for one in told}


def test_each_fate_shows_its_objects(page: Page, runs: dict[str, Results], address: str) -> None:
    a, b, c = (missed_by(runs[name]) for name in "abc")
    watched = Watched(page, address)
    page.evaluate("mapgap.ready.then(() => 1)")
    # The first run's own page compares it with the last one.
    for of_page, fate, run, objects in (
        ("a", "fixed", "a", a - c),
        ("a", "missed_by_both", "a", a & c),
        ("a", "broken", "c", c - a),
        ("b", "fixed", "a", a - b),
        ("b", "broken", "b", b - a),
        ("b", "missed_by_both", "b", a & b),
    ):
        page.locator(".run select").select_option(of_page)
        expect(page.locator("#runs tr[aria-current] th")).to_have_text(of_page)
        button = page.locator(f"#changes .fates [data-fate={fate}] button")
        expect(button).to_have_text(count(len(objects)))
        button.click()
        expect(page.locator("#runs tr[aria-current] th")).to_have_text(run)
        expect(page.locator("#examples [role=status]")).to_contain_text(f"of {count(len(objects))} error")
        assert shown_objects(page) == objects, (of_page, fate)
    assert watched.told == []


def test_every_number_of_a_comparison_shows_as_many(page: Page, runs: dict[str, Results], address: str) -> None:
    watched = Watched(page, f"{address}#run=b")
    page.evaluate("mapgap.ready.then(() => 1)")
    page.locator("#changes details summary").click()
    numbers = page.locator("#changes [data-fate] button").evaluate_all("(all) => all.map((one) => one.textContent)")
    assert len(numbers) > 40
    for place in range(0, len(numbers), 3):
        page.evaluate("mapgap.page().change({ where: {}, kind: null, cause: null })")
        if page.locator("#runs tr[aria-current] th").text_content() != "b":
            page.locator(".run select").select_option("b")
            expect(page.locator("#runs tr[aria-current] th")).to_have_text("b")
        buttons = page.locator("#changes [data-fate] button")
        button = buttons.nth(place)
        expect(button).to_have_text(numbers[place])
        button.evaluate("(one) => one.click()")
        plural = "error" if numbers[place] == "1" else "errors"
        expect(page.locator("#examples [role=status]")).to_contain_text(f"of {numbers[place]} {plural} shown")
    assert watched.told == []


def test_a_moved_threshold_goes_back_to_that_of_the_run(page: Page, runs: dict[str, Results], address: str) -> None:
    watched = Watched(page, f"{address}#s=0.9")
    page.evaluate("mapgap.ready.then(() => 1)")
    page.locator("#changes .fates [data-fate=fixed] button").click()
    expect(page.locator("#examples [role=status]")).to_contain_text("shown")
    assert page.evaluate("mapgap.page().state.threshold") == runs["a"].operating_point.score_threshold
    assert watched.told == []


def comparison_of(runs: dict[str, Results], name: str) -> Comparison:
    return next(one for one in compare_results(runs).comparisons if one.after == name)


def test_the_static_page_tells_pythons_numbers(browser: Browser, runs: dict[str, Results], address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    comparison = comparison_of(runs, "c")
    rows = page.locator("#changes table").first.locator("tbody tr")
    for place, (name, change) in enumerate({**comparison.metrics, **comparison.rates}.items()):
        expect(rows.nth(place).locator("th")).to_contain_text("F1" if name == "f1" else name)
        cells = rows.nth(place).locator("td")
        expect(cells.nth(0)).to_have_text(fraction(change.before))
        expect(cells.nth(1)).to_have_text(fraction(change.after))
        expect(cells.nth(2)).to_contain_text(signed(change.difference))
    for fate, number in comparison.objects.counts().items():
        if fate != "found_by_both":
            expect(page.locator(f"#changes .fates [data-fate={fate}]")).to_have_text(count(number))
    expect(page.locator("#changes button")).to_have_count(0)
    context.close()


def test_the_steps_of_a_table_add_up_to_its_last_row(view: ComparedView) -> None:
    for comparison in view.comparisons:
        difference = comparison.waterfall["difference"]
        assert sum(comparison.waterfall["by_cause"].values()) == pytest.approx(difference, abs=1e-9)
        assert len(comparison.by_attribute) > 5
        for waterfall in comparison.by_attribute:
            assert sum(step.ap_change for step in waterfall.steps) == pytest.approx(difference, abs=1e-9)
            assert sum(step.fixed for step in waterfall.steps) == comparison.objects["fixed"]
            assert sum(step.broken for step in waterfall.steps) == comparison.objects["broken"]
        assert sum(fate.found_by_other for fate in comparison.fixed) == comparison.objects["fixed"]
        assert sum(fate.found_by_other for fate in comparison.broken) == comparison.objects["broken"]


def test_many_values_are_summed_up_in_one_row() -> None:
    annotations: list[dict[str, Any]] = [
        {"id": k + 1, "image_id": 1, "category_id": k, "bbox": [40 * k, 0, 30, 30], "area": 900, "iscrowd": 0}
        for k in range(VALUES_SHOWN + 12)
    ]
    truth = {
        "images": [{"id": 1}],
        "annotations": annotations,
        "categories": [{"id": k, "name": f"class {k}"} for k in range(VALUES_SHOWN + 12)],
    }
    found = [{**{key: a[key] for key in ("image_id", "category_id", "bbox")}, "score": 0.9} for a in annotations]
    analyses = mapgap.analyze_runs(truth, {"half": found[::2], "all": found}, resamples=0)
    view = compared_of({name: analysis.results for name, analysis in analyses.items()})
    assert view is not None
    steps = next(w for w in view.comparisons[0].by_attribute if w.attribute == "class").steps
    assert len(steps) == VALUES_SHOWN + 1
    assert (steps[-1].value, steps[-1].where, steps[-1].objects) == (12, None, 12)
    assert sum(step.ap_change for step in steps) == pytest.approx(0.5)


def test_runs_over_time_are_a_curve_with_links(page: Page, runs: dict[str, Results], address: str) -> None:
    watched = Watched(page, address)
    page.evaluate("mapgap.ready.then(() => 1)")
    links = page.locator("#runs .over-runs a")
    expect(links).to_have_count(3)
    told = links.nth(1).get_attribute("aria-label") or ""
    assert told.startswith(f"b: AP {fraction(runs['b'].metrics['AP'])}")
    links.nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#runs tr[aria-current] th")).to_have_text("b")
    assert watched.told == []


def test_names_of_the_added_attributes_are_new(runs: dict[str, Results]) -> None:
    wider, names = with_found_by(runs)
    assert names == ["found by a", "found by b_run", "found by c"]
    assert {attribute.name for attribute in wider["a"].attributes} >= {"found by b", "found by b_run"}
    alone, nothing = with_found_by({"a": runs["a"]})
    assert (alone["a"].attributes, nothing) == (runs["a"].attributes, None)


def test_of_many_runs_only_the_ends_can_be_filtered_by(runs: dict[str, Results]) -> None:
    many = {f"epoch{place}": runs["a"] for place in range(MOST_RUNS + 1)}
    wider, names = with_found_by(many)
    assert names == ["found by epoch0", *[None] * (MOST_RUNS - 1), f"found by epoch{MOST_RUNS}"]
    assert len(wider["epoch3"].attributes) == len(runs["a"].attributes) + 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_to_complain_of(browser: Browser, address: str, scheme: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    watched = Watched(page, address)
    page.evaluate("mapgap.ready.then(() => 1)")
    page.locator("#changes details summary").click()
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert watched.told == []
    page.close()
