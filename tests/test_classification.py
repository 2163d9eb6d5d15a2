"""Plain classification: counts, rates, AUC, thresholds, slices, against scikit-learn and against plain loops."""

import re
from math import erfc
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn

import mapgap
from mapgap.classification import Classification, evaluate
from mapgap.classification.markdown import report_markdown
from tests.naive import classification as naive
from tests.naive import significance

COUNTS = ("tp", "fp", "fn", "tn")
RATES = ("precision", "recall", "specificity", "f1")
WORDS = ["cat", "dog", "eel"]
GRID = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
"""Few values, so that ties happen."""


@st.composite
def label_pairs(draw: st.DrawFn, most: int = 30) -> tuple[list[str], list[str]]:
    size = draw(st.integers(1, most))
    one = st.lists(st.sampled_from(WORDS), min_size=size, max_size=size)
    return draw(one), draw(one)


@st.composite
def scored(draw: st.DrawFn) -> tuple[list[int], list[float]]:
    size = draw(st.integers(1, 30))
    truth = draw(st.lists(st.sampled_from([0, 1]), min_size=size, max_size=size))
    return truth, draw(st.lists(GRID, min_size=size, max_size=size))


@st.composite
def scored_by_class(draw: st.DrawFn) -> tuple[list[str], list[list[float]]]:
    size = draw(st.integers(1, 20))
    truth = draw(st.lists(st.sampled_from(WORDS), min_size=size, max_size=size))
    row = st.lists(GRID, min_size=3, max_size=3)
    return truth, draw(st.lists(row, min_size=size, max_size=size))


def expand(rows: dict[str, tuple[int, ...]]) -> tuple[list[str], list[str]]:
    """Truth and predictions with the given confusion matrix."""
    names = list(rows)
    pairs = [(t, p) for t, row in rows.items() for p, number in zip(names, row, strict=True) for _ in range(number)]
    return [t for t, _ in pairs], [p for _, p in pairs]


def binary(tp: int, fp: int, fn: int, tn: int) -> Classification:
    return evaluate([1] * tp + [0] * fp + [1] * fn + [0] * tn, [1] * (tp + fp) + [0] * (fn + tn), resamples=0)


def test_worked_examples() -> None:
    first = binary(560, 190, 140, 0).metrics
    assert (round(first["precision"], 3), first["recall"]) == (0.747, 0.8)
    images = binary(25, 15, 5, 55)
    assert [round(images.metrics[name], 3) for name in RATES] == [0.625, 0.833, 0.786, 0.714]
    last = binary(400, 100, 150, 350).metrics
    assert [last["precision"], round(last["recall"], 3), round(last["f1"], 3), last["accuracy"]] == [
        0.8,
        0.727,
        0.762,
        0.75,
    ]


def test_worked_example_of_three_classes() -> None:
    signs = evaluate(*expand({"Stop": (95, 3, 2), "Speed": (6, 84, 10), "Yield": (4, 18, 78)}))
    recall = signs.per_class()["recall"]
    assert [recall[sign] for sign in ("Stop", "Speed", "Yield")] == [0.95, 0.84, 0.78]
    worst = signs.summary["worst_pairs"][0]
    assert (worst["truth"], worst["prediction"], worst["count"]) == ("Yield", "Speed", 18)
    assert signs.metrics["accuracy"] == (95 + 84 + 78) / 300
    assert signs.positive is None
    assert signs.metrics["precision"] is None


@given(label_pairs())
def test_counts_and_rates_are_those_of_scikit_learn_where_it_defines_them(pair: tuple[list[str], list[str]]) -> None:
    truth, prediction = pair
    result = evaluate(truth, prediction, labels=WORDS, resamples=0)
    labels = list(result.labels)
    assert (result.confusion_matrix().to_numpy() == sklearn.confusion_matrix(truth, prediction, labels=labels)).all()
    assert result.metrics["accuracy"] == pytest.approx(sklearn.accuracy_score(truth, prediction), abs=1e-12)
    ours = result.per_class()
    theirs = sklearn.precision_recall_fscore_support(truth, prediction, labels=labels, zero_division=np.nan)
    for name, values in zip(("precision", "recall", "f1", "support"), theirs, strict=True):
        np.testing.assert_allclose(ours[name], values, atol=1e-12)
    for name in ("precision", "recall", "f1"):
        average = {"precision": sklearn.precision_score, "recall": sklearn.recall_score, "f1": sklearn.f1_score}[name]
        assert result.metrics["micro"][name] == pytest.approx(average(truth, prediction, average="micro"), abs=1e-12)
        macro = average(truth, prediction, labels=labels, average="macro", zero_division=np.nan)
        assert result.metrics["macro"][name] == pytest.approx(macro, abs=1e-12)


