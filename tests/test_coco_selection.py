"""Selecting images and categories: the same as reading a file that never had the others."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.coco.selection import select
from mapgap.errors import InputError
from mapgap.tables import Detections, GroundTruth
from tests.generated import CocoPair, coco_pairs


def read(pair: CocoPair) -> tuple[GroundTruth, Detections]:
    ground_truth = read_ground_truth(pair.ground_truth)
    return ground_truth, read_detections(pair.detections, ground_truth)


def filtered(pair: CocoPair, image_ids: Iterable[int], category_ids: Iterable[int]) -> CocoPair:
    """The naive twin: the others are taken out of the data before reading."""
    images, categories = set(image_ids), set(category_ids)

    def keeps(record: dict[str, Any]) -> bool:
        return record["image_id"] in images and record["category_id"] in categories

    ground_truth = {
        "images": [image for image in pair.ground_truth["images"] if image["id"] in images],
        "categories": [category for category in pair.ground_truth["categories"] if category["id"] in categories],
        "annotations": [annotation for annotation in pair.ground_truth["annotations"] if keeps(annotation)],
    }
    return CocoPair(ground_truth, [detection for detection in pair.detections if keeps(detection)])


@settings(max_examples=200)
@given(coco_pairs(), st.data())
def test_equals_reading_the_filtered_data(pair: CocoPair, data: st.DataObject) -> None:
    ground_truth, detections = read(pair)
    image_ids = data.draw(st.lists(st.sampled_from(ground_truth.images.ids.tolist())))
    category_ids = data.draw(st.lists(st.sampled_from(ground_truth.categories.ids.tolist())))
    narrowed, kept = select(ground_truth, detections, image_ids=image_ids, category_ids=category_ids)
    expected, expected_kept = read(filtered(pair, image_ids, category_ids))
    for field in ("ids", "image", "category", "box", "area", "crowd"):
        assert np.array_equal(getattr(narrowed, field), getattr(expected, field)), field
        assert getattr(narrowed, field).dtype == getattr(expected, field).dtype
    for field in ("image", "category", "box", "area", "score"):
        assert np.array_equal(getattr(kept, field), getattr(expected_kept, field)), field
        assert getattr(kept, field).dtype == getattr(expected_kept, field).dtype
    assert np.array_equal(narrowed.images.ids, expected.images.ids)
    assert narrowed.images.file_names == expected.images.file_names
    assert narrowed.categories.names == expected.categories.names
    if len(expected.ids):
        assert narrowed.attributes == expected.attributes
    if len(expected.images.ids):
        assert narrowed.images.attributes == expected.images.attributes


@given(coco_pairs(), st.data())
def test_rows_keep_their_place_in_the_file(pair: CocoPair, data: st.DataObject) -> None:
    ground_truth, detections = read(pair)
    image_ids = data.draw(st.lists(st.sampled_from(ground_truth.images.ids.tolist())))
    narrowed, kept = select(ground_truth, detections, image_ids=image_ids)
    annotations = [pair.ground_truth["annotations"][record] for record in narrowed.record]
    assert [annotation["id"] for annotation in annotations] == narrowed.ids.tolist()
    assert [pair.detections[record]["bbox"] for record in kept.record] == kept.box.tolist()
    images = [pair.ground_truth["images"][position] for position in narrowed.images.file_position]
    assert [image["id"] for image in images] == narrowed.images.ids.tolist()


def small() -> tuple[GroundTruth, Detections]:
    annotation = {"id": 1, "image_id": 9, "category_id": 3, "bbox": [1, 2, 3, 4], "track": 7}
    ground_truth = read_ground_truth(
        {
            "images": [{"id": 9}, {"id": 5}, {"id": 2**40}],
            "categories": [{"id": 3}, {"id": -1}],
            "annotations": [annotation],
        },
        name="mine",
    )
    return ground_truth, read_detections(
        [{"image_id": 9, "category_id": 3, "bbox": [1, 2, 3, 4], "score": 0.5}], ground_truth
    )


def test_nothing_given_keeps_all_and_nothing_selected_keeps_none() -> None:
    ground_truth, detections = small()
    whole, _ = select(ground_truth, detections)
    assert whole.images.ids.tolist() == [5, 9, 2**40]
    assert (whole.name, whole.notices, whole.fields) == ("mine", ground_truth.notices, {"track": (7,)})
    empty, none = select(ground_truth, detections, image_ids=[], category_ids=[])
    assert len(empty.images.ids) == len(empty.categories.ids) == len(empty.ids) == len(none.score) == 0
    assert empty.box.shape == none.box.shape == (0, 4)
    assert empty.fields == {"track": ()}


@pytest.mark.parametrize(
    "image_ids", [[9, 5, 9], (5, 9), {9, 5}, np.array([9, 5]), range(5, 10, 4), [np.int64(9), 5.0]]
)
def test_ids_in_any_form(image_ids: Any) -> None:
    ground_truth, detections = small()
    narrowed, kept = select(ground_truth, detections, image_ids=image_ids)
    assert narrowed.images.ids.tolist() == [5, 9]
    assert narrowed.image.tolist() == kept.image.tolist() == [1]


@pytest.mark.parametrize(
    ("image_ids", "category_ids", "message"),
    [
        ([9, 7], None, r"mine: image_ids: 7 cannot be selected: no such image \(there are 3 ids, 5 to 1099511627776\)"),
        ([4, 3, 2, 1], None, "1, 2, 3 and 1 more cannot be selected"),
        (None, [4], "category_ids: 4 cannot be selected: no such category"),
        ([True], None, "true is not an id"),
        (["9"], None, '"9" is not an id'),
        ([9.5], None, "9.5 is not an id"),
        ([None], None, "null is not an id"),
        ([2**64], None, "is not an id"),
        ("9", None, "is not a list of ids"),
        (9, None, "9 is not a list of ids"),
        (np.array(9), None, "is not a list of ids"),
        (None, {3: 1}, "is not a list of ids"),
    ],
)
def test_bad_selections(image_ids: Any, category_ids: Any, message: str) -> None:
    ground_truth, detections = small()
    with pytest.raises(InputError, match=message):
        select(ground_truth, detections, image_ids=image_ids, category_ids=category_ids)
