"""Two halves of the images: one to choose on, one to try the choice on."""

from dataclasses import dataclass

import numpy as np

from mapgap.halves import in_first_half
from mapgap.tables import BoolArray, FloatArray, IdArray, IndexArray, Results


@dataclass(frozen=True)
class Half:
    """One row a counted detection of one half of the images."""

    images: BoolArray
    """(I,) which images are in it."""
    objects: int
    detection: IdArray
    """Detection index."""
    score: FloatArray
    right: BoolArray
    """Whether it is a true positive at the analysis IoU."""
    image: IndexArray

    def f1(self, kept: BoolArray) -> float:
        """Of the rows `kept` and all objects; 2 TP + FP + FN is kept detections plus objects."""
        return 2 * int(self.right[kept].sum()) / max(1, int(kept.sum()) + self.objects)


def split_in_halves(results: Results, counted: BoolArray, right: BoolArray) -> tuple[Half, Half]:
    """Both halves; `counted` and `right` (D,) say which detections count, and which are true positives of any score."""
    is_first = in_first_half(results.ground_truth.images.ids)
    return _half(results, counted, right, is_first), _half(results, counted, right, ~is_first)


def _half(results: Results, counted: BoolArray, right: BoolArray, images: BoolArray) -> Half:
    truth, detections = results.ground_truth, results.detections
    rows = np.flatnonzero(counted & images[detections.image])
    objects = int((truth.is_object & images[truth.image]).sum())
    return Half(images, objects, rows, detections.score[rows], right[rows], detections.image[rows])
