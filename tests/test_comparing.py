"""Comparison of runs: numbers are those of each run, intervals those of literally copied images, sums add up."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap.analysis.checking import check
from mapgap.analysis.comparing import compare_results
from mapgap.analysis.sources import read_pair
from mapgap.bootstrap import draw_images, run_samples
from mapgap.changes import METRICS_COMPARED, OBJECT_CHANGES, RATES_COMPARED, Changes, Compared
from mapgap.cli.runs import warn_of_runs
from mapgap.comparison import unlike_image_sets
from mapgap.demo import make_demo
from mapgap.errors import InputError
from mapgap.gates import parse_rule
from mapgap.number_words import fraction, signed
from mapgap.report.changed_slices import changed_slices
from mapgap.report.comparison import SLICE_CHANGE_KEYS, slice_change_records
from mapgap.tables import CAUSES, GAP_CAUSES, Results
from tests.generated import CocoPair, coco_pairs
from tests.naive import bootstrap as naive
from tests.test_bootstrap import small_pairs, without_ties

THRESHOLD = 0.4
PLAIN_ATTRIBUTES = ("class", "occlusion", "size", "time")
"""Those whose values do not depend on which images there are."""


def another_run(pair: CocoPair, seed: int) -> CocoPair:
    """The same ground truth found otherwise: detections left out, moved, scored anew."""
    chance = np.random.default_rng(seed)
    run = []
    for record in pair.detections:
        if chance.random() < 0.25:
            continue
        box = list(record["bbox"])
        box[int(chance.integers(0, 4))] += float(chance.integers(0, 2))
        run.append({**record, "bbox": box, "score": round(float(chance.random()), 3)})
    for record in pair.ground_truth["annotations"]:
        if chance.random() < 0.2:
            new = {key: record[key] for key in ("image_id", "category_id", "bbox")}
            run.append({**new, "score": round(float(chance.random()), 3)})
    return without_ties(CocoPair(pair.ground_truth, run))


def analyzed(pair: CocoPair) -> Results:
    return mapgap.analyze(pair.ground_truth, pair.detections, score_threshold=THRESHOLD, resamples=0).results


def compared(first: CocoPair, second: CocoPair, **asked: int) -> tuple[Compared, Results, Results]:
    before, after = analyzed(first), analyzed(second)
    return compare_results({"a": before, "b": after}, **asked), before, after


def numbers_of(pair: CocoPair) -> dict[Any, float]:
    """The numbers of one run that a comparison has, by metric, class, or slice and rate; NaN where undefined."""
    analysis = mapgap.analyze(pair.ground_truth, pair.detections, score_threshold=THRESHOLD, resamples=0)
    summary = analysis.summary
    found: dict[Any, Any] = {name: analysis.metrics[name] for name in METRICS_COMPARED}
    found |= {name: summary["operating_point"][name] for name in RATES_COMPARED}
    found |= {
        ("gap", cause): gap for cause, gap in summary["gap"]["by_cause"].items() if summary["coco"]["AP"] is not None
    }
    found |= {("class", record["id"]): record["AP"] for record in summary["classes"]}
    for record in summary["slices"]:
        where = record["where"]
        if set(where) <= set(PLAIN_ATTRIBUTES) and len(where) == 1:
            found |= {(*where.items(), rate): record[rate] for rate in ("recall", "precision", "AP")}
    return {key: np.nan if value is None else value for key, value in found.items()}


def expected_interval(samples: list[tuple[dict[Any, float], dict[Any, float]]], key: Any) -> tuple[float, float]:
    return naive.interval([after.get(key, np.nan) - before.get(key, np.nan) for before, after in samples])


def assert_interval(found: Any, expected: tuple[float, float], difference: float) -> None:
    if np.isnan(expected[0]) or np.isnan(difference):
        assert found is None
    else:
        assert found == pytest.approx(expected, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(small_pairs, st.integers(0, 1000))
def test_intervals_are_those_of_copied_images(pair: CocoPair, seed: int) -> None:
    other = another_run(pair, seed)
    result, _, _ = compared(pair, other, resamples=5, seed=seed)
    (comparison,) = result.comparisons
    drawn = draw_images(len(pair.ground_truth["images"]), resamples=5, seed=seed)
    samples = [
        (numbers_of(naive.copied(pair, column).pair), numbers_of(naive.copied(other, column).pair))
        for column in drawn.T.tolist()
    ]
    as_it_is = numbers_of(pair), numbers_of(other)
    for name, change in {**comparison.metrics, **comparison.rates}.items():
        before, after = as_it_is[0][name], as_it_is[1][name]
        found = np.array([change.before, change.after], dtype=np.float64)
        np.testing.assert_allclose(found, [before, after], rtol=0, atol=1e-12)
        assert_interval(change.interval, expected_interval(samples, name), after - before)
    for row, cause in enumerate(GAP_CAUSES):
        before, after = (numbers.get(("gap", cause), np.nan) for numbers in as_it_is)
        change = comparison.causes.gap.row(row)
        assert_interval(change.interval, expected_interval(samples, ("gap", cause)), after - before)
    for row, category in enumerate(sorted(record["id"] for record in pair.ground_truth["categories"])):
        key = ("class", category)
        change = comparison.class_ap.row(row)
        assert_interval(change.interval, expected_interval(samples, key), as_it_is[1][key] - as_it_is[0][key])
    slices = comparison.slices
    for row, where in enumerate(slices.where):
        if len(where) == 1 and set(where) <= set(PLAIN_ATTRIBUTES) and slices.objects[row]:
            for rate, changes in (("recall", slices.recall), ("precision", slices.precision), ("AP", slices.ap)):
                key = (*where.items(), rate)
                difference = as_it_is[1].get(key, np.nan) - as_it_is[0].get(key, np.nan)
                assert_interval(changes.row(row).interval, expected_interval(samples, key), difference)


@settings(max_examples=40, deadline=None)
@given(coco_pairs(), st.integers(0, 1000))
def test_the_steps_of_every_partition_add_up(pair: CocoPair, seed: int) -> None:
    result, before, _ = compared(pair, another_run(pair, seed), resamples=0)
    (comparison,) = result.comparisons
    difference = comparison.metrics["AP"].difference
    if difference is None:
        assert np.isnan(comparison.causes.gap.before).all()
        return
    gap = comparison.causes.gap
    assert (gap.before - gap.after).sum() == pytest.approx(difference, abs=1e-9)
    slices = comparison.slices
    sums: dict[str, float] = {}
    for row, where in enumerate(slices.where):
        if len(where) == 1:
            (name,) = where
            sums[name] = sums.get(name, 0.0) + slices.gap_before[row] - slices.gap_after[row]
    assert set(sums) == {attribute.name for attribute in before.attributes} or not len(slices.where)
    for name, total in sums.items():
        assert total == pytest.approx(difference, abs=1e-9), name
    by_value = {
        (*where.items(),): slices.gap_before[row] - slices.gap_after[row]
        for row, where in enumerate(slices.where)
        if len(where) == 1
    }
    for crossed in comparison.crossed:
        np.testing.assert_allclose(crossed.ap_change.sum(axis=1), gap.before - gap.after, rtol=0, atol=1e-12)
        for column, value in enumerate(crossed.values):
            step = by_value.get(((crossed.attribute, value),), 0.0)
            assert crossed.ap_change[:, column].sum() == pytest.approx(step, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(coco_pairs(), st.integers(0, 1000))
def test_every_object_has_one_fate(pair: CocoPair, seed: int) -> None:
    result, before, after = compared(pair, another_run(pair, seed), resamples=0)
    (comparison,) = result.comparisons
    objects = comparison.objects
    fates = {(True, True): 0, (False, True): 1, (True, False): 2, (False, False): 3}
    for row, record in enumerate(pair.ground_truth["annotations"]):
        if record["iscrowd"]:
            assert objects.outcome[row] == -1
            continue
        found = bool(before.operating_point.found[row]), bool(after.operating_point.found[row])
        assert objects.outcome[row] == fates[found]
        for is_found, cause, detection, results in (
            (found[0], objects.cause_before[row], objects.detection_before[row], before),
            (found[1], objects.cause_after[row], objects.detection_after[row], after),
        ):
            assert (cause == -1) == is_found
            if is_found:
                assert results.matches.matched[0, results.analysis_threshold, detection] == row
            else:
                rows = np.flatnonzero(results.errors.is_false_negative & (results.errors.object == row))
                assert len(rows) == 1
                assert cause == results.errors.cause[rows[0]]
                assert detection == results.errors.detection[rows[0]]
    counts = objects.counts()
    assert list(counts) == list(OBJECT_CHANGES)
    assert sum(counts.values()) == int(before.ground_truth.is_object.sum())
    slices = comparison.slices
    for attribute in before.attributes:
        rows = [row for row, where in enumerate(slices.where) if list(where) == [attribute.name]]
        assert int(slices.fixed[rows].sum()) == counts["fixed"]
        assert int(slices.broken[rows].sum()) == counts["broken"]
    np.testing.assert_array_equal(
        comparison.causes.errors_after, np.bincount(after.errors.cause, minlength=len(CAUSES))
    )


@settings(max_examples=30, deadline=None)
@given(coco_pairs(), st.integers(0, 1000))
def test_a_run_beside_itself_and_turned_round(pair: CocoPair, seed: int) -> None:
    other = another_run(pair, seed)
    first, second = analyzed(pair), analyzed(other)
    (same,) = compare_results({"a": first, "b": first}, resamples=20, seed=seed).comparisons
    for change in (*same.metrics.values(), *same.rates.values()):
        assert change.difference in (0, None)
        assert change.interval in ((0, 0), None)
    assert same.objects.counts()["fixed"] == same.objects.counts()["broken"] == 0
    assert np.isnan(same.slices.recall.q_value).all()
    there = compare_results({"a": first, "b": second}, resamples=20, seed=seed).comparisons[0]
    back = compare_results({"b": second, "a": first}, resamples=20, seed=seed).comparisons[0]
    for name, change in there.metrics.items():
        if change.interval is not None:
            turned = back.metrics[name].interval
            assert turned == pytest.approx((-change.interval[1], -change.interval[0]), abs=1e-9)
    assert there.objects.counts()["fixed"] == back.objects.counts()["broken"]
    assert sorted(map(str, there.slices.where)) == sorted(map(str, back.slices.where))


def test_runs_stand_by_ap_and_share_ties() -> None:
    truth = {
        "images": [{"id": i} for i in range(1, 9)],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [
            {"id": i, "image_id": i, "category_id": 1, "bbox": [0, 0, 10, 10], "area": 100, "iscrowd": 0}
            for i in range(1, 9)
        ],
    }

    def run(found: range) -> Results:
        detections = [{"image_id": i, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.9} for i in found]
        return analyzed(CocoPair(truth, detections))

    runs = {"half": run(range(1, 5)), "all": run(range(1, 9)), "again": run(range(1, 9)), "none": run(range(0))}
    result = compare_results(runs, resamples=50, seed=1)
    assert [standing.run for standing in result.standings] == ["all", "again", "half", "none"]
    # "half" is as good where only its images are drawn, which 50 resamples of 8 images do not do.
    assert [standing.first_in for standing in result.standings] == [0.5, 0.5, 0, 0]
    assert result.standings[0].behind.difference == 0
    assert result.standings[3].behind.difference == 1
    assert result.standings[3].behind.interval == (1, 1)
    assert [comparison.after for comparison in result.comparisons] == ["all", "again", "none"]
    assert {comparison.before for comparison in result.comparisons} == {"half"}


def test_what_was_planted_is_found() -> None:
    """AP rises, because small objects at night are found; that covered bicycles and persons are lost is told too."""
    demo = make_demo()
    compared = mapgap.compare(
        demo.ground_truth, {"before": demo.detections, "later": demo.later_detections}, resamples=100
    )
    metrics = compared.metrics().set_index("metric")
    low, high = metrics.loc["AP", "difference_interval"]
    assert 0 < low < metrics.loc["AP", "difference"] < high
    slices = compared.slices()
    recall = {tuple(sorted(row["where"].items())): row for row in slices.to_dict("records")}
    for change in demo.changes:
        row = recall[tuple(sorted(change.where.items()))]
        better, worse = ("fixed", "broken") if change.change == "fixed" else ("broken", "fixed")
        assert row[better] >= 10, change
        assert row[better] > 2 * row[worse], change
        assert row["recall_q_value"] < 0.001
    # Nothing else got worse: what was broken lies in what was planted.
    broken = compared.objects(change="broken")
    assert set(broken["occlusion"]) == {"partial"}
    assert set(broken["class"]) <= {"bicycle", "person", "sign", "car", "van"}
    planted = broken[broken["class"].isin(["bicycle", "person"])]
    assert len(planted) > 0.9 * len(broken)  # a label in fifty is wrong
    assert set(compared.objects(change="fixed")["size"]) == {"small"}


def test_q_values_count_what_was_compared() -> None:
    """Of twenty classes without a change but noise hardly one is called changed; the one that changed is."""
    chance = np.random.default_rng(3)
    images, classes = 150, 20
    annotations = [
        {"id": 0, "image_id": i, "category_id": k, "bbox": [60 * k, 0, 50, 50], "area": 2500, "iscrowd": 0}
        for i in range(images)
        for k in range(classes)
    ]
    annotations = [{**record, "id": place + 1} for place, record in enumerate(annotations)]
    truth = {
        "images": [{"id": i} for i in range(images)],
        "categories": [{"id": k, "name": f"class {k}"} for k in range(classes)],
        "annotations": annotations,
    }

    def run(rate_of_first: float) -> Results:
        rates = [rate_of_first] + [0.6] * (classes - 1)
        found = [a for a in annotations if chance.random() < rates[a["category_id"]]]
        keys = ("image_id", "category_id", "bbox")
        detections = [{**{key: a[key] for key in keys}, "score": 0.5 + 0.4 * chance.random()} for a in found]
        return analyzed(CocoPair(truth, detections))

    changes: Changes = compare_results({"a": run(0.6), "b": run(0.9)}, resamples=200).comparisons[0].class_ap
    assert changes.q_value[0] < 0.001
    assert (changes.q_value[1:] > 0.05).sum() >= classes - 2


# ---------------------------------------------------------------- image sets and other choices


def crowded_images(seed: int, images: int = 200) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Ground truth with empty and full images, and two honest detectors of different sensitivity."""
    chance = np.random.default_rng(seed)
    annotations: list[dict[str, Any]] = []
    for image in range(images):
        for place in range(int(chance.poisson(chance.choice([0.3, 2, 6])))):
            box = [30 * place, 0, 25, 25]
            annotations.append({"id": len(annotations) + 1, "image_id": image, "category_id": 1, "bbox": box})
    truth = {
        "images": [{"id": image} for image in range(images)],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [{**one, "area": 625, "iscrowd": 0} for one in annotations],
    }

    def run(rate: float, alarms: float) -> list[dict[str, Any]]:
        found = [one for one in annotations if chance.random() < rate]
        rows = [{key: one[key] for key in ("image_id", "category_id", "bbox")} for one in found]
        for image in range(images):
            for _ in range(int(chance.poisson(alarms))):
                rows.append({"image_id": image, "category_id": 1, "bbox": [5, 200, 20, 20]})
        return [{**row, "score": round(float(chance.random()), 3)} for row in rows]

    rates = chance.uniform(0.05, 0.95, 2)
    return truth, run(float(rates[0]), 0.1), run(float(rates[1]), float(chance.choice([0.02, 0.5])))


