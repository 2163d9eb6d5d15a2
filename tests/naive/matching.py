"""COCO's matching for one area range "all" and one threshold, in plain loops over dicts (definitions.md 1)."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class NaiveDetection:
    """One detection of the file and what became of it."""

    index: int
    record: dict[str, Any]
    status: str = "cut"  # "tp", "fp", "ignored" or "cut"
    matched: int | None = None  # annotation index


@dataclass
class NaiveMatches:
    """Matches at one threshold: detections in file order, and the annotation indices that are objects and found."""

    detections: list[NaiveDetection]
    objects: list[int]
    found: dict[int, int] = field(default_factory=dict)  # annotation index -> detection index


def iou(one: list[float], other: list[float], *, crowd: bool = False) -> float:
    """IoU of two xywh boxes; for a crowd intersection / area of the first."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    intersection = width * height
    own = one[2] * one[3]
    return intersection / (own if crowd else own + other[2] * other[3] - intersection)


def is_object(annotation: dict[str, Any]) -> bool:
    return not annotation.get("iscrowd", 0) and 0 <= annotation["area"] <= 1e10


def match(
    ground_truth: dict[str, Any], detections: list[dict[str, Any]], threshold: float, max_detections: int = 100
) -> NaiveMatches:
    """Greedy matching by falling score within each image and class."""
    result = NaiveMatches(
        [NaiveDetection(index, record) for index, record in enumerate(detections)],
        [index for index, annotation in enumerate(ground_truth["annotations"]) if is_object(annotation)],
    )
    for image in ground_truth["images"]:
        for category in ground_truth["categories"]:
            here = [
                detection
                for detection in result.detections
                if (detection.record["image_id"], detection.record["category_id"]) == (image["id"], category["id"])
            ]
            here.sort(key=lambda detection: -detection.record["score"])
            annotations = [
                (index, annotation)
                for index, annotation in enumerate(ground_truth["annotations"])
                if (annotation["image_id"], annotation["category_id"]) == (image["id"], category["id"])
            ]
            _match_group(here[:max_detections], annotations, threshold, result)
    return result


def _match_group(
    detections: list[NaiveDetection],
    annotations: list[tuple[int, dict[str, Any]]],
    threshold: float,
    result: NaiveMatches,
) -> None:
    taken: set[int] = set()
    for detection in detections:
        best, best_iou = None, min(threshold, 1 - 1e-10)
        for wanted in (True, False):
            if best is not None:
                break
            for index, annotation in annotations:
                crowd = bool(annotation.get("iscrowd", 0))
                if is_object(annotation) is not wanted or (index in taken and not crowd):
                    continue
                overlap = iou(detection.record["bbox"], annotation["bbox"], crowd=crowd)
                if overlap >= best_iou:
                    best, best_iou = index, overlap
        width, height = detection.record["bbox"][2:]
        if best is None:
            detection.status = "fp" if 0 <= width * height <= 1e10 else "ignored"
            continue
        taken.add(best)
        detection.matched = best
        is_real = best in result.objects
        detection.status = "tp" if is_real else "ignored"
        if is_real:
            result.found[best] = detection.index
