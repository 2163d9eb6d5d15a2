"""Everything that is wrong with, or noteworthy about, two inputs: what an analysis would refuse, and what misleads."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

from mapgap.analysis.diagnosing import diagnose_boxes, diagnose_reading
from mapgap.analysis.evaluation import misread_ids
from mapgap.analysis.examined_masks import mask_findings
from mapgap.analysis.examined_pictures import picture_findings
from mapgap.analysis.examining import data_findings, object_findings
from mapgap.analysis.quirks import id_zero_finding
from mapgap.analysis.sources import DetectionsSource, Examined, GroundTruthSource, examine, require_iou_type
from mapgap.coco.detections import read_raw_detections
from mapgap.errors import InputError
from mapgap.findings import Finding, Place
from mapgap.pixels.measuring import Count
from mapgap.readings import USUAL, Reading
from mapgap.report.diagnosis import diagnosis_record
from mapgap.report.json_values import Record
from mapgap.tables import Detections, Notice

if TYPE_CHECKING:
    import pandas as pd

OF_ALL_RECORDS = ("no_detections", "no_objects", "detections_without_ground_truth", "few_matches")
"""Codes of what may be so only because records with errors are not read."""
FIXES = {
    "annotation_attributes_not_read": 'Write them as an object of names and values: {"occluded": true}',
    "area_missing": "Write the area of each object, of its mask where it has one, in square pixels",
    "duplicate_annotation_id": "Give every annotation an id of its own",
    "duplicate_category_id": "Give every category an id of its own",
    "duplicate_image_id": "Give every image an id of its own",
    "duplicate_key": "Join the lists into one",
    "image_attributes_not_read": 'Write them as an object of names and values: {"weather": "rain"}',
}
"""How to mend what the reader tells of, by code."""


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor found in one ground truth, and in one results file if there was one."""

    findings: tuple[Finding, ...]
    """Of the ground truth first; errors, warnings and notes as they were met."""
    record: Record
    """The content of `mapgap doctor --json`."""

    @property
    def is_refused(self) -> bool:
        """Whether an analysis would refuse the inputs."""
        return bool(self.record["is_refused"])

    def table(self) -> "pd.DataFrame":
        """One row a finding: code, severity, file, list, field, message, count, fix, options."""
        import pandas as pd

        columns = ["code", "severity", "file", "list", "field", "message", "count", "fix", "options"]
        return pd.DataFrame(self.record["findings"], columns=columns)


def diagnose(
    gt: GroundTruthSource,
    dt: DetectionsSource | None = None,
    *,
    iou_type: str = "bbox",
    images: str | PathLike[str] | None = None,
    reading: Reading = USUAL,
    count: Count | None = None,
) -> Diagnosis:
    """Looks at the inputs as every analysis would, and at more: tells all that is wrong at once, and raises for none.

    `gt` and `dt` as in `evaluate`; without `dt` only the ground truth is looked at. `images` is the folder of the
    pictures, each of which is opened; `count` is told how many are done. Raises AccessError for unreadable
    files, InputError for options without a meaning.
    """
    require_iou_type(iou_type)
    examined = examine(gt, [] if dt is None else [dt], iou_type, reading=reading)
    other = _other_reading(examined, dt, reading)
    seen = _seen(examined, dt, iou_type, images, reading, count)
    told = (*other, *_findings_of_tables(examined), *seen)
    findings = (*examined.findings, *_own(examined, told, reading.lenient))
    settings = {"iou_type": iou_type, "lenient": reading.lenient, "reading": reading.record}
    return Diagnosis(findings, diagnosis_record(findings, _inputs_record(examined), settings))


def _other_reading(examined: Examined, dt: DetectionsSource | None, reading: Reading) -> tuple[Finding, ...]:
    """What explains detections that hardly match; where they are a table already only the ground truth is looked at."""
    if examined.ground_truth is None:
        return ()
    if not examined.ground_truth.is_object.any():
        return ()
    if dt is None or isinstance(dt, Detections):
        return diagnose_boxes(examined.ground_truth)
    try:
        raw = read_raw_detections(dt, reading=reading)
    except InputError:  # which is among the findings already
        return diagnose_boxes(examined.ground_truth)
    return diagnose_reading(examined.ground_truth, raw, reading).findings


def _seen(
    examined: Examined,
    dt: DetectionsSource | None,
    iou_type: str,
    images: str | PathLike[str] | None,
    reading: Reading,
    count: Count | None,
) -> Iterator[Finding]:
    """What is wrong with masks that nobody compares, and with the pictures."""
    if examined.ground_truth is None:
        return
    if dt is not None and iou_type == "bbox":
        yield from mask_findings(examined.ground_truth, dt, reading)
    if images is not None:
        yield from picture_findings(examined.ground_truth, images, count=count)


def _findings_of_tables(examined: Examined) -> Iterator[Finding]:
    """What is noteworthy about what could be read."""
    tables = [table for table in (examined.ground_truth, *examined.detections) if table is not None]
    for table in tables:
        yield from (_finding(notice, table.name) for notice in table.notices)
    if examined.ground_truth is None:
        return
    if not examined.detections:
        yield from object_findings(examined.ground_truth)
        yield from id_zero_finding(examined.ground_truth)
    for detections in examined.detections:
        yield from data_findings(examined.ground_truth, detections)
        yield from misread_ids(examined.ground_truth, detections)


def _own(examined: Examined, findings: Iterable[Finding], is_lenient: bool) -> Iterator[Finding]:
    """Those that are not merely what is left where records are refused."""
    is_refused = any(not (is_lenient and finding.lenient) for finding in examined.findings)
    for finding in findings:
        if not (is_refused and finding.code in OF_ALL_RECORDS):
            yield finding


def _finding(notice: Notice, file: str) -> Finding:
    places = [Place(words) for words in notice.examples]
    message = notice.message.removeprefix(f"{file}: ")
    return Finding(
        notice.code,
        message,
        file=file,
        fix=FIXES.get(notice.code, ""),
        count=notice.count,
        examples=places,
        is_about_all=True,
    )


def _inputs_record(examined: Examined) -> Record:
    """Names, hashes and sizes, null for what cannot be read."""
    truth = examined.ground_truth
    detections = examined.detections[0] if examined.detections else None
    return {
        "ground_truth": None
        if truth is None
        else {
            "name": truth.name,
            "sha256": truth.sha256,
            "images": len(truth.images.ids),
            "objects": int(truth.is_object.sum()),
            "classes": len(truth.categories.ids),
        },
        "detections": None
        if detections is None
        else {"name": detections.name, "sha256": detections.sha256, "detections": len(detections.score)},
    }
