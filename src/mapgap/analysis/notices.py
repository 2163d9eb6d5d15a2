"""The warning about an operating point that says little of the detector."""

from mapgap.tables import BoolArray, GroundTruth, Notice, OperatingPoint

FEWEST_COUNTED = 30
NEARLY_ALL, HARDLY_ANY, WORTH_FINDING = 0.99, 0.01, 0.1


def threshold_notice(
    ground_truth: GroundTruth, operating_point: OperatingPoint, is_counted: BoolArray, is_right: BoolArray
) -> Notice | None:
    """The warning that the score threshold separates nothing: it keeps everything, or drops nearly everything.

    `is_counted` and `is_right` (true positives of any score) have one row a detection, at the analysis IoU. Of fewer
    than 30 counted detections nothing is said.
    """
    counted, kept = int(is_counted.sum()), int(operating_point.kept.sum())
    objects = int(ground_truth.is_object.sum())
    if counted < FEWEST_COUNTED or not objects:
        return None
    found, findable = int(operating_point.true_positive.sum()), int(is_right.sum())
    if kept >= NEARLY_ALL * counted and findable < counted:
        message = (
            f"{_subject(operating_point, 'keep')} {kept:,} of {counted:,} counted detections: counts "
            "are those of the whole file, and what lower scores would find is not known"
        )
        return Notice("degenerate_threshold", message, kept)
    if found < HARDLY_ANY * objects and findable > WORTH_FINDING * objects:
        message = (
            f"{_subject(operating_point, 'leave')} {found:,} of {objects:,} objects found, where all "
            f"detections together find {findable:,}: counts say little about the detector"
        )
        return Notice("degenerate_threshold", message, counted - kept)
    return None


def _subject(operating_point: OperatingPoint, verb: str) -> str:
    threshold = operating_point.score_threshold
    if operating_point.class_score_thresholds is not None:
        return f"the score thresholds {verb}"
    shown = "(none has a true positive)" if threshold is None else f"{threshold:g}"
    return f"the score threshold {shown} {verb}s"
