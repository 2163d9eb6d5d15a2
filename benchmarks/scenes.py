"""Writes a generated COCO pair: ground truth, detections and 50 slices of the images.

    python benchmarks/scenes.py FOLDER --images 5000 --objects 36781 --detections 500000 --classes 80 --polygons

Of the detections, 15 % or more (all that a detector of this quality would find) are objects with a jittered box: some
of another class, some duplicates, with scores that rise with the IoU. The rest lie anywhere and score low. The same
arguments give the same bytes on one version of NumPy.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scene_files
from numpy.typing import NDArray
from sizes import SLICES, Size

IMAGES_PER_BLOCK = 1_000
"""What is drawn and written at once, so that memory does not grow with the number of images."""

SHAPES = np.array([[640, 480], [640, 427], [480, 640], [500, 375]])
SHARE_OF_JITTERED = 0.15
SHARE_OF_CROWDS = 0.012
SHARE_OF_WRONG_CLASS = 0.08
MOST_FOUND = 0.7
"""Share of the detections that first finds may take, where there are few detections."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Images:
    """One row an image of a block."""

    ids: Integers
    shape: Integers
    """(N, 2) width and height."""
    slice: Integers
    theme: Integers
    """The class that is frequent in this image."""


@dataclass(frozen=True)
class Objects:
    """One row an annotation of a block."""

    image: Integers
    """Position in the block."""
    category: Integers
    box: Floats
    """(N, 4) xywh with two decimals."""
    is_crowd: NDArray[np.bool_]


@dataclass(frozen=True)
class Detections:
    """One row a detection of a block, by image, then falling score."""

    image: Integers
    category: Integers
    box: Floats
    score: Floats


def main() -> None:
    """Reads the command line and writes the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder to write, made if it is not there")
    parser.add_argument("--images", type=int, default=5_000)
    parser.add_argument("--objects", type=int, default=36_781)
    parser.add_argument("--detections", type=int, default=500_000)
    parser.add_argument("--classes", type=int, default=80)
    parser.add_argument("--polygons", action="store_true", help="give annotations outlines, as COCO's have")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    size = Size(given.images, given.objects, given.detections, given.classes, given.polygons)
    scene_files.write(given.folder, size, blocks(size, given.seed))


def blocks(size: Size, seed: int) -> Iterator[tuple[Images, Objects, Detections]]:
    """All of the data, a block of images at a time; the counts of the blocks add up to those of the size."""
    ids = np.random.default_rng([seed]).permutation(7 * size.images)[: size.images] + 1
    frequency = 1 / (np.arange(size.classes) + 3)
    frequency /= frequency.sum()
    for number, start in enumerate(range(0, size.images, IMAGES_PER_BLOCK)):
        chance = np.random.default_rng([seed, number + 1])
        stop = min(start + IMAGES_PER_BLOCK, size.images)
        images = _draw_images(chance, ids[start:stop], frequency)
        objects = _draw_objects(chance, images, _share(size.objects, start, stop, size.images), frequency)
        count = _share(size.detections, start, stop, size.images)
        yield images, objects, _draw_detections(chance, images, objects, count, frequency)


def _share(total: int, start: int, stop: int, images: int) -> int:
    return total * stop // images - total * start // images


def _draw_images(chance: np.random.Generator, ids: Integers, frequency: Floats) -> Images:
    count = len(ids)
    return Images(
        ids=ids,
        shape=SHAPES[chance.choice(len(SHAPES), count, p=[0.4, 0.3, 0.2, 0.1])],
        slice=chance.integers(0, SLICES, count),
        theme=chance.choice(len(frequency), count, p=frequency),
    )


def _draw_objects(chance: np.random.Generator, images: Images, count: int, frequency: Floats) -> Objects:
    """Objects, unevenly spread over the images; sizes as in COCO, 41 % below 32 pixels and 22 % above 96."""
    weights = chance.gamma(1.2, size=len(images.ids))
    image = chance.choice(len(images.ids), count, p=weights / weights.sum())
    is_crowd = chance.random(count) < SHARE_OF_CROWDS
    side = np.exp(chance.normal(3.72, 1.1, count)) * np.where(is_crowd, 3, 1)
    box = _boxes(chance, images.shape[image], side)
    return Objects(image, _classes(chance, images.theme[image], frequency), box, is_crowd)


def _boxes(chance: np.random.Generator, shape: Integers, side: Floats) -> Floats:
    """Boxes of about side x side pixels anywhere in images of these shapes."""
    aspect = np.exp(chance.normal(0, 0.4, len(side)))
    extent = np.minimum(np.maximum(np.stack([side * aspect, side / aspect], axis=1), 3), shape - 1)
    corner = chance.random((len(side), 2)) * (shape - extent)
    return np.round(np.concatenate([corner, extent], axis=1), 2)


def _classes(chance: np.random.Generator, theme: Integers, frequency: Floats) -> Integers:
    """Half of them are of their image's frequent class."""
    anything = chance.choice(len(frequency), len(theme), p=frequency)
    return np.where(chance.random(len(theme)) < 0.5, theme, anything)


