"""The costliest missed small objects of a run that has been analysed, with the evidence a report shows."""

from dataclasses import replace

import numpy as np

from mapgap.analysis.missed import evidence_of
from mapgap.report.missed import SHOWN_IN_REPORT, costliest_missed, small_objects
from mapgap.tables import Detections, IndexArray, Results, ShownMissed


def with_shown_missed(results: Results) -> Results:
    """The results with the missed objects that a report shows; only their images are looked at again."""
    if results.shown_missed is not None:
        return results
    shown = costliest_missed(results, small_objects(results), SHOWN_IN_REPORT)
    is_shown = results.errors.is_false_negative & np.isin(results.errors.object, shown)
    images = np.unique(results.ground_truth.image[shown])
    order = results.matches.order
    near = order[np.isin(results.detections.image[order], images)]
    errors = replace(results.errors, is_false_negative=is_shown)
    within = replace(results, matches=replace(results.matches, order=near), errors=errors)
    return replace(results, shown_missed=ShownMissed(shown, evidence_of(within, _taken(results.detections, near))))


def _taken(detections: Detections, rows: IndexArray) -> Detections:
    return replace(
        detections,
        record=detections.record[rows],
        image=detections.image[rows],
        category=detections.category[rows],
        box=np.ascontiguousarray(detections.box[rows]),
        area=detections.area[rows],
        score=detections.score[rows],
        masks=None if detections.masks is None else tuple(detections.masks[row] for row in rows.tolist()),
    )
