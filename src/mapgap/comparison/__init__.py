"""The room 'comparison': what became of every object, slice and cause from one run to another.

Takes the results of two runs on the same ground truth, and their numbers in resamples; gives `mapgap.changes`.
"""

from mapgap.comparison.image_sets import unlike_image_sets
from mapgap.comparison.objects import object_changes
from mapgap.comparison.slices import AlignedSlices, align_slices
from mapgap.comparison.standings import best_run, standings
from mapgap.comparison.steps import crossed_steps

__all__ = [
    "AlignedSlices",
    "align_slices",
    "best_run",
    "crossed_steps",
    "object_changes",
    "standings",
    "unlike_image_sets",
]
