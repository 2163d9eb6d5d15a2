"""Boxes as they were written, as COCO's [x, y, width, height] in pixels of the image."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mapgap.alikeness import listed, most_alike_first
from mapgap.errors import InputError
from mapgap.tables import FloatArray

PIXELS, NORMALIZED, RESIZED, LETTERBOXED, CORNER, SHORTER = (
    "pixels",
    "normalized",
    "resized",
    "letterboxed",
    "letterboxed-corner",
    "shorter",
)
"""Coordinates: of the image; of a square of side 1; of a network's input that the image was stretched to, or fitted in
with its shape kept, in the middle or in the top left; of the image enlarged to a length of its shorter side."""

_SIZE = re.compile(r"(\d{1,6})(?:x(\d{1,6}))?", re.ASCII)
_SIDES = re.compile(r"(\d{1,6})(?::(\d{1,6}))?", re.ASCII)


@dataclass(frozen=True)
class BoxFormat:
    """What the four numbers of a box are."""

    layout: str = "xywh"
    """Their order, as in LAYOUTS."""
    coordinates: str = PIXELS
    size: tuple[float, float] | None = None
    """Width and height of the network's input; for "shorter" its shorter side and the longest of the longer."""

    @property
    def needs_image_sizes(self) -> bool:
        """Whether the boxes mean nothing without width and height of their images."""
        return self.coordinates != PIXELS

    @property
    def text(self) -> str:
        """As users write it."""
        if self.coordinates == PIXELS:
            return self.layout
        if self.size is None:
            return f"{self.layout}-{self.coordinates}"
        first, second = self.size
        if self.coordinates == SHORTER:
            size = f"{first:g}:{second:g}" if np.isfinite(second) else f"{first:g}"
        else:
            size = f"{first:g}" if first == second else f"{first:g}x{second:g}"
        return f"{self.layout}-{self.coordinates}:{size}"


def parse_box_format(text: str) -> BoxFormat:
    """What the text asks for; raises InputError, with what would be right, for anything else.

    LAYOUT, LAYOUT-normalized, LAYOUT-resized:SIZE, LAYOUT-letterboxed:SIZE, LAYOUT-letterboxed-corner:SIZE with a SIZE
    of 640 or 640x480 (width x height), or LAYOUT-shorter:800, LAYOUT-shorter:800:1333.
    """
    layout, _, coordinates = text.partition("-")
    kind, has_size, size = coordinates.partition(":")
    if layout not in LAYOUTS or ("-" in text and kind not in (*_SIZED, NORMALIZED)):
        raise _unknown(text)
    if kind not in _SIZED:
        if has_size:
            raise InputError(f"the box format {text!r} takes no size", fix=f"Use {layout}-{NORMALIZED}")
        return BoxFormat(layout, kind or PIXELS)
    return BoxFormat(layout, kind, _parsed_size(text, kind, size))


def to_xywh(box: FloatArray, box_format: BoxFormat, width: FloatArray, height: FloatArray) -> FloatArray:
    """(N, 4) xywh in pixels of (N, 4) boxes as written, of images with these (N,) sizes, NaN where unknown.

    COCO's own format comes back as it is, bit for bit. Raises InputError where a size is needed and unknown.
    """
    written = np.asarray(box, dtype=np.float64).reshape(-1, 4)
    if box_format.needs_image_sizes:
        _require_sizes(box_format, width, height)
    with np.errstate(over="ignore", invalid="ignore"):
        xywh = LAYOUTS[box_format.layout](written)
    if box_format.coordinates == PIXELS:
        return np.ascontiguousarray(xywh)
    # Sizes of a fraction of a pixel make boxes infinite, which is for the reader to refuse.
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        scale, shift = _scale_and_shift(box_format, np.asarray(width, float), np.asarray(height, float))
        return np.hstack([(xywh[:, :2] - shift) / scale, xywh[:, 2:] / scale])


def _corners(first: FloatArray, second: FloatArray) -> FloatArray:
    return np.hstack([first, second - first])


def _center(center: FloatArray, size: FloatArray) -> FloatArray:
    return np.hstack([center - size / 2, size])


