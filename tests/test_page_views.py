"""Views of the page beyond its counts: sorted tables, gap, heat map, missed small objects, chosen hot spots."""

from collections.abc import Iterator
from html import escape

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import mapgap
from mapgap.analysis.shown_missed import with_shown_missed
from mapgap.attributes import parse_expression, select_objects
from mapgap.demo import make_demo
from mapgap.number_words import fraction, percent
from mapgap.report.columns import missed_causes
from mapgap.report.content import build_report
from mapgap.report.embedded.page_data import page_data
from mapgap.report.html.page import report_html
from mapgap.tables import CAUSES, Results
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
    path.write_bytes(report_html(build_report(results), page_data({"run": results})).encode())
    return path.as_uri()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(10_000)
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


def test_a_hot_spot_filters_the_page_and_is_marked(page: Page, results: Results) -> None:
    mode = results.failure_modes[0]
    card = page.locator("#fix-first .card").first
    title = card.locator("h3 button")
    title.click()
    page.evaluate(CHANGE, {})
    state = page.evaluate(STATE)
    assert state["cause"] == CAUSES.index(mode.cause)
    assert set(state["where"]) == set(mode.where)
    assert card.get_attribute("aria-current") == "true"
    assert page.locator("#fix-first .card[aria-current]").count() == 1
    assert page.locator(".chips button").count() == len(mode.where) + 1
    title.press("Enter")
    page.evaluate(CHANGE, {})
    assert page.evaluate(STATE)["where"] == {}
    assert page.locator("#fix-first .card[aria-current]").count() == 0


@pytest.mark.parametrize("where", [{}, {"size": "small"}, {"size": "medium", "time_of_day": "night"}, {"class": "van"}])
def test_the_gap_of_a_filter_is_that_of_the_slice(page: Page, results: Results, where: dict[str, str]) -> None:
    by_name = {attribute.name: attribute for attribute in results.attributes}
    codes = {name: by_name[name].values.index(value) for name, value in where.items()}
    page.evaluate(CHANGE, {"where": codes})
    debts = results.debts
    member = np.ones(len(debts.gap), dtype=bool)
    for name, code in codes.items():
        member &= by_name[name].codes_at(debts.object, debts.detection) == code
    for place, gap in enumerate((debts.gap_at_50, debts.gap)):
        wanted = np.bincount(debts.cause[member], weights=gap[member], minlength=len(CAUSES))
        for row in page.locator("#gap tr[data-owes]").all():
            cause = CAUSES.index(row.get_attribute("data-cause") or "")
            assert row.locator("td").nth(place).text_content() == fraction(wanted[cause])
        shown = page.locator("#gap tfoot td").nth(place).text_content()
        assert shown == fraction(wanted.sum())
        widths = page.evaluate(
            "(place) => [...document.querySelectorAll('svg.gap-bar')[place].querySelectorAll('rect[data-cause]')]"
            ".map((one) => [one.dataset.cause, parseFloat(one.getAttribute('width')) / 100])",
            place,
        )
        for cause, width in widths:
            assert width == pytest.approx(wanted[CAUSES.index(cause)], abs=1e-5)
    page.evaluate(CHANGE, {"where": codes, "threshold": 0.3})
    assert page.locator("#gap tfoot td").nth(1).text_content() == fraction(wanted.sum())


def test_a_part_of_the_gap_chooses_its_cause(page: Page) -> None:
    part = page.locator("#gap svg.gap-bar rect[role=button]").first
    cause = part.get_attribute("data-cause") or ""
    part.focus()
    assert cause.replace("_", " ") in (page.locator(".gap-note").text_content() or "")
    page.keyboard.press("Enter")
    page.evaluate(CHANGE, {})
    assert page.evaluate(STATE)["cause"] == CAUSES.index(cause)
    assert part.get_attribute("aria-pressed") == "true"


