"""Score thresholds one a class: read from a file, used by every count, the same in the browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

import mapgap
from mapgap.demo import make_demo
from mapgap.errors import AccessError, InputError
from mapgap.report.embedded.page_data import page_data
from mapgap.tables import CAUSES, Results
from tests.browser import Watched, headless_browser
from tests.generated import CocoPair, coco_pairs
from tests.naive import operating_point as naive
from tests.test_page_numbers import TALLY, require_equal, require_slices, told_by_python, written

SCHEMA = "mapgap/thresholds/1"
OF_FILE = f'{{"schema": "{SCHEMA}"'
A, B, C = [0, 0, 10, 10], [20, 20, 10, 10], [50, 50, 10, 10]
PAIR: tuple[dict[str, Any], list[dict[str, Any]]] = (
    {
        "images": [{"id": 1, "width": 100, "height": 100}],
        "categories": [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 7, "bbox": A, "area": 100, "iscrowd": 0},
            {"id": 2, "image_id": 1, "category_id": 3, "bbox": B, "area": 100, "iscrowd": 0},
        ],
    },
    [
        {"image_id": 1, "category_id": 7, "bbox": A, "score": 0.3},
        {"image_id": 1, "category_id": 7, "bbox": C, "score": 0.2},
        {"image_id": 1, "category_id": 3, "bbox": B, "score": 0.6},
        {"image_id": 1, "category_id": 3, "bbox": C, "score": 0.7},
    ],
)


def at(thresholds: Any) -> Results:
    return mapgap.analyze(*PAIR, thresholds=thresholds, resamples=0).results


@pytest.mark.parametrize(
    "thresholds",
    [
        {"cat": 0.3, "dog": 0.65},
        {"schema": SCHEMA, "all": 0.3, "classes": [{"id": 3, "name": "dog", "score_threshold": 0.65}]},
        {"schema": SCHEMA, "all": 0.65, "classes": [{"name": "cat", "score_threshold": 0.3}, {"name": "dog"}]},
    ],
)
def test_each_class_has_its_threshold(thresholds: dict[str, Any]) -> None:
    results = at(thresholds)
    point = results.operating_point
    assert point.kept.tolist() == [True, False, False, True]
    assert point.score_threshold is None
    assert point.class_score_thresholds is not None
    assert point.class_score_thresholds.tolist() == [0.65, 0.3]  # by id: dog, cat
    assert (point.class_tp.tolist(), point.class_fp.tolist(), point.class_fn.tolist()) == ([0, 1], [1, 0], [1, 0])
    lost = results.errors.cause == CAUSES.index("below_threshold")
    assert results.errors.recovering_score[lost].tolist() == [0.6]
    assert results.settings.score_threshold is None
    classes = [(of.id, of.name, of.score_threshold) for of in results.settings.thresholds.classes]  # type: ignore[union-attr]
    assert classes == [(3, "dog", 0.65), (7, "cat", 0.3)]


def test_what_is_written_names_them(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.json"
    path.write_text(json.dumps({"cat": 0.3, "dog": 0.65}))
    analysis = mapgap.analyze(*PAIR, thresholds=path, resamples=0)
    summary = analysis.summary
    assert summary["operating_point"]["score_threshold"] is None
    assert summary["settings"]["score_threshold"] is None
    assert summary["settings"]["thresholds"]["name"] == "thresholds.json"
    assert [row["score_threshold"] for row in summary["settings"]["thresholds"]["classes"]] == [0.65, 0.3]
    analysis.report(tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "one a class, from thresholds.json" in page
    assert "the score threshold of their class count" in page
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    assert "F1 at one score threshold a class" in text
    assert "one a class, from thresholds.json" in text
    missed = analysis.missed_record()
    assert [row["score_threshold"] for row in missed["info"]["thresholds"]] == [0.65, 0.3]
    assert "below the threshold .650" in missed["annotations"][0]["attributes"]["evidence"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        (f'{{"cat": {"9" * 5000}, "dog": 0.3}}', "an integer has thousands of digits"),
        ("[]", "thresholds are [], which names no class"),
        ('{"cat": 0.3}', "no threshold for 1 of 2 classes: dog"),
        ('{"cat": NaN, "dog": 0.3}', "cat: nan is no score threshold"),
        ('{"cat": "0.3", "dog": 0.3}', "cat: '0.3' is no score threshold"),
        ('{"cat": true, "dog": 0.3}', "cat: True is no score threshold"),
        ('{"cat": 0.3, "cat": 0.4, "dog": 0.3}', "'cat' is there twice"),
        ('{"cat": 0.3, "dog": 0.3, "dig": 1}', "there is no class 'dig'. Classes: dog, cat"),
        ('{"schema": "mapgap/thresholds/2"}', "schema: 'mapgap/thresholds/2' is not mapgap/thresholds/1"),
        (OF_FILE + "}", "no threshold for 2 of 2 classes: dog, cat"),
        (OF_FILE + ', "all": Infinity}', "all: inf is no score threshold"),
        (OF_FILE + ', "all": 0.1, "classes": 3}', "classes: is 3 and no list"),
        (OF_FILE + ', "all": 0.1, "classes": [3]}', "classes[0]: is 3, which names no class"),
        (OF_FILE + ', "all": 0.1, "classes": [{"name": 3}]}', "classes[0].name: 3 is no name"),
        (OF_FILE + ', "all": 0.1, "classes": [{"name": "cat", "id": "x"}]}', "classes[0].id: 'x' is no id"),
        (
            OF_FILE + ', "all": 0.1, "classes": [{"name": "cat", "score_threshold": 1}, {"name": "cat"}]}',
            "two thresholds of class 'cat'",
        ),
    ],
)  # fmt: skip
def test_bad_files_say_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        at(path)
    assert complaint in str(error.value)
    assert str(error.value).startswith("odd.json: ")


def test_other_refusals(tmp_path: Path) -> None:
    with pytest.raises(AccessError):
        at(tmp_path / "none.json")
    with pytest.raises(InputError, match="thresholds one a class and the score threshold 'cost' for all"):
        mapgap.analyze(*PAIR, thresholds={"cat": 0.3, "dog": 0.3}, score_threshold="cost")
    with pytest.raises(InputError, match="names no class"):
        at(0.5)


def test_classes_of_one_name_are_told_apart_by_id() -> None:
    truth = {**PAIR[0], "categories": [{"id": 7, "name": "cat"}, {"id": 3, "name": "cat"}]}
    both = {"schema": SCHEMA, "classes": [{"id": i, "name": "cat", "score_threshold": i / 10} for i in (7, 3)]}
    point = mapgap.analyze(truth, PAIR[1], thresholds=both, resamples=0).results.operating_point
    assert point.class_score_thresholds is not None
    assert point.class_score_thresholds.tolist() == [0.3, 0.7]
    with pytest.raises(InputError, match=r"2 classes are called 'cat'\. Give the .id. too, one of 3, 7"):
        mapgap.analyze(truth, PAIR[1], thresholds={"cat": 0.3}, resamples=0)


def drawn_thresholds(pair: CocoPair, scores: list[float]) -> dict[str, float]:
    names = [category["name"] for category in pair.ground_truth["categories"]]
    return {name: scores[place % len(scores)] for place, name in enumerate(names)}


SCORES = st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.4, 0.5, 0.7, 0.9, 1.5]), min_size=3, max_size=3)


@settings(max_examples=60, deadline=None)
@given(pair=coco_pairs(), scores=SCORES)
def test_counts_equal_the_slow_twin(pair: CocoPair, scores: list[float]) -> None:
    results = mapgap.analyze(
        pair.ground_truth, pair.detections, thresholds=drawn_thresholds(pair, scores), resamples=0
    ).results
    truth, point = results.ground_truth, results.operating_point
    assert point.class_score_thresholds is not None
    own = point.class_score_thresholds.tolist()
    plain = naive.plain_detections(results.detections, results.matches, results.analysis_threshold)
    annotations = naive.plain_annotations(truth)
    kept = [d.is_counted and d.score >= own[d.category] for d in plain]
    assert point.kept.tolist() == kept
    classes = len(truth.categories.ids)
    counts = naive.class_counts(annotations, plain, kept, classes)
    assert (point.class_tp.tolist(), point.class_fp.tolist(), point.class_fn.tolist()) == tuple(counts.values())
    matrix = naive.confusion(annotations, plain, kept, classes, 0.5)
    assert results.confusion_matrix.counts.tolist() == matrix


@settings(max_examples=30, deadline=None)
@given(pair=coco_pairs(), score=st.sampled_from([0.0, 0.3, 0.6]))
def test_equal_thresholds_are_one_for_all(pair: CocoPair, score: float) -> None:
    one = mapgap.analyze(pair.ground_truth, pair.detections, score_threshold=score, resamples=0)
    equal = mapgap.analyze(
        pair.ground_truth, pair.detections, thresholds=drawn_thresholds(pair, [score] * 3), resamples=0
    )
    for key in ("gap", "tide", "classes", "confusion_matrix", "image_level", "slices", "causes", "coco"):
        assert one.summary[key] == equal.summary[key], key
    for summary in (one.summary, equal.summary):
        summary["operating_point"].pop("score_threshold")
    assert one.summary["operating_point"] == equal.summary["operating_point"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    return browser.new_page()


@settings(max_examples=25, deadline=None)
@given(pair=coco_pairs(), scores=SCORES)
def test_the_page_counts_as_python_does(
    page: Page, tmp_path_factory: pytest.TempPathFactory, pair: CocoPair, scores: list[float]
) -> None:
    results = mapgap.analyze(
        pair.ground_truth, pair.detections, thresholds=drawn_thresholds(pair, scores), resamples=0
    ).results
    watched = Watched(page, written(results, tmp_path_factory.getbasetemp()))
    require_equal(page.evaluate(TALLY, [None, {}]), results)
    # No address and no view can move it.
    require_equal(page.evaluate(TALLY, [0.95, {}]), results)
    for attribute in results.attributes[:4]:
        for code, value in enumerate(attribute.values):
            found = page.evaluate(TALLY, [None, {attribute.name: code}])
            require_slices(found["slices"], results, {attribute.name: value})
    assert watched.told == []


def demo_results(images: int) -> Results:
    demo = make_demo(seed=3, images=images)
    names = [category["name"] for category in demo.ground_truth["categories"]]
    own = {name: 0.2 + 0.1 * place for place, name in enumerate(names)}
    return mapgap.analyze(demo.ground_truth, demo.detections, thresholds=own, resamples=0).results


def test_the_page_says_so_in_place_of_the_slider(page: Page, tmp_path: Path) -> None:
    results = demo_results(60)
    watched = Watched(page, written(results, tmp_path) + "#s=0.9")
    expect(page.locator(".own-thresholds")).to_contain_text("one score threshold a class")
    expect(page.locator("input[type=range]")).to_have_count(0)
    require_equal(page.evaluate(TALLY, [None, {}]), results)
    expect(page.locator("#curves")).to_contain_text("Each class has a score threshold of its own")
    expect(page.locator("[data-figure=F1] .of")).to_contain_text("one score threshold a class")
    shown = page.evaluate("mapgap.ready.then((page) => page.change({ where: { class: 0 } }).then(() => location.hash))")
    assert "#s=" not in shown
    expect(page.locator("[data-figure=F1] .of")).to_contain_text("one score threshold a class")
    assert watched.told == []


def test_a_file_cut_short_has_all_that_is_kept(page: Page, tmp_path: Path) -> None:
    results = demo_results(40)
    left_out = page_data({"run": results}, 60).manifest["runs"][0]["left_out"]
    own = results.operating_point.class_score_thresholds
    assert own is not None
    assert left_out["below_score"] > float(np.min(own))
    watched = Watched(page, written(results, tmp_path, most_rows=60))
    found = page.evaluate(TALLY, [None, {}])
    require_equal({**found, "gap": told_by_python(results)["gap"]}, results, with_slices=False)
    assert watched.told == []
