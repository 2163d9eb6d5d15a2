"""The room 'classification': a plain classifier's blind spots, found with the same tool as a detector's.

`evaluate` takes labels and predictions or scores; what it gives back has the numbers, and writes the report.
"""

from mapgap.classification.evaluation import Classification, evaluate

__all__ = ["Classification", "evaluate"]