def test_a_filter_can_be_added_from_the_bar(page: Page, results: Results) -> None:
    night = next(a for a in results.attributes if a.name == "time_of_day").values.index("night")
    page.get_by_label("Attribute to filter by").select_option(label="time_of_day")
    page.get_by_label("Value to filter by").select_option(label="night")
    page.get_by_label("Value to filter by").press("Tab")
    page.keyboard.press("Enter")
    page.evaluate(CHANGE, {})
    assert page.evaluate(STATE)["where"] == {"time_of_day": night}


def test_missed_objects_only_can_be_linked(page: Page) -> None:
    page.evaluate(CHANGE, {"kind": "missed"})
    assert page.url.endswith("#kind=missed")
    missed = page.evaluate("mapgap.ready.then((page) => [page.selection().number, page.tally.fn])")
    assert missed[0] == missed[1]
    page.get_by_label("Remove the filter examples: missed objects").click()
    page.evaluate(CHANGE, {})
    assert page.evaluate(STATE)["kind"] is None


def test_the_costliest_missed_objects_are_those_of_the_command(results: Results) -> None:
    demo = make_demo(seed=3, images=60)
    wanted = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0).missed('size == "small"').head(10)
    view = build_report(with_shown_missed(results)).missed
    assert view is not None
    assert view.rows is not None
    told = [(row["id"], row["attributes"]["cause"], row["attributes"]["evidence"]) for row in view.rows]
    assert told == list(zip(wanted["id"], wanted["cause"], wanted["evidence"], strict=True))
    html = report_html(build_report(with_shown_missed(results)))
    assert all(escape(evidence) in html for evidence in wanted["evidence"])


@pytest.mark.parametrize("threshold", [0.2, 0.45, 0.8])
@pytest.mark.parametrize("where", [{}, {"time_of_day": "night"}])
def test_missed_small_objects_are_counted_at_every_threshold(
    page: Page, results: Results, threshold: float, where: dict[str, str]
) -> None:
    page.evaluate(CHANGE, {"threshold": threshold, "where": codes_of(results, where)})
    there = analyzed(score_threshold=threshold)
    condition = " and ".join(f'{name} == "{value}"' for name, value in {"size": "small", **where}.items())
    selected = select_objects(there.attributes, parse_expression(condition))
    causes = missed_causes(there)[0][selected & there.ground_truth.is_object]
    assert (page.locator("#missed .missed-lead").text_content() or "").startswith(
        f"{(causes >= 0).sum()} of {len(causes)} small objects are missed"
    )
    for row in page.locator("#missed tr[data-cause]").all():
        cause = CAUSES.index(row.get_attribute("data-cause") or "")
        assert row.locator("td").first.text_content() == str((causes == cause).sum())
    page.get_by_role("button", name="show these", exact=True).click()
    page.evaluate(CHANGE, {})
    assert page.evaluate("mapgap.ready.then((page) => page.selection().number)") == (causes >= 0).sum()


def codes_of(results: Results, where: dict[str, str]) -> dict[str, int]:
    return {a.name: a.values.index(where[a.name]) for a in results.attributes if a.name in where}


HEAT = """
([patch, down, across]) => mapgap.ready.then(async (page) => {
  await page.change(patch);
  const { rows, columns, cells } = page.heatMap();
  const named = (index, code) => page.truth.attributes[index].values[code];
  return rows.flatMap((row) => columns.map((column) => {
    const at = row * cells.width + column;
    const counts = ["objects", "images", "tp", "fp", "fn", "gap"].map((key) => cells[key][at]);
    return [named(down, row), named(across, column), ...counts];
  }));
})
"""


