"""Boxes, ids and scores that are not written as COCO's format says."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapgap.errors import InputError
from mapgap.readings.boxes import LAYOUTS, BoxFormat, parse_box_format, to_xywh
from mapgap.readings.categories import COCO_IDS, map_categories, require_category_map
from mapgap.readings.images import map_images, require_image_map
from mapgap.readings.scores import SCORE_FORMATS, require_score_format, to_score
from mapgap.tables import Categories, Images
from tests.naive import readings as naive

SIZES: dict[str, list[tuple[float, float] | None]] = {
    "pixels": [None],
    "normalized": [None],
    "resized": [(640, 640), (640, 480)],
    "letterboxed": [(640, 640), (320, 512)],
    "letterboxed-corner": [(608, 608), (320, 512)],
    "shorter": [(800, np.inf), (800, 1333)],
}
FORMATS = [BoxFormat(layout, kind, size) for layout in LAYOUTS for kind, sizes in SIZES.items() for size in sizes]
GRID = st.integers(0, 400).map(float)
BOX = st.tuples(GRID, GRID, st.integers(1, 300).map(float), st.integers(1, 300).map(float)).map(list)


@given(st.lists(BOX, min_size=1, max_size=5), st.integers(1, 900), st.integers(1, 900), st.sampled_from(FORMATS))
def test_a_box_written_in_any_format_comes_back(
    boxes: list[list[float]], width: int, height: int, kind: BoxFormat
) -> None:
    written = [
        naive.written(naive.into_input(box, kind.coordinates, kind.size, width, height), kind.layout) for box in boxes
    ]
    sizes = np.full(len(boxes), float(width)), np.full(len(boxes), float(height))
    read = to_xywh(np.array(written), kind, *sizes)
    assert read.shape == (len(boxes), 4)
    assert read == pytest.approx(np.array(boxes), abs=1e-8)


@given(st.lists(BOX, max_size=5), st.sampled_from(sorted(LAYOUTS)))
def test_layouts_are_those_of_the_twin(boxes: list[list[float]], layout: str) -> None:
    array = np.array(boxes).reshape(-1, 4)
    unknown = np.full(len(boxes), np.nan)
    assert to_xywh(array, BoxFormat(layout), unknown, unknown).tolist() == [naive.xywh(box, layout) for box in boxes]


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.text)
def test_a_format_is_read_from_its_own_text(kind: BoxFormat) -> None:
    assert parse_box_format(kind.text) == kind


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("xyxi", "Near ones: xyxy"),
        ("", "The order of the numbers is one of xywh, xyxy"),
        ("xyxy-", "there is no box format 'xyxy-'"),
        ("xyxy-normalised", "xyxy-normalized"),
        ("xyxy-normalized:640", "takes no size"),
        ("xyxy-resized", "needs a size"),
        ("xyxy-resized:", "needs a size"),
        ("xyxy-resized:0", "no size that can be read"),
        ("xyxy-resized:640x", "640 or 640x480"),
        ("xyxy-resized:6.5", "640 or 640x480"),
        ("xyxy-letterboxed:800:1333", "no size that can be read"),
        ("cxcywh-shorter:800x1333", "800 or 800:1333"),
        ("xyxy-letterboxed-corner:-4", "no size that can be read"),
        ("XYXY", "there is no box format 'XYXY'"),
        ("xyxy:640", "there is no box format"),
    ],
)
def test_a_wrong_format_is_refused_with_what_would_be_right(text: str, part: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_box_format(text)
    assert part in str(refused.value)


@pytest.mark.parametrize("width", [np.nan, 0.0])
def test_normalized_boxes_need_the_size_of_their_image(width: float) -> None:
    boxes = np.array([[0, 0, 1, 1], [0, 0, 0.5, 0.5]])
    with pytest.raises(InputError, match="unknown for 1 of 2 detections"):
        to_xywh(boxes, parse_box_format("xyxy-normalized"), np.array([10, width]), np.array([10.0, 10]))


def test_the_usual_format_is_not_touched() -> None:
    boxes = np.array([[0.1, 0.2, 0.30000000000000004, 4]])
    unknown = np.array([np.nan])
    assert to_xywh(boxes, BoxFormat(), unknown, unknown).tobytes() == boxes.tobytes()


CATEGORIES = Categories(np.array([1, 3, 13, 90]), ("person", "Car", "stop sign", "toothbrush"))


def objects(values: list[int | str]) -> np.ndarray:
    return np.array(values, dtype=object)


@pytest.mark.parametrize(
    ("asked", "written", "ids", "known"),
    [
        ("+1", [0, 2, 5, "0"], [1, 3, 6, 0], [True, True, False, False]),
        ("-10", [11, 13, 2**80], [1, 3, 0], [True, True, False]),
        ("by-position", [0, 3, 4, -1], [1, 90, 0, 0], [True, True, False, False]),
        ("by-position-from-1", [1, 4, 0], [1, 90, 0], [True, True, False]),
        ("by-name", ["person", "car", " STOP sign", "dog", 1], [1, 3, 13, 0, 0], [True, True, True, False, False]),
        ("coco80to91", [0, 2, 11, 79, 80], [1, 3, 13, 90, 0], [True, True, True, True, False]),
        ("coco80to91-from-1", [1, 12, 80, 0], [1, 13, 90, 0], [True, True, True, False]),
        ("coco91to80", [1, 90, 12], [0, 79, 0], [False, False, False]),
    ],
)
def test_categories_are_mapped(asked: str, written: list[int | str], ids: list[int], known: list[bool]) -> None:
    mapped, is_known = map_categories(asked, objects(written), CATEGORIES)
    assert mapped.tolist() == ids
    assert is_known.tolist() == known
    assert (mapped.dtype, is_known.dtype) == (np.int64, bool)


def test_coco_has_80_of_90_numbers() -> None:
    assert len(COCO_IDS) == 80
    assert (COCO_IDS[0], COCO_IDS[11], COCO_IDS[79]) == (1, 13, 90)


def test_a_name_that_two_categories_have_is_none() -> None:
    twice = Categories(np.array([1, 2, 3]), ("Cat", "cat", "cat"))
    assert map_categories("by-name", objects(["Cat", "cat", "CAT"]), twice)[1].tolist() == [True, False, False]


def test_a_file_maps_categories(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"0": 1, "pkw": "car", "7": "no such"}))
    ids, known = map_categories(str(path), objects([0, "0", "pkw", 7, 8]), CATEGORIES)
    assert ids.tolist() == [1, 1, 3, 0, 0]
    assert known.tolist() == [True, True, True, False, False]


@pytest.mark.parametrize("text", ["[", "[]", '{"1": null}', '{"1": true}', '{"1": 1.5}'])
def test_a_file_that_maps_nothing_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "map.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"map\.json"):
        require_category_map(str(path))


def images(names: list[str | None], ids: list[int], position: list[int] | None = None) -> Images:
    count = len(ids)
    return Images(
        ids=np.array(ids),
        file_position=np.array(position or range(count)),
        width=np.full(count, 10.0),
        height=np.full(count, 10.0),
        file_names=tuple(names),
        dates_captured=(None,) * count,
        attributes={},
    )


IMAGES = images(["val/000000000139.jpg", "b.c.png", None, "x/b.JPG", "y/b.JPG"], [4, 5, 6, 7, 8], [1, 0, 2, 3, 4])


@pytest.mark.parametrize(
    ("asked", "written", "ids"),
    [
        ("+4", [0, 5, "0"], [4, None, None]),
        ("by-position", [0, 1, 5], [5, 4, None]),
        ("by-position-from-1", [0, 1, 5], [None, 5, 8]),
        (
            "file-name",
            ["val/000000000139.jpg", "000000000139.jpg", "b.c.png", "b.JPG", "x/b.JPG", 139],
            [4, 4, 5, None, 7, None],
        ),
        ("file-name", ["other/000000000139.jpg", "val\\000000000139.jpg"], [4, 4]),
        ("stem", [139, "139", "000000000139", "z/139.png", "b.c", "b.c.png", "b", ""], [4, 4, 4, 4, 5, 5, None, None]),
    ],
)
def test_images_are_mapped(asked: str, written: list[int | str], ids: list[int | None]) -> None:
    mapped, is_known = map_images(asked, objects(written), IMAGES)
    assert [one if known else None for one, known in zip(mapped.tolist(), is_known, strict=True)] == ids


@pytest.mark.parametrize(
    ("check", "text", "part"),
    [
        (require_category_map, "coco80to90", "Use one of: coco80to91"),
        (require_category_map, "1", "a whole number with its sign such as +1"),
        (require_image_map, "stems", "Use one of: stem"),
        (require_image_map, "+1.5", "by-position"),
        (require_score_format, "precent", "Use one of: percent"),
    ],
)
def test_a_wrong_word_is_refused_with_the_nearest_first(check: object, text: str, part: str) -> None:
    assert callable(check)
    with pytest.raises(InputError) as refused:
        check(text)
    assert part in str(refused.value)


@given(
    st.lists(st.one_of(st.floats(-1e3, 1e3), st.sampled_from([0.0, 0.5, 1.0])), min_size=1, max_size=8),
    st.sampled_from(SCORE_FORMATS),
)
def test_scores_are_those_of_the_twin(scores: list[float], score_format: str) -> None:
    expected = [naive.score(one, score_format, scores) for one in scores]
    assert to_score(np.array(scores), score_format).tolist() == pytest.approx(expected, rel=1e-12, abs=1e-300)


def test_reversed_scores_keep_their_order_to_the_last() -> None:
    scores = np.array([1e-20, 1e-19, 0.5])
    assert np.argsort(to_score(scores, "reversed")).tolist() == [2, 1, 0]
    assert to_score(np.array([0.25, 0.5]), "reversed").tolist() == [0.75, 0.5]
    assert to_score(np.array([3.0, 70.0]), "reversed").tolist() == [-3.0, -70.0]
