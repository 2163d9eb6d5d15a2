"""The ranked list of labels that may be wrong, one candidate an object."""

from collections.abc import Sequence

import numpy as np

from mapgap.label_doubt.calibration import calibrated_confidence
from mapgap.label_doubt.kinds import Candidates, loose_box, missing_label, spurious_label, wrong_class
from mapgap.label_doubt.repeats import speaks_for_itself
from mapgap.label_doubt.testimony import hear_witnesses
from mapgap.tables import (
    EQUAL_BOXES_IOU,
    LABEL_ERRORS,
    Attribute,
    BoolArray,
    Causes,
    Detections,
    GroundTruth,
    IndexArray,
    LabelDoubts,
    Matches,
    OperatingPoint,
    Where,
)

LEAST_DOUBT = 0.005
"""What is less doubtful is not listed."""


def find_label_doubts(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    causes: Causes,
    operating_point: OperatingPoint,
    attributes: Sequence[Attribute],
    *,
    threshold: int,
    max_detections: int = 100,
) -> LabelDoubts:
    """Labels that may be wrong, most doubtful first: one row an object, or a place where a label may be missing.

    `threshold` is the position of the analysis IoU. Crowds are never doubted. Ties: in the order of LABEL_ERRORS, then
    of objects, then of detections in their files.
    """
    confidence = calibrated_confidence(detections, matches, threshold=threshold, max_detections=max_detections)
    heard = hear_witnesses(detections, matches, causes, confidence, threshold=threshold, max_detections=max_detections)
    reached_iou = min(float(matches.iou_thresholds[threshold]), EQUAL_BOXES_IOU)
    of_detections = [attribute for attribute in attributes if attribute.kind != "object"]
    missing = _surest_first(_listed(missing_label(detections, heard, of_detections)))
    missing = missing.only(speaks_for_itself(ground_truth, detections, missing.detection))
    return _merged(
        [
            (_listed(wrong_class(ground_truth, detections, heard, attributes, reached_iou)), attributes),
            (_listed(loose_box(ground_truth, detections, heard, attributes)), attributes),
            (missing, of_detections),
            (_listed(spurious_label(ground_truth, causes, operating_point, attributes)), attributes),
        ]
    )


def _listed(candidates: Candidates) -> Candidates:
    """Those that are doubtful enough; a score that is not defined is not."""
    return candidates.only(candidates.score >= LEAST_DOUBT)


def _surest_first(candidates: Candidates) -> Candidates:
    return candidates.only(np.lexsort((candidates.detection, -candidates.score)))


def _merged(found: Sequence[tuple[Candidates, Sequence[Attribute]]]) -> LabelDoubts:
    """All kinds in one ranking, of which each object keeps its first row."""
    kind = np.concatenate([np.full(len(c.score), LABEL_ERRORS.index(c.kind), dtype=np.int8) for c, _ in found])
    where = [slice_ for candidates, attributes in found for slice_ in _slices(candidates, attributes)]
    columns = {
        name: np.concatenate([getattr(candidates, name) for candidates, _ in found])
        for name in ("object", "detection", "score", "confidence", "iou", "usual_rate", "similar", "comparable")
    }
    order = np.lexsort((columns["detection"], columns["object"], kind, -columns["score"]))
    order = order[_is_first_of_object(columns["object"][order])]
    taken = {name: column[order] for name, column in columns.items()}
    return LabelDoubts(kind=kind[order], slice=tuple(where[row] for row in order.tolist()), **taken)


def _is_first_of_object(objects: IndexArray) -> BoolArray:
    """(n,) the first row of each object, and every row without one."""
    is_first = objects < 0
    _, first = np.unique(objects, return_index=True)
    is_first[first] = True
    return is_first


def _slices(candidates: Candidates, attributes: Sequence[Attribute]) -> list[Where]:
    """The slice in which each candidate is most usual; empty where no slice is worse than the rest."""
    slices: list[Where] = []
    places = zip(candidates.slice.tolist(), candidates.object.tolist(), candidates.detection.tolist(), strict=True)
    for place, object_, detection in places:
        if place < 0:
            slices.append({})
            continue
        attribute = attributes[place]
        codes = attribute.object_codes if object_ >= 0 else attribute.detection_codes
        slices.append({attribute.name: attribute.values[codes[object_ if object_ >= 0 else detection]]})
    return slices
