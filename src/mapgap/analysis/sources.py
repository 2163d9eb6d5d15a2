"""What a caller may hand in as ground truth or detections, and how both become tables."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from numpy.typing import NDArray

from mapgap.coco import read_detections, read_ground_truth
from mapgap.errors import InputError
from mapgap.tables import Detections, GroundTruth

GroundTruthSource = str | PathLike[str] | Mapping[str, Any] | GroundTruth | Any
DetectionsSource = (
    str | PathLike[str] | Sequence[Mapping[str, Any]] | Mapping[str, Any] | NDArray[Any] | Detections | Any
)


def read_pair(ground_truth: GroundTruthSource, detections: DetectionsSource) -> tuple[GroundTruth, Detections]:
    """Both tables; tables that were read before are taken as they are."""
    truth = ground_truth if isinstance(ground_truth, GroundTruth) else read_ground_truth(ground_truth)
    return truth, detections if isinstance(detections, Detections) else read_detections(detections, truth)


def require_boxes(iou_type: str) -> None:
    """Raises InputError for any IoU type but "bbox"."""
    if iou_type != "bbox":
        raise InputError(f"iou_type {iou_type!r} is not supported", fix='Use iou_type="bbox"')
