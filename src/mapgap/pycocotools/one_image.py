"""Match one image and class step by step, for whatever does not fit into columns and for callers of `evaluateImg`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mapgap.pycocotools.similarity import by_falling_score
from mapgap.tables import EQUAL_BOXES_IOU, FloatArray

Record = dict[str, Any]


def evaluate_image(
    annotations: Sequence[Record],
    detections: Sequence[Record],
    similarity: Any,
    thresholds: Any,
    area_range: Any,
    limit: int,
) -> Record:
    """What `evalImgs` says of one image, class and area range, without the names of image and class.

    Sets `_ignore` of the annotations. Ids are stored as matches, so that a match with annotation id 0 reads as none,
    and a detection whose id is not above 0 leaves the annotation free.
    Source: pycocotools 2.0.11, cocoeval.py, evaluateImg.
    """
    for annotation in annotations:
        annotation["_ignore"] = 1 if annotation["ignore"] or _is_outside(annotation, area_range) else 0
    order = np.argsort([annotation["_ignore"] for annotation in annotations], kind="mergesort")
    sorted_annotations = [annotations[place] for place in order]
    kept = by_falling_score(detections, limit)
    crowd = [int(annotation["iscrowd"]) for annotation in sorted_annotations]
    ignored = np.array([annotation["_ignore"] for annotation in sorted_annotations])
    detection_matches = np.zeros((len(thresholds), len(kept)))
    annotation_matches = np.zeros((len(thresholds), len(annotations)))
    detection_ignored = np.zeros((len(thresholds), len(kept)))
    if len(similarity) != 0:
        rows = similarity[:, order].tolist()
        groups = [np.flatnonzero(ignored == wanted).tolist() for wanted in (0, 1)]
        for t, threshold in enumerate(thresholds):
            # The smaller of the two is found in the threshold's own type, float32 say, but compared as float64.
            least = float(min(threshold, EQUAL_BOXES_IOU))
            taken = annotation_matches[t]
            for place, detection in enumerate(kept):
                found = _best_free(groups, rows[place], least, taken, crowd)
                if found >= 0:
                    detection_ignored[t, place] = ignored[found]
                    detection_matches[t, place] = sorted_annotations[found]["id"]
                    taken[found] = detection["id"]
    outside = np.array([_is_outside(detection, area_range) for detection in kept], dtype=np.bool_)
    return {
        "dtIds": [detection["id"] for detection in kept],
        "gtIds": [annotation["id"] for annotation in sorted_annotations],
        "dtMatches": detection_matches,
        "gtMatches": annotation_matches,
        "dtScores": [detection["score"] for detection in kept],
        "gtIgnore": ignored,
        "dtIgnore": np.logical_or(detection_ignored, np.logical_and(detection_matches == 0, outside)),
    }


def _is_outside(record: Record, area_range: Any) -> bool:
    return bool(record["area"] < area_range[0] or record["area"] > area_range[1])


def _best_free(
    groups: Sequence[Sequence[int]], row: Sequence[float], least: float, taken: FloatArray, crowd: Sequence[int]
) -> int:
    """Place of the best free annotation with at least this similarity, or -1; ignored ones only if no other is left."""
    for places in groups:
        found = _best_of(places, row, least, taken, crowd)
        if found >= 0:
            return found
    return -1


def _best_of(places: Sequence[int], row: Sequence[float], least: float, taken: FloatArray, crowd: Sequence[int]) -> int:
    """The later one of equals. Written with `<`, so that an undefined similarity is taken, as in pycocotools."""
    best = -1
    for place in places:
        if (taken[place] > 0 and not crowd[place]) or row[place] < least:
            continue
        best, least = place, row[place]
    return best
