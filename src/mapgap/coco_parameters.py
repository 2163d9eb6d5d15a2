"""COCO's standard parameters and the names of its numbers, as plain Python values.

They stand apart from `mapgap.tables`, which holds the same thresholds as arrays, because `mapgap evaluate` prints
numbers without NumPy, whose import takes longer than its work.
"""

from collections.abc import Mapping


def _spaced(start: float, stop: float, count: int) -> tuple[float, ...]:
    """What `np.linspace(start, stop, count)` gives, to the last bit: COCO's .9 is 0.8999999999999999."""
    step = (stop - start) / (count - 1)
    return (*(start + position * step for position in range(count - 1)), stop)


IOU_THRESHOLDS = _spaced(0.5, 0.95, 10)
RECALL_THRESHOLDS = _spaced(0.0, 1.0, 101)
AREA_RANGES: Mapping[str, tuple[float, float]] = {
    "all": (0.0, 1e10),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e10),
}
MAX_DETECTIONS = (1, 10, 100)
EQUAL_BOXES_IOU = 1 - 1e-10
"""No IoU threshold asks for more than this: rounding may keep equal boxes from IoU 1 (cocoeval.py, evaluateImg)."""

METRICS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
LOW_AP50 = 0.1
"""Below it detections may be written in another way than COCO's: other readings are tried."""
