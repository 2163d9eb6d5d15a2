"""From two files to the 12 COCO numbers without NumPy: what `mapgap evaluate` needs, and nothing else."""

import math
from collections.abc import Mapping

from mapgap import _kernel
from mapgap.coco.file_identity import base_name
from mapgap.coco.scanning import scan_detections, scan_ground_truth
from mapgap.coco_parameters import AREA_RANGES, IOU_THRESHOLDS, LOW_AP50, MAX_DETECTIONS, METRICS, RECALL_THRESHOLDS
from mapgap.doctor.odd_rows import (
    NEED_MORE,
    DetectionRows,
    Extents,
    ObjectRows,
    detection_findings,
    odd_detections,
    odd_objects,
)
from mapgap.findings import Told


class FileNumbers:
    """The 12 COCO numbers of two files, and how much is in the files.

    Written out because `dataclasses` takes longer to import than the kernel needs for a small evaluation.
    """

    __slots__ = ("classes", "detections", "images", "metrics", "objects", "warnings")

    def __init__(
        self,
        metrics: Mapping[str, float | None],
        *,
        images: int,
        objects: int,
        classes: int,
        detections: int,
        warnings: tuple[Told, ...] = (),
    ):
        self.metrics = metrics
        """By the names in METRICS, in their order; None where not defined."""
        self.images = images
        self.objects = objects
        self.classes = classes
        self.detections = detections
        self.warnings = warnings
        """What `Evaluation.notices` says."""


def numbers_of_files(ground_truth: str, detections: str) -> FileNumbers | None:
    """The numbers that `evaluate` gives, or None where only the careful way can tell.

    That is where a file is not written as usual, where an annotation has the id 0, which pycocotools misreads, and
    where a warning needs to know more, as for a low AP.
    """
    scanned = scan_ground_truth(ground_truth, with_attributes=False)
    if scanned is None or scanned.has_id_zero:
        return None
    found = scan_detections(detections, scanned.image_ids, scanned.category_ids)
    if found is None:
        return None
    images, classes = len(scanned.image_ids), len(scanned.category_ids)
    warnings = _warnings(scanned, found, (base_name(ground_truth), base_name(detections)))
    if warnings is None:
        return None
    numbers = _kernel.coco_numbers(
        found.image,
        found.category,
        found.box,
        found.score,
        scanned.image,
        scanned.category,
        scanned.box,
        scanned.area,
        scanned.crowd,
        images,
        classes,
        IOU_THRESHOLDS,
        RECALL_THRESHOLDS,
        list(AREA_RANGES.values()),
        MAX_DETECTIONS,
    )
    defined = (None if math.isnan(number) else number for number in numbers)
    metrics = dict(zip(METRICS, defined, strict=True))
    if metrics["AP50"] is not None and metrics["AP50"] < LOW_AP50:
        return None
    return FileNumbers(
        metrics,
        images=images,
        objects=scanned.count_objects(*AREA_RANGES["all"]),
        classes=classes,
        detections=len(found.score),
        warnings=warnings,
    )


def _warnings(
    objects: _kernel.ScannedGroundTruth, detections: _kernel.ScannedDetections, names: tuple[str, str]
) -> tuple[Told, ...] | None:
    """What to warn of, None where telling it takes more than columns."""
    counted = objects.count_objects(*AREA_RANGES["all"])
    if not len(detections.score) or not counted or counted < objects.count_objects(-math.inf, math.inf):
        return None
    rows = ObjectRows(
        names[0],
        ids=objects.ids,
        record=None,
        image=objects.image,
        category=objects.category,
        box=objects.box,
        area=objects.area,
        crowd=objects.crowd,
    )
    found = DetectionRows(
        names[1],
        record=None,
        image=detections.image,
        category=detections.category,
        box=detections.box,
        score=detections.score,
    )
    extents = Extents(objects.width, objects.height, objects.image_order)
    odd = odd_detections(found, rows, extents, len(objects.category_ids))
    if any(code in odd for code in NEED_MORE):
        return None
    return tuple(Told(finding) for finding in (*odd_objects(rows, extents), *detection_findings(found, odd)))
