"""Attributes out of measurements: fixed thresholds, so that two runs compare."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mapgap.pixels.looks import MEASURES
from mapgap.pixels.measuring import Measurements
from mapgap.tables import (
    NOT_AVAILABLE,
    NOT_AVAILABLE_BACKGROUND,
    Attribute,
    Detections,
    FloatArray,
    GroundTruth,
    IndexArray,
)


@dataclass(frozen=True)
class Bins:
    """Three half-open bins: below the first edge, from the first to the second, from the second on."""

    edges: tuple[float, float]
    names: tuple[str, str, str] = ("low", "normal", "high")


# docs/pixels.md says what each edge means to a person, and how it was chosen.
BINS: Mapping[str, Bins] = {
    "brightness": Bins((0.30, 0.65), ("dark", "normal", "bright")),
    "contrast": Bins((0.10, 0.25)),
    "sharpness": Bins((0.45, 0.65)),
    "noise": Bins((0.005, 0.02)),
    "local_contrast": Bins((0.05, 0.15)),
    "jpeg_quality": Bins((50.0, 90.0)),
}
IMAGE_MEASURES = MEASURES[:4]
NAMES = frozenset([*MEASURES, *(f"image_{name}" for name in IMAGE_MEASURES), "jpeg_quality"])


def pixel_attributes(
    measurements: Measurements, ground_truth: GroundTruth, detections: Detections
) -> tuple[Attribute, ...]:
    """The attributes called NAMES, sorted by name; one that is defined nowhere is left out.

    Those of objects have kind "object": a background detection has the value "n/a (background)". Those of images have
    kind "image" and belong to the objects and detections of the image. `numbers` are the measurements.
    """
    images = {f"image_{name}": measurements.image[:, MEASURES.index(name)] for name in IMAGE_MEASURES}
    images["jpeg_quality"] = measurements.jpeg_quality
    attributes = [
        *(
            _of_objects(name, measurements.object[:, column], ground_truth, detections)
            for column, name in enumerate(MEASURES)
            if not np.isnan(measurements.object[:, column]).all()
        ),
        *(
            _of_images(name, numbers, ground_truth, detections)
            for name, numbers in images.items()
            if not np.isnan(numbers).all()
        ),
    ]
    return tuple(sorted(attributes, key=lambda attribute: attribute.name))


def _of_objects(name: str, numbers: FloatArray, ground_truth: GroundTruth, detections: Detections) -> Attribute:
    bins = BINS[name]
    codes = _codes(numbers, bins)
    is_missing = bool(np.any(codes[ground_truth.is_object] == len(bins.names)))
    values = (*bins.names, *([NOT_AVAILABLE] if is_missing else []), NOT_AVAILABLE_BACKGROUND)
    background = np.full(len(detections.image), len(values) - 1, dtype=np.int32)
    return Attribute(name, "object", values, codes, background, numbers, bins.edges)


def _of_images(name: str, numbers: FloatArray, ground_truth: GroundTruth, detections: Detections) -> Attribute:
    bins = BINS[name.removeprefix("image_")]
    codes = _codes(numbers, bins)
    object_codes, detection_codes = codes[ground_truth.image], codes[detections.image]
    used = np.concatenate([object_codes[ground_truth.is_object], detection_codes])
    is_missing = bool(np.any(used == len(bins.names)))
    values = (*bins.names, *([NOT_AVAILABLE] if is_missing else []))
    last = np.int32(len(values) - 1)  # a crowd needs a code too, and nobody counts it
    return Attribute(
        name,
        "image",
        values,
        np.minimum(object_codes, last),
        detection_codes,
        numbers[ground_truth.image],
        bins.edges,
        numbers[detections.image],
    )


def _codes(numbers: FloatArray, bins: Bins) -> IndexArray:
    """Place among the names, one beyond the last for a NaN."""
    codes = np.searchsorted(bins.edges, numbers, side="right")
    return np.where(np.isnan(numbers), len(bins.names), codes).astype(np.int32)
