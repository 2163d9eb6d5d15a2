"""Small tables for the tests of slices and ranking: made by hand, or drawn by chance with known hot spots."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mapgap.tables import (
    CAUSES,
    Attribute,
    AttributeKind,
    Categories,
    Debts,
    Detections,
    Errors,
    GroundTruth,
    Images,
    IndexArray,
    OperatingPoint,
    Scalar,
)

POINTING = ("localization", "classification", "duplicate", "both")
OF_OBJECTS = ("missed", "localization", "classification", "both", "crowded_out", "below_threshold", "max_detections")


@dataclass(frozen=True)
class Scene:
    """Everything slices and ranking take."""

    ground_truth: GroundTruth
    detections: Detections
    attributes: tuple[Attribute, ...]
    operating_point: OperatingPoint
    errors: Errors
    debts: Debts
    detection_address: IndexArray


def ground_truth_of(
    image: Sequence[int],
    *,
    image_ids: Sequence[int] | None = None,
    ids: Sequence[int] | None = None,
    crowd: Sequence[bool] | None = None,
) -> GroundTruth:
    count = len(image)
    image_ids = list(range(max(image, default=-1) + 1)) if image_ids is None else image_ids
    images = Images(
        ids=np.array(image_ids, dtype=np.int64),
        file_position=np.arange(len(image_ids), dtype=np.int64),
        width=np.full(len(image_ids), 100.0),
        height=np.full(len(image_ids), 100.0),
        file_names=(None,) * len(image_ids),
        dates_captured=(None,) * len(image_ids),
        attributes={},
    )
    return GroundTruth(
        name="truth",
        sha256=None,
        images=images,
        categories=Categories(np.array([1], dtype=np.int64), ("thing",)),
        record=np.arange(count, dtype=np.int64),
        ids=np.array(range(count) if ids is None else ids, dtype=np.int64),
        image=np.array(image, dtype=np.int32),
        category=np.zeros(count, dtype=np.int32),
        box=np.zeros((count, 4)),
        area=np.full(count, 100.0),
        crowd=np.array([False] * count if crowd is None else crowd, dtype=np.bool_),
        attributes={},
        fields={},
    )


def detections_of(image: Sequence[int], *, record: Sequence[int] | None = None) -> Detections:
    count = len(image)
    return Detections(
        name="run",
        sha256=None,
        record=np.array(range(count) if record is None else record, dtype=np.int64),
        image=np.array(image, dtype=np.int32),
        category=np.zeros(count, dtype=np.int32),
        box=np.zeros((count, 4)),
        area=np.full(count, 100.0),
        score=np.linspace(1.0, 0.5, count),
    )


def attribute_of(
    name: str,
    kind: AttributeKind,
    values: Sequence[Scalar],
    object_codes: Sequence[int],
    detection_codes: Sequence[int],
) -> Attribute:
    codes = np.array(object_codes, dtype=np.int32), np.array(detection_codes, dtype=np.int32)
    return Attribute(name, kind, tuple(values), *codes)


def operating_point_of(kept: Sequence[bool], true_positive: Sequence[bool], found: Sequence[bool]) -> OperatingPoint:
    counts = np.zeros(1, dtype=np.int64)
    masks = (np.array(mask, dtype=np.bool_) for mask in (kept, true_positive, found))
    return OperatingPoint(0.5, 0.5, *masks, counts, counts, counts)


def errors_of(rows: Sequence[tuple[str, int, int, bool]], ground_truth: GroundTruth, detections: Detections) -> Errors:
    """From (cause, object, detection, is it a false negative)."""
    cause, objects, found, is_false_negative = (
        (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 4
    )
    return Errors(
        cause=np.array([CAUSES.index(name) for name in cause], dtype=np.int8),
        object=np.array(objects, dtype=np.int32),
        detection=np.array(found, dtype=np.int32),
        is_false_negative=np.array(is_false_negative, dtype=np.bool_),
        image=_images(objects, found, ground_truth, detections),
        category=np.zeros(len(rows), dtype=np.int32),
        recovering_score=np.full(len(rows), np.nan),
    )


def debts_of(rows: Sequence[tuple[str, int, int, float]], ground_truth: GroundTruth, detections: Detections) -> Debts:
    """From (cause, object, detection, gap)."""
    cause, objects, owing, gap = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 4
    return Debts(
        cause=np.array([CAUSES.index(name) for name in cause], dtype=np.int8),
        object=np.array(objects, dtype=np.int32),
        detection=np.array(owing, dtype=np.int32),
        image=_images(objects, owing, ground_truth, detections),
        category=np.zeros(len(rows), dtype=np.int32),
        gap=np.array(gap, dtype=np.float64),
        gap_at_50=np.array(gap, dtype=np.float64),
    )


def _images(
    objects: Sequence[int], found: Sequence[int], ground_truth: GroundTruth, detections: Detections
) -> IndexArray:
    pairs = zip(objects, found, strict=True)
    return np.array([ground_truth.image[g] if g >= 0 else detections.image[d] for g, d in pairs], dtype=np.int32)


def random_scene(seed: int, images: int, annotations: int, detections: int, error_rate: float) -> Scene:
    """Drawn from `seed`: errors gather where the attributes "a" and "b" have certain values.

    Debts are multiples of 1 / 1024, so that every sum of them is exact in any order.
    """
    chance = np.random.default_rng(seed)
    crowd = chance.random(annotations) < 0.1
    image_ids = np.sort(chance.choice(1 << 33, size=images, replace=False)) - (1 << 32)
    ground_truth = ground_truth_of(
        chance.integers(images, size=annotations).tolist() if images else [],
        image_ids=image_ids.tolist(),
        ids=chance.permutation(annotations).tolist(),
        crowd=crowd.tolist(),
    )
    truth = detections_of(
        chance.integers(images, size=detections).tolist(), record=chance.permutation(detections).tolist()
    )
    attributes = _random_attributes(chance, ground_truth, truth)
    hot = 1.0 + 3.0 * (attributes[0].object_codes == 0) + 3.0 * (attributes[1].object_codes == 1)
    is_hit = ground_truth.is_object & (chance.random(annotations) > error_rate * hot / 4.0)
    kept = chance.random(detections) < 0.8
    true_positive = np.zeros(detections, dtype=np.bool_)
    detection_address = np.full(detections, -1, dtype=np.int32)
    takers = chance.permutation(np.flatnonzero(kept)).tolist()
    found = np.zeros(annotations, dtype=np.bool_)
    for g, d in zip(np.flatnonzero(is_hit).tolist(), takers, strict=False):
        found[g] = true_positive[d] = True
        detection_address[d] = g
    rows = _random_errors(chance, ground_truth, truth, kept & ~true_positive, ground_truth.is_object & ~found)
    debts = _random_debts(chance, rows, ground_truth, truth)
    return Scene(
        ground_truth,
        truth,
        attributes,
        operating_point_of(kept.tolist(), true_positive.tolist(), found.tolist()),
        errors_of(rows, ground_truth, truth),
        debts_of(debts, ground_truth, truth),
        detection_address,
    )


def _random_attributes(
    chance: np.random.Generator, ground_truth: GroundTruth, detections: Detections
) -> tuple[Attribute, ...]:
    annotations, count, images = len(ground_truth.ids), len(detections.record), len(ground_truth.images.ids)
    of_image = chance.integers(3, size=images) if images else np.zeros(0, dtype=np.int64)
    same = chance.integers(3, size=annotations), chance.integers(3, size=count)
    return (
        attribute_of("a", "geometry", ["small", True, 1, "n/a"], *_codes(chance, 4, annotations, count)),
        attribute_of(
            "b",
            "object",
            [0, False, None, "n/a", "n/a (background)"],
            chance.integers(4, size=annotations).tolist(),
            [4] * count,
        ),
        attribute_of(
            "time",
            "image",
            ["day", "night", "n/a"],
            of_image[ground_truth.image].tolist(),
            of_image[detections.image].tolist(),
        ),
        attribute_of("class", "class", ["cat", "dog"], *_codes(chance, 2, annotations, count)),
        attribute_of("twin", "geometry", ["x", "y", "z"], *(codes.tolist() for codes in same)),
        attribute_of("annotation.twin", "object", ["x", "y", "z"], *(codes.tolist() for codes in same)),
    )


def _codes(chance: np.random.Generator, values: int, annotations: int, detections: int) -> tuple[list[int], list[int]]:
    return chance.integers(values, size=annotations).tolist(), chance.integers(values, size=detections).tolist()


def _random_errors(
    chance: np.random.Generator,
    ground_truth: GroundTruth,
    detections: Detections,
    is_false_positive: np.ndarray,
    is_false_negative: np.ndarray,
) -> list[tuple[str, int, int, bool]]:
    rows: list[tuple[str, int, int, bool]] = []
    for d in np.flatnonzero(is_false_positive).tolist():
        near = np.flatnonzero(ground_truth.is_object & (ground_truth.image == detections.image[d])).tolist()
        if near and chance.random() < 0.6:
            rows.append((POINTING[int(chance.integers(chance.integers(1, 5)))], int(chance.choice(near)), d, False))
        else:
            rows.append(("background", -1, d, False))
    behind = {g: d for _, g, d, _ in rows if g >= 0}
    for g in np.flatnonzero(is_false_negative).tolist():
        cause = OF_OBJECTS[int(chance.integers(chance.integers(1, 8)))]
        rows.append((cause, g, behind.get(g, -1) if chance.random() < 0.7 else -1, True))
    return [rows[i] for i in chance.permutation(len(rows))]


def _random_debts(
    chance: np.random.Generator,
    errors: list[tuple[str, int, int, bool]],
    ground_truth: GroundTruth,
    detections: Detections,
) -> list[tuple[str, int, int, float]]:
    rows = []
    for cause, g, d, is_false_negative in errors:
        if cause in ("below_threshold", "max_detections"):
            continue
        rows.append((cause, g, -1 if is_false_negative else d, int(chance.integers(4)) / 1024))
    for d in range(len(detections.record)):
        if chance.random() < 0.3:
            rows.append(("background", -1, d, int(chance.integers(1, 4)) / 1024))
    for g in np.flatnonzero(ground_truth.is_object).tolist():
        if chance.random() < 0.3:
            rows.append(("localization", g, -1, int(chance.integers(1, 4)) / 1024))
    return rows
