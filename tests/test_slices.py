"""Slices: held to the naive twin, to the partition identities, and to cases made by hand."""

import time
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap import _kernel
from mapgap._kernel import SliceAveragePrecision
from mapgap.errors import InputError
from mapgap.gap import counted_and_right
from mapgap.slices import build_slices, cross
from mapgap.slices.average_precision import average_precision_by_slice
from mapgap.tables import FloatArray, GroundTruth, IdArray, IndexArray, Matches, Slices
from tests.generated import CocoPair, coco_pairs
from tests.naive.slices import all_crosses, cell_sums, naive_slices, slice_average_precision, slice_counts
from tests.small_tables import (
    Scene,
    attribute_of,
    debts_of,
    detections_of,
    errors_of,
    ground_truth_of,
    operating_point_of,
    random_scene,
)
from tests.test_causes import stages

scenes = st.builds(
    random_scene,
    st.integers(0, 1 << 30),
    st.integers(1, 12),
    st.integers(0, 60),
    st.integers(0, 90),
    st.sampled_from([0.0, 0.3, 0.9]),
)


def tracer(objects: set[int], detections: set[int]) -> float:
    """Stands in for AP: tells which objects and detections it was asked about."""
    return float(sum(g + 1 for g in objects) + 10_000 * sum(d + 1 for d in detections))


@dataclass(frozen=True)
class TracerOf:
    """The AP that `tracer` gives, of any partition."""

    scene: Scene

    def places(self) -> IndexArray:
        return np.arange(len(self.scene.ground_truth.ids) + len(self.scene.detections.score), dtype=np.int32)

    def average_precision(self, columns: list[IndexArray], sizes: IdArray, crosses: IndexArray) -> FloatArray:
        is_object = self.scene.ground_truth.is_object
        annotations = len(is_object)
        parts = [np.zeros(0)]
        for first, second in crosses.tolist():
            codes, count = columns[first], sizes[first]
            assert codes.dtype == np.int32
            if second >= 0:
                codes, count = codes * sizes[second] + columns[second], count * sizes[second]
            marks = np.arange(annotations) + 1
            objects = np.bincount(codes[:annotations][is_object], weights=marks[is_object], minlength=count)
            own = codes[annotations:]
            parts.append(objects + 10_000 * np.bincount(own, weights=np.arange(len(own)) + 1, minlength=count))
        return np.concatenate(parts)


def build(scene: Scene, crosses=None) -> Slices:
    return build_slices(
        scene.ground_truth,
        scene.detections,
        scene.attributes,
        scene.operating_point,
        scene.errors,
        scene.debts,
        TracerOf(scene),
        crosses=crosses,
    )


def rows_of(slices: Slices) -> list[dict[str, object]]:
    columns = ("objects", "images", "tp", "fp", "fn", "gap", "ap", "without_background")
    return [
        {"where": [(name, repr(value)) for name, value in where.items()]}
        | {column: getattr(slices, column)[row].item() for column in columns}
        for row, where in enumerate(slices.where)
    ]


@given(scenes)
@settings(max_examples=30)
def test_equals_the_naive_twin(scene):
    deeper = [("time", "a", "b"), ("class", "time", "b", "a")]
    expected = naive_slices(scene, all_crosses(scene) + deeper, tracer)
    np.testing.assert_equal(rows_of(build(scene, crosses=deeper)), expected)


@given(scenes)
@settings(max_examples=60)
def test_every_cross_partitions_the_totals(scene):
    slices = build(scene)
    keys = [tuple(where) for where in slices.where]
    point = scene.operating_point
    objects = int(scene.ground_truth.is_object.sum())
    found = int((point.found & scene.ground_truth.is_object).sum())
    for names in set(keys):
        rows = np.array([row for row, key in enumerate(keys) if key == names])
        assert slices.objects[rows].sum() == objects
        assert slices.tp[rows].sum() == found
        assert slices.fn[rows].sum() == scene.errors.is_false_negative.sum()
        assert slices.fp[rows].sum() == (~scene.errors.is_false_negative).sum()
        assert slices.gap[rows].sum() == scene.debts.gap.sum()
    if objects:
        assert {tuple(sorted(names)) for names in all_crosses(scene)} == set(keys)


