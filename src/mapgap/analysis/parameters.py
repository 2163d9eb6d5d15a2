"""The parameters of an evaluation, checked once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mapgap.errors import InputError
from mapgap.tables import AREA_RANGES, IOU_THRESHOLDS, FloatArray

AreaRanges = Mapping[str, tuple[float, float]] | Sequence[Sequence[float]]


@dataclass(frozen=True)
class Parameters:
    """What COCO's numbers are taken at."""

    thresholds: FloatArray
    """(T,) IoU thresholds, as given."""
    limits: tuple[int, ...]
    """Limits of detections an image and class, rising."""
    area_ranges: Mapping[str, tuple[float, float]]
    category_ids: Sequence[int] | None = None
    """As given: without classes their order decides between equals."""
    class_agnostic: bool = False


def check_parameters(
    iou_thresholds: ArrayLike | None,
    max_detections: Sequence[int],
    area_ranges: AreaRanges | None,
    *,
    category_ids: Sequence[int] | None = None,
    class_agnostic: bool = False,
) -> Parameters:
    """The parameters with COCO's defaults for None; raises InputError for values without a meaning."""
    return Parameters(
        _checked_thresholds(iou_thresholds),
        _checked_limits(max_detections),
        _checked_ranges(area_ranges),
        category_ids,
        class_agnostic,
    )


def _checked_thresholds(iou_thresholds: ArrayLike | None) -> FloatArray:
    if iou_thresholds is None:
        return IOU_THRESHOLDS
    thresholds = np.atleast_1d(np.asarray(iou_thresholds, dtype=np.float64))
    if thresholds.ndim != 1 or len(thresholds) == 0 or not np.isfinite(thresholds).all():
        raise InputError(
            f"iou_thresholds {iou_thresholds!r} is not a list of finite numbers", fix="Give IoUs such as [0.5, 0.75]"
        )
    return thresholds


def _checked_ranges(area_ranges: AreaRanges | None) -> Mapping[str, tuple[float, float]]:
    if area_ranges is None:
        return AREA_RANGES
    if isinstance(area_ranges, Mapping):
        named = dict(area_ranges)
    else:
        names = list(AREA_RANGES) if len(area_ranges) == len(AREA_RANGES) else [str(pair) for pair in area_ranges]
        named = {name: tuple(pair) for name, pair in zip(names, area_ranges, strict=True)}  # type: ignore[misc]
    for name, pair in named.items():
        if (
            len(pair) != 2
            or not all(isinstance(edge, int | float | np.number) for edge in pair)
            or not pair[0] <= pair[1]
        ):
            raise InputError(f"area range {name!r} is {pair!r}", fix="Give (low, high) in square pixels, low <= high")
    if not named:
        raise InputError("area_ranges is empty", fix="Name at least one range, or leave it out")
    return {name: (float(low), float(high)) for name, (low, high) in named.items()}


def _checked_limits(max_detections: Sequence[int]) -> tuple[int, ...]:
    limits = tuple(sorted({int(limit) for limit in max_detections}))
    if not limits or limits[0] < 1:
        raise InputError(
            f"max_detections {max_detections!r} holds no positive numbers", fix="Give limits such as [1, 10, 100]"
        )
    return limits
