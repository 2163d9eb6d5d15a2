"""JSON that is whole, but not ground truth or detections."""

from collections.abc import Iterator

from tests.bad_inputs.pair import Pair, refused, sound_pair, truth_with

SCALARS = {"text": b'"hello"', "number": b"17", "null": b"null", "true": b"true"}
NO_LISTS = {"null": None, "object": {}, "text": "none", "number": 3}


def bad_layouts() -> Iterator[Pair]:
    """Lists that are missing, that are none, or that stand in the other file."""
    truth, results = sound_pair()
    for name, content in SCALARS.items():
        yield refused(f"{name}_as_ground_truth", "not_ground_truth", "gt.json", gt=content)
        yield refused(f"{name}_as_detections", "not_detections", "dt.json", dt=content)
    for key in truth:
        lacking = {other: records for other, records in truth.items() if other != key}
        yield refused(f"without_{key}", "list_missing", "gt.json", repr(key), gt=lacking)
        for name, value in NO_LISTS.items():
            yield refused(f"{key}_is_{name}", "not_a_list", "gt.json", key, gt={**truth, key: value})
    yield refused("empty_object_as_ground_truth", "list_missing", "'images'", "'annotations'", "'categories'", gt={})
    yield refused("only_images", "list_missing", "'annotations'", "'categories'", gt={"images": truth["images"]})
    yield refused("empty_list_as_ground_truth", "not_ground_truth", "gt.json", gt=[])
    yield refused("empty_object_as_detections", "not_detections", "'annotations'", dt={})
    yield refused("results_under_other_name", "not_detections", "'annotations'", dt={"predictions": results})
    yield refused("annotations_of_results_is_null", "not_a_list", "dt.json", "annotations", dt={"annotations": None})
    yield refused("annotations_of_results_is_object", "not_a_list", "dt.json", dt={"annotations": {"1": results[0]}})
    yield refused("swapped", "inputs_swapped", "gt.json", "dt.json", "swapped", gt=results, dt=truth)
    yield refused("ground_truth_twice", "inputs_swapped", "dt.json", "swapped", dt=truth)
    yield refused("detections_twice", "inputs_swapped", "gt.json", "swapped", gt=results)
    yield refused("results_object_as_ground_truth", "inputs_swapped", "gt.json", gt={"annotations": results})
    yield refused("annotations_as_detections", "inputs_swapped", "dt.json", dt=truth["annotations"])
    yield refused(
        "by_image",
        "record_not_an_object",
        "dt.json",
        "detections[0]",
        dt=[[results[0]], [results[1]]],
        rest=(truth, []),
    )
    codes = ("record_not_an_object", "unknown_image")
    nothing = ({**truth, "images": [], "annotations": []}, [])
    yield refused("names_of_images", codes, "gt.json", gt={**truth, "images": ["1.png", "2.png"]}, rest=nothing)
    sizeless = {**truth, "images": [{"id": image["id"]} for image in truth["images"]]}
    words = ("gt.json", "width and height", "7 of 7")
    normalized = {"box_format": "xywh-normalized"}
    yield refused("normalized_boxes_without_sizes", "image_size_missing", *words, gt=sizeless, **normalized)  # type: ignore[arg-type]
    codes_of_both = ("score_invalid", "area_invalid", "area_missing")
    words = ("gt.json", "dt.json", "annotations[1]", "detections[0]")
    gt, dt = truth_with("annotations", 1, area="large"), [{**results[0], "score": None}]
    yield refused("both_files_bad", codes_of_both, *words, gt=gt, dt=dt, rest=(truth, []))
