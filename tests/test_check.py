"""Gates: what rules measure in a baseline and a run, and which baselines are refused."""

import copy
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap.analysis.checking import USUAL_RULES, Checked, check
from mapgap.analysis.comparing import compare_results
from mapgap.demo import make_demo
from mapgap.errors import AccessError, InputError
from mapgap.gates import parse_rule
from mapgap.report.parquet import parquet_bytes, read_columns
from mapgap.verdicts import SLICE_METRICS, Verdict
from tests.baselines import write_baseline
from tests.generated import CocoPair, coco_pairs
from tests.naive import bootstrap as naive_bootstrap
from tests.naive import gates as naive
from tests.test_comparing import another_run
from tests.test_masks import mask_pairs

RESAMPLES = 40
SCORE = 0.4
RULES = (
    "recall drop > 0",
    "precision drop >= 2.5",
    "AP drop > 5",
    "gap rise > 5",
    "fp rise > 1",
    "recall < 50",
    "recall[size=small] drop > 5",
    'recall[occlusion == "none" and time != "day"] drop > 5',
    "fn[size=small] rise > 0",
    "recall[*] drop > 2",
)


def checked(truth: Any, run: Any, baseline: Path, *rules: str, **options: Any) -> Checked:
    options = {"resamples": RESAMPLES, **options}
    return check(truth, run, baseline, [parse_rule(rule) for rule in rules], **options)


def verdicts(truth: Any, run: Any, baseline: Path, *rules: str, **options: Any) -> list[Verdict]:
    return list(checked(truth, run, baseline, *rules, **options).gate.verdicts)


def only(*arguments: Any, **options: Any) -> Verdict:
    (verdict,) = verdicts(*arguments, **options)
    return verdict


@pytest.fixture(scope="module")
def demo() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Ground truth and detections of a small demo."""
    made = make_demo(images=60)
    return made.ground_truth, made.detections


@pytest.fixture(scope="module")
def baseline(demo: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a report on the demo leaves for a gate."""
    analysis = mapgap.analyze(
        *demo, score_threshold=0.3, slices={"small_dark": "[size=small,time_of_day=night]"}, resamples=0
    )
    return write_baseline(tmp_path_factory.mktemp("baseline"), analysis)


def without(run: list[dict[str, Any]], share: int) -> list[dict[str, Any]]:
    """The run without every so many-th small detection."""
    small = [at for at, each in enumerate(run) if each["bbox"][2] * each["bbox"][3] < 32**2]
    gone = set(small[::share])
    return [each for at, each in enumerate(run) if at not in gone]


# What rules measure.


@settings(max_examples=15)
@given(coco_pairs(max_images=6), st.integers(0, 2**32))
def test_verdicts_are_those_of_the_definition(pair: CocoPair, seed: int) -> None:
    """Counted again from the boxes, with images drawn one by one."""
    other = another_run(pair, seed)
    before = mapgap.analyze(pair.ground_truth, pair.detections, score_threshold=SCORE, resamples=0)
    after = mapgap.analyze(pair.ground_truth, other.detections, score_threshold=SCORE, resamples=0)
    with tempfile.TemporaryDirectory() as folder:
        place = write_baseline(Path(folder), before)
        rules = [rule for rule in RULES if _has_values(rule, after)]
        gate = checked(pair.ground_truth, other.detections, place, *rules).gate
    drawn = [naive_bootstrap.draws(len(pair.ground_truth["images"]), at, 0) for at in range(RESAMPLES)]
    for verdict in gate.verdicts:
        rule, measured = verdict.rule, verdict.measured
        if rule.is_about_every_slice and measured.place is None:
            assert verdict.outcome == "nothing_to_measure"  # no slice is large enough
            continue
        if rule.metric in ("recall", "fn"):
            numbers = [_told_by_objects(run, rule.metric, measured.where, rule.where) for run in (before, after)]
            assert (measured.before, measured.after) == tuple(_defined(each(None)) for each in numbers)
            if rule.metric == "recall" and rule.direction:
                with np.errstate(invalid="ignore"):
                    samples = np.array([numbers[1](times) - numbers[0](times) for times in drawn])
                _assert_interval(measured.interval, samples, None in (measured.before, measured.after))
        if rule.metric in ("AP", "precision", "gap"):
            told = [_told_by_summary(run, rule.metric) for run in (before, after)]
            assert [measured.before, measured.after] == told
        expected = naive.outcome(
            rule.metric,
            rule.direction,
            rule.comparator,
            rule.text.split()[-1],
            measured.before,
            measured.after,
            interval=measured.interval,
            q_value=measured.q_value,
            strict=False,
        )
        is_empty = rule.where is not None and measured.members == 0
        assert verdict.outcome == ("nothing_to_measure" if is_empty else expected)


