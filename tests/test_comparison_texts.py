"""What report.md and the terminal say of a comparison: signs, what is called sure, which slices are told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mapgap
from mapgap.number_words import DASH, signed
from mapgap.report.changed_slices import changed_slices, is_sure
from mapgap.report.comparison import slice_change_records
from mapgap.report.comparison_markdown import comparison_markdown
from mapgap.report.comparison_text import (
    change_text,
    leaderboard_rows,
    metric_rows,
    objects_line,
    slice_lines,
    threshold_text,
    waterfall_line,
)
from mapgap.tables import Results
from tests.compared import compared_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, DASH),
        (0.0, "0"),
        (-0.0, "0"),
        (1e-17, "0"),
        (0.0131, "+.013"),
        (-0.0131, "−.013"),
        (0.0004, "< +.001"),
        (-0.0004, "> −.001"),
        (0.9996, "> +.999"),
        (-0.9996, "< −.999"),
        (1.0, "+1"),
        (-1.0, "−1"),
    ],
)
def test_a_difference_has_its_sign_beside_the_number(value: float | None, text: str) -> None:
    assert signed(value) == text


@given(st.floats(-1, 1), st.integers(1, 4))
def test_what_a_signed_number_says_is_true(value: float, digits: int) -> None:
    text = signed(value, digits)
    bound = float(text.lstrip("<> ").replace("−", "-"))
    if text[0] in "<>":
        assert value < bound if text[0] == "<" else value > bound
    else:
        assert value == pytest.approx(bound, abs=0.5000001 * 10**-digits)


@pytest.mark.parametrize(
    ("ends", "images", "sure"),
    [
        ((0.01, 0.2), 5, True),
        ((-0.2, -0.01), 5, True),
        ((0.01, 0.2), 4, False),
        ((0.0, 0.2), 100, False),
        ((-0.2, 0.0), 100, False),
        ((-0.1, 0.1), 100, False),
        (None, 100, False),
    ],
)
def test_sure_is_what_excludes_zero_on_images_enough(ends: tuple[float, float] | None, images: int, sure: bool) -> None:
    assert is_sure(ends, images) == sure
    record = {"metric": "f1", "before": 0.5, "after": 0.6, "difference": 0.1, "difference_interval": ends}
    (row,) = metric_rows([record], images)
    assert row == ("F1", ".500", ".600", change_text(0.1, ends), "sure" if sure else "")


def change(value: str, objects: int, fixed: int, broken: int, **other: Any) -> dict[str, Any]:
    difference = (fixed - broken) / objects
    spread = (difference - 0.01, difference + 0.01)
    record = {
        "where": {"light": value},
        "objects": objects,
        "images": 20,
        "fixed": fixed,
        "broken": broken,
        "recall_before": 0.5,
        "recall_after": 0.5 + difference,
        "recall_difference": difference,
        "recall_difference_interval": spread,
        "recall_q_value": 0.01,
    }
    return record | other


def values(records: tuple[dict[str, Any], ...]) -> list[str]:
    return [record["where"]["light"] for record in records]


def test_slices_are_told_by_what_changed_beyond_the_whole() -> None:
    records = [
        change("little", 40, 4, 0),
        change("much", 100, 40, 1),
        change("worse", 50, 0, 9),
        change("worst", 60, 0, 30),
        change("as the whole", 80, 8, 0),
        change("too few objects", 29, 20, 0),
        change("too few images", 50, 21, 0, images=4),
        change("chance", 51, 22, 0, recall_q_value=0.051),
        change("no q-value", 52, 22, 0, recall_q_value=None),
        change("over zero", 53, 23, 0, recall_difference_interval=(0.0, 0.9)),
        change("twin of much", 100, 40, 1),
        {**change("a pair", 54, 24, 0), "where": {"light": "a pair", "size": "small"}},
    ]
    told = changed_slices(records, 0.1, 500)
    assert values(told.better) == ["much", "little", "as the whole"]
    assert values(told.worse) == ["worst", "worse"]


def test_the_share_of_all_objects_is_of_all_objects() -> None:
    """Where every attribute halves the data no slice is nearly the whole."""
    halves = [change("day", 100, 40, 0), change("night", 100, 0, 20)]
    told = changed_slices(halves, 0.1, 200)
    assert (values(told.better), values(told.worse)) == (["day"], ["night"])
    assert values(changed_slices(halves, 0.1, 125).better) == ["day"]
    assert values(changed_slices(halves, 0.1, 124).better) == []


def test_more_slices_than_are_shown_are_counted() -> None:
    told = changed_slices([change(f"v{k}", 100, 90 - k, 0) for k in range(7)], 0.0, 1000)
    lines = slice_lines(told)
    assert len(lines) == 6
    assert lines[0] == 'Better: light == "v0": recall .500 to 1.400, +.900 (+.890 to +.910); 90 fixed, 0 broken of 100'
    assert lines[-1] == "  and 2 more slices surely better"
    assert slice_lines(changed_slices([], None, 0)) == []


def test_lines_of_the_terminal() -> None:
    steps = {"missed": 0.03, "localization": -0.05, "duplicate": 0.0}
    record = {"before": 0.5, "after": 0.48, "by_cause": steps}
    assert waterfall_line(record) == "AP by cause: .500, localization −.050, missed +.030, makes .480"
    nothing = {"before": None, "after": None, "by_cause": dict.fromkeys(steps)}
    assert waterfall_line(nothing) == f"AP by cause: {DASH}, nothing changed, makes {DASH}"
    counts = {"found_by_both": 1164, "fixed": 125, "broken": 39, "missed_by_both": 0}
    assert objects_line(counts) == "Objects: 1,164 found by both, 125 fixed, 39 broken, 0 missed by both"


@pytest.mark.parametrize(
    ("threshold", "by_class", "text"),
    [(None, False, "every score"), (0.5, True, "one a class"), (0.4, False, "0.4"), (0.123456, False, "0.1235")],
)
def test_the_threshold_of_a_run(threshold: float | None, by_class: bool, text: str) -> None:
    assert threshold_text({"score_threshold": threshold, "has_class_thresholds": by_class}) == text


# ---------------------------------------------------------------- of real comparisons


def scene(images: int) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Objects of a class with a hostile name; the first run finds none in odd images, `b|c` finds all."""
    boxes: list[dict[str, Any]] = [
        {"image_id": i, "category_id": 1, "bbox": [20 * k, 0, 10, 10]} for i in range(images) for k in range(8)
    ]
    truth = {
        "images": [{"id": i} for i in range(images)],
        "categories": [{"id": 1, "name": "a|b </script>"}],
        "annotations": [
            {**box, "id": place, "area": 100, "iscrowd": 0, "attributes": {"half": f"h|{box['image_id'] % 2}"}}
            for place, box in enumerate(boxes)
        ],
    }
    some = [{**box, "score": 0.9} for k, box in enumerate(boxes) if box["image_id"] % 2 == 0 or k % 40 == 8]
    return truth, {"some": some, "all_": [{**box, "score": 0.9} for box in boxes], "none": []}


