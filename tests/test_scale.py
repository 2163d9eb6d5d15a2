"""Many classes on many images: memory goes with the records, not with classes x images x recall points."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

GIGABYTE = 2**30
ADDRESS_SPACE = 4 * GIGABYTE
"""Stops a runaway before the machine suffers; threads reserve more than they use, so it is no measure itself."""
SHARE_FOUND = 0.5
EVALUATE = """
import json, resource, sys
import mapgap
metrics = mapgap.evaluate(*sys.argv[1:]).metrics
print(json.dumps([dict(metrics), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))
"""


@pytest.mark.parametrize(
    ("classes", "images", "objects", "detections", "most_memory"),
    [
        pytest.param(20_000, 1_000, 20_000, 100_000, GIGABYTE, id="20,000 classes on 1,000 images"),
        pytest.param(1_203, 20_000, 40_000, 160_000, GIGABYTE, id="1,203 classes on 20,000 images"),
    ],
)
def test_memory_stays_small(
    classes: int, images: int, objects: int, detections: int, most_memory: int, tmp_path: Path
) -> None:
    write_pair(tmp_path, classes, images, objects, detections)
    command = [sys.executable, "-c", EVALUATE, str(tmp_path / "gt.json"), str(tmp_path / "dt.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, preexec_fn=limit_memory)
    assert done.returncode == 0, done.stderr[-2000:]
    metrics, peak = json.loads(done.stdout)
    assert metrics["AR100"] == pytest.approx(SHARE_FOUND, abs=1e-9)
    assert metrics["AP"] == pytest.approx(SHARE_FOUND, abs=0.01)
    assert peak < most_memory, f"{peak / 2**20:.0f} MB"


def limit_memory() -> None:
    """Runs in the new process."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def write_pair(folder: Path, classes: int, images: int, objects: int, detections: int) -> None:
    """Objects dealt out evenly, every second one found exactly; the other detections lie elsewhere, with low scores."""
    chance = np.random.default_rng(0)
    boxes = np.column_stack([chance.integers(0, 300, (objects, 2)), chance.integers(10, 90, (objects, 2))]).tolist()
    image = (1 + np.arange(objects) % images).tolist()
    category = (1 + np.arange(objects) % classes).tolist()
    annotations = [
        {"id": place + 1, "image_id": image[place], "category_id": category[place], "bbox": box}
        | {"area": box[2] * box[3], "iscrowd": 0}
        for place, box in enumerate(boxes)
    ]
    is_found = (np.arange(objects) // classes + np.arange(objects) % classes) % 2 == 0
    found = [annotations[place] for place in np.flatnonzero(is_found).tolist()]
    results = [_detection(record["image_id"], record["category_id"], record["bbox"], 0.9) for record in found]
    missing = detections - len(results)
    elsewhere = np.column_stack(
        [chance.integers(500, 900, (missing, 2)), chance.integers(10, 90, (missing, 2))]
    ).tolist()
    wrong_images = chance.integers(1, images + 1, missing).tolist()
    wrong_classes = chance.integers(1, classes + 1, missing).tolist()
    results += [_detection(*row, 0.1) for row in zip(wrong_images, wrong_classes, elsewhere, strict=True)]
    ground_truth = {
        "images": [{"id": number, "width": 1000, "height": 1000} for number in range(1, images + 1)],
        "annotations": annotations,
        "categories": [{"id": number, "name": f"class {number}"} for number in range(1, classes + 1)],
    }
    (folder / "gt.json").write_text(json.dumps(ground_truth))
    (folder / "dt.json").write_text(json.dumps(results))


def _detection(image: int, category: int, box: list[int], score: float) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": box, "score": score}
