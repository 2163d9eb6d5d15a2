"""PASCAL VOC's annotations: one XML file a picture, corners as numbers of pixels, flags and words about each object.

The format is that of the VOC development kit (host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc): pixels count from 1,
and both corners belong to the box, as `VOCevaldet.m` adds 1 to every width and height.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import PurePosixPath

from mapgap.convert.chosen_pictures import Only, choose
from mapgap.convert.class_lists import Classes, read_classes, unknown_class
from mapgap.convert.coco_records import Labelled, LabelledImage, ground_truth_record
from mapgap.convert.converted import Converted
from mapgap.convert.corners import PIXELS, require_corners
from mapgap.convert.label_files import LabelFile, files_below, read_bytes
from mapgap.convert.numbers_in_text import whole_number
from mapgap.convert.picture_files import Pictures, find_pictures, size_of
from mapgap.convert.voc_objects import VocObject, attributes_of, read_object, refusal
from mapgap.convert.xml_elements import Element, read_xml
from mapgap.errors import InputError
from mapgap.number_words import plural
from mapgap.tables import Notice, Scalar

IGNORE, COUNT = "ignore", "count"
DIFFICULT_WORDS = (IGNORE, COUNT)

OF_IMAGE = ("filename", "folder", "path", "size", "object", "source", "owner")
"""Children that are no attributes: geometry, names, and where the picture is from."""


def from_voc(
    annotations: str | PathLike[str],
    *,
    images: str | PathLike[str] | None = None,
    classes: Classes | None = None,
    only: Only | None = None,
    difficult: str = IGNORE,
    corners: str = PIXELS,
    max_input_bytes: int | None = None,
) -> Converted:
    """Ground truth of a folder of VOC annotations.

    Corners are pixels from 1 that both belong to the box: x = xmin - 1, width = xmax - xmin + 1. `corners="edges"` is
    for tools that write places between pixels from 0: x = xmin, width = xmax - xmin. Objects that are `difficult` are
    ignored regions (`iscrowd`), as VOC's evaluation neither wants them found nor minds it; `difficult="count"` makes
    them objects like others. `truncated`, `occluded`, `difficult`, `pose` and whatever else stands about an object or
    an image are attributes; an unspecified pose is none. Classes are those of `classes` or all that occur, by name.
    With `images` every picture has to be there, and gives its size where the annotation does not. `only` names the
    pictures that are wanted, in a file or a list. InputError with file and line for what has no meaning; AccessError
    for what cannot be read.
    """
    _require_options(difficult, corners)
    files = files_below(annotations, (".xml",))
    if not files:
        fix = "Give another folder"
        raise InputError("the folder holds no annotation (.xml)", file=os.fspath(annotations), fix=fix)
    files = choose(files, only)
    pictures = None if images is None else find_pictures(images)
    read = [_read(file, pictures, corners, max_input_bytes) for file in files]
    _require_different(read)
    names = _class_names(read, classes)
    read.sort(key=lambda one: one.file_name)
    found = [
        LabelledImage(
            one.file_name,
            one.width,
            one.height,
            [_labelled(of_object, names, one.file, difficult == IGNORE) for of_object in one.objects],
            one.attributes,
        )
        for one in read
    ]
    return Converted(ground_truth_record(found, names, "VOC annotations"), tuple(_notices(read, found)))


@dataclass(frozen=True)
class _Annotation:
    file: str
    file_name: str
    width: int | None
    height: int | None
    objects: Sequence[VocObject]
    attributes: Mapping[str, Scalar]


def _require_options(difficult: str, corners: str) -> None:
    require_corners(corners)
    if difficult not in DIFFICULT_WORDS:
        raise InputError(f"difficult cannot be {difficult!r}", fix=f"Use one of: {', '.join(DIFFICULT_WORDS)}")


def _read(file: LabelFile, pictures: Pictures | None, corners: str, max_input_bytes: int | None) -> _Annotation:
    root = read_xml(read_bytes(file, max_input_bytes), file.name)
    if root.name != "annotation":
        raise refusal(file.name, root, f"the root is <{root.name}>", "Give annotations of PASCAL VOC, <annotation>")
    name = root.child_text("filename") or f"{PurePosixPath(file.name).stem}.jpg"
    name = name.replace("\\", "/").rpartition("/")[2]
    width, height = _size(root, file.name)
    if pictures is not None:
        picture = _picture(pictures, name, file)
        if picture is None:
            what = f"there is no picture {name!r} in {pictures.folder}"
            raise refusal(file.name, root.child("filename") or root, what, "Put it there, or leave out --images")
        name = picture.name
        if width is None:
            width, height = size_of(picture)
    objects = [read_object(child, file.name, corners) for child in root.children if child.name == "object"]
    return _Annotation(file.name, name, width, height, objects, attributes_of(root, OF_IMAGE, file.name))


def _picture(pictures: Pictures, name: str, file: LabelFile) -> LabelFile | None:
    """The picture of that very name, else of that name with another ending or none, else of the annotation's name."""
    parent, stem = PurePosixPath(file.name).parent, str(PurePosixPath(name).with_suffix(""))
    keys = (str(parent / stem), str(parent / name), stem, name, file.stem)
    found = [picture for key in keys if (picture := pictures.of(key)) is not None]
    exact = (picture for picture in found if PurePosixPath(picture.name).name == name)
    return next(exact, found[0] if found else None)


