"""What the detector says of each object: which detections speak of it, and how surely."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mapgap.tables import EQUAL_BOXES_IOU, BoolArray, Causes, Detections, FloatArray, IndexArray, Matches

WITNESS_CONFIDENCE = 0.5
"""Detections that are more likely wrong than right say nothing about labels."""
HEARD_CONFIDENCE = 0.1
"""What is said less surely does not even tell of the detector's habits."""


@dataclass(frozen=True)
class Testimony:
    """One row a witness, surest first: a counted detection that is more likely right than wrong, and what it speaks of.

    Among equally sure ones the higher score, then the earlier in the file comes first.
    """

    detection: NDArray[np.intp]
    confidence: FloatArray
    object: IndexArray
    """The object it speaks of, -1 if it overlaps with none."""
    iou: FloatArray
    """With that object; NaN where it is not known, which is so if it matched another than its nearest."""
    is_named: BoolArray
    """It gives the object the class of its label."""
    is_background: BoolArray
    """It overlaps with no object but, by less than the analysis IoU, with one of another class that is found."""
    is_true_positive: BoolArray


def hear_witnesses(
    detections: Detections,
    matches: Matches,
    causes: Causes,
    confidence: FloatArray,
    *,
    threshold: int,
    max_detections: int,
) -> Testimony:
    """The witnesses. One speaks of the object it matched; else of one of another class at the analysis IoU that it fits
    better than any of its own class; else of its nearest object of its own class.
    """
    witness = np.flatnonzero(confidence >= HEARD_CONFIDENCE)
    witness = witness[np.lexsort((-detections.score[witness], -confidence[witness]))]
    nearest, reached_iou = causes.nearest, min(float(matches.iou_thresholds[threshold]), EQUAL_BOXES_IOU)
    same, other = nearest.same_class_object[witness], nearest.other_class_object[witness]
    same_iou, other_iou = nearest.same_class_iou[witness], nearest.other_class_iou[witness]
    matched = matches.matched[0, threshold][witness]
    is_hit = matches.is_true_positive(threshold, max_detections)[witness]
    is_misnamed = ~is_hit & (other >= 0) & (other_iou >= reached_iou) & (same_iou < reached_iou)
    is_found = np.zeros(len(nearest.kept_iou) + 1, dtype=np.bool_)
    is_found[matched[is_hit]] = True
    is_explained = is_found[other]
    home = np.select([is_hit, is_misnamed], [matched, other], default=same).astype(np.int32)
    iou = np.select([is_misnamed, (home >= 0) & (home == same)], [other_iou, same_iou], default=np.nan)
    return Testimony(
        detection=witness,
        confidence=confidence[witness],
        object=home,
        iou=iou,
        is_named=(home >= 0) & ~is_misnamed,
        is_background=~is_hit & (same < 0) & ((other < 0) | (is_explained & (other_iou < reached_iou))),
        is_true_positive=is_hit,
    )


def surest_of(objects: IndexArray, wanted: BoolArray, length: int) -> IndexArray:
    """(length,) the first row, which is the surest, that is wanted and speaks of each object, or -1."""
    first = np.full(length, -1, dtype=np.int32)
    rows = np.flatnonzero(wanted & (objects >= 0))[::-1]
    first[objects[rows]] = rows
    return first
