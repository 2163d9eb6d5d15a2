"""Hold the fast reader of COCO files to its law: on every text it gives what the careful one gives, or nothing."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from mapgap import _kernel
from mapgap.coco.detections import read_detections, read_detections_carefully
from mapgap.coco.ground_truth import read_ground_truth, read_ground_truth_carefully
from mapgap.coco.scanned import scanned_detections, scanned_ground_truth
from mapgap.errors import MapgapError
from mapgap.tables import GroundTruth

SMALL_WINDOWS = (1, 3, 40, 129)
STRETCHES = ((2, 30, 1), (5, 1, 1), (3, 100, 60))
"""Threads, window, least stretch."""


def table_differences(fast: Any, careful: Any, place: str = "table") -> list[str]:
    """Where two tables differ, to the last bit: a NaN equals a NaN, -0.0 is not 0.0, True is not 1, orders count."""
    if type(fast) is not type(careful):
        return [f"{place}: {type(fast).__name__} and {type(careful).__name__}"]
    if is_dataclass(fast):
        names = [field.name for field in fields(fast)]
        return [
            line for n in names for line in table_differences(getattr(fast, n), getattr(careful, n), f"{place}.{n}")
        ]
    if isinstance(fast, np.ndarray):
        return _array_differences(fast, careful, place)
    if isinstance(fast, Mapping):
        fast, careful = list(fast.items()), list(careful.items())
    return [] if repr(fast) == repr(careful) else [f"{place}: {fast!r} and {careful!r}"]


def ground_truth_differences(path: Path) -> list[str]:
    """Where the fast reader breaks the law on a file of ground truth; empty if all is well."""
    found = []
    for with_attributes in (False, True):
        fast = scanned_ground_truth(path, None, with_attributes=with_attributes)
        if fast is None:
            continue
        try:
            careful = read_ground_truth_carefully(path, with_attributes=with_attributes)
        except MapgapError as error:
            found.append(f"ground truth: read fast, refused carefully: {error}")
        else:
            found += table_differences(fast, careful, "ground truth")
    return found + window_differences(path.read_bytes())


def detection_differences(path: Path, ground_truth: GroundTruth) -> list[str]:
    """The same for a file of detections."""
    found = []
    fast = scanned_detections(path, None, ground_truth)
    if fast is not None:
        try:
            careful = read_detections_carefully(path, ground_truth)
        except MapgapError as error:
            found.append(f"detections: read fast, refused carefully: {error}")
        else:
            found += table_differences(fast, careful, "detections")
    return found + stretch_differences(path.read_bytes(), ground_truth)


def window_differences(text: bytes) -> list[str]:
    """Which small windows change what the kernel makes of ground truth."""
    usual = _columns(_kernel.scan_ground_truth(text, -1, True))
    in_windows = {window: _columns(_kernel.scan_ground_truth(text, -1, True, window)) for window in SMALL_WINDOWS}
    return [f"ground truth: another result for window {window}" for window in in_windows if in_windows[window] != usual]


def stretch_differences(text: bytes, ground_truth: GroundTruth) -> list[str]:
    """Which small windows, threads and stretches change what the kernel makes of detections."""
    ids = (ground_truth.images.ids, ground_truth.categories.ids)
    usual = _columns(_kernel.scan_detections(text, -1, *ids, 1))
    settings = [(1, window, 0) for window in SMALL_WINDOWS] + list(STRETCHES)
    return [
        f"detections: another result for threads, window, stretch {setting}"
        for setting in settings
        if _columns(_kernel.scan_detections(text, -1, *ids, *setting)) != usual
    ]


def is_read_fast(path: Path, ground_truth: GroundTruth | None = None) -> bool:
    """Whether the file needs no careful reader, as detections of the ground truth or, without one, as ground truth."""
    if ground_truth is None:
        return scanned_ground_truth(path, None, with_attributes=True) is not None
    return scanned_detections(path, None, ground_truth) is not None


def outcome(path: str | os.PathLike[str], ground_truth: GroundTruth | None = None, *, carefully: bool = False) -> Any:
    """The table a user gets, or the error in words."""
    try:
        if ground_truth is None:
            return read_ground_truth_carefully(path) if carefully else read_ground_truth(path)
        return read_detections_carefully(path, ground_truth) if carefully else read_detections(path, ground_truth)
    except MapgapError as error:
        return f"{type(error).__name__}: {error}"


def ground_truth_of_ids(image_ids: Iterable[int], category_ids: Iterable[int]) -> GroundTruth:
    """Ground truth without annotations."""
    content = {
        "images": [{"id": each} for each in image_ids],
        "annotations": [],
        "categories": [{"id": each} for each in category_ids],
    }
    return read_ground_truth(content)


def require_handed_over(path: Path, text: bytes, ground_truth: GroundTruth | None = None) -> None:
    """The text is nothing for the fast reader, and what a user gets is what the careful one says."""
    path.write_bytes(text)
    assert not is_read_fast(path, ground_truth), text
    careful = outcome(path, ground_truth, carefully=True)
    assert table_differences(outcome(path, ground_truth), careful) == [], text


def _array_differences(fast: NDArray[Any], careful: NDArray[Any], place: str) -> list[str]:
    if (fast.dtype, fast.shape) != (careful.dtype, careful.shape):
        return [f"{place}: {fast.dtype} {fast.shape} and {careful.dtype} {careful.shape}"]
    same = fast == careful
    if fast.dtype == np.float64:
        same = (same & (np.signbit(fast) == np.signbit(careful))) | (np.isnan(fast) & np.isnan(careful))
    return [] if same.all() else [f"{place}: {fast[~same][:3]} and {careful[~same][:3]}"]


def _columns(scanned: _kernel.ScannedGroundTruth | _kernel.ScannedDetections | None) -> Any:
    """All that the kernel gives, as values that can be compared; None if it gives nothing."""
    if scanned is None:
        return None
    names = [name for name in dir(type(scanned)) if not name.startswith("_") and name != "count_objects"]
    return {name: _comparable(getattr(scanned, name)) for name in names}


def _comparable(value: Any) -> Any:
    if isinstance(value, memoryview):
        return (value.format, value.shape, value.tobytes())
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        # Values that no record has may be listed too, where a window ended in a number.
        return [(name, _values(codes, text)) for name, codes, text in value]
    return value


def _values(codes: memoryview, text: bytes) -> list[str]:
    values = [*_texts_of_list(text), "none"]
    return [values[code] for code in codes.tolist()]


def _texts_of_list(text: bytes) -> list[str]:
    return [bytes(raw).decode() for raw in msgspec.json.decode(text, type=list[msgspec.Raw])]
