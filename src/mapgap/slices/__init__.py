"""The room 'slices': counts, gap and AP of every group of objects that shares attribute values.

Takes addresses (definitions.md 3 and 4) and attributes (5), gives `mapgap.tables.Slices` (6).
"""

from mapgap.slices.build import AveragePrecisionOf, build_slices, cross

__all__ = ["AveragePrecisionOf", "build_slices", "cross"]