@given(label_pairs())
def test_counts_and_means_are_those_of_plain_loops(pair: tuple[list[str], list[str]]) -> None:
    truth, prediction = pair
    result = evaluate(truth, prediction, resamples=0)
    for record in result.summary["classes"]:
        counts = naive.counts(truth, prediction, record["label"])
        assert tuple(record[name] for name in ("tp", "fp", "fn", "tn")) == counts
        assert {name: record[name] for name in RATES} == naive.rates(*counts)
    for name, value in naive.macro(truth, prediction, result.labels).items():
        assert result.metrics["macro"][name] == (None if value is None else pytest.approx(value, abs=1e-12))


@given(scored())
def test_auc_and_every_threshold(data: tuple[list[int], list[float]]) -> None:
    truth, scores = data
    result = evaluate(truth, scores=scores, resamples=0)
    assert result.positive == 1
    expected = naive.auc(scores, [label == 1 for label in truth])
    assert result.auc == (None if expected is None else pytest.approx(expected, abs=1e-12))
    if expected is not None:
        assert result.auc == pytest.approx(sklearn.roc_auc_score(truth, scores), abs=1e-12)
    curve = result.roc()
    assert curve["threshold"].tolist() == [np.inf, *sorted(set(scores), reverse=True)]
    for row in curve.iloc[1:].itertuples():
        prediction = [int(score >= row.threshold) for score in scores]
        assert (row.tp, row.fp, row.fn, row.tn) == naive.counts(truth, prediction, 1)
        there = result.at(row.threshold)
        assert naive.counts(truth, prediction, 1) == tuple(int(getattr(there.counts, name)[1]) for name in COUNTS)


@given(scored())
def test_the_threshold_of_the_best_f1(data: tuple[list[int], list[float]]) -> None:
    truth, scores = data
    result = evaluate(truth, scores=scores, threshold="best-f1", resamples=0)
    every = {s: naive.rates(*naive.counts(truth, [int(score >= s) for score in scores], 1))["f1"] for s in scores}
    best = max(every.values(), key=lambda f1: f1 or 0)
    if not best:
        assert result.threshold is None
        assert result.matrix[:, 1].sum() == 0
    else:
        assert result.threshold == max(score for score, f1 in every.items() if f1 == best)
        assert result.metrics["f1"] == best


@given(scored())
def test_the_threshold_of_the_fewest_errors(data: tuple[list[int], list[float]]) -> None:
    truth, scores = data
    errors = {t: sum((s >= t) != label for s, label in zip(scores, truth, strict=True)) for t in [*scores, np.inf]}
    result = evaluate(truth, scores=scores, threshold="cost", resamples=0)
    assert len(truth) - int(result.matrix.trace()) == min(errors.values())


@given(scored_by_class())
def test_the_highest_score_wins_and_of_equal_ones_the_first(data: tuple[list[str], list[list[float]]]) -> None:
    truth, scores = data
    result = evaluate(truth, scores=np.array(scores), labels=WORDS, resamples=0)
    assert [WORDS[k] for k in result.samples.prediction] == naive.highest(scores, WORDS)
    columns = {word: [row[k] for row in scores] for k, word in enumerate(WORDS)}
    shuffled = {word: columns[word] for word in reversed(WORDS)}
    for columned in (shuffled, pd.DataFrame(shuffled), scores, pd.DataFrame(scores)):
        other = evaluate(truth, scores=columned, labels=WORDS, resamples=0)
        assert (other.samples.prediction == result.samples.prediction).all()
    for place, word in enumerate(WORDS):
        expected = naive.auc(columns[word], [label == word for label in truth])
        assert result.class_auc[place] == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_report_md_calls_nobody_and_keeps_its_tables() -> None:
    names = ["a|b", "@someone", "#1", "<img src=x>", "`x` \u202e", "new\nline"]
    result = evaluate(names * 40, (names[1:] + names[:1]) * 40, attributes={"@all": names * 40})
    text = report_markdown(result, "mapgap classify x.csv")
    assert "\u202e" not in text
    assert "<img" not in text
    assert re.search(r"@someone|(?<!#)#1", text) is None
    rows = [line for line in text.split("### Confusion matrix")[1].splitlines() if line.startswith("| ")]
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in rows[:8]}) == 1