def _size(root: Element, file: str) -> tuple[int | None, int | None]:
    """None where the annotation gives none, or 0 as tools do that do not know it."""
    size = root.child("size")
    texts = [] if size is None else [size.child_text(name) for name in ("width", "height")]
    if size is None or None in texts:
        return None, None
    numbers = [whole_number(str(text)) for text in texts]
    if any(number is None or number < 0 for number in numbers):
        raise refusal(file, size, f"the size is {texts[0]!r} x {texts[1]!r}", "Write whole numbers of pixels")
    return (numbers[0], numbers[1]) if all(numbers) else (None, None)


def _require_different(read: Sequence[_Annotation]) -> None:
    first: dict[str, str] = {}
    for one in read:
        other = first.setdefault(one.file_name, one.file)
        if other != one.file:
            what = f"is about the picture {one.file_name!r}, and so is {other}"
            raise InputError(what, file=one.file, fix="Write one annotation a picture")


def _class_names(read: Sequence[_Annotation], classes: Classes | None) -> list[str]:
    if classes is not None:
        return read_classes(classes)
    names = sorted({of_object.name for one in read for of_object in one.objects})
    if not names:
        raise InputError("no annotation has an object", fix="Give the classes with --classes")
    return names


def _labelled(one: VocObject, names: Sequence[str], file: str, ignores_difficult: bool) -> Labelled:
    if one.name not in names:
        what, fix = unknown_class(one.name, names)
        raise InputError(what, file=file, where=f"line {one.line}", fix=fix)
    is_ignored = ignores_difficult and one.attributes.get("difficult") is True
    return Labelled(names.index(one.name), one.box, is_crowd=is_ignored, attributes=one.attributes)


def _notices(read: Sequence[_Annotation], found: Sequence[LabelledImage]) -> Iterator[Notice]:
    ignored = sum(one.is_crowd for image in found for one in image.objects)
    if ignored:
        message = f"{plural(ignored, 'difficult object')} made ignored regions; --difficult count counts them"
        yield Notice("difficult_ignored", message, ignored)
    parts = sum(of_object.parts for one in read for of_object in one.objects)
    if parts:
        yield Notice("parts_left_out", f"{plural(parts, 'part')} of objects left out", parts)
    unknown = sum(one.width is None for one in read)
    if unknown:
        message = f"{plural(unknown, 'image')} of unknown size; --images finds them"
        yield Notice("image_sizes_unknown", message, unknown)
