"""The records of COCO's format as typed structs: one set of types for JSON text and for Python objects.

Only the fields that become columns are named; msgspec skips the others without making objects of them.
"""

from typing import Any

import msgspec

Identifier = int | float
"""Ids are integers; 42.0 counts as one, 42.5 is refused where columns are made."""


class ImageRecord(msgspec.Struct, gc=False):
    """One entry of `images`."""

    id: Identifier
    width: float | None = None
    height: float | None = None
    file_name: str | None = None
    date_captured: Any = None


class CategoryRecord(msgspec.Struct, gc=False):
    """One entry of `categories`; a category without a name is called by its id."""

    id: Identifier
    name: str | int | None = None


class AnnotationRecord(msgspec.Struct, gc=False):
    """One entry of the ground truth's `annotations`."""

    id: Identifier
    image_id: Identifier
    category_id: Identifier
    bbox: tuple[float, float, float, float]
    area: float | None = None
    iscrowd: int | bool | float = 0


class DetectionRecord(msgspec.Struct, gc=False):
    """One entry of a results file; an empty or missing box is allowed here because a mask may stand for it."""

    image_id: Identifier
    category_id: Identifier
    score: float
    bbox: tuple[float, ...] | None = None


class WrittenRecord(DetectionRecord, gc=False):
    """One entry of a results file whose ids are yet to be mapped: names are allowed."""

    image_id: int | float | str  # type: ignore[assignment]
    category_id: int | float | str  # type: ignore[assignment]


class ResultRecord(DetectionRecord, gc=False):
    """One entry of a pycocotools `COCO` object made by `loadRes`, which has computed the area already."""

    area: float | None = None


class RunLengths(msgspec.Struct, gc=False):
    """A mask as run lengths, compressed to text or as a list."""

    size: tuple[int, int]
    counts: str | list[int]


class MaskRecord(msgspec.Struct, gc=False):
    """The mask of one entry of a results file; decoded only where masks have to stand for boxes."""

    segmentation: RunLengths


class SegmentationRecord(msgspec.Struct, gc=False):
    """The mask of one entry of either file, run lengths or polygons; decoded only where masks are compared."""

    segmentation: RunLengths | list[list[float]] | None = None


class TopLevel(msgspec.Struct):
    """The three lists of a COCO file as undecoded text; empty where a list is missing."""

    images: msgspec.Raw = msgspec.Raw()
    annotations: msgspec.Raw = msgspec.Raw()
    categories: msgspec.Raw = msgspec.Raw()
