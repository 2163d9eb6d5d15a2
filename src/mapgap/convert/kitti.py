"""KITTI's object labels and results: one text file a picture, 15 fields an object, a 16th with the score.

The format is that of the object development kit's readme (cvlibs.net/datasets/kitti/eval_object.php): type,
truncated, occluded, alpha, left, top, right, bottom, height, width and length in metres, x, y, z, rotation_y. Corners
are places in pixels from 0; its `evaluate_object.cpp` takes right - left as the width.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

from mapgap.convert.chosen_pictures import Only, choose
from mapgap.convert.class_lists import Classes, read_classes, unknown_class
from mapgap.convert.coco_records import Box, Labelled, LabelledImage, detection_record, ground_truth_record
from mapgap.convert.converted import Converted
from mapgap.convert.corners import EDGES, box_of_corners, is_turned, require_corners
from mapgap.convert.known_truth import known_truth
from mapgap.convert.label_files import LabelFile, Line, files_below, lines_of
from mapgap.convert.numbers_in_text import finite_number, whole_number
from mapgap.convert.picture_files import Pictures, find_pictures, folder_beside, size_of
from mapgap.errors import InputError
from mapgap.number_words import plural
from mapgap.tables import Notice, Scalar

Folder = str | PathLike[str]

TYPES = ("Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc")
"""In the order of the readme."""
DONT_CARE = "DontCare"
LABEL_WORDS, RESULT_WORDS = 15, 16
OCCLUDED_UNKNOWN = 3
NUMBERS = (
    "truncated", "occluded", "alpha", "left", "top", "right", "bottom", "height_m", "width_m", "length_m",
    "x_m", "y_m", "z_m", "rotation_y",
)  # fmt: skip
INVALID = {"truncated": -1, "occluded": -1, "alpha": -10, "height_m": -1, "width_m": -1, "length_m": -1,
           "x_m": -1000, "y_m": -1000, "z_m": -1000, "rotation_y": -10}  # fmt: skip
"""What the development kit's writeLabels.m writes for a value that there is not."""
PICTURE_ENDING = ".png"


def from_kitti(
    labels: Folder,
    *,
    images: Folder | None = None,
    classes: Classes | None = None,
    only: Only | None = None,
    corners: str = EDGES,
    max_input_bytes: int | None = None,
) -> Converted:
    """Ground truth of a folder of KITTI labels (label_2).

    Classes are KITTI's eight types in the order of its readme, unless `classes` gives others. KITTI ignores what is
    detected in DontCare regions, of any class, by the share of the detection that lies inside: that is COCO's rule
    for crowds, so such a region becomes one ignored region (`iscrowd`) of each class. `truncated`, `occluded` (0 to
    2; 3 is unknown), `alpha`, `rotation_y` and the sizes and places in metres are attributes; invalid values are left
    out. Pictures are looked for in `images` or in the folder image_2 beside, for their sizes; without any, a file
    name is the label's with `.png`. `only` names the pictures that are wanted, in a file or a list. InputError with
    file and line for what has no meaning; AccessError for what cannot be read.
    """
    require_corners(corners)
    names = list(TYPES) if classes is None else read_classes(classes)
    files = choose(_label_files(labels), only)
    folder = images if images is not None else folder_beside(labels, "label_2", "image_2")
    pictures = None if folder is None else find_pictures(folder)
    found, regions = [], 0
    for file in files:
        picture = None if pictures is None else _picture(pictures, file)
        width, height = (None, None) if picture is None else size_of(picture)
        rows = [_row(line, LABEL_WORDS, corners) for line in lines_of(file, max_input_bytes)]
        regions += sum(row.type == DONT_CARE for row in rows)
        objects = [one for row in rows for one in _labelled(row, names)]
        file_name = f"{file.stem}{PICTURE_ENDING}" if picture is None else picture.name
        found.append(LabelledImage(file_name, width, height, objects))
    found.sort(key=lambda image: image.file_name)
    record = ground_truth_record(found, names, "KITTI labels")
    return Converted(record, tuple(_notices(regions, len(names), pictures is None, len(files))))