def results_of(images: int, **asked: Any) -> dict[str, Results]:
    truth, runs = scene(images)
    return {name: mapgap.analyze(truth, run, **asked).results for name, run in runs.items()}


def test_markdown_of_runs() -> None:
    view = compared_of(results_of(20))
    assert view is not None
    lines = comparison_markdown(view, "some").splitlines()
    assert "### All 3 runs" in lines
    assert "| 1 | all\\_ | 1 (1 to 1) | – | 100 % | 1 | 100 % | 100 % | 1 | 0.9 |" in lines
    assert "### What changed from some to all\\_" in lines
    assert "78 objects fixed, 0 broken, 82 found and 0 missed by both." in lines
    assert sum(line.startswith("| missed | +") for line in lines) == 1
    (slice_row,) = (line for line in lines if "h\\|1" in line and "2.5 % to 100 %" in line)
    assert slice_row.endswith(" 78 | 0 |")
    assert sum(line.endswith("| sure |") for line in lines) > 0
    # Every row of a table has as many cells as its header.
    cells = [line.replace("\\|", "").count("|") for line in lines if line.startswith("| AP50 ")]
    assert set(cells) == {6}
    # The second comparison is folded.
    assert sum(line.startswith("<summary>") and "some to none" in line for line in lines) == 1


def test_nothing_is_sure_of_one_image() -> None:
    view = compared_of(results_of(1))
    assert view is not None
    text = comparison_markdown(view, "some")
    assert "| none |" in text
    assert "| sure |" not in text
    assert "surely" not in text


def test_markdown_without_objects_and_without_resamples() -> None:
    truth, runs = scene(3)
    truth = {**truth, "annotations": []}
    results = {name: mapgap.analyze(truth, run, resamples=0).results for name, run in runs.items()}
    view = compared_of(results)
    assert view is not None
    text = comparison_markdown(view, "some")
    assert f"| AP | {DASH} | {DASH} | {DASH} |  |" in text
    assert "adds to AP" not in text
    assert "0 objects fixed, 0 broken, 0 found and 0 missed by both." in text


def test_leaderboard_rows_say_what_is_behind() -> None:
    view = compared_of(results_of(6))
    assert view is not None
    rows = leaderboard_rows(view.leaderboard)
    assert [row[:2] for row in rows] == [("1", "all_"), ("2", "some"), ("3", "none")]
    assert rows[0][3] == DASH
    assert rows[2][3] == "1 (1 to 1)"
    assert rows[2][-1] == "every score"


def test_half_of_the_objects_is_told_where_nothing_is_larger() -> None:
    truth, runs = scene(20)
    found = mapgap.compare(truth, {name: runs[name] for name in ("some", "all_")}, resamples=50)
    told = changed_slices(slice_change_records(found.comparison()), 0.5, found.comparison().objects.total)
    assert {"half": "h|1"} in [record["where"] for record in told.better]
