"""The errors of a hot spot worth looking at first."""

import numpy as np

from mapgap.tables import CAUSES, Debts, Detections, Errors, Example, FloatArray, GroundTruth, IdArray, IndexArray

EXAMPLES_SHOWN = 12


def weigh_errors(errors: Errors, error_rows: IdArray, debts: Debts, cause: str) -> FloatArray:
    """What each of the `error_rows` owes for the cause: the object of a false negative, else the detection."""
    is_cause = debts.cause == CAUSES.index(cause)
    by_object, by_detection = is_cause & (debts.detection < 0), is_cause & (debts.detection >= 0)
    # One row more than needed answers for index -1.
    objects = max(errors.object.max(initial=-1), debts.object.max(initial=-1)) + 2
    detections = max(errors.detection.max(initial=-1), debts.detection.max(initial=-1)) + 2
    of_object = np.bincount(debts.object[by_object], weights=debts.gap[by_object], minlength=objects)
    of_detection = np.bincount(debts.detection[by_detection], weights=debts.gap[by_detection], minlength=detections)
    is_false_negative = errors.is_false_negative[error_rows]
    object_index, detection_index = errors.object[error_rows], errors.detection[error_rows]
    return np.where(is_false_negative, of_object[object_index], of_detection[detection_index])


def choose_examples(
    ground_truth: GroundTruth, detections: Detections, errors: Errors, rows: IdArray, weights: FloatArray
) -> tuple[Example, ...]:
    """Up to twelve of the error rows, the costliest of each image first, then the costliest of what is left.

    Ties by image id, annotation id, detection record, file order; an error seen from both sides (the false negative
    and the false positive of one pair of object and detection) is one example.
    """
    object_index, detection_index = errors.object[rows], errors.detection[rows]
    annotation_id = np.where(object_index >= 0, _take(ground_truth.ids, object_index), 0)
    record = np.where(detection_index >= 0, _take(detections.record, detection_index), 0)
    image = errors.image[rows]
    # Among equals an error without an object comes last, one without a detection first.
    order = np.lexsort((record, detection_index >= 0, annotation_id, object_index < 0, image, -weights))
    pair = (object_index.astype(np.int64) + 1) * (len(detections.record) + 1) + detection_index + 1
    order = order[_first_occurrences(pair[order])]
    first_of_image = _first_occurrences(image[order])
    others = np.setdiff1d(np.arange(len(order)), first_of_image)
    chosen = order[np.concatenate([first_of_image, others])][:EXAMPLES_SHOWN]
    return tuple(
        Example(
            image_id=int(ground_truth.images.ids[image[row]]),
            object_id=int(annotation_id[row]) if object_index[row] >= 0 else None,
            detection=int(record[row]) if detection_index[row] >= 0 else None,
        )
        for row in chosen.tolist()
    )


def _take(column: IdArray, index: IndexArray) -> IdArray:
    return column[index] if len(column) else np.zeros(len(index), dtype=np.int64)


def _first_occurrences(values: IndexArray | IdArray) -> IdArray:
    return np.sort(np.unique(values, return_index=True)[1])
