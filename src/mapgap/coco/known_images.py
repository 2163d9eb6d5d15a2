"""Detections of a file that also speaks of images the ground truth has not."""

from dataclasses import replace
from typing import TypeVar

import numpy as np

from mapgap.coco.columns import identifier_column
from mapgap.coco.decoding import decode_records
from mapgap.coco.detections import read_detections
from mapgap.coco.layout import open_detections
from mapgap.coco.selection import select
from mapgap.coco.structs import DetectionRecord
from mapgap.readings import USUAL, Reading
from mapgap.tables import Detections, GroundTruth, IdArray, Images

Value = TypeVar("Value")


def read_detections_of_known_images(
    source: object, ground_truth: GroundTruth, *, with_masks: bool = False, reading: Reading = USUAL
) -> tuple[Detections, IdArray]:
    """The detections in images of the ground truth, and the ids of the other images, which are left out.

    Everything else is refused as in `read_detections`.
    """
    if isinstance(source, Detections):
        return source, np.zeros(0, dtype=np.int64)
    if reading.image_map is not None:  # says itself which images are meant
        return read_detections(source, ground_truth, with_masks=with_masks, reading=reading), np.zeros(
            0, dtype=np.int64
        )
    unknown = np.setdiff1d(_image_ids(source), ground_truth.images.ids)
    if not len(unknown):
        return read_detections(source, ground_truth, with_masks=with_masks, reading=reading), unknown
    wider = _with_images(ground_truth, unknown)
    detections = read_detections(source, wider, with_masks=with_masks, reading=reading)
    return select(wider, detections, image_ids=ground_truth.images.ids)[1], unknown


def _image_ids(source: object) -> IdArray:
    if isinstance(source, np.ndarray):
        is_list = source.ndim == 2 and source.shape[1] == 7 and source.dtype.kind in "iuf"
        # An array that is none is refused by the reader.
        column = source[:, 0] if is_list else np.zeros(0)
        return np.unique(column[np.isfinite(column)]).astype(np.int64)
    records = open_detections(source, None).records
    rows = decode_records(records, DetectionRecord)
    return np.unique(identifier_column(records, rows, "image_id"))


def _with_images(ground_truth: GroundTruth, added: IdArray) -> GroundTruth:
    """The ground truth with images of which nothing but the id is known."""
    images = ground_truth.images
    ids = np.concatenate([images.ids, added])
    order = np.argsort(ids, kind="stable")
    unknown = np.full(len(added), np.nan)
    nothing = (None,) * len(added)
    wider = Images(
        ids=ids[order],
        file_position=np.concatenate([images.file_position, np.full(len(added), -1)])[order],
        width=np.concatenate([images.width, unknown])[order],
        height=np.concatenate([images.height, unknown])[order],
        file_names=_permuted(images.file_names + nothing, order),
        dates_captured=_permuted(images.dates_captured + nothing, order),
        attributes={name: _permuted(tuple(values) + nothing, order) for name, values in images.attributes.items()},
    )
    moved = np.searchsorted(wider.ids, images.ids[ground_truth.image]).astype(np.int32)
    return replace(ground_truth, images=wider, image=moved)


def _permuted(values: tuple[Value, ...], order: IdArray) -> tuple[Value, ...]:
    return tuple(values[place] for place in order.tolist())