@pytest.mark.parametrize("threshold", [None, 0.2, 0.62])
@pytest.mark.parametrize("where", [{}, {"class": "van"}])
@pytest.mark.parametrize(("down", "across"), [("size", "time_of_day"), ("occlusion", "size")])
def test_the_heat_map_counts_what_python_counts(
    page: Page, results: Results, threshold: float | None, where: dict[str, str], down: str, across: str
) -> None:
    demo = make_demo(seed=3, images=60)
    cross = [down, across, *where]
    options = {} if threshold is None else {"score_threshold": threshold}
    frame = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0, by=[cross], **options).slices(by=cross)
    for name, value in where.items():
        frame = frame[[one[name] == value for one in frame["where"]]]
    wanted = {(one[down], one[across]): row for one, row in zip(frame["where"], frame.to_dict("records"), strict=True)}
    names = [attribute.name for attribute in results.attributes]
    places = [names.index(down), names.index(across)]
    page.locator("#heat-map").scroll_into_view_if_needed()
    page.get_by_label("rows", exact=True).select_option(value=str(places[0]))
    page.get_by_label("columns", exact=True).select_option(value=str(places[1]))
    patch = {"where": codes_of(results, where)} | ({} if threshold is None else {"threshold": threshold})
    found = page.evaluate(HEAT, [patch, *places])
    assert {(row[0], row[1]) for row in found} >= set(wanted)
    for first, second, *counts, gap in found:
        row = wanted.get((first, second))
        told = [0] * 5 if row is None else [int(row[key]) for key in ("objects", "images", "tp", "fp", "fn")]
        assert counts == told, (first, second)
        assert gap == pytest.approx(0.0 if row is None else row["gap"], abs=1e-9)
    shown = page.locator("table.heat tbody td").all()
    for cell, (_, _, objects, images, tp, fp, fn, _) in zip(shown, found, strict=True):
        text = "" if objects + fp == 0 else percent(tp / (tp + fn) if tp + fn else None)
        assert cell.text_content() == text
        assert ("thin" in (cell.get_attribute("class") or "")) == (objects + fp > 0 and (objects < 30 or images < 5))


def test_the_static_heat_map_is_the_live_one(page: Page, address: str, browser: Browser) -> None:
    still = browser.new_context(java_script_enabled=False).new_page()
    still.goto(address)
    page.locator("#heat-map").scroll_into_view_if_needed()
    page.evaluate("mapgap.ready.then((page) => page.heatMap() && null)")
    assert page.locator("table.heat tr").all_inner_texts() == still.locator("table.heat tr").all_inner_texts()
    classes = "[...document.querySelectorAll('table.heat td')].map((cell) => cell.className)"
    assert page.evaluate(classes) == still.evaluate(classes)
    still.close()


def test_a_cell_of_the_heat_map_filters_by_both_values(page: Page) -> None:
    table = page.locator("table.heat")
    table.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.evaluate(CHANGE, {})
    down, across = table.get_attribute("data-down"), table.get_attribute("data-across")
    assert page.evaluate(STATE)["where"].keys() == {down, across}
    assert page.locator(".chips button").count() == 2


@pytest.mark.parametrize("measure", ["recall", "missed objects", "precision", "F1", "gap", "errors"])
def test_every_number_of_the_heat_map_can_be_shown(page: Page, measure: str) -> None:
    page.locator("#heat-map").scroll_into_view_if_needed()
    page.get_by_label("number", exact=True).select_option(label=measure)
    assert (page.locator("table.heat caption").text_content() or "").startswith(measure)
    assert page.locator("table.heat tbody td:not(.zero)").count() > 0


def test_the_costliest_missed_small_object_at_night_is_two_clicks_away(page: Page, results: Results) -> None:
    """The examples are drawn for the last of quick jumps over the page, however often they came into sight."""
    table = page.locator("table.heat")
    down, across = codes_of(results, {"size": "small"}), codes_of(results, {"time_of_day": "night"})
    page.get_by_label("rows", exact=True).select_option(label="size")
    page.get_by_label("columns", exact=True).select_option(label="time_of_day")
    table.locator("tbody tr").nth(down["size"]).locator("td").nth(across["time_of_day"]).click()
    expect(page.locator(".chips button")).to_have_count(2)
    page.get_by_role("button", name="show these", exact=True).click()
    expect(page.locator(".chips button")).to_have_count(3)
    number = page.evaluate("mapgap.ready.then((page) => page.selection().number)")
    expect(page.locator("#examples [role=status]")).to_contain_text(f"of {number} errors")
    expect(page.locator("#examples:not([aria-busy])")).to_have_count(1)
    first = page.evaluate("mapgap.ready.then((page) => page.truth.objectId(page.selection().at(0).object))")
    expect(page.locator(".gallery figcaption").first).to_contain_text(f"object {first}")
