"""Label doubt: where a detector that is usually right contradicts a label."""

from mapgap.label_doubt.calibration import calibrated_confidence
from mapgap.label_doubt.doubts import find_label_doubts

__all__ = ["calibrated_confidence", "find_label_doubts"]