def prepared(pair: CocoPair) -> tuple[GroundTruth, Matches, SliceAveragePrecision]:
    truth, _, matches, _, causes = stages(pair)
    kernel = average_precision_by_slice(truth, matches, causes, *counted_and_right(matches, 10), 10)
    assert isinstance(kernel, SliceAveragePrecision)
    return truth, matches, kernel


def ap_of(kernel: SliceAveragePrecision, of_place: list[int], codes: int, threads: int = 0) -> FloatArray:
    """AP by code, of one code a place."""
    column = np.array(of_place, np.int32)[kernel.places()]
    return kernel.average_precision([column], np.array([codes]), np.array([[0, -1]], np.int32), threads=threads)


def as_floats(expected: list[Fraction | None]) -> list[float]:
    return [float("nan") if value is None else float(value) for value in expected]


@pytest.mark.kernel
@given(coco_pairs(max_images=3), st.integers(0, 1 << 30), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_average_precision_equals_the_naive_twin(pair: CocoPair, seed: int, firsts: int, seconds: int):
    chance = np.random.default_rng(seed)
    truth, matches, kernel = prepared(pair)
    annotations = len(truth.ids)
    first, second = (chance.integers(0, n, size=annotations + len(matches.rank)).tolist() for n in (firsts, seconds))
    crossed = [one * seconds + two for one, two in zip(first, second, strict=True)]
    columns = [np.array(column, np.int32)[kernel.places()] for column in (first, second)]
    partitions = np.array([firsts, seconds]), np.array([[1, -1], [0, 1]], np.int32)
    found = kernel.average_precision(columns, *partitions)
    expected = [
        *slice_average_precision(pair, second[:annotations], second[annotations:], seconds),
        *slice_average_precision(pair, crossed[:annotations], crossed[annotations:], firsts * seconds),
    ]
    np.testing.assert_allclose(found, as_floats(expected), rtol=0, atol=1e-12)
    for threads in (1, 2, 5):
        assert kernel.average_precision(columns, *partitions, threads=threads).tobytes() == found.tobytes()


@pytest.mark.kernel
@given(st.integers(0, 1 << 30), st.integers(0, 40), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_counts_equal_the_naive_twin(seed: int, places: int, firsts: int, seconds: int):
    chance = np.random.default_rng(seed)
    columns = [chance.integers(0, n, size=places, dtype=np.int32) for n in (firsts, seconds)]
    objects, found, wrong = (chance.integers(0, places, size=places) for _ in range(3))
    image = np.sort(chance.integers(0, 5, size=places, dtype=np.int32))
    gap = chance.random(places)
    sizes, crosses = np.array([firsts, seconds]), np.array([[0, 1], [0, -1]], np.int32)
    counts = _kernel.count_slices(columns, sizes, crosses, gap, objects, image, found, wrong)
    cells = [*(columns[0] * seconds + columns[1]).tolist()], columns[0].tolist()
    expected = [
        row
        for of_place, count in zip(cells, (firsts * seconds, firsts), strict=True)
        for row in slice_counts(of_place, count, gap.tolist(), objects, image, found, wrong)
    ]
    assert list(zip(*(column.tolist() for column in counts), strict=True)) == expected
    for threads in (1, 5):
        again = _kernel.count_slices(columns, sizes, crosses, gap, objects, image, found, wrong, threads=threads)
        assert [column.tobytes() for column in again] == [column.tobytes() for column in counts]


@pytest.mark.kernel
@given(st.integers(0, 1 << 30), st.integers(0, 40), st.integers(0, 3), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_sums_equal_the_naive_twin(seed: int, places: int, wanted: int, firsts: int, seconds: int):
    chance = np.random.default_rng(seed)
    columns = [chance.integers(0, n, size=places, dtype=np.int32) for n in (firsts, seconds)]
    weights = chance.random((wanted, places))
    partitions = columns, np.array([firsts, seconds]), np.array([[1, -1], [0, 1]], np.int32)
    sums = _kernel.sum_cells(*partitions, weights)
    crossed = (columns[0] * seconds + columns[1]).tolist()
    expected = [
        cell_sums(columns[1].tolist(), seconds, row) + cell_sums(crossed, firsts * seconds, row)
        for row in weights.tolist()
    ]
    assert sums.tolist() == expected
    assert _kernel.sum_cells(*partitions, weights, threads=5).tobytes() == sums.tobytes()


@pytest.mark.kernel
@pytest.mark.parametrize("of_object", list(product([0, 1], repeat=3)))
def test_average_precision_of_a_detection_whose_address_depends_on_the_threshold(of_object: tuple[int, ...]):
    """The second detection is a classification error at object 1 up to IoU .8, above it a localization at object 0."""
    boxes = [(1, [0, 0, 10, 10]), (2, [0, 0, 10, 9.5]), (1, [50, 0, 10, 10])]
    truth = {
        "images": [{"id": 1}],
        "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
        "annotations": [
            {"id": i, "image_id": 1, "category_id": category, "bbox": box, "area": 95}
            for i, (category, box) in enumerate(boxes, start=1)
        ],
    }
    run = [
        {"image_id": 1, "category_id": 1, "bbox": box, "score": score}
        for box, score in [([0, 0, 10, 10], 0.9), ([0, 0, 10, 8], 0.8), ([50, 0, 10, 10], 0.7)]
    ]
    pair = CocoPair(truth, run)
    elsewhere = [2] * 3
    found = ap_of(prepared(pair)[2], [*of_object, *elsewhere], 3)
    expected = slice_average_precision(pair, list(of_object), elsewhere, 3)
    np.testing.assert_allclose(found, as_floats(expected), atol=1e-12)
    if of_object == (0, 1, 0):
        assert found[0] == pytest.approx(0.7 + 0.3 * (51 + 50 * 2 / 3) / 101)


@pytest.mark.kernel
@given(coco_pairs())
@settings(max_examples=60, deadline=None)
def test_the_slice_of_everything_has_the_ap_of_coco(pair: CocoPair):
    truth, matches, kernel = prepared(pair)
    nothing_apart = [0] * (len(truth.ids) + len(matches.rank))
    ap = mapgap.evaluate(pair.ground_truth, pair.detections).metrics["AP"]
    np.testing.assert_allclose(ap_of(kernel, nothing_apart, 1), [np.nan if ap is None else ap], atol=1e-12)


def hand_made() -> Scene:
    """Two images, three objects and a crowd; one false positive on object 1, one background detection."""
    truth = ground_truth_of([0, 0, 1, 1], crowd=[False, False, False, True])
    run = detections_of([0, 1, 0])
    return Scene(
        truth,
        run,
        (
            attribute_of("size", "geometry", ["small", "large", "unused"], [0, 1, 1, 1], [1, 0, 0]),
            attribute_of("lit", "object", [True, 1, "n/a", "n/a (background)"], [0, 1, 2, 0], [3, 3, 3]),
        ),
        operating_point_of([True, True, True], [True, False, False], [True, False, False, False]),
        errors_of(
            [
                ("localization", 1, 2, False),
                ("background", -1, 1, False),
                ("localization", 1, 2, True),
                ("missed", 2, -1, True),
            ],
            truth,
            run,
        ),
        debts_of([("localization", 1, 2, 0.25), ("background", -1, 1, 0.125), ("missed", 2, -1, 0.5)], truth, run),
        np.array([0, -1, -1], dtype=np.int32),
    )


def test_hand_made_singles_and_pairs():
    rows = rows_of(build(hand_made()))
    told = [(r["where"], r["objects"], r["images"], r["tp"], r["fp"], r["fn"], r["gap"]) for r in rows]
    assert told == [
        ([("lit", "True")], 1, 1, 1, 0, 0, 0.0),
        ([("lit", "1")], 1, 1, 0, 1, 1, 0.25),
        ([("lit", "'n/a'")], 1, 1, 0, 0, 1, 0.5),
        ([("lit", "'n/a (background)'")], 0, 0, 0, 1, 0, 0.125),
        ([("size", "'small'")], 1, 1, 1, 1, 0, 0.125),
        ([("size", "'large'")], 2, 2, 0, 1, 2, 0.75),
        ([("lit", "True"), ("size", "'small'")], 1, 1, 1, 0, 0, 0.0),
        ([("lit", "1"), ("size", "'large'")], 1, 1, 0, 1, 1, 0.25),
        ([("lit", "'n/a'"), ("size", "'large'")], 1, 1, 0, 0, 1, 0.5),
        ([("lit", "'n/a (background)'"), ("size", "'small'")], 0, 0, 0, 1, 0, 0.125),
    ]


def test_background_is_left_out_only_of_object_attributes_with_a_value():
    flags = [(r["where"], r["without_background"]) for r in rows_of(build(hand_made()))]
    assert [flag for _, flag in flags] == [True, True, True, False, False, False, True, True, True, False]


def test_ap_is_not_defined_without_objects():
    slices = build(hand_made())
    assert np.isnan(slices.ap[slices.objects == 0]).all()
    assert np.isfinite(slices.ap[slices.objects > 0]).all()


def test_crosses_are_added_once_whatever_the_order_of_their_names():
    scene = hand_made()
    repeated = rows_of(build(scene, crosses=[("size", "lit"), ("lit", "size", "lit"), ("lit",)]))
    np.testing.assert_equal(repeated, rows_of(build(scene)))


@pytest.mark.parametrize("names", [("size", "weather"), ()])
def test_an_unknown_name_is_refused_with_the_known_ones(names):
    with pytest.raises(InputError, match=r"Known attributes: (lit, size|size, lit)"):
        build(hand_made(), crosses=[names])


def test_nothing_at_all():
    scene = random_scene(0, 0, 0, 0, 0.5)
    slices = build(scene)
    assert slices.where == ()
    assert slices.gap.shape == slices.ap.shape == slices.objects.shape == (0,)


def test_many_values_do_not_need_dense_tables():
    """Three attributes of 1,203 values each: a dense table of their cross would have 1.7e9 rows."""
    chance = np.random.default_rng(1)
    objects, detections, alarms = 2_000, 500, 250
    truth, run = ground_truth_of([0] * objects), detections_of([0] * detections)
    codes = [(chance.integers(1203, size=objects), chance.integers(1203, size=detections)) for _ in range(3)]
    attributes = tuple(
        attribute_of(name, "class", [f"{i:04}" for i in range(1203)], of_object.tolist(), own.tolist())
        for name, (of_object, own) in zip("abc", codes, strict=True)
    )
    scene = Scene(
        truth,
        run,
        attributes,
        operating_point_of([True] * detections, [False] * detections, [True] * objects),
        errors_of([("background", -1, d, False) for d in range(alarms)], truth, run),
        debts_of([], truth, run),
        np.full(detections, -1, dtype=np.int32),
    )
    calls = [scene.ground_truth, run, attributes, scene.operating_point, scene.errors, scene.debts, TracerOf(scene)]
    slices = cross(*calls, [("a", "b", "c")])
    values = [tuple(where.values()) for where in slices.where]
    assert values == sorted(values)
    assert slices.objects.sum() == objects
    assert slices.fp.sum() == alarms
    expected: dict[tuple[str, ...], float] = {}
    for column, (weight, count) in enumerate([(1, objects), (10_000, detections)]):
        for row in range(count):
            key = tuple(f"{of[column][row]:04}" for of in codes)
            expected[key] = expected.get(key, 0.0) + weight * (row + 1)
    with_objects = [row for row in range(len(values)) if slices.objects[row]]
    assert [slices.ap[row] for row in with_objects] == [expected[values[row]] for row in with_objects]


def test_half_a_million_detections_take_seconds_at_most():
    """A generous ceiling that catches anything quadratic; benchmarks measure the speed."""
    chance = np.random.default_rng(2)
    objects, detections, images = 37_000, 500_000, 5_000
    truth = ground_truth_of(chance.integers(images, size=objects).tolist())
    run = detections_of(chance.integers(images, size=detections).tolist())
    sizes = [80] + [5] * 12
    attributes = tuple(
        attribute_of(
            f"attribute {i}",
            "class" if i == 0 else "geometry",
            list(range(size)),
            chance.integers(size, size=objects).tolist(),
            chance.integers(size, size=detections).tolist(),
        )
        for i, size in enumerate(sizes)
    )
    alarms = np.arange(detections, dtype=np.int32)
    empty = debts_of([], truth, run)
    none = np.full(detections, -1, dtype=np.int32)
    code = np.full(detections, 6, dtype=np.int8)
    debts = type(empty)(
        code, none, alarms, run.image, run.category, np.full(detections, 1e-6), np.full(detections, 1e-6)
    )
    point = operating_point_of([True] * detections, [False] * detections, [True] * objects)
    errors = errors_of([], truth, run)
    started = time.perf_counter()
    scene = Scene(truth, run, attributes, point, errors, debts, none)
    slices = build(scene)
    assert time.perf_counter() - started < 15
    assert slices.objects[: sum(sizes)].sum() == objects * len(sizes)
