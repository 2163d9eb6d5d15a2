"""The report's files: schema, escaping, limits, and the same bytes for the same results."""

import csv
import html
import io
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools.coco import COCO

from mapgap.number_words import fraction, percent
from mapgap.report.content import build_report
from mapgap.report.csv_files import csv_bytes
from mapgap.report.files import FILE_NAMES, render_files
from mapgap.report.findings import FAILURE_MODE_KEYS, SLICE_KEYS, slices_records
from mapgap.report.html.markup import Markup, element, escape, join
from mapgap.report.html.page import report_html
from mapgap.report.json_files import json_bytes
from mapgap.report.missed import missed_record, missed_rows, missed_tables
from mapgap.tables import CAUSES, GAP_CAUSES, METRICS, ConfusionMatrix, Results, Slices
from mapgap.visible_text import visible_lines
from mapgap.where_text import where_text
from tests.report_example import empty_results, example_results

HOSTILE = (
    "</script><script>alert(1)</script>",
    "a|b`c*d\"e'f\n\u202egnp.exe",
    "",
    "<img src=x onerror=alert(1)>" + "x" * 300,
)


@pytest.fixture(scope="module")
def files() -> Mapping[str, bytes]:
    return dict(render_files({"run": example_results()}))


def test_every_file_is_there_and_has_the_same_bytes_twice(files: Mapping[str, bytes]) -> None:
    again = dict(render_files({"run": example_results()}))
    assert tuple(files) == FILE_NAMES
    for name in FILE_NAMES:
        if not name.endswith(".parquet"):
            assert files[name] == again[name], name


def test_summary_has_the_schemas_keys_in_their_order(files: Mapping[str, bytes]) -> None:
    summary = json.loads(files["summary.json"], parse_constant=pytest.fail)
    assert " ".join(summary) == (
        "schema inputs settings coco operating_point gap tide classes confusion_matrix image_level slices causes "
        "failure_modes warnings"
    )
    assert summary["schema"] == "mapgap/summary/1"
    assert list(summary["coco"]) == list(METRICS)
    assert list(summary["gap"]) == ["total", "by_cause", "at_iou_50", "residual"]
    assert list(summary["gap"]["by_cause"]) == list(GAP_CAUSES) == list(summary["gap"]["at_iou_50"]["by_cause"])
    assert " ".join(summary["operating_point"]) == ("score_threshold iou_threshold tp fp fn precision recall f1 macro")
    assert " ".join(summary["classes"][0]) == ("id name objects detections AP AP50 ap_loss gap precision recall f1")
    assert " ".join(summary["slices"][0]) == (
        "where objects images tp fp fn recall recall_interval precision f1 AP AP_interval gap gap_share lift q_value "
        "adjusted_odds_ratio flags"
    )
    assert " ".join(summary["failure_modes"][0]) == (
        "rank cause where errors images population gap gap_share excess hotter_within gain gain_interval q_value "
        "adjusted_odds_ratio flags recommendation examples"
    )
    assert list(summary["causes"][0]) == ["cause", "errors", "images", "gap", "gap_share", "gain", "gain_interval"]
    assert list(summary["image_level"][0]) == ["class", "tp", "fp", "fn", "tn", "accuracy", "specificity", "auc"]
    assert [record["cause"] for record in summary["causes"]] == list(CAUSES)


def test_numbers_of_the_summary_follow_from_the_counts(files: Mapping[str, bytes]) -> None:
    summary, results = json.loads(files["summary.json"]), example_results()
    point = summary["operating_point"]
    assert point["recall"] == point["tp"] / summary["inputs"]["ground_truth"]["objects"]
    assert point["precision"] == point["tp"] / int(results.operating_point.kept.sum())
    assert point["f1"] == pytest.approx(2 / (1 / point["precision"] + 1 / point["recall"]))
    classes = summary["classes"]
    with_truth = [record for record in classes if record["objects"]]
    assert len(with_truth) < len(classes)
    defined = [record["precision"] for record in with_truth if record["precision"] is not None]
    assert point["macro"]["precision"] == pytest.approx(sum(defined) / len(defined))
    assert sum(record["gap"] for record in classes) == pytest.approx(summary["gap"]["total"])
    assert classes[0]["ap_loss"] == pytest.approx((1 - 0.62) / 3)
    assert sum(record["detections"] for record in classes) == summary["inputs"]["detections"]["detections"]
    unicorn = classes[3]
    assert (unicorn["objects"], unicorn["AP"], unicorn["recall"], unicorn["ap_loss"]) == (0, None, None, None)
    sizes = [record for record in summary["slices"] if list(record["where"]) == ["size"]]
    assert sum(record["gap"] for record in sizes) == pytest.approx(summary["gap"]["total"])
    objects = sum(record["objects"] for record in sizes)
    for record in sizes:
        assert record["recall"] == record["tp"] / record["objects"]
        assert record["lift"] == pytest.approx(record["gap_share"] / (record["objects"] / objects))
    assert summary["coco"]["APl"] is None
    assert summary["image_level"][3]["auc"] is None
    assert [warning["code"] for warning in summary["warnings"]] == ["annotation_id_zero", "no_ground_truth", "dates"]


