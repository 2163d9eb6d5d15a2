"""The score threshold, the outcomes at it, and the rates."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.errors import InputError
from mapgap.matching import match_detections
from mapgap.operating_point import choose_score_threshold, operate
from mapgap.rates import class_rates, macro, micro, rates
from mapgap.tables import CAUSES, OperatingPoint, Results
from tests.generated import CocoPair, coco_pairs
from tests.naive import operating_point as naive


def choose(rule: float | str, rows: list[tuple[float, bool, bool]], objects: int) -> float | None:
    """`rows` are (score, counted, true positive)."""
    columns = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return choose_score_threshold(rule, columns[:, 0], columns[:, 1] > 0, columns[:, 2] > 0, objects)


RIGHT, WRONG = (True, True), (True, False)
ROWS = [(0.9, *RIGHT), (0.8, *WRONG), (0.7, *RIGHT), (0.7, *RIGHT), (0.4, *WRONG), (0.3, *RIGHT), (0.95, False, False)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (0.25, 0.25),
        (1, 1.0),
        ("0.5", 0.5),
        ("best-f1", 0.3),
        ("precision=1", 0.9),
        ("precision=0.75", 0.7),
        ("precision=0.6", 0.3),
        ("recall=0.2", 0.9),
        ("recall=0.3", 0.7),
        ("recall=0.8", 0.3),
        ("cost", 0.7),
    ],
)
def test_rules(rule: float | str, expected: float) -> None:
    assert choose(rule, ROWS, 5) == expected


def test_equal_f1_takes_the_highest_score() -> None:
    # 2/3 of both: one right of one kept with two objects, then two right of four kept.
    rows = [(0.9, *RIGHT), (0.8, *WRONG), (0.5, *WRONG), (0.4, *RIGHT)]
    assert 2 * 1 / (1 + 2) == 2 * 2 / (4 + 2)
    assert choose("best-f1", rows, 2) == 0.9


def test_least_cost_without_costs_is_fewest_errors() -> None:
    # Errors at .9: 0 + 2, at .8: 1 + 2, at .5: 1 + 1; of .9 and .5 with a third object found: the highest.
    assert choose("cost", [(0.9, *RIGHT), (0.8, *WRONG), (0.5, *RIGHT)], 3) == 0.9
    assert choose("cost", [(0.9, *RIGHT), (0.8, *WRONG), (0.5, *RIGHT), (0.5, *RIGHT)], 3) == 0.5
    assert choose("cost", [], 3) is None


def test_where_keeping_nothing_is_cheapest_the_threshold_is_above_all_scores() -> None:
    above = choose("cost", [(0.9, *WRONG), (0.8, *WRONG), (0.8, *RIGHT)], 1)
    assert above == np.nextafter(0.9, 1)


def test_equal_costs_are_equal_although_their_sums_are_not() -> None:
    # As floats .1 + .2 - .3 is above 0; as what these numbers are exactly it is too, but .1 + .1 - .2 is 0.
    score, counted = np.array([0.9, 0.8, 0.7, 0.6]), np.ones(4, dtype=np.bool_)
    hit = np.array([True, False, False, True])
    cost = np.array([-0.3, 0.1, 0.1, -0.2])
    assert choose_score_threshold("cost", score, counted, hit, 2, cost) == 0.9
    assert sum([0.1, 0.1, -0.2]) == 0


COSTS_OF_ROWS = st.tuples(
    st.sampled_from([0.1, 0.3, 0.5, 0.8]), st.sampled_from([0.0, 0.1, 0.2, 0.3, 1.0, 5.0]), st.booleans()
)


@given(st.lists(COSTS_OF_ROWS, max_size=12))
@settings(max_examples=300)
def test_the_least_cost_equals_the_slow_twin(rows: list[tuple[float, float, bool]]) -> None:
    score, cost, hit = (np.array(column) for column in zip(*rows, strict=True)) if rows else (np.zeros(0),) * 3
    hit = hit.astype(np.bool_)
    keeping = np.where(hit, -cost, cost)
    chosen = choose_score_threshold("cost", score, np.ones(len(rows), dtype=np.bool_), hit, int(hit.sum()), keeping)
    assert chosen == naive.least_cost(rows)


@given(coco_pairs(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_no_threshold_costs_less_than_the_one_chosen(pair: CocoPair, has_costs: bool) -> None:
    costs = (
        {cause: 1.0 + place for place, cause in enumerate(CAUSES)} | {"background:class 1": 0.25} if has_costs else {}
    )
    named = {c["name"] for c in pair.ground_truth["categories"]}
    costs = {name: cost for name, cost in costs.items() if ":" not in name or name.partition(":")[2] in named}

    def analyzed(score_threshold: float | str) -> Results:
        options = {"resamples": 0, "costs": costs, "score_threshold": score_threshold}
        return mapgap.analyze(pair.ground_truth, pair.detections, **options).results  # type: ignore[arg-type]

    def total(results: Results) -> float:
        names = results.ground_truth.categories.names
        errors = zip(results.errors.cause.tolist(), results.errors.category.tolist(), strict=True)
        return sum(costs.get(f"{CAUSES[c]}:{names[k]}", costs.get(CAUSES[c], 0 if costs else 1)) for c, k in errors)

    chosen = analyzed("cost")
    threshold = chosen.operating_point.score_threshold
    scores = sorted({d["score"] for d in pair.detections})
    totals = {score: total(analyzed(score)) for score in [*scores, 1.0]}
    if threshold is None:
        assert not chosen.operating_point.kept.any()
    else:
        assert total(chosen) == min(totals.values())
        assert all(of_score > total(chosen) for score, of_score in totals.items() if score > threshold and score < 1)


def test_equal_scores_stand_or_fall_together() -> None:
    assert choose("best-f1", [(0.5, *RIGHT), (0.5, *WRONG), (0.5, *WRONG)], 1) == 0.5
    with pytest.raises(InputError, match=r"best that can be had is 0\.3333"):
        choose("precision=0.5", [(0.5, *RIGHT), (0.5, *WRONG), (0.5, *WRONG)], 1)


def test_no_true_positive_has_no_best_f1() -> None:
    assert choose("best-f1", [], 0) is None
    assert choose("best-f1", [], 3) is None
    assert choose("best-f1", [(0.5, *WRONG)], 3) is None


@pytest.mark.parametrize(
    "rule",
    [
        *("", "costs", "f1", "best_f1", "best-f1=1", "accuracy=0.5"),
        *("precision", "precision=", "precision=x", "precision=0", "recall=1.1", "recall=nan"),
        *("nan", "inf", float("nan"), float("-inf"), True),
    ],
)
def test_malformed_rules_list_what_is_allowed(rule: float | str) -> None:
    with pytest.raises(
        InputError, match="Allowed are a number, best-f1, precision=P and recall=R with 0 < P, R <= 1, and cost"
    ):
        choose(rule, ROWS, 5)


@pytest.mark.parametrize(
    ("rule", "rows", "objects", "complaint"),
    [
        ("recall=0.9", ROWS, 5, "recall 0.9: the best that can be had is 0.8. Ask for at most recall=0.8"),
        ("recall=1", [(0.5, *RIGHT)], 3, "best that can be had is 0.3333. Ask for at most recall=0.3333"),
        ("precision=0.9", [(0.5, *RIGHT), (0.6, *WRONG)], 5, "the best that can be had is 0.5. Ask for at most"),
        ("precision=0.9", [(0.6, *WRONG)], 5, "the best that can be had is 0. Use a number or best-f1"),
        ("precision=0.9", [], 5, "there is no detection"),
        ("recall=0.5", [(0.6, *WRONG)], 0, "there is no object"),
        ("recall=0.5", [], 1, "there is no detection"),
    ],
)
def test_goals_out_of_reach(rule: str, rows: list[Any], objects: int, complaint: str) -> None:
    with pytest.raises(InputError) as error:
        choose(rule, rows, objects)
    assert complaint in str(error.value)
    assert error.value.exit_code == 2


def test_the_best_that_is_named_can_be_had() -> None:
    for right in range(1, 40):
        rows = [(0.5, True, number < right) for number in range(41)]
        with pytest.raises(InputError) as error:
            choose("precision=1", rows, 41)
        advice = str(error.value).rpartition(" ")[2]
        assert choose(advice, rows, 41) == 0.5


ROW = st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.8, 0.9]), st.booleans(), st.booleans())


@given(
    st.lists(ROW, max_size=12),
    st.integers(0, 4),
    st.sampled_from(["best-f1", "precision=0.5", "precision=0.7", "recall=0.5", "recall=0.25", "recall=1"]),
)
@settings(max_examples=400)
def test_the_threshold_equals_the_slow_twin(rows: list[tuple[float, bool, bool]], missed: int, rule: str) -> None:
    rows = [(score, counted, counted and right) for score, counted, right in rows]
    objects = sum(right for _, _, right in rows) + missed
    box = (0.0, 0.0, 1.0, 1.0)
    plain = [naive.PlainDetection(0, 0, box, score, counted, 0 if right else None) for score, counted, right in rows]
    expected = naive.score_threshold(rule, plain, objects)
    if expected is None and rule != "best-f1":
        with pytest.raises(InputError):
            choose(rule, rows, objects)
    else:
        assert choose(rule, rows, objects) == expected


@given(coco_pairs(), st.sampled_from([None, 0.0, 0.3, 0.5, 0.95]), st.sampled_from([0, 5, 9]))
@settings(max_examples=200)
def test_outcomes_equal_the_slow_twin(pair: CocoPair, score: float | None, threshold: int) -> None:
    ground_truth = read_ground_truth(pair.ground_truth)
    detections = read_detections(pair.detections, ground_truth)
    matches, _ = match_detections(ground_truth, detections)
    point = operate(ground_truth, detections, matches, threshold=threshold, score_threshold=score)
    plain = naive.plain_detections(detections, matches, threshold)
    annotations = naive.plain_annotations(ground_truth)
    kept = naive.kept_at(plain, score)
    right = [k and d.found is not None for k, d in zip(kept, plain, strict=True)]
    counts = naive.class_counts(annotations, plain, kept, len(ground_truth.categories.ids))
    assert point.kept.tolist() == kept
    assert point.true_positive.tolist() == right
    found = {d.found for d, is_right in zip(plain, right, strict=True) if is_right}
    assert np.flatnonzero(point.found).tolist() == sorted(found)  # type: ignore[type-var]
    assert (point.class_tp.tolist(), point.class_fp.tolist(), point.class_fn.tolist()) == tuple(counts.values())
    assert point.iou_threshold == matches.iou_thresholds[threshold]
    assert point.score_threshold == score


def test_dropping_what_is_below_the_threshold_changes_nothing_for_the_rest() -> None:
    ground_truth = read_ground_truth(
        {
            "images": [{"id": 1, "width": 50, "height": 50, "file_name": "1.jpg"}],
            "annotations": [
                {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "area": 100, "iscrowd": 0}
            ],
            "categories": [{"id": 1, "name": "car"}],
        }
    )
    rows = [
        {"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 8], "score": 0.5},
        {"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.4},
    ]
    detections = read_detections(rows, ground_truth)
    matches, _ = match_detections(ground_truth, detections)
    at = [operate(ground_truth, detections, matches, threshold=0, score_threshold=s) for s in (0.6, 0.5, 0.4)]
    assert [point.kept.sum() for point in at] == [0, 1, 2]
    assert [point.class_tp.tolist() for point in at] == [[0], [1], [1]]
    assert [point.class_fn.tolist() for point in at] == [[1], [0], [0]]
    only_one = operate(ground_truth, detections, matches, threshold=0, score_threshold=None, max_detections=1)
    assert only_one.kept.tolist() == [True, False]


def point_with(tp: list[int], fp: list[int], fn: list[int]) -> OperatingPoint:
    nothing = np.zeros(0, dtype=np.bool_)
    columns = (np.array(counts, dtype=np.int64) for counts in (tp, fp, fn))
    return OperatingPoint(0.5, 0.5, nothing, nothing, nothing, *columns)


def test_worked_examples_of_rates() -> None:
    precision, recall, f1 = rates([560, 400, 25], [190, 100, 15], [140, 150, 5])
    assert np.round(precision, 3).tolist() == [0.747, 0.8, 0.625]
    assert np.round(recall, 3).tolist() == [0.8, 0.727, 0.833]
    assert np.round(f1, 3).tolist() == [0.772, 0.762, 0.714]


def test_rates_without_a_denominator() -> None:
    precision, recall, f1 = rates([0, 0, 0, 0], [0, 2, 0, 2], [0, 0, 3, 3])
    assert np.isnan(precision).tolist() == [True, False, True, False]
    assert np.isnan(recall).tolist() == [True, True, False, False]
    assert np.isnan(f1[0])
    assert f1[1:].tolist() == [0, 0, 0]


def test_micro_adds_counts_and_macro_means_over_classes_with_ground_truth() -> None:
    point = point_with([3, 0, 0, 1], [1, 4, 0, 0], [0, 0, 2, 1])
    has_ground_truth = np.array([True, False, True, True])
    assert micro(point) == (4 / 9, 4 / 7, 8 / 16)
    precision, recall, f1 = class_rates(point)
    assert macro(point, has_ground_truth) == (
        (precision[0] + precision[3]) / 2,
        (recall[0] + recall[2] + recall[3]) / 3,
        (f1[0] + f1[2] + f1[3]) / 3,
    )
    assert np.isnan(precision[2])
    assert f1[2] == 0


def test_rates_of_nothing_are_not_defined() -> None:
    assert micro(point_with([], [], [])) == (None, None, None)
    assert micro(point_with([0], [0], [0])) == (None, None, None)
    assert macro(point_with([0], [5], [0]), np.array([False])) == (None, None, None)
    assert macro(point_with([0], [0], [5]), np.array([True])) == (None, 0.0, 0.0)
