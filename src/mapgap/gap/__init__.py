"""The gap 1 - AP, divided among the errors that owe it, and what fixing a set of errors would gain."""

from mapgap.gap.debts import divide_gap, summarize_gap
from mapgap.gap.oracle import Oracle, build_oracle
from mapgap.gap.outcomes import counted_and_right

__all__ = [
    "Oracle",
    "build_oracle",
    "counted_and_right",
    "divide_gap",
    "summarize_gap",
]