@pytest.mark.parametrize("seed", range(60))
def test_honest_detectors_are_compared(seed: int) -> None:
    truth, first, second = crowded_images(seed)
    ground_truth, one = read_pair(truth, first)
    _, other = read_pair(ground_truth, second)
    images = len(ground_truth.images.ids)
    objects = np.bincount(ground_truth.image[ground_truth.is_object], minlength=images)
    counts = [np.bincount(run.image, minlength=images) for run in (one, other)]
    for pair in (counts, counts[::-1]):
        assert len(unlike_image_sets(objects, *pair)) == 0


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("is_random", [True, False])
def test_a_run_on_a_part_of_the_images_is_refused(share: float, is_random: bool) -> None:
    truth, first, _ = crowded_images(3)
    images = np.arange(200)
    seen = np.random.default_rng(1).permutation(images)[: int(200 * share)] if is_random else images[: int(200 * share)]
    part = [row for row in first if row["image_id"] in set(seen.tolist())]
    with pytest.raises(InputError, match=r"half has no detection in \d+ images .* --common-images"):
        mapgap.compare(truth, {"whole": first, "half": part}, resamples=0)
    with pytest.raises(InputError, match="half has no detection"):
        mapgap.compare(truth, {"half": part, "whole": first}, resamples=0)
    as_it_is = mapgap.compare(truth, {"whole": first, "half": part}, resamples=0, common_images=False)
    assert as_it_is.record["settings"]["common_images"] is None
    warnings = as_it_is.record["warnings"]
    assert [warning["code"] for warning in warnings if "run" not in warning] == ["different_images"]
    assert "Warning: " in as_it_is.report().page
    assert as_it_is.metrics().set_index("metric").loc["recall", "difference"] < -0.05
    common = mapgap.compare(truth, {"whole": first, "half": part}, resamples=0, common_images=True)
    speaks = {row["image_id"] for row in part}
    assert common.compared.common_images == len(speaks)
    assert [notice.code for notice in common.compared.notices] == ["images_not_common"]
    assert common.compared.notices[0].count == 200 - len(speaks)
    # On the common images both runs are the same.
    assert common.comparison().objects.counts()["fixed"] == common.comparison().objects.counts()["broken"] == 0
    assert common.runs["whole"].metrics == common.runs["half"].metrics


