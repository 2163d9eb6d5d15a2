"""The objects of two runs side by side: what became of each, why it was missed, and what it owes."""

import numpy as np

from mapgap.changes import OBJECT_CHANGES, Comparison
from mapgap.report.column_values import Column, float_or_none, identifiers, labels
from mapgap.report.columns import gap_of_objects, identity_columns, object_attribute_columns
from mapgap.tables import CAUSES, IndexArray, Results


def compared_objects_table(comparison: Comparison, before: Results, after: Results) -> dict[str, Column]:
    """Columns of objects_compared.parquet, name -> rows; one row an object (no crowds), in file order.

    `change` is one of "found_by_both", "fixed", "broken", "missed_by_both", each run at its own operating point.
    `detection` is the record of the detection that finds it or is behind its cause, `score` its score, `gap` what the
    object itself owes. Attributes follow. Missing values are null.
    """
    truth, objects = before.ground_truth, comparison.objects
    rows = np.flatnonzero(truth.is_object)
    columns = identity_columns(truth, rows)
    columns["change"] = labels(objects.outcome[rows], OBJECT_CHANGES)
    sides = (
        ("before", before, objects.cause_before, objects.detection_before),
        ("after", after, objects.cause_after, objects.detection_after),
    )
    for side, results, cause, detection in sides:
        at: IndexArray = detection[rows].astype(np.int32)
        columns[f"cause_{side}"] = labels(cause[rows], CAUSES)
        columns[f"detection_{side}"] = identifiers(results.detections.record, at)
        columns[f"score_{side}"] = float_or_none(results.detections.score, at)
        columns[f"gap_{side}"] = gap_of_objects(results)[rows]
    return columns | object_attribute_columns(before.attributes, rows, columns)