def _has_values(rule: str, analysis: mapgap.Analysis) -> bool:
    """Whether the data have the values the rule names; without them it is refused."""
    known = {(a.name, v) for a in analysis.results.attributes for v in a.values}
    return all(
        (name, value) in known
        for name, value in [("size", "small"), ("occlusion", "none"), ("time", "day")]
        if f"{name}={value}" in rule or f'{name} == "{value}"' in rule or f'{name} != "{value}"' in rule
    )


def _told_by_objects(analysis: mapgap.Analysis, metric: str, where: Mapping[str, Any] | None, text: str | None) -> Any:
    """Recall or misses among chosen objects, of images drawn so many times; None draws each once."""
    frame = analysis.objects()
    if len(frame) == 0:
        return lambda times: np.nan if metric == "recall" else 0.0
    chosen = np.ones(len(frame), dtype=bool)
    for name, value in (where or {}).items():
        chosen &= (frame[name].astype(object) == value).to_numpy(dtype=bool, na_value=False)
    if text is not None and where is None:
        chosen = ((frame["occlusion"] == "none") & (frame["time"] != "day")).to_numpy(dtype=bool)
    place = {image: at for at, image in enumerate(analysis.results.ground_truth.images.ids.tolist())}
    images = np.array([place[image] for image in frame["image_id"].tolist()])[chosen]
    found = (frame["outcome"] == "tp").to_numpy(dtype=bool)[chosen]

    def number(times: list[int] | None) -> float:
        weight = np.ones(len(images)) if times is None else np.array(times, dtype=float)[images]
        if metric == "fn":
            return float(weight[~found].sum())
        with np.errstate(invalid="ignore"):
            return float(np.float64(weight[found].sum()) / weight.sum())

    return number


def _told_by_summary(analysis: mapgap.Analysis, metric: str) -> float | None:
    summary = analysis.summary
    told = {"AP": summary["coco"]["AP"], "gap": summary["gap"]["total"], **summary["operating_point"]}
    return told[metric]


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else value


def _assert_interval(interval: Any, samples: Any, is_undefined: bool) -> None:
    defined = samples[~np.isnan(samples)]
    if is_undefined or len(defined) < 2:
        assert interval is None
    else:
        assert interval == pytest.approx(np.percentile(defined, [2.5, 97.5]), abs=1e-12)


@settings(max_examples=15)
@given(mask_pairs(max_images=4), st.integers(0, 2**32), st.sampled_from([None, 0.6]))
def test_masks_are_paired_by_what_was_found(pair: CocoPair, seed: int, score: float | None) -> None:
    """No table holds masks; recall and the rates of the whole run are exact all the same."""
    other = [each for at, each in enumerate(pair.detections) if (seed >> at % 32) & 1]
    if not other:
        return
    options: dict[str, Any] = {"iou_type": "segm", "resamples": 0}
    reported = mapgap.analyze(pair.ground_truth, pair.detections, score_threshold=SCORE, **options)
    runs = {
        name: mapgap.analyze(pair.ground_truth, run, score_threshold=score or SCORE, **options).results
        for name, run in (("before", pair.detections), ("after", other))
    }
    (expected,) = compare_results(runs, resamples=RESAMPLES, seed=0).comparisons
    with tempfile.TemporaryDirectory() as folder:
        place = write_baseline(Path(folder), reported)
        found = checked(
            pair.ground_truth, other, place, "recall drop > 1", "precision drop > 1", "f1 drop > 1", "AP drop > 1",
            "recall[size >= 0] drop > 1", score_threshold=score,
        )  # fmt: skip
    by_text = {each.rule.text: each.measured for each in found.gate.verdicts}
    for name in ("recall", "precision", "f1"):
        of, change = by_text[f"{name} drop > 1"], expected.rates[name]
        assert (of.before, of.after, of.interval) == (change.before, change.after, change.interval)
    assert by_text["AP drop > 1"].before == reported.metrics["AP"]
    assert by_text["AP drop > 1"].interval is None
    everything = by_text["recall[size >= 0] drop > 1"]
    assert everything.before == expected.rates["recall"].before
    assert everything.interval == expected.rates["recall"].interval


