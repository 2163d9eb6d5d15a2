"""The command to run after a change, with a shell comment that says what to look at; it can be pasted whole."""

import shlex

from mapgap.advice.built_in import BUILT_IN
from mapgap.advice.hot_spots import HotSpot
from mapgap.tables import Settings
from mapgap.where_text import where_text

DEFAULTS = Settings()


def look_at_slice(spot: HotSpot, what: str, *, score_threshold: float | None = None) -> str:
    """`mapgap slices` by the attributes of the hot spot, and `what` to look at in its row."""
    names = list(spot.mode.where)
    if any(not name.strip() or "," in name or name != name.strip() for name in names):
        return look_at_missed(spot, what)  # --by could not name it
    by = shlex.quote(",".join(names))
    options = _options(spot, score_threshold)
    return f"mapgap slices GT DT{options} --by {by}  # {where_text(spot.mode.where)}: {what}"


def look_at_missed(spot: HotSpot, what: str) -> str:
    """`mapgap missed` where the hot spot is, and `what` to look at there."""
    return f"mapgap missed GT DT{_options(spot, None)} --where {shlex.quote(where_text(spot.mode.where))}  # {what}"


def _options(spot: HotSpot, score_threshold: float | None) -> str:
    """The options that decide what is counted, where they are not the usual ones, and those that bring in attributes.

    IMAGES, ATTRIBUTES and THRESHOLDS stand for the folder and the files, as paths are never written down.
    """
    settings = spot.results.settings
    names = frozenset(spot.mode.where)
    is_measured = not names.isdisjoint(spot.case.measured)
    may_be_joined = settings.attributes is not None and not names <= BUILT_IN | spot.case.measured
    has_own = score_threshold is None and settings.thresholds is not None
    score = settings.score_threshold if score_threshold is None else score_threshold
    binned = [name for name in spot.mode.where if name in settings.bins]
    options: list[tuple[str, object, bool]] = [
        ("--images", "IMAGES", is_measured),
        ("--attributes", "ATTRIBUTES", may_be_joined),
        ("--thresholds", "THRESHOLDS", has_own),
        ("--score-threshold", score, score != DEFAULTS.score_threshold and not has_own),
        *(("--cost", f"{name}={value!r}", score == "cost") for name, value in settings.costs.items()),
        ("--iou-threshold", settings.iou_threshold, settings.iou_threshold != DEFAULTS.iou_threshold),
        ("--iou-type", settings.iou_type, settings.iou_type != DEFAULTS.iou_type),
        *(("--bins", f"{name}={_edges(settings.bins[name])}", True) for name in binned),
    ]
    return "".join(f" {flag} {shlex.quote(str(value))}" for flag, value, is_needed in options if is_needed)


def _edges(edges: tuple[float, ...]) -> str:
    return ",".join(repr(edge) for edge in edges)
