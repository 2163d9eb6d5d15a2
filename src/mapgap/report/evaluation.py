"""The COCO numbers alone: for a terminal, and as the part of the summary schema that `mapgap evaluate` prints.

Nothing here needs NumPy or `typing`, because importing them takes longer than evaluating many a file.
"""

from collections.abc import Mapping, Sequence

from mapgap.coco_parameters import AREA_RANGES, IOU_THRESHOLDS, MAX_DETECTIONS, METRICS, RECALL_THRESHOLDS
from mapgap.number_words import fraction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mapgap.findings import Told
    from mapgap.report.json_values import Record
    from mapgap.tables import Detections, GroundTruth, Notice

SCHEMA = "mapgap/summary/1"
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
    inputs: "Record",
    metrics: Mapping[str, float | None],
    notices: "Sequence[Notice | Told]",
    *,
    iou_type: str = "bbox",
    reading: "Record | None" = None,
) -> "Record":
    """The summary schema with only schema, inputs, settings, coco and warnings, at COCO's standard parameters."""
    return {
        "schema": SCHEMA,
        "inputs": inputs,
        "settings": {
            "iou_type": iou_type,
            "reading": reading or {},
            **coco_settings_record(IOU_THRESHOLDS, MAX_DETECTIONS, AREA_RANGES),
        },
        "coco": {name: metrics.get(name) for name in METRICS},
        "warnings": [notice_record(notice) for notice in notices],
    }


def inputs_record(
    ground_truth: tuple[str, str | None],
    results: tuple[str, str | None],
    *,
    images: int,
    objects: int,
    classes: int,
    detections: int,
) -> "Record":
    """What was read: base name and hash of both inputs, given as pairs, and counts."""
    name, sha256 = ground_truth
    truth = {"name": name, "sha256": sha256, "images": images, "objects": objects, "classes": classes}
    name, sha256 = results
    return {"ground_truth": truth, "detections": {"name": name, "sha256": sha256, "detections": detections}}


def tables_inputs_record(ground_truth: "GroundTruth", detections: "Detections") -> "Record":
    """The same of tables."""
    return inputs_record(
        (ground_truth.name, ground_truth.sha256),
        (detections.name, detections.sha256),
        images=len(ground_truth.images.ids),
        objects=int(ground_truth.is_object.sum()),
        classes=len(ground_truth.categories.ids),
        detections=len(detections.record),
    )


def coco_settings_record(
    iou_thresholds: Sequence[float], max_detections: Sequence[int], area_ranges: Mapping[str, tuple[float, float]]
) -> "Record":
    """The parameters of the COCO numbers: IoUs, recall points, limits and area ranges."""
    return {
        "iou_thresholds": list(iou_thresholds),
        "recall_points": len(RECALL_THRESHOLDS),
        "recall_max_detections": list(max_detections),
        "area_ranges": {name: list(bounds) for name, bounds in area_ranges.items()},
    }


def notice_record(notice: "Notice | Told") -> "Record":
    """A warning as JSON."""
    return {
        "code": notice.code,
        "message": notice.message,
        "count": int(notice.count),
        "examples": list(notice.examples),
    }


def evaluation_lines(metrics: Mapping[str, float | None]) -> list[str]:
    """One line a number: name, fraction of 1, meaning."""
    return [f"{name:<6} {_shown(metrics.get(name)):>6}   {MEANINGS[name]}" for name in METRICS]


def _shown(value: float | None) -> str:
    return "n/a" if value is None else fraction(value)
