"""The room 'slices': counts, gap and AP of every group of objects that shares attribute values.

Takes addresses (definitions.md 3 and 4) and attributes (5), gives `mapgap.tables.Slices` (6).
"""

from mapgap.slices.build import AveragePrecisionOf, build_slices, cross
from mapgap.slices.search import SliceTests, search_slices

__all__ = ["AveragePrecisionOf", "SliceTests", "build_slices", "cross", "search_slices"]
