"""Is the class in the image at all: the view of the detector in which true negatives exist."""

import numpy as np

from mapgap import _kernel
from mapgap.tables import Detections, GroundTruth, ImageLevel, Matches, OperatingPoint


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
    threshold = int(np.flatnonzero(matches.iou_thresholds == operating_point.iou_threshold)[0])
    images = len(ground_truth.images.ids)
    positives, left_out, tp, fp, ranked_positives, ranked_negatives, won = _kernel.image_presence(
        matches.class_order,
        matches.class_offsets,
        detections.image,
        detections.score,
        matches.is_counted(threshold, max_detections).view(np.uint8),
        operating_point.kept.view(np.uint8),
        ground_truth.image,
        ground_truth.category,
        ground_truth.is_object.view(np.uint8),
        images,
    )
    negatives = images - positives - left_out
    tn = negatives - fp
    # Mann and Whitney's U, twice, so that halves stay whole numbers; images without a detection rank last.
    unranked_positives, unranked_negatives = positives - ranked_positives, negatives - ranked_negatives
    twice_won = won + (2 * ranked_positives + unranked_positives) * unranked_negatives
    with np.errstate(invalid="ignore"):
        return ImageLevel(
            tp=tp,
            fp=fp,
            fn=positives - tp,
            tn=tn,
            accuracy=(tp + tn) / (positives + negatives),
            specificity=tn / negatives,
            auc=twice_won / (2 * positives * negatives),
        )
