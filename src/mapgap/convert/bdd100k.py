"""BDD100K's detection labels (det_20, and those of 2018) and results: one JSON file of frames, in Scalabel's format.

Fields, classes and what is ignored are those of bdd100k's own conversion to COCO (github.com/bdd100k/bdd100k,
`configs/det.toml`, and scalabel's `to_coco.py`); its boxes have corners that both belong to the box, counted from 0.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import msgspec

from mapgap.coco.broken_json import decode_text
from mapgap.coco.sources import JsonText, first_character, read_json_text
from mapgap.convert.chosen_pictures import Only, read_chosen
from mapgap.convert.class_lists import Classes, read_classes, unknown_class
from mapgap.convert.coco_records import Box, Labelled, LabelledImage, detection_record, ground_truth_record
from mapgap.convert.converted import Converted
from mapgap.convert.corners import PIXELS, box_of_corners, is_turned, require_corners
from mapgap.convert.known_truth import known_truth
from mapgap.errors import InputError
from mapgap.number_words import plural
from mapgap.tables import Notice, Scalar

CLASSES = (
    "pedestrian", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle", "traffic light", "traffic sign",
)  # fmt: skip
"""In the order of their ids, from 1."""
OTHER_NAMES = {"bike": "bicycle", "caravan": "car", "motor": "motorcycle", "person": "pedestrian", "van": "car"}
"""Names of 2018, and of rare kinds that count as another."""
IGNORED = {"other person": "pedestrian", "other vehicle": "car", "trailer": "truck"}
"""What is too uncertain to count, and the class whose detections it absorbs."""
WIDTH, HEIGHT = 1280, 720
"""Of every picture, unless the frame says otherwise."""
NOT_KNOWN = ("undefined", "none", "na")
"""Words for values that there are not."""
CROWD = "crowd"


class _Corners(msgspec.Struct):
    x1: float
    y1: float
    x2: float
    y2: float


class _Label(msgspec.Struct):
    category: str
    box2d: _Corners | None = None
    attributes: dict[str, Any] | None = None
    score: float | None = None


class _Size(msgspec.Struct):
    width: int
    height: int


class _Frame(msgspec.Struct):
    name: str
    labels: list[_Label] | None = None
    attributes: dict[str, Any] | None = None
    size: _Size | None = None
    category: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    """Of a flat list of boxes, which is another format."""
    frames: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    """Of the labels of one picture, as are the files of the folder `100k`: its boxes stand deeper."""


class _Frames(msgspec.Struct):
    frames: list[_Frame]


def from_bdd100k(
    labels: str | PathLike[str],
    *,
    classes: Classes | None = None,
    only: Only | None = None,
    corners: str = PIXELS,
    max_input_bytes: int | None = None,
) -> Converted:
    """Ground truth of a file of BDD100K labels, JSON or gzip.

    Classes have the ids of BDD100K's own conversion, 1 pedestrian to 10 traffic sign; `classes` gives others. `other
    person`, `other vehicle`, `trailer` and what is marked as a crowd become ignored regions (`iscrowd`), as there.
    Width is x2 - x1 + 1, as there; `corners="edges"` takes x2 - x1, as was done with the labels of 2018. Weather,
    scene and time of day are attributes of images; occluded, truncated, the colour of traffic lights and others of
    objects. Labels without a box, as of lanes, are left out and counted. `only` names the pictures that are wanted,
    in a file or a list. InputError with frame and label for what has no meaning.
    """
    require_corners(corners)
    names = list(CLASSES) if classes is None else read_classes(classes)
    text = read_json_text(labels, None, max_input_bytes=max_input_bytes)
    frames = _frames(text)
    _require_different(frames, text.name)
    if only is not None:
        chosen = read_chosen(only)
        chosen.require_met((frame.name for frame in frames), "frame")
        frames = [frame for frame in frames if chosen.keeps(frame.name)]
    left_out = Counter(label.category for frame in frames for label in frame.labels or () if label.box2d is None)
    images = [_image(frame, names, corners, text.name) for frame in frames]
    images.sort(key=lambda image: image.file_name)
    return Converted(ground_truth_record(images, names, "BDD100K labels"), tuple(_notices(images, left_out)))


def results_from_bdd100k(
    results: str | PathLike[str], ground_truth: Any, *, corners: str = PIXELS, max_input_bytes: int | None = None
) -> Converted:
    """Detections of a file of BDD100K results, frames whose labels have scores, for the images of a ground truth.

    A frame belongs to the image of its name, a label to the class of its name. Raises as `from_bdd100k`.
    """
    require_corners(corners)
    truth = known_truth(ground_truth, max_input_bytes)
    text = read_json_text(results, None, max_input_bytes=max_input_bytes)
    groups = []
    frames = _frames(text)
    _require_different(frames, text.name)
    for frame in frames:
        where = _Place(text.name, f"frame {frame.name!r}")
        image = truth.image(frame.name, f"{text.name}: {where.words}")
        records = []
        for place, label in enumerate(frame.labels or ()):
            here = where.label(place)
            if label.score is None:
                fix = "Give every label of results a score; if these are labels, leave out --results-for"
                raise here.refuse("there is no score", fix)
            name = OTHER_NAMES.get(label.category, label.category)
            if name not in truth.category_names:
                what, _ = unknown_class(label.category, truth.category_names)
                raise here.refuse(f"{what} of {truth.name}", "Name classes as the ground truth does")
            box = _box(label, corners, here)
            records.append(detection_record(image.id, truth.category_id(name), box, label.score))
        groups.append((image.id, records))
    return Converted([record for _, records in sorted(groups, key=lambda one: one[0]) for record in records])


@dataclass(frozen=True)
class _Place:
    """Where something stands, as messages have it."""

    file: str
    words: str

    def label(self, number: int) -> "_Place":
        return _Place(self.file, f"{self.words}, labels[{number}]")

    def refuse(self, what: str, fix: str) -> InputError:
        return InputError(what, file=self.file, where=self.words, fix=fix)


def _frames(text: JsonText) -> list[_Frame]:
    try:
        frames = decode_text(text, list[_Frame]) if first_character(text) == b"[" else decode_text(text, _Frames).frames
    except msgspec.ValidationError as error:
        if _is_coco(text):
            fix = "Give it to the other commands as it is"
            raise InputError("this is COCO's format already", file=text.name, fix=fix) from None
        what, _, where = str(error).partition(" - at `$")
        record = where.rstrip("`").lstrip(".")
        words = f"frames{record}" if record.startswith("[") else record or None
        fix = "Give BDD100K's labels: a list of frames, each with a name and labels"
        raise InputError(what[:1].lower() + what[1:], file=text.name, where=words, fix=fix) from None
    for place, frame in enumerate(frames):
        if frame.category is not msgspec.UNSET:
            what = "this is a box without a frame around it"
            raise InputError(what, file=text.name, where=f"frames[{place}]", fix="Group boxes by frame: name, labels")
        if frame.frames is not msgspec.UNSET:
            what = "the picture has 'frames' of its own, whose objects would be lost"
            fix = "Give the labels of all pictures in one file, such as det_val.json, where a picture has 'labels'"
            raise InputError(what, file=text.name, where=f"frames[{place}]", fix=fix)
    if not frames:
        raise InputError("there is no frame", file=text.name, fix="Give labels of pictures")
    return frames


