"""What must not change, or change only one way, when the data is changed: `mapgap.analyze`."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap.analysis.analysis import Analysis
from mapgap.gap import build_oracle
from mapgap.tables import GAP_CAUSES
from tests.generated import CocoPair, coco_pairs
from tests.test_metamorphic import pairs_without_ties

Record = dict[str, Any]


def analyzed(pair: CocoPair) -> Analysis:
    """The analysis of a pair."""
    return mapgap.analyze(pair.ground_truth, pair.detections, resamples=0)  # draws depend on the number of images


def rows_by_place(analysis: Analysis) -> tuple[list[Any], list[Any]]:
    """The outcome, cause and gap of every object and detection, in file order."""
    return (
        [row[1:] for row in analysis.objects()[["object_id", "cause", "gap"]].itertuples()],
        [row[1:] for row in analysis.detections()[["detection", "outcome", "cause", "gap"]].itertuples()],
    )


def assert_close(one: Any, other: Any, path: str = "") -> None:
    """Equal records whose floats may differ by rounding."""
    if isinstance(one, float) and isinstance(other, float | int):
        assert one == pytest.approx(other, abs=1e-9, nan_ok=True), path
    elif isinstance(one, dict):
        assert list(one) == list(other), path
        for key in one:
            assert_close(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), path
        for place, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            assert_close(mine, theirs, f"{path}[{place}]")
    else:
        assert one == other, path


@settings(max_examples=30)
@given(coco_pairs())
def test_debts_gains_and_slices_add_up_to_the_gap(pair: CocoPair) -> None:
    analysis = analyzed(pair)
    summary, results = analysis.summary, analysis.results
    total, point = summary["gap"]["total"], summary["operating_point"]
    if total is None:
        return
    assert abs(summary["gap"]["residual"]) < 1e-9
    assert math.fsum(summary["gap"]["by_cause"].values()) == pytest.approx(total, abs=1e-9)
    oracle = build_oracle(results.ground_truth, results.detections, results.matches, results.causes)
    assert oracle.gain(GAP_CAUSES) == pytest.approx(total, abs=1e-9)
    singles = [row for row in summary["slices"] if len(row["where"]) == 1]
    for name in {key for row in singles for key in row["where"]}:
        rows = [row for row in singles if name in row["where"]]
        assert math.fsum(row["gap"] for row in rows) == pytest.approx(total, abs=1e-9)
        for count in ("tp", "fp", "fn"):
            assert sum(row[count] for row in rows) == point[count], name


@settings(max_examples=25)
@given(coco_pairs(), st.integers(51, 99))
def test_empty_images_leave_every_debt_where_it_was(pair: CocoPair, identifier: int) -> None:
    image = {"id": identifier, "width": 70, "height": 70, "file_name": "empty.jpg", "time": "day"}
    more = CocoPair(pair.ground_truth | {"images": [image, *pair.ground_truth["images"]]}, pair.detections)
    before, after = analyzed(pair), analyzed(more)
    for one, other in zip(rows_by_place(before), rows_by_place(after), strict=True):
        np.testing.assert_equal(one, other)
    for part in ("gap", "tide", "classes", "confusion_matrix", "causes", "operating_point"):
        assert before.summary[part] == after.summary[part], part


@settings(max_examples=25)
@given(coco_pairs())
def test_renaming_the_categories_only_renames(pair: CocoPair) -> None:
    categories = [record | {"name": f"kind {record['id']}"} for record in pair.ground_truth["categories"]]
    renamed = analyzed(CocoPair(pair.ground_truth | {"categories": categories}, pair.detections)).summary
    text = json.dumps(analyzed(pair).summary)
    for record in pair.ground_truth["categories"]:
        text = text.replace(f'"class {record["id"]}"', f'"kind {record["id"]}"')
    assert json.loads(text) == renamed


@settings(max_examples=25)
@given(pairs_without_ties())
def test_reversing_the_category_ids_only_reorders(pair: CocoPair) -> None:
    parts = {
        part: [record | {key: -record[key]} for record in pair.ground_truth[part]]
        for part, key in (("categories", "id"), ("annotations", "category_id"))
    }
    detections = [record | {"category_id": -record["category_id"]} for record in pair.detections]
    before, after = analyzed(pair), analyzed(CocoPair(pair.ground_truth | parts, detections))
    for one, other in zip(rows_by_place(before), rows_by_place(after), strict=True):
        assert_close([list(row) for row in one], [list(row) for row in other])
    mine, theirs = before.summary, after.summary
    for part in ("coco", "gap", "tide", "operating_point", "causes"):
        assert_close(mine[part], theirs[part], part)
    classes = [record | {"id": -record["id"]} for record in reversed(theirs["classes"])]
    assert_close(mine["classes"], classes, "classes")
    order = [*reversed(range(len(classes))), len(classes)]
    counts = theirs["confusion_matrix"]["counts"]
    assert mine["confusion_matrix"]["counts"] == [[counts[row][column] for column in order] for row in order]
    assert_close(*(sorted(each["slices"], key=_where) for each in (mine, theirs)), "slices")
    assert_close(mine["image_level"], list(reversed(theirs["image_level"])), "image_level")


def _where(record: Record) -> str:
    return json.dumps(record["where"], sort_keys=True)


@settings(max_examples=25)
@given(pairs_without_ties(), st.randoms(use_true_random=False))
def test_order_in_the_files_moves_no_debt(pair: CocoPair, random: Any) -> None:
    places = random.sample(range(len(pair.detections)), len(pair.detections))
    shuffled = {part: random.sample(records, len(records)) for part, records in pair.ground_truth.items()}
    before = analyzed(pair)
    after = analyzed(CocoPair(shuffled, [pair.detections[place] for place in places]))
    (objects, detections), (other_objects, other_detections) = rows_by_place(before), rows_by_place(after)
    assert_close(
        sorted(map(list, objects), key=lambda row: row[0]), sorted(map(list, other_objects), key=lambda row: row[0])
    )
    back = {place: list(row)[1:] for place, row in zip(places, other_detections, strict=True)}
    assert_close([list(row)[1:] for row in detections], [back[place] for place in range(len(places))])
    for part in ("coco", "gap", "tide", "operating_point", "classes", "confusion_matrix"):
        assert_close(before.summary[part], after.summary[part], part)
