"""The page of a classification in a real browser: every live number is Python's, names do no harm, all can use it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from mapgap.classification import Classification, evaluate
from mapgap.classification.page.page import report_html
from mapgap.number_words import count, fraction, percent, score
from tests.browser import Watched, headless_browser
from tests.test_page_accessibility import complaints

HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202eabc\u2066",
    "  ",
    "&amp;\u0000'",
]
MODES = ("count", "row %", "column %")
TEXTS = """(selector) => [...document.querySelectorAll(selector)].map((element) => {
  const copy = element.cloneNode(true);
  for (const part of copy.querySelectorAll(".frozen")) part.remove();
  return copy.textContent;
})"""
LIVE = [
    "#headline .value",
    "#headline .note-text",
    "#headline .decision",
    "#confusion table.matrix tr > *",
    "#classes tr > *",
    "#slices tr > *",
    "#curves .readout",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_browser() as browser:
        yield browser


def inspected(**options: Any) -> Classification:
    """Two classes with scores that tie, worse at night."""
    rng = np.random.default_rng(4)
    truth, light = rng.integers(0, 2, 400), rng.choice(["day", "night"], 400)
    scores = np.round(np.clip(rng.normal(0.35 + truth * np.where(light == "night", 0.05, 0.4), 0.2), 0, 1), 2)
    attributes = {"light": light, "distance": np.where(rng.random(400) < 0.1, np.nan, rng.random(400) * 30)}
    ids = [f"picture {number}.jpg" for number in range(400)]
    return evaluate(truth, scores=scores, attributes=attributes, by=[("light", "distance")], ids=ids, **options)


def signs(names: list[str], classes: int | None = None) -> Classification:
    """Several classes with the given names, which are names of attributes, values and ids too."""
    rng = np.random.default_rng(6)
    truth = rng.integers(0, len(names), 300)
    scores = rng.random((300, len(names))) + np.eye(len(names))[truth] * 0.6
    attributes = {name: rng.choice(names, 300) for name in names[:3]}
    labels = np.array(names, dtype=object)
    return evaluate(
        labels[truth].tolist(), scores=scores, labels=names, attributes=attributes, ids=labels[truth].tolist()
    )


def opened(browser: Browser, folder: Path, result: Classification, **options: Any) -> Watched:
    path = folder / "report.html"
    path.write_bytes(report_html(result).encode())
    watched = Watched(browser.new_page(**options), path.as_uri())
    watched.page.evaluate("mapgap.ready.then(() => null)")
    return watched


def texts(page: Page) -> dict[str, list[str]]:
    return {selector: page.evaluate(TEXTS, selector) for selector in LIVE}


def move(page: Page, threshold: float | None) -> None:
    page.evaluate("(threshold) => mapgap.ready.then((page) => page.change({ threshold }))", threshold)


def test_every_live_number_is_that_of_python(browser: Browser, tmp_path: Path) -> None:
    result = inspected()
    live = opened(browser, tmp_path, result)
    reported = texts(live.page)
    known = sorted(set(result.samples.positive_scores.tolist()))  # type: ignore[union-attr]
    for threshold in (known[0], known[7], 0.31, 0.5, known[-9], known[-1]):
        move(live.page, threshold)
        there = opened(browser, tmp_path, result.at(threshold))
        for mode in MODES:
            for page in (live.page, there.page):
                page.get_by_role("button", name=mode, exact=True).click()
            assert texts(live.page) == texts(there.page)
        for page in (live.page, there.page):
            page.get_by_role("button", name="count", exact=True).click()
        there.page.close()
    live.page.get_by_role("button", name="as reported").click()
    expect(live.page.locator("body.moved")).to_have_count(0)
    assert texts(live.page) == reported
    assert live.told == []
    live.page.close()


def test_the_slider_goes_from_score_to_score(browser: Browser, tmp_path: Path) -> None:
    result = inspected(threshold=0.505)
    page = opened(browser, tmp_path, result).page
    known = sorted(set(result.samples.positive_scores.tolist()))  # type: ignore[union-attr]
    above = next(score for score in known if score >= 0.505)
    slider = page.get_by_role("slider", name="Score threshold")
    expect(page.locator(".threshold")).to_have_text("0.505")
    slider.press("ArrowRight")
    expect(page.locator(".threshold")).to_have_text(str(above))
    slider.press("ArrowLeft")
    expect(page.locator(".threshold")).to_have_text(str(known[known.index(above) - 1]))
    slider.press("End")
    expect(page.locator(".threshold")).to_have_text(str(known[-1]).removesuffix(".0"))
    slider.press("Home")
    expect(page.locator(".threshold")).to_have_text(str(known[0]).removesuffix(".0"))
    expect(page.locator('[data-figure="recall"] .value')).to_have_text("100 %")
    page.close()


def test_predictions_that_were_given_stay_until_the_slider_moves(browser: Browser, tmp_path: Path) -> None:
    given = inspected(y_pred=np.zeros(400, dtype=int))
    watched = opened(browser, tmp_path, given)
    expect(watched.page.locator(".threshold")).to_have_text("as predicted")
    expect(watched.page.locator('[data-figure="recall"] .value')).to_have_text("0 %")
    move(watched.page, 0.5)
    moved = texts(watched.page)
    there = opened(browser, tmp_path, given.at(0.5))
    assert moved == texts(there.page)
    assert watched.told == there.told == []
    watched.page.close()
    there.page.close()


@pytest.mark.parametrize("scores", [[0.1, 0.7, 0.9], [0.5, 0.5, 0.5]])
def test_one_class_only(browser: Browser, tmp_path: Path, scores: list[float]) -> None:
    result = evaluate(["\u202eodd"] * 3, scores=scores, positive="\u202eodd", resamples=5)
    watched = opened(browser, tmp_path, result)
    expect(watched.page.locator("#curves .empty")).to_be_visible()
    expect(watched.page.locator(".decision")).to_have_text("⟨U+202E⟩odd from score 0.5 up")
    watched.page.get_by_role("slider").press("End")
    expect(watched.page.locator(".decision")).to_have_text(f"⟨U+202E⟩odd from score {scores[-1]} up")
    assert complaints(watched.page) == []
    assert watched.told == []
    watched.page.close()


def test_a_cell_lists_its_samples_the_surest_mistake_first(browser: Browser, tmp_path: Path) -> None:
    result = inspected()
    samples = result.samples
    page = opened(browser, tmp_path, result).page
    page.get_by_role("button", name="of 0 taken for 1").click()
    wrong = np.flatnonzero((samples.truth == 0) & (samples.prediction == 1))
    score = samples.positive_scores
    assert score is not None
    first = wrong[np.lexsort((wrong, -score[wrong]))[0]]
    rows = page.locator("#samples tbody tr")
    expect(rows).to_have_count(len(wrong))
    expect(rows.first.locator("th")).to_have_text(f"picture {first}.jpg")
    expect(rows.first.locator("td").nth(2)).to_have_text(str(score[first]).removesuffix(".0"))
    expect(rows.first.locator("td").nth(4)).to_have_text(
        str(samples.attributes[1].values[samples.attributes[1].codes[first]])
    )
    expect(page.locator("#samples [role=status]")).to_have_text(f"{len(wrong)} samples listed")
    page.get_by_role("button", name="close the list").click()
    expect(rows).to_have_count(0)
    page.close()


def test_long_lists_say_how_much_is_left(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, tmp_path, evaluate(["a"] * 250 + ["b"] * 5, ["b"] * 255)).page
    page.get_by_role("button", name="of a taken for b").click()
    expect(page.locator("#samples tbody tr")).to_have_count(200)
    expect(page.locator("#samples .note")).to_have_text("And 50 more samples in samples.parquet.")
    page.close()


def test_a_blind_spot_lists_what_it_missed(browser: Browser, tmp_path: Path) -> None:
    result = inspected()
    spot = result.summary["blind_spots"][0]
    assert spot["where"] == {"light": "night"}
    page = opened(browser, tmp_path, result).page
    page.locator("#blind-spots .card").first.get_by_role("button", name="show the missed samples").click()
    expect(page.locator("#samples tbody tr")).to_have_count(spot["missed"])
    page.close()


def test_many_classes_are_summed_up(browser: Browser, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    truth = rng.integers(0, 30, 900)
    result = evaluate(truth, np.where(rng.random(900) < 0.3, rng.integers(0, 30, 900), truth))
    page = opened(browser, tmp_path, result).page
    expect(page.locator("#confusion table.matrix tbody tr")).to_have_count(21)
    last = page.locator("#confusion table.matrix tbody tr").last.locator("td button").last
    expect(last).to_have_attribute(
        "aria-label",
        f"{last.text_content()}: {last.text_content()} samples of 10 other classes taken for 10 other classes",
    )
    assert page.locator("#confusion tfoot td").last.text_content() == "900"
    page.close()


def test_one_class_against_the_rest(browser: Browser, tmp_path: Path) -> None:
    result = signs(["Stop", "Speed", "Yield"])
    watched = opened(browser, tmp_path, result)
    group = watched.page.get_by_role("group", name="One class against the rest")
    for label in ("Yield", "Stop"):
        group.get_by_role("combobox", name="Class").select_option(label=label)
        curve = result.roc(label).iloc[1:]
        slider = group.get_by_role("slider")
        slider.press("End")
        for row in curve.iloc[:3].itertuples():
            expect(group.locator(".threshold")).to_have_text(score(row.threshold))
            expect(group.locator(".readout")).to_have_text(rest_words(row.tp, row.fp, row.fn, row.tn))
            slider.press("ArrowLeft")
        slider.press("Home")
        last = curve.iloc[-1]
        expect(group.locator(".readout")).to_have_text(
            rest_words(*(int(last[key]) for key in ("tp", "fp", "fn", "tn")))
        )
    assert watched.told == []
    watched.page.close()


def rest_words(tp: int, fp: int, fn: int, tn: int) -> str:
    def share(part: int, whole: int) -> str:
        return f"{percent(part / whole)} of {count(whole)}" if whole else "– of 0"

    return (
        f"TP {count(tp)}, FP {count(fp)}, FN {count(fn)}, TN {count(tn)}: precision {share(tp, tp + fp)}, "
        f"recall {share(tp, tp + fn)}, specificity {share(tn, tn + fp)}, F1 {fraction(2 * tp / (2 * tp + fp + fn))}"
    )


def test_hostile_names_are_only_names(browser: Browser, tmp_path: Path) -> None:
    result = signs(HOSTILE)
    watched = opened(browser, tmp_path, result)
    page = watched.page
    buttons = page.locator("#confusion table.matrix tbody td button")
    for at in (0, 1, 7, 13):
        buttons.nth(at).click()
        expect(page.locator("#samples tbody tr").first).to_be_visible()
    assert page.locator("img").count() == 0
    assert page.locator("main script").count() == 0
    assert page.locator("#confusion table.matrix tbody th").first.text_content() == HOSTILE[0]
    assert watched.told == []
    page.close()
    text = report_html(result)
    assert "\u202e" not in text.split("<body>")[0]
    assert text.isprintable() or "\x00" not in text


@pytest.mark.parametrize("kind", ["binary", "moved", "several", "hostile"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_to_complain_of(browser: Browser, tmp_path: Path, kind: str, scheme: str, width: int) -> None:
    result = {"several": lambda: signs(["Stop", "Speed", "Yield"]), "hostile": lambda: signs(HOSTILE)}.get(
        kind, inspected
    )()
    watched = opened(browser, tmp_path, result, viewport={"width": width, "height": 900}, color_scheme=scheme)
    if kind == "moved":
        move(watched.page, 0.6)
    watched.page.locator("#confusion table.matrix tbody td button").first.click()
    assert complaints(watched.page) == []
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    assert watched.told == []
    watched.page.close()


@pytest.mark.parametrize("width", [360, 2560])
def test_the_page_is_whole_without_scripts(browser: Browser, tmp_path: Path, width: int) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(report_html(inspected()).encode())
    page = browser.new_page(java_script_enabled=False, viewport={"width": width, "height": 900})
    page.goto(path.as_uri())
    for anchor in ("headline", "blind-spots", "confusion", "classes", "curves", "slices", "method"):
        assert page.locator(f"#{anchor}").is_visible()
    assert page.locator("#confusion tfoot td").last.text_content() == "400"
    assert page.locator("#curves svg").count() == 2
    page.close()


def test_too_many_samples_make_a_page_without_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mapgap.classification.page.data.MOST_SAMPLES", 399)
    page = report_html(inspected())
    assert "<script" not in page
    assert "it has no lists and no slider" in page


def test_the_same_bytes_twice() -> None:
    assert report_html(inspected()) == report_html(inspected())