def test_detections_of_other_images_are_left_out_only_if_asked() -> None:
    truth, first, second = crowded_images(5)
    more = [*second, {**second[0], "image_id": 999}, {**second[0], "image_id": -4}]
    with pytest.raises(InputError, match="image_id"):
        mapgap.compare(truth, {"a": first, "b": more}, resamples=0)
    found = mapgap.compare(truth, {"a": first, "b": more}, resamples=0, common_images=True)
    (notice,) = found.compared.notices
    assert (notice.code, notice.count) == ("images_not_in_ground_truth", 2)
    assert "-4, 999" in notice.examples[0]
    plain = mapgap.compare(truth, {"a": first, "b": second}, resamples=0)
    assert found.runs["b"].metrics == plain.runs["b"].metrics
    assert found.metrics().equals(plain.metrics())


@pytest.mark.parametrize("as_array", [True, False])
def test_an_array_of_other_images_too(as_array: bool) -> None:
    truth, first, second = crowded_images(5)
    more = [*second, {**second[0], "image_id": 999}]
    rows = np.array([[row["image_id"], *row["bbox"], row["score"], row["category_id"]] for row in more])
    found = mapgap.compare(truth, {"a": first, "b": rows if as_array else more}, resamples=0, common_images=True)
    assert found.runs["b"].metrics == mapgap.analyze(truth, second, resamples=0).metrics


