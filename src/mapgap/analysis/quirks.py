"""Where pycocotools is wrong and mapgap is not: its reading of the ground truth, and what that does to the numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mapgap.coco.detections import empty_detections
from mapgap.coco.mask_columns import take_masks
from mapgap.coco.selection import select
from mapgap.findings import Finding, Place, Told
from mapgap.tables import GroundTruth, IntegerArray, Notice


def as_pycocotools_reads(
    ground_truth: GroundTruth,
    limits: tuple[int, ...],
    *,
    image_ids: Sequence[int] | None = None,
    category_ids: Sequence[int] | None = None,
) -> GroundTruth | None:
    """The selected ground truth as pycocotools reads it, or None where its numbers cannot differ from ours.

    Annotations are looked up by id, so of equal ids every one becomes the last of the file, whatever its image
    (coco.py, createIndex and loadAnns); they stand in the order of their own images. An id 0 is treated in matching.
    """
    ids = ground_truth.ids
    unique, from_the_end = np.unique(ids[::-1], return_index=True)
    has_duplicates = len(unique) < len(ids)
    if not has_duplicates and not np.any(ids == 0) and limits[2:3] == (100,):
        return None
    nothing = empty_detections(ground_truth)
    if has_duplicates:
        chosen = select(ground_truth, nothing, image_ids=image_ids, category_ids=category_ids)[0]
        rows = np.searchsorted(ground_truth.record, chosen.record)
        rows = rows[np.argsort(ground_truth.image[rows], kind="stable")]
        last_of_id = len(ids) - 1 - from_the_end
        ground_truth = _take(ground_truth, last_of_id[np.searchsorted(unique, ids[rows])])
    return select(ground_truth, nothing, image_ids=image_ids, category_ids=category_ids)[0]


def compare_with_pycocotools(
    ground_truth: GroundTruth,
    ours: Mapping[str, float | None],
    theirs: Mapping[str, float | None],
) -> tuple[Notice, ...]:
    """A notice with pycocotools' numbers beside ours, if any of them differs."""
    shown = _both_numbers(ours, theirs)
    if not shown:
        return ()
    finding = _finding_of_ids(ground_truth, f"corrected: {shown}")
    if finding is not None:
        told = Told(finding)
        return (Notice(told.code, told.message, told.count, told.examples),)
    why = "pycocotools takes AP at 100 detections and the other numbers at the third limit"
    return (Notice("no_limit_of_100", f"{why}; corrected: {shown}", 1),)


def quirk_findings(
    ground_truth: GroundTruth, ours: Mapping[str, float | None], theirs: Mapping[str, float | None]
) -> tuple[Finding, ...]:
    """The same as findings about the annotations whose ids pycocotools misreads."""
    shown = _both_numbers(ours, theirs)
    finding = _finding_of_ids(ground_truth, f"corrected: {shown}") if shown else None
    return () if finding is None else (finding,)


def id_zero_finding(ground_truth: GroundTruth) -> tuple[Finding, ...]:
    """What is to be expected of an annotation id 0 where there are no detections to show it with."""
    if not np.any(ground_truth.ids == 0):
        return ()
    finding = _finding_of_ids(ground_truth, "mapgap does not, so that numbers of the two can differ")
    return () if finding is None else (finding,)


def _both_numbers(ours: Mapping[str, float | None], theirs: Mapping[str, float | None]) -> str:
    different = [name for name in ours if ours[name] != theirs.get(name)]
    return ", ".join(f"{name} {_text(ours[name])} (pycocotools {_text(theirs.get(name))})" for name in different)


def _finding_of_ids(ground_truth: GroundTruth, shown: str) -> Finding | None:
    """One about an id 0 or about ids that several annotations have; None where there are no such ids."""
    ids = ground_truth.ids
    is_odd = ids == 0
    code, why = "annotation_id_zero", "pycocotools reads a match with annotation id 0 as no match"
    if not is_odd.any():
        unique, counts = np.unique(ids, return_counts=True)
        is_odd = np.isin(ids, unique[counts > 1])
        code, why = "duplicate_annotation_id", "pycocotools replaces annotations of equal id by the last of them"
    if not is_odd.any():
        return None
    rows = np.flatnonzero(is_odd)
    return Finding(
        code,
        f"{why}; {shown}",
        file=ground_truth.name,
        fix="Give every annotation an id of its own, from 1, if others evaluate the file with pycocotools",
        count=len(rows),
        examples=[
            Place(f"annotations[{ground_truth.record[row]}] (id {ids[row]})", record=int(ground_truth.record[row]))
            for row in rows[:3]
        ],
        list_name="annotations",
        field="id",
        is_about_all=True,
    )


def _text(value: float | None) -> str:
    return "-1" if value is None else f"{value:.6f}"


def _take(ground_truth: GroundTruth, rows: IntegerArray) -> GroundTruth:
    names = ("record", "ids", "image", "category", "area", "crowd")
    return replace(
        ground_truth,
        box=np.ascontiguousarray(ground_truth.box[rows]),
        attributes={},
        fields={},
        masks=take_masks(ground_truth.masks, rows),
        **{name: getattr(ground_truth, name)[rows] for name in names},
    )
