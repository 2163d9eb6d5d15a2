"""Attributes that follow from counting and naming: image_crowding, class_frequency, class."""

from collections import Counter

import numpy as np

from mapgap.attributes.binning import MISSING, bin_codes, quantile_edges
from mapgap.attributes.coding import image_attribute, object_attribute
from mapgap.tables import Attribute, Categories, Detections, FloatArray, GroundTruth, IndexArray

IMAGE_CROWDING_NAMES = ("few", "some", "many")
CLASS_FREQUENCY_NAMES = ("rare", "common", "frequent")


def image_crowding(ground_truth: GroundTruth, detections: Detections) -> Attribute:
    """Images by their number of objects: terciles over the images that have objects; no object at all is "few".

    Where all images with objects have the same number, they are "some".
    """
    numbers = _object_counts(ground_truth.image, ground_truth, len(ground_truth.images.ids))
    edges, names = _terciles(numbers[numbers > 0], IMAGE_CROWDING_NAMES)
    if not edges and np.any(numbers == 0):
        edges = tuple(float(number) for number in np.unique(numbers[numbers > 0]))
        names = IMAGE_CROWDING_NAMES[: len(edges) + 1]
    codes = bin_codes(numbers, edges)
    return image_attribute(
        "image_crowding", names, codes, ground_truth, detections.image, image_numbers=numbers, edges=edges
    )


def class_frequency(ground_truth: GroundTruth, detections: Detections) -> Attribute:
    """Objects by the number of objects of their class: terciles over the classes with ground truth.

    Where all of these have the same number, they are "common".
    """
    counts = _object_counts(ground_truth.category, ground_truth, len(ground_truth.categories.ids))
    edges, names = _terciles(counts[counts > 0], CLASS_FREQUENCY_NAMES)
    class_codes = np.where(counts > 0, bin_codes(counts, edges), MISSING).astype(np.int32)
    return object_attribute(
        "class_frequency",
        names,
        class_codes[ground_truth.category],
        ground_truth.is_object,
        len(detections.image),
        numbers=counts[ground_truth.category],
        edges=edges,
    )


def class_attribute(ground_truth: GroundTruth, detections: Detections) -> Attribute:
    """The category, by name in id order; the code is the category index."""
    names = distinct_names(ground_truth.categories)
    codes, detection_codes = ground_truth.category.astype(np.int32), detections.category.astype(np.int32)
    return Attribute("class", "class", names, codes, detection_codes)


def distinct_names(categories: Categories) -> tuple[str, ...]:
    """The categories' names; categories that share one are told apart as "name (id 7)"."""
    names = list(categories.names)
    while len(set(names)) < len(names):
        uses = Counter(names)
        names = [
            f"{name} (id {category_id})" if uses[name] > 1 else name
            for name, category_id in zip(names, categories.ids.tolist(), strict=True)
        ]
    return tuple(names)


def _object_counts(group: IndexArray, ground_truth: GroundTruth, groups: int) -> FloatArray:
    """(groups,) number of objects in each group."""
    return np.bincount(group[ground_truth.is_object], minlength=groups).astype(np.float64)


def _terciles(numbers: FloatArray, names: tuple[str, str, str]) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Edges and names: the outer two names where ties leave two bins, the middle one for a single bin."""
    edges = quantile_edges(numbers, 3)
    if len(numbers) == 0:
        return (), ()
    return edges, {0: names[1:2], 1: (names[0], names[2]), 2: names}[len(edges)]
