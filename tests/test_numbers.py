"""`coco_numbers` of the kernel gives the 12 numbers of the whole chain, to the last bit."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from pycocotools import mask

from mapgap import _kernel
from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.matching import coco_metrics, match_detections
from mapgap.tables import (
    AREA_RANGES,
    IOU_THRESHOLDS,
    MAX_DETECTIONS,
    METRICS,
    RECALL_THRESHOLDS,
    Detections,
    FloatArray,
    GroundTruth,
)
from tests.generated import CocoPair, coco_pairs
from tests.naive.greedy import choose
from tests.naive.matching import iou as naive_iou

pytestmark = pytest.mark.kernel

Columns = Mapping[str, Any]
VANISHING = 1e-200
"""The area of such a box is 0, and its IoU with its like 0 / 0."""


def columns_of(ground_truth: GroundTruth, detections: Detections, **changed: Any) -> dict[str, Any]:
    return {
        "image": detections.image,
        "category": detections.category,
        "box": detections.box,
        "score": detections.score,
        "object_image": ground_truth.image,
        "object_category": ground_truth.category,
        "object_box": ground_truth.box,
        "object_area": ground_truth.area,
        "crowd": ground_truth.crowd.view(np.uint8),
        "images": len(ground_truth.images.ids),
        "categories": len(ground_truth.categories.ids),
        "iou_thresholds": IOU_THRESHOLDS.tolist(),
        "recall_thresholds": RECALL_THRESHOLDS.tolist(),
        "area_ranges": list(AREA_RANGES.values()),
        "max_detections": list(MAX_DETECTIONS),
    } | changed


def exact(numbers: Sequence[float | None]) -> list[str]:
    """Texts that are equal if and only if the bits are, NaN for None."""
    return ["nan" if number is None or np.isnan(number) else float(number).hex() for number in numbers]


def assert_equals_the_chain(
    ground_truth: GroundTruth,
    detections: Detections,
    iou_thresholds: FloatArray = IOU_THRESHOLDS,
    max_detections: tuple[int, int, int] = MAX_DETECTIONS,
) -> None:
    matches, _ = match_detections(
        ground_truth, detections, iou_thresholds=iou_thresholds, max_detections=max_detections
    )
    metrics = list(coco_metrics(detections, [matches]).values())
    assert len(metrics) == len(METRICS)
    columns = columns_of(
        ground_truth, detections, iou_thresholds=iou_thresholds.tolist(), max_detections=list(max_detections)
    )
    for threads in (1, 2, 3, 7):
        assert exact(_kernel.coco_numbers(**columns, threads=threads)) == exact(metrics), threads


# ---------------------------------------------------------------- random columns


def random_pair(
    seed: int,
    *,
    images: int = 30,
    categories: int = 4,
    objects: int = 300,
    detections: int = 3000,
    scores: Sequence[float] = (-2.5, -0.0, 0.0, 1e-300, 0.25, 0.5, 0.5000000001, 1.0),
) -> tuple[GroundTruth, Detections]:
    """Boxes on a coarse grid, many of them equal: ties of IoU and score, crowds, areas on the ends of ranges."""
    chance = np.random.default_rng(seed)
    object_box = boxes(chance, objects)
    area = object_box[:, 2] * object_box[:, 3]
    on_an_end = chance.random(objects) < 0.3
    area[on_an_end] = chance.choice([0.0, 32.0**2, 96.0**2, 1e10, 2e10], on_an_end.sum())
    ground_truth = replace(
        empty_pair(images, categories)[0],
        image=chance.integers(0, images, objects, dtype=np.int32),
        category=chance.integers(0, categories, objects, dtype=np.int32),
        box=object_box,
        area=area,
        crowd=chance.random(objects) < 0.1,
        ids=np.arange(1, objects + 1),
    )
    image = chance.integers(0, images, detections, dtype=np.int32)
    category = chance.integers(0, categories, detections, dtype=np.int32)
    box = boxes(chance, detections)
    if objects:
        copied = chance.random(detections) < 0.6
        source = chance.integers(0, objects, detections)[copied]
        image[copied], category[copied] = ground_truth.image[source], ground_truth.category[source]
        box[copied] = object_box[source] + chance.choice([0, 0, 0, 4, 8], (len(source), 4))
    table = replace(
        empty_pair(images, categories)[1],
        image=image,
        category=category,
        box=box,
        area=box[:, 2] * box[:, 3],
        score=chance.choice(np.array(scores), detections),
    )
    return ground_truth, table


def boxes(chance: np.random.Generator, count: int) -> FloatArray:
    corner = chance.choice(np.arange(0, 64, 8.0), (count, 2))
    return np.column_stack([corner, chance.choice([0.0, 8, 16, 32, 96, 128], (count, 2))])


def empty_pair(images: int, categories: int) -> tuple[GroundTruth, Detections]:
    ground_truth = read_ground_truth(
        {
            "images": [{"id": i, "width": 100, "height": 100} for i in range(images)],
            "categories": [{"id": k, "name": str(k)} for k in range(categories)],
            "annotations": [],
        }
    )
    return ground_truth, read_detections([], ground_truth)


@given(coco_pairs())
def test_generated_pairs(pair: CocoPair) -> None:
    ground_truth = read_ground_truth(pair.ground_truth)
    assert_equals_the_chain(ground_truth, read_detections(pair.detections, ground_truth))


@pytest.mark.parametrize("seed", range(8))
def test_ties_crowds_negative_scores_and_areas_on_the_ends_of_ranges(seed: int) -> None:
    assert_equals_the_chain(*random_pair(seed))


@pytest.mark.parametrize("seed", range(4))
def test_scores_of_all_sizes(seed: int) -> None:
    chance = np.random.default_rng(seed)
    scores = chance.normal(size=2000) * 10.0 ** chance.integers(-300, 300, 2000)
    assert_equals_the_chain(*random_pair(seed, images=100, categories=2, detections=20_000, scores=scores.tolist()))


@pytest.mark.parametrize("seed", range(4))
def test_more_detections_of_a_class_than_count(seed: int) -> None:
    assert_equals_the_chain(*random_pair(seed, images=3, categories=2, objects=60, detections=2000))


@pytest.mark.parametrize("seed", range(4))
def test_vanishing_boxes(seed: int) -> None:
    ground_truth, detections = random_pair(seed, images=5, categories=2, objects=60, detections=400)
    chance = np.random.default_rng(seed)
    for table in (ground_truth, detections):
        vanishes = chance.random(len(table.box)) < 0.4
        table.box[vanishes, :2] = 0.0
        table.box[vanishes, 2:] = VANISHING
    detections.area[:] = detections.box[:, 2] * detections.box[:, 3]
    _, pairs = match_detections(ground_truth, detections)
    assert np.isnan(pairs.iou).any()
    assert_equals_the_chain(ground_truth, detections)


@pytest.mark.parametrize(("objects", "detections"), [(0, 0), (0, 200), (50, 0), (1, 1)])
def test_hardly_any_rows(objects: int, detections: int) -> None:
    assert_equals_the_chain(*random_pair(0, objects=objects, detections=detections))


def test_neither_images_nor_classes() -> None:
    assert exact(_kernel.coco_numbers(**columns_of(*empty_pair(0, 0)))) == ["nan"] * 12


def test_only_crowds() -> None:
    ground_truth, detections = random_pair(0)
    ground_truth.crowd[:] = True
    assert exact(_kernel.coco_numbers(**columns_of(ground_truth, detections))) == ["nan"] * 12
    assert_equals_the_chain(ground_truth, detections)


def test_so_many_classes_that_area_ranges_come_one_at_a_time() -> None:
    assert_equals_the_chain(*random_pair(0, images=200, categories=3000, objects=3000, detections=20_000))


@pytest.mark.parametrize(
    "thresholds",
    [[], [0.5], [0.75, 0.5, 0.9, 0.5], [0.0], [-1.0, 0.3], [1.0, 2.0], [0.03 * t for t in range(32)]],
)
def test_other_thresholds(thresholds: list[float]) -> None:
    assert_equals_the_chain(*random_pair(1), iou_thresholds=np.array(thresholds, dtype=np.float64))


def test_other_limits() -> None:
    assert_equals_the_chain(*random_pair(2, images=5), max_detections=(2, 20, 50))


@pytest.mark.parametrize("size", [1, 2, 500, 600, 5000, 2**20 + 5])
def test_orders_are_stable_sorts(size: int) -> None:
    chance = np.random.default_rng(0)
    rows = np.arange(size)
    for score in scores_hard_to_sort(chance, size):
        image = chance.integers(0, 7, size, dtype=np.int32)
        order, rank, class_order, offsets = _kernel.order_detections(image, np.zeros(size, np.int32), score, 7, 1)
        assert np.array_equal(order, np.lexsort((rows, -score, image)))
        assert np.array_equal(class_order, np.lexsort((rows, image, -score)))
        assert offsets.tolist() == [0, size]
        starts = np.searchsorted(image[order], np.arange(7))
        assert np.array_equal(rank[order], rows - starts[image[order]])


def scores_hard_to_sort(chance: np.random.Generator, size: int) -> list[FloatArray]:
    return [
        chance.random(size),
        chance.random(size).round(2),
        chance.choice([-0.0, 0.0, -1.0, 1.0, np.inf, -np.inf, 5e-324, -5e-324], size),
        1.0 + np.spacing(1.0) * chance.integers(0, 50, size),
        # All but one have the same leading bits, and differ in the last ones.
        np.append(0.5 + np.spacing(0.5) * chance.integers(0, 1000, size - 1), -1e300),
        np.sort(chance.random(size)),
        -np.sort(-chance.random(size)),
    ]


# ---------------------------------------------------------------- what the chain shares with it, against others


@pytest.mark.parametrize("undefined", [0.0, 0.2])
@pytest.mark.parametrize("seed", range(20))
def test_the_greedy_choice(seed: int, undefined: float) -> None:
    chance = np.random.default_rng(seed)
    detections, annotations, areas = 30, 12, 3
    thresholds = chance.permutation(np.append(np.linspace(0.3, 1.0, 8), [0.5, 2.0]))
    crowd = chance.random(annotations) < 0.2
    ignored = (chance.random((areas, annotations)) < 0.4) | crowd
    outside = chance.random((areas, detections)) < 0.3
    iou = chance.choice([0.1, 0.3, 0.5, 0.7, 0.8, 0.8, 1.0], (detections, annotations))
    iou[chance.random(iou.shape) < undefined] = np.nan
    objects = [np.flatnonzero(chance.random(annotations) < 0.4) for _ in range(detections)]
    matched, true_positive, is_ignored = _kernel.match(
        order=np.arange(detections, dtype=np.int32),
        rank=np.arange(detections, dtype=np.int32),
        image=np.zeros(detections, np.int32),
        category=np.zeros(detections, np.int32),
        pair_offsets=np.cumsum([0, *map(len, objects)]),
        pair_object=np.concatenate(objects).astype(np.int32),
        pair_iou=np.concatenate([row[chosen] for row, chosen in zip(iou, objects, strict=True)]),
        object_category=np.zeros(annotations, np.int32),
        crowd=crowd.astype(np.uint8),
        object_ignored=ignored.astype(np.uint8),
        detection_outside=outside.astype(np.uint8),
        thresholds=thresholds,
        max_detections=detections,
        matched_areas=areas,
    )
    pairs = [[(int(object_), row[object_]) for object_ in chosen] for row, chosen in zip(iou, objects, strict=True)]
    for area in range(areas):
        for t, threshold in enumerate(thresholds):
            expected = choose(pairs, threshold, crowd=crowd, ignored=ignored[area], outside=outside[area])
            assert matched[area, t].tolist() == [each.matched for each in expected]
            assert [bits >> t & 1 for bits in true_positive[area].tolist()] == [e.true_positive for e in expected]
            assert [bits >> t & 1 for bits in is_ignored[area].tolist()] == [each.ignored for each in expected]


@pytest.mark.parametrize("with_nan", [False, True])
def test_the_iou_of_boxes_is_that_of_pycocotools(with_nan: bool) -> None:
    chance = np.random.default_rng(0)
    numbers = np.array([-8.0, -0.0, 0.0, 0.1, 1 / 3, 4.0, 7.7, 1e-200, 1e200, np.inf, *[np.nan] * 3 * with_nan])
    found, true = chance.choice(numbers, (60, 4)), chance.choice(numbers, (50, 4))
    crowd = chance.random(50) < 0.3
    one_class = (np.zeros(60, np.int32), np.zeros(60, np.int32))
    offsets, objects, iou = _kernel.box_pairs(
        np.arange(60, dtype=np.int32),
        *one_class,
        found,
        np.zeros(50, np.int32),
        np.zeros(50, np.int32),
        true,
        crowd.astype(np.uint8),
        1,
        -np.inf,
        False,
    )
    assert offsets.tolist() == list(range(0, 60 * 50 + 1, 50))
    assert objects.tolist() == list(range(50)) * 60
    expected = mask.iou(found, true, crowd.astype(np.uint8).tolist())
    assert np.array_equal(iou.reshape(60, 50), expected, equal_nan=True)


@pytest.mark.parametrize("across_classes", [False, True])
def test_pairs_are_found_among_all(across_classes: bool) -> None:
    ground_truth, detections = random_pair(5, images=6, categories=5, objects=80, detections=150)
    order = np.random.default_rng(5).permutation(150).astype(np.int32)
    offsets, objects, iou = _kernel.box_pairs(
        order,
        detections.image,
        detections.category,
        detections.box,
        ground_truth.image,
        ground_truth.category,
        ground_truth.box,
        ground_truth.crowd.view(np.uint8),
        6,
        0.1,
        across_classes,
    )
    by_category = np.lexsort((np.arange(80), ground_truth.category))
    for place, row in enumerate(order.tolist()):
        expected = [
            (int(object_), overlap)
            for object_ in by_category
            if ground_truth.image[object_] == detections.image[row]
            and (
                ground_truth.category[object_] == detections.category[row]
                or (across_classes and not ground_truth.crowd[object_])
            )
            and (
                overlap := naive_iou(detections.box[row], ground_truth.box[object_], crowd=ground_truth.crowd[object_])
            )
            >= 0.1
        ]
        found = slice(offsets[place], offsets[place + 1])
        assert list(zip(objects[found].tolist(), iou[found].tolist(), strict=True)) == expected


# ---------------------------------------------------------------- arguments


def small_columns() -> dict[str, Any]:
    return columns_of(*random_pair(3, images=3, categories=2, objects=6, detections=8))


@pytest.mark.parametrize("name", [name for name, value in small_columns().items() if isinstance(value, np.ndarray)])
def test_arrays_of_other_lengths_are_refused(name: str) -> None:
    columns = small_columns()
    for other in (np.concatenate([columns[name], columns[name]]), columns[name][:-1]):
        with pytest.raises(ValueError, match="differ"):
            _kernel.coco_numbers(**{**columns, name: other})


@pytest.mark.parametrize("name", ["box", "object_box"])
def test_boxes_that_are_not_four_numbers_are_refused(name: str) -> None:
    columns = small_columns()
    for shape in ((-1, 2), (2, -1), (-1, 2, 2)):
        with pytest.raises(ValueError, match="boxes"):
            _kernel.coco_numbers(**{**columns, name: columns[name].reshape(shape)})


@pytest.mark.parametrize("name", ["image", "category", "object_image", "object_category"])
@pytest.mark.parametrize("bad", [-1, 3, 2**31 - 1])
def test_indices_out_of_range_are_refused(name: str, bad: int) -> None:
    columns = small_columns()
    columns[name] = columns[name].copy()
    columns[name][-1] = bad
    with pytest.raises(ValueError, match=f"{name}: index out of range"):
        _kernel.coco_numbers(**columns)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iou_thresholds", [0.5] * 33),
        ("area_ranges", [(0.0, 1e10)] * 3),
        ("max_detections", [1, 10]),
        ("max_detections", [1, 100, 10]),
    ],
)
def test_other_numbers_of_thresholds_ranges_and_limits_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"32|area_ranges|max_detections"):
        _kernel.coco_numbers(**{**small_columns(), name: value})


def test_flat_and_read_only_boxes_give_the_same() -> None:
    columns = small_columns()
    expected = exact(_kernel.coco_numbers(**columns))
    for name in ("box", "object_box"):
        columns[name] = columns[name].reshape(-1)
        columns[name].flags.writeable = False
    assert exact(_kernel.coco_numbers(**columns)) == expected


WITHOUT_NUMPY = """
import sys
from array import array
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader

