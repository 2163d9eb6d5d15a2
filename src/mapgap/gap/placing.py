"""Where detections stand in class order, and where those belong that move to another class."""

from dataclasses import dataclass

import numpy as np

from mapgap.tables import BoolArray, Detections, IdArray, IndexArray, Matches


@dataclass(frozen=True)
class RowPlaces:
    """Where the rows of an oracle stand: one a detection and one a detection moved to another class, in class order."""

    of_detection: IdArray
    of_moved: IdArray
    class_offsets: IdArray


def place_rows(matches: Matches, detections: Detections, moved: IdArray, new_category: IndexArray) -> RowPlaces:
    """Where each detection stands in class order, and each moved one once more in its new class."""
    in_order = np.lexsort((moved, detections.image[moved], -detections.score[moved], new_category))
    of_moved = np.empty(len(moved), dtype=np.int64)
    before = _rows_before(matches, detections, moved[in_order], new_category[in_order])
    of_moved[in_order] = before + np.arange(len(moved))
    is_moved = np.zeros(len(detections.score) + len(moved), dtype=np.bool_)
    is_moved[of_moved] = True
    of_detection = np.empty(len(detections.score), dtype=np.int64)
    of_detection[matches.class_order] = np.flatnonzero(~is_moved)
    added = np.bincount(new_category, minlength=len(matches.class_offsets) - 1)
    return RowPlaces(of_detection, of_moved, matches.class_offsets + np.append(0, np.cumsum(added)))


def _rows_before(matches: Matches, detections: Detections, moved: IdArray, new_category: IndexArray) -> IdArray:
    """How far down the class order each moved detection belongs: a binary search for all of them at once."""
    low, high = matches.class_offsets[new_category], matches.class_offsets[new_category + 1]
    while (open_rows := np.flatnonzero(low < high)).size:
        middle = (low[open_rows] + high[open_rows]) // 2
        is_before = _comes_before(detections, matches.class_order[middle], moved[open_rows])
        low[open_rows[is_before]] = middle[is_before] + 1
        high[open_rows[~is_before]] = middle[~is_before]
    return low


def _comes_before(detections: Detections, first: IndexArray, second: IdArray) -> BoolArray:
    """Whether the first has the higher score or, on equal scores, comes first by image and in the file."""
    score, image = detections.score, detections.image
    is_earlier = (image[first] < image[second]) | ((image[first] == image[second]) & (first < second))
    is_level = score[first] == score[second]
    return np.asarray((score[first] > score[second]) | (is_level & is_earlier))