def test_slices_keep_json_types_and_carry_flags() -> None:
    records = slices_records(example_results())
    flags = {json.dumps(record["where"]): record["flags"] for record in records}
    assert flags['{"truncated": true}'] == ["without_background", "too_few"]
    assert flags['{"size": "small"}'] == ["too_few"]
    nothing = next(record for record in records if record["where"] == {"Width": "n/a (background)"})
    assert (nothing["recall"], nothing["AP"], nothing["lift"]) == (None, None, None)


def test_summary_holds_the_costliest_pairs_in_the_slices_order() -> None:
    results = _many_slices(example_results(), 20_000)
    records = slices_records(results)
    summary = build_report(results).summary
    pairs = [record for record in summary["slices"] if len(record["where"]) == 2]
    everything = sorted((record["gap"] for record in records if len(record["where"]) == 2), reverse=True)
    assert len(pairs) == 200
    assert sorted((record["gap"] for record in pairs), reverse=True) == everything[:200]
    order = [json.dumps(record["where"]) for record in records]
    places = [order.index(json.dumps(record["where"])) for record in pairs]
    assert places == sorted(places)
    asked = replace(results, settings=replace(results.settings, by=(("b", "a"),)))
    assert len(build_report(asked).summary["slices"]) == len(records)


def test_costly_slices_say_more_than_their_parts_and_come_once() -> None:
    results = _many_slices(example_results(), 0)
    wheres = (
        {"size": "small"},
        {"size_detail": "tiny"},
        {"a": 1},
        {"a": True},
        {"a": 1, "size": "small"},
        {"a": "n/a"},
    )
    n = np.full(6, 40, np.int64)
    tp = np.array([9, 9, 8, 7, 6, 5])
    gap = np.array([0.5, 0.5, 0.43, 0.44, 0.52, 0.58])
    table = replace(results.slices, where=wheres, objects=n, images=n, tp=tp, fp=n, fn=n - tp, gap=gap, ap=gap)
    table = replace(table, without_background=np.zeros(6, bool))
    shown = build_report(replace(results, slices=table)).costly_slices
    assert [(row["where"], row["lift"] > 1) for row in shown.rows] == [
        ({"size": "small"}, True),
        ({"a": True}, True),
        ({"a": 1}, True),
    ]
    cross = replace(table, gap=np.array([0.45, 0.45, 0.41, 0.42, 0.52, 0.58]))
    first = build_report(replace(results, slices=cross)).costly_slices.rows[0]
    assert first["where"] == {"a": 1, "size": "small"}


def test_of_the_same_members_the_name_without_prefix_is_shown() -> None:
    results = _many_slices(example_results(), 0)
    wheres = ({"annotation.occlusion": 2}, {"occlusion": "heavy"}, {"size": "small"})
    n, found = np.full(3, 40, np.int64), np.array([9, 9, 8])
    gap = np.array([0.5, 0.5, 0.43])
    table = replace(results.slices, where=wheres, objects=n, images=n, tp=found, fp=n, fn=n - found, gap=gap, ap=gap)
    table = replace(table, without_background=np.zeros(3, bool))
    shown = build_report(replace(results, slices=table)).costly_slices
    assert [row["where"] for row in shown.rows] == [{"occlusion": "heavy"}, {"size": "small"}]


