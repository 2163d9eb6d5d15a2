"""The run that the fixes start from: matches and error types by tidecv's rules, and which objects they leave."""

from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.tables import (
    BACKGROUND_IOU,
    BoolArray,
    CodeArray,
    Detections,
    GroundTruth,
    IdArray,
    IndexArray,
    Matches,
    Pairs,
)

POSITIVE_IOU = 0.5
MAX_DETECTIONS = 100

# The numbers the kernel gives them.
TRUE_POSITIVE = 0
ERROR_TYPES = {"Cls": 1, "Loc": 2, "Both": 3, "Dupe": 4, "Bkg": 5}


@dataclass(frozen=True)
class Run:
    """One row a detection and an object: the outcome of each before anything is fixed."""

    type: CodeArray
    """(D,) TRUE_POSITIVE, a code of ERROR_TYPES, or another number where the limit cuts the detection."""
    ignored: BoolArray
    """(D,) an error that lies in a crowd region: it has a type and can be fixed, but does not count in this run."""
    target: IndexArray
    """(D,) the object that an error points at."""
    turn: IdArray
    """(D,) place in tidecv's order: images as in the file, within one by falling score over all classes."""
    repairs: BoolArray
    """(D,) a Cls or Loc error that becomes a true positive when its type is fixed; others of the type are removed."""
    missed: BoolArray
    """(N,) objects not found that no Cls or Loc error points at."""
    false_negative: BoolArray
    """(N,) objects not found."""


def first_run(ground_truth: GroundTruth, detections: Detections, matches: Matches, pairs: Pairs) -> Run:
    """Match the 100 best detections of every image and give each other one its type of error.

    Equal scores keep file order. Of the Cls and Loc errors that point at one object not found, the first with the best
    score repairs it.
    """
    kind, ignored, target, found, image_rank = _kernel.tide_types(
        matches.order,
        detections.image,
        detections.category,
        detections.score,
        pairs.offsets,
        pairs.object,
        pairs.iou,
        ground_truth.category,
        ground_truth.crowd.view(np.uint8),
        len(ground_truth.images.ids),
        POSITIVE_IOU,
        BACKGROUND_IOU,
        MAX_DETECTIONS,
    )
    is_false_negative = ~ground_truth.crowd & (found == 0)
    turn = _turn(ground_truth.images.file_position[detections.image], image_rank)
    points = np.flatnonzero((kind == ERROR_TYPES["Cls"]) | (kind == ERROR_TYPES["Loc"]))
    pointed = np.zeros(len(found), dtype=np.bool_)
    pointed[target[points]] = True
    return Run(
        type=kind.astype(np.int8),
        ignored=ignored.astype(np.bool_),
        target=target,
        turn=turn,
        repairs=_repairs(points[is_false_negative[target[points]]], target, turn),
        missed=is_false_negative & ~pointed,
        false_negative=is_false_negative,
    )


def _turn(file_position: IdArray, image_rank: IndexArray) -> IdArray:
    """(D,) `image_rank` counts the detections of an image from 0, those of the images before it come first."""
    of_image = np.bincount(file_position)
    return (np.cumsum(of_image) - of_image)[file_position] + image_rank


def _repairs(points: IndexArray, target: IndexArray, turn: IdArray) -> BoolArray:
    """(D,) the first in turn of the given detections at each object: the best one, for all are of the same image."""
    last_first = points[np.argsort(-turn[points])]
    best = np.full(target.max(initial=-1) + 1, -1, dtype=np.int32)
    best[target[last_first]] = last_first
    repairs = np.zeros(len(target), dtype=np.bool_)
    repairs[best[best >= 0]] = True
    return repairs
