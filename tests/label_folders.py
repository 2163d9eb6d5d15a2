"""Small data sets in the formats of other tools, written as those formats say."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from PIL import Image

Corners = tuple[float, float, float, float]
WIDTH, HEIGHT = 64, 32
"""Powers of two: fractions of them are exact."""


def write_picture(place: Path, size: tuple[int, int] = (WIDTH, HEIGHT), orientation: int | None = None) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", size)
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    content = io.BytesIO()
    picture.save(content, "PNG" if place.suffix == ".png" else "JPEG", exif=exif)
    place.write_bytes(content.getvalue())


def write_yolo(folder: Path, labels: Mapping[str, Sequence[str]], names: Sequence[str]) -> Path:
    """data.yaml, images/NAME.jpg and labels/NAME.txt; the folder of the labels."""
    (folder / "labels").mkdir(parents=True)
    listed = "".join(f"  {number}: {name}\n" for number, name in enumerate(names))
    (folder / "data.yaml").write_text(f"path: .\ntrain: images\nnames:\n{listed}", encoding="utf-8")
    for name, lines in labels.items():
        write_picture(folder / "images" / f"{name}.jpg")
        (folder / "labels" / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder / "labels"


def yolo_line(number: int, corners: Corners, size: tuple[int, int] = (WIDTH, HEIGHT)) -> str:
    left, top, right, bottom = corners
    width, height = size
    numbers = ((left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height)
    return " ".join([str(number), *map(repr, numbers)])


def voc_object(name: str, corners: Corners, **about: object) -> str:
    sides = zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    box = "".join(f"<{side}>{value}</{side}>" for side, value in sides)
    rest = "".join(f"<{key}>{value}</{key}>" for key, value in about.items())
    return f"<object>\n<name>{escape(name)}</name>{rest}\n<bndbox>{box}</bndbox>\n</object>"


def voc_annotation(file_name: str, objects: Sequence[str], size: tuple[int, int] | None = (WIDTH, HEIGHT)) -> str:
    told = "" if size is None else f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>"
    listed = "\n".join(objects)
    return (
        f"<annotation>\n<folder>VOC2012</folder><filename>{escape(file_name)}</filename>\n"
        f"<source><database>x</database></source>{told}<segmented>0</segmented>\n{listed}\n</annotation>\n"
    )


def write_voc(folder: Path, annotations: Mapping[str, str]) -> Path:
    folder.mkdir(parents=True)
    for name, text in annotations.items():
        (folder / f"{name}.xml").write_text(text, encoding="utf-8")
    return folder


def kitti_line(
    kind: str, corners: Corners, *, truncated: float = 0.0, occluded: int = 0, rest: str = "1.5 1.6 3.9 1 2 30.5 -1.5",
    score: float | None = None,
) -> str:  # fmt: skip
    sides = " ".join(map(repr, corners))
    end = "" if score is None else f" {score!r}"
    return f"{kind} {truncated!r} {occluded} -1.55 {sides} {rest}{end}"


def dont_care(corners: Corners) -> str:
    return f"DontCare -1 -1 -10 {' '.join(map(repr, corners))} -1 -1 -1 -1000 -1000 -1000 -10"


def write_lines(folder: Path, files: Mapping[str, Sequence[str]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def bdd_label(category: str, corners: Corners | None, **more: Any) -> dict[str, Any]:
    box = {} if corners is None else {"box2d": dict(zip(("x1", "y1", "x2", "y2"), corners, strict=True))}
    return {"id": "0", "category": category, **box, **more}


def bdd_frame(name: str, labels: Sequence[dict[str, Any]] | None, **attributes: str) -> dict[str, Any]:
    return {"name": name, "attributes": attributes, "timestamp": 10000, "labels": labels}


def write_json(place: Path, content: object) -> Path:
    place.write_text(json.dumps(content), encoding="utf-8")
    return place
