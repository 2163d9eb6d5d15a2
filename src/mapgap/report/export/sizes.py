"""Image sizes, which other tools need to place a box."""

import numpy as np

from mapgap.errors import InputError
from mapgap.tables import GroundTruth, IndexArray


def require_sizes_and_names(truth: GroundTruth, images: IndexArray, tool: str) -> None:
    """InputError where one of these images has no size or no file name."""
    for image in np.unique(images).tolist():
        width, height = truth.images.width[image], truth.images.height[image]
        if not (width > 0 and height > 0):
            raise _missing(truth, image, f"{tool} needs the width and height of every image, and it has none")
        if truth.images.file_names[image] is None:
            raise _missing(truth, image, f"{tool} finds an image by its file_name, and it has none")


def _missing(truth: GroundTruth, image: int, what: str) -> InputError:
    return InputError(
        what,
        file=truth.name,
        where=f"images[{int(truth.images.file_position[image])}] (id {int(truth.images.ids[image])})",
        fix="Write width, height and file_name of all images",
    )
