"""Masks of annotations and detections, rasterised and packed by pycocotools' mask code."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from mapgap.coco.decoding import decode_rows
from mapgap.coco.masks import complain_of_unsound
from mapgap.coco.records import Records
from mapgap.coco.structs import RunLengths, SegmentationRecord
from mapgap.tables import IdArray, Images, IndexArray, IntegerArray, Masks

Segmentation = RunLengths | list[list[float]] | None
Mask = dict[str, Any]
PerhapsMasks = tuple[Mask | None, ...]

FEWEST_COORDINATES = 6
LARGEST_COORDINATE = 1e5
"""Polygons are drawn point by point; COCO's largest area is this squared."""

FIX_OBJECT = "Give every annotation a mask (polygons or run lengths), or evaluate boxes with --iou-type bbox"
FIX_DETECTION = "Write masks into the results file (run lengths), or evaluate boxes with --iou-type bbox"


def object_masks(records: Records, ids: IdArray, image: IndexArray, images: Images) -> PerhapsMasks:
    """One mask a row of annotations, None for one that is complained of: without a mask, or with one that is none."""
    return _masks(records, ids, image, images, "the annotation has no mask, and masks are to be compared", FIX_OBJECT)


def detection_masks(records: Records, image: IndexArray, images: Images) -> PerhapsMasks:
    """One mask a row of detections, None for one that is complained of."""
    complaint = "the detection has no mask, and masks are to be compared"
    return _masks(records, None, image, images, complaint, FIX_DETECTION)


def _masks(
    records: Records, ids: IdArray | None, image: IndexArray, images: Images, complaint: str, fix: str
) -> PerhapsMasks:
    rows = decode_rows(records, SegmentationRecord)
    segmentations: list[Segmentation] = [None if row is None else row.segmentation for row in rows]
    identifiers: Sequence[int | None] = [None] * len(segmentations) if ids is None else ids.tolist()
    described = zip(range(len(segmentations)), identifiers, segmentations, strict=True)
    complain_of_unsound(records, [(row, own, one) for row, own, one in described if isinstance(one, RunLengths)])
    result: list[Mask | None] = []
    for row, segmentation in enumerate(segmentations):
        encoded, bad = None, None
        if row not in records.bad_rows:
            encoded, bad = _encoded_or_why(segmentation, _image_size(images, int(image[row])), complaint)
        if bad is not None:
            records.complain(bad.code, row, bad.words, identifier=identifiers[row], field="segmentation", fix=fix)
        result.append(encoded)
    return tuple(result)


class _BadMaskError(Exception):
    """What is wrong with a mask, and the code of the finding."""

    def __init__(self, what: str, code: str = "mask_invalid"):
        super().__init__(what)
        self.code = code

    def words(self) -> str:
        """The message."""
        return str(self)


def _encoded_or_why(
    segmentation: Segmentation, size: tuple[int, int] | None, complaint: str
) -> tuple[Mask | None, _BadMaskError | None]:
    if not segmentation:
        return None, _BadMaskError(complaint, "mask_missing")
    try:
        return _encode(segmentation, size), None
    except _BadMaskError as bad:
        return None, bad


def _image_size(images: Images, image: int) -> tuple[int, int] | None:
    """(height, width) of the image, None where it is not known."""
    height, width = images.height[image], images.width[image]
    return (int(height), int(width)) if height > 0 and width > 0 else None


def _encode(segmentation: RunLengths | list[list[float]], size: tuple[int, int] | None) -> dict[str, Any]:
    from pycocotools import mask

    if isinstance(segmentation, RunLengths):
        if size is not None and tuple(segmentation.size) != size:
            raise _BadMaskError(
                f"the mask has size {list(segmentation.size)}, its image is {list(size)} (height, width)",
                "mask_size_differs",
            )
        height, width = segmentation.size
        if isinstance(segmentation.counts, list):
            encoded: dict[str, Any] = mask.frPyObjects(
                {"size": [height, width], "counts": segmentation.counts}, height, width
            )
            return encoded
        return {"size": [height, width], "counts": segmentation.counts.encode("ascii")}
    if size is None:
        raise _BadMaskError("the polygon cannot be drawn: its image has no width and height")
    for polygon in segmentation:
        _require_polygon(polygon)
    merged: dict[str, Any] = mask.merge(mask.frPyObjects(segmentation, *size))
    return merged


def _require_polygon(polygon: list[float]) -> None:
    if len(polygon) < FEWEST_COORDINATES or len(polygon) % 2:
        raise _BadMaskError(f"the polygon has {len(polygon)} numbers, not three or more pairs of x and y")
    if not all(math.isfinite(number) and abs(number) <= LARGEST_COORDINATE for number in polygon):
        raise _BadMaskError("the polygon has a coordinate that is not finite or lies far beyond any image")


def take_masks(masks: Sequence[Any] | None, rows: IntegerArray) -> Masks | None:
    """The masks of these rows, in their order."""
    return None if masks is None else tuple(masks[row] for row in np.asarray(rows).tolist())
