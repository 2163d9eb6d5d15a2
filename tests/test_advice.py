"""Recommendations: each rule speaks where it has evidence and is silent where it has none."""

import ast
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

import mapgap
from mapgap.advice import ACTIONS, recommend
from mapgap.advice.built_in import BUILT_IN
from mapgap.advice.comparing import is_clearly_higher
from mapgap.advice.halves import Half
from mapgap.advice.loose_boxes import is_hidden
from mapgap.advice.more_data import HARD, MEASURED_VALUES
from mapgap.advice.overlaps import Overlaps, closest_neighbour, find_overlaps
from mapgap.advice.suppression import suppressed
from mapgap.advice.thresholds import best_threshold
from mapgap.attributes import as_where, build_attributes, parse_expression
from mapgap.cli.commands import mapgap as command_group
from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.demo import make_demo
from mapgap.halves import in_first_half
from mapgap.matching import match_detections
from mapgap.pixels.attributes import BINS
from mapgap.pixels.attributes import NAMES as PIXEL_NAMES
from mapgap.tables import Recommendation
from tests.command import mapgap as run_mapgap
from tests.generated import CocoPair, coco_pairs
from tests.naive.advice import (
    naive_best_threshold,
    naive_first_half,
    naive_iou,
    naive_is_clearly_higher,
    naive_suppression,
)
from tests.planted_advice import (
    World,
    alarms_in_harbour,
    beyond_the_limit,
    called_at_night,
    duplicated,
    faint_at_night,
    loose,
    missed_in,
    missed_small,
    mixed_up,
    suppressed_neighbours,
)

PAGE = Path(__file__).resolve().parents[1] / "docs" / "recommendations.md"
OTHERS = ("car", "bus", "truck", "bike", "cart")
NIGHTS = range(1, 400, 2)
EVERY_NIGHT = set(NIGHTS)
FIRST_HALF = {i for i in NIGHTS if naive_first_half(i)}
SECOND_HALF = EVERY_NIGHT - FIRST_HALF


def save_grey(path: Path, side: int, tone: int) -> None:
    Image.new("L", (side, side), tone).save(path)


def only(found: list[Recommendation | None]) -> Recommendation:
    """The advice that all hot spots of the cause get."""
    (advice,) = {one and one.action: one for one in found}.values()
    assert advice is not None
    return advice


def test_small_objects_that_are_missed_need_pixels() -> None:
    advice = only(missed_small(only_at_night=False).advice("missed"))
    assert advice.action == "input_resolution"
    assert advice.evidence == {
        "recall_by_size": {
            "small": {"objects": 120, "found": 0},
            "medium": {"objects": 120, "found": 120},
            "large": {"objects": 0, "found": 0},
        },
        "missed_here": 120,
        "nothing_proposed_here": 120,
        "share_nothing_proposed": 1.0,
        "share_small": 1.0,
        "median_side": 20.0,
        "rate_nothing_proposed_small": 1.0,
        "rate_nothing_proposed_larger": 0.0,
    }
    assert advice.text == (
        "Raise the input resolution, or cut the pictures into tiles: nothing was proposed for 100 % of 120 missed "
        "objects here, and half of those are no larger than 20 x 20 pixels. Recall is 0 % of 120 small objects and "
        "100 % of the larger ones."
    )
    assert advice.verify == 'mapgap slices GT DT --by size  # size == "small": recall, 0 % before'


def test_small_objects_that_are_found_by_day_do_not_need_pixels_at_night() -> None:
    advice = only(missed_small(only_at_night=True).advice("missed"))
    assert advice.action == "data_of_that_kind"
    assert advice.evidence["rate_nothing_proposed"] == 1
    assert advice.evidence["rate_nothing_proposed_elsewhere"] == 0


@pytest.mark.parametrize("name", ["brightness", "image_brightness"])
def test_dark_objects_that_are_missed_need_dark_pictures(name: str) -> None:
    advice = only(missed_in(name, "dark").advice("missed"))
    assert advice.action == "data_in_the_dark"
    assert advice.evidence == {
        "objects": 120,
        "images": 60,
        "nothing_proposed": 60,
        "rate_nothing_proposed": 0.5,
        "rate_nothing_proposed_elsewhere": 0.0,
        "recall": 0.5,
        "recall_interval": None,
        "images_to_halve_interval": 180,
    }


