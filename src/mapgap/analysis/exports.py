"""A run's failures written as a file of another tool."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from mapgap.analysis.whole_file import FilePath, write_file
from mapgap.attributes import parse_expression, select_addresses
from mapgap.errors import InputError
from mapgap.report.export.boxes import FOUND, ExportedBoxes, failures_of
from mapgap.report.export.cvat import cvat_xml
from mapgap.report.export.fiftyone import fiftyone_record
from mapgap.report.export.hard_examples import hard_examples_record
from mapgap.report.export.label_studio import label_studio_tasks
from mapgap.report.json_files import json_bytes
from mapgap.tables import CAUSES, Results

FORMATS = ("fiftyone", "cvat", "label-studio", "hard-examples")
MOST_IMAGES = 100


@dataclass(frozen=True)
class ExportAsked:
    """What is exported, and how."""

    to: str
    where: str | None = None
    causes: tuple[str, ...] = ()
    """Only errors of these causes; all where there are none."""
    image_prefix: str = ""
    """What stands before the file names in Label Studio's tasks."""
    most: int = MOST_IMAGES
    """Images of the hard examples."""

    def __post_init__(self) -> None:
        if self.to not in FORMATS:
            raise InputError(f"{self.to!r} is no format to export to", fix=f"Use one of: {', '.join(FORMATS)}")
        unknown = [cause for cause in self.causes if cause not in CAUSES]
        if unknown:
            raise InputError(f"{unknown[0]!r} is no cause", fix=f"Causes are: {', '.join(CAUSES)}")
        if isinstance(self.most, bool) or not isinstance(self.most, int) or self.most < 1:
            raise InputError(f"{self.most!r} is no number of images", fix="Give 1 or more")


@dataclass(frozen=True)
class Exported:
    """The content of the file, and how much is in it."""

    content: bytes
    images: int
    missed: int = 0
    false_positives: int = 0
    annotations: int = 0


def export_of(results: Results, asked: ExportAsked) -> Exported:
    """The file of another tool, in memory. InputError for a condition or data that do not fit."""
    if asked.to == "hard-examples":
        return _hard_examples(results, asked)
    boxes = _chosen(results, asked, failures_of(results, with_found=asked.to == "fiftyone"))
    counts = np.bincount(boxes.outcome, minlength=FOUND + 1)
    if asked.to == "cvat":
        content = cvat_xml(results, boxes)
    elif asked.to == "label-studio":
        content = json_bytes(label_studio_tasks(results, boxes, asked.image_prefix))
    else:
        content = json_bytes(fiftyone_record(results, boxes))
    return Exported(content, len(np.unique(boxes.image)), int(counts[0]), int(counts[1]), len(boxes.image))


def write_export(results: Results, asked: ExportAsked, output: FilePath) -> Exported:
    """The same, written: whole or not at all; a file that is there is replaced. AccessError."""
    exported = export_of(results, asked)
    write_file(output, exported.content)
    return exported


def _chosen(results: Results, asked: ExportAsked, boxes: ExportedBoxes) -> ExportedBoxes:
    """Those that the condition and the causes choose; what was found has no cause, and stays only without causes."""
    if asked.where is not None:
        own = np.where(boxes.object >= 0, -1, boxes.detection).astype(np.int32)
        condition = parse_expression(asked.where)
        boxes = boxes.take(select_addresses(results.attributes, condition, boxes.object, own))
    if asked.causes:
        boxes = boxes.take(np.isin(boxes.cause, _codes(asked.causes)))
    return boxes


def _hard_examples(results: Results, asked: ExportAsked) -> Exported:
    debts = results.debts
    chosen = np.ones(len(debts.gap), dtype=np.bool_)
    if asked.causes:
        chosen &= np.isin(debts.cause, _codes(asked.causes))
    if asked.where is not None:
        own = np.where(debts.object >= 0, -1, debts.detection).astype(np.int32)
        chosen &= select_addresses(results.attributes, parse_expression(asked.where), debts.object, own)
    record = hard_examples_record(results, chosen, asked.where, asked.most)
    return Exported(json_bytes(record), len(record["images"]), annotations=len(record["annotations"]))


def _codes(causes: Collection[str]) -> list[int]:
    return [CAUSES.index(cause) for cause in causes]
