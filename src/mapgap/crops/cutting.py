"""Crops of many objects, each picture read once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mapgap.crops.drawing import LONGEST_SIDE, Outline, draw_crop
from mapgap.pictures.failures import Failure, PictureError
from mapgap.pictures.opening import decoder_errors, open_picture, upright
from mapgap.pictures.reading import read_picture


@dataclass(frozen=True)
class CropRequest:
    """One crop to cut: the picture with the size the ground truth gives (NaN: none), and the boxes to draw."""

    file_name: str | None
    width: float
    height: float
    outlines: tuple[Outline, ...]
    """The object first."""
    by_base_name: bool = True
    """Whether the picture may be found by its base name."""
    longest_side: int = LONGEST_SIDE


@dataclass(frozen=True)
class Crop:
    """What became of one request."""

    place: int
    """Among the requests."""
    content: bytes | None
    """A WebP file; None where there is none to be had."""
    failure: Failure | None = None
    """What is wrong with the picture; None also where the box lies outside of it."""
    reason: str = ""


def cut_crops(folder: Path, requests: Sequence[CropRequest]) -> Iterator[Crop]:
    """A crop for each request, as they become ready: picture after picture in the order of their first request.

    `folder` is as `picture_folder` gives it. A picture that is missing or cannot be read is told in its crops.
    """
    for places in _by_picture(requests):
        yield from _of_picture(folder, requests, places)


def _by_picture(requests: Sequence[CropRequest]) -> list[list[int]]:
    by_picture: dict[object, list[int]] = {}
    for place, request in enumerate(requests):
        key = (request.file_name, repr(request.width), repr(request.height))  # a NaN is not even equal to itself
        by_picture.setdefault(key, []).append(place)
    return list(by_picture.values())


def _of_picture(folder: Path, requests: Sequence[CropRequest], places: Sequence[int]) -> Iterator[Crop]:
    request = requests[places[0]]
    crops: list[Crop] = []
    try:
        content = read_picture(folder, request.file_name, by_base_name=request.by_base_name)
        with decoder_errors():
            opened = open_picture(content, request.width, request.height)
            opened.stored.load()
            picture = upright(opened.stored, opened.orientation) if opened.is_turned else opened.stored
            for place in places:
                wanted = requests[place]
                crop = draw_crop(picture, wanted.outlines, longest_side=wanted.longest_side)
                crops.append(Crop(place, crop, None, "" if crop else "its box lies outside of the picture"))
    except PictureError as error:
        crops = [Crop(place, None, error.failure, error.reason) for place in places]
    yield from crops
