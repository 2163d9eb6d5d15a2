"""Warnings about the data that travel with the numbers."""

import numpy as np

from mapgap.tables import BoolArray, Detections, GroundTruth, Matches, Notice, OperatingPoint

FEWEST_COUNTED = 30
NEARLY_ALL, HARDLY_ANY, WORTH_FINDING = 0.99, 0.01, 0.1


def data_notices(ground_truth: GroundTruth, detections: Detections, matches: Matches) -> tuple[Notice, ...]:
    """What a reader must know before trusting the numbers; nothing is left out of them in silence."""
    found = [
        _no_objects(ground_truth),
        _no_detections(detections),
        _classes_without_objects(ground_truth, detections, matches),
        _cut(ground_truth, detections, matches),
        _out_of_range(ground_truth),
    ]
    return tuple(notice for notice in found if notice is not None)


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


def _no_objects(ground_truth: GroundTruth) -> Notice | None:
    if ground_truth.is_object.any():
        return None
    return Notice("no_objects", "the ground truth has no object: AP and the gap are not defined", 1)


def _no_detections(detections: Detections) -> Notice | None:
    if len(detections.score):
        return None
    return Notice("no_detections", "there are no detections: AP is 0 and every object is missed", 1)


def _classes_without_objects(ground_truth: GroundTruth, detections: Detections, matches: Matches) -> Notice | None:
    counts = np.bincount(detections.category, minlength=len(ground_truth.categories.ids))
    empty = np.flatnonzero((matches.positives[0] == 0) & (counts > 0))
    if not len(empty):
        return None
    names = tuple(ground_truth.categories.names[k] for k in empty[:3])
    return Notice(
        "detections_without_ground_truth",
        f"{counts[empty].sum()} detections are of {len(empty)} classes without ground truth: they owe nothing of the "
        "gap; those kept at the operating point count as false positives there",
        int(counts[empty].sum()),
        names,
    )


def _cut(ground_truth: GroundTruth, detections: Detections, matches: Matches) -> Notice | None:
    is_cut = matches.rank >= 100
    if not is_cut.any():
        return None
    images = ground_truth.images.ids[np.unique(detections.image[is_cut])]
    return Notice(
        "detections_cut",
        f"{np.count_nonzero(is_cut)} detections are beyond the 100 best of their image and class and are not counted",
        int(np.count_nonzero(is_cut)),
        tuple(f"image {image}" for image in images[:3]),
    )


def _out_of_range(ground_truth: GroundTruth) -> Notice | None:
    is_out = ~ground_truth.crowd & ~ground_truth.is_object
    if not is_out.any():
        return None
    return Notice(
        "area_out_of_range",
        "annotations with an area outside [0, 1e10] are ignored, as in COCO",
        int(np.count_nonzero(is_out)),
        tuple(f"annotation {annotation}" for annotation in ground_truth.ids[is_out][:3]),
    )
