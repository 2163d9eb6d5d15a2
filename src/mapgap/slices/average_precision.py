"""AP of every slice of a partition, from the matches of the whole data (definitions.md 6)."""

import numpy as np
from numpy.typing import NDArray

from mapgap import _kernel
from mapgap.slices.build import AveragePrecisionOf
from mapgap.tables import RECALL_THRESHOLDS, GroundTruth, IndexArray, Matches


def average_precision_by_slice(
    ground_truth: GroundTruth, matches: Matches, statuses: NDArray[np.uint8], address: IndexArray
) -> AveragePrecisionOf:
    """The APs of slices: mean over thresholds and the slice's classes, NaN without objects.

    `statuses` and `address`, both (T, D): outcome of each detection (0 not counted, 1 true, 2 false positive) and the
    object it matched or points at. Objects outside a slice are ignored; a detection counts in the slice of its
    address, or in that of its own code where it points at nothing.
    """
    return _kernel.SliceAveragePrecision(
        matches.class_order,
        matches.class_offsets,
        address,
        statuses,
        ground_truth.category,
        ground_truth.is_object.view(np.uint8),
        RECALL_THRESHOLDS,
    )
