"""The room 'ranking': causes over all data, and the hot spots (cause x slice) that stand out, by what they cost.

definitions.md 7 is the law; the numbered rules are cited where they are applied.
"""

from mapgap.ranking.modes import RANK_BY, GainOf, rank_failure_modes
from mapgap.ranking.totals import total_causes

__all__ = ["RANK_BY", "GainOf", "rank_failure_modes", "total_causes"]
