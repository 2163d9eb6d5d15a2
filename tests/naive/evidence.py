"""What speaks for the cause of a missed object, in plain loops over dicts."""

from typing import Any

from tests.naive.causes import BACKGROUND_IOU, detection_causes, errors_at
from tests.naive.matching import NaiveDetection, iou, match

Evidence = dict[str, Any]


def evidence_at(
    ground_truth: dict[str, Any],
    detections: list[dict[str, Any]],
    threshold: float,
    score_threshold: float | None,
    max_detections: int = 100,
) -> dict[int, Evidence]:
    """By annotation index: cause, detection to look at, its IoU, best IoU of the class, best other, who took it."""
    matches = match(ground_truth, detections, threshold, max_detections)
    pointing = detection_causes(matches, ground_truth, threshold)
    reached = min(threshold, 1 - 1e-10)
    result: dict[int, Evidence] = {}
    for side, cause, index, _ in errors_at(ground_truth, detections, threshold, score_threshold, max_detections):
        if side == "fp":
            continue
        annotation = ground_truth["annotations"][index]
        near = [
            (iou(one.record["bbox"], annotation["bbox"]), one)
            for one in matches.detections
            if one.record["image_id"] == annotation["image_id"]
        ]
        same = [(overlap, one) for overlap, one in near if one.record["category_id"] == annotation["category_id"]]
        other = [(overlap, one) for overlap, one in near if one.record["category_id"] != annotation["category_id"]]
        if cause == "below_threshold":
            behind = [one for one in matches.detections if one.status == "tp" and one.matched == index]
        elif cause == "crowded_out":
            behind = [one for overlap, one in same if overlap >= reached and one.status == "tp"]
        elif cause == "max_detections":
            behind = [one for overlap, one in same if overlap >= reached and one.status == "cut"]
        else:
            behind = [one for one in matches.detections if pointing.get(one.index) == (cause, index)]
        looked_at = max(behind, key=lambda one: (one.record["score"], -one.index), default=None)
        kept_same = [overlap for overlap, one in same if one.status != "cut"]
        kept_other = [
            (overlap, one.record["score"], -one.index)
            for overlap, one in other
            if one.status != "cut" and overlap >= BACKGROUND_IOU
        ]
        best_other = max(kept_other, default=None)
        result[index] = {
            "cause": cause,
            "detection": -1 if looked_at is None else looked_at.index,
            "iou": None if looked_at is None else iou(looked_at.record["bbox"], annotation["bbox"]),
            "same_class_iou": _defined(max(kept_same, default=0.0)),
            "other_class_detection": -1 if best_other is None else -best_other[2],
            "other_class_iou": None if best_other is None else best_other[0],
            "taken_by": _taken_by(looked_at, index),
        }
    return result


def _defined(overlap: float) -> float | None:
    return overlap if overlap >= BACKGROUND_IOU else None


def _taken_by(looked_at: NaiveDetection | None, index: int) -> int:
    if looked_at is None or looked_at.status != "tp" or looked_at.matched in (None, index):
        return -1
    assert looked_at.matched is not None
    return looked_at.matched
