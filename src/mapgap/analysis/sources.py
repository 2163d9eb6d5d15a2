"""What a caller may hand in as ground truth or detections, and how both become tables."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from typing import Any

from numpy.typing import NDArray

from mapgap.coco.complaints import findings_of, refuse
from mapgap.coco.detections import examine_detections, read_detections
from mapgap.coco.file_identity import base_name
from mapgap.coco.ground_truth import examine_ground_truth, no_ground_truth, read_ground_truth
from mapgap.coco.sources import is_path
from mapgap.errors import InputError
from mapgap.findings import Finding
from mapgap.readings import USUAL, Reading
from mapgap.tables import Detections, GroundTruth

IOU_TYPES = ("bbox", "segm")
OF_IMAGES = "image_size_missing"
"""The code of what is wrong with the ground truth, and shows when detections are read."""

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
    reading: Reading = USUAL,
) -> tuple[GroundTruth, Detections]:
    """Both tables, with masks if `iou_type` is "segm"; tables that were read before are taken as they are."""
    truth = read_truth(ground_truth, iou_type, with_attributes=with_attributes, reading=reading)
    if isinstance(detections, Detections):
        return truth, detections
    return truth, read_detections(detections, truth, with_masks=iou_type == "segm", reading=reading)


def read_truth(
    source: GroundTruthSource, iou_type: str = "bbox", *, with_attributes: bool = True, reading: Reading = USUAL
) -> GroundTruth:
    """The ground truth, as in `read_pair`."""
    if isinstance(source, GroundTruth):
        return source
    return read_ground_truth(source, with_masks=iou_type == "segm", with_attributes=with_attributes, reading=reading)


@dataclass(frozen=True)
class Examined:
    """What can be read of both inputs, and what cannot."""

    ground_truth: GroundTruth | None
    """None where nothing of it can be read."""
    detections: Sequence[Detections]
    """One a results file; none where the ground truth is None."""
    findings: tuple[Finding, ...]
    """Everything that has no meaning, of the ground truth first."""


def examine(
    ground_truth: GroundTruthSource,
    runs: Sequence[DetectionsSource],
    iou_type: str = "bbox",
    *,
    reading: Reading = USUAL,
) -> Examined:
    """Both inputs read as far as they can be. Raises AccessError for an unreadable file, and no InputError."""
    findings: list[Finding] = []
    with_masks = iou_type == "segm"
    truth = ground_truth if isinstance(ground_truth, GroundTruth) else None
    if truth is None:
        try:
            truth, found = examine_ground_truth(ground_truth, with_masks=with_masks, reading=reading)
            findings += found
        except InputError as refusal:
            findings += _with_file(refusal, None, ground_truth, ordinary="ground truth")
    # Even beside no ground truth at all, what is wrong with a results file in itself can be told.
    known = no_ground_truth() if truth is None else truth
    read = []
    for run in runs:
        if isinstance(run, Detections):
            read.append(run)
            continue
        try:
            table, found = examine_detections(run, known, with_masks=with_masks, reading=reading)
            read.append(table)
        except InputError as refusal:
            found = _with_file(refusal, known.name, run, ordinary="detections")
        findings += [one for one in found if truth is not None or one.code not in ("unknown_image", "unknown_category")]
    return Examined(truth, read if truth is not None else (), tuple(findings))


def _with_file(refusal: InputError, truth_name: str | None, source: object, *, ordinary: str) -> tuple[Finding, ...]:
    """What a refusal says; where it names no file, as one about the input that was being read."""
    if refusal.findings or refusal.file is not None:
        return findings_of(refusal)
    name = base_name(source) if is_path(source) else ordinary  # type: ignore[arg-type]
    if refusal.code == OF_IMAGES and truth_name is not None:
        name = truth_name
    named = InputError(refusal.what, file=name, where=refusal.where, fix=refusal.fix, code=refusal.code)
    return findings_of(named)


@contextmanager
def telling_of_both(
    ground_truth: GroundTruthSource,
    runs: Sequence[DetectionsSource],
    iou_type: str = "bbox",
    reading: Reading = USUAL,
) -> Iterator[None]:
    """Where reading in here is refused, the refusal tells everything that is wrong with all inputs."""
    try:
        yield
    except InputError as refusal:
        if not (refusal.findings or refusal.code):
            raise
        found = examine(ground_truth, runs, iou_type, reading=reading).findings
        refused = [finding for finding in found if not (reading.lenient and finding.lenient)]
        if len(refused) > 1 or (refused and refusal.file is None):
            refuse(refused)
        raise


def require_iou_type(iou_type: str) -> None:
    """Raises InputError for any IoU type but those of IOU_TYPES."""
    if iou_type not in IOU_TYPES:
        raise InputError(f"iou_type {iou_type!r} is not supported", fix=f"Use one of: {', '.join(IOU_TYPES)}")
