"""Whether runs that are to be compared were made on the same images."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from mapgap.analysis.sources import DetectionsSource, read_pair
from mapgap.coco.known_images import read_detections_of_known_images
from mapgap.coco.selection import select
from mapgap.comparison import unlike_image_sets
from mapgap.errors import InputError
from mapgap.readings import USUAL, Reading
from mapgap.tables import BoolArray, Detections, GroundTruth, IdArray, Notice, Results

EXAMPLES = 3


@dataclass(frozen=True)
class ReadRuns:
    """The runs as tables, all on the images of `ground_truth`."""

    ground_truth: GroundTruth
    detections: Mapping[str, Detections]
    common_images: int | None
    """How many images are left, where only common ones are compared; None where all are."""
    notices: tuple[Notice, ...]


def read_runs(
    ground_truth: GroundTruth,
    runs: Mapping[str, DetectionsSource],
    iou_type: str,
    common_images: bool | None,
    reading: Reading = USUAL,
) -> ReadRuns:
    """All runs, read before the first is analysed, so that what is wrong with the last one is told at once.

    A run that speaks of images the ground truth has not is refused; with `common_images` those detections are left
    out and counted. A run that seems not to have seen all images another one has seen is refused where
    `common_images` is None, narrows the images to those it has detections in where it is True, and passes where it
    is False. Raises InputError.
    """
    notices: list[Notice] = []
    read: dict[str, Detections] = {}
    for name, source in runs.items():
        if not common_images:
            read[name] = read_pair(ground_truth, source, iou_type, reading=reading)[1]
            continue
        read[name], unknown = read_detections_of_known_images(
            source, ground_truth, with_masks=iou_type == "segm", reading=reading
        )
        if len(unknown):
            notices.append(_unknown_images(name, unknown))
    if common_images is False:
        return ReadRuns(ground_truth, read, None, tuple(notices))
    unseen = _unseen(ground_truth, read)
    if common_images is None:
        for name, (other, images) in unseen.items():
            raise _different_images(ground_truth, name, other, images)
        return ReadRuns(ground_truth, read, None, ())
    is_common = np.ones(len(ground_truth.images.ids), dtype=np.bool_)
    for name in unseen:
        is_common &= np.bincount(read[name].image, minlength=len(is_common)) > 0
    common = ground_truth.images.ids[is_common].tolist()
    if len(common) == len(is_common):
        return ReadRuns(ground_truth, read, len(common), tuple(notices))
    narrowed = {name: select(ground_truth, detections, image_ids=common) for name, detections in read.items()}
    notices.append(_left_out(ground_truth, list(unseen), is_common))
    truth = next(iter(narrowed.values()))[0]
    return ReadRuns(truth, {name: table for name, (_, table) in narrowed.items()}, len(common), tuple(notices))


def image_set_notices(runs: Mapping[str, Results]) -> tuple[Notice, ...]:
    """A warning about each run that seems not to have been made on all images that another one was made on."""
    ground_truth = next(iter(runs.values())).ground_truth
    unseen = _unseen(ground_truth, {name: results.detections for name, results in runs.items()})
    return tuple(
        Notice(
            "different_images",
            f"{name} has no detection in images in which {other} has some, whether there are many objects in them or "
            "few: it seems to have been made on other images, and what is missing there counts as missed",
            len(images),
            (f"image ids {_shown(ground_truth.images.ids[images])}",),
        )
        for name, (other, images) in unseen.items()
    )


def _unseen(ground_truth: GroundTruth, read: Mapping[str, Detections]) -> dict[str, tuple[str, IdArray]]:
    """Of each run that seems not to have seen images another one has, the other's name and those images."""
    images = len(ground_truth.images.ids)
    objects = np.bincount(ground_truth.image[ground_truth.is_object], minlength=images)
    of_runs = {name: np.bincount(detections.image, minlength=images) for name, detections in read.items()}
    found: dict[str, tuple[str, IdArray]] = {}
    for other, name in permutations(read, 2):
        if name not in found:
            unseen = unlike_image_sets(objects, of_runs[other], of_runs[name])
            if len(unseen):
                found[name] = (other, unseen)
    return found


def _different_images(ground_truth: GroundTruth, name: str, other: str, images: IdArray) -> InputError:
    return InputError(
        f"{name} has no detection in {len(images):,} images in which {other} has some, whether there are many objects "
        f"in them or few (image ids {_shown(ground_truth.images.ids[images])}): it seems to have been made on "
        "different images",
        fix="Give --common-images (common_images=True) to compare on those that both have detections in, or "
        "--all-images (common_images=False) if it looked at all of them",
    )


def _unknown_images(name: str, unknown: IdArray) -> Notice:
    return Notice(
        "images_not_in_ground_truth",
        f"{name}: detections in images that the ground truth has not were left out",
        len(unknown),
        (f"image ids {_shown(unknown)}",),
    )


def _left_out(ground_truth: GroundTruth, names: list[str], is_common: BoolArray) -> Notice:
    left_out = ground_truth.images.ids[~is_common]
    return Notice(
        "images_not_common",
        f"images in which {', '.join(names)} has no detection were left out of the comparison",
        len(left_out),
        (f"image ids {_shown(left_out)}",),
    )


def _shown(ids: IdArray) -> str:
    shown = ", ".join(map(str, ids[:EXAMPLES].tolist()))
    return f"{shown}, ..." if len(ids) > EXAMPLES else shown
