"""All curves of one run."""

from dataclasses import dataclass

import numpy as np

from mapgap.reliability import score_reliability
from mapgap.report.curves.by_threshold import ThresholdCurve, threshold_curve
from mapgap.report.curves.images import RocCurve, roc_curve
from mapgap.tables import Reliability, Results


@dataclass(frozen=True)
class Curves:
    """What the report draws of a run, all classes together."""

    iou_threshold: float
    by_threshold: ThresholdCurve
    roc: RocCurve
    reliability: Reliability
    """Of the detections that count at the analysis IoU, one group."""


def curves_of(results: Results) -> Curves:
    """The curves at the analysis IoU."""
    threshold, most = results.analysis_threshold, results.settings.max_detections
    counted = np.flatnonzero(results.matches.is_counted(threshold, most))
    score, is_hit = results.detections.score[counted], results.matches.is_true_positive(threshold, most)[counted]
    return Curves(
        iou_threshold=results.operating_point.iou_threshold,
        by_threshold=threshold_curve(results),
        roc=roc_curve(results),
        reliability=score_reliability(score, is_hit, np.zeros(len(counted), dtype=np.int32), 1),
    )
