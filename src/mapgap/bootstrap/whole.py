"""Intervals of what is said of the whole run."""

import numpy as np

from mapgap import _kernel
from mapgap.bootstrap.percentiles import interval_of
from mapgap.rates import rates
from mapgap.tables import Detections, DrawnArray, FloatArray, GroundTruth, IdArray, Intervals, OperatingPoint


def whole_intervals(
    ground_truth: GroundTruth,
    detections: Detections,
    operating_point: OperatingPoint,
    drawn: DrawnArray,
    *,
    ap: FloatArray,
    ap50: FloatArray,
) -> Intervals:
    """Intervals of AP, AP50, the gap 1 - AP, and of recall, precision and F1 at the operating point.

    `ap` and `ap50` (B,) are the APs of the resamples. The score threshold is not chosen again in each resample: the
    intervals are those of the rates at the one that was chosen.
    """
    tp, fp, fn = resampled_outcomes(ground_truth, detections, operating_point, drawn)
    precision, recall, f1 = (interval_of(rate) for rate in rates(tp, fp, fn))
    return Intervals(
        metrics={"AP": interval_of(ap), "AP50": interval_of(ap50)},
        recall=recall,
        precision=precision,
        f1=f1,
        gap=interval_of(1 - ap),
    )


def resampled_outcomes(
    ground_truth: GroundTruth, detections: Detections, operating_point: OperatingPoint, drawn: DrawnArray
) -> IdArray:
    """(3, B) true positives, false positives and false negatives at the operating point in each resample."""
    is_false_positive = operating_point.kept & ~operating_point.true_positive
    is_false_negative = ground_truth.is_object & ~operating_point.found
    images = (
        detections.image[operating_point.true_positive],
        detections.image[is_false_positive],
        ground_truth.image[is_false_negative],
    )
    kind = np.repeat(np.arange(3, dtype=np.uint8), [len(part) for part in images])
    one_cell = np.zeros(len(kind), dtype=np.int32)
    counts = _kernel.resampled_counts([one_cell], np.ones(1, dtype=np.int64), np.concatenate(images), kind, 3, drawn)
    outcomes: IdArray = counts[0].astype(np.int64)
    return outcomes
