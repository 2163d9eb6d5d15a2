"""The classes of a data set in their order: given by the user, or found beside the labels."""

import os
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from mapgap.alikeness import listed, most_alike_first
from mapgap.convert.label_files import LabelFile, read_text
from mapgap.convert.yaml_names import names_in_yaml
from mapgap.errors import AccessError, InputError

YAML_ENDINGS = (".yaml", ".yml")
BESIDE_LABELS = ("data.yaml", "dataset.yaml", "classes.txt", "obj.names")
"""Looked for in the folder of the labels and in the two above it: Ultralytics and Roboflow write the first, labelImg
and CVAT the others."""
FOLDERS_UP = 3

Classes = str | PathLike[str] | Sequence[str]


def read_classes(given: Classes) -> list[str]:
    """The names in order: of a sequence, of `a,b,c`, or of a file, data.yaml or one a line.

    InputError for an empty or doubled name; AccessError for a file that cannot be read.
    """
    if isinstance(given, str | PathLike):
        path = Path(given)
        if path.is_file():
            return _of_file(path)
        if not isinstance(given, str) or path.suffix.lower() in (*YAML_ENDINGS, ".txt", ".names") or "/" in given:
            raise AccessError(f"{given}: there is no such file. Give a list of classes, or their names: car,van")
        return _checked([name.strip() for name in given.split(",")], "classes")
    return _checked(list(given), "classes")


def classes_beside(folder: str | PathLike[str]) -> list[str] | None:
    """The names of the nearest file of BESIDE_LABELS, from the folder upwards; None where there is none."""
    place = Path(os.path.abspath(folder))
    for above in (place, *place.parents)[:FOLDERS_UP]:
        for name in BESIDE_LABELS:
            if (above / name).is_file():
                return _of_file(above / name)
    return None


def unknown_class(name: str, classes: Sequence[str]) -> tuple[str, str]:
    """The complaint about a class that is none, and what to do."""
    known = listed(most_alike_first(name, list(classes)))
    return f"{name!r} is no class", f"Classes: {known}. Give others with --classes"


def _of_file(path: Path) -> list[str]:
    text = read_text(LabelFile(path, path.name))
    if path.suffix.lower() in YAML_ENDINGS:
        return _checked(names_in_yaml(text, path.name), path.name)
    names = [line.strip() for line in text.split("\n")]
    while names and not names[-1]:
        names.pop()
    return _checked(names, path.name)


def _checked(names: list[str], file: str) -> list[str]:
    if not names:
        raise InputError("there are no classes", file=file, fix="Write one name a line")
    for place, name in enumerate(names):
        if not isinstance(name, str) or not name.isprintable() or not name:
            raise InputError(f"class {place} is {name!r}", file=file, fix="Give every class a name")
        if name in names[:place]:
            what = f"classes {names.index(name)} and {place} are both called {name!r}"
            raise InputError(what, file=file, fix="Give every class a name of its own")
    return names