def test_masks_at_another_score_have_no_slices_but_of_recall(tmp_path: Path) -> None:
    square = {"counts": [0, 100], "size": [10, 10]}
    truth = {
        "images": [{"id": 1, "width": 10, "height": 10}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "area": 100, "iscrowd": 0}
            | {"segmentation": square}
        ],
    }
    run = [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "segmentation": square, "score": 0.7}]
    place = write_baseline(tmp_path, mapgap.analyze(truth, run, iou_type="segm", score_threshold=0.5, resamples=0))
    assert only(truth, run, place, "precision[size=small] drop > 1").measured.before == 1
    assert only(truth, run, place, "recall[size=small] drop > 1", score_threshold=0.8).measured.before == 0
    assert only(truth, run, place, "AP[size=small] drop > 1", score_threshold=0.8).measured.before == pytest.approx(1)
    with pytest.raises(InputError, match="tells precision of slices at its own score threshold only"):
        checked(truth, run, place, "precision[size=small] drop > 1", score_threshold=0.8)
    with pytest.raises(InputError, match=r"at its own score threshold \(0.5\), not at best-f1"):
        checked(truth, run, place, "recall drop > 1", score_threshold="best-f1")


def test_slices_of_rules_are_those_of_the_comparison(demo: Any, baseline: Path) -> None:
    truth, run = demo
    worse = without(run, 3)
    runs = {
        name: mapgap.analyze(truth, each, score_threshold=0.3, resamples=0).results
        for name, each in (("before", run), ("after", worse))
    }
    (expected,) = compare_results(runs, resamples=RESAMPLES, seed=0).comparisons
    row = expected.slices.where.index({"size": "small"})
    tables = {"recall": expected.slices.recall, "precision": expected.slices.precision, "AP": expected.slices.ap}
    for metric, table in tables.items():
        change = table.row(row)
        for place in ("[size=small]", "[*]"):
            each = next(
                verdict.measured
                for verdict in verdicts(truth, worse, baseline, f"{metric}{place} drop > 1")
                if verdict.measured.where == {"size": "small"}
            )
            assert (each.before, each.after) == (change.before, change.after)
            assert each.interval == change.interval


def test_every_metric_of_a_slice_is_that_of_the_report(demo: Any, baseline: Path) -> None:
    truth, run = demo
    record = next(
        each
        for each in json.loads((baseline / "summary.json").read_text())["slices"]
        if each["where"] == {"size": "small"}
    )
    for metric in SLICE_METRICS:
        for place in (baseline, baseline / "summary.json"):
            measured = only(truth, run, place, f"{metric}[size=small] rise > 1").measured
            assert measured.before == pytest.approx(record[metric], abs=1e-12)
            assert measured.after == pytest.approx(record[metric], abs=1e-12)


def test_an_unchanged_run_passes_and_a_worse_one_fails_on_its_slice(demo: Any, baseline: Path) -> None:
    truth, run = demo
    gate = checked(truth, run, baseline).gate
    assert gate.is_passed
    assert [rule.text for rule in gate.rules] == list(USUAL_RULES)
    failed = only(truth, without(run, 2), baseline, "recall[size=small] drop > 1.0")
    assert failed.outcome == "failed"
    assert failed.measured.place == "[size=small]"
    assert failed.measured.where == {"size": "small"}
    assert failed.measured.interval is not None
    assert failed.measured.interval[1] < 0


