"""Findings about all detections of an input: from numbers to words."""

from collections.abc import Sequence

from mapgap.coco_parameters import MAX_DETECTIONS
from mapgap.findings import Finding, Place


def equal_scores(name: str, total: int, score: float, extremes: tuple[float, float] | None = None) -> Finding:
    """All scores are one; `extremes` is AP with the wrong ones first, and with them last, where it is known."""
    decides = "so the order in each image decides"
    if extremes is not None:
        decides += f": AP is {extremes[0]:.3f} with the wrong ones first and {extremes[1]:.3f} with them last"
    return Finding(
        "scores_equal",
        f"all {total:,} scores are {score:g}, {decides}",
        file=name,
        fix="Write the score of each detection as the detector gives it",
        count=total,
        list_name="detections",
        field="score",
        is_about_all=True,
    )


def classes_without_objects(name: str, count: int, classes: Sequence[str], known: int) -> Finding:
    """`count` detections are of these classes; `known` others have objects.

    Tells the AP that would be left if each of these classes had an AP of 0 and counted.
    """
    share = known / (known + len(classes))
    message = (
        f"{count:,} detections are of {len(classes)} classes without ground truth: they owe nothing of the gap; those "
        f"kept at the operating point count as false positives there. "
        f"If these classes counted with an AP of 0, AP would be {share:.3f} of what it is"
    )
    return Finding(
        "detections_without_ground_truth",
        message,
        file=name,
        fix="Leave these classes out, or label them",
        count=count,
        examples=[Place(text) for text in classes[:3]],
        list_name="detections",
        field="category_id",
        is_about_all=True,
    )


def beyond_limit(name: str, count: int, lost: int, objects: int, images: Sequence[int]) -> Finding:
    """`count` detections are cut, which alone would find `lost` of the objects; `images` are the first."""
    message = (
        f"{count:,} detections are beyond the {MAX_DETECTIONS[-1]} best of their image and class "
        f"and are not counted; at IoU .5 they would find {lost:,} more of {objects:,} objects"
    )
    return Finding(
        "detections_cut",
        message,
        file=name,
        fix="Raise the detector's score threshold or its suppression, or know that recall is cut",
        count=count,
        examples=[Place(f"image {image}") for image in images[:3]],
        list_name="detections",
        is_about_all=True,
    )
