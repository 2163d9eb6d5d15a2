"""Look at the pictures of a ground truth and collect what came out."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from mapgap.pictures.places import own_base_names, picture_folder
from mapgap.pixels.cache import Cache, cache_file
from mapgap.pixels.looks import MEASURES, Look, Request, look_bytes
from mapgap.pixels.notices import picture_notices
from mapgap.pixels.workers import look_at_all
from mapgap.tables import FloatArray, GroundTruth, IdArray, Notice

Count = Callable[[int, int], None]
"""Told how many pictures are done, and of how many."""

ROWS_A_CHANGE = 512


@dataclass(frozen=True)
class Measurements:
    """One row an image and one an annotation, columns as MEASURES: fractions of 1, NaN where not defined."""

    image: FloatArray
    """(I, 5); no image has a local contrast."""
    object: FloatArray
    """(N, 5); NaN for crowds."""
    jpeg_quality: FloatArray
    """(I,) from 1 to 100, NaN for what is no JPEG."""
    notices: tuple[Notice, ...]


def measure_pictures(
    ground_truth: GroundTruth, folder: str | PathLike[str], *, jobs: int = 0, count: Count | None = None
) -> Measurements:
    """The measurements of all images of the ground truth whose picture is in the folder.

    `jobs` processes look at them, 0 for one a core; their number changes nothing but the time. What was measured
    before is taken from the user's cache folder, by the content of the file. A picture that is missing or cannot be
    measured is told in a notice. Raises AccessError if there is no such folder.
    """
    place = picture_folder(folder)
    rows = _rows_by_image(ground_truth)
    own = own_base_names(ground_truth.images.file_names)
    requests = [_request(ground_truth, image, rows[image], own) for image in range(len(rows))]
    looks = _looks(place, requests, jobs, count or _silent)
    image, objects = (
        np.full((len(rows), len(MEASURES)), np.nan),
        np.full((len(ground_truth.ids), len(MEASURES)), np.nan),
    )
    for position, look in enumerate(looks):
        if look.image is not None and look.crops is not None:
            image[position], objects[rows[position]] = look.image, look.crops
    quality = np.array([look.jpeg_quality for look in looks], dtype=np.float64)
    return Measurements(image, objects, quality, picture_notices(ground_truth.images, looks))


def _silent(done: int, of: int) -> None:
    """Reports to nobody."""


def _rows_by_image(ground_truth: GroundTruth) -> list[IdArray]:
    """The objects of each image."""
    rows = np.flatnonzero(ground_truth.is_object)
    rows = rows[np.argsort(ground_truth.image[rows], kind="stable")]
    images = np.arange(len(ground_truth.images.ids) + 1)
    cuts = np.searchsorted(ground_truth.image[rows], images)
    return [rows[start:end] for start, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)]


def _request(ground_truth: GroundTruth, image: int, rows: IdArray, own: frozenset[str]) -> Request:
    images = ground_truth.images
    width, height, name = float(images.width[image]), float(images.height[image]), images.file_names[image]
    return Request(name, width, height, ground_truth.box[rows], by_base_name=name in own)


def _looks(folder: Path, requests: Sequence[Request], jobs: int, count: Count) -> list[Look]:
    found: dict[int, Look] = {}
    fresh: list[tuple[bytes, bytes]] = []
    file = cache_file()
    with Cache(file) as cache, closing(look_at_all(folder, requests, file, cache.get, jobs)) as looks:
        try:
            for place, look, key in looks:
                found[place] = look
                count(len(found), len(requests))
                if key is not None:
                    fresh.append((key, look_bytes(look)))
                if len(fresh) >= ROWS_A_CHANGE:
                    cache.keep(fresh)
                    fresh.clear()
        finally:  # what an interrupted run has measured is not measured again
            cache.keep(fresh)
    return [found[place] for place in range(len(requests))]
