"""Is the class in the image at all: the view of the detector in which true negatives exist."""

import numpy as np

from mapgap.tables import (
    BoolArray,
    Detections,
    FloatArray,
    GroundTruth,
    IdArray,
    ImageLevel,
    IndexArray,
    Matches,
    OperatingPoint,
)


def image_level(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    operating_point: OperatingPoint,
    *,
    max_detections: int = 100,
) -> ImageLevel:
    """One row a category: counts of images, accuracy, specificity and area under the ROC curve.

    A class is present in an image that has an object of it, predicted present if a detection of it is kept. An image
    whose annotations of a class are all ignored (crowd, or an area out of range) is left out for that class. The ROC
    curve ranks images by the best score of a detection that counts at the analysis IoU: ties count half, images
    without a detection rank last. Accuracy, specificity and area are NaN where they are 0/0.
    """
    images, classes = len(ground_truth.images.ids), len(ground_truth.categories.ids)
    present, left_out = _present_and_left_out(ground_truth, images)
    threshold = int(np.flatnonzero(matches.iou_thresholds == operating_point.iou_threshold)[0])
    is_counted = matches.is_counted(threshold, max_detections)
    cell, best_score = _best_scores(detections, matches.order[is_counted[matches.order]], images)
    in_play = ~_is_in(cell, left_out)
    cell, best_score = cell[in_play], best_score[in_play]
    is_present = _is_in(cell, present)
    kept = _cells(detections.category[operating_point.kept], detections.image[operating_point.kept], images)
    is_predicted = _is_in(cell, np.unique(kept))

    category = cell // max(images, 1)
    positives = _per_class(present // max(images, 1), classes)
    negatives = images - positives - _per_class(left_out // max(images, 1), classes)
    tp = _per_class(category[is_predicted & is_present], classes)
    fp = _per_class(category[is_predicted & ~is_present], classes)
    tn = negatives - fp
    with np.errstate(invalid="ignore"):
        return ImageLevel(
            tp=tp,
            fp=fp,
            fn=positives - tp,
            tn=tn,
            accuracy=(tp + tn) / (positives + negatives),
            specificity=tn / negatives,
            auc=_area_under_roc(category, best_score, is_present, positives, negatives),
        )


def _present_and_left_out(ground_truth: GroundTruth, images: int) -> tuple[IdArray, IdArray]:
    """The (class, image) cells with an object, and those with ignored annotations only; both rising."""
    cell = _cells(ground_truth.category, ground_truth.image, images)
    is_object = ground_truth.is_object
    present = np.unique(cell[is_object])
    return present, np.setdiff1d(cell[~is_object], present)


def _cells(category: IndexArray, image: IndexArray, images: int) -> IdArray:
    """One number a (class, image), class first. Only cells that occur are stored: classes x images would not fit."""
    return category.astype(np.int64) * images + image


def _best_scores(detections: Detections, in_order: IndexArray, images: int) -> tuple[IdArray, FloatArray]:
    """The cells with a detection, rising, and the best score in each; rows by image, category and falling score."""
    cell = _cells(detections.category[in_order], detections.image[in_order], images)
    is_best = np.append(True, cell[1:] != cell[:-1])[: len(cell)]
    best, cell = in_order[is_best], cell[is_best]
    rising = np.argsort(cell)
    return cell[rising], detections.score[best[rising]]


def _is_in(cell: IdArray, rising: IdArray) -> BoolArray:
    """Whether each cell is among the rising ones."""
    if len(rising) == 0:
        return np.zeros(len(cell), dtype=np.bool_)
    place = np.minimum(np.searchsorted(rising, cell), len(rising) - 1)
    return np.asarray(rising[place] == cell)


def _per_class(category: IdArray, classes: int) -> IdArray:
    return np.bincount(category, minlength=classes).astype(np.int64)


def _area_under_roc(
    category: IdArray, best_score: FloatArray, is_present: BoolArray, positives: IdArray, negatives: IdArray
) -> FloatArray:
    """(K,) share of the pairs of a positive and a negative image ranked right, ties half (Mann and Whitney's U)."""
    classes = len(positives)
    order = np.lexsort((best_score, category))
    category, best_score, is_present = category[order], best_score[order], is_present[order]
    scored_positives = _per_class(category[is_present], classes)
    unscored_negatives = negatives - _per_class(category[~is_present], classes)
    below, beside = _negatives_below_and_beside(category, best_score, ~is_present)
    # Twice the pairs, so that halves stay whole numbers.
    won = np.zeros(classes, dtype=np.int64)
    np.add.at(won, category[is_present], (2 * below + beside)[is_present])
    won += 2 * scored_positives * unscored_negatives + (positives - scored_positives) * unscored_negatives
    with np.errstate(invalid="ignore"):
        return won / (2 * positives * negatives)


def _negatives_below_and_beside(
    category: IdArray, score: FloatArray, is_negative: BoolArray
) -> tuple[IdArray, IdArray]:
    """For rows sorted by class, then rising score: negatives of the class with a lower and with an equal score."""
    is_new_class = np.append(True, category[1:] != category[:-1])[: len(category)]
    is_new_score = is_new_class | np.append(True, score[1:] != score[:-1])[: len(score)]
    before = np.append(0, np.cumsum(is_negative, dtype=np.int64))
    class_start = np.flatnonzero(is_new_class)[np.cumsum(is_new_class) - 1]
    score_starts = np.flatnonzero(is_new_score)
    group = np.cumsum(is_new_score) - 1
    score_start, score_end = score_starts[group], np.append(score_starts[1:], len(score))[group]
    return before[score_start] - before[class_start], before[score_end] - before[score_start]
