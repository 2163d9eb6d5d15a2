"""The operating point: score threshold, outcomes and rates there, confusion matrix, image-level view."""

from mapgap.operating_point.confusion import confusion_matrix, list_candidates
from mapgap.operating_point.costs import costs_of_keeping
from mapgap.operating_point.image_level import image_level
from mapgap.operating_point.localization_recall_precision import (
    Found,
    LocalizationRecallPrecision,
    localization_recall_precision,
    optimal_localization_recall_precision,
)
from mapgap.operating_point.outcomes import operate
from mapgap.score_rules import choose_score_threshold

__all__ = [
    "Found",
    "LocalizationRecallPrecision",
    "choose_score_threshold",
    "confusion_matrix",
    "costs_of_keeping",
    "image_level",
    "list_candidates",
    "localization_recall_precision",
    "operate",
    "optimal_localization_recall_precision",
]