def test_equal_precision_takes_the_precision_of_the_first_run() -> None:
    demo = make_demo(seed=3, images=60)
    runs = {"a": demo.detections, "b": demo.later_detections}
    found = mapgap.compare(demo.ground_truth, runs, at="equal-precision", resamples=0)
    first, second = (found.runs[name].summary["operating_point"] for name in "ab")
    assert second["precision"] >= first["precision"]
    expected = mapgap.analyze(
        demo.ground_truth, demo.later_detections, score_threshold=f"precision={first['precision']!r}", resamples=0
    )
    assert second == expected.summary["operating_point"]
    with pytest.raises(InputError, match="no precision"):
        mapgap.compare(demo.ground_truth, {"a": [], "b": demo.detections}, at="equal-precision", resamples=0)
    with pytest.raises(InputError, match="exclude each other"):
        mapgap.compare(demo.ground_truth, runs, at="equal-precision", thresholds={"car": 0.5})


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"runs": [[]]}, "runs is a list"),
        ({"runs": {"a": []}}, "only one run, a"),
        ({"runs": {"a": [], "b": []}, "at": "best"}, "cannot be compared at 'best'"),
    ],
)
def test_what_has_no_meaning_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        mapgap.compare({"images": [], "annotations": [], "categories": []}, **asked)