def _draw_detections(
    chance: np.random.Generator, images: Images, objects: Objects, count: int, frequency: Floats
) -> Detections:
    jittered = _jittered(chance, images, objects, count, len(frequency))
    background = _background(chance, images, count - len(jittered.score), frequency)
    image = np.concatenate([jittered.image, background.image])
    # 32-bit floats written with all their digits are what detectors dump.
    score = np.concatenate([jittered.score, background.score]).astype(np.float32).astype(np.float64)
    order = np.lexsort((-score, image))
    return Detections(
        image[order],
        np.concatenate([jittered.category, background.category])[order],
        np.concatenate([jittered.box, background.box])[order],
        score[order],
    )


def _jittered(chance: np.random.Generator, images: Images, objects: Objects, count: int, classes: int) -> Detections:
    """One detection of each object found, then duplicates until their share is reached."""
    area = objects.box[:, 2] * objects.box[:, 3]
    findable = np.select([objects.is_crowd, area < 32**2, area < 96**2], [0.3, 0.6, 0.85], default=0.93)
    found = chance.permutation(np.flatnonzero(chance.random(len(area)) < findable))[: int(MOST_FOUND * count)]
    repeats = max(0, int(SHARE_OF_JITTERED * count) - len(found)) if len(found) else 0
    source = np.concatenate([found, chance.choice(found, repeats) if repeats else found[:0]])
    is_duplicate = np.arange(len(source)) >= len(found)
    spread = np.exp(chance.normal(-2.9, 0.6, len(source))) * np.where(is_duplicate, 2.5, 1)
    box = _shaken(chance, objects.box[source], spread, images.shape[objects.image[source]])
    iou = _iou(box, objects.box[source])
    is_wrong = chance.random(len(source)) < SHARE_OF_WRONG_CLASS
    certainty = 5 * (iou - 0.65) + chance.normal(0, 1, len(source)) - 1.5 * is_duplicate - 1.5 * is_wrong
    category = np.where(is_wrong, chance.integers(0, classes, len(source)), objects.category[source])
    return Detections(objects.image[source], category, box, 1 / (1 + np.exp(-certainty)))


def _shaken(chance: np.random.Generator, box: Floats, spread: Floats, shape: Integers) -> Floats:
    """Boxes moved and scaled by normal amounts, `spread` of their extent, and cut at the border of the image."""
    move = chance.normal(0, 1, (len(box), 2)) * spread[:, np.newaxis] * box[:, 2:]
    extent = box[:, 2:] * np.exp(chance.normal(0, 1, (len(box), 2)) * spread[:, np.newaxis])
    corner = np.clip(box[:, :2] + move, 0, shape - 2)
    extent = np.clip(extent, 1, shape - corner)
    return np.round(np.concatenate([corner, extent], axis=1), 2)


def _iou(one: Floats, other: Floats) -> Floats:
    low = np.maximum(one[:, :2], other[:, :2])
    high = np.minimum(one[:, :2] + one[:, 2:], other[:, :2] + other[:, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    iou: Floats = common / (np.prod(one[:, 2:], axis=1) + np.prod(other[:, 2:], axis=1) - common)
    return iou


def _background(chance: np.random.Generator, images: Images, count: int, frequency: Floats) -> Detections:
    image = chance.integers(0, len(images.ids), count)
    box = _boxes(chance, images.shape[image], np.exp(chance.normal(3.72, 1.1, count)))
    return Detections(image, _classes(chance, images.theme[image], frequency), box, chance.beta(1, 9, count) + 0.001)


if __name__ == "__main__":
    main()
