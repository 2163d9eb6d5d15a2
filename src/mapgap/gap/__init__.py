"""The gap 1 - AP, divided among the errors that owe it, and what fixing a set of errors would gain."""

from mapgap.gap.debts import divide_gap, summarize_gap
from mapgap.gap.oracle import Oracle, build_oracle
from mapgap.gap.outcomes import counted_and_right
from mapgap.gap.resampled import ResampledOracle, resample_oracle
from mapgap.gap.resampled_causes import resampled_gap_by_cause

__all__ = [
    "Oracle",
    "ResampledOracle",
    "build_oracle",
    "counted_and_right",
    "divide_gap",
    "resample_oracle",
    "resampled_gap_by_cause",
    "summarize_gap",
]
