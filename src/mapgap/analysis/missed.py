"""The missed objects of a run that has been analysed, written as files: COCO JSON, CSV and crops."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from os import PathLike
from pathlib import Path

import numpy as np

from mapgap.analysis.folder import ADVICE, require_writable, write_folder
from mapgap.causes import missed_evidence
from mapgap.crops.cutting import Crop, CropRequest, cut_crops
from mapgap.crops.drawing import Outline
from mapgap.crops.notices import crop_notices
from mapgap.errors import AccessError, InputError
from mapgap.matching import find_pairs
from mapgap.pictures.places import own_base_names, picture_folder
from mapgap.report.json_files import json_bytes
from mapgap.report.json_values import Record
from mapgap.report.missed import missed_csv, missed_info, missed_outlines, missed_rows, missed_tables
from mapgap.tables import BoolArray, Detections, MissedEvidence, Notice, Results

MISSED_FILES = ("missed.json", "missed.csv")
CROPS_INDEX = "crops.json"
CROPS_SCHEMA = "mapgap/crops/1"
MOST_CROPS = 200

Folder = str | PathLike[str]
Count = Callable[[int, int], None]
"""Told how many crops are done, and of how many."""


@dataclass(frozen=True)
class MissedOutput:
    """Where the missed objects of a run go: a folder of files, a folder of crops, or one in the other."""

    files: Folder | None = None
    crops: Folder | None = None
    images: Folder | None = None
    """The pictures that crops are cut from."""
    most_crops: int = MOST_CROPS


@dataclass(frozen=True)
class MissedSelection:
    """Which missed objects: the condition in words, the annotation rows it holds for (N,), and what is behind them."""

    where: str | None
    selected: BoolArray | None
    evidence: MissedEvidence


@dataclass(frozen=True)
class WrittenMissed:
    """What was written."""

    missed: int
    crops: int = 0
    left_out: int = 0
    """Missed objects beyond the most crops asked for."""
    notices: tuple[Notice, ...] = ()


def evidence_of(results: Results, in_order: Detections | None = None) -> MissedEvidence:
    """What speaks for the cause of every missed object.

    `in_order` are the detections of `matches.order` where that holds a few only.
    """
    lowest = min(float(results.matches.iou_thresholds.min()), results.settings.background_iou)
    detections, order = results.detections, results.matches.order
    if in_order is not None:
        detections, order = in_order, np.arange(len(order), dtype=np.int32)
    pairs = find_pairs(results.ground_truth, detections, order, minimum_iou=lowest, across_classes=True)
    return missed_evidence(
        results.ground_truth,
        results.detections,
        results.matches,
        pairs,
        results.causes,
        results.errors,
        threshold=results.analysis_threshold,
        background_iou=results.settings.background_iou,
        max_detections=results.settings.max_detections,
    )


def record_of(results: Results, selection: MissedSelection) -> Record:
    """The content of missed.json as `mapgap missed` writes it; its lists are `Rows`."""
    tables = missed_tables(results, selection.selected, selection.evidence)
    is_object = results.ground_truth.is_object
    objects = is_object if selection.selected is None else is_object & selection.selected
    missed = objects & ~results.operating_point.found
    return {"info": missed_info(results, selection.where, int(objects.sum()), int(missed.sum())), **tables}


def require_missed_writable(output: MissedOutput, inputs: Collection[Folder] = ()) -> None:
    """Raises what `write_missed` would raise before it begins, or where it would replace an input."""
    if output.crops is not None and output.images is None:
        raise InputError("crops need the pictures they are cut from", fix="Give their folder with --images")
    if output.images is not None:
        picture_folder(output.images)
    for folder, known, marks in _folders(output):
        with _right_advice(marks):
            require_writable(folder, known=known, marks=marks, inputs=inputs)


def write_missed(
    results: Results, selection: MissedSelection, output: MissedOutput, count: Count | None = None
) -> WrittenMissed:
    """Writes missed.json and missed.csv, and a crop of each missed object, costliest first, with an index.

    Each folder is written whole or not at all; one of this command that is there is replaced, any other raises
    AccessError. Pictures that cannot be used are told in notices. Raises InputError for folders that do not fit.
    """
    require_missed_writable(output)
    rows = missed_rows(results, selection.selected, selection.evidence)
    cutting = _Cutting(results, selection, output, rows, count or _silent)
    for folder, known, marks in _folders(output):
        with _right_advice(marks):
            write_folder(folder, cutting.files(folder), known=known, marks=marks)
    return cutting.written()


@contextmanager
def _right_advice(marks: Sequence[str]) -> Iterator[None]:
    """Complaints about the folder of crops name its own option."""
    try:
        yield
    except AccessError as error:
        if CROPS_INDEX not in marks:
            raise
        raise type(error)(str(error).replace(ADVICE, "Choose another folder with --crops")) from error


def _silent(done: int, of: int) -> None:
    """Reports to nobody."""


def _folders(output: MissedOutput) -> list[tuple[Folder, tuple[str, ...], tuple[str, ...]]]:
    """The folders to write, each with what it may hold and what tells it as ours."""
    folders: list[tuple[Folder, tuple[str, ...], tuple[str, ...]]] = []
    inner = _crops_within(output)
    if output.files is not None:
        crops = () if inner is None else _crop_patterns(inner)
        folders.append((output.files, (*MISSED_FILES, *crops), MISSED_FILES[:1]))
    if output.crops is not None and inner is None:
        folders.append((output.crops, _crop_patterns(""), (CROPS_INDEX,)))
    return folders


def _crop_patterns(prefix: str) -> tuple[str, ...]:
    return tuple(escape(prefix) + name for name in (CROPS_INDEX, "[0-9]*_image_*_object_*.webp"))


def _crops_within(output: MissedOutput) -> str | None:
    """What stands before the name of a crop where crops go into the folder of the files; None where they do not."""
    if output.files is None or output.crops is None:
        return None
    files, crops = (Path(os.path.realpath(folder)) for folder in (output.files, output.crops))
    if crops.is_relative_to(files):
        inner = crops.relative_to(files).as_posix()
        return "" if inner == "." else f"{inner}/"
    if files.is_relative_to(crops):
        raise InputError(
            f"the output folder {output.files} lies in the folder of the crops {output.crops}",
            fix="Put the crops beside it or into it",
        )
    return None


class _Cutting:
    """Makes files while a folder is written, so that never more than the crops of one picture are held."""

    def __init__(
        self, results: Results, selection: MissedSelection, output: MissedOutput, rows: list[Record], count: Count
    ):
        self._results, self._selection, self._output, self._count = results, selection, output, count
        self._rows = rows
        self._wanted = rows[: output.most_crops] if output.crops is not None else []
        own = own_base_names(results.ground_truth.images.file_names)
        self._requests = [_request(results, own, *outline) for outline in missed_outlines(results, self._wanted)]
        self._failed: list[Crop] = []

    def files(self, folder: Folder) -> Iterator[tuple[str, bytes]]:
        """(relative name, content) of what goes into this folder."""
        inner = _crops_within(self._output)
        if folder == self._output.files:
            yield "missed.json", json_bytes(record_of(self._results, self._selection))
            yield "missed.csv", missed_csv(self._results, self._selection.selected, self._selection.evidence)
        if self._output.crops is not None and (folder != self._output.files or inner is not None):
            yield from ((f"{inner or ''}{name}", content) for name, content in self._crop_files())

    def written(self) -> WrittenMissed:
        """What was done in the end."""
        return WrittenMissed(
            missed=len(self._rows),
            crops=len(self._wanted) - len(self._failed),
            left_out=len(self._rows) - len(self._wanted) if self._output.crops is not None else 0,
            notices=crop_notices(self._requests, self._failed),
        )

    def _crop_files(self) -> Iterator[tuple[str, bytes]]:
        assert self._output.images is not None
        names = [_crop_name(place, row, len(self._wanted)) for place, row in enumerate(self._wanted)]
        for done, crop in enumerate(cut_crops(picture_folder(self._output.images), self._requests), start=1):
            if crop.content is None:
                self._failed.append(crop)
            else:
                yield names[crop.place], crop.content
            self._count(done, len(self._requests))
        yield CROPS_INDEX, json_bytes(self._index(names))

    def _index(self, names: Sequence[str]) -> Record:
        categories = self._results.ground_truth.categories
        class_of = dict(zip(categories.ids.tolist(), categories.names, strict=True))
        failed = {crop.place: crop.reason for crop in self._failed}
        entries = [
            {
                "file": None if place in failed else names[place],
                "object_id": row["id"],
                "image_id": row["image_id"],
                "file_name": self._requests[place].file_name,
                "class": class_of[row["category_id"]],
                "cause": row["attributes"]["cause"],
                "evidence": row["attributes"]["evidence"],
                "why_none": failed.get(place),
            }
            for place, row in enumerate(self._wanted)
        ]
        return {
            "schema": CROPS_SCHEMA,
            "where": self._selection.where,
            "score_threshold": self._results.operating_point.score_threshold,
            "iou_threshold": self._results.operating_point.iou_threshold,
            "missed": len(self._rows),
            "left_out": len(self._rows) - len(self._wanted),
            "crops": entries,
        }


def _request(
    results: Results, own: frozenset[str], image: int, box: Sequence[float], detection: Sequence[float] | None
) -> CropRequest:
    images = results.ground_truth.images
    name = images.file_names[image]
    outlines = [Outline((box[0], box[1], box[2], box[3]))]
    if detection is not None:
        outlines.append(Outline((detection[0], detection[1], detection[2], detection[3]), is_dashed=True))
    size = float(images.width[image]), float(images.height[image])
    return CropRequest(name, *size, tuple(outlines), by_base_name=name in own)


def _crop_name(place: int, row: Record, wanted: int) -> str:
    """Made of numbers only, whatever the names in the data; the place, for ids that are there twice."""
    digits = max(4, len(str(wanted)))
    return f"{place + 1:0{digits}}_image_{row['image_id']}_object_{row['id']}.webp"
