"""What became of every object."""

import numpy as np

from mapgap.changes import NO_CHANGE, OBJECT_CHANGES, ObjectChanges
from mapgap.tables import NO_CAUSE, CodeArray, IdArray, Results


def object_changes(before: Results, after: Results) -> ObjectChanges:
    """Found or missed by each of two runs on the same ground truth, at its own operating point."""
    is_object = before.ground_truth.is_object
    code = {
        (True, True): "found_by_both",
        (False, True): "fixed",
        (True, False): "broken",
        (False, False): "missed_by_both",
    }
    outcome = np.full(len(is_object), NO_CHANGE, dtype=np.int8)
    for (found_before, found_after), name in code.items():
        is_so = (before.operating_point.found == found_before) & (after.operating_point.found == found_after)
        outcome[is_object & is_so] = OBJECT_CHANGES.index(name)
    cause_before, detection_before = _causes_and_detections(before)
    cause_after, detection_after = _causes_and_detections(after)
    return ObjectChanges(outcome, cause_before, cause_after, detection_before, detection_after)


def _causes_and_detections(results: Results) -> tuple[CodeArray, IdArray]:
    """(N,) why each object is missed, and the detection that finds it or is behind the cause."""
    errors, point = results.errors, results.operating_point
    cause = np.full(len(point.found), NO_CAUSE, dtype=np.int8)
    detection = np.full(len(point.found), -1, dtype=np.int64)
    missed = errors.is_false_negative
    cause[errors.object[missed]] = errors.cause[missed]
    detection[errors.object[missed]] = errors.detection[missed]
    hits = np.flatnonzero(point.true_positive)
    detection[results.matches.matched[0, results.analysis_threshold, hits]] = hits
    return cause, detection
