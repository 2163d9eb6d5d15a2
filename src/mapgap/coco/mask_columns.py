"""Masks of annotations and detections, rasterised and packed by pycocotools' mask code."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from mapgap.coco.masks import require_sound
from mapgap.coco.records import Records, decode_records
from mapgap.coco.structs import RunLengths, SegmentationRecord
from mapgap.errors import InputError
from mapgap.tables import IdArray, Images, IndexArray, IntegerArray, Masks

Segmentation = RunLengths | list[list[float]] | None

FEWEST_COORDINATES = 6
LARGEST_COORDINATE = 1e5
"""Polygons are drawn point by point; COCO's largest area is this squared."""

FIX_OBJECT = "Give every annotation a mask (polygons or run lengths), or evaluate boxes with --iou-type bbox"
FIX_DETECTION = "Write masks into the results file (run lengths), or evaluate boxes with --iou-type bbox"


def object_masks(records: Records, ids: IdArray, image: IndexArray, images: Images) -> Masks:
    """One mask an annotation; InputError for the first without one, or with one that is none."""
    return _masks(records, ids, image, images, "the annotation has no mask, and masks are to be compared", FIX_OBJECT)


def detection_masks(records: Records, image: IndexArray, images: Images) -> Masks:
    """One mask a detection; InputError for the first that has only a box."""
    complaint = "the detection has no mask, and masks are to be compared"
    return _masks(records, None, image, images, complaint, FIX_DETECTION)


def _masks(records: Records, ids: IdArray | None, image: IndexArray, images: Images, complaint: str, fix: str) -> Masks:
    segmentations: list[Segmentation] = [row.segmentation for row in decode_records(records, SegmentationRecord)]
    identifiers: Sequence[int | None] = [None] * len(segmentations) if ids is None else ids.tolist()
    is_run_lengths = [isinstance(one, RunLengths) for one in segmentations]
    described = zip(range(len(segmentations)), identifiers, segmentations, strict=True)
    require_sound(records, [(row, own, one) for row, own, one in described if isinstance(one, RunLengths)])
    result = []
    for position, segmentation in enumerate(segmentations):
        where = records.where(position, identifiers[position], "segmentation")
        if not segmentation:
            raise InputError(complaint, file=records.file, where=where, fix=fix)
        size = _image_size(images, int(image[position]))
        try:
            result.append(_encode(segmentation, size))
        except _BadMaskError as bad:
            kind = "mask" if is_run_lengths[position] else "polygon"
            raise InputError(f"the {kind} {bad}", file=records.file, where=where, fix=fix) from None
    return tuple(result)


class _BadMaskError(Exception):
    """What is wrong with a mask, in words that follow "the mask" or "the polygon"."""


def _image_size(images: Images, image: int) -> tuple[int, int] | None:
    """(height, width) of the image, None where it is not known."""
    height, width = images.height[image], images.width[image]
    return (int(height), int(width)) if height > 0 and width > 0 else None


def _encode(segmentation: RunLengths | list[list[float]], size: tuple[int, int] | None) -> dict[str, Any]:
    from pycocotools import mask

    if isinstance(segmentation, RunLengths):
        if size is not None and tuple(segmentation.size) != size:
            raise _BadMaskError(f"has size {list(segmentation.size)}, its image is {list(size)} (height, width)")
        height, width = segmentation.size
        if isinstance(segmentation.counts, list):
            encoded: dict[str, Any] = mask.frPyObjects(
                {"size": [height, width], "counts": segmentation.counts}, height, width
            )
            return encoded
        return {"size": [height, width], "counts": segmentation.counts.encode("ascii")}
    if size is None:
        raise _BadMaskError("cannot be drawn: its image has no width and height")
    for polygon in segmentation:
        _require_polygon(polygon)
    merged: dict[str, Any] = mask.merge(mask.frPyObjects(segmentation, *size))
    return merged


def _require_polygon(polygon: list[float]) -> None:
    if len(polygon) < FEWEST_COORDINATES or len(polygon) % 2:
        raise _BadMaskError(f"has {len(polygon)} numbers, not three or more pairs of x and y")
    if not all(math.isfinite(number) and abs(number) <= LARGEST_COORDINATE for number in polygon):
        raise _BadMaskError("has a coordinate that is not finite or lies far beyond any image")


def take_masks(masks: Masks | None, rows: IntegerArray) -> Masks | None:
    """The masks of these rows, in their order."""
    return None if masks is None else tuple(masks[row] for row in np.asarray(rows).tolist())
