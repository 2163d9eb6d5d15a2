"""YOLO's text labels and predictions: one file a picture, one object a line, in fractions of the picture's size.

The format is that of Ultralytics (docs.ultralytics.com/datasets/detect and /segment): class number, centre and size;
or class number and the corners of a polygon. Predictions saved with `save_txt=True save_conf=True` have the score
behind.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from mapgap.convert.chosen_pictures import Only, read_chosen
from mapgap.convert.class_lists import Classes, classes_beside, read_classes
from mapgap.convert.coco_records import (
    Box,
    Labelled,
    LabelledImage,
    Record,
    detection_record,
    ground_truth_record,
    polygon_area,
)
from mapgap.convert.converted import Converted
from mapgap.convert.known_truth import KnownTruth, known_truth
from mapgap.convert.label_files import LabelFile, Line, files_below, lines_of
from mapgap.convert.numbers_in_text import finite_number, whole_number
from mapgap.convert.picture_files import Pictures, find_pictures, folder_beside, size_of
from mapgap.errors import InputError
from mapgap.number_words import plural
from mapgap.tables import Notice

Folder = str | PathLike[str]

NO_LABELS = ("classes.txt",)
"""labelImg writes it among the labels."""
BOX_WORDS, SCORED_BOX_WORDS = 5, 6
LEAST_CORNERS = 3
TOLERANCE = 0.01
"""How far outside 0 to 1 a coordinate may lie, as rounding leaves it; what is further out is in pixels. Ultralytics
allows as much."""


def from_yolo(
    labels: Folder,
    *,
    images: Folder | None = None,
    classes: Classes | None = None,
    only: Only | None = None,
    max_input_bytes: int | None = None,
) -> Converted:
    """Ground truth of a folder of YOLO labels, or of a data set's folder with `labels` and `images` in it.

    Every picture in the folder of the pictures is an image; one without a label file has no objects. Boxes are the
    fractions times the size of the picture as it is seen (EXIF orientation applied). A polygon becomes the
    segmentation, its hull the box, and its area the area. The classes are those of `classes` or of the nearest
    data.yaml or classes.txt. `only` names the pictures that are wanted, in a file or a list. InputError with file and
    line for what has no meaning; AccessError for what cannot be read.
    """
    folder, pictures_folder = _folders(labels, images)
    names = _class_names(folder, classes)
    files = _label_files(folder)
    pictures = find_pictures(pictures_folder)
    if only is not None:
        files, pictures = _chosen(files, pictures, only)
    _require_pictures(files, pictures)
    by_stem = {file.stem: file for file in files}
    found = []
    for stem, picture in sorted(pictures.by_stem.items(), key=lambda one: one[1].name):
        width, height = size_of(picture)
        lines = lines_of(by_stem[stem], max_input_bytes) if stem in by_stem else ()
        rows = [_row(line, (width, height), with_score=False) for line in lines]
        objects = [_labelled(row, names) for row in rows]
        found.append(LabelledImage(picture.name, width, height, objects))
    return Converted(ground_truth_record(found, names, "YOLO labels"), _notices(len(files), pictures))


def results_from_yolo(
    predictions: Folder, ground_truth: Any, *, classes: Classes | None = None, max_input_bytes: int | None = None
) -> Converted:
    """Detections of a folder of YOLO predictions with scores, for the images and classes of the ground truth.

    A file belongs to the image of its name. Class numbers are those of `classes`, whose names the ground truth has;
    without it they are places among the ground truth's classes in rising order of their ids. An image without a file
    has no detections. Raises as `from_yolo`.
    """
    truth = known_truth(ground_truth, max_input_bytes)
    ids = list(truth.category_ids) if classes is None else [truth.category_id(name) for name in read_classes(classes)]
    names = [truth.category_names[truth.category_ids.index(one)] for one in ids]
    records: list[tuple[int, list[Record]]] = []
    for file in _label_files(predictions):
        image = truth.image(file.stem, file.name)
        size = _known_size(truth, image.width, image.height, file)
        rows = [_row(line, size, with_score=True) for line in lines_of(file, max_input_bytes)]
        detections = [
            detection_record(image.id, ids[_class_of(row, names)], row.box, row.score or 0.0, row.segmentation)
            for row in rows
        ]
        records.append((image.id, detections))
    return Converted([record for _, group in sorted(records, key=lambda one: one[0]) for record in group])


@dataclass(frozen=True)
class _Row:
    line: Line
    number: int
    box: Box
    score: float | None
    segmentation: list[list[float]] | None


def _folders(labels: Folder, images: Folder | None) -> tuple[Folder, Folder]:
    inside = Path(labels) / "labels"
    if inside.is_dir():
        return inside, images if images is not None else Path(labels) / "images"
    beside = images if images is not None else folder_beside(labels, "labels", "images")
    return labels, labels if beside is None else beside


def _class_names(folder: Folder, classes: Classes | None) -> list[str]:
    names = classes_beside(folder) if classes is None else read_classes(classes)
    if names is None:
        what = "there is no data.yaml or classes.txt that names the classes"
        raise InputError(what, file=os.fspath(folder), fix="Give it with --classes, or the names: --classes car,van")
    return names


def _label_files(folder: Folder) -> list[LabelFile]:
    files = [file for file in files_below(folder, (".txt",)) if file.name.rpartition("/")[2] not in NO_LABELS]
    if not files:
        raise InputError("the folder holds no label file (.txt)", file=os.fspath(folder), fix="Give another folder")
    return files


def _chosen(files: list[LabelFile], pictures: Pictures, only: Only) -> tuple[list[LabelFile], Pictures]:
    chosen = read_chosen(only)
    chosen.require_met((picture.name for picture in pictures.by_stem.values()), "picture")
    kept = {stem: picture for stem, picture in pictures.by_stem.items() if chosen.keeps(picture.name)}
    return [file for file in files if chosen.keeps(file.name)], replace(pictures, by_stem=kept)


def _require_pictures(files: Iterable[LabelFile], pictures: Pictures) -> None:
    for file in files:
        if file.stem not in pictures.by_stem:
            what = f"there is no picture {file.stem}.* in {pictures.folder}, and its size is needed"
            raise InputError(what, file=file.name, fix="Name the folder of the pictures with --images")


def _notices(files: int, pictures: Pictures) -> tuple[Notice, ...]:
    without = len(pictures.by_stem) - files
    if not without:
        return ()
    message = f"{plural(without, 'picture')} without a label file: images without objects"
    return (Notice("pictures_without_labels", message, without),)


def _known_size(truth: KnownTruth, width: float, height: float, file: LabelFile) -> tuple[float, float]:
    if not (width > 0 and height > 0):
        what = f"{truth.name} does not tell the width and height of this image"
        raise InputError(what, file=file.name, fix="Give every entry of 'images' in the ground truth its size")
    return width, height


def _row(line: Line, size: tuple[float, float], *, with_score: bool) -> _Row:
    """One line: a box, or a polygon of three corners or more; the score is last where there is one."""
    words = len(line.words)
    _require_words(line, words, with_score)
    number = whole_number(line.words[0])
    if number is None:
        what = f"{line.words[0]!r} is no class number"
        raise line.refuse(what, "Write the class as a number from 0, and fields with blanks between", "field 1")
    numbers = [_fraction(line, place) for place in range(1, words - with_score)]
    score = _score(line) if with_score else None
    if len(numbers) == BOX_WORDS - 1:
        return _Row(line, number, _box(line, numbers, size), score, None)
    ring = [value * size[place % 2] for place, value in enumerate(numbers)]
    return _Row(line, number, _hull(ring), score, [ring])


def _require_words(line: Line, words: int, with_score: bool) -> None:
    """5 fields are a box, an odd number from 7 on a polygon; with a score one more."""
    without = words - with_score
    if without == BOX_WORDS or (without >= 1 + 2 * LEAST_CORNERS and without % 2 == 1):
        return
    if not with_score and words == SCORED_BOX_WORDS:
        fix = "If the sixth is a score, these are predictions: name their ground truth with --results-for"
        raise line.refuse("6 fields where a label has 5", fix)
    if with_score and words == BOX_WORDS:
        fix = "Save predictions with save_conf=True; if these are labels, leave out --results-for"
        raise line.refuse("5 fields and no score", fix)
    wanted = "class, centre x, centre y, width, height" + (", score" if with_score else "")
    raise line.refuse(f"{plural(words, 'field')}", f"Write {wanted}, or class and the corners of a polygon")


def _fraction(line: Line, place: int) -> float:
    value = finite_number(line.words[place])
    field = f"field {place + 1}"
    if value is None:
        raise line.refuse(f"{line.words[place]!r} is no finite number", "Write fractions of the picture's size", field)
    if not -TOLERANCE <= value <= 1 + TOLERANCE:
        what = f"{line.words[place]} is no fraction of the picture's size"
        raise line.refuse(what, "Divide x and width by the picture's width, y and height by its height", field)
    return value


def _score(line: Line) -> float:
    value = finite_number(line.words[-1])
    if value is None:
        what = f"the score {line.words[-1]!r} is no finite number"
        raise line.refuse(what, "Write the confidence as the last field", f"field {len(line.words)}")
    return value


def _box(line: Line, numbers: Sequence[float], size: tuple[float, float]) -> Box:
    center_x, center_y, wide, high = numbers
    if wide < 0 or high < 0:
        raise line.refuse("the size of the box is negative", "Write centre x, centre y, width and height")
    width, height = size
    return (center_x - wide / 2) * width, (center_y - high / 2) * height, wide * width, high * height


def _hull(ring: Sequence[float]) -> Box:
    left, top = min(ring[::2]), min(ring[1::2])
    return left, top, max(ring[::2]) - left, max(ring[1::2]) - top


def _class_of(row: _Row, names: Sequence[str]) -> int:
    if not 0 <= row.number < len(names):
        what = f"class {row.number}, and there are {plural(len(names), 'class').replace('classs', 'classes')} from 0"
        raise row.line.refuse(what, "Give the class list that the numbers are from with --classes", "field 1")
    return row.number


def _labelled(row: _Row, names: Sequence[str]) -> Labelled:
    area = None if row.segmentation is None else polygon_area(row.segmentation[0])
    return Labelled(_class_of(row, names), row.box, area, segmentation=row.segmentation)
