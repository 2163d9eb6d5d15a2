"""The room 'advice': what to do about a hot spot, by rules that need evidence; see docs/recommendations.md."""

from mapgap.advice.recommending import ACTIONS, recommend

__all__ = ["ACTIONS", "recommend"]
