"""Objects found only by detections beyond the limit of an image and class: a higher limit."""

import numpy as np

from mapgap.advice.hot_spots import HotSpot
from mapgap.number_words import count
from mapgap.tables import Recommendation


def raise_detection_limit(spot: HotSpot) -> Recommendation | None:
    """A higher limit, with the number of detections in the fullest image and class of the hot spot."""
    if not len(spot.lost):
        return None
    results = spot.results
    images = np.unique(results.ground_truth.image[spot.lost])
    in_these = np.isin(results.detections.image, images)
    fullest = int(results.matches.rank[in_these].max(initial=-1)) + 1
    limit = results.settings.max_detections
    if fullest <= limit:
        return None
    evidence = {
        "max_detections": limit,
        "objects": len(spot.lost),
        "images": len(images),
        "detections_of_fullest_image_and_class": fullest,
    }
    text = (
        f"Raise the limit of {count(limit)} detections an image and class: {count(len(spot.lost))} objects here are "
        f"reached only by detections beyond it, in images with up to {count(fullest)} of one class. COCO's AP keeps "
        "its limit, so numbers with another one do not compare with published ones."
    )
    masks = ', iou_type="segm"' if results.settings.iou_type == "segm" else ""
    call = f'print(mapgap.evaluate("GT", "DT"{masks}, max_detections=(1, 10, {fullest})).metrics)'
    verify = f"python -c 'import mapgap; {call}'  # AP with a limit of {fullest}"
    return Recommendation("raise_detection_limit", text, evidence, verify)