@pytest.mark.parametrize(("name", "value"), [("brightness", "bright"), ("light", "dark"), ("fog", "thick")])
def test_other_conditions_need_data_of_that_kind(name: str, value: str) -> None:
    assert missed_in(name, value).actions("missed") == {"data_of_that_kind"}


@pytest.mark.parametrize(
    ("name", "value", "is_collected"),
    [
        ("contrast", "low", True),
        ("image_noise", "high", True),
        ("brightness", "bright", True),
        ("brightness", "< 0.2", True),
        ("image_brightness", "normal", False),
        ("jpeg_quality", "high", False),
        ("sharpness", "high", False),
        ("image_noise", "low", False),
    ],
)
def test_nobody_collects_pictures_that_are_as_they_should_be(name: str, value: str, is_collected: bool) -> None:
    world = missed_in(name, value)
    results = world.analysis().results
    advised = {mode.recommendation and mode.recommendation.action for mode in recommend(results, frozenset([name]))}
    assert advised == ({"data_of_that_kind"} if is_collected else {None})
    assert world.actions("missed") == {"data_of_that_kind"}  # annotated by somebody, it means what they say


def test_what_every_analysis_has_is_known_by_name() -> None:
    ground_truth = read_ground_truth(
        {
            "images": [{"id": 1, "width": 9, "height": 9, "date_captured": "2013-11-21"}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5]}],
            "categories": [{"id": 1, "name": "c"}],
        }
    )
    attributes, _ = build_attributes(ground_truth, read_detections([], ground_truth))
    assert {attribute.name for attribute in attributes} == BUILT_IN
    assert {name.removeprefix("image_") for name in PIXEL_NAMES} == set(HARD)
    assert {name for bins in BINS.values() for name in bins.names} == set(MEASURED_VALUES)


def test_missed_objects_of_one_place_get_no_advice() -> None:
    world = World()
    for i in world.ids():
        world.found(i, [100, 100, 64, 64])
        world.object(i, [1500, 1500, 64, 64])
    assert world.actions("missed") == {None}


def test_loose_boxes_on_hidden_objects_need_box_loss() -> None:
    advice = only(loose("occlusion", (0.4,)).advice("localization"))
    assert advice.action == "box_loss"
    assert advice.evidence["loose_boxes"] == advice.evidence["smaller_than_object"] == 120
    assert advice.evidence["median_iou"] == advice.evidence["median_area_ratio"] == pytest.approx(0.4)
    larger = only(loose("occlusion", (2.5,)).advice("localization"))
    assert larger.evidence["larger_than_object"] == 120
    assert "larger than their object" in larger.text


@pytest.mark.parametrize(
    ("name", "shares"), [("occlusion", (0.4, 2.5)), ("colour", (0.4,)), ("occlusion", (0.4, 0.4, 2.5, 2.5, 2.5))]
)
def test_loose_boxes_without_a_direction_or_a_hidden_object_get_no_advice(name: str, shares: tuple[float, ...]) -> None:
    assert loose(name, shares).actions("localization") == {None}


@pytest.mark.parametrize(("kept", "action"), [(10, "box_loss"), (9, None)])
def test_a_handful_of_loose_boxes_shows_no_direction(kept: int, action: str | None) -> None:
    assert loose("occlusion", (0.4,), kept=kept).actions("localization", score_threshold=0.5) == {action}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"covered": "heavy"}, True),
        ({"covered": "free"}, False),
        ({"crowding": "1-2"}, True),
        ({"crowding": "none"}, False),
        ({"image_crowding": "many"}, False),
        ({"annotation.occlusion": 2}, True),
        ({"annotation.occlusion": 0}, False),
        ({"Truncated": True}, True),
        ({"Truncated": False}, False),
        ({"occlusion": "unoccluded"}, False),
        ({"occlusion": "not_occluded"}, False),
        ({"truncation": "unknown"}, False),
        ({"truncated": "< 0.2"}, False),
        ({"truncated": ">= 0.5"}, True),
        ({"occlusion": "partly occluded"}, True),
        ({"snow_cover": "thick"}, False),
    ],
)
def test_what_says_that_an_object_is_hidden(where: dict[str, Any], expected: bool) -> None:
    assert is_hidden(where) is expected