def test_tables_of_a_comparison_name_what_there_is() -> None:
    demo = make_demo(seed=3, images=40)
    found = mapgap.compare(demo.ground_truth, {"a": demo.detections, "b": demo.later_detections}, resamples=5)
    with pytest.raises(InputError, match=r"no waterfall by 'colour'.*cause, "):
        found.waterfall(by="colour")
    crossed = found.waterfall(by=["cause", "time_of_day"])
    assert list(crossed) == ["cause", "time_of_day", "ap_change"]
    by_cause = crossed.groupby("cause")["ap_change"].sum()
    for cause, step in found.waterfall().set_index("cause")["ap_change"].items():
        assert by_cause.get(cause, 0.0) == pytest.approx(step, abs=1e-12)
    with pytest.raises(InputError, match="no run 'c' is compared with a"):
        found.comparison("c")
    with pytest.raises(InputError, match="nothing becomes 'lost'"):
        found.objects(change="lost")
    assert list(found.objects()["change"].cat.categories) == list(OBJECT_CHANGES)
    assert len(found.objects()) == sum(found.comparison().objects.counts().values())
    assert found.classes()["before"].notna().all()
    assert found.leaderboard()["rank"].tolist() == [1, 2]


# ---------------------------------------------------------------- real data


def test_a_real_before_and_after(real_data: Path) -> None:
    folder = real_data / "coco_val2017"
    files = {"small": folder / "yolov2_416_results.json", "large": folder / "yolov2_608_results.json"}
    found = mapgap.compare(folder / "instances_val2017_rebuilt.json", files)
    ap = found.comparison().metrics["AP"]
    assert (fraction(ap.before), fraction(ap.after)) == (".181", ".194")
    assert ap.interval is not None
    assert [fraction(end) for end in ap.interval] == [".009", ".017"]
    assert found.comparison().objects.counts() == {
        "found_by_both": 8435,
        "fixed": 2718,
        "broken": 1511,
        "missed_by_both": 23671,
    }
    waterfall = found.record["comparisons"][0]["waterfall"]
    assert abs(waterfall["residual"]) < 1e-9
    for steps in waterfall["by_attribute"].values():
        assert sum(step["ap_change"] for step in steps) == pytest.approx(ap.after - ap.before, abs=1e-9)