def test_a_run_on_a_part_of_the_images_is_told(demo: Any, baseline: Path) -> None:
    truth, run = demo
    part = [each for each in run if each["image_id"] % 2]
    codes = [notice.code for notice in checked(truth, part, baseline).gate.notices]
    assert "different_images" in codes
    assert "different_images" not in [notice.code for notice in checked(truth, run, baseline).gate.notices]


def test_a_change_that_may_be_chance_fails_only_if_strict(demo: Any, baseline: Path) -> None:
    truth, run = demo
    found = mapgap.analyze(truth, run, score_threshold=0.3, resamples=0).detections()
    small = found[(found["outcome"] == "tp") & (found["score"] >= 0.3) & (found["size"] == "small")]
    gone = int(small["detection"].iloc[0])
    less = [each for at, each in enumerate(run) if at != gone]
    rule = "recall[size=small] drop > 0.1"
    assert only(truth, less, baseline, rule).outcome == "unsure"
    assert only(truth, less, baseline, rule, strict=True).outcome == "failed"
    assert only(truth, less, baseline, rule, resamples=0).outcome == "failed"
    assert only(truth, less, baseline / "summary.json", rule).outcome == "failed"


def test_rules_on_the_number_itself_need_no_baseline_value(demo: Any, baseline: Path) -> None:
    truth, run = demo
    verdict = only(truth, run, baseline, "recall[size == 'small' and time_of_day != 'day'] < 99")
    assert verdict.outcome == "failed"
    assert verdict.measured.after_interval is not None
    low, high = verdict.measured.after_interval
    assert low <= (verdict.measured.after or 0) <= high
    bare = only(truth, run, baseline / "summary.json", "recall[size < 200] < 99")
    assert (bare.measured.before, bare.outcome) == (None, "failed")


def test_an_empty_slice_does_not_pass_in_silence(demo: Any, baseline: Path) -> None:
    truth, run = demo
    for rule in ("recall[size < 0] drop > 1", "fp[size < 0] rise > 1", "AP[size < 0] < 1"):
        assert only(truth, run, baseline, rule).outcome == "nothing_to_measure"
    assert only(truth, run, baseline, "objects[size < 0] < 30").outcome == "failed"
    assert only(truth, [], baseline, "precision < 50").outcome == "nothing_to_measure"


def test_a_rule_about_every_slice_leaves_small_ones_out(demo: Any, baseline: Path) -> None:
    truth, run = demo
    found = verdicts(truth, run, baseline, "recall[*] drop > 2")
    assert {"size": "small"} in [each.measured.where for each in found]
    assert {"small_dark": True} in [each.measured.where for each in found]
    assert min(each.measured.members for each in found) >= 30
    of_size = [each.measured.where for each in found if each.measured.where and "size" in str(each.measured.where)]
    assert {"size": "medium"} in of_size
    assert {"size_detail": "medium"} not in of_size  # the same objects
    only_one = {**truth, "images": truth["images"][:1]}
    only_one["annotations"] = [a for a in truth["annotations"] if a["image_id"] == truth["images"][0]["id"]]
    few = [each for each in run if each["image_id"] == truth["images"][0]["id"]]
    summary = baseline / "summary.json"
    (verdict,) = verdicts(only_one, few, summary, "recall[*] drop > 2", slices={"small_dark": "[size=small]"})
    assert verdict.outcome == "nothing_to_measure"


def test_the_score_threshold_is_the_number_of_the_baseline_unless_given(demo: Any, tmp_path: Path) -> None:
    truth, run = demo
    best = mapgap.analyze(truth, run, resamples=0)
    place = write_baseline(tmp_path, best)
    weaker = [{**each, "score": each["score"] / 2} for each in run]
    number = best.results.operating_point.score_threshold
    gate = checked(truth, weaker, place, "recall drop > 1").gate
    assert gate.settings["score_threshold"] == number
    assert gate.verdicts[0].outcome == "failed"
    own = checked(truth, weaker, place, "recall drop > 1", score_threshold="best-f1").gate
    assert own.is_passed
    assert own.settings["score_threshold"] == pytest.approx((number or 0) / 2)
    assert own.settings["baseline_score_threshold"] == number
    with pytest.raises(InputError, match=r"those at its own score threshold .*, not at 0.9. Leave --score-threshold"):
        checked(truth, run, place / "summary.json", "recall drop > 1", score_threshold=0.9)
    assert checked(truth, run, place / "summary.json", "recall drop > 1", score_threshold="best-f1").gate.is_passed
    assert checked(truth, run, place, "recall drop > 1", score_threshold=0.9).gate.is_passed


