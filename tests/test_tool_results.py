"""Results files as Ultralytics, Detectron2 and MMDetection write them are read as they are; their pickles are not.

Each writer here follows the documented one: Ultralytics' `DetectionValidator.pred_to_json`, Detectron2's
`instances_to_coco_json`, MMDetection's `CocoMetric.results2json`.
"""

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mapgap
from mapgap.errors import InputError
from mapgap.readings import Reading
from mapgap.readings.categories import COCO_IDS
from tests.command import complaint
from tests.command import mapgap as run_mapgap

Detection = tuple[str, int, tuple[float, float, float, float], float]
"""File name, class from 0, corners, score."""

NAMES = ("000000000139.jpg", "000000000285.jpg")
CLASSES = (0, 2, 79)
DETECTIONS: tuple[Detection, ...] = (
    (NAMES[0], 0, (10.12345, 20.5, 110.9, 80.25), 0.912345678),
    (NAMES[0], 79, (5.0, 5.0, 40.0, 60.0), 0.5),
    (NAMES[1], 2, (0.33333334, 0.0, 99.99999, 50.0), 0.25),
)


def ground_truth(names: tuple[str, ...], *, coco_ids: bool) -> dict[str, Any]:
    """Every detection is an object to the last bit; ids are COCO's, or 1, 2, ... as of a converted data set."""
    ids = [COCO_IDS[number] if coco_ids else place for place, number in enumerate(CLASSES, start=1)]
    image_ids = [int(name.partition(".")[0]) if coco_ids else place for place, name in enumerate(names, start=1)]
    annotations = []
    for place, (name, number, (x1, y1, x2, y2), _) in enumerate(DETECTIONS, start=1):
        annotations.append(
            {
                "id": place,
                "image_id": image_ids[NAMES.index(name)],
                "category_id": ids[CLASSES.index(number)],
                "bbox": [x1, y1, x2 - x1, y2 - y1],
                "area": (x2 - x1) * (y2 - y1),
                "iscrowd": 0,
            }
        )
    return {
        "images": [
            {"id": one, "file_name": name, "width": 640, "height": 480}
            for one, name in zip(image_ids, names, strict=True)
        ],
        "annotations": annotations,
        "categories": [{"id": one, "name": f"class {one}"} for one in ids],
    }


def ultralytics(detections: tuple[Detection, ...], names: tuple[str, ...], class_map: list[int]) -> list[Any]:
    """A stem of digits becomes a number; centre and size in float32, then the corner; 3 and 5 decimals."""
    written = []
    for name, number, corners, score in detections:
        x1, y1, x2, y2 = np.array(corners, dtype=np.float32)
        box = np.array([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], dtype=np.float32)
        box[:2] -= box[2:] / 2
        stem = Path(names[NAMES.index(name)]).stem
        written.append(
            {
                "image_id": int(stem) if stem.isnumeric() else stem,
                "category_id": class_map[number],
                "bbox": [round(value, 3) for value in box.tolist()],
                "score": round(float(np.float32(score)), 5),
            }
        )
    return written


