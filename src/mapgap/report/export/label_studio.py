"""Label Studio tasks: one an image, its missed objects and false positives as two predictions to look at.

Rectangles are in percent of the image. Source: https://labelstud.io/guide/predictions.
"""

from collections.abc import Iterator

import numpy as np

from mapgap.report.export.boxes import FALSE_POSITIVE, MISSED, ExportedBoxes, words_of
from mapgap.report.export.sizes import require_sizes_and_names
from mapgap.report.json_values import Record, whole_or_float
from mapgap.tables import CAUSES, Results

FROM, TO = "label", "image"
"""Names of the control and the object in the labelling configuration."""
PERCENT = 100.0
VERSIONS = {MISSED: "mapgap missed objects", FALSE_POSITIVE: "mapgap false positives"}


def label_studio_tasks(results: Results, boxes: ExportedBoxes, image_prefix: str = "") -> list[Record]:
    """The tasks, by image; `image_prefix` stands before each file name. InputError where one has no size or name."""
    truth = results.ground_truth
    require_sizes_and_names(truth, boxes.image, "Label Studio")
    words = list(words_of(boxes))
    tasks = []
    for image, rows in boxes.by_image():
        regions = [_region(results, boxes, row, words[row]) for row in rows]
        tasks.append(
            {
                "data": {
                    "image": f"{image_prefix}{truth.images.file_names[image]}",
                    "image_id": int(truth.images.ids[image]),
                    "gap": float(boxes.gap[rows.start : rows.stop].sum()),
                },
                "predictions": list(_predictions(boxes, rows, regions)),
            }
        )
    return tasks


def _predictions(boxes: ExportedBoxes, rows: range, regions: list[Record]) -> Iterator[Record]:
    outcomes = boxes.outcome[rows.start : rows.stop].tolist()
    for outcome, version in VERSIONS.items():
        result = [region for region, of in zip(regions, outcomes, strict=True) if of == outcome]
        if result:
            yield {"model_version": version, "result": result}


def _region(results: Results, boxes: ExportedBoxes, row: int, words: str) -> Record:
    truth, image = results.ground_truth, int(boxes.image[row])
    width, height = float(truth.images.width[image]), float(truth.images.height[image])
    x, y, across, down = boxes.box[row].tolist()
    score, target = float(boxes.score[row]), int(boxes.object[row])
    region: Record = {
        "id": f"{'object' if boxes.outcome[row] == MISSED else 'detection'}-{row + 1}",
        "type": "rectanglelabels",
        "from_name": FROM,
        "to_name": TO,
        "original_width": whole_or_float(width),
        "original_height": whole_or_float(height),
        "image_rotation": 0,
        "value": {
            "x": PERCENT * x / width,
            "y": PERCENT * y / height,
            "width": PERCENT * across / width,
            "height": PERCENT * down / height,
            "rotation": 0,
            "rectanglelabels": [truth.categories.names[boxes.category[row]]],
        },
        "meta": {"text": [words]},
        "cause": CAUSES[boxes.cause[row]],
        "gap": float(boxes.gap[row]),
        "object_id": None if target < 0 else int(truth.ids[target]),
    }
    if not np.isnan(score):
        region["score"] = score
    return region
