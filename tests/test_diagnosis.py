"""The diagnosis: mistakes are named with their evidence, honest weak detectors are not accused."""

import importlib
import math
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap.analysis.diagnosing import diagnose_reading, match_boxes
from mapgap.coco.detections import read_raw_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.doctor.box_candidates import box_formats
from mapgap.doctor.chance import Chance
from mapgap.doctor.diagnosis import Diagnosis, diagnose_ground_truth
from mapgap.doctor.id_candidates import category_maps, image_maps
from mapgap.doctor.sample import distinct, take_sample
from mapgap.readings import Reading
from mapgap.readings.boxes import BoxFormat
from mapgap.readings.raw import RawDetections
from mapgap.tables import Categories
from tests.test_readings import images, objects

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
MISTAKES = 28


@pytest.fixture
def scenes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("doctor_scenes")


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("doctor_alarms")


def codes(diagnosis: Diagnosis) -> set[str]:
    return {finding.code for finding in diagnosis.findings}


@pytest.mark.parametrize("number", range(MISTAKES))
def test_a_mistake_is_named(study: ModuleType, scenes: ModuleType, number: int) -> None:
    assert len(scenes.MISTAKES) == MISTAKES
    mistake = scenes.MISTAKES[number]
    detector = scenes.Detector(recall=(0.3, 0.6, 0.9)[number % 3])
    scene = scenes.draw_scene(study.world_of(mistake, scenes.World(images=40)), detector, number)
    assert study.is_named(mistake, scene)


@pytest.mark.parametrize("world", ["five objects", "one image", "two classes, one rules", "crowds", "COCO's classes"])
@pytest.mark.parametrize(
    ("detector", "recall"),
    [("usual", 0.1), ("half as large", 0.9), ("shifted by a third", 0.5), ("one class for all", 0.5)],
)
def test_an_honest_detector_is_not_accused(study: ModuleType, world: str, detector: str, recall: float) -> None:
    assert study.alarm(world, detector, recall, 0) == []


def test_evidence_and_options_are_told(scenes: ModuleType) -> None:
    scene = scenes.draw_scene(scenes.World(), scenes.Detector(false_alarms=0, confusion=0, looseness=0), 1)
    corners = np.hstack([scene.raw.box[:, :2], scene.raw.box[:, :2] + scene.raw.box[:, 2:]])
    diagnosis = diagnose_reading(scene.ground_truth, replace(scene.raw, box=corners))
    (finding,) = diagnosis.findings
    count = len(scene.raw.score)
    assert diagnosis.matched == count
    assert finding.message == (
        f"the boxes look like xyxy: read that way {count} of {count} detections looked at match an object at IoU .5 "
        f"instead of {diagnosis.matched_as_read}"
    )
    assert (finding.code, finding.command, finding.file) == ("other_box_format", "--box-format xyxy", "dt.json")
    assert (finding.severity, diagnosis.reading) == ("warning", Reading(box_format="xyxy"))


def test_one_finding_for_each_of_two_mistakes_with_the_options_for_both(scenes: ModuleType) -> None:
    mistake = next(one for one in scenes.MISTAKES if one.name == "image ids + 1 and xyxy")
    scene = mistake.write(scenes.draw_scene(scenes.World(), scenes.Detector(), 2))
    found = diagnose_reading(scene.ground_truth, scene.raw).findings
    assert [one.code for one in found] == ["other_box_format", "other_image_ids"]
    assert {one.command for one in found} == {"--box-format xyxy --image-map -1"}
    assert all("read with --box-format xyxy --image-map -1" in one.message for one in found)


def test_what_nothing_explains_is_said(scenes: ModuleType) -> None:
    scene = scenes.draw_scene(scenes.World(), scenes.Detector(recall=0), 0)
    far = replace(scene.raw, box=scene.raw.box + np.array([5000, 5000, 0, 0]))
    diagnosis = diagnose_reading(scene.ground_truth, far)
    assert codes(diagnosis) == {"few_matches"}
    (finding,) = diagnosis.findings
    assert finding.command is None
    assert finding.message.startswith(f"0 of {len(far.score)} detections looked at match an object at IoU .5, and none")


def test_what_was_asked_for_is_not_named_again(scenes: ModuleType) -> None:
    scene = scenes.draw_scene(scenes.World(), scenes.Detector(), 3)
    corners = np.hstack([scene.raw.box[:, :2], scene.raw.box[:, :2] + scene.raw.box[:, 2:]])
    raw = replace(scene.raw, box=corners)
    asked = Reading(box_format="xyxy")
    assert codes(diagnose_reading(scene.ground_truth, raw, asked)) == set()
    wrongly_asked = diagnose_reading(scene.ground_truth, scene.raw, asked)
    assert codes(wrongly_asked) == {"other_box_format"}
    assert wrongly_asked.reading == Reading()


