"""Labels of any plain type as classes: which there are, in what order, and which of two is the positive one."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mapgap.alikeness import listed, most_alike_first
from mapgap.attributes.expression_text import shown_text
from mapgap.errors import InputError
from mapgap.tables import IndexArray, Scalar

Places = Sequence[str] | None
"""Where each row stands, for complaints; None for "row 0" and so on."""

POSITIVE_WORDS = {
    "1": ("0", "-1"),
    "true": ("false",),
    "yes": ("no",),
    "y": ("n",),
    "t": ("f",),
    "positive": ("negative",),
    "pos": ("neg",),
}
"""What says by itself that it is the positive one of two, and what the other is then called."""


def plain_labels(values: Any, name: str, places: Places = None) -> list[Scalar]:
    """One Python scalar a sample: text, whole number or truth value.

    Takes lists, tuples, NumPy arrays of one axis, pandas Series. Whole floats are whole numbers. Raises InputError for
    a missing label, another type, and for fractions, which are scores.
    """
    rows = as_rows(values, name)
    plain: dict[Any, Scalar] = {}
    labels: list[Scalar] = []
    for number, value in enumerate(rows):
        try:
            label = plain[value] if type(value) in (str, int) else _plain(value)
        except KeyError:
            label = plain[value] = _plain(value)
        if label is None:
            raise _no_label(value, name, place_of(number, places))
        labels.append(label)
    return labels


def as_rows(values: Any, name: str) -> Sequence[Any]:
    """The rows of a list, an array of one axis or a Series, as Python objects. Raises InputError for anything else."""
    if hasattr(values, "tolist"):
        if len(getattr(values, "shape", (0,))) != 1:
            raise InputError(f"{name} has the shape {values.shape}", fix=f"Give one value a sample: {name} of one axis")
        rows: Sequence[Any] = values.tolist()
        return rows
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        kind = type(values).__name__
        raise InputError(f"{name} is of the type {kind}", fix="Give a list, a NumPy array or a pandas Series")
    return list(values)


def place_of(number: int, places: Places) -> str:
    """Where a row stands, in words."""
    return f"row {number} (counted from 0)" if places is None else places[number]


def ordered_labels(labels: Iterable[Scalar]) -> tuple[Scalar, ...]:
    """Each label once: numbers ascending, text by code point, or by number where all of it is whole numbers.

    True and 1 are one label, the first that comes. Raises InputError where text and numbers are mixed.
    """
    distinct = list(dict.fromkeys(labels))
    texts = [label for label in distinct if isinstance(label, str)]
    if not texts:
        return tuple(sorted(distinct))  # type: ignore[type-var]
    if len(texts) < len(distinct):
        number = next(label for label in distinct if not isinstance(label, str))
        what = f"some labels are text and some are numbers: {shown_text(texts[0])} and {number}"
        raise InputError(what, fix="Give truth, predictions and labels in one type")
    if all(text.isascii() and text.removeprefix("-").isdigit() and len(text) < 20 for text in texts):
        return tuple(sorted(texts, key=lambda text: (int(text), text)))
    return tuple(sorted(texts))


def label_codes(labels: Sequence[Scalar], known: Sequence[Scalar]) -> IndexArray:
    """(N,) the place of each label among the known ones, which must hold all of them."""
    place = {label: code for code, label in enumerate(known)}
    return np.fromiter((place[label] for label in labels), dtype=np.int32, count=len(labels))


def checked_labels(given: Any, present: Sequence[Scalar]) -> tuple[Scalar, ...]:
    """The labels in the order the caller gave. Raises InputError for one given twice and for one left out."""
    labels = tuple(plain_labels(given, "labels"))
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise InputError(f"the label {shown_label(twice)} is given twice", where="labels", fix="Give each label once")
    unknown = [label for label in present if label not in labels]
    if unknown:
        what = f"{shown_label(unknown[0])} is not among the given labels"
        raise InputError(what, where="labels", fix=f"Give all labels: {_listed(ordered_labels([*labels, *unknown]))}")
    return labels


def positive_class(given: Scalar, labels: Sequence[Scalar]) -> int | None:
    """The place of the positive one of two labels: the given one, or the one that says so by itself; else None.

    1 of 0 and 1, True, "yes" of "no" and "yes" and the like say so. Raises InputError for a label that there is not,
    and where there are more than two.
    """
    if given is None:
        return _positive_by_itself(labels)
    (positive,) = plain_labels([given], "positive")
    if positive not in labels:
        known = listed([shown_label(label) for label in most_alike_first(str(positive), labels)])
        raise InputError(f"no label is {shown_label(positive)}", where="positive", fix=f"Labels: {known}")
    if len(labels) > 2:
        what = f"a positive label belongs to two classes, and there are {len(labels)}"
        raise InputError(
            what, where="positive", fix="Leave it out: every class has its own numbers, one against the rest"
        )
    return labels.index(positive)


def shown_label(label: Scalar) -> str:
    """A label as messages write it."""
    return shown_text(label) if isinstance(label, str) else str(label)


def other_label(label: Scalar) -> Scalar:
    """What the other of two classes is called where the data hold only one, and that is 0, 1, True or False or not."""
    if isinstance(label, bool):
        return not label
    if label in (0, 1):
        return 1 - int(str(label))
    return {"0": "1", "1": "0"}.get(str(label), f"not {label}")


def _plain(value: Any) -> Scalar:
    """The value as a label; None if it is none."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int):
        return value if isinstance(value, bool) else int(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    return None


def _no_label(value: Any, name: str, place: str) -> InputError:
    if value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value):
        return InputError("the label is missing", where=f"{place}: {name}", fix="Give every sample its label")
    if isinstance(value, float):
        fix = "Labels are text, whole numbers or True and False; scores are given as scores="
        return InputError(f"{value!r} is no label", where=f"{place}: {name}", fix=fix)
    what = f"a {type(value).__name__} is no label"
    return InputError(what, where=f"{place}: {name}", fix="Give text, whole numbers, or True and False")


def _positive_by_itself(labels: Sequence[Scalar]) -> int | None:
    if len(labels) != 2:
        return None
    words = [str(label).strip().casefold() for label in labels]
    for place, other in ((0, 1), (1, 0)):
        if words[other] in POSITIVE_WORDS.get(words[place], ()):
            return place
    return None


def _listed(labels: Sequence[Scalar]) -> str:
    return listed([shown_label(label) for label in labels])
