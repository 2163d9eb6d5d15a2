"""What must not change, or change only one way, when the data is changed: `mapgap.evaluate`."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap.analysis.evaluation import Evaluation
from mapgap.tables import AREA_RANGES
from tests.generated import CocoPair, coco_pairs

pytestmark = pytest.mark.kernel

Record = dict[str, Any]
MAPS: dict[str, Callable[[Any], Any]] = {
    "half": lambda score: score * 0.5,
    "cube": lambda score: score**3,
    "logit": lambda score: np.log(score) - np.log1p(-score),
    "reciprocal": lambda score: -1 / score,
}


@st.composite
def pairs_without_ties(draw: st.DrawFn, **options: Any) -> CocoPair:
    """Generated pairs whose scores all differ and whose boxes are off the grid, each by its own hair."""
    pair = draw(coco_pairs(**options))
    chance = np.random.default_rng(draw(st.integers(0, 1000)))
    for record in [*pair.ground_truth["annotations"], *pair.detections]:
        record["bbox"] = (np.array(record["bbox"]) + chance.random(4) * 1e-3).tolist()
    scores = (1 + chance.permutation(len(pair.detections))) / (1 + len(pair.detections))
    for record, score in zip(pair.detections, scores.tolist(), strict=True):
        record["score"] = score
    return pair


def assert_same_numbers(one: Evaluation, other: Evaluation, *, with_scores: bool = True) -> None:
    """Equal to the last bit: the 12 numbers, the curves and, unless they were changed, the scores."""
    assert one.metrics == other.metrics
    for name in ("precision", "recall", "scores")[: 3 if with_scores else 2]:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def mapped(pair: CocoPair, change: Callable[[Record], Record]) -> CocoPair:
    """The pair with every annotation and detection changed."""
    annotations = [change(copy.deepcopy(record)) for record in pair.ground_truth["annotations"]]
    detections = [change(copy.deepcopy(record)) for record in pair.detections]
    return CocoPair(pair.ground_truth | {"annotations": annotations}, detections)


def evaluated(pair: CocoPair, **options: Any) -> Evaluation:
    """The evaluation of a pair."""
    return mapgap.evaluate(pair.ground_truth, pair.detections, **options)


@settings(max_examples=80)
@given(pairs_without_ties(), st.randoms(use_true_random=False))
def test_order_in_the_files_does_not_matter(pair: CocoPair, random: Any) -> None:
    parts = {part: random.sample(records, len(records)) for part, records in pair.ground_truth.items()}
    shuffled = CocoPair(parts, random.sample(pair.detections, len(pair.detections)))
    assert_same_numbers(evaluated(pair), evaluated(shuffled))


@settings(max_examples=40)
@given(coco_pairs(), st.randoms(use_true_random=False))
def test_order_of_images_and_categories_never_matters(pair: CocoPair, random: Any) -> None:
    parts = {
        part: random.sample(pair.ground_truth[part], len(pair.ground_truth[part])) for part in ("images", "categories")
    }
    assert_same_numbers(evaluated(pair), evaluated(CocoPair(pair.ground_truth | parts, pair.detections)))


@settings(max_examples=80)
@given(coco_pairs(), st.integers(-20, 20))
def test_scaling_by_a_power_of_two_changes_nothing(pair: CocoPair, power: int) -> None:
    factor = 2.0**power

    def scale(record: Record) -> Record:
        record["bbox"] = [number * factor for number in record["bbox"]]
        if "area" in record:
            record["area"] *= factor**2
        return record

    ranges = {name: (low * factor**2, high * factor**2) for name, (low, high) in AREA_RANGES.items()}
    assert_same_numbers(evaluated(pair), evaluated(mapped(pair, scale), area_ranges=ranges))


@settings(max_examples=80)
@given(coco_pairs(), st.integers(-5000, 5000), st.integers(-5000, 5000))
def test_shifting_each_image_by_whole_pixels_changes_nothing(pair: CocoPair, right: int, down: int) -> None:
    def shift(record: Record) -> Record:
        x, y, width, height = record["bbox"]
        record["bbox"] = [x + right * record["image_id"], y + down, width, height]
        return record

    assert_same_numbers(evaluated(pair), evaluated(mapped(pair, shift)))


@settings(max_examples=60)
@given(coco_pairs(), st.lists(st.integers(-60, -1) | st.integers(51, 99), max_size=5, unique=True))
def test_adding_empty_images_changes_nothing(pair: CocoPair, ids: list[int]) -> None:
    images = [*pair.ground_truth["images"], *({"id": each, "width": 70, "height": 70} for each in ids)]
    assert_same_numbers(evaluated(pair), evaluated(CocoPair(pair.ground_truth | {"images": images}, pair.detections)))


@settings(max_examples=60)
@given(coco_pairs(), st.sampled_from([-7, 21, 2**40]))
def test_adding_an_empty_class_changes_no_number(pair: CocoPair, identifier: int) -> None:
    categories = [*pair.ground_truth["categories"], {"id": identifier, "name": "nothing"}]
    before = evaluated(pair)
    after = evaluated(CocoPair(pair.ground_truth | {"categories": categories}, pair.detections))
    assert before.metrics == after.metrics
    place = 0 if identifier < 0 else -1
    assert np.isnan(after.precision[:, :, place]).all()
    np.testing.assert_array_equal(before.precision, np.delete(after.precision, place, axis=2))


@settings(max_examples=80)
@given(coco_pairs(), st.sampled_from(sorted(MAPS)))
def test_a_rising_map_of_scores_changes_only_the_scores(pair: CocoPair, name: str) -> None:
    change = MAPS[name]
    detections = [record | {"score": float(change(record["score"]))} for record in pair.detections]
    before, after = evaluated(pair), evaluated(CocoPair(pair.ground_truth, detections))
    assert_same_numbers(before, after, with_scores=False)
    # The score of a recall point that is not reached is 0, that of a class without ground truth NaN.
    is_reached = before.scores > 0
    expected = before.scores.copy()
    expected[is_reached] = change(expected[is_reached])
    np.testing.assert_allclose(after.scores, expected, rtol=1e-14)


@settings(max_examples=80)
@given(coco_pairs(), st.data())
def test_lower_scored_detections_never_lower_precision_or_recall(pair: CocoPair, data: st.DataObject) -> None:
    more = data.draw(coco_pairs(max_images=1)).detections
    images = st.sampled_from([image["id"] for image in pair.ground_truth["images"]])
    categories = st.sampled_from([category["id"] for category in pair.ground_truth["categories"]])
    lower = [
        {"image_id": data.draw(images), "category_id": data.draw(categories)}
        | {"bbox": record["bbox"], "score": record["score"] / 100}
        for record in more
    ]
    before, after = evaluated(pair), evaluated(CocoPair(pair.ground_truth, [*lower, *pair.detections]))
    for name in ("precision", "recall"):
        earlier, later = getattr(before, name), getattr(after, name)
        np.testing.assert_array_equal(np.isnan(earlier), np.isnan(later))
        assert (np.nan_to_num(later) >= np.nan_to_num(earlier)).all()


@settings(max_examples=80)
@given(coco_pairs(), st.data())
def test_removing_a_false_positive_never_lowers_precision(pair: CocoPair, data: st.DataObject) -> None:
    before = evaluated(pair)
    first = before.matches[0]
    is_false = np.array([first.is_counted(t) & ~first.is_true_positive(t) for t in range(len(first.iou_thresholds))])
    candidates = np.flatnonzero(is_false.any(axis=0)).tolist()
    if not candidates:
        return
    row = data.draw(st.sampled_from(candidates))
    after = evaluated(CocoPair(pair.ground_truth, pair.detections[:row] + pair.detections[row + 1 :]))
    wrong = is_false[:, row]
    earlier, later = (np.nan_to_num(each.precision[wrong][..., 0, -1]) for each in (before, after))
    assert (later >= earlier).all()
    # Whoever was behind it keeps its match, so the recall stays.
    np.testing.assert_array_equal(before.recall[wrong][..., 0, -1], after.recall[wrong][..., 0, -1])


@settings(max_examples=80)
@given(coco_pairs(), st.booleans())
def test_ground_truth_predicted_as_itself_is_perfect(pair: CocoPair, with_crowds: bool) -> None:
    annotations = pair.ground_truth["annotations"]
    detections = [
        {"image_id": each["image_id"], "category_id": each["category_id"], "bbox": each["bbox"], "score": 1.0}
        for each in annotations
        if with_crowds or not each["iscrowd"]
    ]
    metrics = evaluated(CocoPair(pair.ground_truth, detections)).metrics
    has_objects = any(not annotation["iscrowd"] for annotation in annotations)
    for name in ("AP", "AP50", "AP75", "AR100"):
        # One true positive alone has precision 1 / (1 + spacing(1)).
        assert metrics[name] == (pytest.approx(1, abs=1e-12) if has_objects else None)


@settings(max_examples=60)
@given(coco_pairs(max_images=5), st.data())
def test_each_image_is_matched_for_itself(pair: CocoPair, data: st.DataObject) -> None:
    images = [image["id"] for image in pair.ground_truth["images"]]
    some = data.draw(st.sets(st.sampled_from(images)))
    whole = evaluated(pair)
    seen = 0
    for chosen in (sorted(some), sorted(set(images) - some)):
        part = evaluated(pair, image_ids=chosen)
        rows = part.results.record
        for name in ("true_positive", "ignored"):
            bits = getattr(whole.matches[0], name)[:, rows]
            np.testing.assert_array_equal(getattr(part.matches[0], name), bits, err_msg=name)
        np.testing.assert_array_equal(matched_records(part), matched_records(whole)[:, rows])
        seen += len(rows)
    assert seen == len(pair.detections)


def matched_records(evaluation: Evaluation) -> Any:
    """(T, D) the place in the file of the annotation that each detection matched, -1 for none."""
    matched, record = evaluation.matches[0].matched[0], evaluation.ground_truth.record
    return np.where(matched >= 0, record[matched], -1) if len(record) else np.full(matched.shape, -1)
