"""Tables from the columns that the kernel scans, where a file is written as usual."""

import hashlib
import os

import numpy as np

from mapgap.coco.columns import box_area
from mapgap.coco.scanning import scan_detections, scan_ground_truth
from mapgap.coco.sources import base_name
from mapgap.tables import Categories, Detections, GroundTruth, Images

Path = str | os.PathLike[str]


def scanned_ground_truth(path: Path, name: str | None, *, with_attributes: bool) -> GroundTruth | None:
    """What the careful reader makes of the file, or None where that reader is needed."""
    scanned = scan_ground_truth(path)
    if scanned is None or (with_attributes and scanned.has_more_fields):
        return None
    order = np.asarray(scanned.image_order)
    ids = np.asarray(scanned.ids)
    images = Images(
        ids=np.asarray(scanned.image_ids),
        file_position=order,
        width=np.asarray(scanned.width)[order],
        height=np.asarray(scanned.height)[order],
        file_names=tuple(scanned.file_names),
        dates_captured=tuple(scanned.dates_captured),
        attributes={},
    )
    category_ids = np.asarray(scanned.category_ids)
    names = zip(scanned.category_names, category_ids.tolist(), strict=True)
    return GroundTruth(
        name=base_name(path) if name is None else name,
        sha256=_hash(path),
        images=images,
        categories=Categories(
            category_ids, tuple(str(identifier) if text is None else text for text, identifier in names)
        ),
        record=np.arange(len(ids), dtype=np.int64),
        ids=ids,
        image=np.asarray(scanned.image),
        category=np.asarray(scanned.category),
        box=np.asarray(scanned.box),
        area=np.asarray(scanned.area),
        crowd=np.asarray(scanned.crowd).view(np.bool_),
        attributes={},
        fields={},
    )


def scanned_detections(path: Path, name: str | None, ground_truth: GroundTruth) -> Detections | None:
    """What the careful reader makes of the file, or None where that reader is needed."""
    scanned = scan_detections(path, ground_truth.images.ids, ground_truth.categories.ids)
    if scanned is None:
        return None
    box = np.asarray(scanned.box)
    return Detections(
        name=base_name(path) if name is None else name,
        sha256=_hash(path),
        record=np.arange(len(box), dtype=np.int64),
        image=np.asarray(scanned.image),
        category=np.asarray(scanned.category),
        box=box,
        area=box_area(box),
        score=np.asarray(scanned.score),
    )


def _hash(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
