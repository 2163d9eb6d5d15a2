"""The COCO numbers of all shards from their matched rows, to the last bit those of one file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.matching import class_average_precision
from mapgap.shards.collecting import ClassRows, RowStore
from mapgap.tables import AREA_RANGES, IOU_THRESHOLDS, MAX_DETECTIONS, RECALL_THRESHOLDS, FloatArray, IdArray

ALL = list(AREA_RANGES).index("all")
LIMIT = MAX_DETECTIONS[-1]


@dataclass(frozen=True)
class ShardCurves:
    """Precision and recall over all shards, a `CurveSource` of `matching`."""

    precision: Mapping[int, FloatArray]
    """Area range -> (T, R, K') at the largest limit."""
    found: IdArray
    """(M, A, T, K) true positives under each limit."""
    positives: IdArray
    """(A, K) counted objects."""

    @property
    def iou_thresholds(self) -> FloatArray:
        """(T,)"""
        return IOU_THRESHOLDS

    @property
    def area_names(self) -> Sequence[str]:
        """COCO's."""
        return list(AREA_RANGES)

    @property
    def max_detections(self) -> Sequence[int]:
        """COCO's."""
        return MAX_DETECTIONS

    def curves(self, area: int, limit: int) -> tuple[FloatArray, FloatArray]:
        """(precision (T, R, K'), recall (T, K')) at the largest limit."""
        assert limit == LIMIT
        return self.precision[area], self.recall(area, limit)

    def recall(self, area: int, limit: int) -> FloatArray:
        """(T, K')"""
        is_defined = self.positives[area] > 0
        found = self.found[MAX_DETECTIONS.index(limit), area][:, is_defined]
        return np.asarray(found / self.positives[area][is_defined])

    def class_average_precision(self, thresholds: slice = slice(None)) -> FloatArray:
        """(K,) AP of each class, NaN for one without ground truth."""
        return class_average_precision(self.precision[ALL][thresholds], self.positives[ALL])


def curves_of_rows(store: RowStore, found: IdArray, positives: IdArray, images: int) -> ShardCurves:
    """The curves of all rows in the store, class by class."""
    pieces: dict[int, list[FloatArray]] = {area: [] for area in range(len(AREA_RANGES))}
    for rows in store.batches():
        _add_precision(pieces, rows, positives, images)
    joined = {area: np.concatenate(each, axis=2) for area, each in pieces.items()}
    return ShardCurves(joined, found, positives)


def _add_precision(pieces: dict[int, list[FloatArray]], rows: ClassRows, positives: IdArray, images: int) -> None:
    """Appends the precision (T, R, K') of the classes of these rows in every area range."""
    classes, score = rows.classes, rows.score
    _, rank, order, offsets = _kernel.order_detections(rows.image, rows.category, score, images, classes)
    lengths = np.diff(offsets)
    for area, parts in pieces.items():
        of_classes = positives[area, rows.first : rows.first + classes]
        is_defined = of_classes > 0
        precision, _, _ = _kernel.precision_recall(
            order[np.repeat(is_defined, lengths)],
            np.concatenate([[0], np.cumsum(lengths[is_defined])]).astype(np.int64),
            score,
            rank,
            rows.true_positive(area),
            rows.ignored(area),
            of_classes[is_defined],
            len(IOU_THRESHOLDS),
            RECALL_THRESHOLDS,
            LIMIT,
            with_scores=False,
        )
        parts.append(precision)