LAYOUTS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "xywh": lambda box: box,
    "xyxy": lambda box: _corners(box[:, :2], box[:, 2:]),
    "cxcywh": lambda box: _center(box[:, :2], box[:, 2:]),
    "yxyx": lambda box: _corners(box[:, [1, 0]], box[:, [3, 2]]),
    "yxhw": lambda box: box[:, [1, 0, 3, 2]],
    "yxwh": lambda box: box[:, [1, 0, 2, 3]],
    "cycxhw": lambda box: _center(box[:, [1, 0]], box[:, [3, 2]]),
    "xxyy": lambda box: _corners(box[:, [0, 2]], box[:, [1, 3]]),
}
"""Orders of the four numbers: x and y of the top left corner, or of the first and the second corner, cx and cy of the
middle, w and h for width and height. `yxyx` and `cycxhw` are TensorFlow's, `xxyy` is Open Images'."""

_SIZED = (RESIZED, LETTERBOXED, CORNER, SHORTER)


def _unknown(text: str) -> InputError:
    plain = list(LAYOUTS)
    sized = [f"{layout}-{NORMALIZED}" for layout in LAYOUTS] + [
        f"{layout}-{kind}:{'800:1333' if kind == SHORTER else '640'}" for kind in _SIZED for layout in LAYOUTS
    ]
    nearest = most_alike_first(text, plain + sized)[:3]
    return InputError(
        f"there is no box format {text!r}",
        fix=f"Near ones: {listed(nearest)}. The order of the numbers is one of {', '.join(plain)}; -normalized, "
        f"-resized:640, -letterboxed:640x480, -letterboxed-corner:640 or -shorter:800:1333 may follow",
    )


def _parsed_size(text: str, kind: str, size: str) -> tuple[float, float]:
    match = (_SIDES if kind == SHORTER else _SIZE).fullmatch(size)
    numbers = [float(number) for number in match.groups() if number is not None] if match else []
    if not numbers or min(numbers) == 0:
        example = "800 or 800:1333 (shorter side, most of the longer)" if kind == SHORTER else "640 or 640x480"
        layout = text.partition("-")[0]
        raise InputError(
            f"the box format {text!r} has no size that can be read"
            if size
            else f"the box format {text!r} needs a size",
            fix=f"Write {layout}-{kind}:SIZE with a SIZE in whole pixels such as {example}",
        )
    if kind == SHORTER:
        return numbers[0], numbers[1] if len(numbers) > 1 else np.inf
    return numbers[0], numbers[-1]


def _require_sizes(box_format: BoxFormat, width: FloatArray, height: FloatArray) -> None:
    is_known = (np.asarray(width) > 0) & (np.asarray(height) > 0)
    if not is_known.all():
        raise InputError(
            f"boxes in the format {box_format.text!r} need the width and height of their images, which are unknown "
            f"for {np.count_nonzero(~is_known):,} of {len(is_known):,} detections",
            fix="Give every entry of 'images' in the ground truth its width and height",
            code="image_size_missing",
        )


def _scale_and_shift(box_format: BoxFormat, width: FloatArray, height: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(N, 2) what a pixel of the image is long in the coordinates, and (N, 2) where the image's corner lies in them.

    Rounding of a resized image to whole pixels is left out: it is below half a pixel of the input. Sources:
    Detectron2 0.6, ResizeShortestEdge.get_output_shape; Ultralytics 8, LetterBox.
    """
    image = np.column_stack([width, height])
    if box_format.coordinates == NORMALIZED:
        return 1 / image, np.zeros_like(image)
    assert box_format.size is not None
    if box_format.coordinates == SHORTER:
        shorter, longer = box_format.size
        scale = np.minimum(shorter / image.min(axis=1), longer / image.max(axis=1))[:, np.newaxis]
        return np.broadcast_to(scale, image.shape), np.zeros_like(image)
    size = np.array(box_format.size)
    if box_format.coordinates == RESIZED:
        return size / image, np.zeros_like(image)
    scale = np.broadcast_to((size / image).min(axis=1)[:, np.newaxis], image.shape)
    shift = (size - image * scale) / 2 if box_format.coordinates == LETTERBOXED else np.zeros_like(image)
    return scale, shift