def _is_coco(text: JsonText) -> bool:
    """Whether there are annotations, or records with the id of an image."""
    try:
        top = msgspec.json.decode(text.text, type=dict[str, msgspec.Raw] | list[dict[str, msgspec.Raw]])
    except (msgspec.DecodeError, RecursionError):  # broken further on
        return False
    return "annotations" in top if isinstance(top, dict) else any("image_id" in record for record in top[:1])


def _require_different(frames: Sequence[_Frame], file: str) -> None:
    seen: dict[str, int] = {}
    for place, frame in enumerate(frames):
        other = seen.setdefault(frame.name, place)
        if other != place:
            what = f"{frame.name!r} is the name of frames[{other}] too"
            raise InputError(what, file=file, where=f"frames[{place}]", fix="Give every picture one frame")


def _image(frame: _Frame, names: Sequence[str], corners: str, file: str) -> LabelledImage:
    where = _Place(file, f"frame {frame.name!r}")
    size = frame.size or _Size(WIDTH, HEIGHT)
    if size.width <= 0 or size.height <= 0:
        raise where.refuse(f"the size is {size.width} x {size.height}", "Write the picture's size in pixels")
    objects = [
        _labelled(label, names, corners, where.label(place))
        for place, label in enumerate(frame.labels or ())
        if label.box2d is not None
    ]
    return LabelledImage(frame.name, size.width, size.height, objects, _attributes(frame.attributes))


def _labelled(label: _Label, names: Sequence[str], corners: str, where: _Place) -> Labelled:
    if label.score is not None:
        fix = "If these are results, name their ground truth with --results-for"
        raise where.refuse("a label has a score", fix)
    is_ignored = label.category not in names and label.category in IGNORED
    name = label.category
    if name not in names:
        name = IGNORED.get(name) or OTHER_NAMES.get(name, name)
    if name not in names:
        what, fix = unknown_class(label.category, names)
        raise where.refuse(what, fix)
    attributes = _attributes(label.attributes)
    if name != label.category:
        attributes = {"written_category": label.category, **attributes}
    is_crowd = is_ignored or attributes.get(CROWD) is True
    return Labelled(names.index(name), _box(label, corners, where), is_crowd=is_crowd, attributes=attributes)


def _box(label: _Label, corners: str, where: _Place) -> Box:
    if label.box2d is None:
        raise where.refuse("there is no box2d", "Give every label of results a box")
    found = label.box2d.x1, label.box2d.y1, label.box2d.x2, label.box2d.y2
    if not all(map(math.isfinite, found)):
        raise where.refuse(f"box2d is {list(found)}, not four finite numbers", "Write the corners in pixels")
    if is_turned(found):
        what = f"the corners {list(found)} are not left, top, right, bottom"
        raise where.refuse(what, "Write x1 <= x2 and y1 <= y2")
    return box_of_corners(found, corners)


def _attributes(written: Mapping[str, Any] | None) -> dict[str, Scalar]:
    """Scalar attributes under their names; words such as `undefined` stand for values that there are not."""
    known = {name: value for name, value in (written or {}).items() if isinstance(value, bool | int | float | str)}
    return {name: value for name, value in known.items() if str(value).lower() not in NOT_KNOWN}


def _notices(images: Sequence[LabelledImage], left_out: Mapping[str, int]) -> Iterator[Notice]:
    ignored = sum(one.is_crowd for image in images for one in image.objects)
    if ignored:
        message = f"{plural(ignored, 'label')} of crowds and of what is uncertain made ignored regions"
        yield Notice("regions_ignored", message, ignored)
    if left_out:
        number = sum(left_out.values())
        examples = tuple(f"{name}: {count:,}" for name, count in sorted(left_out.items())[:3])
        yield Notice("labels_left_out", f"{plural(number, 'label')} without a box left out", number, examples)