def test_the_mean_auc_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(5)
    truth, scores = rng.choice(WORDS, 200), rng.dirichlet(np.ones(3), 200)
    ours = evaluate(truth, scores=scores, labels=WORDS)
    theirs = sklearn.roc_auc_score(truth, scores, multi_class="ovr", average="macro", labels=WORDS)
    assert ours.auc == pytest.approx(theirs, abs=1e-12)


@given(label_pairs(), st.data())
def test_slices_are_those_of_plain_loops(pair: tuple[list[str], list[str]], data: st.DataObject) -> None:
    truth, prediction = pair
    light = data.draw(st.lists(st.sampled_from(["day", "night"]), min_size=len(truth), max_size=len(truth)))
    result = evaluate(truth, prediction, attributes={"light": light}, resamples=0)
    found = {(row["class"], row["where"]["light"]): (row["samples"], row["right"]) for row in result.summary["slices"]}
    expected = naive.slice_rows(truth, prediction, light, result.labels)
    assert found == {key: row[:2] for key, row in expected.items()}
    for row in result.summary["slices"]:
        _, _, rest, rest_right = expected[row["class"], row["where"]["light"]]
        assert row["rest_share_right"] == (rest_right / rest if rest else None)


def planted() -> Classification:
    """Cats at night are mostly taken for dogs."""
    rng = np.random.default_rng(0)
    truth, light = rng.choice(WORDS, 1200), rng.choice(["day", "night"], 1200)
    is_hard = (truth == "cat") & (light == "night")
    prediction = np.where(rng.random(1200) < np.where(is_hard, 0.6, 0.05), "dog", truth)
    noise = rng.choice(["a", "b", "c"], 1200)
    return evaluate(truth, prediction, attributes={"light": light, "noise": noise}, by=[("light", "noise")])


def test_a_planted_blind_spot_is_found_and_comes_first() -> None:
    first, *others = planted().summary["blind_spots"]
    assert (first["class"], first["where"], first["taken_for"]) == ("cat", {"light": "night"}, "dog")
    assert first["recall"] < 0.5 < first["rest_recall"]
    assert first["q_value"] < 0.001
    assert first["excess"] == pytest.approx(first["missed"] - first["samples"] * (1 - first["rest_recall"]))
    low, high = first["recall_interval"]
    assert low < first["recall"] < high
    assert all("light" in spot["where"] for spot in others)


def test_where_nothing_is_planted_nothing_is_found() -> None:
    rng = np.random.default_rng(1)
    truth = rng.choice(WORDS, 1000)
    prediction = np.where(rng.random(1000) < 0.2, "dog", truth)
    result = evaluate(truth, prediction, attributes={"noise": rng.choice(list("abcd"), 1000)})
    assert result.summary["blind_spots"] == []


def test_the_test_of_single_samples_is_that_of_two_proportions() -> None:
    """Without groups it is a z test of two independent shares, with the larger of two variances under one common share:
    the binomial one, and the sum of the squared residuals.
    """
    truth, light = ["a"] * 200, ["day"] * 120 + ["night"] * 80
    prediction = ["a"] * 110 + ["b"] * 10 + ["a"] * 60 + ["b"] * 20
    result = evaluate(truth, prediction, attributes={"light": light}, resamples=0)
    pooled = 30 / 200
    binomial = pooled * (1 - pooled) * (1 / 80 + 1 / 120)
    residuals = (20 * 0.85**2 + 60 * 0.15**2) / 80**2 + (10 * 0.85**2 + 110 * 0.15**2) / 120**2
    z = (20 / 80 - 10 / 120) / np.sqrt(max(binomial, residuals))
    table = result.slice_table
    night = next(row for row, where in enumerate(table.where) if where == {"light": "night"})
    assert table.p_value[night] == pytest.approx(erfc(z / np.sqrt(2)))


