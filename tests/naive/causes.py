"""Causes of errors in plain loops, read off the table of definitions.md 3."""

from typing import Any

from tests.naive.matching import NaiveMatches, iou, is_object, match

BACKGROUND_IOU = 0.1


def best_object(
    detection: dict[str, Any], annotations: list[dict[str, Any]], same_class: bool | None
) -> tuple[float, int | None]:
    """Best IoU with an object of the image and its index; the later one on equal IoU; 0 overlap is no object."""
    best_iou, best = 0.0, None
    for index, annotation in enumerate(annotations):
        if annotation["image_id"] != detection["image_id"] or not is_object(annotation):
            continue
        is_same = annotation["category_id"] == detection["category_id"]
        if same_class is not None and is_same is not same_class:
            continue
        overlap = iou(detection["bbox"], annotation["bbox"])
        if overlap > 0 and overlap >= best_iou:
            best_iou, best = overlap, index
    return best_iou, best


def detection_cause(
    detection: dict[str, Any], annotations: list[dict[str, Any]], threshold: float
) -> tuple[str, int | None]:
    """The cause of a false positive and the object it points at."""
    reached = min(threshold, 1 - 1e-10)
    same_iou, same = best_object(detection, annotations, True)
    other_iou, other = best_object(detection, annotations, False)
    any_iou, anyone = best_object(detection, annotations, None)
    if BACKGROUND_IOU <= same_iou < reached:
        return "localization", same
    if other is not None and other_iou >= reached:
        return "classification", other
    if same is not None and same_iou >= reached:
        return "duplicate", same
    if any_iou < BACKGROUND_IOU:
        return "background", None
    return "both", anyone


def detection_causes(
    matches: NaiveMatches, ground_truth: dict[str, Any], threshold: float
) -> dict[int, tuple[str, int | None]]:
    """Cause and target of every false positive, by detection index."""
    return {
        detection.index: detection_cause(detection.record, ground_truth["annotations"], threshold)
        for detection in matches.detections
        if detection.status == "fp"
    }


def object_causes(
    matches: NaiveMatches,
    causes: dict[int, tuple[str, int | None]],
    ground_truth: dict[str, Any],
    threshold: float,
) -> dict[int, str]:
    """Cause of every missed object, by annotation index."""
    reached = min(threshold, 1 - 1e-10)
    result = {}
    for index in matches.objects:
        if index in matches.found:
            continue
        annotation = ground_truth["annotations"][index]
        pointing = {cause for cause, target in causes.values() if target == index}
        is_crowded_out = any(
            detection.status == "tp"
            and detection.record["image_id"] == annotation["image_id"]
            and detection.record["category_id"] == annotation["category_id"]
            and iou(detection.record["bbox"], annotation["bbox"]) >= reached
            for detection in matches.detections
        )
        if "localization" in pointing:
            result[index] = "localization"
        elif "classification" in pointing:
            result[index] = "classification"
        elif is_crowded_out:
            result[index] = "crowded_out"
        elif "both" in pointing:
            result[index] = "both"
        else:
            result[index] = "missed"
    return result


def errors_at(
    ground_truth: dict[str, Any],
    detections: list[dict[str, Any]],
    threshold: float,
    score_threshold: float | None,
    max_detections: int = 100,
) -> list[tuple[str, str, int, float | None]]:
    """("fn" | "fp", cause, index, recovering score) of every error at the operating point."""
    matches = match(ground_truth, detections, threshold, max_detections)
    causes = detection_causes(matches, ground_truth, threshold)
    of_objects = object_causes(matches, causes, ground_truth, threshold)
    lowest = -float("inf") if score_threshold is None else score_threshold
    result: list[tuple[str, str, int, float | None]] = []
    for index in matches.objects:
        if index in matches.found:
            score = detections[matches.found[index]]["score"]
            if score < lowest:
                result.append(("fn", "below_threshold", index, score))
            continue
        cause = of_objects[index]
        annotation = ground_truth["annotations"][index]
        was_cut = any(
            detection.status == "cut"
            and detection.record["image_id"] == annotation["image_id"]
            and detection.record["category_id"] == annotation["category_id"]
            and iou(detection.record["bbox"], annotation["bbox"]) >= min(threshold, 1 - 1e-10)
            for detection in matches.detections
        )
        result.append(("fn", "max_detections" if cause == "missed" and was_cut else cause, index, None))
    for index, (cause, _) in causes.items():
        if detections[index]["score"] >= lowest:
            result.append(("fp", cause, index, None))
    return result


def thresholds_by_cause(cause: list[list[int]], causes: int) -> list[tuple[int, int, int]]:
    """(cause, row, thresholds as bits) wherever a row has a cause, from one list of codes a threshold."""
    rows = range(len(cause[0])) if cause else range(0)
    found = []
    for code in range(causes):
        for row in rows:
            bits = sum(1 << t for t, at_threshold in enumerate(cause) if at_threshold[row] == code)
            if bits:
                found.append((code, row, bits))
    return found
