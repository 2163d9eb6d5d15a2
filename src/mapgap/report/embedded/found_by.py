"""Whether each run finds an object, as an attribute of the page: so that one can filter by what others find."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mapgap.tables import NOT_AVAILABLE_BACKGROUND, Attribute, IndexArray, Results

MOST_RUNS = 8
"""Beyond that many runs only those of the first and the last are there: each costs time at every change."""
VALUES = ("yes", "no", NOT_AVAILABLE_BACKGROUND)


def with_found_by(runs: Mapping[str, Results]) -> tuple[dict[str, Results], list[str | None] | None]:
    """The runs with such attributes behind their own, and what they are called, None for a run that has none.

    Each run is taken at its own operating point. For a single run nothing is added.
    """
    if len(runs) < 2:
        return dict(runs), None
    taken = {attribute.name for results in runs.values() for attribute in results.attributes}
    ends = (next(iter(runs)), list(runs)[-1])
    names: list[str | None] = []
    for run in runs:
        name = f"found by {run}"
        while name in taken:
            name += "_run"
        taken.add(name)
        names.append(name if len(runs) <= MOST_RUNS or run in ends else None)
    codes = [np.where(results.operating_point.found, 0, 1).astype(np.int32) for results in runs.values()]
    wider = {
        run: replace(results, attributes=(*results.attributes, *_attributes(results, names, codes)))
        for run, results in runs.items()
    }
    return wider, names


def _attributes(results: Results, names: Sequence[str | None], codes: Sequence[IndexArray]) -> list[Attribute]:
    background = np.full(len(results.detections.score), VALUES.index(NOT_AVAILABLE_BACKGROUND), dtype=np.int32)
    return [
        Attribute(name, "object", VALUES, of_run, background)
        for name, of_run in zip(names, codes, strict=True)
        if name is not None
    ]