def test_neighbours_that_suppression_cannot_keep_need_another_suppression() -> None:
    advice = only(suppressed_neighbours(iou_of_kept=0.45).advice("localization"))
    assert advice.action == "softer_nms"
    assert advice.evidence["highest_iou_of_two_boxes"] == pytest.approx(0.45)
    assert advice.evidence["pairs_just_below"] == 120
    assert advice.evidence["objects"] == advice.evidence["objects_with_a_closer_neighbour"] == 80


@pytest.mark.parametrize("iou_of_kept", [0.9, 0.65])
def test_where_kept_boxes_overlap_as_much_suppression_is_not_blamed(iou_of_kept: float) -> None:
    assert "softer_nms" not in suppressed_neighbours(iou_of_kept=iou_of_kept).actions("localization")


def test_one_pair_of_classes_is_reviewed_and_counted_both_ways() -> None:
    world = mixed_up(("car",))
    for i in range(1, 20):
        world.object(i, [2000, 2000, 100, 100], "car")
        world.detection(i, [2000, 2000, 100, 100], "van")
    advice = next(one for one in world.advice("classification") if one and "van" in one.verify)
    assert advice.action == "review_labels"
    assert advice.evidence == {
        "classes": ["van", "car"],
        "mix_ups": 120,
        "mix_ups_of_pair": 120,
        "first_called_second": 120,
        "second_called_first": 19,
    }


def test_mix_ups_with_many_classes_are_no_pair_but_a_bias() -> None:
    advice = only(mixed_up(OTHERS).advice("classification"))
    assert advice.action == "class_bias"
    assert advice.evidence == {
        "class": "van",
        "direction": "away_from",
        "mix_ups": 120,
        "mix_ups_of_class": 120,
        "other_classes": 5,
    }


def test_a_class_that_gathers_errors_from_many_is_leaned_towards() -> None:
    advice = only(called_at_night(("e",)).advice("classification"))
    assert advice.action == "class_bias"
    assert advice.evidence["class"] == "e"
    assert advice.evidence["direction"] == "towards"
    assert advice.evidence["other_classes"] == 4


def test_mix_ups_of_all_with_all_get_no_advice() -> None:
    assert called_at_night(("a", "b", "c", "d")).actions("classification") == {None}


def test_a_frequent_class_gathers_errors_without_a_bias() -> None:
    world = called_at_night(("e",))
    for i in world.ids():
        for place in range(6):
            world.found(i, [100 + 150 * place, 800, 100, 100], "e")
    assert world.actions("classification") == {None}


def test_a_class_that_gathers_errors_mostly_from_one_has_no_bias() -> None:
    world = World(time=["day", "night"])
    for i in world.ids():
        wrong = {"a": "e", "b": "e" if i % 4 == 1 else "c", "c": "c", "d": "e" if i % 8 == 3 else "b"}
        for place, name in enumerate("abcd"):
            world.object(i, [100 + 150 * place, 500, 100, 100], name)
            called = wrong[name] if i % 2 else name
            world.detection(i, [100 + 150 * place, 500, 100, 100], called)
    for i in range(1, 8, 2):
        world.object(i, [100, 800, 100, 100], "f")
        world.detection(i, [100, 800, 100, 100], "e")
    assert world.actions("classification") == {None}


def test_duplicates_get_the_iou_that_removes_them() -> None:
    advice = only(duplicated(iou=0.8, pairs=0).advice("duplicate", score_threshold=0.2))
    assert advice.action == "nms_iou"
    assert advice.evidence["nms_iou"] == 0.75
    assert advice.evidence["duplicates"] == advice.evidence["duplicates_removed"] == 60
    assert advice.evidence["held_out_true_positives_lost"] == 0
    harbour_held_out = sum(not naive_first_half(i) for i in range(1, 121, 2))
    assert advice.evidence["held_out_false_positives_removed"] == harbour_held_out
    assert advice.evidence["held_out_images"] + advice.evidence["images_chosen_on"] == 120
    assert advice.evidence["median_iou_with_true_positive"] == pytest.approx(0.8)
    assert advice.evidence["duplicates_above_iou"][".75"] == 60
    assert advice.evidence["duplicates_above_iou"][".85"] == 0
    held_out = 120 - advice.evidence["images_chosen_on"]
    kept, objects = 2 * held_out + harbour_held_out, 2 * held_out
    assert advice.evidence["held_out_f1_now"] == pytest.approx(2 * objects / (kept + objects))
    assert advice.evidence["held_out_f1"] == 1
    assert advice.text == (
        "Set the IoU of non-maximum suppression to .75: that would remove 60 of these 60 duplicates. Chosen on one "
        f"half of the images, it removes {harbour_held_out} false positives in the other half and costs 0 of "
        f"{2 * held_out} true positives (objects close to another one)."
    )


