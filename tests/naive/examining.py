"""What is odd about the rows of two tables, counted one after the other."""

import math
from typing import Any

Odd = dict[str, tuple[int, list[int]]]


def odd_objects(ground_truth: dict[str, Any], tolerance: float) -> Odd:
    rows: dict[str, list[int]] = {"box_without_size": [], "box_outside_image": [], "area_inconsistent": []}
    for row, annotation in enumerate(ground_truth["annotations"]):
        width, height = annotation["bbox"][2:]
        if width <= 0 or height <= 0:
            rows["box_without_size"].append(row)
        if beyond(annotation["bbox"], image_of(ground_truth, annotation)) > tolerance:
            rows["box_outside_image"].append(row)
        largest = 1.05 * width * height + 2 * (width + height) + 4
        is_odd = annotation["area"] <= 0 or annotation["area"] > largest
        if width > 0 and height > 0 and not annotation["iscrowd"] and is_odd:
            rows["area_inconsistent"].append(row)
    return counted(rows)


def odd_detections(
    ground_truth: dict[str, Any], detections: list[dict[str, Any]], overhang: float, max_detections: int
) -> Odd:
    names = ("box_without_size", "box_outside_image", "repeated_detections", "detections_without_ground_truth")
    rows: dict[str, list[int]] = {
        name: [] for name in (*names, "detections_cut", "scores_above_one", "scores_below_zero")
    }
    known = {annotation["category_id"] for annotation in ground_truth["annotations"] if not annotation["iscrowd"]}
    met: list[tuple[Any, ...]] = []
    for row, detection in enumerate(detections):
        width, height = detection["bbox"][2:]
        is_flat = width <= 0 or height <= 0
        if is_flat:
            rows["box_without_size"].append(row)
        far = overhang * max(width, height)
        if not is_flat and beyond(detection["bbox"], image_of(ground_truth, detection)) > far:
            rows["box_outside_image"].append(row)
        whole = (detection["image_id"], detection["category_id"], tuple(detection["bbox"]), detection["score"])
        if whole in met:
            rows["repeated_detections"].append(row)
        met.append(whole)
        if detection["category_id"] not in known:
            rows["detections_without_ground_truth"].append(row)
        alike = [d for d in detections if (d["image_id"], d["category_id"]) == whole[:2]]
        if len(alike) > max_detections:
            rows["detections_cut"].append(row)
        if detection["score"] > 1:
            rows["scores_above_one"].append(row)
        if detection["score"] < 0:
            rows["scores_below_zero"].append(row)
    found = counted(rows)
    if len(detections) > 1 and len({detection["score"] for detection in detections}) == 1:
        found["scores_equal"] = (len(detections), [0])
    return found


def beyond(box: list[float], image: dict[str, Any]) -> float:
    x, y, width, height = box
    right, bottom = image.get("width"), image.get("height")
    if not right or not bottom or math.isnan(right) or math.isnan(bottom):
        return 0.0
    return max(0.0, -x, -y, x + width - right, y + height - bottom)


def image_of(ground_truth: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    return next(image for image in ground_truth["images"] if image["id"] == record["image_id"])


def counted(rows: dict[str, list[int]]) -> Odd:
    return {name: (len(found), found[:3]) for name, found in rows.items() if found}
