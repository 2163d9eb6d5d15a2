"""Demo data: small drawn pictures, their ground truth, and a simulated detector whose weaknesses are known."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mapgap.demo.annotations import annotate
from mapgap.demo.descriptions import Demo, PlantedChange, Scene, Thing, Weakness, WrongLabel
from mapgap.demo.detector import WEAKNESSES, detect
from mapgap.demo.drawing import render_image
from mapgap.demo.files import demo_files
from mapgap.demo.later import CHANGES, detect_later
from mapgap.demo.scenes import make_scene
from mapgap.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "Demo",
    "PlantedChange",
    "Scene",
    "Thing",
    "Weakness",
    "WrongLabel",
    "demo_files",
    "make_demo",
    "render_image",
    "render_images",
]


def make_demo(seed: int = 0, images: int = 300) -> Demo:
    """The demo of a seed: the same on every machine; image n does not depend on how many images there are.

    With 300 images there are about 2,000 objects of 5 classes, and every planted weakness has at least 60 errors;
    with few images it may have none. A negative seed or number of images is an InputError.
    """
    if seed < 0 or images < 0:
        raise InputError(f"seed {seed}, images {images}", fix="Neither may be negative")
    scenes = tuple(make_scene(seed, number) for number in range(1, images + 1))
    ground_truth, wrong_labels, occlusion = annotate(scenes)
    detections = [row for scene, values in zip(scenes, occlusion, strict=True) for row in detect(scene, values)]
    later = detect_later(scenes, occlusion, detections)
    return Demo(ground_truth, detections, WEAKNESSES, wrong_labels, scenes, later, CHANGES)


def render_images(demo: Demo) -> "Iterator[tuple[str, Image]]":
    """File name and picture of every scene, in id order, each drawn when it is asked for."""
    for scene in demo.scenes:
        yield scene.file_name, render_image(scene)
