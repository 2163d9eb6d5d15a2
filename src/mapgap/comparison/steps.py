"""Steps from AP to AP by cause and the values of an attribute together."""

import numpy as np

from mapgap.changes import CrossedSteps
from mapgap.tables import CAUSES, GAP_CAUSES, Attribute, FloatArray, Results


def crossed_steps(before: Results, after: Results) -> list[CrossedSteps]:
    """The steps of every attribute that both runs have."""
    of_after = {attribute.name: attribute for attribute in after.attributes}
    steps = []
    for attribute in before.attributes:
        if attribute.name in of_after:
            other = of_after[attribute.name]
            # The versions of two runs differ in whether a detection needs the last value.
            longer = max(attribute, other, key=lambda version: len(version.values))
            change = np.zeros((len(CAUSES), len(longer.values)))
            change[:, : len(attribute.values)] += _owed(before, attribute)
            change[:, : len(other.values)] -= _owed(after, other)
            steps.append(CrossedSteps(attribute.name, longer.values, change[: len(GAP_CAUSES)]))
    return steps


def _owed(results: Results, attribute: Attribute) -> FloatArray:
    """(CAUSES, values) gap by cause and value at the address of each debt."""
    debts, size = results.debts, len(attribute.values)
    code = attribute.codes_at(debts.object, debts.detection)
    cell = debts.cause.astype(np.int64) * size + code
    owed = np.bincount(cell, weights=debts.gap, minlength=len(CAUSES) * size)
    return owed.reshape(len(CAUSES), size).astype(np.float64)