def test_three_detectors_of_pedestrians(real_data: Path) -> None:
    folder = real_data / "kaist"
    files = {name: folder / "detections" / f"{name}.json" for name in ("MLPD", "MBNet", "MSDS-RCNN")}
    found = mapgap.compare(folder / "gt.json", files)
    assert [standing.run for standing in found.compared.standings] == ["MBNet", "MLPD", "MSDS-RCNN"]
    assert [standing.first_in for standing in found.compared.standings] == [1, 0, 0]
    # At its own operating point MBNet's low scores do not make it look worse.
    recall = found.comparison("MBNet").rates["recall"]
    assert recall.interval is not None
    assert recall.interval[0] < 0 < recall.interval[1]
    # docs/design.md: the intervals of F1 overlap, that of the difference excludes 0.
    own = [found.runs[name].results.intervals for name in ("MLPD", "MBNet")]
    assert [[fraction(end) for end in one.f1] for one in own if one and one.f1] == [[".776", ".801"], [".763", ".789"]]
    difference = found.comparison("MBNet").rates["f1"].interval
    assert difference is not None
    assert [signed(end) for end in difference] == ["−.022", "−.002"]
    tables = [found.runs[name].results.detections for name in files]
    images = [set(table.image.tolist()) for table in tables]
    assert max(len(one - other) for one in images for other in images) == 533


