"""The counts at every score threshold, for those who draw them."""

from dataclasses import dataclass

import numpy as np

from mapgap.tables import FloatArray, IdArray, Results


@dataclass(frozen=True)
class ThresholdCurve:
    """One row a distinct score of the counted detections, falling; all at the analysis IoU and over all classes."""

    score: FloatArray
    kept: IdArray
    """How many counted detections have at least this score."""
    tp: IdArray
    objects: int

    @property
    def precision(self) -> FloatArray:
        """(N,) true positives of those kept."""
        return self.tp / self.kept

    @property
    def recall(self) -> FloatArray:
        """(N,) objects found; NaN where there is no object."""
        return self.tp / self.objects if self.objects else np.full(len(self.tp), np.nan)

    @property
    def f1(self) -> FloatArray:
        """(N,) 2 TP / (2 TP + FP + FN)."""
        return 2 * self.tp / (self.kept + self.objects)


def threshold_curve(results: Results) -> ThresholdCurve:
    """What the operating point would be at every score."""
    threshold, most = results.analysis_threshold, results.settings.max_detections
    counted = np.flatnonzero(results.matches.is_counted(threshold, most))
    order = counted[np.argsort(-results.detections.score[counted], kind="stable")]
    falling = results.detections.score[order]
    last = np.flatnonzero(np.append(falling[1:] != falling[:-1], True)[: len(falling)])
    true_positives = np.cumsum(results.matches.is_true_positive(threshold, most)[order], dtype=np.int64)
    point = results.operating_point
    return ThresholdCurve(
        falling[last], last + 1, true_positives[last], int(point.class_tp.sum() + point.class_fn.sum())
    )
