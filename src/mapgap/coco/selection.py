"""Narrow ground truth and detections to some images and categories: the same types, renumbered."""

import dataclasses
from collections.abc import Iterable, Mapping
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from mapgap.coco.mask_columns import take_masks
from mapgap.coco.values import is_identifier, plain, shown
from mapgap.errors import InputError
from mapgap.tables import BoolArray, Categories, Detections, GroundTruth, IdArray, Images, IndexArray, Scalar

NAMED = 3


def select(
    ground_truth: GroundTruth,
    detections: Detections,
    *,
    image_ids: Iterable[int] | None = None,
    category_ids: Iterable[int] | None = None,
) -> tuple[GroundTruth, Detections]:
    """Both tables with only these images and categories; None keeps all, an empty selection none.

    Rows keep their order, `record` and `file_position` keep saying where they stood in their files. The order and
    number of times an id is given do not matter. InputError for an id that the ground truth does not have.
    """
    keeps_image = _kept(ground_truth.images.ids, image_ids, "image", ground_truth.name)
    keeps_category = _kept(ground_truth.categories.ids, category_ids, "category", ground_truth.name)
    narrowed = _narrow_ground_truth(ground_truth, keeps_image, keeps_category)
    return narrowed, _narrow_detections(detections, keeps_image, keeps_category)


def _kept(known: IdArray, wanted: Iterable[int] | None, kind: str, name: str) -> BoolArray:
    """(len(known),) which rows are wanted."""
    if wanted is None:
        return np.ones(len(known), dtype=np.bool_)
    identifiers = _identifiers(wanted, kind, name)
    unknown = sorted(set(identifiers) - set(known.tolist()))
    if unknown:
        first = ", ".join(map(str, unknown[:NAMED]))
        more = f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
        extent = f"{len(known)} ids, {known[0]} to {known[-1]}" if len(known) else "none at all"
        raise InputError(
            f"{first}{more} cannot be selected: no such {kind} (there are {extent})",
            file=name,
            where=f"{kind}_ids",
            fix=f"Select {kind} ids that the ground truth has",
        )
    return np.isin(known, np.array(identifiers, dtype=np.int64))


def _identifiers(wanted: Iterable[int], kind: str, name: str) -> list[int]:
    values = plain(wanted if isinstance(wanted, np.ndarray) else list(wanted)) if _is_iterable(wanted) else None
    if not isinstance(values, list):
        raise InputError(f"{shown(wanted)} is not a list of ids", file=name, where=f"{kind}_ids", fix="Give integers")
    for value in values:
        if not is_identifier(value):
            raise InputError(f"{shown(value)} is not an id", file=name, where=f"{kind}_ids", fix="Give integers")
    return [int(value) for value in values]


def _is_iterable(wanted: object) -> bool:
    return isinstance(wanted, Iterable) and not isinstance(wanted, str | bytes | Mapping)


def _narrow_ground_truth(ground_truth: GroundTruth, keeps_image: BoolArray, keeps_category: BoolArray) -> GroundTruth:
    keeps = keeps_image[ground_truth.image] & keeps_category[ground_truth.category]
    return dataclasses.replace(
        ground_truth,
        images=_narrow_images(ground_truth.images, keeps_image),
        categories=Categories(
            ground_truth.categories.ids[keeps_category],
            tuple(compress(ground_truth.categories.names, keeps_category.tolist())),
        ),
        record=ground_truth.record[keeps],
        ids=ground_truth.ids[keeps],
        image=_renumbered(ground_truth.image[keeps], keeps_image),
        category=_renumbered(ground_truth.category[keeps], keeps_category),
        box=ground_truth.box[keeps],
        area=ground_truth.area[keeps],
        crowd=ground_truth.crowd[keeps],
        attributes=_narrow_columns(ground_truth.attributes, keeps),
        fields=_narrow_columns(ground_truth.fields, keeps),
        masks=take_masks(ground_truth.masks, np.flatnonzero(keeps)),
    )


def _narrow_images(images: Images, keeps: BoolArray) -> Images:
    return Images(
        ids=images.ids[keeps],
        file_position=images.file_position[keeps],
        width=images.width[keeps],
        height=images.height[keeps],
        file_names=tuple(compress(images.file_names, keeps.tolist())),
        dates_captured=tuple(compress(images.dates_captured, keeps.tolist())),
        attributes=_narrow_columns(images.attributes, keeps),
    )


def _narrow_detections(detections: Detections, keeps_image: BoolArray, keeps_category: BoolArray) -> Detections:
    keeps = keeps_image[detections.image] & keeps_category[detections.category]
    return dataclasses.replace(
        detections,
        record=detections.record[keeps],
        image=_renumbered(detections.image[keeps], keeps_image),
        category=_renumbered(detections.category[keeps], keeps_category),
        box=detections.box[keeps],
        area=detections.area[keeps],
        score=detections.score[keeps],
        masks=take_masks(detections.masks, np.flatnonzero(keeps)),
    )


def _renumbered(index: IndexArray, keeps: BoolArray) -> IndexArray:
    new_index: NDArray[np.int64] = np.cumsum(keeps) - 1
    return new_index[index].astype(np.int32)


def _narrow_columns(columns: Mapping[str, tuple[Scalar, ...]], keeps: BoolArray) -> dict[str, tuple[Scalar, ...]]:
    kept = keeps.tolist()
    return {name: tuple(compress(column, kept)) for name, column in columns.items()}
