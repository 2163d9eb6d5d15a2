"""Hypothesis strategies for COCO pairs on a small integer grid, so that ties and touching edges happen."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class CocoPair:
    """A generated ground truth and detections, as the dicts a JSON file would give."""

    ground_truth: dict[str, Any]
    detections: list[dict[str, Any]]


def _box(draw: st.DrawFn, grid: int) -> list[float]:
    x, y = draw(st.integers(0, grid)), draw(st.integers(0, grid))
    width, height = draw(st.integers(1, grid)), draw(st.integers(1, grid))
    scale = draw(st.sampled_from([1, 1, 1, 0.5, 10]))
    return [x * scale, y * scale, width * scale, height * scale]


@st.composite
def coco_pairs(
    draw: st.DrawFn,
    *,
    max_images: int = 4,
    max_categories: int = 3,
    max_objects: int = 6,
    max_detections: int = 10,
    grid: int = 6,
    crowds: bool = True,
) -> CocoPair:
    """A ground truth and detections: empty images and classes, crowds, tied scores, attributes.

    Detections often copy or nudge an object's box, so that every cause of error occurs.
    """
    image_ids = draw(st.lists(st.integers(0, 50), min_size=1, max_size=max_images, unique=True))
    category_ids = draw(st.lists(st.integers(0, 20), min_size=1, max_size=max_categories, unique=True))
    images = [
        {"id": i, "width": 70, "height": 70, "file_name": f"{i}.jpg", "time": draw(st.sampled_from(["day", "night"]))}
        for i in image_ids
    ]
    annotations = []
    for image_id in image_ids:
        for _ in range(draw(st.integers(0, max_objects))):
            box = _box(draw, grid)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": draw(st.sampled_from(category_ids)),
                    "bbox": box,
                    "area": draw(st.sampled_from([box[2] * box[3], box[2] * box[3], 32**2, 96**2, 5000.0])),
                    "iscrowd": int(crowds and draw(st.integers(0, 5)) == 0),
                    "attributes": {"occlusion": draw(st.sampled_from(["none", "partial", "heavy"]))},
                }
            )
    detections = []
    for image_id in image_ids:
        here = [a for a in annotations if a["image_id"] == image_id]
        for _ in range(draw(st.integers(0, max_detections))):
            box = _box(draw, grid)
            category_id = draw(st.sampled_from(category_ids))
            if here and draw(st.integers(0, 3)) > 0:
                source = draw(st.sampled_from(here))
                box = list(source["bbox"])
                nudge = draw(st.sampled_from([0, 0, 0, 1, 2]))
                box[draw(st.integers(0, 3))] += nudge
                if draw(st.integers(0, 3)) > 0:
                    category_id = source["category_id"]
            score = draw(st.sampled_from([0.1, 0.3, 0.5, 0.5, 0.7, 0.9]))
            detections.append({"image_id": image_id, "category_id": category_id, "bbox": box, "score": score})
    shuffled = draw(st.permutations(detections)) if len(detections) < 20 else detections
    ground_truth = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": c, "name": f"class {c}"} for c in category_ids],
    }
    return CocoPair(ground_truth, list(shuffled))
