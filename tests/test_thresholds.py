"""Proposed thresholds: what is chosen on one half of the images, and what it is worth on the other."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import mapgap
from mapgap.analysis.proposals import ProposedThresholds
from mapgap.cli.thresholds import _lines
from mapgap.demo import make_demo
from mapgap.errors import AccessError, InputError
from mapgap.halves import in_first_half
from mapgap.thresholds import Partition, Population, propose
from tests.command import complaint
from tests.command import mapgap as run_mapgap
from tests.generated import CocoPair, coco_pairs
from tests.naive import operating_point as naive
from tests.naive import thresholds as naive_thresholds

HERE, THERE = [0, 0, 10, 10], [50, 50, 10, 10]
ALL_ARE_ENOUGH = {"LEAST_OBJECTS": 0, "LEAST_IMAGES": 0, "LEAST_RIGHT": 0}


def two_lights(images: int = 400, night: tuple[float, float] = (0.45, 0.2)) -> tuple[dict[str, Any], list[Any]]:
    """Each image has an object found and a detection of nothing; at night both score less."""
    times = ["night" if number % 3 else "day" for number in range(images)]
    truth = {
        "images": [{"id": i, "width": 99, "height": 99, "time_of_day": time} for i, time in enumerate(times)],
        "categories": [{"id": 1, "name": "car"}],
        "annotations": [
            {"id": i + 1, "image_id": i, "category_id": 1, "bbox": HERE, "area": 100, "iscrowd": 0}
            for i in range(images)
        ],
    }
    detections = []
    for i, time in enumerate(times):
        right, wrong = (0.8, 0.5) if time == "day" else night
        detections.append({"image_id": i, "category_id": 1, "bbox": HERE, "score": right})
        detections.append({"image_id": i, "category_id": 1, "bbox": THERE, "score": wrong})
    return truth, detections


def proposed(
    pair: tuple[Any, Any], rule: str = "best-f1", by: list[str] | None = None, **options: Any
) -> ProposedThresholds:
    return mapgap.analyze(*pair, **{"resamples": 50, **options}).propose_thresholds(rule, by)


def of_value(proposals: ProposedThresholds, name: str, value: object) -> dict[str, Any]:
    return next(row for row in proposals.record["slices"] if row["where"] == {name: value})


def test_a_threshold_for_the_night_that_holds() -> None:
    proposals = proposed(two_lights())
    record = proposals.record
    first = in_first_half(np.arange(400))
    night = np.arange(400) % 3 != 0
    assert record["images"] == {"chosen_on": int(first.sum()), "judged_on": int((~first).sum())}
    # .8 finds all of the day and nothing else; .45 all objects, with a false positive for each by day.
    assert record["all"] == 0.45
    day, dark = of_value(proposals, "time_of_day", "day"), of_value(proposals, "time_of_day", "night")
    assert (day["score_threshold"], dark["score_threshold"]) == (0.8, 0.45)
    by_day = int((~first & ~night).sum())
    assert day["chosen_on"] == {"objects": int((first & ~night).sum()), "images": int((first & ~night).sum()),
                                "right": int((first & ~night).sum())}  # fmt: skip
    judged = day["judged_on"]
    assert judged["with_all"] == {"tp": by_day, "fp": by_day, "fn": 0, "precision": 0.5, "recall": 1.0, "f1": 2 / 3}
    assert judged["with_own"] == {"tp": by_day, "fp": 0, "fn": 0, "precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert judged["gain"] == pytest.approx(1 / 3)
    assert judged["gain_interval"] == pytest.approx([1 / 3, 1 / 3])
    assert (judged["holds"], dark["judged_on"]["holds"]) == (True, False)
    together = record["slices_together"][0]
    assert (together["attribute"], together["known_before"], together["holds"]) == ("time_of_day", True, True)
    objects = int((~first).sum())
    assert together["with_all"]["f1"] == 2 * objects / (2 * objects + by_day)
    assert together["with_own"]["f1"] == 1.0


def test_what_was_only_chance_does_not_hold() -> None:
    truth, detections = two_lights()
    generator = np.random.default_rng(5)
    for detection in detections:
        detection["score"] = round(float(generator.uniform()), 3)
    rows = proposed((truth, detections)).record["slices"]
    assert [row["own"] for row in rows] == [True, True]
    assert [row["judged_on"]["holds"] for row in rows] == [False, False]


def test_few_objects_take_the_threshold_for_all() -> None:
    rare = proposed(two_lights(images=90))
    day = of_value(rare, "time_of_day", "day")
    assert day["chosen_on"]["objects"] < 30
    assert (day["score_threshold"], day["own"], day["why_for_all"]) == (rare.score_threshold, False, "too_few")
    assert day["judged_on"]["gain"] == 0


def test_a_goal_out_of_reach_takes_the_threshold_for_all() -> None:
    pair = two_lights(night=(0.45, 0.6))  # at night every true positive has a false one above it
    proposals = proposed(pair, "precision=0.7")
    dark = of_value(proposals, "time_of_day", "night")
    assert (dark["own"], dark["why_for_all"]) == (False, "out_of_reach")
    assert dark["score_threshold"] == proposals.score_threshold == 0.8


def test_the_gain_of_a_goal_is_how_much_nearer_it_is() -> None:
    record = proposed(two_lights(), "recall=0.3").record
    # For all .8 has recall 1/3, and none at night; there .45 has all, which is no nearer to .3.
    judged = next(row for row in record["slices"] if row["where"] == {"time_of_day": "night"})["judged_on"]
    assert (record["all"], judged["with_all"]["recall"], judged["with_own"]["recall"]) == (0.8, 0.0, 1.0)
    assert judged["gain"] == pytest.approx(0.3 - 0.7)
    assert record["measure"] == "recall"


def test_costs_count() -> None:
    pair = two_lights()
    cheap = proposed(pair, "cost", costs={"below_threshold": 1, "background": 10}).record
    dear = proposed(pair, "cost", costs={"below_threshold": 30, "background": 10}).record
    assert (cheap["all"], dear["all"]) == (0.8, 0.45)
    judged = dear["for_all"]["judged_on"]
    assert judged["cost"] == 10 * judged["fp"] + 30 * judged["fn"]
    by_day = next(row for row in dear["slices"] if row["where"] == {"time_of_day": "day"})["judged_on"]
    assert by_day["gain"] == by_day["with_all"]["cost"] - by_day["with_own"]["cost"] == 10 * by_day["with_all"]["fp"]


def test_without_resamples_nobody_knows_whether_it_holds() -> None:
    judged = of_value(proposed(two_lights(), resamples=0), "time_of_day", "day")["judged_on"]
    assert (judged["gain_interval"], judged["holds"]) == (None, None)


def test_slices_are_those_that_are_known_before_unless_named() -> None:
    demo = make_demo(seed=3, images=60)
    analysis = mapgap.analyze(demo.ground_truth, demo.detections, resamples=0)
    kinds = {attribute.name: attribute.kind for attribute in analysis.results.attributes}
    told = {row["attribute"]: row["known_before"] for row in analysis.propose_thresholds().record["slices_together"]}
    assert told
    assert all(is_known and kinds[name] == "image" for name, is_known in told.items())
    assert "image_crowding" in kinds
    named = analysis.propose_thresholds(by=["image_crowding", "size"]).record["slices_together"]
    assert [(row["attribute"], row["known_before"]) for row in named] == [("image_crowding", False), ("size", False)]


@pytest.mark.parametrize(
    ("rule", "by", "complaint_of"),
    [
        ("best", None, "--rule: 'best' is no rule for a score threshold"),
        ("0.5", None, "--rule: a threshold is to be found, and '0.5' is one already"),
        ("precision=0.99", None, "--rule: no score threshold reaches precision 0.99"),
        ("best-f1", ["time"], "--by: there is no attribute 'time'. Attributes: time_of_day, "),
        ("best-f1", ["class"], "--by: thresholds by class are proposed in any case"),
    ],
)
def test_refusals(rule: str, by: list[str] | None, complaint_of: str) -> None:
    truth, detections = two_lights()
    for detection in detections:
        detection["score"] = 0.5
    with pytest.raises(InputError) as error:
        proposed((truth, detections), rule, by)
    assert str(error.value).startswith(complaint_of)


def test_nothing_right_proposes_nothing() -> None:
    truth, detections = two_lights(images=10)
    wrong = [detection for detection in detections if detection["bbox"] == THERE]
    with pytest.raises(InputError, match="no detection is right on the half of the images to choose on"):
        proposed((truth, wrong))
    with pytest.raises(InputError, match="there is no threshold to propose"):
        proposed((truth, []), "cost")


@settings(max_examples=60, deadline=None)
@given(coco_pairs(max_images=8), st.sampled_from(["best-f1", "precision=0.5", "recall=0.25", "cost"]), st.booleans())
def test_proposals_equal_the_slow_twin(pair: CocoPair, rule: str, by_class: bool) -> None:
    analysis = mapgap.analyze(pair.ground_truth, pair.detections, resamples=0)
    results = analysis.results
    truth, detections = results.ground_truth, results.detections
    plain = naive.plain_detections(detections, results.matches, results.analysis_threshold)
    annotations = naive.plain_annotations(truth)
    attribute = next(one for one in results.attributes if one.name == "time")
    of_image = dict(zip(truth.image.tolist(), attribute.object_codes.tolist(), strict=True))
    of_image |= dict(zip(detections.image.tolist(), attribute.detection_codes.tolist(), strict=True))

    def part_of(image: int, category: int) -> object:
        return category if by_class else of_image[image]

    parts = range(len(truth.categories.ids) if by_class else len(attribute.values))
    with patch.multiple("mapgap.thresholds.choosing", **ALL_ARE_ENOUGH):
        try:
            record = analysis.propose_thresholds(rule, ["time"]).record
        except InputError:
            assume(False)
    for part in parts:
        for_all, expected = naive_thresholds.proposals(
            annotations, plain, truth.images.ids.tolist(), rule,
            lambda row: part_of(plain[row].image, plain[row].category),
            lambda row: part_of(annotations[row].image, annotations[row].category), part,
        )  # fmt: skip
        assert record["all"] == for_all
        rows = record["classes"] if by_class else record["slices"]
        wanted = {"id": int(truth.categories.ids[part])} if by_class else {"where": {"time": attribute.values[part]}}
        row = next((row for row in rows if wanted.items() <= row.items()), None)
        if row is None:  # no object has the value
            assert sum(expected.with_all) == expected.with_all[1]
            continue
        assert row["score_threshold"] == (for_all if expected.threshold is None else expected.threshold)
        judged = row["judged_on"]
        assert tuple(judged["with_all"][key] for key in ("tp", "fp", "fn")) == expected.with_all
        assert tuple(judged["with_own"][key] for key in ("tp", "fp", "fn")) == expected.with_own
        gain = naive_thresholds.gain(rule, expected.with_all, expected.with_own)
        assert judged["gain"] == (None if gain is None else pytest.approx(float(gain), abs=1e-12))


def test_intervals_are_those_of_the_images_drawn_again() -> None:
    """The gain in every resample, counted one image after another."""
    generator = np.random.default_rng(1)
    images, rows = 30, 120
    population = Population(
        score=generator.choice([0.2, 0.4, 0.6, 0.8], rows),
        right=generator.uniform(size=rows) < 0.6,
        cost=generator.choice([0.5, 2.0], rows),
        image=generator.integers(0, images, rows).astype(np.int32),
        object_image=generator.integers(0, images, 90).astype(np.int32),
        object_cost=np.ones(90),
        chosen_on=np.arange(images) < 15,
    )
    code = (population.image % 2).astype(np.int32)
    drawn = generator.integers(0, 3, (15, 40)).astype(np.uint16)
    with patch.multiple("mapgap.thresholds.choosing", **ALL_ARE_ENOUGH):
        partition = Partition(code, (population.object_image % 2).astype(np.int32), 2)
        proposals = propose(population, {"odd": partition}, "best-f1", drawn=drawn)
    own = np.array([part.chosen.score_threshold for part in proposals.divided["odd"].parts])
    gains = []
    for draw in range(40):
        f1 = []
        for threshold in (np.full(rows, proposals.for_all.chosen.score_threshold), own[code]):
            tp = fp = objects = 0
            for image in range(15, images):
                times = int(drawn[image - 15, draw])
                kept = (population.image == image) & (population.score >= threshold)
                tp += times * int((kept & population.right).sum())
                fp += times * int((kept & ~population.right).sum())
                objects += times * int((population.object_image == image).sum())
            f1.append(2 * tp / (tp + fp + objects))
        gains.append(f1[1] - f1[0])
    interval = proposals.divided["odd"].together.interval
    assert interval == pytest.approx(tuple(np.percentile(gains, [2.5, 97.5])))


def test_the_file_is_read_back(tmp_path: Path) -> None:
    pair = two_lights()
    proposals = proposed(pair)
    path = proposals.write(tmp_path / "thresholds.json")
    record = json.loads(path.read_text(encoding="ascii"))
    assert record == proposals.record
    assert list(record)[:2] == ["schema", "rule"]
    point = mapgap.analyze(*pair, thresholds=path, resamples=0).results.operating_point
    assert point.class_score_thresholds is not None
    assert point.class_score_thresholds.tolist() == [row["score_threshold"] for row in record["classes"]]
    before = path.read_bytes()
    assert proposed(pair).write(path).read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["thresholds.json"]


def test_another_file_is_not_replaced(tmp_path: Path) -> None:
    proposals = proposed(two_lights(images=100))
    for name, content in (("gt.json", '{"images": []}'), ("list.json", "[]"), ("text", "x")):
        (tmp_path / name).write_text(content)
        with pytest.raises(AccessError, match="something else than a file of thresholds"):
            proposals.write(tmp_path / name)
        assert (tmp_path / name).read_text() == content
    with pytest.raises(AccessError, match="something else"):
        proposals.write(tmp_path)
    with pytest.raises(AccessError, match="cannot write"):
        proposals.write(tmp_path / "nowhere" / "thresholds.json")


def test_tables() -> None:
    proposals = proposed(two_lights())
    assert list(proposals.classes()["name"]) == ["car"]
    assert list(proposals.slices()["score_threshold"]) == [0.8, 0.45]
    assert list(proposals.slices()["judged_on.holds"]) == [True, False]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lights")
    truth, detections = two_lights()
    (folder / "gt.json").write_text(json.dumps(truth))
    (folder / "dt.json").write_text(json.dumps(detections))
    return folder


def test_the_command_prints_day_and_night_side_by_side(folder: Path) -> None:
    finished = run_mapgap("thresholds", "gt.json", "dt.json", "--by", "time_of_day", "-o", "out.json", cwd=folder)
    assert finished.returncode == 0, finished.stderr
    lines = [line.split() for line in finished.stdout.splitlines()]
    assert ["time_of_day", "day", "night", "all", "together"] in lines
    assert ["threshold", "0.8", "0.45", "own"] in lines
    assert ["holds", "no", "difference", "holds"] in lines
    assert finished.stdout.endswith("Written: out.json\n")
    again = run_mapgap("thresholds", "gt.json", "dt.json", "--by", "time_of_day", "--json", cwd=folder)
    assert again.stdout == (folder / "out.json").read_text()
    counted = run_mapgap(
        "slices", "gt.json", "dt.json", "--by", "time_of_day", "--thresholds", "out.json", "--json", cwd=folder
    )
    assert counted.returncode == 0, counted.stderr
    assert sum(row["fp"] for row in json.loads(counted.stdout)["slices"]) > 0


def test_the_command_refuses(folder: Path) -> None:
    told = complaint(run_mapgap("thresholds", "gt.json", "dt.json", "-o", "gt.json", cwd=folder), 3)
    assert told.startswith("gt.json: there is something else than a file of thresholds")
    told = complaint(run_mapgap("thresholds", "gt.json", "dt.json", "--rule", "recall=2", cwd=folder), 2)
    assert told.startswith("--rule: 'recall=2' is no rule for a score threshold")
    told = complaint(run_mapgap("slices", "gt.json", "dt.json", "--thresholds", "none.json", cwd=folder), 3)
    assert told.startswith("none.json: ")


def test_what_is_worse_on_the_other_half_is_called_so() -> None:
    """By day .8 finds everything on one half of the images and nothing on the other."""
    truth, detections = two_lights()
    first = in_first_half(np.arange(400))
    for detection in detections:
        if detection["score"] == 0.8 and not first[detection["image_id"]]:
            detection["score"] = 0.7
    record = proposed((truth, detections)).record
    day = next(row for row in record["slices"] if row["where"] == {"time_of_day": "day"})["judged_on"]
    assert (day["with_own"]["f1"], day["holds"]) == (0.0, False)
    assert day["gain_interval"][1] < 0
    lines = [line.split() for line in _lines(record)]
    assert ["worse", "no", "difference", "worse"] in lines
