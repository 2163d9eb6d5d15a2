"""The operating point: score threshold, outcomes and rates there, confusion matrix, image-level view."""

from mapgap.operating_point.confusion import confusion_matrix, list_candidates
from mapgap.operating_point.costs import costs_of_keeping
from mapgap.operating_point.image_level import image_level
from mapgap.operating_point.outcomes import operate
from mapgap.score_rules import choose_score_threshold

__all__ = [
    "choose_score_threshold",
    "confusion_matrix",
    "costs_of_keeping",
    "image_level",
    "list_candidates",
    "operate",
]