@pytest.mark.parametrize(("iou", "of_pairs"), [(0.6, 0.7), (1.0, 0.97)])
def test_duplicates_farther_apart_than_objects_get_no_advice(iou: float, of_pairs: float) -> None:
    world = duplicated(iou=iou, pairs=3, of_pairs=of_pairs)
    assert world.actions("duplicate", score_threshold=0.2) == {None}


def test_the_price_of_suppression_in_true_positives_is_told() -> None:
    world = duplicated(iou=0.6, pairs=0)
    for i in range(1, 8):
        world.found(i, [500, 500, 100, 100])
        world.found(i, [500 + 100 * 3 / 17, 500, 100, 100], score=0.85)
    advice = only(world.advice("duplicate", score_threshold=0.2))
    lost = sum(not naive_first_half(i) for i in range(1, 8))
    assert (advice.evidence["nms_iou"], advice.evidence["held_out_true_positives_lost"]) == (0.55, lost)


@pytest.mark.parametrize(("duplicates_in", "close_in"), [(FIRST_HALF, SECOND_HALF), (SECOND_HALF, FIRST_HALF)])
def test_suppression_that_helps_in_one_half_only_is_not_advised(duplicates_in: set[int], close_in: set[int]) -> None:
    """Over both halves together it would raise F1: with the halves mixed there would be advice."""
    world = World(400, scene=["street", "harbour"])
    close = sorted(close_in)[:25]
    for i in world.ids():
        world.found(i, [100, 100, 100, 100])
        world.found(i, [400, 100, 100, 100], score=0.5)
        if i in duplicates_in:
            world.detection(i, [100 + 100 / 9, 100, 100, 100], score=0.8)
        if i in close:
            world.found(i, [500, 500, 100, 100])
            world.found(i, [500 + 100 / 9, 500, 100, 100], score=0.85)
    right, objects = len(world.detections) - len(duplicates_in), len(world.annotations)
    assert 2 * (right - 25) / (right - 25 + objects) > 2 * right / (right + len(duplicates_in) + objects)
    assert world.actions("duplicate", score_threshold=0.2) == {None}


def test_unsure_boxes_on_nothing_are_hard_negatives_and_sure_ones_missing_labels() -> None:
    unsure = only(alarms_in_harbour(0.4).advice("background", score_threshold=0.2))
    sure = only(alarms_in_harbour(0.95).advice("background", score_threshold=0.2))
    assert (unsure.action, unsure.evidence["as_sure_as_right"]) == ("hard_negatives", 0)
    assert (sure.action, sure.evidence["as_sure_as_right"]) == ("missing_labels", 60)
    assert unsure.evidence["boxes"] == sure.evidence["boxes"] == 60


def test_a_threshold_for_a_slice_is_advised_with_the_gain_on_held_out_images() -> None:
    advice = only(faint_at_night(EVERY_NIGHT).advice("below_threshold"))
    assert advice.action == "threshold_for_slice"
    evidence = advice.evidence
    assert (evidence["score_threshold"], evidence["score_threshold_now"]) == (0.3, 0.9)
    assert evidence["held_out_images"] == sum(not naive_first_half(i) for i in range(1, 401))
    assert evidence["images_chosen_on"] + evidence["held_out_images"] == 400
    assert evidence["held_out_detections_added"] == evidence["held_out_right_among_added"] == 3 * len(SECOND_HALF)
    assert evidence["held_out_objects"] == 6 * len(SECOND_HALF)
    assert evidence["held_out_found_now"] == 3 * len(SECOND_HALF)
    assert evidence["held_out_found"] == 6 * len(SECOND_HALF)
    assert evidence["held_out_precision"] == evidence["held_out_precision_now"] == 1
    assert evidence["held_out_f1"] > evidence["held_out_f1_now"]
    assert advice.verify.startswith("mapgap slices GT DT --score-threshold 0.3 --by time  # time ==")