def test_thresholds_one_a_class_are_those_of_the_baseline(demo: Any, tmp_path: Path) -> None:
    truth, run = demo
    scores = {category["name"]: 0.2 + 0.1 * at for at, category in enumerate(truth["categories"])}
    analysis = mapgap.analyze(truth, run, thresholds=scores, resamples=0)
    place = write_baseline(tmp_path, analysis)
    measured = only(truth, run, place, "recall drop > 1").measured
    assert measured.before == measured.after == analysis.summary["operating_point"]["recall"]


def test_the_baseline_decides_bins_and_slices_which_may_be_added_to(demo: Any, tmp_path: Path) -> None:
    truth, run = demo
    analysis = mapgap.analyze(
        truth, run, bins={"size": [0, 500]}, slices={"dark": "[time_of_day=night]"}, iou_threshold=0.6, resamples=0
    )
    place = write_baseline(tmp_path, analysis)
    rules = ("recall[size='>= 500'] drop > 1", "recall[dark=true,wide=true] drop > 1", "tp drop > 1")
    found = checked(truth, run, place, *rules, slices={"wide": "[aspect=wide]"})
    assert found.gate.is_passed
    assert found.now.results.settings.iou_threshold == 0.6
    assert found.gate.verdicts[-1].measured.before == analysis.summary["operating_point"]["tp"]


def test_joined_attributes_must_be_given_again(demo: Any, tmp_path: Path) -> None:
    truth, run = demo
    table = tmp_path / "weather.csv"
    rows = [f"{image['id']},{'rain' if at % 3 else 'sun'}\n" for at, image in enumerate(truth["images"])]
    table.write_text("image_id,weather\n" + "".join(rows))
    place = write_baseline(tmp_path / "base", mapgap.analyze(truth, run, attributes=table, resamples=0))
    rule = "recall[weather=rain] drop > 1"
    assert only(truth, run, place, rule, attributes=table).outcome == "passed"
    with pytest.raises(
        InputError, match=r"called weather. The baseline joined weather.csv: give it with --attributes. K"
    ):
        checked(truth, run, place, rule)
    codes = [notice.code for notice in checked(truth, run, place, "AP drop > 1").gate.notices]
    assert "attributes_not_joined" in codes


# Baselines.


def test_a_bare_summary_says_which_slices_it_does_not_tell(demo: Any, baseline: Path) -> None:
    truth, run = demo
    summary = baseline / "summary.json"
    for rule in ("recall[size < 500] drop > 1", "recall[size=small,class=car,border=inside] drop > 1"):
        with pytest.raises(InputError, match=r"rule recall\[.*does not tell recall of this slice.* --slice"):
            checked(truth, run, summary, rule)
    named = only(truth, run, summary, "recall[size=small,time_of_day=night] drop > 1").measured
    assert named.before == named.after
    assert named.interval is None


def test_a_summary_of_evaluate_tells_metrics_only(demo: Any, tmp_path: Path) -> None:
    from mapgap.report.evaluation import evaluation_record, tables_inputs_record

    truth, run = demo
    of = mapgap.evaluate(truth, run)
    record = evaluation_record(tables_inputs_record(of.ground_truth, of.results), of.metrics, of.notices)
    (tmp_path / "summary.json").write_text(json.dumps(record))
    assert only(truth, run, tmp_path / "summary.json", "APs drop > 1").outcome == "passed"
    assert [rule.text for rule in checked(truth, run, tmp_path / "summary.json").gate.rules] == ["AP drop > 0.5"]
    with pytest.raises(InputError, match="rule recall drop > 1: the baseline has no recall"):
        checked(truth, run, tmp_path / "summary.json", "recall drop > 1")