def test_resamples_take_ap75_at_an_iou_of_three_quarters() -> None:
    """A box of IoU .72 is wrong at .75; the 101st detection of an image finds nothing."""
    box = {"image_id": 1, "category_id": 1, "bbox": [0.0, 0.0, 10.0, 10.0]}
    truth = {
        "images": [{"id": 1}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [{**box, "id": 1, "area": 100.0, "iscrowd": 0}],
    }
    loose = [{**box, "bbox": [0.0, 0.0, 10.0, 7.2], "score": 0.9}]
    tight = [{**box, "bbox": [0.0, 0.0, 10.0, 7.6], "score": 0.9}]
    wrong = {**box, "bbox": [50.0, 50.0, 5.0, 5.0], "score": 0.95}
    cut = [wrong] * 100 + tight
    runs = {name: analyzed(CocoPair(truth, run)) for name, run in (("loose", loose), ("tight", tight), ("cut", cut))}
    tighter, lost = compare_results(runs, resamples=3, seed=0).comparisons
    assert tighter.metrics["AP75"].interval == pytest.approx((1, 1))
    assert tighter.metrics["AP50"].interval == (0, 0)
    assert lost.metrics["AP50"].interval == pytest.approx((-1, -1))
    # The same in every draw is no sign of certainty: there is nothing that the spread could be told from.
    assert np.isnan(tighter.class_ap.q_value).all()


# ---------------------------------------------------------------- what no resample changes


def lost_at_night() -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """All is found by day; at night everything is found before and nothing after."""
    images = [{"id": i, "time_of_day": "night" if i % 3 == 0 else "day"} for i in range(30)]
    annotations = [
        {"id": 10 * i + k + 1, "image_id": i, "category_id": 1, "bbox": [20 * k, 0, 15, 15], "area": 225, "iscrowd": 0}
        for i in range(30)
        for k in range(4)
    ]
    truth = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "thing"}]}
    found = [{**{key: a[key] for key in ("image_id", "category_id", "bbox")}, "score": 0.9} for a in annotations]
    # An alarm in every image, so that no image is silent.
    found += [{"image_id": i, "category_id": 1, "bbox": [300, 300, 9, 9], "score": 0.1} for i in range(30)]
    return truth, found, [one for one in found if one["image_id"] % 3 or one["score"] < 0.5]


def test_a_slice_that_is_lost_in_every_resample_surely_changed() -> None:
    truth, before, after = lost_at_night()
    found = mapgap.compare(truth, {"before": before, "after": after}, score_threshold=0.5)
    slices = {tuple(row["where"].items()): row for row in found.slices().to_dict("records")}
    night = slices[(("time_of_day", "night"),)]
    assert (night["recall_difference"], night["recall_difference_interval"]) == (-1, [-1, -1])
    assert night["recall_q_value"] == 0
    difference = found.comparison().rates["recall"].difference
    changed = changed_slices(slice_change_records(found.comparison()), difference, 120)
    assert {"time_of_day": "night"} in [record["where"] for record in changed.worse]
    day = slices[(("time_of_day", "day"),)]
    assert day["recall_difference"] == 0
    assert np.isnan(day["recall_q_value"])


def test_a_gate_on_every_slice_sees_one_that_is_lost_altogether(tmp_path: Path) -> None:
    truth, before, after = lost_at_night()
    mapgap.analyze(truth, before, score_threshold=0.5).report(tmp_path / "baseline")
    gate = check(truth, after, tmp_path / "baseline", [parse_rule("recall[*] drop > 2")]).gate
    failed = [one.measured.where for one in gate.verdicts if one.outcome == "failed"]
    assert {"time_of_day": "night"} in failed


def test_a_constant_difference_of_a_slice_in_few_images_has_no_q_value() -> None:
    truth, before, after = lost_at_night()
    few = {**truth, "images": [{**one, "few": one["id"] in (0, 3)} for one in truth["images"]]}
    found = mapgap.compare(few, {"before": before, "after": after}, score_threshold=0.5)
    row = next(row for row in found.slices().to_dict("records") if row["where"] == {"few": True})
    assert (row["images"], row["recall_difference"]) == (2, -1)
    assert np.isnan(row["recall_q_value"])


# ---------------------------------------------------------------- what is said of the runs


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "Each run is counted at its own operating point"),
        ({"score_threshold": "recall=0.3"}, "Each run is counted at its own operating point"),
        ({"score_threshold": 0.5}, "All runs are counted from the same score up"),
        ({"thresholds": {"car": 0.4, "person": 0.4, "sign": 0.4, "bicycle": 0.4, "van": 0.4}}, "one a class"),
        ({"at": "equal-precision"}, "the others where they reach its precision"),
    ],
)
def test_the_report_tells_where_runs_are_counted(asked: dict[str, Any], words: str, tmp_path: Path) -> None:
    demo = make_demo(seed=3, images=30)
    runs = {"a": demo.detections, "b": demo.later_detections}
    folder = mapgap.compare(demo.ground_truth, runs, resamples=0, **asked).report(tmp_path / "report")
    for name in ("report.html", "report.md"):
        assert words in (folder / name).read_text(encoding="utf-8")


