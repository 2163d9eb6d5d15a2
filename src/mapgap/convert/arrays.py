"""Arrays of other libraries as NumPy's: torch tensors, NumPy arrays and lists, known by what they can do."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgap.convert.coco_records import Box
from mapgap.errors import InputError

Numbers = NDArray[np.float64]

XYXY, XYWH, CXCYWH = "xyxy", "xywh", "cxcywh"
BOX_FORMATS = (XYXY, XYWH, CXCYWH)


def array_of(value: Any) -> NDArray[Any]:
    """The array; a tensor leaves its graph and its device first, and becomes float32 where NumPy knows not its type."""
    if callable(getattr(value, "detach", None)):
        value = value.detach().cpu()
        try:
            return np.asarray(value.numpy())
        except TypeError:  # bfloat16
            return np.asarray(value.float().numpy())
    return np.asarray(value)


def numbers_of(value: Any, shape: tuple[int, ...], where: str) -> Numbers:
    """Finite numbers as float64 in the shape; -1 stands for any length. An empty list fits every shape.

    InputError where it is something else; `where` is the place as messages have it.
    """
    found = array_of(value)
    if found.size == 0 and found.ndim <= len(shape):
        return np.zeros(tuple(max(length, 0) for length in shape), dtype=np.float64)
    wanted = " x ".join("N" if length < 0 else str(length) for length in shape)
    is_numeric = found.dtype.kind in "fiub"
    if not is_numeric or found.ndim != len(shape) or not _fits(found.shape, shape):
        words = f"an array of {found.dtype} and shape {found.shape}"
        raise InputError(f"{words}, not {wanted} numbers", where=where, fix=f"Give {wanted} numbers")
    numbers = found.astype(np.float64)
    if not np.isfinite(numbers).all():
        row = int(np.flatnonzero(~np.isfinite(numbers).reshape(len(numbers), -1).all(axis=1))[0])
        raise InputError(f"{numbers[row].tolist()} is not finite", where=f"{where}[{row}]", fix="Give finite numbers")
    return numbers


def whole_numbers_of(value: Any, length: int, where: str) -> list[int]:
    """As many whole numbers as there are boxes; InputError otherwise."""
    numbers = numbers_of(value, (length,), where)
    is_whole = numbers == np.floor(numbers)
    if not is_whole.all():
        row = int(np.flatnonzero(~is_whole)[0])
        raise InputError(f"{numbers[row]} is no whole number", where=f"{where}[{row}]", fix="Give class numbers")
    return [int(number) for number in numbers.tolist()]


def boxes_of(value: Any, box_format: str, where: str) -> list[Box]:
    """(x, y, width, height) of each box, computed in float64 from the numbers as they came."""
    written = numbers_of(value, (-1, 4), where)
    first, second = written[:, :2], written[:, 2:]
    if box_format == XYXY:
        corner, size = first, second - first
    elif box_format == XYWH:
        corner, size = first, second
    elif box_format == CXCYWH:
        corner, size = first - second / 2, second
    else:
        raise InputError(f"there is no box format {box_format!r}", fix=f"Use one of: {', '.join(BOX_FORMATS)}")
    if (size < 0).any():
        row = int(np.flatnonzero((size < 0).any(axis=1))[0])
        what = f"{written[row].tolist()} as {box_format} has a negative size"
        raise InputError(what, where=f"{where}[{row}]", fix="Say how boxes are written with box_format")
    return [(x, y, w, h) for x, y, w, h in np.hstack([corner, size]).tolist()]


def run_lengths(value: Any, boxes: int, where: str) -> list[dict[str, Any]]:
    """Masks, (N, height, width) of zeros and ones, as COCO's run lengths with their `area`."""
    from pycocotools import mask

    found = array_of(value)
    if found.ndim != 3 or len(found) != boxes:
        what = f"masks of shape {found.shape} for {boxes} boxes"
        raise InputError(what, where=where, fix="Give masks as an array: boxes x height x width")
    encoded = mask.encode(np.asfortranarray(np.moveaxis(found != 0, 0, -1).astype(np.uint8)))
    areas = mask.area(encoded).tolist()
    return [
        {"size": [int(length) for length in one["size"]], "counts": one["counts"].decode("ascii"), "area": float(area)}
        for one, area in zip(encoded, areas, strict=True)
    ]


def _fits(found: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return all(length in (-1, one) for one, length in zip(found, shape, strict=True))
