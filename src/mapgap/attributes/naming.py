"""Everything annotated, under names that do not clash."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mapgap.attributes.annotated import Coded, LeftOut, code_column
from mapgap.attributes.coding import image_attribute, object_attribute
from mapgap.attributes.join_targets import Owner
from mapgap.attributes.joining import Joined
from mapgap.tables import Attribute, Detections, GroundTruth, Notice, Scalar

JOINED = "joined"
MOST_ANNOTATED = 200
"""As many as a joined file may have; pairs of attributes are slices too, so that time grows with the square."""


@dataclass(frozen=True)
class _Column:
    """One annotated column: what it is called in the file, whose it is, and what the file calls the place."""

    name: str
    owner: Owner
    place: str
    scalars: Sequence[Scalar]
    prefix: str
    """What a loser is called by: joined, annotation or image."""


def annotated_attributes(
    ground_truth: GroundTruth, detections: Detections, taken: frozenset[str], joined: Joined | None = None
) -> tuple[list[Attribute], tuple[Notice, ...]]:
    """The annotated attributes, and a notice for every column that has values but is no attribute.

    Names in `taken` are given away already. On equal names a joined column wins over the annotations' `attributes`,
    these over their fields, and these over the images'; a loser is called `joined.NAME`, `annotation.NAME` or
    `image.NAME`, with the prefix repeated while that is taken too. A column that is no attribute takes no name. Beyond
    MOST_ANNOTATED of them no further ones are made, which one notice tells.
    """
    names = set(taken)
    attributes: list[Attribute] = []
    notices: list[Notice] = []
    beyond: list[str] = []
    everywhere = np.ones(len(ground_truth.images.ids), dtype=np.bool_)
    for column in _columns_by_rank(ground_truth, joined):
        is_counted = everywhere if column.owner == "image" else ground_truth.is_object
        coded = code_column(column.scalars, is_counted)
        if isinstance(coded, LeftOut):
            notices.append(_notice(column, coded))
        elif coded is None and column.prefix == JOINED:
            notices.append(_notice(column, LeftOut("no row that belongs to the ground truth has a value in it", 1, ())))
        elif coded is not None and len(attributes) == MOST_ANNOTATED:
            beyond.append(column.name)
        elif coded is not None:
            name = _free_name(column, names)
            names.add(name)
            notices += _renamed(column, name)
            attributes.append(_attribute(name, column.owner, coded, ground_truth, detections))
    if beyond:
        message = f"of all that is annotated, what comes behind the first {MOST_ANNOTATED} by name is no attribute"
        notices.append(Notice("attribute_left_out", message, len(beyond), tuple(beyond[:3])))
    return attributes, tuple(notices)


def _columns_by_rank(ground_truth: GroundTruth, joined: Joined | None) -> Iterator[_Column]:
    if joined:
        yield from _columns(joined.columns, joined.owner, "joined column", JOINED)
    yield from _columns(ground_truth.attributes, "annotation", "annotation attribute")
    yield from _columns(ground_truth.fields, "annotation", "annotation field")
    yield from _columns(ground_truth.images.attributes, "image", "image field")


def _columns(
    source: Mapping[str, Sequence[Scalar]], owner: Owner, place: str, prefix: str | None = None
) -> Iterator[_Column]:
    """Sorted by name, so that who wins does not depend on the order in the file."""
    return (_Column(name, owner, place, source[name], prefix or owner) for name in sorted(source))


def _free_name(column: _Column, taken: set[str]) -> str:
    name = column.name
    while name in taken:
        name = f"{column.prefix}.{name}"
    return name


def _attribute(name: str, owner: Owner, coded: Coded, ground_truth: GroundTruth, detections: Detections) -> Attribute:
    if owner == "image":
        return image_attribute(
            name,
            coded.values,
            coded.codes,
            ground_truth,
            detections.image,
            image_numbers=coded.numbers,
            edges=coded.edges,
        )
    return object_attribute(
        name,
        coded.values,
        coded.codes,
        ground_truth.is_object,
        len(detections.image),
        numbers=coded.numbers,
        edges=coded.edges,
    )


def _renamed(column: _Column, name: str) -> list[Notice]:
    """A word on a joined column that has not got its name; annotations keep theirs under a prefix all the time."""
    if column.prefix != JOINED or name == column.name:
        return []
    message = f"the {column.place} {column.name!r} is called {name}: mapgap has an attribute {column.name} of its own"
    return [Notice("attribute_renamed", message, 1)]


def _notice(column: _Column, left_out: LeftOut) -> Notice:
    message = f"the {column.place} {column.name!r} is no attribute: {left_out.reason}"
    return Notice("attribute_left_out", message, left_out.count, left_out.examples)