def test_comparison_json_is_the_record_of_the_comparison(tmp_path: Path) -> None:
    """What was asked for and left out stands in the file, too."""
    truth, first, _ = crowded_images(3)
    part = [row for row in first if row["image_id"] % 2]
    runs = {"whole": first, "half": part}
    found = mapgap.compare(truth, runs, resamples=5, common_images=True)
    folder = found.report(tmp_path / "report")
    written = json.loads((folder / "comparison.json").read_bytes())
    assert written == json.loads(json.dumps(found.record))
    assert written["settings"]["common_images"] == found.compared.common_images
    assert written["settings"]["at"] == "own"
    assert "images_not_common" in [warning["code"] for warning in written["warnings"]]
    assert "were left out of the comparison" in (folder / "report.html").read_text(encoding="utf-8")


def test_tables_without_rows_have_their_columns() -> None:
    found = mapgap.compare({"images": [], "annotations": [], "categories": []}, {"a": [], "b": []}, resamples=3)
    assert list(found.slices()) == list(SLICE_CHANGE_KEYS)
    assert len(found.slices()) == len(found.objects()) == 0


def test_warnings_name_their_run(capfd: pytest.CaptureFixture[str]) -> None:
    demo = make_demo(seed=3, images=30)
    odd = [{**demo.detections[0], "image_id": 1}] * 150
    runs = mapgap.analyze_runs(demo.ground_truth, {"a": demo.detections, "b": odd}, resamples=0)
    warn_of_runs(runs)
    told = capfd.readouterr().err.splitlines()
    assert told
    assert all(": a: " in line or ": b: " in line for line in told if "detection" in line)
    same = mapgap.analyze_runs(demo.ground_truth, {"a": odd, "b": odd}, resamples=0)
    warn_of_runs(same)
    assert not [line for line in capfd.readouterr().err.splitlines() if ": a: " in line or ": b: " in line]
    record = mapgap.compare(
        demo.ground_truth, {"a": demo.detections, "b": odd}, resamples=0, common_images=False
    ).record
    assert {warning.get("run") for warning in record["warnings"]} >= {"b"}


def test_detections_beyond_the_hundredth_do_not_count_in_resamples() -> None:
    """101 false positives stand before the only true one, and one of them is cut."""
    truth = {
        "images": [{"id": 1}, {"id": 2}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [
            {"id": 1, "image_id": 2, "category_id": 1, "bbox": [0, 0, 50, 50], "area": 2500, "iscrowd": 0},
        ],
    }
    wrong = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 50, 50]}
    run = [{**wrong, "score": 0.9 - 0.001 * place} for place in range(101)]
    run.append({**wrong, "image_id": 2, "score": 0.1})
    results = analyzed(CocoPair(truth, run))
    once = np.ones((2, 3), dtype=np.uint16)
    samples = run_samples(results.ground_truth, results.detections, results.matches, results.operating_point, once)
    assert results.metrics["AP"] == pytest.approx(1 / 101, abs=1e-9)
    for name, values in samples.metrics.items():
        expected = results.metrics[name]
        np.testing.assert_allclose(values, np.nan if expected is None else expected, rtol=0, atol=1e-9, err_msg=name)


def test_slices_and_classes_of_few_objects_have_no_q_value() -> None:
    """A few objects that happen to move one way hardly spread in resamples."""
    demo = make_demo(seed=3, images=60)
    found = mapgap.compare(demo.ground_truth, {"a": demo.detections, "b": demo.later_detections}, resamples=50)
    slices = found.comparison().slices
    is_thin = (slices.objects < 30) | (slices.images < 5)
    assert 10 < is_thin.sum() < len(is_thin) - 10
    for changes in (slices.recall, slices.precision, slices.ap):
        assert np.isnan(changes.q_value[is_thin]).all()
        assert not np.isnan(changes.interval[is_thin & (slices.objects > 0), 0]).all()
    assert (slices.recall.q_value[~is_thin] <= 1).any()
    assert (found.classes()["objects"] >= 30).all()
    assert not np.isnan(found.comparison().class_ap.q_value).any()
    few = {**demo.ground_truth, "annotations": demo.ground_truth["annotations"][:40]}
    thin = mapgap.compare(few, {"a": demo.detections, "b": demo.later_detections}, resamples=50, common_images=False)
    assert (thin.classes()["objects"] < 30).all()
    assert np.isnan(thin.comparison().class_ap.q_value).all()
