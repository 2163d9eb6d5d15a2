"""Causes: why each false positive and each missed object is one."""

from mapgap.causes.errors import list_errors
from mapgap.causes.evidence import missed_evidence
from mapgap.causes.thresholds import find_causes

__all__ = ["find_causes", "list_errors", "missed_evidence"]
