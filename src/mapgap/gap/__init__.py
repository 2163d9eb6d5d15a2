"""The gap 1 - AP, divided among the errors that owe it, and what fixing a set of errors would gain."""

from mapgap.gap.debts import divide_gap, summarize_gap
from mapgap.gap.oracle import Oracle, build_oracle
from mapgap.gap.outcomes import COUNTED_FALSE, COUNTED_TRUE, NOT_COUNTED, addresses, detection_statuses

__all__ = [
    "COUNTED_FALSE",
    "COUNTED_TRUE",
    "NOT_COUNTED",
    "Oracle",
    "addresses",
    "build_oracle",
    "detection_statuses",
    "divide_gap",
    "summarize_gap",
]