@pytest.mark.parametrize("rows", [0, 1])
def test_next_to_nothing_says_nothing(scenes: ModuleType, rows: int) -> None:
    scene = scenes.draw_scene(scenes.World(images=2), scenes.Detector(), 0)
    raw = scene.raw
    few = RawDetections("dt.json", raw.image_id[:rows], raw.category_id[:rows], raw.box[:rows] + 9999, raw.score[:rows])
    assert codes(diagnose_reading(scene.ground_truth, few)) <= {"few_matches"}


def test_ids_that_nobody_knows_and_numbers_that_are_none_do_no_harm(scenes: ModuleType) -> None:
    scene = scenes.draw_scene(scenes.World(images=20), scenes.Detector(), 0)
    unknown = replace(scene.raw, image_id=objects([2**70] * len(scene.raw.score)))
    assert codes(diagnose_reading(scene.ground_truth, unknown)) == {"few_matches"}
    broken = replace(scene.raw, box=scene.raw.box * np.nan)
    assert codes(diagnose_reading(scene.ground_truth, broken)) == set()


def test_equal_boxes_and_squares_are_no_evidence(scenes: ModuleType) -> None:
    scene = scenes.draw_scene(scenes.World(alike=True), scenes.Detector(recall=0.3), 0)
    raw = scene.raw
    equal = replace(raw, box=np.tile([10.0, 10.0, 50.0, 50.0], (len(raw.score), 1)))
    assert codes(diagnose_reading(scene.ground_truth, equal)) <= {"few_matches"}
    truth = scene.ground_truth
    square = np.column_stack([truth.box[:, 0], truth.box[:, 0], truth.box[:, 2], truth.box[:, 2]])
    same = RawDetections(
        "dt.json",
        objects(truth.images.ids[truth.image].tolist()),
        objects(truth.categories.ids[truth.category].tolist()),
        square,
        np.linspace(0, 1, len(square)),
    )
    assert codes(diagnose_reading(replace(truth, box=square), same)) == set()


def test_the_same_input_gives_the_same_findings(scenes: ModuleType) -> None:
    scene = scenes.draw_scene(scenes.World(), scenes.Detector(recall=0.05), 4)
    first, second = (diagnose_reading(scene.ground_truth, scene.raw) for _ in range(2))
    assert [one.message for one in first.findings] == [one.message for one in second.findings]


def test_corners_of_a_ground_truth_are_found_without_detections(scenes: ModuleType) -> None:
    truth = scenes.draw_scene(scenes.World(), scenes.Detector(), 5).ground_truth
    assert diagnose_ground_truth(truth) == ()
    corners = np.hstack([truth.box[:, :2], truth.box[:, :2] + truth.box[:, 2:]])
    (by_sides,) = diagnose_ground_truth(replace(truth, box=corners, area=corners[:, 2] * corners[:, 3]))
    assert by_sides.command == "--ground-truth-box-format xyxy"
    assert "end outside of their image" in by_sides.message
    unknown = np.full(len(truth.images.ids), np.nan)
    no_sizes = replace(truth, images=replace(truth.images, width=unknown, height=unknown), box=corners)
    (by_areas,) = diagnose_ground_truth(no_sizes)
    count = len(corners)
    assert f"as xyxy {count} of {count} have the area that the file gives them" in by_areas.message


def test_matches_are_one_to_one_and_by_class(scenes: ModuleType) -> None:
    truth = scenes.draw_scene(scenes.World(images=3), scenes.Detector(), 6).ground_truth
    rows = np.repeat(np.arange(len(truth.ids)), 2)
    found = match_boxes(truth, truth.image[rows], truth.category[rows], truth.box[rows], np.ones(len(rows)))
    assert sorted(found[found[:, 0] >= 0, 0].tolist()) == list(range(len(truth.ids)))


def test_candidates_are_those_that_mean_something_else() -> None:
    known = images(["000007.jpg", "000009.jpg", "000011.jpg"], [1, 2, 3])
    assert image_maps(objects([0, 1, 2]), known) == ["+1", "-1"]
    assert image_maps(objects([7, 9]), known) == ["-6", "stem"]
    assert image_maps(objects(["000007.jpg"]), known) == ["file-name"]
    assert image_maps(objects(["000007"]), known) == ["stem"]
    classes = Categories(np.array([1, 2, 3]), ("cat", "dog", "cow"))
    assert category_maps(objects(["Dog"]), classes) == ["by-name"]
    assert category_maps(objects([1, 2, 3]), classes)[:2] == ["+1", "-1"]


