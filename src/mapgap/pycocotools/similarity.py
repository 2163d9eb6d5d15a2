"""How much detections and annotations of one image and class are alike: IoU of boxes or masks, OKS of keypoints."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as masks

from mapgap.tables import FloatArray

Record = dict[str, Any]

SHAPE_FIELDS = {"bbox": "bbox", "segm": "segmentation"}


def by_falling_score(detections: Sequence[Record], limit: int) -> list[Record]:
    """The first `limit` detections by falling score; ties keep their order, NaN comes last."""
    order = np.argsort([-detection["score"] for detection in detections], kind="mergesort")
    return [detections[place] for place in order[0:limit]]


def shape_similarity(detections: Sequence[Record], annotations: Sequence[Record], iou_type: str) -> Any:
    """(D, G) IoU of boxes or masks, of crowds the share of the detection they cover; [] if either is empty.

    Source: pycocotools 2.0.11, cocoeval.py, computeIoU.
    """
    if iou_type not in SHAPE_FIELDS:
        raise Exception("unknown iouType for iou computation")
    field = SHAPE_FIELDS[iou_type]
    crowd = [int(annotation["iscrowd"]) for annotation in annotations]
    return masks.iou([detection[field] for detection in detections], [a[field] for a in annotations], crowd)


def keypoint_similarity(detections: Sequence[Record], annotations: Sequence[Record], sigmas: Any) -> Any:
    """(D, G) object keypoint similarity; [] if either is empty.

    Source: pycocotools 2.0.11, cocoeval.py, computeOks; the order of the operations makes the last bit.
    """
    if len(annotations) == 0 or len(detections) == 0:
        return []
    variances = (sigmas * 2) ** 2
    keypoints = [detection["keypoints"] for detection in detections]
    batches = [keypoints] if len(set(map(len, keypoints))) == 1 else [[each] for each in keypoints]
    result = np.zeros((len(detections), len(annotations)))
    for column, annotation in enumerate(annotations):
        parts = [_similarity_to(annotation, np.array(batch), variances) for batch in batches]
        result[:, column] = np.concatenate(parts)
    return result


def _similarity_to(annotation: Record, keypoints: NDArray[Any], variances: FloatArray) -> FloatArray:
    """(D,) similarity of detections' keypoints (D, 3 x points) to one annotation."""
    points = np.array(annotation["keypoints"])
    is_labelled = points[2::3] > 0
    x, y = keypoints[:, 0::3], keypoints[:, 1::3]
    if np.count_nonzero(is_labelled) > 0:
        dx, dy = x - points[0::3], y - points[1::3]
    else:
        left, top, width, height = annotation["bbox"][:4]
        dx = _beyond(x, left - width, left + width * 2, len(variances))
        dy = _beyond(y, top - height, top + height * 2, len(variances))
    errors = (dx**2 + dy**2) / variances / (annotation["area"] + np.spacing(1)) / 2
    if np.count_nonzero(is_labelled) > 0:
        errors = errors[:, is_labelled]
    # Sums run along contiguous rows, as pycocotools' do: anything else may add in another order.
    return np.asarray(np.sum(np.exp(-np.ascontiguousarray(errors)), axis=1) / errors.shape[1])


def _beyond(values: NDArray[Any], low: Any, high: Any, points: int) -> NDArray[Any]:
    """How far each of the keypoints lies outside [low, high]; without labels anything inside is right."""
    inside = np.zeros(points)
    return np.asarray(np.maximum(inside, low - values) + np.maximum(inside, values - high))