def test_another_ground_truth_is_refused_with_examples(demo: Any, baseline: Path) -> None:
    truth, run = demo
    changed = copy.deepcopy(truth)
    annotations = changed["annotations"]
    annotations[3]["bbox"][0] += 1e-9
    gone = annotations.pop(7)
    annotations.append({**gone, "id": 10**6})
    with pytest.raises(InputError, match="the ground truth is not that of the baseline: ") as refused:
        checked(changed, run, baseline, "AP drop > 1")
    message = str(refused.value)
    assert "1 object added, 1 object removed, 1 object changed" in message
    assert f"object {annotations[3]['id']} of image {annotations[3]['image_id']} changed" in message
    assert f"object {gone['id']} of image {gone['image_id']} removed" in message
    assert f"object {10**6} of image {gone['image_id']} added" in message
    assert "--common-images" in message


def test_common_images_are_those_whose_objects_are_the_same(demo: Any, baseline: Path) -> None:
    truth, run = demo
    changed = copy.deepcopy(truth)
    first, second, *_ = changed["images"]
    for annotation in changed["annotations"]:
        if annotation["image_id"] == first["id"]:
            annotation["area"] += 1
    changed["images"].remove(second)
    changed["annotations"] = [a for a in changed["annotations"] if a["image_id"] != second["id"]]
    kept = [each for each in run if each["image_id"] != second["id"]]
    found = checked(changed, kept, baseline, "recall drop > 1", common_images=True)
    (notice,) = (each for each in found.gate.notices if each.code == "common_images")
    assert notice.count == 1
    assert "1 of 59 images left out of both runs" in notice.message
    common = {image["id"] for image in changed["images"]} - {first["id"]}
    assert set(found.now.results.ground_truth.images.ids.tolist()) == common
    expected = mapgap.analyze(
        {**truth, "images": [i for i in truth["images"] if i["id"] in common],
         "annotations": [a for a in truth["annotations"] if a["image_id"] in common]},
        [each for each in run if each["image_id"] in common], score_threshold=0.3, resamples=0,
    )  # fmt: skip
    measured = found.gate.verdicts[0].measured
    assert measured.before == measured.after == expected.summary["operating_point"]["recall"]


def test_the_same_objects_in_another_order_are_the_same(demo: Any, baseline: Path) -> None:
    truth, run = demo
    turned = {**truth, "annotations": truth["annotations"][::-1], "images": truth["images"][::-1]}
    assert checked(turned, run, baseline, "AP drop > 1", "recall drop > 1").gate.is_passed


def test_no_common_image_is_refused(demo: Any, baseline: Path) -> None:
    truth, run = demo
    changed = copy.deepcopy(truth)
    for annotation in changed["annotations"]:
        annotation["area"] += 1
    empty = {a["image_id"] for a in changed["annotations"]}
    changed["images"] = [image for image in changed["images"] if image["id"] in empty]
    kept = [each for each in run if each["image_id"] in empty]
    with pytest.raises(InputError, match="no image is the same"):
        checked(changed, kept, baseline, "AP drop > 1", common_images=True)


def test_another_file_with_the_same_objects_is_told(demo: Any, tmp_path: Path) -> None:
    truth, run = demo
    for name, content in (("gt.json", truth), ("other.json", {**truth, "info": {}})):
        (tmp_path / name).write_text(json.dumps(content))
    place = write_baseline(tmp_path / "base", mapgap.analyze(tmp_path / "gt.json", run, resamples=0))
    codes = {
        (name, path.suffix): [each.code for each in checked(tmp_path / name, run, path, "AP drop > 1").gate.notices]
        for name in ("gt.json", "other.json")
        for path in (place, place / "summary.json")
    }
    assert "other_ground_truth" in codes["other.json", ""]
    assert "other_ground_truth" in codes["other.json", ".json"]
    assert "other_ground_truth" not in codes["gt.json", ""] + codes["gt.json", ".json"]


