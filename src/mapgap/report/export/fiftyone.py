"""A COCO file whose annotations carry everything known of each object and false positive, as FiftyOne reads it.

FiftyOne's importer takes the entries of `attributes`, and `score` as confidence, onto its labels. Source:
https://docs.voxel51.com/api/fiftyone.utils.coco.html, `COCOObject`.
"""

import numpy as np

from mapgap.report.column_values import identifiers
from mapgap.report.export.boxes import OUTCOMES, ExportedBoxes, attributes_of
from mapgap.report.export.sizes import require_sizes_and_names
from mapgap.report.json_rows import Coded, Field, Rows
from mapgap.report.json_values import Record
from mapgap.report.missed import image_rows
from mapgap.report.missed_evidence import or_null
from mapgap.tables import CAUSES, Results

SCHEMA = "mapgap/fiftyone/1"
OWN = ("outcome", "cause", "gap", "iou", "object_id", "detection")
TAKEN = (
    *OWN,
    *("id", "image_id", "category_id", "bbox", "area", "iscrowd", "segmentation", "keypoints", "num_keypoints"),
    *("score", "supercategory", "attributes", "label", "bounding_box", "confidence", "mask", "index", "tags"),
)
"""Names that mean something to the importer or its labels; an attribute called so gets the suffix `_attribute`."""


def fiftyone_record(results: Results, boxes: ExportedBoxes) -> Record:
    """The COCO object; its lists are `Rows`. InputError where an image has no size or name."""
    truth = results.ground_truth
    require_sizes_and_names(truth, boxes.image, "FiftyOne")
    fields: dict[str, Field] = {
        "outcome": Coded(boxes.outcome, OUTCOMES),
        "cause": Coded(boxes.cause, (*CAUSES, None)),
        "gap": boxes.gap,
        "iou": or_null(boxes.iou),
        "object_id": identifiers(truth.ids, boxes.object),
        "detection": identifiers(results.detections.record, boxes.detection),
    }
    for name, values in attributes_of(results.attributes, boxes, TAKEN).items():
        fields[name] = Coded(np.arange(len(values)), values)
    return {
        "info": {
            "schema": SCHEMA,
            "description": "Objects and false positives with outcome and cause; fn is missed, fp false, tp found",
            "ground_truth": truth.name,
            "detections": results.detections.name,
            "score_threshold": results.operating_point.score_threshold,
            "iou_threshold": results.operating_point.iou_threshold,
        },
        "images": image_rows(truth.images, np.arange(len(truth.images.ids), dtype=np.int32)),
        "annotations": Rows(
            {
                "id": np.arange(1, len(boxes.image) + 1),
                "image_id": truth.images.ids[boxes.image],
                "category_id": truth.categories.ids[boxes.category],
                "bbox": boxes.box,
                "area": boxes.area,
                "iscrowd": np.zeros(len(boxes.image), dtype=np.int8),
                "score": Coded(
                    np.arange(len(boxes.score)),
                    [None if np.isnan(score) else score for score in boxes.score.tolist()],
                    is_optional=True,
                ),
                "attributes": fields,
            }
        ),
        "categories": Rows(
            {
                "id": truth.categories.ids,
                "name": Coded(np.arange(len(truth.categories.ids)), truth.categories.names),
            }
        ),
    }
