"""The ground truth that results are for: its images by their names, its classes by theirs."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from mapgap.coco.ground_truth import read_ground_truth
from mapgap.convert.class_lists import unknown_class
from mapgap.errors import InputError
from mapgap.readings import USUAL, Reading
from mapgap.tables import GroundTruth


@dataclass(frozen=True)
class KnownImage:
    """An image of the ground truth; width and height are NaN where it does not tell."""

    id: int
    width: float
    height: float


@dataclass(frozen=True)
class KnownTruth:
    """What results refer to."""

    name: str
    images: dict[str, KnownImage]
    """By file name and by path without ending; by base name, with and without ending, where no path is called so. What
    several are called is not in it."""
    category_ids: tuple[int, ...]
    category_names: tuple[str, ...]
    image_count: int

    def image(self, stem: str, file: str) -> KnownImage:
        """The image of that name, with or without its ending or folder; InputError for one that is not there."""
        found = self.images.get(stem) or self.images.get(PurePosixPath(stem).name)
        if found is None:
            what = f"{self.name} has no image of this name, or several"
            raise InputError(what, file=file, fix="Give the ground truth that the results are for, or remove the file")
        return found

    def category_id(self, name: str) -> int:
        """Of the class of that name; InputError without a place for one that is not there."""
        if name not in self.category_names:
            what, _ = unknown_class(name, self.category_names)
            raise InputError(f"{what} of {self.name}", fix="Name the classes as the ground truth does")
        return self.category_ids[self.category_names.index(name)]


def known_truth(source: Any, max_input_bytes: int | None = None) -> KnownTruth:
    """Of a COCO ground truth: a path, a dict, a `Converted` or a pycocotools object."""
    reading = USUAL if max_input_bytes is None else Reading(max_input_bytes=max_input_bytes)
    truth = read_ground_truth(getattr(source, "record", source), with_attributes=False, reading=reading)
    return KnownTruth(
        truth.name,
        _images_by_name(truth),
        tuple(truth.categories.ids.tolist()),
        truth.categories.names,
        len(truth.images.ids),
    )


def _images_by_name(truth: GroundTruth) -> dict[str, KnownImage]:
    by_path: dict[str, KnownImage | None] = {}
    by_name: dict[str, KnownImage | None] = {}
    images = truth.images
    rows = zip(images.ids.tolist(), images.file_names, images.width.tolist(), images.height.tolist(), strict=True)
    for image_id, name, width, height in rows:
        if name is None:
            continue
        image = KnownImage(image_id, width, height)
        path = PurePosixPath(name.replace("\\", "/"))
        for found, keys in ((by_path, {str(path), str(path.with_suffix(""))}), (by_name, {path.name, path.stem})):
            for key in keys:
                found[key] = image if key not in found else None
    return {key: image for key, image in {**by_name, **by_path}.items() if image is not None}
