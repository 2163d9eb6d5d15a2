"""Make attributes out of codes: the values for "not available" come last, and only where a row needs them."""

from collections.abc import Sequence

import numpy as np

from mapgap.tables import (
    NOT_AVAILABLE,
    NOT_AVAILABLE_BACKGROUND,
    Attribute,
    BoolArray,
    FloatArray,
    GroundTruth,
    IndexArray,
    Scalar,
)


def object_attribute(
    name: str,
    values: Sequence[Scalar],
    codes: IndexArray,
    is_object: BoolArray,
    detections: int,
    *,
    numbers: FloatArray | None = None,
    edges: tuple[float, ...] | None = None,
) -> Attribute:
    """Attribute known for objects only; every detection has the value "n/a (background)", which is always the last.

    `codes` (N,) may be MISSING. A crowd without a value that an object has takes the code after the objects' values.
    """
    all_values = (*values, *_missing_value(codes[is_object]), NOT_AVAILABLE_BACKGROUND)
    background = np.full(detections, len(all_values) - 1, dtype=np.int32)
    return Attribute(name, "object", all_values, _filled(codes, len(values)), background, numbers, edges)


def geometry_attribute(
    name: str,
    values: Sequence[Scalar],
    object_codes: IndexArray,
    detection_codes: IndexArray,
    is_object: BoolArray,
    *,
    numbers: FloatArray | None = None,
    detection_numbers: FloatArray | None = None,
    edges: tuple[float, ...] | None = None,
) -> Attribute:
    """Attribute of boxes, which objects and detections both have; codes may be MISSING, numbers are (N,) and (D,)."""
    all_values = (*values, *_missing_value(object_codes[is_object], detection_codes))
    code = min(len(values), len(all_values) - 1)
    filled = _filled(object_codes, code), _filled(detection_codes, code)
    return Attribute(name, "geometry", all_values, *filled, numbers, edges, detection_numbers)


def image_attribute(
    name: str,
    values: Sequence[Scalar],
    image_codes: IndexArray,
    ground_truth: GroundTruth,
    detection_image: IndexArray,
    *,
    image_numbers: FloatArray | None = None,
    edges: tuple[float, ...] | None = None,
) -> Attribute:
    """Attribute of images, handed down to their objects and detections; `image_codes` (I,) may be MISSING."""
    object_codes, detection_codes = image_codes[ground_truth.image], image_codes[detection_image]
    all_values = (*values, *_missing_value(object_codes[ground_truth.is_object], detection_codes))
    code = min(len(values), len(all_values) - 1)
    filled = _filled(object_codes, code), _filled(detection_codes, code)
    if image_numbers is None:
        return Attribute(name, "image", all_values, *filled, edges=edges)
    numbers, detection_numbers = image_numbers[ground_truth.image], image_numbers[detection_image]
    return Attribute(name, "image", all_values, *filled, numbers, edges, detection_numbers)


def _missing_value(*codes: IndexArray) -> tuple[str, ...]:
    is_missing_somewhere = any(bool(np.any(part < 0)) for part in codes)
    return (NOT_AVAILABLE,) if is_missing_somewhere else ()


def _filled(codes: IndexArray, missing_code: int) -> IndexArray:
    """Codes with MISSING replaced.

    Where no object and no detection is missing only crowds can be; they take the last code, because every row must
    have one and nobody counts theirs.
    """
    return np.where(codes < 0, missing_code, codes).astype(np.int32)
