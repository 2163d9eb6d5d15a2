"""Writes generated data as shards of 1,000 images: ground truth as JSON, detections as JSON or Parquet.

    python benchmarks/shard_scenes.py FOLDER --detections 1000000 --format parquet

The data is that of `scenes.py`, 100 detections and 7.4 objects an image, 80 classes, and is never whole in memory.
"""

import argparse
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
from scene_files import detection_lines
from scenes import Detections, Images, Objects, blocks
from sizes import growing_size

FORMATS = ("parquet", "json")


def main() -> None:
    """Reads the command line and writes the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder to write; an older one is replaced")
    parser.add_argument("--detections", type=int, default=1_000_000)
    parser.add_argument("--format", choices=FORMATS, default="parquet")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    write(given.folder, given.detections, given.format, given.seed)


def write(folder: Path, detections: int, format: str, seed: int = 0) -> None:
    """The shards, in a folder that appears when they are whole."""
    unfinished = folder.with_name(folder.name + ".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    size = growing_size(detections)
    categories = [{"id": number + 1, "name": f"class {number}"} for number in range(size.classes)]
    annotations = 0
    for number, (images, objects, found) in enumerate(blocks(size, seed), 1):
        truth = {
            "images": list(_images(images)),
            "annotations": list(_annotations(images, objects, annotations)),
            "categories": categories,
        }
        annotations += len(objects.image)
        (unfinished / f"truth-{number:05}.json").write_text(json.dumps(truth))
        if format == "json":
            lines = ", ".join(detection_lines(images, found))
            (unfinished / f"detections-{number:05}.json").write_text(f"[{lines}]")
        else:
            _write_table(unfinished / f"detections-{number:05}.parquet", images, found)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def _images(images: Images) -> Iterator[dict[str, object]]:
    for image_id, (width, height), camera in zip(
        images.ids.tolist(), images.shape.tolist(), images.slice.tolist(), strict=True
    ):
        name = f"{image_id:012}.jpg"
        yield {"id": image_id, "width": width, "height": height, "file_name": name, "camera": f"camera {camera:02}"}


def _annotations(images: Images, objects: Objects, before: int) -> Iterator[dict[str, object]]:
    rows = zip(
        images.ids[objects.image].tolist(),
        (objects.category + 1).tolist(),
        objects.box.tolist(),
        objects.is_crowd.tolist(),
        strict=True,
    )
    for number, (image_id, category, box, is_crowd) in enumerate(rows, before + 1):
        area = round(box[2] * box[3], 4)
        yield {
            "id": number,
            "image_id": image_id,
            "category_id": category,
            "bbox": box,
            "area": area,
            "iscrowd": int(is_crowd),
        }


def _write_table(path: Path, images: Images, found: Detections) -> None:
    rows = {
        "image_id": images.ids[found.image],
        "category_id": (found.category + 1).astype(np.int16),
        "score": found.score,
        **dict(zip(("x", "y", "width", "height"), np.ascontiguousarray(found.box.T), strict=True)),
    }
    with duckdb.connect(":memory:") as connection:
        connection.register("detections", rows)
        target = str(path).replace("'", "''")
        box = "[x, y, width, height] AS bbox"
        connection.execute(
            f"COPY (SELECT image_id, category_id, {box}, score FROM detections) TO '{target}' (FORMAT parquet)"
        )


if __name__ == "__main__":
    main()
