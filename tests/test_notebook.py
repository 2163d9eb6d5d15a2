"""What a notebook shows: the page alive in a frame that cannot reach out, or its first words where it is too large."""

import copy
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Frame, expect

import mapgap
from mapgap.demo import make_demo
from mapgap.number_words import percent
from mapgap.report import notebook
from mapgap.report.notebook import notebook_html
from tests.browser import Watched, headless_browser

HOST = '<!doctype html><html lang="en"><meta charset="utf-8"><title>notebook</title><p id="gap">cell</p>'


@pytest.fixture(scope="module")
def analysis() -> mapgap.Analysis:
    demo = make_demo(images=120)
    return mapgap.analyze(demo.ground_truth, demo.detections, resamples=0)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_browser() as browser:
        yield browser


def shown_in(browser: Browser, html: str, folder: Path) -> tuple[Watched, Frame]:
    """A page that holds the output of a cell, and the frame in it, once its scripts are at work."""
    host = folder / "notebook.html"
    host.write_text(HOST + html, encoding="utf-8")
    watched = Watched(browser.new_page(viewport={"width": 900, "height": 800}), host.as_uri())
    (frame,) = watched.page.frames[1:]
    frame.wait_for_function("window.mapgap?.ready?.then(() => true)")
    return watched, frame


def test_without_a_folder_nothing_is_written(
    analysis: mapgap.Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = analysis.report()
    assert list(tmp_path.iterdir()) == []
    assert "report(" in repr(shown)
    folder = analysis.report("out")
    assert shown.page == (folder / "report.html").read_text(encoding="utf-8")
    assert shown._repr_html_() == folder._repr_html_()


def test_what_comes_back_is_a_path(analysis: mapgap.Analysis, tmp_path: Path) -> None:
    folder = analysis.report(tmp_path / "out")
    assert folder == tmp_path / "out"
    assert isinstance(folder, Path)
    assert {folder: 1}[tmp_path / "out"] == 1
    assert str(folder) == str(tmp_path / "out")
    for again in (pickle.loads(pickle.dumps(folder)), copy.deepcopy(folder)):
        assert again == folder
        assert again._repr_html_() == folder._repr_html_()
    assert (folder / "report.html")._repr_html_() is None
    assert folder.parent._repr_html_() is None


def test_the_numbers_in_the_frame_are_live(browser: Browser, analysis: mapgap.Analysis, tmp_path: Path) -> None:
    watched, frame = shown_in(browser, analysis.report()._repr_html_(), tmp_path)
    demo = make_demo(images=120)
    threshold = float(sorted(analysis.results.detections.score)[-50])
    other = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0, score_threshold=threshold)
    point = other.summary["operating_point"]
    recall = frame.locator("#headline .figure[data-figure=recall] .value")
    before = recall.text_content()
    frame.evaluate("(threshold) => mapgap.ready.then((page) => page.change({ threshold })).then(() => null)", threshold)
    expect(recall).to_have_text(percent(point["recall"]))
    assert recall.text_content() != before
    assert watched.told == []
    watched.page.close()


def test_links_and_downloads_work_in_the_frame(browser: Browser, analysis: mapgap.Analysis, tmp_path: Path) -> None:
    watched, frame = shown_in(browser, analysis.report()._repr_html_(), tmp_path)
    for link in frame.locator("nav a").all():
        link.click()
        section = frame.locator((link.get_attribute("href") or "") + ":focus")
        expect(section).to_be_in_viewport()
        assert frame.evaluate("location.href") == "about:srcdoc"
    with watched.page.expect_download() as download:
        frame.get_by_role("button", name="save as CSV").click()
    assert download.value.suggested_filename == "mapgap-examples.csv"
    assert download.value.path().read_text(encoding="utf-8").startswith("error,cause,")
    assert [line for line in watched.told if "download" not in line.lower()] == []
    watched.page.close()


def test_the_frame_cannot_reach_the_notebook(browser: Browser, analysis: mapgap.Analysis, tmp_path: Path) -> None:
    html = analysis.report()._repr_html_()
    watched, frame = shown_in(browser, html, tmp_path)
    assert frame.evaluate("origin") == "null"
    assert frame.evaluate("(() => { try { return parent.document.title } catch (error) { return error.name } })()") == (
        "SecurityError"
    )
    # Too small to read, or cut off beyond the width of the cell, it would be no use.
    box = watched.page.locator("iframe").bounding_box()
    assert box is not None
    assert box["width"] > 800
    assert box["height"] > 600
    (opening,) = re.findall(r"<iframe[^>]*?srcdoc=", html)
    assert html.count("<") == opening.count("<") + 1  # and its end: no tag of the page stands outside of srcdoc
    assert 'sandbox="allow-scripts allow-downloads"' in html
    watched.page.close()


def test_a_large_page_is_told_in_words(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, analysis: mapgap.Analysis
) -> None:
    monkeypatch.setattr(notebook, "MOST_BYTES", 1000)
    monkeypatch.chdir(tmp_path)
    folder = analysis.report("a #b?c")
    html = folder._repr_html_()
    assert html is not None
    assert "<iframe" not in html
    assert "<script" not in html
    (tmp_path / "notebook.html").write_text(HOST + html, encoding="utf-8")
    watched = Watched(browser.new_page(), (tmp_path / "notebook.html").as_uri())
    modes = analysis.summary["failure_modes"]
    assert watched.page.locator("ol > li").count() == min(10, len(modes)) > 1
    expect(watched.page.locator("li").first).to_contain_text(modes[0]["cause"])
    assert watched.told == []
    watched.page.get_by_role("link", name="a #b?c/report.html").click()
    expect(watched.page.get_by_role("heading", level=1)).to_have_text("Where the mAP went")
    watched.page.close()
    assert 'report("FOLDER")' in analysis.report()._repr_html_().replace("&quot;", '"')


def test_hostile_names_stay_text(analysis: mapgap.Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = copy.deepcopy(analysis.summary)
    hostile = "\"'></iframe><script>alert(1)</script>"
    for mode in summary["failure_modes"]:
        mode["where"] = {"class": hostile, hostile: hostile}
        mode["recommendation"] = {"text": hostile}
    for html in (notebook_html("é" + hostile, summary), notebook_html("x" * 5_000_001, summary, hostile)):
        assert "<script" not in html
        assert html.count("</iframe>") == html.count("<iframe")
    assert "<iframe" in notebook_html("é" * 2_500_000, summary)
    assert "<iframe" not in notebook_html("é" * 2_500_001, summary)


def test_tables_look_as_pandas_has_them(analysis: mapgap.Analysis) -> None:
    frame = analysis.failure_modes()
    assert type(frame) is pd.DataFrame
    assert "<table" in frame._repr_html_()  # type: ignore[operator]
