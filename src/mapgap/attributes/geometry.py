"""Attributes that follow from boxes: size, size_detail, aspect, border, position, crowding, covered."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mapgap import _kernel
from mapgap.attributes.binning import MISSING, bin_codes
from mapgap.attributes.coding import geometry_attribute, object_attribute
from mapgap.attributes.mask_coverage import covered_mask_share
from mapgap.tables import Attribute, Detections, FloatArray, GroundTruth, IndexArray

SIZE_EDGES = (32.0**2, 96.0**2)
SIZE_NAMES = ("small", "medium", "large")
SIZE_DETAIL_EDGES = (16.0**2, 32.0**2, 96.0**2, 288.0**2)
SIZE_DETAIL_NAMES = ("tiny", "small", "medium", "large", "huge")
ASPECT_EDGES = (3 / 4, 4 / 3)
ASPECT_NAMES = ("tall", "square", "wide")
BORDER_EDGES = (1.0,)
BORDER_NAMES = ("touching", "inside")
CROWDING_EDGES = (1.0, 3.0)
CROWDING_NAMES = ("none", "1-2", "3+")
CROWDING_IOU = 0.1
COVERED_EDGES = (0.0, 0.1, 0.5)
COVERED_NAMES = ("free", "light", "partial", "heavy")
COVERED_DECIMALS = 12
POSITION_NAMES = ("top left", "top", "top right", "left", "centre", "right", "bottom left", "bottom", "bottom right")


def geometry_attributes(ground_truth: GroundTruth, detections: Detections) -> list[Attribute]:
    """The seven attributes of boxes; all their values are listed, whether or not a box has them.

    Bins are half-open [low, high), except those of `border` and `covered`, which are closed above.
    """
    boxes = _Boxes(ground_truth.box, *_image_size(ground_truth, ground_truth.image), ground_truth.area)
    own_area = detections.box[:, 2] * detections.box[:, 3]
    own_boxes = _Boxes(detections.box, *_image_size(ground_truth, detections.image), own_area)
    with np.errstate(over="ignore"):  # coordinates near 1e308 overflow to infinity, which falls in the right bin
        return [
            _binned("size", SIZE_NAMES, SIZE_EDGES, boxes.area, own_boxes.area, ground_truth),
            _binned("size_detail", SIZE_DETAIL_NAMES, SIZE_DETAIL_EDGES, boxes.area, own_boxes.area, ground_truth),
            _binned("aspect", ASPECT_NAMES, ASPECT_EDGES, _aspect(boxes), _aspect(own_boxes), ground_truth),
            _border(boxes, own_boxes, ground_truth),
            _position_attribute(boxes, own_boxes, ground_truth),
            _crowding(ground_truth, len(detections.box)),
            _covered(ground_truth, len(detections.box)),
        ]


@dataclass(frozen=True)
class _Boxes:
    """One row a box, xywh, with the size of its image (NaN where the image has none)."""

    box: FloatArray
    image_width: FloatArray
    image_height: FloatArray
    area: FloatArray


def _image_size(ground_truth: GroundTruth, image: IndexArray) -> tuple[FloatArray, FloatArray]:
    width, height = ground_truth.images.width, ground_truth.images.height
    has_size = (width > 0) & (height > 0)
    return np.where(has_size, width, np.nan)[image], np.where(has_size, height, np.nan)[image]


def _binned(
    name: str,
    values: tuple[str, ...],
    edges: tuple[float, ...],
    numbers: FloatArray,
    detection_numbers: FloatArray,
    ground_truth: GroundTruth,
) -> Attribute:
    codes, detection_codes = bin_codes(numbers, edges), bin_codes(detection_numbers, edges)
    return geometry_attribute(
        name,
        values,
        codes,
        detection_codes,
        ground_truth.is_object,
        numbers=numbers,
        detection_numbers=detection_numbers,
        edges=edges,
    )


def _aspect(boxes: _Boxes) -> FloatArray:
    """Width over height, NaN for a box without height."""
    width, height = boxes.box[:, 2], boxes.box[:, 3]
    ratio = np.full(len(width), np.nan)
    np.divide(width, height, out=ratio, where=height > 0)
    return ratio


def _border(boxes: _Boxes, own_boxes: _Boxes, ground_truth: GroundTruth) -> Attribute:
    distance, own_distance = _border_distance(boxes), _border_distance(own_boxes)
    return geometry_attribute(
        "border",
        BORDER_NAMES,
        bin_codes(distance, BORDER_EDGES, closed_above=True),
        bin_codes(own_distance, BORDER_EDGES, closed_above=True),
        ground_truth.is_object,
        numbers=distance,
        detection_numbers=own_distance,
        edges=BORDER_EDGES,
    )


def _border_distance(boxes: _Boxes) -> FloatArray:
    """Smallest distance of a side of the box to its side of the image, negative outside, NaN without image size."""
    x, y, width, height = boxes.box.T
    across = np.minimum(x, boxes.image_width - (x + width))
    down = np.minimum(y, boxes.image_height - (y + height))
    return np.asarray(np.minimum(across, down), dtype=np.float64)


def _position_attribute(boxes: _Boxes, own_boxes: _Boxes, ground_truth: GroundTruth) -> Attribute:
    codes, detection_codes = _position(boxes), _position(own_boxes)
    return geometry_attribute("position", POSITION_NAMES, codes, detection_codes, ground_truth.is_object)


def _position(boxes: _Boxes) -> IndexArray:
    """Code in POSITION_NAMES by the centre of the box; a centre on a dividing line belongs to the right or below."""
    x, y, width, height = boxes.box.T
    column = _third(x + width / 2, boxes.image_width)
    row = _third(y + height / 2, boxes.image_height)
    has_no_image_size = np.isnan(boxes.image_width)
    return np.where(has_no_image_size, MISSING, 3 * row + column).astype(np.int32)


def _third(centre: FloatArray, length: FloatArray) -> IndexArray:
    """0, 1 or 2: the third of the length the centre lies in; beyond an edge counts as the third at that edge."""
    is_past_first = 3 * centre >= length
    is_past_second = 3 * centre >= 2 * length
    return is_past_first.astype(np.int32) + is_past_second.astype(np.int32)


def _crowding(ground_truth: GroundTruth, detections: int) -> Attribute:
    """By the number of other objects of any class with IoU > .1; 0 for crowds."""
    is_object = ground_truth.is_object
    others = _kernel.count_overlaps(*_kernel_columns(ground_truth), CROWDING_IOU)
    numbers = np.where(is_object, others, 0).astype(np.float64)
    codes = bin_codes(numbers, CROWDING_EDGES)
    return object_attribute(
        "crowding", CROWDING_NAMES, codes, is_object, detections, numbers=numbers, edges=CROWDING_EDGES
    )


def _covered(ground_truth: GroundTruth, detections: int) -> Attribute:
    """By the share of the box under the other objects' boxes, or of the mask under their masks; 0 for crowds.

    The share is rounded to 12 decimals, so that the last bit of a sum of areas does not decide between two bins.
    """
    is_object = ground_truth.is_object
    if ground_truth.masks is None:
        share = _kernel.covered_share(*_kernel_columns(ground_truth))
    else:
        share = covered_mask_share(ground_truth.image, ground_truth.masks, is_object)
    numbers = np.where(is_object, np.round(share, COVERED_DECIMALS), 0.0)
    codes = bin_codes(numbers, COVERED_EDGES, closed_above=True)
    return object_attribute(
        "covered", COVERED_NAMES, codes, is_object, detections, numbers=numbers, edges=COVERED_EDGES
    )


def _kernel_columns(ground_truth: GroundTruth) -> tuple[IndexArray, FloatArray, NDArray[np.uint8], int]:
    return (
        np.ascontiguousarray(ground_truth.image, dtype=np.int32),
        np.ascontiguousarray(ground_truth.box, dtype=np.float64),
        ground_truth.is_object.astype(np.uint8),
        len(ground_truth.images.ids),
    )
