"""What misleads in a pair of inputs that can be read: found before every analysis, and by the doctor."""

from collections.abc import Iterable

import numpy as np

from mapgap.analysis.diagnosing import diagnose_reading
from mapgap.coco_parameters import LOW_AP50
from mapgap.doctor.odd_rows import (
    DetectionRows,
    Extents,
    ObjectRows,
    detection_findings,
    odd_detections,
    odd_objects,
)
from mapgap.doctor.totals import beyond_limit, classes_without_objects, equal_scores
from mapgap.findings import Finding, Told
from mapgap.matching import coco_metrics, match_detections
from mapgap.readings import Reading
from mapgap.readings.raw import RawDetections
from mapgap.tables import MAX_DETECTIONS, Detections, GroundTruth, IntegerArray, Matches, Notice

AT_50 = 0
"""Place of IoU .5 among COCO's thresholds."""


def data_findings(ground_truth: GroundTruth, detections: Detections) -> tuple[Finding, ...]:
    """All of them, of the ground truth first."""
    objects, extents = _object_rows(ground_truth), _extents(ground_truth)
    rows = _detection_rows(detections)
    odd = odd_detections(rows, objects, extents, len(ground_truth.categories.ids))
    found = [
        *object_findings(ground_truth),
        _no_detections(detections),
        *detection_findings(rows, odd),
        _equal_scores(ground_truth, detections) if "scores_equal" in odd else None,
        _classes_without_objects(ground_truth, detections),
        _cut(ground_truth, detections) if "detections_cut" in odd else None,
    ]
    return tuple(finding for finding in found if finding is not None)


def object_findings(ground_truth: GroundTruth) -> tuple[Finding, ...]:
    """Those of the ground truth alone."""
    found = [_no_objects(ground_truth), *odd_objects(_object_rows(ground_truth), _extents(ground_truth))]
    return tuple(finding for finding in (*found, _out_of_range(ground_truth)) if finding is not None)


def reading_findings(
    ground_truth: GroundTruth, detections: Detections, ap50: float | None, reading: Reading
) -> tuple[Finding, ...]:
    """Where hardly anything matches, the other reading of the detections that explains them; in the usual case none.

    Nothing is tried for a reading that was asked for, nor for masks.
    """
    is_low = ap50 is not None and ap50 < LOW_AP50 and len(detections.score) > 0
    if not is_low or reading.record or detections.masks is not None:
        return ()
    raw = RawDetections(
        detections.name,
        ground_truth.images.ids[detections.image].astype(object),
        ground_truth.categories.ids[detections.category].astype(object),
        detections.box,
        detections.score,
    )
    return diagnose_reading(ground_truth, raw).findings


def notices_of(findings: Iterable[Finding]) -> tuple[Notice, ...]:
    """The findings as the warnings that travel with an analysis' numbers."""
    told = (Told(finding) for finding in findings)
    return tuple(Notice(each.code, each.message, each.count, each.examples) for each in told)


def _object_rows(table: GroundTruth) -> ObjectRows:
    return ObjectRows(
        table.name,
        ids=table.ids,
        record=table.record,
        image=table.image,
        category=table.category,
        box=table.box,
        area=table.area,
        crowd=table.crowd.view(np.uint8),
    )


def _detection_rows(table: Detections) -> DetectionRows:
    return DetectionRows(
        table.name,
        record=table.record,
        image=table.image,
        category=table.category,
        box=table.box,
        score=table.score,
    )


def _extents(table: GroundTruth) -> Extents:
    images = table.images
    return Extents(images.width, images.height, np.arange(len(images.ids), dtype=np.int64))


def _no_objects(table: GroundTruth) -> Finding | None:
    if table.is_object.any():
        return None
    message = "the ground truth has no object: AP and the gap are not defined"
    return Finding("no_objects", message, file=table.name, fix="Give a file with annotations", is_about_all=True)


def _out_of_range(table: GroundTruth) -> Finding | None:
    is_out = ~table.crowd & ~table.is_object
    if not is_out.any():
        return None
    rows = np.flatnonzero(is_out)
    return Finding(
        "area_out_of_range",
        "annotations with an area outside [0, 1e10] are ignored, as in COCO",
        file=table.name,
        fix="Write the area in square pixels or leave the field out: it is then the box's",
        count=len(rows),
        examples=[_object_rows(table).place(row, "area") for row in rows[:3].tolist()],
        list_name="annotations",
        field="area",
        is_about_all=True,
    )


def _no_detections(table: Detections) -> Finding | None:
    if len(table.score):
        return None
    message = "there are no detections: AP is 0 and every object is missed"
    fix = "Look at the detector's score threshold, and whether the file was written to the end"
    return Finding("no_detections", message, file=table.name, fix=fix, is_about_all=True)


def _equal_scores(ground_truth: GroundTruth, detections: Detections) -> Finding | None:
    """With the AP of the two extreme orders: true positives first, and last."""
    matches = _matches(ground_truth, detections, MAX_DETECTIONS)
    is_right = matches.is_true_positive(AT_50, MAX_DETECTIONS[-1])
    extremes = []
    for places in (np.argsort(~is_right, kind="stable"), np.argsort(is_right, kind="stable")):
        extremes.append(_average_precision(ground_truth, _in_order(detections, places)))
    best, worst = extremes
    if best is None or worst is None:
        return None
    return equal_scores(detections.name, len(detections.score), float(detections.score[0]), (worst, best))


def _classes_without_objects(ground_truth: GroundTruth, detections: Detections) -> Finding | None:
    """With the AP that would be left if each of these classes had an AP of 0 and counted."""
    classes = len(ground_truth.categories.ids)
    counts = np.bincount(detections.category, minlength=classes)
    has_objects = np.bincount(ground_truth.category[ground_truth.is_object], minlength=classes) > 0
    empty = np.flatnonzero(~has_objects & (counts > 0))
    if not len(empty) or not has_objects.any():
        return None
    names = [ground_truth.categories.names[k] for k in empty]
    return classes_without_objects(detections.name, int(counts[empty].sum()), names, int(has_objects.sum()))


def _cut(ground_truth: GroundTruth, detections: Detections) -> Finding | None:
    """With the objects that only detections beyond the limit find."""
    most = int(np.bincount(detections.image).max())
    limits = (*MAX_DETECTIONS, max(most, MAX_DETECTIONS[-1] + 1))
    matches = _matches(ground_truth, detections, limits)
    is_cut = matches.rank >= MAX_DETECTIONS[-1]
    if not is_cut.any():
        return None
    with_all = int(matches.is_true_positive(AT_50, limits[-1]).sum())
    lost = with_all - int(matches.is_true_positive(AT_50, MAX_DETECTIONS[-1]).sum())
    objects = int(ground_truth.is_object.sum())
    images = ground_truth.images.ids[np.unique(detections.image[is_cut])]
    return beyond_limit(detections.name, int(np.count_nonzero(is_cut)), lost, objects, images.tolist())


def _matches(ground_truth: GroundTruth, detections: Detections, limits: tuple[int, ...]) -> Matches:
    return match_detections(ground_truth, detections, max_detections=limits)[0]


def _average_precision(ground_truth: GroundTruth, detections: Detections) -> float | None:
    return coco_metrics(detections, (_matches(ground_truth, detections, MAX_DETECTIONS),))["AP"]


def _in_order(detections: Detections, places: IntegerArray) -> Detections:
    return Detections(
        name=detections.name,
        sha256=None,
        record=detections.record[places],
        image=detections.image[places],
        category=detections.category[places],
        box=np.ascontiguousarray(detections.box[places]),
        area=detections.area[places],
        score=detections.score[places],
    )