@pytest.mark.parametrize("right_in", [FIRST_HALF, SECOND_HALF], ids=["not confirmed", "not chosen"])
def test_a_threshold_that_helps_in_one_half_only_is_not_advised(right_in: set[int]) -> None:
    """Over both halves together it would raise F1: with the halves mixed there would be advice."""
    world = faint_at_night(right_in)
    point = world.analysis(score_threshold=0.5).results.operating_point
    right, kept, objects = int(point.true_positive.sum()), int(point.kept.sum()), len(world.annotations)
    faint = sum(row["score"] == 0.3 and row["image_id"] % 2 == 1 for row in world.detections)
    more = 3 * len(right_in)
    assert 2 * (right + more) / (kept + faint + objects) > 2 * right / (kept + objects)
    assert world.actions("below_threshold", score_threshold=0.5) == {None}


@pytest.mark.parametrize("of", ["object", "number"])
def test_no_threshold_for_what_a_detector_cannot_know(of: str) -> None:
    assert faint_at_night(EVERY_NIGHT, of=of).actions("below_threshold") == {None}


def test_the_limit_of_detections_is_to_be_raised_where_it_hides_objects() -> None:
    world = beyond_the_limit(120)
    advice = only(world.advice("max_detections"))
    assert advice.action == "raise_detection_limit"
    assert advice.evidence == {
        "max_detections": 100,
        "objects": 40,
        "images": 40,
        "detections_of_fullest_image_and_class": 122,
    }
    analysis = world.analysis()
    limits = re.search(r"max_detections=\(([\d, ]+)\)", advice.verify)
    assert limits
    evaluation = mapgap.evaluate(
        analysis.results.ground_truth,
        analysis.results.detections,
        max_detections=[int(limit) for limit in limits[1].split(",")],
    )
    assert evaluation.metrics["AP"] > analysis.metrics["AP"]


def test_below_the_limit_nothing_is_said_of_it() -> None:
    modes = beyond_the_limit(90).analysis().results.failure_modes
    assert not [mode for mode in modes if mode.cause == "max_detections"]


def test_too_few_errors_get_no_advice() -> None:
    world = World(12, brightness=["bright", "dark"])
    for i in world.ids():
        (world.found if i % 2 == 0 else world.object)(i, [100, 100, 64, 64])
    (mode,) = world.analysis().results.failure_modes
    assert mode.flags == ("too_few",)
    assert mode.recommendation is None


def every_planted_advice() -> list[Recommendation]:
    worlds = [
        (missed_small(only_at_night=False), "missed", {}),
        (missed_small(only_at_night=True), "missed", {}),
        (missed_in("brightness", "dark"), "missed", {}),
        (loose("occlusion", (0.4,)), "localization", {}),
        (suppressed_neighbours(iou_of_kept=0.45), "localization", {}),
        (mixed_up(("car",)), "classification", {}),
        (mixed_up(OTHERS), "classification", {}),
        (duplicated(iou=0.8, pairs=0), "duplicate", {"score_threshold": 0.2}),
        (alarms_in_harbour(0.4), "background", {"score_threshold": 0.2}),
        (alarms_in_harbour(0.95), "background", {"score_threshold": 0.2}),
        (faint_at_night(EVERY_NIGHT), "below_threshold", {}),
        (beyond_the_limit(120), "max_detections", {}),
    ]
    return [one for world, cause, options in worlds for one in world.advice(cause, **options) if one]