def test_tables_that_contradict_their_summary_are_told(demo: Any, baseline: Path, tmp_path: Path) -> None:
    truth, run = demo
    place = Path(shutil.copytree(baseline, tmp_path / "base"))
    summary = json.loads((place / "summary.json").read_text())
    summary["coco"]["AP"] += 0.01
    (place / "summary.json").write_text(json.dumps(summary))
    found = checked(truth, run, place, "AP drop > 1").gate
    assert "baseline_disagrees" in [each.code for each in found.notices]
    assert "baseline_disagrees" not in [each.code for each in checked(truth, run, baseline, "AP drop > 1").gate.notices]


@pytest.mark.parametrize(
    ("name", "content", "error", "complaint"),
    [
        ("summary.json", None, InputError, "no report folder: it holds no summary.json"),
        ("detections.parquet", None, InputError, "the report folder holds no detections.parquet. Copy it whole"),
        ("objects.parquet", None, InputError, "holds no objects.parquet"),
        ("summary.json", b"", InputError, "summary.json: the file is empty"),
        ("summary.json", b'{"schema": "mapgap/summary/1", "inp', InputError, "summary.json: the JSON ends too early"),
        ("summary.json", b"[1]", InputError, "summary.json: no summary of mapgap: Expected `object`, got `array`"),
        ("summary.json", b'{"a": 1}', InputError, "no summary of mapgap: .*missing required field `schema`"),
        ("summary.json", "schema", InputError, "its schema is 'other/1', not mapgap/summary/1"),
        ("summary.json", "coco", InputError, "coco has no AP75"),
        ("summary.json", "recall", InputError, r"Expected `float \| null`, got `str` - at `\$.operating"),
        ("summary.json", "iou_type", InputError, "iou_type 'lines' is not supported"),
        ("objects.parquet", b"PAR1", InputError, "objects.parquet: not a readable Parquet file"),
        ("detections.parquet", b"\x00" * 100, InputError, "detections.parquet: not a readable Parquet file"),
        ("detections.parquet", "columns", InputError, "detections.parquet: not a readable Parquet file"),
        ("detections.parquet", "nan", InputError, "detections.parquet: row 1: a score is no number"),
        ("detections.parquet", "class", InputError, "detects a class of id 99, which the ground truth has not"),
        ("detections.parquet", "folder", (AccessError, InputError), "detections.parquet: "),
    ],
)  # fmt: skip
def test_a_broken_baseline_is_refused(
    demo: Any, baseline: Path, tmp_path: Path, name: str, content: Any, error: Any, complaint: str
) -> None:
    truth, run = demo
    place = Path(shutil.copytree(baseline, tmp_path / "base"))
    _break(place / name, content)
    with pytest.raises(error, match=complaint):
        checked(truth, run, place, "AP drop > 1")


def _break(path: Path, content: Any) -> None:
    if content is None or content == "folder":
        path.unlink()
        if content:
            path.mkdir()
        return
    if isinstance(content, bytes):
        path.write_bytes(content)
        return
    if path.suffix == ".json":
        summary = json.loads(path.read_text())
        if content == "coco":
            del summary["coco"]["AP75"]
        if content == "recall":
            summary["operating_point"]["recall"] = "much"
        if content == "iou_type":
            summary["settings"]["iou_type"] = "lines"
        if content == "schema":
            summary["schema"] = "other/1"
        path.write_text(json.dumps(summary))
        return
    columns: dict[str, Any] = {"x": np.zeros(2)}
    if content != "columns":
        frame = mapgap.read_table(path)[
            ["detection", "image_id", "category_id", "x", "y", "width", "height", "score", "kept"]
        ]
        columns = {column: frame[column].to_numpy(copy=True) for column in frame}
        columns["outcome"] = np.array(["tp"] * len(frame), dtype=object)
        if content == "nan":
            columns["score"][1] = np.nan
        if content == "class":
            columns["category_id"][0] = 99
    path.write_bytes(parquet_bytes(columns))


def test_a_baseline_that_is_not_there_cannot_be_read(demo: Any, tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="nowhere: cannot be read"):
        checked(*demo, tmp_path / "nowhere", "AP drop > 1")


