"""Good boxes with the wrong class: which object was called what, each pair of object and detection once."""

from dataclasses import dataclass

import numpy as np

from mapgap.advice.hot_spots import HotSpot
from mapgap.tables import CAUSES, IdArray, IndexArray


@dataclass(frozen=True)
class MixUps:
    """One row an object and a detection on it that has another class."""

    truth: IndexArray
    """Category index of the object."""
    called: IndexArray
    """Category index of the detection."""


def mix_ups_of(spot: HotSpot, rows: IdArray | None = None) -> MixUps:
    """Those behind the hot spot's errors, or behind all errors of its cause; one seen from both sides is one."""
    errors = spot.results.errors
    if rows is None:
        rows = np.flatnonzero(errors.cause == CAUSES.index(spot.mode.cause))
    rows = rows[(errors.object[rows] >= 0) & (errors.detection[rows] >= 0)]
    pairs = np.unique(np.stack([errors.object[rows], errors.detection[rows]], axis=1), axis=0)
    truth = spot.results.ground_truth.category[pairs[:, 0]]
    return MixUps(truth, spot.results.detections.category[pairs[:, 1]])
