"""Writes datasets/planted, the demo data of seed 0, or with --check says whether it is still what the code makes.

    python datasets/make_planted.py
    python datasets/make_planted.py --check

The check compares numbers to 1e-9 and pictures by their pixels. Exit code 0: written, or no difference; 1: drift.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mapgap.demo import demo_files, make_demo

PLANTED = Path(__file__).parent / "planted"
TOLERANCE = 1e-9

README = """# Planted: demo data with known weaknesses

Drawn pictures of streets, parks and harbours by day, at dusk and at night, their ground truth, and the detections of
a simulated detector. Nothing in it is real. `datasets/make_planted.py` makes it from the package's own demo
(`mapgap.demo.make_demo`, seed 0); with `--check` it says whether this is still what the code makes.

| file | what |
| --- | --- |
| `gt.json` | COCO ground truth: {images} pictures, {objects} objects of {classes} classes, {crowds} `iscrowd` groups |
| `detections.json` | COCO results: {detections} boxes |
| `later.json` | COCO results of the same detector after one more round of training: {later} boxes |
| `weaknesses.json` | what was planted: cause and slice of each weakness, the wrong labels, and what changed later |
| `images/` | 320 x 240 PNG |

Boxes are full extents, covered parts included; `area` is width x height of the box. `attributes.occlusion` comes from
the share of an object's drawn pixels that is visible: none from .9, partial from .5, heavy below. Scenery covers
objects, too: hoardings, bushes and containers have no annotation.

Planted, besides ordinary errors of every kind at low rates:

{weaknesses}
* {wrong_labels} labels in the ground truth are wrong, where the detector may be right.

The later detector, which `mapgap compare` is tried on:

{changes}
"""


def planted_files() -> Iterator[tuple[str, bytes]]:
    """Name and content of every file that belongs into datasets/planted."""
    demo = make_demo()
    crowds = sum(annotation["iscrowd"] for annotation in demo.ground_truth["annotations"])
    text = README.format(
        images=len(demo.scenes),
        objects=len(demo.ground_truth["annotations"]) - crowds,
        classes=len(demo.ground_truth["categories"]),
        crowds=crowds,
        detections=len(demo.detections),
        later=len(demo.later_detections),
        changes="\n".join(f"* {change.text}" for change in demo.changes),
        weaknesses="\n".join(f"* {weakness.text}" for weakness in demo.weaknesses),
        wrong_labels=len(demo.wrong_labels),
    )
    yield "README.md", text.encode()
    yield from demo_files(demo)


def write(folder: Path) -> None:
    """Write every file and remove pictures that no longer belong."""
    names = set()
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for name, content in planted_files():
        (folder / name).write_bytes(content)
        names.add(name)
    for name in _names(folder) - names:
        (folder / name).unlink()


def drift(folder: Path) -> list[str]:
    """One line a file that is missing, too much, or not what the code makes."""
    found = []
    names = set()
    for name, content in planted_files():
        names.add(name)
        path = folder / name
        if not path.is_file():
            found.append(f"{name}: missing")
        elif not _is_same(name, path.read_bytes(), content):
            found.append(f"{name}: differs")
    return found + [f"{name}: does not belong here" for name in sorted(_names(folder) - names)]


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _is_same(name: str, stored: bytes, made: bytes) -> bool:
    if name.endswith(".json"):
        return is_close(json.loads(stored), json.loads(made))
    if name.endswith(".png"):
        return np.array_equal(_pixels(stored), _pixels(made))
    return stored == made


def _pixels(content: bytes) -> np.ndarray:
    with Image.open(BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"))


def is_close(one: Any, other: Any) -> bool:
    """Whether two JSON documents are equal, numbers to 1e-9."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(is_close(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_close, one, other))
    if isinstance(one, float) or isinstance(other, float):
        is_number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
        return is_number and abs(one - other) <= TOLERANCE
    return type(one) is type(other) and bool(one == other)


def main() -> int:
    """Run the command line and give its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if datasets/planted drifted")
    if not parser.parse_args().check:
        write(PLANTED)
        return 0
    found = drift(PLANTED)
    sys.stdout.write("".join(f"{line}\n" for line in found) or "datasets/planted is what the code makes\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
