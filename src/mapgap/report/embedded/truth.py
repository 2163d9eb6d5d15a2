"""The ground truth as columns: one row an object, by image, then place in the file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mapgap.report.embedded.columns import Chunk
from mapgap.report.json_values import Record
from mapgap.tables import Attribute, FloatArray, GroundTruth, IdArray, IndexArray, Results

LARGEST_EXACT = 1 << 53
"""Whole numbers beyond this are no exact numbers in JavaScript."""
LARGEST_IN_COLUMN = (1 << 32) - 1
FEW_IDS = 100
"""So many stand in the manifest as they are."""


@dataclass(frozen=True)
class ObjectRows:
    """Which annotation each row of the page is."""

    annotation: IdArray
    """(objects,) annotation index of each row."""
    row: IndexArray
    """(N,) row of each annotation, -1 for crowds."""
    first_of_image: IdArray
    """(images + 1,) where the rows of each image begin."""


def object_rows(ground_truth: GroundTruth) -> ObjectRows:
    """The objects by image, then place in the file."""
    objects = np.flatnonzero(ground_truth.is_object)
    annotation = objects[np.argsort(ground_truth.image[objects], kind="stable")]
    row = np.full(len(ground_truth.ids), -1, dtype=np.int32)
    row[annotation] = np.arange(len(annotation))
    per_image = np.bincount(ground_truth.image[annotation], minlength=len(ground_truth.images.ids))
    return ObjectRows(annotation, row, np.append(0, np.cumsum(per_image)))


def truth_record(runs: Sequence[Results], rows: ObjectRows, chunk: Chunk) -> Record:
    """Images, classes, attributes and objects: names as they are, numbers as columns of the chunk.

    What images have is known for those with an object, or with a detection of one of the runs.
    """
    ground_truth = runs[0].ground_truth
    images, annotation = ground_truth.images, rows.annotation
    absent_class, absent_image = _left_out(ground_truth)
    return {
        "classes": list(ground_truth.categories.names),
        "class_ids": ids_record(ground_truth.categories.ids, chunk),
        "image_ids": ids_record(images.ids, chunk),
        "image_names": list(images.file_names) if any(images.file_names) else None,
        "image_width": chunk.add(np.nan_to_num(images.width)),
        "image_height": chunk.add(np.nan_to_num(images.height)),
        "objects_of_image": chunk.add(np.diff(rows.first_of_image)),
        "category": chunk.add(ground_truth.category[annotation]),
        "ids": ids_record(ground_truth.ids[annotation], chunk),
        "area": _area_record(ground_truth.area[annotation], ground_truth.box[annotation], chunk),
        "box": [chunk.add(np.ascontiguousarray(ground_truth.box[annotation, side])) for side in range(4)],
        "left_out": {"category": chunk.add(absent_class), "image": chunk.add(absent_image)},
        "attributes": [
            _attribute_record(versions, runs, annotation, chunk)
            for versions in zip(*(results.attributes for results in runs), strict=True)
        ],
    }


def _area_record(area: FloatArray, box: FloatArray, chunk: Chunk) -> Record | None:
    """None where all areas are width times height, to the last bit."""
    return None if bool((area == box[:, 2] * box[:, 3]).all()) else chunk.add(area)


def ids_record(ids: IdArray, chunk: Chunk) -> Record:
    """Ids as the first where they rise by one; else as a column, numbers, or text where JavaScript would round them."""
    values = ids.tolist()
    if len(values) > 1 and bool((np.diff(ids) == 1).all()):
        return {"first": str(values[0]), "rows": len(values)}
    if len(values) > FEW_IDS and ids.min() >= 0 and ids.max() <= LARGEST_IN_COLUMN:
        return {"column": chunk.add(ids)}
    is_exact = all(-LARGEST_EXACT <= value <= LARGEST_EXACT for value in values)
    return {"values": values if is_exact else [str(value) for value in values]}


def _attribute_record(
    versions: Sequence[Attribute], runs: Sequence[Results], annotation: IdArray, chunk: Chunk
) -> Record:
    """Values and their codes: one an image for what images have, else one an object; the class needs none.

    Each run has its own version of an attribute. They differ in whether a detection needs the last value, "n/a".
    """
    attribute = max(versions, key=lambda version: len(version.values))
    for version in versions:
        if version.name != attribute.name or version.values != attribute.values[: len(version.values)]:
            raise ValueError(f"the runs have different values of {version.name}")
    record: Record = {"name": attribute.name, "kind": attribute.kind, "values": list(attribute.values)}
    if attribute.kind == "class":
        return record
    if attribute.kind != "image":
        return {**record, "codes": chunk.add(attribute.object_codes[annotation])}
    ground_truth = runs[0].ground_truth
    codes = np.zeros(len(ground_truth.images.ids), dtype=np.int32)
    for version, results in zip(versions, runs, strict=True):
        codes[results.detections.image] = version.detection_codes
    codes[ground_truth.image] = attribute.object_codes
    return {**record, "codes": chunk.add(codes)}


def _left_out(ground_truth: GroundTruth) -> tuple[IndexArray, IndexArray]:
    """(class, image) of every image whose annotations of a class are all ignored: it is neither present nor absent."""
    images = len(ground_truth.images.ids)
    key = ground_truth.category.astype(np.int64) * max(1, images) + ground_truth.image
    ignored = np.setdiff1d(key[~ground_truth.is_object], key[ground_truth.is_object])
    category, image = np.divmod(ignored, max(1, images))
    return category.astype(np.int32), image.astype(np.int32)
