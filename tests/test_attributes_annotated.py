"""Annotated attributes: what becomes categories, bins or nothing, under which name; and kaist."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap.attributes.annotated import Coded, LeftOut, code_column
from mapgap.attributes.binning import number_text, quantile_edges, range_names
from mapgap.tables import Scalar
from tests.naive import attributes as naive
from tests.test_attributes import assert_is_sound, built, detection_values, found, object_values, scene, tables_of

HOSTILE_TEXT = st.sampled_from(["", "n/a", "n/a (background)", "1", "True", "<script>", "a\x00b", "\ud800", "é", "a.b"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 12),
    st.sampled_from([2**70, -(10**400), 10**400]),
    st.sampled_from([0.0, -0.0, 1.0, 0.1, 0.30000000000000004, 1e-300, 5e-324, 1e300, -7.25]),
    st.floats(),
    HOSTILE_TEXT,
)
COLUMNS = st.one_of(
    st.lists(SCALARS, max_size=30),
    st.lists(st.integers(0, 9), max_size=30),
    st.lists(st.integers(0, 30), max_size=60),
    st.lists(st.one_of(st.none(), st.floats(-100, 100)), max_size=40),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20),
    st.lists(st.sampled_from([f"t{i}" for i in range(60)]), min_size=40, max_size=90),
)


def everything(column: Sequence[Scalar]) -> "np.typing.NDArray[np.bool_]":
    return np.ones(len(column), dtype=np.bool_)


def present_numbers(column: Sequence[Scalar]) -> list[float]:
    largest = float(np.finfo(np.float64).max)
    return [float(v) for v in column if isinstance(v, int | float) and abs(v) <= largest]


@settings(max_examples=400)
@given(COLUMNS)
def test_columns_are_what_the_definition_says(column: list[Scalar]) -> None:
    column = [None if isinstance(v, int) and abs(v) > 10**308 else v for v in column]
    coded = code_column(column, everything(column))
    kind = naive.kind_of(column)
    assert kind == {LeftOut: "left out", type(None): "nothing"}.get(type(coded), kind)
    if not isinstance(coded, Coded):
        assert kind in ("left out", "nothing")
        return
    assert len(coded.codes) == len(column)
    is_missing = [naive.is_missing(value) for value in column]
    assert [code < 0 for code in coded.codes.tolist()] == is_missing
    if kind == "categories":
        expected = naive.category_values(column)
        assert [(type(v), v) for v in coded.values] == [(type(v), v) for v in expected]
        for value, code in zip(column, coded.codes.tolist(), strict=True):
            assert code < 0 or naive.same(coded.values[code], value)
        return
    assert kind == "bins"
    assert coded.edges is not None
    starts = naive.bin_starts(present_numbers(column), 4)
    assert len(coded.values) == len(starts) == len(coded.edges) + 1
    for value, code in zip(column, coded.codes.tolist(), strict=True):
        if code >= 0:
            assert code == sum(float(value) >= start for start in starts) - 1  # type: ignore[arg-type]


@settings(max_examples=200)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_bin_names_say_the_edges_exactly_and_every_bin_is_used(numbers: list[float]) -> None:
    coded = code_column(list(numbers), everything(numbers))
    assert isinstance(coded, Coded)
    assert coded.edges is not None
    assert len(set(coded.values)) == len(coded.values)
    assert set(coded.codes.tolist()) == set(range(len(coded.values)))
    if not coded.edges:
        assert [float(str(value)) for value in coded.values] == [numbers[0]]
        return
    assert coded.values == range_names(coded.edges)
    assert tuple(float(number_text(edge)) for edge in coded.edges) == coded.edges
    for number, code in zip(numbers, coded.codes.tolist(), strict=True):
        assert code == sum(number >= edge for edge in coded.edges)


def test_integers_with_eleven_values_get_four_bins_named_by_their_range() -> None:
    column = [30, 35, 38, 41, 45, 50, 53, 60, 65, 70, 80, 90]
    coded = code_column(column, everything(column))
    assert isinstance(coded, Coded)
    assert coded.values == ("< 41", "41 to 53", "53 to 70", ">= 70")
    assert coded.edges == (41, 53, 70)
    assert np.bincount(coded.codes).tolist() == [3, 3, 3, 3]
    assert coded.numbers is not None
    assert coded.numbers.tolist() == column


def test_edges_are_cut_to_the_decimals_they_need() -> None:
    column = [0.1234567, 0.2345678, 0.2399999, 0.3456789]
    coded = code_column(column, everything(column))
    assert isinstance(coded, Coded)
    assert coded.values == ("< 0.2", "0.2 to 0.239", "0.239 to 0.3", ">= 0.3")


def test_ties_merge_bins_and_lose_no_value() -> None:
    assert quantile_edges(np.array([0.0, 0, 0, 0, 0, 2, 3]), 4) == (2,)
    assert quantile_edges(np.array([5.0, 5, 5]), 4) == ()
    assert quantile_edges(np.array([]), 3) == ()
    same = code_column([0.5, 0.5, None], everything([1, 2, 3]))
    assert isinstance(same, Coded)
    assert same.values == ("0.5",)
    assert same.codes.tolist() == [0, 0, -1]


def test_true_and_one_are_different_values() -> None:
    column: list[Scalar] = ["1", 1, True, False, 0, "a", None]
    coded = code_column(column, everything(column))
    assert isinstance(coded, Coded)
    assert [repr(value) for value in coded.values] == ["False", "True", "0", "1", "'1'", "'a'"]
    assert coded.codes.tolist() == [4, 3, 1, 0, 2, 5, -1]


@pytest.mark.parametrize("distinct", [50, 51])
def test_text_with_more_than_fifty_values_is_no_attribute(distinct: int) -> None:
    ground_truth = scene([(0, 0, 10, 10)] * 60)
    for i, annotation in enumerate(ground_truth["annotations"]):
        annotation["plate"] = f"p{i % distinct:02d}"
    attributes, notices = built(ground_truth)
    assert ("plate" in attributes) == (distinct == 50)
    if distinct == 51:
        assert [(n.code, n.count, n.examples) for n in notices] == [("attribute_left_out", 60, ("p00", "p01", "p02"))]
        assert "'plate'" in notices[0].message
        assert "51 different values" in notices[0].message
    else:
        assert notices == ()


def test_numbers_without_a_float64_are_missing() -> None:
    column: list[Scalar] = [10**400, -(10**400), float("nan"), float("inf"), 2**70, 1]
    coded = code_column(column, everything(column))
    assert isinstance(coded, Coded)
    assert coded.values == (1, 2**70)
    assert coded.codes.tolist() == [-1, -1, -1, -1, 1, 0]


def test_n_a_merges_with_missing_and_is_last() -> None:
    ground_truth = scene([(0, 0, 10, 10)] * 4)
    for annotation, value in zip(ground_truth["annotations"], ["zebra", "n/a", None, "ant"], strict=True):
        annotation["attributes"] = {"animal": value}
    animal = built(ground_truth, [found((0, 0, 1, 1))])[0]["animal"]
    assert animal.values == ("ant", "zebra", "n/a", "n/a (background)")
    assert object_values(animal) == ["zebra", "n/a", "n/a", "ant"]
    assert detection_values(animal) == ["n/a (background)"]
    assert animal.kind == "object"


def test_crowds_bring_no_value_and_no_n_a() -> None:
    ground_truth = scene([(0, 0, 10, 10)] * 3)
    ground_truth["annotations"][0]["animal"] = "ant"
    ground_truth["annotations"][1].update(iscrowd=1, animal="bee")
    ground_truth["annotations"][2].update(iscrowd=1)
    animal = built(ground_truth)[0]["animal"]
    assert animal.values == ("ant", "n/a (background)")
    assert_is_sound(animal, *tables_of(ground_truth))


def test_image_attributes_reach_objects_and_detections() -> None:
    ground_truth = scene([(0, 0, 10, 10)], rainy=True)
    ground_truth["images"].append({"id": 2, "rainy": False})
    ground_truth["images"].append({"id": 3})
    detections = [{**found((0, 0, 1, 1)), "image_id": image} for image in (2, 1)]
    rainy = built(ground_truth, detections)[0]["rainy"]
    assert rainy.kind == "image"
    assert rainy.values == (False, True)
    assert object_values(rainy) == [True]
    assert detection_values(rainy) == [False, True]


def test_names_that_clash() -> None:
    ground_truth = scene([(0, 0, 10, 10)], size="XL", weather="wet", occlusion="no", capture_month="May")
    ground_truth["annotations"][0].update(
        {"size": 7, "occlusion": 0, "class": "sub", "attributes": {"size": "big", "occlusion": "none", "empty": None}}
    )
    attributes, _ = built(ground_truth)
    assert object_values(attributes["size"]) == ["small"]
    assert object_values(attributes["annotation.size"]) == ["big"]
    assert object_values(attributes["annotation.annotation.size"]) == [7]
    assert object_values(attributes["image.size"]) == ["XL"]
    assert object_values(attributes["occlusion"]) == ["none"]
    assert object_values(attributes["annotation.occlusion"]) == [0]
    assert object_values(attributes["image.occlusion"]) == ["no"]
    assert object_values(attributes["weather"]) == ["wet"]
    assert object_values(attributes["class"]) == ["thing"]
    assert object_values(attributes["annotation.class"]) == ["sub"]
    assert object_values(attributes["capture_month"]) == ["May"]
    assert "empty" not in attributes


@pytest.mark.parametrize("names", [["size", "annotation.size"], ["annotation.size", "size"]])
def test_names_do_not_depend_on_the_order_in_the_file(names: list[str]) -> None:
    ground_truth = scene([(0, 0, 10, 10)])
    ground_truth["annotations"][0]["attributes"] = {name: f"was {name}" for name in names}
    attributes, _ = built(ground_truth)
    assert object_values(attributes["annotation.size"]) == ["was annotation.size"]
    assert object_values(attributes["annotation.annotation.size"]) == ["was size"]


@settings(max_examples=60)
@given(st.data())
def test_any_annotation_makes_sound_attributes(data: st.DataObject) -> None:
    ground_truth: dict[str, Any] = scene([(i, 0, 10, 10) for i in range(data.draw(st.integers(0, 6)))])
    names = st.sampled_from(["size", "class", "a", "annotation.a", "", "n/a", "__proto__"])
    columns = st.dictionaries(names, SCALARS, max_size=4)
    ground_truth["images"][0].update(data.draw(columns))
    for annotation in ground_truth["annotations"]:
        annotation["attributes"] = data.draw(columns)
        annotation.update({f"{name}": value for name, value in data.draw(columns).items()})
        annotation["iscrowd"] = data.draw(st.integers(0, 1))
    tables = tables_of(ground_truth, [found((0, 0, 5, 5))])
    attributes, _ = built(ground_truth, [found((0, 0, 5, 5))])
    for attribute in attributes.values():
        assert_is_sound(attribute, *tables)


def test_kaist(real_data: Path) -> None:
    ground_truth = json.loads((real_data / "kaist" / "gt.json").read_text())
    for annotation in ground_truth["annotations"]:
        del annotation["ignore"]  # the reader drops this standard field
    attributes, notices = built(ground_truth, [])
    is_object = tables_of(ground_truth)[0].is_object
    occlusion = attributes["occlusion"]
    assert occlusion.values[:3] == ("heavy", "none", "partial")
    codes = attributes["annotation.occlusion"].object_codes
    assert attributes["annotation.occlusion"].values == (0, 1, 2, "n/a (background)")
    same = {"none": 0, "partial": 1, "heavy": 2}
    assert [same[str(v)] for v in np.array(object_values(occlusion))[is_object]] == codes[is_object].tolist()
    assert attributes["height"].kind == "object"
    assert len(attributes["height"].values) == 5
    assert attributes["height"].values[0].startswith("< ")  # type: ignore[union-attr]
    assert attributes["time_of_day"].values == ("day", "night")
    assert attributes["scene"].kind == "image"
    assert [(notice.code, notice.count) for notice in notices] == [("attribute_left_out", 2252)]
    assert "'im_name' is no attribute: it has 2,252 different values" in notices[0].message


def test_coco_capture_months(real_data: Path) -> None:
    ground_truth = json.loads((real_data / "coco_val2017_images" / "gt.json").read_text())
    for annotation in ground_truth["annotations"]:
        del annotation["segmentation"]  # no scalar
    for image in ground_truth["images"]:
        del image["license"], image["coco_url"], image["flickr_url"]  # standard fields
    attributes, notices = built(ground_truth)
    assert notices == ()
    months = attributes["capture_month"]
    assert months.values == ("2013-11",)
    assert len(attributes["class"].values) == 80
    sizes = np.array(object_values(attributes["size"]))
    areas = np.array([annotation["area"] for annotation in ground_truth["annotations"]])
    assert ((sizes == "small") == (areas < 1024)).all()