def test_groups_widen_intervals_and_tests() -> None:
    """Ten frames of one video that fail together are no ten observations."""
    rng = np.random.default_rng(2)
    video = np.repeat(np.arange(60), 20)
    is_bad = rng.random(60)[video] < 0.3
    truth, light = np.ones(1200, dtype=int), np.where(np.arange(60) < 30, "day", "night")[video]
    prediction = np.where(is_bad, 0, 1)
    alone, grouped = (
        evaluate(truth, prediction, attributes={"light": light}, groups=groups) for groups in (None, video)
    )
    assert alone.metrics == grouped.metrics
    width = [np.ptp(result.intervals["accuracy"]) for result in (alone, grouped)]
    assert width[1] > 3 * width[0]
    assert grouped.slice_table.p_value[0] > alone.slice_table.p_value[0]


def test_intervals_hold_their_number_and_say_nothing_without_resamples() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 400)
    scores = np.round(truth * 0.3 + rng.random(400), 1)
    result = evaluate(truth, scores=scores)
    for name in ("accuracy", "precision", "recall", "specificity", "f1", "auc"):
        low, high = result.intervals[name]
        assert low <= result.metrics[name] <= high
        assert 0 < high - low < 0.2
    assert evaluate(truth, scores=scores, resamples=0).intervals is None


