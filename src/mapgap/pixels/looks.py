"""What is asked about one picture, and what came out."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mapgap.pictures.failures import Failure
from mapgap.tables import FloatArray

MEASURES = ("brightness", "contrast", "sharpness", "noise", "local_contrast")
"""The columns of `Look.crops`, as the kernel gives them."""

Outcome = Literal["measured"] | Failure


@dataclass(frozen=True)
class Request:
    """One picture to look at, with the boxes of its objects in pixels of the size the ground truth gives."""

    file_name: str | None
    width: float
    height: float
    """NaN where the ground truth has no size."""
    box: FloatArray
    """(n, 4) xywh."""
    by_base_name: bool = True
    """Whether it may be found by its base name."""


@dataclass(frozen=True)
class Look:
    """What came out for one picture; all numbers are fractions of 1, NaN where not defined."""

    outcome: Outcome
    reason: str = ""
    """Why it could not be measured."""
    remarks: tuple[str, ...] = ()
    """How the pixels had to be read, where it is not the usual way: keys of REMARKS in `notices`."""
    jpeg_quality: float = float("nan")
    """From 1 to 100."""
    image: FloatArray | None = None
    """(5,) MEASURES of the whole picture; None where not measured."""
    crops: FloatArray | None = None
    """(n, 5) MEASURES of each box."""


def look_bytes(look: Look) -> bytes:
    """A measured look as the cache keeps it: a line of remarks, then the numbers."""
    assert look.image is not None
    assert look.crops is not None
    numbers = np.concatenate([[look.jpeg_quality], look.image, look.crops.ravel()])
    return ",".join(look.remarks).encode() + b"\n" + numbers.astype("<f8").tobytes()


def look_of_bytes(content: bytes, boxes: int) -> Look | None:
    """The look that was kept, None if it is none for so many boxes."""
    remarks, line_end, numbers = content.partition(b"\n")
    if not line_end or len(numbers) != 8 * (1 + len(MEASURES) * (boxes + 1)):
        return None
    values = np.frombuffer(numbers, dtype="<f8").astype(np.float64)
    rows = values[1:].reshape(boxes + 1, len(MEASURES))
    words = tuple(word for word in remarks.decode("ascii", "replace").split(",") if word)
    return Look("measured", "", words, float(values[0]), rows[0], rows[1:])
