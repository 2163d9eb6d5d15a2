"""Label doubt: where a detector that is usually right contradicts a label; how far its scores can be believed."""

from mapgap.label_doubt.calibration import calibrated_confidence
from mapgap.label_doubt.doubts import find_label_doubts
from mapgap.label_doubt.reliability import score_reliability

__all__ = ["calibrated_confidence", "find_label_doubts", "score_reliability"]
