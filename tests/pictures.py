"""Pictures and ground truths made for the tests of what is measured on pictures."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from mapgap.coco.ground_truth import read_ground_truth
from mapgap.tables import GroundTruth


def scene(width: int = 320, height: int = 240, *, seed: int = 0) -> Image.Image:
    """Grey rectangles over one another, with sharp edges and without noise."""
    chance = np.random.default_rng(seed)
    tones = np.full((height, width), 120, dtype=np.uint8)
    for _ in range(60):
        x, y = chance.integers(width), chance.integers(height)
        tones[y : y + chance.integers(4, 60), x : x + chance.integers(4, 60)] = chance.integers(40, 216)
    return Image.fromarray(tones)


def noisy(picture: Image.Image, deviation: float, *, seed: int = 0) -> Image.Image:
    tones = np.asarray(picture, dtype=np.float64)
    added = np.random.default_rng(seed).normal(0.0, deviation, tones.shape)
    return Image.fromarray(np.clip(tones + added, 0, 255).astype(np.uint8))


def blurred(picture: Image.Image, radius: float) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(radius))


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def write(folder: Path, contents: Mapping[str, bytes]) -> Path:
    for name, content in contents.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


def truth_of(
    names: Sequence[str | None],
    boxes: Mapping[int, Sequence[Sequence[float]]] | None = None,
    *,
    size: tuple[int, int] | None = (320, 240),
    **annotation: Any,
) -> GroundTruth:
    """One image a name, with ids from 0; without `boxes` one object each."""
    boxes = {i: [[40, 40, 80, 60]] for i in range(len(names))} if boxes is None else boxes
    told = {} if size is None else {"width": size[0], "height": size[1]}
    images = [{"id": i, **told, **({} if name is None else {"file_name": name})} for i, name in enumerate(names)]
    annotations = [
        {"image_id": i, "category_id": 1, "bbox": list(box), "area": box[2] * box[3], "iscrowd": 0, **annotation}
        for i, of_image in boxes.items()
        for box in of_image
    ]
    return read_ground_truth(
        {
            "images": images,
            "annotations": [{"id": i + 1, **one} for i, one in enumerate(annotations)],
            "categories": [{"id": 1, "name": "thing"}],
        }
    )
