"""Bins by edges of the user's: against the naive twin, at the edges, and what has none."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap.attributes import apply_bins, build_attributes, checked_edges
from mapgap.errors import InputError
from mapgap.tables import NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND, Attribute
from tests.generated import CocoPair, coco_pairs
from tests.naive import joined as naive
from tests.test_attributes import assert_is_sound, detection_values, found, object_values, scene, tables_of

EDGES = st.lists(
    st.sampled_from([-5.0, 0.0, 0.1, 0.5, 1.0, 2.5, 9.0, 100.0, 1024.0]), min_size=1, max_size=4, unique=True
)
OBJECT_ONLY = {"crowding", "covered", "class_frequency", "few", "many"}


def annotated(pair: CocoPair, draw: Any) -> None:
    """Few whole numbers, which are categories, and fractions, which have bins, of objects and of images."""
    for record in pair.ground_truth["annotations"]:
        record["few"] = draw(st.sampled_from([0, 1, 2, None]))
        record["many"] = draw(st.sampled_from([0.1, 0.25, 0.5, 2.5, 9.0, None]))
    for record in pair.ground_truth["images"]:
        record["lux"] = draw(st.sampled_from([0.1, 2.5, 9.0, 100.5, None]))
        record["lamps"] = draw(st.sampled_from([0, 1, 100, None]))


@settings(max_examples=120)
@given(st.data(), coco_pairs(), EDGES)
def test_bins_are_those_of_the_naive_twin(data: st.DataObject, pair: CocoPair, edges: list[float]) -> None:
    annotated(pair, data.draw)
    ground_truth, detections = tables_of(pair.ground_truth, pair.detections)
    attributes = build_attributes(ground_truth, detections)[0]
    names = [a.name for a in attributes if a.numbers is not None] + [
        a.name for a in attributes if a.name in ("few", "lamps") and a.numbers is None and len(a.values) > 2
    ]
    edges = sorted(edges)
    bins = {name: tuple(edges) for name in names}
    anew = {a.name: a for a in apply_bins(attributes, bins, ground_truth.is_object)}
    assert list(anew) == [a.name for a in attributes]
    annotations = pair.ground_truth["annotations"]
    for name in names:
        attribute = anew[name]
        assert_is_sound(attribute, ground_truth, detections)
        assert attribute.edges == tuple(edges)
        assert attribute.kind == next(a.kind for a in attributes if a.name == name)
        assert attribute.numbers is not None
        expected = [naive.bin_name(number, edges) for number in attribute.numbers.tolist()]
        is_object = ground_truth.is_object.tolist()
        told = [v for v, counts in zip(object_values(attribute), is_object, strict=True) if counts]
        assert told == [v for v, counts in zip(expected, is_object, strict=True) if counts]
        if name in OBJECT_ONLY:
            assert detection_values(attribute) == [NOT_AVAILABLE_BACKGROUND] * len(detections.score)
            continue
        assert detection_values(attribute) == [
            naive.bin_name(number, edges) for number in own_numbers(name, pair, attribute, ground_truth, detections)
        ]
        if name in ("few", "many"):
            assert [record[name] for record in annotations] == attribute.numbers.tolist()
    for name in set(anew) - set(names):
        assert anew[name] is next(a for a in attributes if a.name == name)


def own_numbers(name: str, pair: CocoPair, attribute: Attribute, ground_truth: Any, detections: Any) -> list[float]:
    """The numbers of detections, from their boxes and images."""
    images = {image["id"]: image for image in pair.ground_truth["images"]}
    numbers = []
    for record in pair.detections:
        x, y, w, h = record["bbox"]
        image = images[record["image_id"]]
        numbers.append(
            {
                "size": w * h,
                "size_detail": w * h,
                "aspect": w / h if h else np.nan,
                "border": min(x, y, image["width"] - (x + w), image["height"] - (y + h)),
                "image_crowding": sum(
                    int(ground_truth.images.ids[i]) == image["id"]
                    for i, counts in zip(ground_truth.image, ground_truth.is_object, strict=True)
                    if counts
                ),
                "lux": np.nan if image["lux"] is None else image["lux"],
                "lamps": np.nan if image["lamps"] is None else image["lamps"],
            }[name]
        )
    return numbers


def test_a_bin_holds_its_lower_edge() -> None:
    ground_truth = scene([(10, 10, 5, 5)] * 5)
    for annotation, area in zip(ground_truth["annotations"], [0, 255.99, 256, 1023, 1024], strict=True):
        annotation["area"] = area
    tables = tables_of(ground_truth, [found((0, 0, 16, 16)), found((0, 0, 0, 0))])
    attributes = apply_bins(build_attributes(*tables)[0], {"size": (0.0, 256.0, 1024.0)}, tables[0].is_object)
    size = next(a for a in attributes if a.name == "size")
    assert size.values == ("< 0", "0 to 256", "256 to 1024", ">= 1024")
    assert object_values(size) == ["0 to 256", "0 to 256", "256 to 1024", "256 to 1024", ">= 1024"]
    assert detection_values(size) == ["256 to 1024", "0 to 256"]
    # Its own bins are closed above: 1 pixel is touching. The user's never are.
    tables = tables_of(scene([(1, 10, 5, 5)]))
    border = next(
        a
        for a in apply_bins(build_attributes(*tables)[0], {"border": (1.0,)}, tables[0].is_object)
        if a.name == "border"
    )
    assert object_values(border) == [">= 1"]


def test_missing_numbers_stay_missing() -> None:
    ground_truth = scene([(0, 0, 5, 0), (0, 0, 5, 5)])
    tables = tables_of(ground_truth, [found((0, 0, 5, 0))])
    aspect = next(
        a
        for a in apply_bins(build_attributes(*tables)[0], {"aspect": (1.0,)}, tables[0].is_object)
        if a.name == "aspect"
    )
    assert aspect.values == ("< 1", ">= 1", NOT_AVAILABLE)
    assert object_values(aspect) == [NOT_AVAILABLE, ">= 1"]
    assert detection_values(aspect) == [NOT_AVAILABLE]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sise", "bins: no attribute is called sise. Attributes of numbers: size, "),
        ("class", "bins: class has no numbers to put into bins. Attributes of numbers: "),
        ("position", "bins: position has no numbers to put into bins. Attributes of numbers: "),
        ("flag", "bins: flag has no numbers to put into bins. Attributes of numbers: "),
        ("mixed", "bins: mixed has no numbers to put into bins. Attributes of numbers: "),
    ],
)
def test_what_has_no_numbers_is_refused(name: str, message: str) -> None:
    ground_truth = scene([(0, 0, 5, 5), (0, 0, 6, 6)])
    ground_truth["annotations"][0].update(flag=True, mixed=1)
    ground_truth["annotations"][1].update(flag=False, mixed="x")
    tables = tables_of(ground_truth)
    with pytest.raises(InputError) as caught:
        apply_bins(build_attributes(*tables)[0], {"size": (1.0,), name: (1.0,)}, tables[0].is_object)
    assert str(caught.value).startswith(message)
    assert "crowding" in str(caught.value)
    assert "class," not in str(caught.value).split("numbers: ")[1]


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([], "0 edges for size"),
        (list(range(101)), "101 edges for size"),
        ([1, 1], "the edges of size do not rise: 1 comes after 1"),
        ([2, 1.5], "the edges of size do not rise: 1.5 comes after 2"),
        ([float("nan")], 'the edge "nan" of size is no finite number'),
        ([1, float("inf")], 'the edge "inf" of size is no finite number'),
        ([10**400], "of size is no finite number"),
        (["1"], "the edge \"'1'\" of size is no finite number"),
        ([True], 'the edge "True" of size is no finite number'),
        ("12", "the edges of size are \"'12'\""),
        (5, 'the edges of size are "5"'),
    ],
)
def test_edges_without_a_meaning_are_refused(edges: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        checked_edges("size", edges)
    assert str(caught.value).startswith("bins: ")
    assert message in str(caught.value)


def test_edges_become_floats() -> None:
    edges = checked_edges("x", [np.int32(-1), np.float32(-0.0), 2])
    assert list(map(repr, edges)) == ["-1.0", "0.0", "2.0"]