def test_a_baseline_without_a_right_detection_has_no_threshold(demo: Any, tmp_path: Path) -> None:
    truth, run = demo
    place = write_baseline(tmp_path, mapgap.analyze(truth, [], resamples=0))
    with pytest.raises(InputError, match=r"nothing in it is right\. Give one with --score-threshold"):
        checked(truth, run, place, "recall drop > 1")
    assert checked(truth, run, place, "recall drop > 1", score_threshold=0.3).gate.is_passed


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("recall[size=smal] drop > 1", r"rule recall\[size=smal\] drop > 1: column 7 .*size has no value .*small"),
        ("recall[sise=small] drop > 1", "no attribute is called sise. Known attributes: size"),
        ("recall[size == small] drop > 1", r"rule recall\[size == small\] drop > 1: column 9 .*expected a value"),
    ],
)
def test_a_slice_that_cannot_be_is_refused_with_its_rule(demo: Any, baseline: Path, rule: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        checked(*demo, baseline, rule)


def test_an_attribute_may_be_called_like_our_own(demo: Any, tmp_path: Path) -> None:
    truth, run = demo
    named = {
        **truth,
        "annotations": [{**a, "attributes": {"gate 0": "x", "gate 0_": "y"}} for a in truth["annotations"]],
    }
    place = write_baseline(tmp_path, mapgap.analyze(named, run, resamples=0))
    assert checked(named, run, place, "recall[`gate 0`=x] drop > 1").gate.is_passed


def test_columns_of_parquet_by_name_and_type(tmp_path: Path) -> None:
    path = tmp_path / "a[1]*.parquet"
    path.write_bytes(
        parquet_bytes({"a": np.array([1, 2]), "b": np.array([0.5, np.nan]), "c": np.array(["x", None], dtype=object)})
    )
    columns = read_columns(path, {"b": "DOUBLE", "a": "BIGINT"})
    assert list(columns) == ["b", "a"]
    assert columns["a"].tolist() == [1, 2]
    assert np.isnan(columns["b"][1])
    assert read_columns(path, {"c": "VARCHAR"})["c"].tolist() == ["x", None]
    with pytest.raises(InputError, match="the column b has a null"):
        read_columns(path, {"b": "BIGINT"})
    with pytest.raises(InputError, match="not a readable Parquet file"):
        read_columns(path, {"d": "BIGINT"})


# Real data.


@pytest.fixture(scope="module")
def kaist(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Ground truth and detections of MLPD, and its baseline at s = .5."""
    truth, run = real_data / "kaist" / "gt.json", real_data / "kaist" / "detections" / "MLPD.json"
    analysis = mapgap.analyze(truth, run, score_threshold=0.5, resamples=0)
    return truth, run, write_baseline(tmp_path_factory.mktemp("kaist"), analysis)


def test_an_unchanged_run_on_real_data_passes(kaist: tuple[Path, Path, Path]) -> None:
    truth, run, place = kaist
    gate = checked(truth, run, place, "recall[size=small] drop > 1.0", *USUAL_RULES, resamples=200).gate
    assert gate.is_passed
    assert {verdict.outcome for verdict in gate.verdicts} == {"passed"}
    assert {verdict.change for verdict in gate.verdicts} == {0.0}


def test_a_tenth_of_the_small_detections_less_fails_on_small_objects(kaist: tuple[Path, Path, Path]) -> None:
    truth, run, place = kaist
    detections = json.loads(run.read_text())
    small = [at for at, each in enumerate(detections) if each["bbox"][2] * each["bbox"][3] < 32**2]
    gone = set(np.random.default_rng(0).choice(small, len(small) // 10, replace=False).tolist())
    worse = [each for at, each in enumerate(detections) if at not in gone]
    verdict = only(truth, worse, place, "recall[size=small] drop > 1.0", resamples=200)
    assert verdict.outcome == "failed"
    assert verdict.measured.place == "[size=small]"
    assert verdict.measured.interval is not None
    low, high = verdict.measured.interval
    assert low < verdict.change < high < 0