def test_every_action_is_planted_documented_and_shown() -> None:
    found = every_planted_advice()
    assert {advice.action for advice in found} == set(ACTIONS)
    sections = re.findall(r"^### `(\w+)`$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sections == list(ACTIONS)  # the page says that rules are asked in its order
    for advice in found:
        assert json.loads(json.dumps(advice.evidence, allow_nan=False)) == dict(advice.evidence)
        assert len(re.findall(r"[.!?](?: |$)", advice.text)) <= 3
        assert shlex.split(advice.verify, comments=True)[0] in ("mapgap", "python")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("brightness", "dark"),
        ("light level", "very dark"),
        ("it's", 'a "quoted" one'),
        ("and", "or"),
        ("$HOME", "`ls`; #\n"),
        ("a,b", "1"),
        ("Ünïcode", "夜"),
    ],
)
def test_the_command_to_verify_can_be_pasted(name: str, value: str) -> None:
    advice = only(missed_in(name, value).advice("missed"))
    command, *arguments = shlex.split(advice.verify, comments=True)
    assert command == "mapgap"
    assert arguments[1:3] == ["GT", "DT"]
    context = command_group.commands[arguments[0]].make_context(arguments[0], arguments[1:])
    if arguments[0] == "slices":
        assert context.params["by"] == [[name]]
        assert as_where(parse_expression(advice.verify.split("  # ")[1].split(": recall")[0])) == {name: value}
    else:
        assert as_where(parse_expression(context.params["where"])) == {name: value}


def test_options_that_decide_what_counts_are_repeated() -> None:
    world = missed_in("light", "dark")
    advice = only(world.advice("missed", score_threshold="precision=.5", iou_threshold=0.6))
    assert advice.verify.startswith(
        "mapgap slices GT DT --score-threshold precision=.5 --iou-threshold 0.6 --by light  # light == "
    )


@pytest.mark.parametrize("lowest", [0.3, 0.0999, 30.0])
def test_a_run_without_low_scores_cannot_tell_what_was_not_proposed(lowest: float) -> None:
    for world in (missed_small(only_at_night=False), missed_in("light", "dark")):
        world.detections[-1]["score"] = lowest
        advice = only(world.advice("missed"))
        caveat = " The run holds no score below .3: what it had below that is not known, so write it out first."
        assert advice.text.endswith(caveat) == (lowest == 0.3)
        assert advice.evidence.get("lowest_score") == (0.3 if lowest == 0.3 else None)


def test_the_command_asks_for_the_files_that_attributes_come_from(tmp_path: Path) -> None:
    """Paths are never written down, so words stand for them, as GT and DT do."""
    world = missed_in("light", "dark")
    table = tmp_path / "weather.csv"
    rows = [f"{image['id']},{image.pop('light')}" for image in world.images]
    table.write_text("\n".join(["image_id,light", *rows]))
    joined = only(world.advice("missed", attributes=table))
    assert joined.verify.startswith("mapgap slices GT DT --attributes ATTRIBUTES --by light  # ")
    small = only(missed_small(only_at_night=False).advice("missed", attributes=table))
    assert small.verify.startswith("mapgap slices GT DT --by size  # ")
    for image in world.images:
        image["width"], image["height"] = 960, 960
        save_grey(tmp_path / image["file_name"], 960, tone=40 if image["id"] % 2 else 150)
    dark = only(world.advice("missed", images=tmp_path))
    assert dark.verify.startswith("mapgap slices GT DT --images IMAGES --by ")
    assert "brightness" in dark.verify.split(" --by ")[1]


def test_masks_stay_masks_in_every_command() -> None:
    world = beyond_the_limit(120)
    for record in (*world.annotations, *world.detections):
        x, y, width, height = record["bbox"]
        record["segmentation"] = [[x, y, x + width, y, x + width, y + height, x, y + height]]
    for image in world.images:
        image["width"] = image["height"] = 1000
    advice = only(world.advice("max_detections", iou_type="segm"))
    assert 'mapgap.evaluate("GT", "DT", iou_type="segm", max_detections=' in advice.verify


def test_bins_are_repeated() -> None:
    world = missed_small(only_at_night=False)
    small = only(world.advice("missed", bins={"size": [0, 500, 5000]}))
    assert " --bins size=0.0,500.0,5000.0 --by size  # " in small.verify