@pytest.mark.parametrize("is_coco", [True, False])
@pytest.mark.parametrize("names", [NAMES, ("a b.c.jpg", "night/0007.png")])
def test_predictions_of_ultralytics(tmp_path: Path, names: tuple[str, ...], is_coco: bool) -> None:
    """With COCO's data.yaml classes become COCO's ids, with any other they count from 0."""
    class_map = list(COCO_IDS) if is_coco else list(range(80))
    truth = ground_truth(names, coco_ids=False)
    for place, one in enumerate(truth["categories"]):
        one["id"] = COCO_IDS[CLASSES[place]]
    for annotation in truth["annotations"]:
        annotation["category_id"] = COCO_IDS[CLASSES[annotation["category_id"] - 1]]
    (tmp_path / "gt.json").write_text(json.dumps(truth))
    (tmp_path / "predictions.json").write_text(json.dumps(ultralytics(DETECTIONS, names, class_map)))
    options = ["--image-map", "stem", *([] if is_coco else ["--category-map", "coco80to91"])]
    done = run_mapgap("evaluate", "gt.json", "predictions.json", *options, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["coco"]["AP"] > 0.999
    reading = Reading(image_map="stem", category_map=None if is_coco else "coco80to91")
    found = mapgap.evaluate(tmp_path / "gt.json", tmp_path / "predictions.json", reading=reading)
    assert found.metrics["AP75"] is not None
    assert found.metrics["AP75"] > 0.999


def test_numbers_as_image_ids_of_ultralytics_are_coco_s_own() -> None:
    """On COCO itself a stem such as 000000000139 is the image's id: nothing has to be mapped."""
    predictions = ultralytics(DETECTIONS, NAMES, list(COCO_IDS))
    metrics = mapgap.evaluate(ground_truth(NAMES, coco_ids=True), predictions).metrics
    assert metrics["AP"] is not None
    assert metrics["AP"] > 0.999


def test_predictions_of_a_converted_data_set_by_position() -> None:
    """Classes of one's own data count from 0 in the order of data.yaml, which is that of a converted ground truth."""
    truth = ground_truth(NAMES, coco_ids=False)
    predictions = ultralytics(
        DETECTIONS, NAMES, [CLASSES.index(number) if number in CLASSES else -1 for number in range(80)]
    )
    for category_map in ("by-position", "+1"):
        reading = Reading(image_map="stem", category_map=category_map)
        metrics = mapgap.evaluate(truth, predictions, reading=reading).metrics
        assert metrics["AP"] is not None
        assert metrics["AP"] > 0.999


def run_lengths(corners: tuple[float, ...]) -> dict[str, Any]:
    from pycocotools import mask

    pixels = np.zeros((480, 640), dtype=np.uint8, order="F")
    left, top, right, bottom = map(round, corners)
    pixels[top:bottom, left:right] = 1
    encoded = mask.encode(pixels)
    return {"size": encoded["size"], "counts": encoded["counts"].decode()}


def coco_results(*, with_masks: bool) -> list[dict[str, Any]]:
    """What Detectron2 and MMDetection write alike: ids of the data set, xywh as float, masks as run lengths."""
    truth = ground_truth(NAMES, coco_ids=True)
    written = []
    for annotation, (_, _, corners, score) in zip(truth["annotations"], DETECTIONS, strict=True):
        record = {
            "image_id": annotation["image_id"],
            "category_id": annotation["category_id"],
            "bbox": annotation["bbox"],
            "score": score,
        }
        written.append({**record, "segmentation": run_lengths(corners)} if with_masks else record)
    return written


@pytest.mark.parametrize(
    ("name", "with_masks", "iou_type"),
    [
        ("coco_instances_results.json", False, "bbox"),
        ("coco_instances_results.json", True, "bbox"),
        ("coco_instances_results.json", True, "segm"),
        ("results.bbox.json", False, "bbox"),
        ("results.segm.json", True, "segm"),
    ],
)
def test_results_of_detectron2_and_mmdetection(tmp_path: Path, name: str, with_masks: bool, iou_type: str) -> None:
    truth = ground_truth(NAMES, coco_ids=True)
    for annotation, (_, _, corners, _) in zip(truth["annotations"], DETECTIONS, strict=True):
        annotation["segmentation"] = run_lengths(corners)
    (tmp_path / name).write_text(json.dumps(coco_results(with_masks=with_masks)))
    metrics = mapgap.evaluate(truth, tmp_path / name, iou_type=iou_type).metrics
    assert metrics["AP"] is not None
    assert metrics["AP"] > 0.999


def test_a_pickle_of_mmdetection_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "gt.json").write_text(json.dumps(ground_truth(NAMES, coco_ids=True)))
    for protocol in (2, 3, 4, 5):
        (tmp_path / "results.pkl").write_bytes(pickle.dumps([{"img_id": 1}], protocol=protocol))
        line = complaint(run_mapgap("evaluate", "gt.json", "results.pkl", cwd=tmp_path), 2)
        assert line.startswith("results.pkl: the file is a Python pickle, not JSON. A pickle can run code")
        assert "test_evaluator.outfile_prefix=results" in line
        assert "results.bbox.json" in line


@pytest.mark.parametrize("stem", ["instances_predictions", "archive"])
def test_a_torch_file_of_detectron2_is_refused_with_the_way_out(tmp_path: Path, stem: str) -> None:
    """torch.save writes a zip archive, without compression, whose first file is NAME/data.pkl."""
    with zipfile.ZipFile(tmp_path / "instances_predictions.pth", "w") as archive:
        archive.writestr(f"{stem}/data.pkl", pickle.dumps([], protocol=2))
        archive.writestr(f"{stem}/version", b"3\n")
    with pytest.raises(InputError, match=r"a PyTorch file, .*give that") as refusal:
        mapgap.evaluate(ground_truth(NAMES, coco_ids=True), tmp_path / "instances_predictions.pth")
    assert "coco_instances_results.json" in str(refusal.value)
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as archive:
        archive.writestr("results.json", "[]")
    with pytest.raises(InputError, match=r"a zip archive, not JSON\. Unpack it"):
        mapgap.evaluate(ground_truth(NAMES, coco_ids=True), tmp_path / "plain.zip")
