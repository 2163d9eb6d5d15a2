"""Label doubt: planted errors are found, scores equal their slow twin, and what must never be a candidate is none."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap.analysis.analysis import Analysis
from mapgap.analysis.label_doubt import label_doubts, with_label_doubts
from mapgap.errors import InputError
from mapgap.label_doubt import calibrated_confidence
from mapgap.label_doubt.calibration import learned_shares
from mapgap.label_doubt.repeats import speaks_for_itself
from mapgap.reliability import score_reliability
from mapgap.report.content import build_report
from mapgap.report.html.page import report_html
from mapgap.report.markdown import report_markdown
from mapgap.tables import LABEL_ERRORS, LabelDoubts
from tests.generated import CocoPair, coco_pairs
from tests.naive import label_doubt as naive

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def planted_labels(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The generator that benchmarks/label_doubt.py uses."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("planted_labels")


def analysed(ground_truth: Any, detections: Any) -> Analysis:
    return mapgap.analyze(ground_truth, detections, resamples=0)


def right_among_ten(generator: ModuleType, pair: Any, planted: Any) -> float:
    doubted = analysed(planted.ground_truth, pair.detections).label_doubt().head(10)
    return sum(generator.is_right(planted, row) for row in doubted.to_dict("records")) / 10


@pytest.mark.parametrize("quality", [0.8, 1.3])
def test_planted_errors_come_first(planted_labels: ModuleType, quality: float) -> None:
    pairs = [planted_labels.world(seed, quality, images=700) for seed in (0, 1)]
    shares = [right_among_ten(planted_labels, p, planted_labels.plant(p, seed)) for seed, p in enumerate(pairs)]
    assert min(shares) >= 0.7, shares
    assert analysed(pairs[0].ground_truth, pairs[0].detections).metrics["AP"] >= 0.4


def test_wrong_classes_of_the_demo_come_first(planted_labels: ModuleType) -> None:
    shares = []
    for seed in (1, 2, 3):
        pair = planted_labels.demo(seed, 1.0)
        shares.append(right_among_ten(planted_labels, pair, planted_labels.plant(pair, seed, kinds=("wrong_class",))))
    assert np.mean(shares) >= 0.7, shares


@pytest.mark.parametrize("kind", LABEL_ERRORS)
def test_every_kind_is_planted_and_listed(planted_labels: ModuleType, kind: str) -> None:
    pair = planted_labels.world(5, 1.3, images=400)
    planted = planted_labels.plant(pair, 5, kinds=(kind,))
    rows = analysed(planted.ground_truth, pair.detections).label_doubt()
    rows = rows[rows["kind"] == kind].head(20).to_dict("records")
    assert sum(planted_labels.is_right(planted, row) for row in rows) >= 3


def test_one_class_with_tiny_scores(planted_labels: ModuleType) -> None:
    """Only the order of scores counts, and where there is one class no label has a wrong one."""
    streets = importlib.import_module("planted_streets")
    shares = []
    for seed in (1, 2, 3):
        pair = streets.street(seed, 1.2, streets.Street(500, 6, 1))
        planted = planted_labels.plant(pair, seed, kinds=LABEL_ERRORS[1:])
        shares.append(right_among_ten(planted_labels, pair, planted))
        rows = analysed(planted.ground_truth, pair.detections).label_doubt()
        faint = [{**row, "score": row["score"] / 4096} for row in pair.detections]
        again = analysed(planted.ground_truth, faint).label_doubt()
        assert "wrong_class" not in set(rows["kind"])
        assert again["object_id"].equals(rows["object_id"])
        assert again["detection"].equals(rows["detection"])
        assert np.allclose(again["score"], rows["score"], rtol=1e-9)
    assert np.mean(shares) >= 0.6, shares


def test_a_pair_that_is_always_confused_is_no_label_error() -> None:
    """Of 40 objects of class 1 every other one is called 2; one of class 3, and only that, is called 4."""
    annotations, detections = [], []
    for number in range(1, 401):
        category = 1 if number <= 40 else 2 + number % 11
        box = [10, 10, 40, 40 + number % 7]
        annotations.append(
            {"id": number, "image_id": number, "category_id": category, "bbox": box, "area": 1600, "iscrowd": 0}
        )
        named = 2 if number <= 40 and number % 4 < 2 else category
        detections.append({"image_id": number, "category_id": named, "bbox": box, "score": 0.9 + number % 5 / 100})
    alone = next(number for number in range(41, 401) if annotations[number - 1]["category_id"] == 3)
    detections[alone - 1]["category_id"] = 4
    ground_truth = {
        "images": [{"id": number, "width": 100, "height": 100} for number in range(1, 401)],
        "annotations": annotations,
        "categories": [{"id": number, "name": f"class {number}"} for number in range(1, 13)],
    }
    analysis = analysed(ground_truth, detections)
    score = naive.label_doubts(analysis.results)
    assert analysis.label_doubt()["object_id"].tolist()[0] == alone
    of_habit = [value for (kind, row, _), value in score.items() if kind == "wrong_class" and row != alone - 1]
    assert score["wrong_class", alone - 1, alone - 1] > 5 * max(of_habit, default=0.01)


@settings(max_examples=60)
@given(pair=coco_pairs(max_images=6), copies=st.integers(1, 12))
def test_scores_equal_the_naive_twin(pair: CocoPair, copies: int) -> None:
    analysis = analysed(*repeated(pair, copies))
    assert_equal_to_twin(analysis)


def test_scores_equal_the_naive_twin_on_a_world(planted_labels: ModuleType) -> None:
    pair = planted_labels.world(3, 0.9, images=40, classes=4)
    planted = planted_labels.plant(pair, 3, 0.1)
    analysis = analysed(planted.ground_truth, pair.detections)
    assert len({key[0] for key in naive.label_doubts(analysis.results)}) == 4
    assert_equal_to_twin(analysis)


def assert_equal_to_twin(analysis: Analysis) -> None:
    results = analysis.results
    confidence = calibrated_confidence(results.detections, results.matches, threshold=results.analysis_threshold)
    assert np.allclose(confidence, naive.confidences(results), rtol=1e-12, atol=0, equal_nan=True)
    expected = naive.label_doubts(results)
    found = as_dict(label_doubts(results))
    for key, score in found.items():
        assert score == pytest.approx(expected[key], rel=1e-9)
    best: dict[int, float] = {}
    for (_, object_, _), score in expected.items():
        best[object_] = max(best.get(object_, 0), score)
    listed = {object_: score for (_, object_, _), score in found.items() if object_ >= 0}
    best.pop(-1, None)
    assert listed == pytest.approx(best, rel=1e-9)


def as_dict(doubts: LabelDoubts) -> dict[tuple[str, int, int], float]:
    kinds = [LABEL_ERRORS[kind] for kind in doubts.kind]
    keys = list(zip(kinds, doubts.object.tolist(), doubts.detection.tolist(), strict=True))
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, doubts.score.tolist(), strict=True))


def repeated(pair: CocoPair, copies: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The pair several times over, on other images: rates need rows."""
    truth = pair.ground_truth
    return (
        {
            **truth,
            "images": [{**row, "id": row["id"] + 100 * n} for n in range(copies) for row in truth["images"]],
            "annotations": [
                {**row, "id": row["id"] + 1000 * n, "image_id": row["image_id"] + 100 * n}
                for n in range(copies)
                for row in truth["annotations"]
            ],
        },
        [{**row, "image_id": row["image_id"] + 100 * n} for n in range(copies) for row in pair.detections],
    )


