"""The precision-recall curve of a class in a few numbers."""

from collections.abc import Sequence

import numpy as np

from mapgap.tables import FloatArray, Results

POINTS = 26
"""Every fourth of COCO's 101 recall points."""


def sparklines(results: Results, classes: Sequence[int]) -> tuple[tuple[float, ...] | None, ...]:
    """For each of some classes, by position, the precision at IoU .5 at POINTS recalls from 0 to 1.

    It is the precision that AP50 averages: the envelope, 0 at recalls that are not reached. None for a class without
    ground truth.
    """
    matches, most = results.matches, results.settings.max_detections
    is_counted, is_hit = matches.is_counted(0, most), matches.is_true_positive(0, most)
    lines: list[tuple[float, ...] | None] = []
    for category in classes:
        start, end = matches.class_offsets[category], matches.class_offsets[category + 1]
        rows = matches.class_order[start:end]
        rows = rows[is_counted[rows]]
        objects = int(matches.positives[0, category])
        lines.append(tuple(_envelope(is_hit[rows].astype(np.int64), objects).tolist()) if objects else None)
    return tuple(lines)


def _envelope(hits: FloatArray, objects: int) -> FloatArray:
    """(POINTS,) highest precision at this recall or a higher one."""
    if len(hits) == 0:
        return np.zeros(POINTS)
    right = np.cumsum(hits)
    precision = right / np.arange(1, len(right) + 1)
    envelope = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    return np.asarray(envelope[np.searchsorted(right / objects, np.linspace(0, 1, POINTS), side="left")])
