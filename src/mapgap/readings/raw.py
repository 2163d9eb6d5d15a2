"""Detections as their file has them, before anything is made of their boxes, ids and scores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mapgap.tables import FloatArray

ObjectArray = NDArray[np.object_]
"""(N,) of int or str."""


@dataclass(frozen=True)
class RawDetections:
    """One row a detection, in file order, with every value as it was written."""

    name: str
    """Of the file, as messages have it."""
    image_id: ObjectArray
    category_id: ObjectArray
    box: FloatArray
    """(N, 4)."""
    score: FloatArray
