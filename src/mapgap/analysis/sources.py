"""What a caller may hand in as ground truth or detections, and how both become tables."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from numpy.typing import NDArray

from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.errors import InputError
from mapgap.tables import Detections, GroundTruth

IOU_TYPES = ("bbox", "segm")

GroundTruthSource = str | PathLike[str] | Mapping[str, Any] | GroundTruth | Any
DetectionsSource = (
    str | PathLike[str] | Sequence[Mapping[str, Any]] | Mapping[str, Any] | NDArray[Any] | Detections | Any
)
AttributesSource = str | PathLike[str] | Any
"""A CSV or Parquet file, or a DataFrame."""


def read_pair(
    ground_truth: GroundTruthSource,
    detections: DetectionsSource,
    iou_type: str = "bbox",
    *,
    with_attributes: bool = True,
) -> tuple[GroundTruth, Detections]:
    """Both tables, with masks if `iou_type` is "segm"; tables that were read before are taken as they are."""
    truth = read_truth(ground_truth, iou_type, with_attributes=with_attributes)
    if isinstance(detections, Detections):
        return truth, detections
    return truth, read_detections(detections, truth, with_masks=iou_type == "segm")


def read_truth(source: GroundTruthSource, iou_type: str = "bbox", *, with_attributes: bool = True) -> GroundTruth:
    """The ground truth, as in `read_pair`."""
    if isinstance(source, GroundTruth):
        return source
    return read_ground_truth(source, with_masks=iou_type == "segm", with_attributes=with_attributes)


def require_iou_type(iou_type: str) -> None:
    """Raises InputError for any IoU type but those of IOU_TYPES."""
    if iou_type not in IOU_TYPES:
        raise InputError(f"iou_type {iou_type!r} is not supported", fix=f"Use one of: {', '.join(IOU_TYPES)}")
