"""AP of every slice of a partition, from the matches of the whole data (definitions.md 6)."""

import numpy as np

from mapgap import _kernel
from mapgap.tables import CAUSES, RECALL_THRESHOLDS, BitArray, Causes, GroundTruth, Matches

OWN, SAME_CLASS, OTHER_CLASS = 0, 1, 2
TARGETS = {
    "localization": SAME_CLASS,
    "duplicate": SAME_CLASS,
    "classification": OTHER_CLASS,
    "both": OTHER_CLASS,
}


def average_precision_by_slice(
    ground_truth: GroundTruth,
    matches: Matches,
    causes: Causes,
    counted_at: BitArray,
    true_positive_at: BitArray,
    thresholds: int,
) -> _kernel.SliceAveragePrecision:
    """The APs of slices: mean over the first thresholds and the slice's classes, NaN without objects.

    `counted_at` and `true_positive_at` (D,), bit t for threshold t: whether each detection counts, and is right.
    Objects outside a slice are ignored; a detection counts in the slice of the object it matched or points at, or in
    that of its own code where it points at nothing.
    """
    return _kernel.SliceAveragePrecision(
        matches.class_order,
        matches.class_offsets,
        counted_at,
        true_positive_at,
        matches.matched[0, :thresholds],
        causes.detection[:thresholds],
        causes.nearest.same_class_object,
        causes.nearest.other_class_object,
        np.array([TARGETS.get(name, OWN) for name in CAUSES], dtype=np.uint8),
        ground_truth.category,
        ground_truth.is_object.view(np.uint8),
        RECALL_THRESHOLDS,
    )
