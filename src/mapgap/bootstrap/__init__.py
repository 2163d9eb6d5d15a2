"""The room 'bootstrap': how far numbers would move if other images had been drawn.

Takes matches and counts made once, and how often each image is drawn in each resample; gives percentile intervals
(definitions.md 6).
"""

from mapgap.bootstrap.draws import checked_draws, draw_images
from mapgap.bootstrap.paired import RunSamples, change_of, changes_of, run_samples
from mapgap.bootstrap.paired_slices import RunSlices, ap_changes, found_by_either, precision_changes, recall_changes
from mapgap.bootstrap.percentiles import CONFIDENCE, interval_of, intervals_of
from mapgap.bootstrap.slices import slice_intervals
from mapgap.bootstrap.whole import whole_intervals

__all__ = [
    "CONFIDENCE",
    "RunSamples",
    "RunSlices",
    "ap_changes",
    "change_of",
    "changes_of",
    "checked_draws",
    "draw_images",
    "found_by_either",
    "interval_of",
    "intervals_of",
    "precision_changes",
    "recall_changes",
    "run_samples",
    "slice_intervals",
    "whole_intervals",
]
