"""AP and gains in every resample of the images: the oracle's fixes, on images drawn with replacement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgap import _kernel
from mapgap.gap.oracle import Oracle
from mapgap.gap.repairs import THRESHOLDS
from mapgap.tables import (
    RECALL_THRESHOLDS,
    BitArray,
    BoolArray,
    Detections,
    DrawnArray,
    FloatArray,
    GroundTruth,
    IdArray,
    IndexArray,
)

EVERY_THRESHOLD = np.uint32((1 << THRESHOLDS) - 1)


@dataclass(frozen=True)
class DrawnClasses:
    """Which images the rows and objects of an oracle are in, and how often each image is drawn."""

    drawn: DrawnArray
    row_image: IndexArray
    """Image of each row of the oracle."""
    objects: IndexArray
    """The objects, by category."""
    object_image: IndexArray
    """Image of each of `objects`."""
    object_offsets: IdArray
    """(K + 1,) where those of each category begin."""

    def average_precision(
        self,
        classes: IdArray,
        rows: Sequence[slice],
        counted_at: BitArray,
        true_positive_at: BitArray,
        object_at: BitArray,
        thresholds: int = THRESHOLDS,
    ) -> FloatArray:
        """(classes, B) AP over the first thresholds, NaN where no object of the class is drawn.

        `rows` names the rows of each class, `counted_at` and `true_positive_at` hold their bits one class after
        another; `object_at` (N,) has the thresholds at which each object is there.
        """
        first, last = self.object_offsets[classes].tolist(), self.object_offsets[classes + 1].tolist()
        of_objects = [slice(*ends) for ends in zip(first, last, strict=True)]
        return _kernel.resampled_average_precision(
            _offsets(rows),
            _chosen(self.row_image, rows),
            counted_at,
            true_positive_at,
            _offsets(of_objects),
            _chosen(self.object_image, of_objects),
            object_at[_chosen(self.objects, of_objects)],
            np.arange(len(classes), dtype=np.int32),
            len(classes),
            self.drawn,
            thresholds,
            RECALL_THRESHOLDS,
        )


@dataclass(frozen=True)
class ResampledOracle:
    """An oracle under resampling; means run over the classes that have an object in the resample."""

    oracle: Oracle
    data: DrawnClasses
    annotations: int
    classes: IdArray
    """The categories with ground truth."""
    class_ap: FloatArray
    """(classes, B) AP of each of them as it is, NaN without an object."""
    ap: FloatArray
    """(B,) AP as it is, NaN without an object."""
    ap50: FloatArray
    """(B,) AP at IoU .5 likewise."""

    def gain(
        self, causes: Collection[str], in_slice: BoolArray | None = None, own_in_slice: BoolArray | None = None
    ) -> FloatArray:
        """(B,) AP after the fix minus AP as it is, both of the same resample; NaN without an object.

        Arguments as in `Oracle.gain`.
        """
        fixed = self.oracle.fix(causes, in_slice, own_in_slice)
        ap = self.data.average_precision(
            fixed.classes,
            fixed.rows,
            fixed.counted_at,
            fixed.true_positive_at,
            self._object_at(causes, in_slice),
        )
        has_objects = np.isin(fixed.classes, self.classes)
        before = self.class_ap[np.searchsorted(self.classes, fixed.classes[has_objects])]
        # Never negative but for rounding, as in `Oracle.gain`; NaN stays NaN.
        return np.maximum(0.0, _sum_over_classes(ap[has_objects] - before) / _classes_drawn(self.class_ap))

    def _object_at(self, causes: Collection[str], in_slice: BoolArray | None) -> BitArray:
        """(N,) thresholds at which each object is still there."""
        objects, thresholds = self.oracle.taken_out(causes, in_slice)
        object_at = np.full(self.annotations, EVERY_THRESHOLD)
        np.bitwise_and.at(object_at, objects, ~(np.uint32(1) << thresholds.astype(np.uint32)))
        return object_at


def resample_oracle(
    oracle: Oracle, ground_truth: GroundTruth, detections: Detections, drawn: DrawnArray
) -> ResampledOracle:
    """The oracle of these tables under the draws of their images."""
    in_file = np.flatnonzero(ground_truth.is_object)
    objects = in_file[np.argsort(ground_truth.category[in_file], kind="stable")].astype(np.int32)
    categories = len(ground_truth.categories.ids)
    of_category = np.bincount(ground_truth.category[objects], minlength=categories)
    data = DrawnClasses(
        drawn=drawn,
        row_image=detections.image[oracle.detection],
        objects=objects,
        object_image=ground_truth.image[objects],
        object_offsets=np.append(0, np.cumsum(of_category)),
    )
    classes = np.flatnonzero(of_category)
    ends = zip(oracle.class_offsets[classes].tolist(), oracle.class_offsets[classes + 1].tolist(), strict=True)
    rows = [slice(*pair) for pair in ends]
    as_it_is = (
        classes,
        rows,
        _chosen(oracle.counted_at, rows),
        _chosen(oracle.true_positive_at, rows),
        np.full(len(ground_truth.ids), EVERY_THRESHOLD),
    )
    class_ap = data.average_precision(*as_it_is)
    return ResampledOracle(
        oracle=oracle,
        data=data,
        annotations=len(ground_truth.ids),
        classes=classes,
        class_ap=class_ap,
        ap=_sum_over_classes(class_ap) / _classes_drawn(class_ap),
        ap50=_sum_over_classes(data.average_precision(*as_it_is, thresholds=1)) / _classes_drawn(class_ap),
    )


def _sum_over_classes(class_values: FloatArray) -> FloatArray:
    return np.asarray(np.nansum(class_values, axis=0))


def _classes_drawn(class_ap: FloatArray) -> FloatArray:
    """(B,) classes with an object in the resample, NaN where there is none."""
    drawn = np.count_nonzero(~np.isnan(class_ap), axis=0)
    return np.where(drawn > 0, drawn, np.nan)


def _offsets(parts: Sequence[slice]) -> IdArray:
    return np.cumsum([0, *(part.stop - part.start for part in parts)], dtype=np.int64)


def _chosen(values: NDArray[Any], parts: Sequence[slice]) -> NDArray[Any]:
    return np.concatenate([values[:0], *(values[part] for part in parts)])
