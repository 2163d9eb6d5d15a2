"""Writes drawn scenes as JSON, block by block, with one formatting operation a record."""

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np
from sizes import Size, files_in

if TYPE_CHECKING:
    from scenes import Detections, Images, Objects

Block = tuple["Images", "Objects", "Detections"]

IMAGE = (
    '{"license": 3,"file_name": "%012d.jpg","coco_url": "http://images.example.org/val2017/%012d.jpg","height": %d,'
    '"width": %d,"date_captured": "2013-%02d-14 17:02:52","flickr_url": "http://farm7.example.org/6116/%d_z.jpg",'
    '"id": %d,"camera": "camera %02d"}'
)
ANNOTATION = (
    '{"segmentation": %s,"area": %r,"iscrowd": %d,"image_id": %d,"bbox": [%r,%r,%r,%r],"category_id": %d,"id": %d}'
)
BOX_ANNOTATION = '{"area": %r,"iscrowd": %d,"image_id": %d,"bbox": [%r,%r,%r,%r],"category_id": %d,"id": %d}'
DETECTION = '{"image_id": %d, "category_id": %d, "bbox": [%r, %r, %r, %r], "score": %r}'
MOST_CORNERS = 64


def write(folder: Path, size: Size, blocks: Iterable[Block]) -> None:
    """The four files of a folder, which appears when they are whole; an older one is replaced."""
    unfinished = folder.with_name(folder.name + ".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    files = files_in(unfinished)
    objects_path = unfinished / "annotations.part"
    slices: dict[str, list[int]] = {}
    images: list[str] = []
    with files.detections.open("w") as detections_file, objects_path.open("w") as objects_file:
        detections, annotations = Records(detections_file), Records(objects_file)
        for number, (image, objects, detected) in enumerate(blocks):
            images += _image_lines(image)
            annotations.add(_annotation_lines(image, objects, annotations.count, size.polygons, number))
            detections.add(detection_lines(image, detected))
            for name, image_id in zip(image.slice.tolist(), image.ids.tolist(), strict=True):
                slices.setdefault(f"camera {name:02}", []).append(image_id)
        annotations.close()
        detections.close()
    _write_ground_truth(files.ground_truth, images, objects_path, size.classes)
    objects_path.unlink()
    files.slices.write_text(json.dumps(dict(sorted(slices.items()))))
    rows = [{"key": image_id, "camera": name} for name, ids in slices.items() for image_id in ids]
    files.manifest.write_text(json.dumps({"manifest_version": "1", "key_kind": "image_id", "rows": rows}))
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


class Records:
    """A JSON array that is written piece by piece; `count` is the number of records so far."""

    def __init__(self, stream: TextIO) -> None:
        self.count = 0
        self._stream = stream
        stream.write("[")

    def add(self, lines: Iterable[str]) -> None:
        """Writes these records behind those before."""
        lines = list(lines)
        if lines:
            self._stream.write((", " if self.count else "") + ", ".join(lines))
        self.count += len(lines)

    def close(self) -> None:
        """Ends the array, not the file."""
        self._stream.write("]")


def _write_ground_truth(path: Path, images: list[str], annotations: Path, classes: int) -> None:
    categories = [{"supercategory": "thing", "id": number + 1, "name": f"class {number}"} for number in range(classes)]
    with path.open("w") as stream, annotations.open() as source:
        stream.write('{"info": {"description": "generated"},"licenses": [],"images": [' + ",".join(images))
        stream.write('],"annotations": ')
        shutil.copyfileobj(source, stream, 1 << 20)
        stream.write(',"categories": ' + json.dumps(categories) + "}")


def _image_lines(images: "Images") -> Iterator[str]:
    columns = zip(images.ids.tolist(), images.shape.tolist(), images.slice.tolist(), strict=True)
    for image_id, (width, height), camera in columns:
        month = image_id % 12 + 1
        yield IMAGE % (image_id, image_id, height, width, month, image_id, image_id, camera)


def _annotation_lines(images: "Images", objects: "Objects", before: int, polygons: bool, block: int) -> Iterator[str]:
    """Lines in random order, as in COCO's files."""
    order = np.random.default_rng([block]).permutation(len(objects.image))
    box = objects.box[order]
    area = np.round(box[:, 2] * box[:, 3] * (0.62 if polygons else 1), 4).tolist()
    columns = (
        area,
        objects.is_crowd[order].astype(int).tolist(),
        images.ids[objects.image[order]].tolist(),
        *box.T.tolist(),
        (objects.category[order] + 1).tolist(),
        range(before + 1, before + 1 + len(order)),
    )
    rows = zip(*columns, strict=True)
    if not polygons:
        return (BOX_ANNOTATION % row for row in rows)
    outlines = _outlines(objects, images, order, block)
    return (ANNOTATION % (outline, *row) for outline, row in zip(outlines, rows, strict=True))


def _outlines(objects: "Objects", images: "Images", order: np.ndarray, block: int) -> Iterator[str]:
    """A wobbling ellipse in each box; run lengths for a crowd. About 25 corners, more on larger objects."""
    chance = np.random.default_rng([block, 1])
    box = objects.box[order]
    corners = np.clip(np.sqrt(box[:, 2] * box[:, 3]) / 3 + 8, 8, MOST_CORNERS).astype(int)
    angle = np.arange(MOST_CORNERS) * (2 * np.pi / corners[:, np.newaxis])
    radius = chance.uniform(0.8, 1, angle.shape) / 2
    x = np.round(box[:, :1] + box[:, 2:3] * (0.5 + radius * np.cos(angle)), 2)
    y = np.round(box[:, 1:2] + box[:, 3:] * (0.5 + radius * np.sin(angle)), 2)
    points = np.stack([x, y], axis=2).reshape(len(box), -1)
    shapes = images.shape[objects.image[order]].tolist()
    for row, count, is_crowd, shape, (left, top, width, height) in zip(
        points, corners.tolist(), objects.is_crowd[order].tolist(), shapes, box.tolist(), strict=True
    ):
        if is_crowd:
            yield _run_lengths(shape, int(left), int(top), max(1, int(width)), max(1, int(height)))
        else:
            yield "[[" + ",".join(map(repr, row[: 2 * count].tolist())) + "]]"


def _run_lengths(shape: list[int], left: int, top: int, width: int, height: int) -> str:
    """A full box as COCO's uncompressed run lengths, column after column."""
    image_width, image_height = shape
    counts = [left * image_height + top]
    for _ in range(width - 1):
        counts += [height, image_height - height]
    counts += [height, image_width * image_height - sum(counts) - height]
    return json.dumps({"counts": counts, "size": [image_height, image_width]})


def detection_lines(images: "Images", detections: "Detections") -> Iterator[str]:
    """One record a detection, in their order."""
    columns = (
        images.ids[detections.image].tolist(),
        (detections.category + 1).tolist(),
        *detections.box.T.tolist(),
        detections.score.tolist(),
    )
    return (DETECTION % row for row in zip(*columns, strict=True))