@given(scored(), st.integers(0, 5), st.sampled_from([1, 40, 1 << 20]))
def test_intervals_are_percentiles_of_drawn_samples(
    data: tuple[list[int], list[float]], seed: int, memory: int
) -> None:
    """Each resample counted again from the samples it holds, however few are looked at at a time."""
    truth, scores = data
    result = evaluate(truth, scores=scores, resamples=8, seed=seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mapgap.classification.roc.ENTRIES_AT_ONCE", memory)
        assert result.intervals is not None
    drawn = result._drawn
    values: dict[str, list[float]] = {"accuracy": [], "recall": [], "auc": []}
    for times in drawn.T:
        rows = np.repeat(np.arange(len(truth)), times)
        own = [truth[row] for row in rows]
        own_scores = [scores[row] for row in rows]
        tp, _, fn, tn = naive.counts(own, [int(score >= 0.5) for score in own_scores], 1)
        values["accuracy"].append((tp + tn) / len(rows))
        values["recall"].append(_nan(naive.ratio(tp, tp + fn)))
        values["auc"].append(_nan(naive.auc(own_scores, [label == 1 for label in own])))
    for name, samples in values.items():
        defined = np.array(samples)[~np.isnan(samples)]
        expected = tuple(np.percentile(defined, [2.5, 97.5])) if len(defined) > 1 else None
        assert result.intervals[name] == (None if expected is None else pytest.approx(expected, abs=1e-12))


def _nan(value: float | None) -> float:
    return np.nan if value is None else value


def test_nothing_of_nothing_is_none() -> None:
    """scikit-learn says 0 here unless it is told otherwise."""
    result = evaluate([0, 0, 1], [0, 0, 0], resamples=0)
    assert result.metrics["precision"] is None
    assert result.metrics["f1"] == 0
    assert result.metrics["macro"]["classes"] == {"precision": 1, "recall": 2, "specificity": 2, "f1": 2}
    assert sklearn.precision_score([0, 0, 1], [0, 0, 0], zero_division=0) == 0


@pytest.mark.parametrize(
    ("truth", "labels", "positive"),
    [
        ([0, 1], (0, 1), 1),
        ([True, False], (False, True), True),
        (["no", "yes"], ("no", "yes"), "yes"),
        (["1", "0"], ("0", "1"), "1"),
        ([-1, 1], (-1, 1), 1),
        (["10", "9"], ("9", "10"), None),
        (["cat", "dog"], ("cat", "dog"), None),
        (np.array([2.0, 1.0]), (1, 2), None),
        (pd.Series(["b", "a"], index=[7, 8]), ("a", "b"), None),
        (pd.Series(["b", "a"], dtype="category"), ("a", "b"), None),
        (np.array(["b", "a"]), ("a", "b"), None),
    ],
)
def test_labels_of_any_type(truth: Any, labels: tuple[Any, ...], positive: Any) -> None:
    result = evaluate(truth, truth, resamples=0)
    assert result.labels == labels
    assert [type(label) for label in result.labels] == [type(label) for label in labels]
    assert result.positive == positive
    assert result.metrics["accuracy"] == 1


def test_truth_values_and_numbers_are_the_same_labels() -> None:
    assert evaluate([True, False], np.array([1, 0]), resamples=0).metrics["accuracy"] == 1


def test_predictions_count_unless_a_threshold_is_given() -> None:
    truth, scores = [0, 1, 1], [0.1, 0.2, 0.9]
    assert evaluate(truth, [0, 1, 1], scores=scores, resamples=0).metrics["recall"] == 1
    assert evaluate(truth, [0, 1, 1], scores=scores, threshold=0.5, resamples=0).metrics["recall"] == 0.5
    assert evaluate(truth, scores=scores, threshold="recall=1", resamples=0).threshold == 0.2


def test_one_class_only_has_no_auc() -> None:
    result = evaluate([1, 1], scores=[0.3, 0.8], resamples=0)
    assert result.labels == (0, 1)
    assert result.auc is None
    assert result.metrics["recall"] == 0.5
    named = evaluate(["cat", "cat"], scores=[0.3, 0.8], positive="cat", resamples=0)
    assert named.labels == ("cat", "not cat")


def test_a_predicted_label_that_is_no_truth_is_shown() -> None:
    result = evaluate(["a", "a"], ["a", "z"], resamples=0)
    assert result.labels == ("a", "z")
    assert result.per_class()["recall"].isna().tolist() == [False, True]


def test_both_columns_of_two_classes_are_one_score() -> None:
    scores = np.array([[0.2, 0.8], [0.7, 0.3]])
    assert (
        evaluate([1, 0], scores=scores, resamples=0).metrics
        == evaluate([1, 0], scores=scores[:, 1], resamples=0).metrics
    )


def test_scores_beyond_1_with_the_usual_threshold_are_warned_of() -> None:
    truth, logits = [0, 1], [-2.0, 3.0]
    (notice,) = evaluate(truth, scores=logits).notices
    assert (notice.code, notice.count) == ("scores_outside_0_to_1", 2)
    assert evaluate(truth, scores=logits, threshold=0).notices == ()


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (([], []), {}, "no sample"),
        ((["a"],), {}, "neither predictions nor scores"),
        ((["a", "b"], ["a"]), {}, "1 predictions and 2 samples"),
        ((["a", None], ["a", "a"]), {}, "row 1 .*y_true: the label is missing"),
        ((["a", float("nan")], ["a", "a"]), {}, "the label is missing"),
        (([0, 1], [0.3, 0.7]), {}, "0.3 is no label.*scores="),
        ((["a", 1], ["a", "a"]), {}, "some labels are text"),
        (([["a"]], ["a"]), {}, "a list is no label"),
        ((np.zeros((2, 2)), [0, 0]), {}, r"shape \(2, 2\)"),
        (("ab", "ab"), {}, "of the type str"),
        (([0, 1],), {"scores": [0.1, float("nan")]}, "row 1 .*nan is no score"),
        (([0, 1],), {"scores": [0.1, float("inf")]}, "inf is no score"),
        (([0, 1],), {"scores": [0.1, "high"]}, "'high' is no score"),
        (([0, 1],), {"scores": [0.1]}, "1 scores and 2 samples"),
        ((["a", "b"],), {"scores": [0.1, 0.2]}, "which label the scores are of"),
        ((["a", "b", "c"],), {"scores": [0.1, 0.2, 0.3]}, "one score a sample, and there are 3 classes"),
        ((["a", "b"],), {"scores": np.zeros((2, 3))}, "3 columns, and there are 2 labels"),
        ((["a", "b"], ["a", "b"]), {"positive": "c"}, "no label is .c."),
        ((["a", "b", "c"], ["a", "b", "c"]), {"positive": "c"}, "there are 3"),
        ((["a", "b"], ["a", "b"]), {"threshold": 0.5}, "a threshold has no meaning"),
        (([0, 1],), {"scores": [0, 1], "threshold": "best"}, "no rule"),
        ((["a", "b"], ["a", "b"]), {"labels": ["a"]}, "not among the given labels"),
        ((["a"], ["a"]), {"labels": ["a", "a"]}, "given twice"),
        ((["a"], ["a"]), {"attributes": {"x": [1, 2]}}, "2 values, and there are 1 samples"),
        ((["a"], ["a"]), {"by": ["x"]}, "no attribute is called x"),
        ((["a"], ["a"]), {"groups": [1, 2]}, "2 groups and 1 samples"),
        ((["a", "a"], ["a", "a"]), {"groups": [1, None]}, "row 1 .*the group is missing"),
        ((["a"], ["a"]), {"groups": [[1]]}, "a group is a list"),
        ((["a"], ["a"]), {"ids": []}, "0 ids and 1 samples"),
        ((list(range(5_001)), list(range(5_001))), {}, "5,001 different labels"),
        (([0, 1],), {"scores": {}}, "no column of scores"),
        (([0, 1],), {"scores": [[0.1, 0.9], [0.5]]}, "different lengths"),
        ((["a"], ["a"]), {"resamples": -1}, "resamples -1"),
    ],
)
def test_what_has_no_meaning_is_refused(arguments: tuple[Any, ...], options: dict[str, Any], words: str) -> None:
    with pytest.raises(mapgap.InputError, match=words):
        evaluate(*arguments, **options)


