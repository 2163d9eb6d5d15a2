"""The room 'thresholds': score thresholds for all, by class and by slice, and the file they are kept in."""

from mapgap.thresholds.reading import GivenThresholds, parse_thresholds, resolve_thresholds, thresholds_of_mapping

__all__ = ["GivenThresholds", "parse_thresholds", "resolve_thresholds", "thresholds_of_mapping"]
