"""The gap adds up, is owed by those the definitions name, and fixing everything gains exactly it."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap import _kernel
from mapgap._kernel import average_precision_by_threshold
from mapgap.demo import make_demo
from mapgap.gap import Oracle, build_oracle, divide_gap, summarize_gap
from mapgap.tables import CAUSES, GAP_CAUSES, IOU_THRESHOLDS, RECALL_THRESHOLDS, Debts
from tests.generated import CocoPair, coco_pairs
from tests.naive import causes as naive_causes
from tests.naive import gap as naive_gap
from tests.naive.matching import match
from tests.test_causes import stages

pytestmark = pytest.mark.kernel

GAINFUL = sorted(GAP_CAUSES)


def debts_and_oracle(pair: CocoPair) -> tuple[Debts, Oracle]:
    ground_truth, detections, matches, _, causes = stages(pair)
    return (
        divide_gap(ground_truth, detections, matches, causes),
        build_oracle(ground_truth, detections, matches, causes),
    )


@settings(max_examples=60)
@given(coco_pairs(max_images=3, max_objects=4, max_detections=7))
def test_debts_equal_the_naive_twin(pair: CocoPair) -> None:
    debts, _ = debts_and_oracle(pair)
    expected, _ = naive_gap.divide(pair.ground_truth, pair.detections)
    found = {}
    for row, code in enumerate(debts.cause):
        is_detection = debts.detection[row] >= 0
        owner = int(debts.detection[row] if is_detection else debts.object[row])
        found["detection" if is_detection else "object", owner, CAUSES[code]] = float(debts.gap[row])
    assert found.keys() == expected.keys()
    for key, debt in expected.items():
        assert found[key] == pytest.approx(float(debt), abs=1e-12)


@settings(max_examples=100)
@given(coco_pairs(), st.sampled_from([0, 3, 5, 9]))
def test_debts_are_addressed_as_the_naive_twin_points(pair: CocoPair, threshold: int) -> None:
    """What a detection owes belongs to the object it points at, with the image and class of that, else to itself."""
    debts, _ = debts_and_oracle(pair)
    ground_truth, detections = stages(pair)[:2]
    iou = float(IOU_THRESHOLDS[threshold])
    of_detections = naive_causes.detection_causes(
        match(pair.ground_truth, pair.detections, iou), pair.ground_truth, iou
    )
    row_of = {
        (int(detection), CAUSES[cause]): row
        for row, (detection, cause) in enumerate(zip(debts.detection, debts.cause, strict=True))
        if detection >= 0
    }
    for index, (cause, target) in of_detections.items():
        row = row_of.get((index, cause))
        if row is None:  # it owes nothing
            continue
        table, place = (detections, index) if target is None else (ground_truth, target)
        assert debts.object[row] == (-1 if target is None else target)
        assert debts.image[row] == table.image[place]
        assert debts.category[row] == table.category[place]
    is_missed = debts.detection < 0
    assert (debts.image[is_missed] == ground_truth.image[debts.object[is_missed]]).all()


@settings(max_examples=200)
@given(coco_pairs())
def test_debts_add_up_to_the_gap_of_coco(pair: CocoPair) -> None:
    debts, oracle = debts_and_oracle(pair)
    metrics = mapgap.evaluate(pair.ground_truth, pair.detections).metrics
    summary = summarize_gap(debts, ap=metrics["AP"], ap50=metrics["AP50"])
    if metrics["AP"] is None:
        assert len(debts.gap) == 0
        assert summary.total is summary.residual is oracle.base_ap is None
        return
    assert abs(summary.residual) < 1e-9
    assert math.fsum(summary.by_cause.values()) == pytest.approx(1 - metrics["AP"], abs=1e-9)
    assert math.fsum(summary.by_cause_at_50.values()) == pytest.approx(1 - metrics["AP50"], abs=1e-9)
    assert oracle.base_ap == pytest.approx(metrics["AP"], abs=1e-9)
    assert (debts.gap > 0).all()


@settings(max_examples=150)
@given(coco_pairs())
def test_fixing_everything_gains_exactly_the_gap(pair: CocoPair) -> None:
    _, oracle = debts_and_oracle(pair)
    if oracle.base_ap is not None:
        assert oracle.gain(GAP_CAUSES) == pytest.approx(1 - oracle.base_ap, abs=1e-12)


@settings(max_examples=40)
@given(
    coco_pairs(max_images=3, max_objects=4, max_detections=7),
    st.sets(st.sampled_from(GAINFUL), min_size=1),
    st.integers(0, 3),
)
def test_gain_equals_the_naive_twin_and_is_never_negative(pair: CocoPair, causes: set[str], seed: int) -> None:
    _, oracle = debts_and_oracle(pair)
    chance = np.random.default_rng(seed)
    in_slice = chance.random(len(pair.ground_truth["annotations"])) < (1 if seed == 0 else 0.6)
    own = chance.random(len(pair.detections)) < (1 if seed == 0 else 0.6)
    expected = naive_gap.gain(
        pair.ground_truth,
        pair.detections,
        causes,
        lambda target, index: bool(in_slice[target]) if target is not None else bool(own[index]),
    )
    gain = oracle.gain(causes, in_slice, own)
    if expected is None:
        assert gain is None
        return
    assert gain == pytest.approx(float(expected), abs=1e-12)
    assert gain >= -1e-12


@settings(max_examples=60)
@given(st.integers(0, 1 << 30), st.integers(1, 4), st.sampled_from([1, 3, 10, 32]), st.integers(0, 60))
def test_average_precision_by_threshold_equals_the_naive_twin(
    seed: int, classes: int, thresholds: int, rows: int
) -> None:
    chance = np.random.default_rng(seed)
    offsets = np.append(0, np.sort(chance.integers(0, rows + 1, classes)))
    offsets[-1] = rows
    everywhere = (1 << thresholds) - 1
    counted = np.where(chance.random(rows) < 0.7, everywhere, chance.integers(0, everywhere + 1, rows))
    right = np.where(chance.random(rows) < 0.5, 0, chance.integers(0, everywhere + 1, rows)) & counted
    positives = chance.integers(0, 5, (thresholds, classes)) * rows // 2
    arguments = offsets, counted.astype(np.uint32), right.astype(np.uint32), positives, RECALL_THRESHOLDS
    found, counts = average_precision_by_threshold(*arguments)
    for threshold in range(thresholds):
        for k in range(classes):
            here = range(offsets[k], offsets[k + 1])
            ranked = [(0.0, 0, row, bool(right[row] >> threshold & 1)) for row in here if counted[row] >> threshold & 1]
            objects = int(positives[threshold, k])
            expected = float(naive_gap.average_precision(ranked, objects)) if objects else 0.0
            assert found[threshold, k] == pytest.approx(expected, abs=1e-12)
            assert counts[threshold, k] == len(ranked)
    for threads in (1, 3):
        assert average_precision_by_threshold(*arguments, threads=threads)[0].tobytes() == found.tobytes()


def test_causes_without_a_debt_gain_nothing() -> None:
    pair = CocoPair(
        {
            "images": [{"id": 1}],
            "categories": [{"id": 1, "name": "a"}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9], "area": 81}],
        },
        [],
    )
    _, oracle = debts_and_oracle(pair)
    assert oracle.gain(["below_threshold", "max_detections"]) == 0.0
    assert oracle.gain(["missed"]) == 1.0


def test_residual_on_real_inputs(real_data: Path) -> None:
    for ground_truth, detections in (
        ("kaist/gt.json", "kaist/detections/MBNet.json"),
        ("coco_val2017/instances_val2017_rebuilt.json", "coco_val2017/yolov2_416_results.json"),
        ("cocoapi_fake100/gt.json", "cocoapi_fake100/bbox.json"),
    ):
        truth = json.loads((real_data / ground_truth).read_bytes())
        pair = CocoPair(truth, json.loads((real_data / detections).read_bytes()))
        debts, oracle = debts_and_oracle(pair)
        metrics = mapgap.evaluate(truth, pair.detections).metrics
        assert abs(summarize_gap(debts, ap=metrics["AP"], ap50=metrics["AP50"]).residual) < 1e-9
        assert oracle.gain(GAP_CAUSES) == pytest.approx(1 - metrics["AP"], abs=1e-9)
    assert 1 - metrics["AP"] == pytest.approx(0.4954193013, abs=1e-9)


def test_sums_are_the_same_where_the_kernel_leaves_them_to_python(monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_demo(0)
    debts, _ = debts_and_oracle(CocoPair(made.ground_truth, made.detections))
    by_kernel = summarize_gap(debts, ap=0.5, ap50=0.6)
    monkeypatch.setattr(_kernel, "exact_sums", lambda gap, cause, causes: None)
    assert summarize_gap(debts, ap=0.5, ap50=0.6) == by_kernel
    assert len({gap for gap in by_kernel.by_cause.values() if gap}) > 3


@pytest.mark.parametrize(("false", "counted"), [(99, 99), (100, 100), (101, 100), (150, 100)])
def test_only_a_hundred_detections_of_an_image_count(false: int, counted: int) -> None:
    """All are surer than the one that finds the object of the other image, at a precision of 1 of 1 + those."""
    truth = {
        "images": [{"id": i, "width": 700, "height": 700} for i in (1, 2)],
        "categories": [{"id": 1, "name": "car"}],
        "annotations": [{"id": 1, "image_id": 2, "category_id": 1, "bbox": [0, 0, 10, 10], "area": 100, "iscrowd": 0}],
    }
    found = [{"image_id": 1, "category_id": 1, "bbox": [600, 600, 5, 5], "score": 0.9} for _ in range(false)]
    found.append({"image_id": 2, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.5})
    debts, oracle = debts_and_oracle(CocoPair(truth, found))
    assert float(debts.gap.sum()) == pytest.approx(1 - 1 / (1 + counted), abs=1e-12)
    assert oracle.gain(["background"]) == pytest.approx(1 - 1 / (1 + counted), abs=1e-12)


def test_the_first_object_of_a_file_has_an_address_too() -> None:
    """A wrong class on the first object: what it owes stands under the class of that object, not under its own."""
    boxes = [[0, 0, 10, 10], [50, 50, 10, 10]]
    truth = {
        "images": [{"id": 1, "width": 100, "height": 100}],
        "categories": [{"id": 1, "name": "car"}, {"id": 2, "name": "truck"}],
        "annotations": [
            {"id": i + 1, "image_id": 1, "category_id": i + 1, "bbox": boxes[i], "area": 100, "iscrowd": 0}
            for i in (0, 1)
        ],
    }
    found = [{"image_id": 1, "category_id": 2, "bbox": boxes[i], "score": 0.9 - i / 10} for i in (0, 1)]
    debts, _ = debts_and_oracle(CocoPair(truth, found))
    [row] = np.flatnonzero(debts.detection == 0)
    assert CAUSES[debts.cause[row]] == "classification"
    assert (debts.object[row], debts.category[row]) == (0, 0)
