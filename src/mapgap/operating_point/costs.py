"""What it costs to keep a detection: a false positive costs, a true positive saves an object from being missed."""

import numpy as np

from mapgap.error_costs import costs_of_threshold
from mapgap.tables import CAUSES, Causes, Detections, FloatArray, GroundTruth, Matches, Settings


def costs_of_keeping(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    causes: Causes,
    settings: Settings,
    threshold: int,
) -> FloatArray:
    """(D,) by how much the cost of all errors changes when the detection is kept; 0 for one that does not count.

    What the errors at a score threshold cost is a constant plus the sum of these over the detections kept: a false
    positive costs by its cause and the class at its address; an object whose match is not kept costs as
    `below_threshold`; every other object missed is missed at any threshold. Without costs every error costs 1.
    `threshold` is the position of the analysis IoU. Raises InputError as `costs_of_threshold`.
    """
    table = costs_of_threshold(settings.costs, ground_truth.categories)
    cause, target = causes.detection[threshold], causes.points_at(threshold)
    is_hit = matches.is_true_positive(threshold, settings.max_detections)
    category = detections.category.copy()
    has_target = target >= 0
    category[has_target] = ground_truth.category[target[has_target]]
    cost = np.where(cause >= 0, table[cause, category], 0.0)
    # A match is of the object's class, so the detection's own category is the one at the address.
    return np.where(is_hit, -table[CAUSES.index("below_threshold"), detections.category], cost)
