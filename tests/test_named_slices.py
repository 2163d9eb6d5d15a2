"""Named slices as attributes: who is in them, what background is asked, names and errors; and what they leave alone."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import mapgap
from mapgap.attributes import (
    build_attributes,
    named_slices,
    parse_expression,
    parse_slices,
    select_addresses,
    select_objects,
)
from mapgap.demo import make_demo
from mapgap.errors import InputError
from mapgap.tables import NOT_AVAILABLE_BACKGROUND, Attribute, Notice
from tests.generated import CocoPair, coco_pairs
from tests.test_attributes import assert_is_sound, detection_values, found, object_values, scene, tables_of

EXPRESSIONS = {
    "few_things": ("[image_crowding=few]", "image"),
    "two_of_image": ("image_crowding == 'few' or image_crowding < 3", "image"),
    "tiny": ("size < 300 and not size == 'large'", "geometry"),
    "own_class": ("class in ['class 0', 'class 1']", "geometry"),
    "small_in_crowd": ("[size=small] or image_crowding >= 2", "geometry"),
    "alone": ("crowding < 1", "object"),
    "deep": ("not (size == 'small' and not (covered > 0 or crowding >= 1))", "object"),
}


def named(
    ground_truth: dict[str, Any], detections: list[dict[str, Any]], slices: dict[str, str]
) -> tuple[dict[str, Attribute], tuple[Notice, ...]]:
    tables = tables_of(ground_truth, detections)
    attributes, _ = build_attributes(*tables)
    made, notices = named_slices(attributes, parse_slices(slices), tables[0].is_object, len(detections))
    return {attribute.name: attribute for attribute in made}, notices


@settings(max_examples=60)
@given(coco_pairs())
def test_members_are_those_the_expression_holds_for(pair: CocoPair) -> None:
    ids = {category["id"] for category in pair.ground_truth["categories"]}
    for place, category in enumerate(pair.ground_truth["categories"]):
        category["name"] = f"class {place}"
    for place in range(len(ids), 2):
        pair.ground_truth["categories"].append({"id": max(ids, default=0) + 1 + place, "name": f"class {place}"})
    tables = tables_of(pair.ground_truth, pair.detections)
    attributes, _ = build_attributes(*tables)
    usable = {
        name: text
        for name, (text, _) in EXPRESSIONS.items()
        if not ("few" in text and "few" not in next(a.values for a in attributes if a.name == "image_crowding"))
    }
    is_object, nothing = tables[0].is_object, np.full(len(pair.detections), -1, dtype=np.int32)
    own = np.arange(len(pair.detections), dtype=np.int32)
    made, notices = named_slices(attributes, parse_slices(usable), is_object, len(pair.detections))
    assert [a.name for a in made] == list(usable)
    for attribute in made:
        expression = parse_expression(usable[attribute.name])
        assert_is_sound(attribute, *tables)
        assert attribute.kind == EXPRESSIONS[attribute.name][1]
        holds = select_objects(attributes, expression)
        told = np.array([value is True for value in object_values(attribute)], dtype=np.bool_)
        np.testing.assert_array_equal(told[is_object], holds[is_object])
        if attribute.kind == "object":
            assert detection_values(attribute) == [NOT_AVAILABLE_BACKGROUND] * len(pair.detections)
        else:
            of_detections = select_addresses(attributes, expression, nothing, own)
            assert detection_values(attribute) == of_detections.tolist()
        is_told = attribute.name in " ".join(notice.message for notice in notices if notice.code == "slice_empty")
        assert is_told == (not (holds & is_object).any())


def test_background_is_asked_for_its_own_numbers() -> None:
    boxes = [(0, 0, 10, 10), (0, 0, 40, 50)]
    made, notices = named(
        scene(boxes),
        [found((5, 5, 9, 9)), found((5, 5, 60, 50))],
        {"below_500": "size < 500", "not_so": "not size < 500"},
    )
    assert object_values(made["below_500"]) == detection_values(made["below_500"]) == [True, False]
    assert object_values(made["not_so"]) == detection_values(made["not_so"]) == [False, True]
    assert notices == ()


def test_an_empty_slice_is_told() -> None:
    made, notices = named(scene([(0, 0, 10, 10)]), [], {"none": "size > 1e9"})
    assert made["none"].values == (False, True)
    assert [(n.code, n.message, n.examples) for n in notices] == [
        ("slice_empty", "the slice none holds no object", ("size > 1e9",))
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("size", "[size=small]", "slice size: an attribute is called size too. Give the slice another name"),
        ("class", "[size=small]", "slice class: an attribute is called class too"),
        ("a b", "size = 3", "slice `a b`, column 6 of 'size = 3': expected a comparison"),
        (
            "x",
            "sice == 'small'",
            "slice x, column 1 of \"sice == 'small'\": no attribute is called sice. Known attributes: size",
        ),
        ("x", "size == 'smal'", 'slice x, column 9 of "size == \'smal\'": size has no value "smal"'),
        ("x", "y == true", "slice x, column 1 of 'y == true': no attribute is called y"),
        ("x", "", "slice x, column 1 of '': expected an attribute name"),
        ("x", "a" * 10_001, "slice x: an expression of 10,001 characters is too long"),
        ("x", None, 'slice x: the expression is "None"'),
        ("x", "size == '\ud800'", "slice x: the expression is"),
        ("", "[size=small]", 'slices: a slice is called ""'),
        (" ", "[size=small]", 'slices: a slice is called " "'),
        (3, "[size=small]", 'slices: a slice is called "3"'),
        ("\ud800", "[size=small]", 'slices: a slice is called "\\ud800"'),
    ],
)
def test_errors_name_the_slice_and_point_at_the_column(name: Any, text: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        named(scene([(0, 0, 10, 10)]), [], {"y": "[size=small]", name: text})
    assert str(caught.value).startswith(message)


@pytest.fixture(scope="module")
def analyses() -> tuple[mapgap.Analysis, mapgap.Analysis]:
    """The demo without and with named slices."""
    demo = make_demo(images=60)
    slices = {
        "night_small": 'time_of_day == "night" and size == "small"',
        "hidden": "occlusion in ['heavy']",
        "zebra": "[size=small] or [size=medium]",
    }
    pair = demo.ground_truth, demo.detections
    return mapgap.analyze(*pair), mapgap.analyze(*pair, slices=slices, by=[["hidden", "size"]])


def test_a_named_slice_counts_what_the_pair_counts(analyses: tuple[Any, Any]) -> None:
    plain, sliced = analyses
    records = {json.dumps(record["where"]): record for record in sliced.summary["slices"]}
    named_one = records['{"night_small": true}']
    pair = next(
        record
        for record in plain.slices().to_dict("records")
        if record["where"] == {"size": "small", "time_of_day": "night"}
    )
    for key in ("objects", "images", "tp", "fp", "fn", "AP", "gap", "flags"):
        assert named_one[key] == pair[key], key
    assert named_one["objects"] > 0
    assert "without_background" in records['{"hidden": true}']["flags"]
    assert sliced.count_objects("night_small == true") == named_one["objects"]
    assert set(sliced.missed("[hidden=true]")["occlusion"]) == {"heavy"}


def test_the_values_of_a_named_slice_divide_everything(analyses: tuple[Any, Any]) -> None:
    sliced = analyses[1]
    for name in ("night_small", "hidden", "zebra"):
        records = [record for record in sliced.summary["slices"] if list(record["where"]) == [name]]
        assert sum(record["gap"] for record in records) == pytest.approx(sliced.summary["gap"]["total"], abs=1e-9)
        assert sum(record["fp"] for record in records) == sliced.summary["operating_point"]["fp"]


def records_of(analysis: mapgap.Analysis) -> list[dict[str, Any]]:
    """All slices without their q-values."""
    return analysis.slices().drop(columns="q_value").to_dict("records")  # type: ignore[return-value]


def test_naming_slices_changes_nothing_else(analyses: tuple[Any, Any]) -> None:
    plain, sliced = analyses
    names = set(sliced.results.settings.slices)
    # All of them: in the summary a cross that was asked for may take the place of another among the 200 of most gap.
    # A q-value knows of every test that was made, those of named slices too.
    others = [record for record in records_of(sliced) if not names & set(record["where"])]
    assert repr(others) == repr(records_of(plain))
    for key in set(plain.summary) - {"slices", "settings"}:
        assert sliced.summary[key] == plain.summary[key], key
    crosses = {tuple(record["where"]) for record in sliced.summary["slices"] if names & set(record["where"])}
    assert crosses == {("night_small",), ("hidden",), ("zebra",), ("hidden", "size")}


def test_a_named_slice_is_a_column_of_the_tables(analyses: tuple[Any, Any], tmp_path: Path) -> None:
    sliced = analyses[1]
    sliced.report(tmp_path / "r")
    objects = mapgap.read_table(tmp_path / "r" / "objects.parquet")
    assert int(objects["night_small"].sum()) == sliced.count_objects("[night_small=true]")
    page = (tmp_path / "r" / "report.html").read_text()
    assert "slice night_small" in page
