"""Scores as they were written, as numbers that are the higher the surer the detector is."""

import numpy as np

from mapgap.alikeness import most_alike_first
from mapgap.errors import InputError
from mapgap.tables import FloatArray

SCORE_FORMATS = ("percent", "logit", "reversed")


def require_score_format(text: str) -> None:
    """Raises InputError for anything but a word of SCORE_FORMATS."""
    if text not in SCORE_FORMATS:
        nearest = most_alike_first(text, SCORE_FORMATS)
        raise InputError(f"there is no score format {text!r}", fix=f"Use one of: {', '.join(nearest)}")


def to_score(score: FloatArray, score_format: str) -> FloatArray:
    """(N,) scores of (N,) scores as written.

    `percent`: / 100. `logit`: 1 / (1 + e^-s); logits above 36 all become 1, the nearest number there is. `reversed`:
    lower was surer; 1 - s if all lie in 0 to 1 and no two that differ become equal by it, else -s.
    """
    require_score_format(score_format)
    written = np.asarray(score, dtype=np.float64)
    if score_format == "percent":
        return written / 100
    if score_format == "logit":
        # Of two equal forms, the one whose power of e cannot overflow.
        power = np.exp(-np.abs(written))
        return np.asarray(np.where(written >= 0, 1, power) / (1 + power))
    is_share = bool(((written >= 0) & (written <= 1)).all())
    rest = 1 - written
    return rest if is_share and len(np.unique(rest)) == len(np.unique(written)) else -written