def test_sizes_of_inputs_are_those_that_hold_the_boxes() -> None:
    reaching = np.array([[0.0, 0, 630, 470]] * 9)
    found = box_formats(reaching)
    assert BoxFormat("xywh", "resized", (640, 480)) in found
    assert BoxFormat("xywh", "letterboxed", (640, 640)) in found
    assert BoxFormat("xywh", "resized", (416, 416)) not in found
    assert all(one.coordinates != "normalized" for one in found)
    unit = box_formats(reaching / 640)
    assert BoxFormat("cxcywh", "normalized") in unit
    assert all(one.coordinates != "resized" for one in unit)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=30), st.integers(1, 5), st.integers(1, 9))
def test_a_sample_has_the_best_of_each_image(rows: list[tuple[int, int]], most: int, most_detections: int) -> None:
    raw = RawDetections(
        "dt.json",
        objects([image for image, _ in rows]),
        objects([0] * len(rows)),
        np.arange(4.0 * len(rows)).reshape(-1, 4),
        np.array([float(score) for _, score in rows]),
    )
    sample = take_sample(raw, images=most, detections=most_detections)
    drawn = {sample.image_ids[place] for place in sample.image.tolist()}
    assert len(sample.image_ids) == min(most, len({image for image, _ in rows}))
    limit = max(1, most_detections // max(1, len(sample.image_ids)))
    expected = []
    for image in drawn:
        ranked = sorted((-score, row) for row, (other, score) in enumerate(rows) if other == image)
        expected += [row for _, row in ranked[:limit]]
    assert (sample.box[:, 0] / 4).tolist() == sorted(expected)


SIDE = st.one_of(st.integers(-3, 60).map(float), st.sampled_from([0.25, 1e6, 1e300, -1e300, 5e-324, 1.7e308]))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), SIDE, SIDE, SIDE, SIDE), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 2), SIDE, SIDE), max_size=6),
)
def test_no_numbers_are_too_odd_for_it(rows: list[tuple[float, ...]], truth: list[tuple[float, ...]]) -> None:
    table = read_ground_truth(
        {
            "images": [{"id": one, "width": 60, "height": 40, "file_name": f"{one}.jpg"} for one in range(3)],
            "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
            "annotations": [
                {"id": number, "image_id": image, "category_id": 1, "bbox": [x, y, 9, 9], "area": 81, "iscrowd": 0}
                for number, (image, x, y) in enumerate(truth, 1)
            ],
        }
    )
    columns = list(zip(*rows, strict=True))
    raw = RawDetections(
        "dt.json", objects(columns[0]), objects(columns[1]), np.array(columns[2:]).T, np.ones(len(rows))
    )
    assert len(codes(diagnose_reading(table, raw))) <= 3


def test_a_number_and_its_text_are_two_ids() -> None:
    ids, place = distinct(objects([1, "1", 1]))
    assert ids.tolist() == [1, "1"]
    assert place.tolist() == [0, 1, 0]


@given(st.floats(0.1, 30), st.integers(0, 60), st.floats(1e-9, 0.9))
def test_chance_is_beaten_where_a_poisson_tail_is_small(mean: float, matched: int, level: float) -> None:
    below = math.fsum(mean**k * math.exp(-mean) / math.factorial(k) for k in range(matched))
    tail = 1 - below
    if abs(tail - level) > 1e-7:
        assert Chance(mean, 1.0).is_beaten_by(matched, level) == (tail <= level)


@pytest.mark.parametrize(
    ("truth", "detections"),
    [
        ("coco_val2017/instances_val2017_rebuilt.json", "coco_val2017/yolov2_416_results.json"),
        ("kaist/gt.json", "kaist/detections/MBNet.json"),
        ("coco_val2017_yolact100/gt.json", "coco_val2017_yolact100/detections/yolact_base.json"),
        ("cocoapi_fake100/gt.json", "cocoapi_fake100/bbox.json"),
    ],
)
def test_real_detectors_are_not_accused(real_data: Path, truth: str, detections: str) -> None:
    assert codes(diagnose_real(real_data / truth, real_data / detections)) == set()


def test_the_real_mistake_is_named(real_data: Path) -> None:
    folder = real_data / "coco_val2017"
    found = diagnose_real(folder / "instances_val2017_rebuilt.json", folder / "yolov2_416_results_yxyx.json")
    assert [one.command for one in found.findings] == ["--box-format yxyx"]
    assert found.matched > 10 * found.matched_as_read


def diagnose_real(truth: Path, detections: Path) -> Diagnosis:
    return diagnose_reading(read_ground_truth(truth), read_raw_detections(detections, reading=Reading()))
