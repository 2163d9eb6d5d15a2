"""The room 'bootstrap': how far numbers would move if other images had been drawn.

Takes matches and counts made once, and how often each image is drawn in each resample; gives percentile intervals
(definitions.md 6).
"""

from mapgap.bootstrap.draws import checked_draws, draw_images
from mapgap.bootstrap.percentiles import CONFIDENCE, interval_of, intervals_of
from mapgap.bootstrap.slices import slice_intervals
from mapgap.bootstrap.whole import whole_intervals

__all__ = [
    "CONFIDENCE",
    "checked_draws",
    "draw_images",
    "interval_of",
    "intervals_of",
    "slice_intervals",
    "whole_intervals",
]