def test_the_commands_run(tmp_path: Path) -> None:
    world = missed_in("light level", "dark")
    analysis = world.analysis()
    (tmp_path / "GT").write_text(json.dumps(world.ground_truth))
    (tmp_path / "DT").write_text(json.dumps(world.detections))
    (mode,) = (mode for mode in analysis.results.failure_modes if mode.cause == "missed")
    assert mode.recommendation
    done = run_mapgap(*shlex.split(mode.recommendation.verify, comments=True)[1:], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert '"light level" == "dark"' in done.stdout


def test_every_command_of_the_demos_report_runs_as_printed(tmp_path: Path) -> None:
    demo = make_demo(0)
    (tmp_path / "GT").write_text(json.dumps(demo.ground_truth))
    (tmp_path / "DT").write_text(json.dumps(demo.detections))
    folder = mapgap.analyze(tmp_path / "GT", tmp_path / "DT").report(tmp_path / "report")
    summary = json.loads((folder / "summary.json").read_text())
    advised = [mode for mode in summary["failure_modes"] if mode["recommendation"]]
    assert len(advised) >= 5
    for mode in advised:
        verify = mode["recommendation"]["verify"]
        done = run_in_shell(verify, tmp_path)
        assert done.returncode == 0, done.stderr
        slice_named, looked_at = verify.split("  # ")[1].split(": ", 1)
        (row,) = (line for line in done.stdout.splitlines() if line.startswith(f"{slice_named}  "))
        if "before" in looked_at:
            before = float(looked_at.removeprefix("recall, ").split(" %")[0])
            assert float(row.split()[-5]) == pytest.approx(before / 100, abs=0.005)


def test_the_command_of_the_limit_runs_as_printed(tmp_path: Path) -> None:
    world = beyond_the_limit(120)
    (tmp_path / "GT").write_text(json.dumps(world.ground_truth))
    (tmp_path / "DT").write_text(json.dumps(world.detections))
    done = run_in_shell(only(world.advice("max_detections")).verify, tmp_path)
    assert done.returncode == 0, done.stderr
    assert ast.literal_eval(done.stdout)["AP"] > (world.analysis().metrics["AP"] or 0)


def run_in_shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A line as somebody pastes it, with the comment behind it; `mapgap` and `python` are those under test."""
    python = shlex.quote(sys.executable)
    script = f'mapgap() {{ {python} -m mapgap "$@"; }}\npython() {{ {python} "$@"; }}\n{command}\n'
    return subprocess.run(["sh", "-c", script], cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_the_demo_gets_sensible_advice() -> None:
    demo = make_demo(0)
    modes = mapgap.analyze(demo.ground_truth, demo.detections).results.failure_modes
    given_for = {
        (weakness.cause, *sorted(weakness.where.items())): mode.recommendation
        for weakness in demo.weaknesses
        for mode in modes
        if mode.cause == weakness.cause and dict(mode.where) == dict(weakness.where)
    }
    assert [advice and advice.action for advice in given_for.values()] == [
        "data_of_that_kind",
        "box_loss",
        "review_labels",
        "nms_iou",
        "hard_negatives",
    ]


def test_advice_is_in_every_file_of_the_report(tmp_path: Path) -> None:
    analysis = missed_in("it's <b> `x`", "dark").analysis()
    (mode,) = analysis.summary["failure_modes"]
    advice = mode["recommendation"]
    assert list(advice) == ["action", "text", "evidence", "verify"]
    folder = analysis.report(tmp_path / "report")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "What to do" in page
    assert "<b> `x`" not in page
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    assert "\n    * To do: Train on more pictures of this kind" in markdown
    assert f"\n    * Then: `` {advice['verify']} ``" in markdown
    assert advice["text"] in (folder / "failure_modes.csv").read_text(encoding="utf-8")
    assert json.loads((folder / "summary.json").read_text())["failure_modes"][0]["recommendation"] == advice


boxes = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 6), st.integers(1, 6)), max_size=12)


@given(boxes, st.data())
def test_suppression_agrees_with_its_twin(found: list[tuple[int, ...]], data: st.DataObject) -> None:
    scores = [data.draw(st.sampled_from([0.2, 0.5, 0.9])) for _ in found]
    iou = data.draw(st.sampled_from([0.3, 0.5, 0.75]))
    ground_truth = read_ground_truth(
        {"images": [{"id": 1, "width": 20, "height": 20}], "annotations": [], "categories": [{"id": 1, "name": "c"}]}
    )
    rows = [
        {"image_id": 1, "category_id": 1, "bbox": list(map(float, box)), "score": score}
        for box, score in zip(found, scores, strict=True)
    ]
    detections = read_detections(rows, ground_truth)
    matches, _ = match_detections(ground_truth, detections)
    overlaps = find_overlaps(detections, matches.order, 1)
    removed = suppressed(overlaps, len(rows), iou)
    assert set(np.flatnonzero(removed).tolist()) == naive_suppression(found, scores, iou)


def test_a_suppressed_box_suppresses_nobody() -> None:
    chain = Overlaps(np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([0.6, 0.6, 0.6]))
    assert suppressed(chain, 4, 0.5).tolist() == [False, True, False, True]
    assert suppressed(chain, 4, 0.6).tolist() == [False] * 4


@given(coco_pairs())
def test_the_closest_neighbour_agrees_with_its_twin(pair: CocoPair) -> None:
    ground_truth = read_ground_truth(pair.ground_truth)
    annotations = pair.ground_truth["annotations"]
    for row, closest in enumerate(closest_neighbour(ground_truth).tolist()):
        own = annotations[row]
        others = [
            naive_iou(own["bbox"], other["bbox"])
            for other in annotations
            if other is not own
            and not other["iscrowd"]
            and (other["image_id"], other["category_id"]) == (own["image_id"], own["category_id"])
        ]
        expected = max(others, default=0.0)
        assert closest == pytest.approx(0.0 if own["iscrowd"] or expected < 0.3 else expected)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_halves_agree_with_their_twin_and_do_not_depend_on_one_another(ids: list[int]) -> None:
    assert in_first_half(np.array(ids, dtype=np.int64)).tolist() == [naive_first_half(i) for i in ids]


def test_halves_are_halves() -> None:
    for ids in (np.arange(1, 10_001), np.arange(0, 20_000, 2), np.arange(10_000) * 1_000):
        assert 0.48 < in_first_half(ids.astype(np.int64)).mean() < 0.52


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["part", "rest", ""]), st.integers(0, 4)), max_size=40))
def test_comparing_agrees_with_its_twin(rows: list[tuple[bool, str, int]]) -> None:
    is_error, side, image = (np.array([row[i] for row in rows]) for i in range(3))
    part, rest = side == "part", side == "rest"
    expected = naive_is_clearly_higher(rows)
    assert is_clearly_higher(is_error.astype(bool), part, rest, image.astype(np.int32)) == expected


def test_a_sure_but_small_difference_is_not_clearly_higher() -> None:
    image = np.arange(20_000, dtype=np.int32)
    part = image < 10_000
    for part_errors, expected in ((2_400, False), (2_500, True)):
        is_error = np.where(part, image < part_errors, image < 12_000)
        assert is_clearly_higher(is_error, part, ~part, image) is expected


def test_chance_alone_is_rarely_called_higher() -> None:
    chance = np.random.default_rng(0)
    called = 0
    for _ in range(300):
        image = np.repeat(np.arange(60), 10).astype(np.int32)
        # Objects of one image are alike: a bad image is bad for all of them.
        is_error = chance.random(600) < np.repeat(chance.choice([0.02, 0.6], 60), 10)
        part = np.repeat(chance.random(60) < 0.3, 10)
        called += is_clearly_higher(is_error, part, ~part, image)
    assert called <= 300 * 0.09


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.8]), st.booleans(), st.booleans()), max_size=25),
    st.integers(0, 20),
)
def test_the_best_threshold_agrees_with_its_twin(rows: list[tuple[float, bool, bool]], more: int) -> None:
    objects = sum(right for _, right, _ in rows) + more
    assume(objects)
    score, right, inside = (np.array([row[i] for row in rows]) for i in range(3))
    half = Half(
        images=np.ones(1, bool),
        objects=objects,
        detection=np.arange(len(rows)),
        score=score.astype(float),
        right=right.astype(bool),
        image=np.zeros(len(rows), dtype=np.int32),
    )
    assert best_threshold(half, inside.astype(bool), 0.5) == naive_best_threshold(rows, objects, 0.5)


@given(coco_pairs())
def test_any_data_can_be_advised_on(pair: CocoPair) -> None:
    for mode in mapgap.analyze(pair.ground_truth, pair.detections).results.failure_modes:
        assert mode.recommendation is None  # too few errors
