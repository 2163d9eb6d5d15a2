"""What "nothing was proposed" is worth where the file of the run leaves out low scores."""

from mapgap.advice.hot_spots import HotSpot

HIGH = 0.1
"""Detectors are mostly asked for all scores from .001 or .05 up."""


def lowest_score_evidence(spot: HotSpot) -> dict[str, float]:
    """The lowest score of the run, where it is so high that much may have been left out; else nothing.

    Of scores that are no fractions of 1 nothing is known.
    """
    scores = spot.results.detections.score
    if not len(scores) or not scores.min() >= HIGH or scores.max() > 1:
        return {}
    return {"lowest_score": float(scores.min())}


def lowest_score_caveat(spot: HotSpot) -> str:
    """A sentence about it, with a blank before; empty where there is nothing to say."""
    evidence = lowest_score_evidence(spot)
    if not evidence:
        return ""
    lowest = f"{evidence['lowest_score']:.2g}".removeprefix("0")
    return f" The run holds no score below {lowest}: what it had below that is not known, so write it out first."