@settings(max_examples=60)
@given(pair=coco_pairs(max_images=6), copies=st.integers(1, 8))
def test_ranking_and_candidates(pair: CocoPair, copies: int) -> None:
    results = analysed(*repeated(pair, copies)).results
    doubts = label_doubts(results)
    again = label_doubts(results)
    assert as_dict(doubts) == as_dict(again)
    assert np.all(np.diff(doubts.score) <= 0)
    assert np.all((doubts.score >= 0.005) & (doubts.score < 1))
    objects = doubts.object[doubts.object >= 0]
    assert len(np.unique(objects)) == len(objects)
    assert results.ground_truth.is_object[objects].all(), "a crowd is a candidate"
    kinds = np.array(LABEL_ERRORS)[doubts.kind]
    assert np.array_equal(doubts.object < 0, kinds == "missing_label")
    assert np.array_equal(doubts.detection < 0, kinds == "spurious_label")
    counted = results.matches.is_counted(results.analysis_threshold)
    assert counted[doubts.detection[doubts.detection >= 0]].all()


def test_what_is_said_of_a_fold_is_not_learned_from_it() -> None:
    chance = np.random.default_rng(1)
    image = chance.integers(0, 60, 2000).astype(np.int32)
    score = chance.integers(1, 50, 2000) / 50
    is_hit = chance.random(2000) < score
    before = learned_shares(image, score, is_hit)
    # Bins follow from the scores of hits, so a hit and a miss of the same score change places between two folds.
    here = np.flatnonzero((image % 10 == 3) & ~is_hit & (score == 0.6))[0]
    there = np.flatnonzero((image % 10 == 7) & is_hit & (score == 0.6))[0]
    is_hit[[here, there]] = is_hit[[there, here]]
    changed = before != learned_shares(image, score, is_hit)
    assert set((image[changed] % 10).tolist()) == {3, 7}
    # Fold 3 hears of the miss that fold 7 has now, fold 7 of the hit that fold 3 has.
    after = learned_shares(image, score, is_hit)
    assert np.all(after[changed & (image % 10 == 3)] < before[changed & (image % 10 == 3)])
    assert np.all(after[changed & (image % 10 == 7)] > before[changed & (image % 10 == 7)])


