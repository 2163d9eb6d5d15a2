"""The COCO numbers alone: for a terminal, and as the part of the summary schema that `mapgap evaluate` prints."""

from collections.abc import Mapping, Sequence

from mapgap.report.json_values import Record
from mapgap.report.number_words import fraction
from mapgap.report.summary import SCHEMA, coco_settings_record, inputs_record, notice_record
from mapgap.tables import METRICS, Detections, GroundTruth, Matches, Notice

MEANINGS = {
    "AP": "IoU .50:.95, all sizes",
    "AP50": "IoU .50",
    "AP75": "IoU .75",
    "APs": "small objects, area up to 32^2",
    "APm": "medium objects",
    "APl": "large objects, area from 96^2",
    "AR1": "recall with 1 detection an image and class",
    "AR10": "recall with 10 detections an image and class",
    "AR100": "recall with 100 detections an image and class",
    "ARs": "recall, small objects",
    "ARm": "recall, medium objects",
    "ARl": "recall, large objects",
}


def evaluation_record(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    metrics: Mapping[str, float | None],
    notices: Sequence[Notice],
    *,
    iou_type: str = "bbox",
) -> Record:
    """The summary schema with only schema, inputs, settings, coco and warnings."""
    return {
        "schema": SCHEMA,
        "inputs": inputs_record(ground_truth, detections),
        "settings": {"iou_type": iou_type, **coco_settings_record(matches, len(matches.iou_thresholds))},
        "coco": {name: metrics.get(name) for name in METRICS},
        "warnings": [notice_record(notice) for notice in notices],
    }


def evaluation_lines(metrics: Mapping[str, float | None]) -> list[str]:
    """One line a number: name, fraction of 1, meaning."""
    return [f"{name:<6} {_shown(metrics.get(name)):>6}   {MEANINGS[name]}" for name in METRICS]


def _shown(value: float | None) -> str:
    return "n/a" if value is None else fraction(value)
