"""Diagnosis of detections that hardly match: composes the doctor's search with the matching that it asks for."""

from dataclasses import replace

import numpy as np

from mapgap.doctor.diagnosis import Diagnosis, diagnose, diagnose_ground_truth
from mapgap.findings import Finding
from mapgap.matching import match_detections
from mapgap.readings import USUAL, Reading
from mapgap.readings.raw import RawDetections
from mapgap.tables import AREA_RANGES, Detections, FloatArray, GroundTruth, IndexArray

_IOU_THRESHOLDS = np.array([0.5, 0.75])


def diagnose_reading(ground_truth: GroundTruth, raw: RawDetections, reading: Reading = USUAL) -> Diagnosis:
    """Which reading explains the detections, if another than the one asked for does, with its evidence."""
    with np.errstate(all="ignore"):  # boxes may be of any numbers, and most readings of them make no sense
        return diagnose(ground_truth, raw, match_boxes, reading=reading)


def diagnose_boxes(ground_truth: GroundTruth) -> tuple[Finding, ...]:
    """The finding about a ground truth whose boxes are corners; none where they are not."""
    with np.errstate(all="ignore"):
        return diagnose_ground_truth(ground_truth)


def match_boxes(
    ground_truth: GroundTruth, image: IndexArray, category: IndexArray, box: FloatArray, score: FloatArray
) -> IndexArray:
    """(n, 2) annotation that each of n detections matches at an IoU of .5 and of .75 by COCO's rules; -1 for none."""
    detections = Detections(
        name="",
        sha256=None,
        record=np.arange(len(score), dtype=np.int64),
        image=image,
        category=category,
        box=np.ascontiguousarray(box),
        area=box[:, 2] * box[:, 3],
        score=score,
    )
    # Areas of annotations decide nothing here, and those of a misread ground truth would.
    truth = replace(ground_truth, area=np.ones(len(ground_truth.ids)))
    matches, _ = match_detections(
        truth, detections, iou_thresholds=_IOU_THRESHOLDS, area_ranges={"all": AREA_RANGES["all"]}
    )
    return np.ascontiguousarray(matches.matched[0].T)