def test_the_slices_of_many_classes_are_in_the_table_only() -> None:
    truth = list(range(21)) * 2
    result = evaluate(truth, truth, attributes={"light": ["day"] * 21 + ["night"] * 21}, resamples=0)
    assert len(result.slices()) == 2 + 21 * 2
    assert [record["class"] for record in result.summary["slices"]] == [None, None]


@given(label_pairs(), st.data())
def test_tests_are_those_of_one_partition_of_one_class(pair: tuple[list[str], list[str]], data: st.DataObject) -> None:
    """All classes are compared at once, and each as if it were alone."""
    truth, prediction = pair
    size = len(truth)
    light = data.draw(st.lists(st.sampled_from(["day", "night"]), min_size=size, max_size=size))
    video = data.draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mapgap.classification.slices.LEAST_MEMBERS", 1)
        patch.setattr("mapgap.classification.slices.LEAST_IMAGES", 1)
        table = evaluate(truth, prediction, attributes={"light": light}, groups=video, resamples=0).slice_table
    labels = evaluate(truth, prediction, resamples=0).labels
    for row, place in enumerate(table.class_.tolist()):
        of_class = [place < 0 or label == labels[place] for label in truth]
        members = list(zip(video, (int(t != p) for t, p in zip(truth, prediction, strict=True)), strict=True))
        is_inside = [value == table.where[row]["light"] for value in light]
        sides = [
            [member for member, own, is_in in zip(members, of_class, is_inside, strict=True) if own and is_in is side]
            for side in (True, False)
        ]
        assert table.p_value[row] == pytest.approx(significance.compare(*sides).p_value, abs=1e-9, nan_ok=True)


def test_small_slices_are_not_tried() -> None:
    truth, light = ["a"] * 100, ["day"] * 71 + ["night"] * 29
    small = evaluate(truth, ["b"] * 10 + ["a"] * 90, attributes={"light": light}, resamples=0).summary["slices"]
    assert all(record["q_value"] is None for record in small)
    assert [record["flags"] for record in small] == [[], ["too_few"]] * 2
    light[0] = "night"
    enough = evaluate(truth, ["b"] * 10 + ["a"] * 90, attributes={"light": light}, resamples=0).summary["slices"]
    assert all(record["q_value"] is not None for record in enough)
    video = ["one"] * 50 + ["two"] * 50
    grouped = evaluate(truth, ["b"] * 10 + ["a"] * 90, attributes={"light": light}, groups=video, resamples=0)
    assert all(record["q_value"] is None for record in grouped.summary["slices"])


def test_the_same_input_gives_the_same_summary() -> None:
    assert planted().summary == planted().summary
    assert list(planted().slices().columns[:3]) == ["class", "where", "samples"]