def _many_slices(results: Results, number: int) -> Results:
    wheres = tuple({"a": f"v{i}"} for i in range(50)) + tuple({"a": i % 100, "b": i // 100} for i in range(number))
    length = len(wheres)
    ones = np.full(length, 40, np.int64)
    gap = (np.arange(length) * 7919 % length) / length**2
    table = Slices(wheres, ones, ones, ones // 2, ones, ones // 2, gap, np.full(length, 0.5), np.zeros(length, bool))
    return replace(results, slices=table)


def test_a_thousand_classes_and_many_slices_stay_small() -> None:
    results = _many_classes(_many_slices(example_results(), 20_000), 1203)
    report = build_report(results)
    page = report_html(report)
    assert len(page) < 400_000
    assert "more slices in slices.csv" in page
    assert "1,183 other classes" in page
    assert "And 1,103 more classes" in page
    counts = results.confusion_matrix.counts
    assert sum(map(sum, report.matrix.counts)) == int(counts.sum())
    assert sum(report.matrix.counts[-1]) == int(counts[-1].sum())
    assert sum(row[-1] for row in report.matrix.counts) == int(counts[:, -1].sum())
    first = int(report.matrix.labels[0].removeprefix("class "))
    assert sum(report.matrix.counts[0]) == int(counts[first].sum())
    assert len(report.slices) == 20_050


def _many_classes(results: Results, number: int) -> Results:
    ids, names = np.arange(number), tuple(f"class {k}" for k in range(number))
    chance = np.random.default_rng(0)
    counts = chance.integers(0, 3, (number + 1, number + 1))
    level, rate = results.image_level, np.full(number, 0.5)
    point, truth = results.operating_point, results.ground_truth
    zeros = np.zeros(number, np.int64)
    return replace(
        results,
        ground_truth=replace(truth, categories=replace(truth.categories, ids=ids, names=names)),
        class_ap=rate,
        class_ap50=rate,
        matches=replace(
            results.matches, class_offsets=np.zeros(number + 1, np.int64), positives=np.ones((4, number), np.int64)
        ),
        operating_point=replace(point, class_tp=zeros, class_fp=zeros + 1, class_fn=zeros),
        confusion_matrix=ConfusionMatrix(
                (*names, "background"), *(a.astype(np.int32) for a in np.nonzero(counts)), counts[np.nonzero(counts)]
            ),
        image_level=replace(
            level, tp=zeros, fp=zeros, fn=zeros, tn=zeros, accuracy=rate, specificity=rate, auc=rate
        ),
    )  # fmt: skip


def test_an_empty_analysis_still_gives_every_file() -> None:
    files = dict(render_files({"run": empty_results()}))
    summary = json.loads(files["summary.json"], parse_constant=pytest.fail)
    assert summary["gap"]["total"] is None
    assert summary["operating_point"]["f1"] is None
    assert summary["classes"] == summary["slices"] == summary["failure_modes"] == []
    assert json.loads(files["missed.json"]) == {"images": [], "annotations": [], "categories": []}
    assert "nan" not in files["report.md"].decode().lower()
    assert "NaN" not in files["report.html"].decode().partition("<script>")[0]


def test_csv_files_are_read_back_as_they_were(files: Mapping[str, bytes]) -> None:
    rows = list(csv.DictReader(io.StringIO(files["slices.csv"].decode())))
    records = slices_records(example_results())
    assert b"\r" not in files["slices.csv"]
    assert [row["where"] for row in rows] == [where_text(record["where"]) for record in records]
    assert [float(row["gap"]) for row in rows] == [record["gap"] for record in records]
    assert rows[0]["recall_low"] == rows[0]["recall_high"] == ""
    modes = list(csv.DictReader(io.StringIO(files["failure_modes.csv"].decode())))
    assert modes[0]["where"] == 'size == "small" and time_of_day == "night"'
    assert modes[4]["where"] == "truncated == true"
    assert json.loads(modes[0]["examples"])[0]["object_id"] == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_cells_cannot_start_a_formula(start: str) -> None:
    text = csv_bytes({"a": [start + "1"], "b": [-1.5]}).decode()
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == ["'" + start + "1", "-1.5"]


@pytest.mark.parametrize("names", [(), (HOSTILE,)])
def test_missed_json_is_the_missed_record(names: tuple[Any, ...]) -> None:
    for results in (example_results(*names), empty_results()):
        record = missed_record(results)
        assert json_bytes(missed_tables(results)) == json_bytes(record)
        assert record["annotations"] == missed_rows(results)
    images = example_results().ground_truth.images
    results = replace(example_results(), ground_truth=replace(example_results().ground_truth, images=replace(
        images, width=np.where(images.ids % 2, np.nan, 0.5), file_names=(None,) * len(images.ids)
    )))  # fmt: skip
    shown = missed_record(results)["images"]
    assert {tuple(image) for image in shown} == {("id", "height"), ("id", "width", "height")}
    assert json_bytes(missed_tables(results)) == json_bytes(missed_record(results))


def test_missed_json_opens_in_pycocotools(files: Mapping[str, bytes], tmp_path: Path) -> None:
    results, path = example_results(), tmp_path / "missed.json"
    path.write_bytes(files["missed.json"])
    coco = COCO(str(path))
    rows = coco.loadAnns(coco.getAnnIds())
    missed = set(np.flatnonzero(~results.operating_point.found & results.ground_truth.is_object).tolist())
    assert {row["id"] for row in rows} == {int(results.ground_truth.ids[g]) for g in missed}
    assert {row["image_id"] for row in rows} == set(coco.getImgIds())
    assert {row["category_id"] for row in rows} == set(coco.getCatIds())
    by_id = {row["id"]: row for row in rows}
    for g in missed:
        row = by_id[int(results.ground_truth.ids[g])]
        assert row["bbox"] == results.ground_truth.box[g].tolist()
        assert row["attributes"]["size"] == results.attributes[0].values[results.attributes[0].object_codes[g]]
    low = [row["attributes"] for row in rows if row["attributes"]["cause"] == "below_threshold"]
    assert low
    assert all(values["recovering_score"] < 0.4 and values["detection"] >= 10 for values in low)


def test_missed_rows_can_be_narrowed() -> None:
    results = example_results()
    everything = missed_rows(results)
    gaps = [row["attributes"]["gap"] for row in everything]
    assert gaps == sorted(gaps, reverse=True)
    cars = missed_rows(results, results.ground_truth.category == 0)
    car = results.ground_truth.categories.ids[0]
    assert cars == [row for row in everything if row["category_id"] == car]
    assert 0 < len(cars) < len(everything)


class _Elements(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _parsed(page: str) -> _Elements:
    parser = _Elements()
    parser.feed(page)
    return parser


def test_hostile_names_add_no_element_and_no_attribute() -> None:
    tame, hostile = (_parsed(report_html(build_report(example_results(*names)))) for names in ((), (HOSTILE,)))
    assert hostile.tags == tame.tags
    assert hostile.attributes - tame.attributes <= {"title"}
    assert "script" not in hostile.tags
    assert "style" not in hostile.attributes
    assert HOSTILE[0] in hostile.text


def test_gap_bars_add_up_to_one_minus_ap() -> None:
    page = report_html(build_report(example_results()))
    for bar in re.findall(r'<svg class="gap-bar".*?</svg>', page):
        starts, widths = ([float(x) for x in re.findall(rf' {key}="([\d.]+)%"', bar)] for key in ("x", "width"))
        ends = [start + width for start, width in zip(starts, widths, strict=True)]
        assert starts == pytest.approx([0.0, *ends[:-1]], abs=0.01)
        assert sum(widths) == pytest.approx(100, abs=0.01)
    assert page.count('<svg class="gap-bar"') == 2


@given(st.text())
def test_escaped_text_reads_back(text: str) -> None:
    page = _parsed(element("p", text, title=text))
    assert page.tags == {"p"}
    assert "".join(page.text) == visible_lines(text)
    assert escape(escape(text)) == escape(text)
    assert not isinstance(escape(text) + text, Markup)


@given(st.text("&<>\"'a1 \0\x1f\x7f\ud800\uffff", max_size=6))
def test_escaping_is_the_standard_librarys(text: str) -> None:
    shown = re.sub("[\0\x1f\x7f\ud800\uffff]", lambda sign: f"⟨U+{ord(sign[0]):04X}⟩", text)
    assert escape(text) == html.escape(shown)
    assert join([text, [Markup("<b>"), None, [7, text]]], "<") == "&lt;".join(
        [html.escape(shown), "<b>", "7", html.escape(shown)]
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1.0, "1"), (0.0001, "< .001"), (0.9999, "> .999"), (0.5, ".500"), (-0.25, "−.250"), (None, "–"),
     (0.9994, ".999"),     (0.00051, ".001"), (0.00049, "< .001"), (-1e-5, "> −.001")],
)  # fmt: skip
def test_fractions_never_round_to_an_end(value: float | None, text: str) -> None:
    assert fraction(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.0003, "< 0.1 %"), (0.0006, "0.1 %"), (0.9996, "> 99.9 %"), (0.996, "99.6 %"),
     (0.624, "62 %"), (0.0949, "9.5 %"), (0.9899, "99 %"), (None, "–")],
)  # fmt: skip
def test_percents_use_no_more_digits_than_needed(value: float | None, text: str) -> None:
    assert percent(value) == text


@given(st.floats(0, 1))
def test_percent_is_an_end_only_if_it_is(value: float) -> None:
    assert (percent(value) == "0 %") == (value == 0)
    assert (percent(value) in ("100 %", "100.0 %")) == (value == 1)
    assert (fraction(value) in ("0", ".000")) == (value < 1e-12)
    assert (fraction(value) in ("1", "1.000")) == (value == 1)


def test_json_is_strict() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        json_bytes({"a": float("nan")})
    record: dict[str, Any] = {"a": {"b": [[1, 2], [3]], "c": []}, "d": [{"e": "\ud800é"}], "f": {}}
    assert json.loads(json_bytes(record)) == record


def test_keys_for_empty_tables_are_those_of_full_ones() -> None:
    summary = build_report(example_results()).summary
    assert tuple(summary["slices"][0]) == SLICE_KEYS
    assert tuple(summary["failure_modes"][0]) == FAILURE_MODE_KEYS
