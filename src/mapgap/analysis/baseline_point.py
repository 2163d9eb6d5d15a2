"""The operating point at which a gate compares a run with its baseline."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mapgap.analysis.baseline import Baseline
from mapgap.errors import InputError
from mapgap.tables import Settings
from mapgap.thresholds.reading import SCHEMA


@dataclass(frozen=True)
class GatePoint:
    """The score from which detections of both runs count."""

    score_threshold: float | str
    """A number, or a rule that gives each run its own; the usual rule where `thresholds` stand in its place."""
    thresholds: Mapping[str, Any] | None
    """One a class, as `analyze` takes them."""
    is_own: bool
    """Whether it is that of the baseline's report, so that the numbers in it may be taken as they stand."""


def gate_point(baseline: Baseline, asked: float | str | None) -> GatePoint:
    """The baseline's own score threshold, as a number, or the one that is asked for.

    Raises InputError where the baseline has none, and for another one than its own where its numbers cannot be found
    out again.
    """
    summary = baseline.summary
    known, settings = summary.operating_point, summary.settings
    own = None if known is None else known.score_threshold
    if asked is None:
        if settings.thresholds is not None:
            classes = [
                {"id": entry.id, "name": entry.name, "score_threshold": entry.score_threshold}
                for entry in settings.thresholds.classes
            ]
            record = {"schema": SCHEMA, "classes": classes}
            return GatePoint(Settings.score_threshold or "", record, is_own=True)
        if known is None:
            return GatePoint(settings.score_threshold or "best-f1", None, is_own=True)
        if own is None:
            what = "the baseline has no score threshold, because nothing in it is right"
            raise InputError(what, file="summary.json", fix="Give one with --score-threshold")
        return GatePoint(own, None, is_own=True)
    is_own = known is None or (own is not None and asked in (own, settings.score_threshold))
    has_scores = baseline.tables is not None and (settings.iou_type == "bbox" or isinstance(asked, float))
    if not is_own and not has_scores:
        shown = "one a class" if own is None else str(own)
        what = f"the baseline's numbers are those at its own score threshold ({shown}), not at {asked}"
        raise InputError(what, fix="Leave --score-threshold out, or give a report folder on boxes as baseline")
    return GatePoint(asked, None, is_own)