loader = ExtensionFileLoader("_kernel", sys.argv[1])
kernel = module_from_spec(spec_from_loader("_kernel", loader))
loader.exec_module(kernel)
rules = ([0.5 + 0.05 * t for t in range(10)], [i / 100 for i in range(101)], [(0, 1e10)] * 4, (1, 10, 100))
box = memoryview(array("d", [0, 0, 10, 10])).toreadonly()
square = box.cast("B").cast("d", [1, 4])
for boxes in (box, square, array("d", [0, 0, 10, 10])):
    zero, score, area = memoryview(array("i", [0])), array("d", [0.5]), array("d", [100])
    found = kernel.coco_numbers(zero, zero, boxes, score, zero, zero, boxes, area, array("B", [0]), 1, 1, *rules)
    assert all(abs(number - 1) < 1e-9 for number in found), found
none, no_index, no_flag = array("d"), array("i"), array("B")
found = kernel.coco_numbers(no_index, no_index, none, none, no_index, no_index, none, none, no_flag, 0, 0, *rules)
assert all(number != number for number in found), found
assert "numpy" not in sys.modules
"""


def test_buffers_are_enough_and_numpy_is_not_imported() -> None:
    assert _kernel.__file__ is not None
    command = [sys.executable, "-c", WITHOUT_NUMPY, _kernel.__file__]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
