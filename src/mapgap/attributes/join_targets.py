"""What the rows of a table are joined to: annotations or images, known by their keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mapgap.tables import GroundTruth, Scalar

Owner = Literal["annotation", "image"]
Key = int | str

KEYS = ("id", "image_id", "file_name")
"""The narrowest first: where a table has several, the first joins and the others must agree."""


@dataclass(frozen=True)
class Target:
    """What rows are joined to: annotations or images, those of one key together."""

    owner: Owner
    groups: Mapping[Key, int]
    """Key -> group."""
    group_of: Sequence[int]
    """The group of each annotation or image, -1 for one without a key."""
    is_counted: Sequence[bool]
    """Which of them should have a row."""
    images: Sequence[tuple[int, str | None]]
    """Id and file name of the image of each group."""

    def spread(self, values: Mapping[int, Scalar]) -> tuple[Scalar, ...]:
        """One value an annotation or image, from one a group."""
        return tuple(values.get(group) for group in self.group_of)


def find_target(key: str, ground_truth: GroundTruth) -> Target:
    """Annotations for the key `id`, images for `image_id` and `file_name`."""
    images = ground_truth.images
    names = list(zip(images.ids.tolist(), images.file_names, strict=True))
    if key == "id":
        groups, group_of = _grouped(ground_truth.ids.tolist())
        places = [names[image] for image in ground_truth.image.tolist()]
        return Target("annotation", groups, group_of, ground_truth.is_object.tolist(), _first(places, group_of))
    groups, group_of = _grouped(images.ids.tolist() if key == "image_id" else images.file_names)
    return Target("image", groups, group_of, [True] * len(names), _first(names, group_of))


def _grouped(keys: Sequence[Key | None]) -> tuple[dict[Key, int], list[int]]:
    """Group of each key, and of each place: ids and file names may occur more than once."""
    groups: dict[Key, int] = {}
    group_of = [-1 if key is None else groups.setdefault(key, len(groups)) for key in keys]
    return groups, group_of


def _first(places: Sequence[tuple[int, str | None]], group_of: Sequence[int]) -> list[tuple[int, str | None]]:
    """The first place of each group; groups are numbered in the order they begin in."""
    first: dict[int, tuple[int, str | None]] = {}
    for group, place in zip(group_of, places, strict=True):
        if group >= 0:
            first.setdefault(group, place)
    return list(first.values())
