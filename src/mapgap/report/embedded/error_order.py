"""The order in which the page shows errors: costliest first, one an image until all images had their turn."""

import numpy as np

from mapgap.report.embedded.run import detection_rows
from mapgap.report.embedded.truth import object_rows
from mapgap.tables import CAUSES, FloatArray, IdArray, IndexArray, Results


def errors_by_cost(results: Results) -> IdArray:
    """Rows of `results.errors`, costliest first; without the errors that the page leaves out.

    An error costs what is owed at its object, or by its detection where it points at none. On equal cost the higher
    score comes first, then missed objects, then their order in the page. This is `errorsByCost` of selection.js.
    """
    errors, detection = results.errors, shown_detections(results)
    objects = object_rows(results.ground_truth)
    # One row more than there are answers for -1, which is none.
    row = np.append(objects.row, np.int32(-1))[errors.object].astype(np.int64)
    score = np.append(results.detections.score, -np.inf)[detection]
    of_object, of_detection = _costs(results, objects.row)
    cost = np.where(errors.object >= 0, of_object[row], of_detection[detection])
    place = np.where(errors.is_false_negative, row, len(objects.annotation) + detection.astype(np.int64))
    order = np.lexsort((place, -score, -cost))
    return order[(errors.is_false_negative | (detection >= 0))[order]]


def shown_detections(results: Results) -> IndexArray:
    """The detection of each error, -1 for none and for those that the page does not have."""
    is_shown = np.append(detection_rows(results).row >= 0, False)[results.errors.detection]
    return np.where(is_shown, results.errors.detection, np.int32(-1))


def in_turns(image: IndexArray, rows: IdArray) -> IdArray:
    """The first row of each image, then the second of each, and so on; otherwise in the order given."""
    by_image = np.argsort(image[rows], kind="stable")
    sorted_image = image[rows][by_image]
    begins = np.flatnonzero(np.append(True, sorted_image[1:] != sorted_image[:-1])) if len(rows) else by_image
    turn = np.empty(len(rows), dtype=np.int64)
    turn[by_image] = np.arange(len(rows)) - np.repeat(begins, np.diff(np.append(begins, len(rows))))
    return rows[np.argsort(turn, kind="stable")]


def _costs(results: Results, row: IndexArray) -> tuple[FloatArray, FloatArray]:
    """What is owed at each object of the page, and by each detection that points at none; one 0 more in each.

    Summed by cause first, as the page does it: equal sums are ties only if they are added up in the same order.
    """
    debts = results.debts
    has_object = debts.object >= 0
    key = row[debts.object[has_object]].astype(np.int64) * len(CAUSES) + debts.cause[has_object]
    cells, cell = np.unique(key, return_inverse=True)
    gap = np.bincount(cell, weights=debts.gap[has_object], minlength=len(cells))
    objects = int(results.ground_truth.is_object.sum())
    of_object = np.bincount(cells // len(CAUSES), weights=gap, minlength=objects + 1)
    detections = len(results.detections.score)
    own, owed = debts.detection[~has_object], debts.gap[~has_object]
    of_detection = np.bincount(own, weights=owed, minlength=detections + 1)
    return of_object.astype(np.float64), of_detection.astype(np.float64)
