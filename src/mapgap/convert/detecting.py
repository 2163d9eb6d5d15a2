"""Which format a file or folder of labels has, where that is beyond doubt."""

import os
from os import PathLike
from pathlib import Path

from mapgap.convert.label_files import LabelFile, files_below, read_text
from mapgap.convert.numbers_in_text import whole_number
from mapgap.errors import AccessError, InputError

YOLO, VOC, KITTI, BDD100K = "yolo", "voc", "kitti", "bdd100k"
FORMATS = (YOLO, VOC, KITTI, BDD100K)
KITTI_WORDS = (15, 16)
ENDINGS = (".xml", ".txt")
NOT_LABELS = ("classes.txt",)


def format_of(source: str | PathLike[str]) -> str:
    """The format: a file is BDD100K's; XML files are VOC's; text lines that begin with a number YOLO's, those of 15 or
    16 fields that begin with a word KITTI's. InputError where it is none or could be two; AccessError if it cannot be
    read.
    """
    name = os.fspath(source)
    if not os.path.exists(source):
        raise AccessError(f"{name}: is not there. Give a folder of labels, or the JSON file of BDD100K's labels")
    if not os.path.isdir(source):
        if Path(source).suffix.lower() in ENDINGS:
            raise InputError(
                "this is one label file", file=Path(source).name, fix="Give the folder that holds them all"
            )
        return BDD100K
    files = files_below(source, ENDINGS)
    kinds = {file.place.suffix.lower() for file in files if Path(file.name).name not in NOT_LABELS}
    if kinds == {".xml"}:
        return VOC
    if not kinds:
        fix = f"Give a folder of labels: {', '.join(FORMATS)}"
        raise InputError("the folder holds neither .txt nor .xml files", file=name, fix=fix)
    if len(kinds) > 1:
        raise InputError("the folder holds both .txt and .xml files", file=name, fix="Say which with --from")
    return _format_of_text(files, name)


def _format_of_text(files: list[LabelFile], name: str) -> str:
    for file in files:
        words = next((line.split() for line in read_text(file).split("\n") if line.strip()), None)
        if words is None or Path(file.name).name in NOT_LABELS:
            continue
        if whole_number(words[0]) is not None:
            return YOLO
        if len(words) in KITTI_WORDS:
            return KITTI
        what = f"a line of {len(words)} fields that begins with {words[0][:40]!r} is of no known format"
        raise InputError(what, file=file.name, fix=f"Say which it is with --from: {', '.join(FORMATS)}")
    raise InputError("all label files are empty", file=name, fix="Say what they are with --from")
