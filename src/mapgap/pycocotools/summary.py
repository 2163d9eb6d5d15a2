"""The summary: one printed line a number, as pycocotools writes it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mapgap.pycocotools.messages import say
from mapgap.pycocotools.parameters import BOX_TYPES
from mapgap.tables import FloatArray

KEYPOINT_LIMIT = 20


Reader = Callable[[str, list[int], list[int]], Any]
"""Gives "precision" (T, R, K, n) or "recall" (T, K, n) at n pairs of an area range and a limit, by place."""


def print_summary(params: Any, read: Reader) -> FloatArray:
    """The 12 numbers of boxes and masks or the 10 of keypoints, printed; -1 where nothing counts."""
    if params.iouType in BOX_TYPES:
        return np.array(_box_numbers(params, read), dtype=np.float64)
    if params.iouType == "keypoints":
        return np.array(_keypoint_numbers(params, read), dtype=np.float64)
    raise Exception("iouType not supported")


def _box_numbers(params: Any, read: Reader) -> list[float]:
    numbers = [_line(params, read, "precision")]
    largest = params.maxDets[2]
    numbers += [_line(params, read, "precision", iou=iou, limit=largest) for iou in (0.5, 0.75)]
    sizes = ("small", "medium", "large")
    numbers += [_line(params, read, "precision", area=size, limit=largest) for size in sizes]
    numbers += [_line(params, read, "recall", limit=params.maxDets[place]) for place in range(3)]
    numbers += [_line(params, read, "recall", area=size, limit=largest) for size in sizes]
    return numbers


def _keypoint_numbers(params: Any, read: Reader) -> list[float]:
    numbers: list[float] = []
    for kind in ("precision", "recall"):
        numbers += [_line(params, read, kind, iou=iou, limit=KEYPOINT_LIMIT) for iou in (None, 0.5, 0.75)]
        numbers += [_line(params, read, kind, area=size, limit=KEYPOINT_LIMIT) for size in ("medium", "large")]
    return numbers


def _line(
    params: Any,
    read: Reader,
    kind: str,
    *,
    iou: float | None = None,
    area: str = "all",
    limit: int = 100,
) -> float:
    """The mean over classes and, without `iou`, over thresholds; printed."""
    areas = [place for place, name in enumerate(params.areaRngLbl) if name == area]
    limits = [place for place, each in enumerate(params.maxDets) if each == limit]
    chosen = read(kind, areas, limits)
    if iou is not None:
        chosen = chosen[np.where(iou == params.iouThrs)[0]]
    defined = chosen[chosen > -1]
    mean = np.mean(defined) if len(defined) else -1
    title, short = ("Average Precision", "(AP)") if kind == "precision" else ("Average Recall", "(AR)")
    ious = f"{params.iouThrs[0]:0.2f}:{params.iouThrs[-1]:0.2f}" if iou is None else f"{iou:0.2f}"
    say(f" {title:<18} {short} @[ IoU={ious:<9} | area={area:>6s} | maxDets={limit:>3d} ] = {mean:0.3f}")
    return mean
