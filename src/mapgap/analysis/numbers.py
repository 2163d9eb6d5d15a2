"""From two files to the 12 COCO numbers without NumPy: what `mapgap evaluate` needs, and nothing else."""

import math
from collections.abc import Mapping

from mapgap import _kernel
from mapgap.coco.scanning import scan_detections, scan_ground_truth
from mapgap.coco_parameters import AREA_RANGES, IOU_THRESHOLDS, MAX_DETECTIONS, METRICS, RECALL_THRESHOLDS


class FileNumbers:
    """The 12 COCO numbers of two files, and how much is in the files.

    Written out because `dataclasses` takes longer to import than the kernel needs for a small evaluation.
    """

    __slots__ = ("classes", "detections", "images", "metrics", "objects")

    def __init__(
        self, metrics: Mapping[str, float | None], *, images: int, objects: int, classes: int, detections: int
    ):
        self.metrics = metrics
        """By the names in METRICS, in their order; None where not defined."""
        self.images = images
        self.objects = objects
        self.classes = classes
        self.detections = detections


def numbers_of_files(ground_truth: str, detections: str) -> FileNumbers | None:
    """The numbers that `evaluate` gives, or None where only the careful way can tell.

    That is where a file is not written as usual, and where an annotation has the id 0, which pycocotools misreads.
    """
    scanned = scan_ground_truth(ground_truth, with_attributes=False)
    if scanned is None or scanned.has_id_zero:
        return None
    found = scan_detections(detections, scanned.image_ids, scanned.category_ids)
    if found is None:
        return None
    images, classes = len(scanned.image_ids), len(scanned.category_ids)
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
    return FileNumbers(
        dict(zip(METRICS, defined, strict=True)),
        images=images,
        objects=scanned.count_objects(*AREA_RANGES["all"]),
        classes=classes,
        detections=len(found.score),
    )