def results_from_kitti(
    results: Folder, ground_truth: Any, *, corners: str = EDGES, max_input_bytes: int | None = None
) -> Converted:
    """Detections of a folder of KITTI results, for the images and classes of the ground truth.

    A file belongs to the image of its name, a type to the class of its name. Raises as `from_kitti`.
    """
    require_corners(corners)
    truth = known_truth(ground_truth, max_input_bytes)
    groups = []
    for file in _label_files(results):
        image = truth.image(file.stem, file.name)
        rows = [_row(line, RESULT_WORDS, corners) for line in lines_of(file, max_input_bytes)]
        for row in rows:
            if row.type not in truth.category_names:
                what, _ = unknown_class(row.type, truth.category_names)
                raise row.line.refuse(f"{what} of {truth.name}", "Name classes as the ground truth does", "field 1")
        records = [detection_record(image.id, truth.category_id(row.type), row.box, row.score or 0.0) for row in rows]
        groups.append((image.id, records))
    return Converted([record for _, records in sorted(groups, key=lambda one: one[0]) for record in records])


@dataclass(frozen=True)
class _Row:
    line: Line
    type: str
    box: Box
    score: float | None
    attributes: dict[str, Scalar]


def _label_files(folder: Folder) -> list[LabelFile]:
    files = files_below(folder, (".txt",))
    if not files:
        raise InputError("the folder holds no label file (.txt)", file=os.fspath(folder), fix="Give another folder")
    return files


def _picture(pictures: Pictures, file: LabelFile) -> LabelFile:
    picture = pictures.of(file.stem)
    if picture is None:
        what = f"there is no picture {file.stem}.* in {pictures.folder}"
        raise InputError(what, file=file.name, fix="Name the folder of the pictures with --images")
    return picture


def _row(line: Line, wanted: int, corners: str) -> _Row:
    _require_words(line, wanted)
    numbers = dict(zip(NUMBERS, _numbers(line), strict=False))
    sides = [numbers[side] for side in ("left", "top", "right", "bottom")]
    if is_turned(sides):
        what = f"the corners {sides} are not left, top, right, bottom"
        raise line.refuse(what, "Write left <= right and top <= bottom", "fields 5 to 8")
    score = None if wanted == LABEL_WORDS else _number(line, RESULT_WORDS - 1)
    return _Row(line, line.words[0], box_of_corners(sides, corners), score, _attributes(line, numbers))


def _require_words(line: Line, wanted: int) -> None:
    words = len(line.words)
    if words == wanted:
        return
    if words == RESULT_WORDS:
        fix = "If the sixteenth is a score, these are results: name their ground truth with --results-for"
        raise line.refuse("16 fields where a label has 15", fix)
    if words == LABEL_WORDS:
        fix = "Write the score as the sixteenth; if these are labels, leave out --results-for"
        raise line.refuse("15 fields and no score", fix)
    raise line.refuse(plural(words, "field"), f"Write {wanted} fields, as KITTI's object labels have them")


def _numbers(line: Line) -> Iterator[float]:
    return (_number(line, place) for place in range(1, LABEL_WORDS))


def _number(line: Line, place: int) -> float:
    value = finite_number(line.words[place])
    if value is None:
        what = f"{line.words[place][:40]!r} is no finite number"
        raise line.refuse(what, "Write a number", f"field {place + 1}")
    return value


def _attributes(line: Line, numbers: dict[str, float]) -> dict[str, Scalar]:
    """All fields but the box that have a valid value; `occluded` as the whole number that it is."""
    occluded = whole_number(line.words[2])
    if occluded is None or not -1 <= occluded <= OCCLUDED_UNKNOWN:
        what = f"occluded is {line.words[2]!r}"
        raise line.refuse(what, "Write 0, 1, 2 or 3 (unknown), or -1 where it is not given", "field 3")
    known: dict[str, Scalar] = {
        name: value for name, value in numbers.items() if name in INVALID and value != INVALID[name]
    }
    if "occluded" in known:
        known["occluded"] = None if occluded == OCCLUDED_UNKNOWN else occluded
    return known


def _labelled(row: _Row, names: Sequence[str]) -> Iterator[Labelled]:
    if row.type == DONT_CARE and DONT_CARE not in names:
        for category in range(len(names)):
            yield Labelled(category, row.box, is_crowd=True)
        return
    if row.type not in names:
        what, fix = unknown_class(row.type, names)
        raise row.line.refuse(what, fix, "field 1")
    yield Labelled(names.index(row.type), row.box, attributes=row.attributes)


def _notices(regions: int, classes: int, is_sizeless: bool, images: int) -> Iterator[Notice]:
    if regions:
        what = f"{plural(regions, DONT_CARE + ' region')} made ignored regions of each of {classes} classes"
        yield Notice("regions_ignored", what, regions)
    if is_sizeless:
        what = f"{plural(images, 'image')} of unknown size, as no pictures are there; --images finds them"
        yield Notice("image_sizes_unknown", what, images)