def test_without_another_half_nothing_is_known() -> None:
    truth = {
        "images": [{"id": 1, "width": 100, "height": 100}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], "area": 81, "iscrowd": 0}],
        "categories": [{"id": 1, "name": "thing"}],
    }
    analysis = analysed(truth, [{"image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], "score": 0.9}])
    results = analysis.results
    assert np.isnan(calibrated_confidence(results.detections, results.matches, threshold=0)).all()
    assert len(analysis.label_doubt()) == 0


@pytest.mark.parametrize("objects", [0, 3])
def test_empty_inputs(objects: int) -> None:
    truth = {
        "images": [{"id": 1, "width": 100, "height": 100}],
        "annotations": [
            {"id": n, "image_id": 1, "category_id": 1, "bbox": [n, 1, 9, 9], "area": 81, "iscrowd": 0}
            for n in range(1, objects + 1)
        ],
        "categories": [{"id": 1, "name": "thing"}],
    }
    analysis = analysed(truth, [])
    assert set(analysis.label_doubt()["kind"]) <= {"spurious_label"}
    assert analysis.calibration().empty
    assert list(analysis.calibration("size").columns)[:2] == ["size", "score_low"]
    record = analysis.label_doubt_record()
    assert list(record) == ["images", "annotations", "categories"]


def test_many_classes() -> None:
    chance = np.random.default_rng(0)
    annotations, detections = [], []
    for number in range(1, 4001):
        image, category = int(chance.integers(1, 501)), int(chance.integers(1, 1204))
        box = [*chance.integers(0, 400, 2).tolist(), *chance.integers(20, 120, 2).tolist()]
        row = {"image_id": image, "category_id": category, "bbox": box}
        annotations.append({**row, "id": number, "area": box[2] * box[3], "iscrowd": int(number % 50 == 0)})
        if chance.random() < 0.8:
            named = category if chance.random() < 0.95 else int(chance.integers(1, 1204))
            detections.append({**row, "category_id": named, "score": float(chance.beta(4, 2))})
    truth = {
        "images": [{"id": n, "width": 640, "height": 480} for n in range(1, 501)],
        "annotations": annotations,
        "categories": [{"id": n, "name": f"class {n}"} for n in range(1, 1204)],
    }
    analysis = analysed(truth, detections)
    doubted = analysis.label_doubt()
    assert {"wrong_class", "spurious_label"} & set(doubted["kind"])
    assert set(doubted["object_id"].dropna()).isdisjoint(range(50, 4001, 50))
    assert len(analysis.calibration("class")) > 1203


def test_ids_beyond_floats_stay_whole(demo: Analysis) -> None:
    truth = demo.results.ground_truth
    far = replace(demo.results, ground_truth=replace(truth, ids=truth.ids + 2**60))
    found = Analysis(far).label_doubt()["object_id"]
    assert [None if one is None else one - 2**60 for one in found.astype(object).where(found.notna(), None)] == [
        None if one is None else one
        for one in demo.label_doubt()["object_id"].astype(object).where(found.notna(), None)
    ]


def test_repeats_and_crowds_are_no_missing_labels() -> None:
    truth = {
        "images": [{"id": 1, "width": 500, "height": 500}, {"id": 2, "width": 500, "height": 500}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 100, 100], "area": 9e3, "iscrowd": 1}
        ],
        "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
    }
    boxes = [
        (1, 1, [200, 200, 40, 40]),
        (1, 2, [200, 200, 40, 44]),
        (1, 1, [200, 215, 40, 40]),
        (2, 1, [200, 200, 40, 40]),
        (1, 2, [90, 10, 50, 50]),
        (1, 2, [98, 10, 50, 50]),
    ]
    detections = [{"image_id": i, "category_id": c, "bbox": b, "score": 0.9} for i, c, b in boxes]
    results = analysed(truth, detections).results
    ranked = np.arange(len(boxes), dtype=np.int32)
    kept = speaks_for_itself(results.ground_truth, results.detections, ranked)
    # The second repeats the first; the third overlaps the first less than half; the fifth lies in the crowd by a fifth.
    assert kept.tolist() == [True, False, True, True, False, True]


@given(
    rows=st.lists(
        st.tuples(st.sampled_from([0.0, 0.05, 0.1, 0.3, 0.35, 0.95, 1.0]) | st.floats(0, 1), st.booleans()), max_size=60
    )
)
def test_d_ece_equals_the_naive_twin(rows: list[tuple[float, bool]]) -> None:
    scores, hits = [row[0] for row in rows], [row[1] for row in rows]
    found = score_reliability(np.array(scores, dtype=float), np.array(hits, dtype=bool), np.zeros(len(rows), int), 1)
    assert found.d_ece[0] == pytest.approx(naive.d_ece(scores, hits), rel=1e-9, abs=1e-12, nan_ok=True)
    assert found.detections.sum() == len(rows)
    assert found.true_positives.sum() == sum(hits)


def test_d_ece_by_hand() -> None:
    """Four detections at .9 of which three are right, two at .1 of which none is: (4 x .15 + 2 x .1) / 6."""
    score = np.array([0.9, 0.9, 0.9, 0.9, 0.1, 0.1])
    hits = np.array([True, True, True, False, False, False])
    found = score_reliability(score, hits, np.array([0, 0, 0, 0, 1, 1]), 3)
    assert found.d_ece[:2].tolist() == pytest.approx([0.15, 0.1])
    assert np.isnan(found.d_ece[2])
    assert score_reliability(score, hits, np.zeros(6, int), 1).d_ece[0] == pytest.approx((4 * 0.15 + 2 * 0.1) / 6)


def test_scores_that_are_no_probabilities_have_no_d_ece() -> None:
    found = score_reliability(np.array([-2.0, 0.5, 7.0]), np.array([False, True, True]), np.zeros(3, int), 1)
    assert np.isnan(found.d_ece).all()
    assert (found.low[0], found.high[-1], found.detections.sum()) == (-2.0, 7.0, 3)


def demo_analysis() -> Analysis:
    from mapgap.demo import make_demo

    made = make_demo(0, images=120)
    return analysed(made.ground_truth, made.detections)


@pytest.fixture(scope="module")
def demo() -> Analysis:
    return demo_analysis()


@pytest.mark.parametrize("by", [None, "size", "occlusion", "class", "scene"])
def test_calibration_partitions_the_counted_detections(demo: Analysis, by: str | None) -> None:
    table, results = demo.calibration(by), demo.results
    threshold = results.analysis_threshold
    assert table["detections"].sum() == results.matches.is_counted(threshold).sum()
    assert table["tp"].sum() == results.matches.is_true_positive(threshold).sum()
    assert ((table["confidence"] >= table["score_low"]) & (table["confidence"] <= table["score_high"])).all()
    groups = [table] if by is None else [group for _, group in table.groupby(by)]
    for group in groups:
        off = (group["detections"] * (group["precision"] - group["confidence"]).abs()).sum()
        assert group["d_ece"].tolist() == pytest.approx([off / group["detections"].sum()] * len(group))


def test_calibration_above_a_score(demo: Analysis) -> None:
    assert demo.calibration(minimum_score=0.5)["confidence"].min() >= 0.5


def test_calibration_by_something_unknown(demo: Analysis) -> None:
    with pytest.raises(InputError, match="no attribute 'weather'"):
        demo.calibration("weather")


def test_the_record_is_a_coco_data_set(demo: Analysis, tmp_path: Path) -> None:
    import json

    from pycocotools.coco import COCO

    record = demo.label_doubt_record()
    file = tmp_path / "review.json"
    file.write_text(json.dumps(record, allow_nan=False), encoding="utf-8")
    coco = COCO(str(file))
    table = demo.label_doubt()
    assert len(coco.anns) == len(table) == len(record["annotations"])
    assert [entry["attributes"]["kind"] for entry in record["annotations"]] == table["kind"].tolist()
    truth_ids = set(demo.results.ground_truth.ids.tolist())
    for entry in record["annotations"]:
        values = entry["attributes"]
        assert (entry["id"] in truth_ids) == (values["kind"] != "missing_label")
        assert all(value is None or isinstance(value, str | int | float) for value in values.values())
        assert entry["category_id"] in coco.cats
        assert entry["image_id"] in coco.imgs
    assert {values for entry in record["annotations"] if (values := entry["attributes"]["proposed_class"])} <= {
        category["name"] for category in record["categories"]
    }


def test_the_report_shows_ten(demo: Analysis) -> None:
    without, with_doubts = build_report(demo.results), build_report(with_label_doubts(demo.results))
    assert without.summary == with_doubts.summary
    for draw, heading in (
        (report_markdown, "<summary>Labels worth checking</summary>"),
        (report_html, "Labels worth checking</h2>"),
    ):
        assert heading not in draw(without)
        text = draw(with_doubts)
        assert heading in text
    assert with_doubts.doubts is not None
    assert len(with_doubts.doubts) == 10
    assert f"And {with_doubts.doubts_left_out} more in `label_doubt()`" in report_markdown(with_doubts)
    nothing = replace(demo.results, label_doubts=only_first(label_doubts(demo.results), 0))
    for render in (report_markdown, report_html):
        assert "No label is doubtful." in render(build_report(nothing))


def only_first(doubts: LabelDoubts, most: int) -> LabelDoubts:
    return LabelDoubts(**{name: column[:most] for name, column in vars(doubts).items()})


def test_hostile_names_are_escaped(demo: Analysis) -> None:
    truth = demo.results.ground_truth
    names = tuple(f"<b>|{name}`" for name in truth.categories.names)
    hostile = replace(demo.results, ground_truth=replace(truth, categories=replace(truth.categories, names=names)))
    report = build_report(with_label_doubts(hostile))
    page: Callable[[str], bool] = report_html(report).__contains__
    assert not page("<b>|")
    assert "<b>|" not in report_markdown(report)
