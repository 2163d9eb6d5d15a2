"""Inputs that can be read, and mislead: each is evaluated, with a warning."""

from collections.abc import Iterator
from typing import Any

from tests.bad_inputs.pair import Pair, json_bytes, results_with, sound_pair, truth_with, warned


def misleading_data() -> Iterator[Pair]:
    """Boxes, areas, ids, scores and numbers of records that are odd."""
    yield from _boxes_and_areas()
    yield from _identifiers()
    yield from _scores()
    yield from _counts()


def _boxes_and_areas() -> Iterator[Pair]:
    truth, _ = sound_pair()
    flat = {"no_width": [50, 40, 0, 30], "no_height": [50, 40, 20, 0], "negative": [70, 70, -20, -30]}
    for name, box in flat.items():
        gt = truth_with("annotations", 1, bbox=box, area=0)
        yield warned(f"annotation_box_{name}", "box_without_size", "gt.json", "annotations[1]", "id 2", gt=gt)
        dt = results_with(3, bbox=box)
        yield warned(f"detection_box_{name}", "box_without_size", "dt.json", "detections[3]", dt=dt)
    far = [500, 500, 30, 20]
    gt = truth_with("annotations", 1, bbox=far, area=600)
    yield warned("annotation_box_far_outside", "box_outside_image", "annotations[1]", gt=gt)
    gt = truth_with("annotations", 1, bbox=[90, 40, 20, 30])
    yield warned("annotation_box_reaches_beyond", "box_outside_image", "[90, 40, 20, 30]", gt=gt)
    yield warned("detection_box_far_outside", "box_outside_image", "detections[3]", dt=results_with(3, bbox=far))
    yield warned(
        "area_larger_than_box",
        "area_inconsistent",
        "annotations[1]",
        "6000",
        gt=truth_with("annotations", 1, area=6000),
    )
    yield warned("area_zero", "area_inconsistent", "annotations[1]", gt=truth_with("annotations", 1, area=0))
    yield warned(
        "area_negative",
        ("area_out_of_range", "area_inconsistent"),
        "annotations[1]",
        gt=truth_with("annotations", 1, area=-5),
    )
    yield warned("area_null", "area_missing", "annotations[1]", gt=truth_with("annotations", 1, area=None))
    areas = [{key: value for key, value in record.items() if key != "area"} for record in truth["annotations"]]
    yield warned("areas_missing", "area_missing", "gt.json", gt={**truth, "annotations": areas})


def _identifiers() -> Iterator[Pair]:
    truth, results = sound_pair()
    yield warned(
        "annotation_ids_twice",
        "duplicate_annotation_id",
        "annotations[0]",
        "id 1",
        gt=truth_with("annotations", 1, id=1),
    )
    yield warned(
        "image_twice", "duplicate_image_id", "images[0]", gt={**truth, "images": [*truth["images"], truth["images"][0]]}
    )
    again = {**truth, "categories": [*truth["categories"], {"id": 1, "name": "lion"}]}
    yield warned("category_twice", "duplicate_category_id", "categories[0]", gt=again)
    yield warned(
        "annotation_id_zero", "annotation_id_zero", "gt.json", "pycocotools", gt=truth_with("annotations", 0, id=0)
    )
    gt = {**truth, "images": [{**image, "attributes": ["night"]} for image in truth["images"]]}
    yield warned("image_attributes_are_a_list", "image_attributes_not_read", "images[0]", gt=gt)
    gt = {**truth, "annotations": [{**record, "attributes": "occluded"} for record in truth["annotations"]]}
    yield warned("annotation_attributes_are_text", "annotation_attributes_not_read", "annotations[0]", gt=gt)
    twice = json_bytes(truth)[:-1] + b', "annotations": []}'
    yield warned("annotations_twice", ("duplicate_key", "no_objects"), "gt.json", "'annotations'", gt=twice)
    twice = json_bytes({"annotations": []})[:-1] + b', "annotations": ' + json_bytes(results) + b"}"
    yield warned("results_list_twice", "duplicate_key", "dt.json", "2 times", dt=twice)


def _scores() -> Iterator[Pair]:
    _, results = sound_pair()
    equal = [{**record, "score": 0.5} for record in results]
    yield warned("scores_equal", "scores_equal", "dt.json", "7 scores are 0.5", dt=equal)
    yield warned(
        "scores_equal_one", "scores_equal", "7 scores are 1", dt=[{**record, "score": 1} for record in results]
    )
    percent = [{**record, "score": 100 * record["score"]} for record in results]
    yield warned("scores_in_percent", "scores_in_percent", "--score-format percent", "30 to 90", dt=percent)
    logits = [{**record, "score": 10 * (record["score"] - 0.5)} for record in results]
    yield warned("scores_are_logits", "scores_are_logits", "--score-format logit", dt=logits)
    large = [{**record, "score": 1000 * record["score"]} for record in results]
    yield warned("scores_beyond_one", "scores_beyond_one", "900", dt=large)


def _counts() -> Iterator[Pair]:
    truth, results = sound_pair()
    yield warned("no_detections", "no_detections", "dt.json", "AP is 0", dt=[])
    yield warned("no_detections_in_object", "no_detections", dt={"annotations": []})
    yield warned("no_annotations", "no_objects", "gt.json", gt={**truth, "annotations": []})
    yield warned("nothing_at_all", ("no_objects", "no_detections"), gt={**truth, "annotations": []}, dt=[])
    nothing: dict[str, Any] = {"images": [], "annotations": [], "categories": []}
    yield warned("three_empty_lists", ("no_objects", "no_detections"), gt=nothing, dt=[])
    crowds = [{**record, "iscrowd": 1} for record in truth["annotations"]]
    yield warned("only_crowds", "no_objects", gt={**truth, "annotations": crowds})
    yield warned("two_evaluation_ranks", "repeated_detections", "detections[7]", dt=results + results)
    birds = {**truth, "categories": [*truth["categories"], {"id": 3, "name": "bird"}]}
    dt = [*results, {**results[0], "category_id": 3, "score": 0.2}]
    yield warned("class_without_objects", "detections_without_ground_truth", "bird", "0.667", gt=birds, dt=dt)
    many = [
        {"image_id": 1, "category_id": 1, "bbox": [k % 50, 5, 20, 10 + k // 50], "score": 0.95 - k / 1000}
        for k in range(120)
    ]
    last = [{"image_id": 1, "category_id": 1, "bbox": [10, 10, 30, 20], "score": 0.01}]
    yield warned("more_than_100_of_an_image", "detections_cut", "of 6 objects", dt=results[1:] + many + last)
