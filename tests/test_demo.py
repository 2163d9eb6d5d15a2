"""The demo data: seeded, valid, really dark at night, really covered, and with the weaknesses it claims."""

import importlib.util
import json
import shutil
import sys
from collections import Counter
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mapgap.demo import Demo, Scene, Thing, make_demo, render_image, render_images
from mapgap.demo.annotations import WRONG_LABELS
from mapgap.demo.backdrops import backdrop
from mapgap.demo.chance import pick, stream
from mapgap.demo.descriptions import CLASSES, OBSTACLES, PLACES
from mapgap.demo.drawing import visible_shares
from mapgap.demo.files import demo_files, json_text
from mapgap.demo.palette import COLOURS, TIMES, palette
from mapgap.demo.things import STYLES, sketch
from mapgap.errors import InputError

DATASETS = Path(__file__).parent.parent / "datasets"


@pytest.fixture(scope="module")
def demo() -> Demo:
    return make_demo()


@pytest.fixture(scope="module")
def files(demo: Demo) -> dict[str, bytes]:
    return dict(demo_files(demo))


@pytest.fixture(scope="module")
def pixels(files: dict[str, bytes]) -> dict[str, np.ndarray]:
    """Pixels of the pictures as they come out of their files."""
    return {name: np.asarray(Image.open(BytesIO(files[name]))) for name in files if name.endswith(".png")}


def objects(demo: Demo) -> list[dict[str, Any]]:
    return [annotation for annotation in demo.ground_truth["annotations"] if not annotation["iscrowd"]]


def test_same_seed_same_demo_and_another_seed_another() -> None:
    one, again, other = make_demo(3, 12), make_demo(3, 12), make_demo(4, 12)
    assert one == again
    assert json_text(one.detections) == json_text(again.detections)
    assert one.detections != other.detections
    assert one.ground_truth["annotations"] != other.ground_truth["annotations"]
    assert one.scenes != other.scenes


def test_a_picture_does_not_depend_on_the_others(demo: Demo, pixels: dict[str, np.ndarray]) -> None:
    few = make_demo(images=5)
    assert few.scenes == demo.scenes[:5]
    assert few.detections == [row for row in demo.detections if row["image_id"] <= 5]
    assert np.array_equal(np.asarray(render_image(few.scenes[4])), pixels["images/0005.png"])


def test_no_images_is_an_empty_demo() -> None:
    empty = make_demo(images=0)
    assert empty.ground_truth["images"] == []
    assert empty.ground_truth["annotations"] == []
    assert empty.detections == []
    assert [name for name, _ in demo_files(empty)] == ["gt.json", "detections.json", "later.json", "weaknesses.json"]
    assert json.loads(json_text(empty.ground_truth)) == empty.ground_truth


@pytest.mark.parametrize(("seed", "images"), [(-1, 3), (0, -1)])
def test_negative_seed_or_number_is_refused(seed: int, images: int) -> None:
    with pytest.raises(InputError, match="negative"):
        make_demo(seed, images)


def test_ground_truth_is_valid_coco(demo: Demo) -> None:
    images, annotations = demo.ground_truth["images"], demo.ground_truth["annotations"]
    assert [image["id"] for image in images] == list(range(1, 301))
    assert [annotation["id"] for annotation in annotations] == list(range(1, len(annotations) + 1))
    assert [(one["id"], one["name"]) for one in demo.ground_truth["categories"]] == list(enumerate(CLASSES, start=1))
    assert len({image["file_name"] for image in images}) == 300
    assert images[0]["file_name"] == "images/0001.png"
    assert {(image["width"], image["height"]) for image in images} == {(320, 240)}
    assert "date_captured" not in images[0]
    for annotation in annotations:
        x, y, width, height = annotation["bbox"]
        assert all(isinstance(value, int) for value in annotation["bbox"])
        assert min(x, y) >= 0
        assert min(width, height) >= 4
        assert x + width <= 320
        assert y + height <= 240
        assert annotation["area"] == width * height
        assert annotation["iscrowd"] in (0, 1)
        assert 1 <= annotation["image_id"] <= 300
        assert 1 <= annotation["category_id"] <= 5


def test_detections_are_valid_coco_results(demo: Demo) -> None:
    for row in demo.detections:
        x, y, width, height = row["bbox"]
        assert min(x, y) >= 0
        assert min(width, height) > 0
        assert x + width <= 320.01
        assert y + height <= 240.01
        assert 0 < row["score"] <= 1
        assert row["score"] == round(row["score"], 4)
        assert row["bbox"] == [round(value, 2) for value in row["bbox"]]
        assert 1 <= row["image_id"] <= 300
        assert 1 <= row["category_id"] <= 5
    assert max(Counter(row["image_id"] for row in demo.detections).values()) <= 100


def test_amounts(demo: Demo) -> None:
    number = len(objects(demo))
    assert 1800 < number < 2200
    assert 5 <= sum(annotation["iscrowd"] for annotation in demo.ground_truth["annotations"]) <= 40
    assert 3 <= 300 - len({annotation["image_id"] for annotation in demo.ground_truth["annotations"]}) <= 20
    assert min(Counter(annotation["category_id"] for annotation in objects(demo)).values()) > 250
    assert Counter((image["time_of_day"], image["scene"]) for image in demo.ground_truth["images"]) == Counter(
        {(time, place): 34 if (time, place) in {("day", "street"), ("dusk", "street"), ("night", "street")} else 33
         for time in TIMES for place in PLACES}
    )  # fmt: skip
    assert abs(len(demo.wrong_labels) / number - WRONG_LABELS) < 0.01


def test_sizes_from_8_pixels_to_large(demo: Demo) -> None:
    sides = [max(annotation["bbox"][2:]) for annotation in objects(demo)]
    assert min(sides) <= 8
    areas = np.array([annotation["area"] for annotation in objects(demo)])
    assert (areas < 32 * 32).mean() > 0.3
    assert (areas >= 96 * 96).mean() > 0.2


def test_wrong_labels_name_what_file_and_picture_say(demo: Demo) -> None:
    annotations = {annotation["id"]: annotation for annotation in demo.ground_truth["annotations"]}
    kinds = [(scene.number, thing.box, thing.kind) for scene in demo.scenes for thing in scene.things]
    for wrong in demo.wrong_labels:
        annotation = annotations[wrong.annotation_id]
        assert CLASSES[annotation["category_id"] - 1] == wrong.labelled
        assert (annotation["image_id"], tuple(annotation["bbox"]), wrong.drawn) in kinds
        assert wrong.labelled != wrong.drawn


def test_darkness_by_time_of_day(demo: Demo, pixels: dict[str, np.ndarray]) -> None:
    brightness: dict[str, list[float]] = {time: [] for time in TIMES}
    for image in demo.ground_truth["images"]:
        picture = pixels[image["file_name"]]
        brightness[image["time_of_day"]].append(float((picture @ np.array([0.299, 0.587, 0.114])).mean()))
    assert min(brightness["day"]) > 110
    assert min(brightness["dusk"]) > 45
    assert max(brightness["dusk"]) < 95
    assert max(brightness["night"]) < 45


def test_pictures_are_small_rgb_files(demo: Demo, files: dict[str, bytes], pixels: dict[str, np.ndarray]) -> None:
    contents = [content for name, content in files.items() if name.endswith(".png")]
    assert len(contents) == 300
    assert sum(map(len, contents)) < 2_000_000
    assert all(content.startswith(b"\x89PNG\r\n\x1a\n") for content in contents)
    image = render_image(demo.scenes[0])
    assert (image.mode, image.size) == ("RGB", (320, 240))
    assert len(image.getcolors() or []) <= len(COLOURS)
    few = make_demo(images=4)
    for scene, (name, drawn) in zip(few.scenes, render_images(few), strict=True):
        assert name == scene.file_name
        assert np.array_equal(np.asarray(drawn), pixels[name])


def test_occlusion_agrees_with_what_is_visible(demo: Demo) -> None:
    annotations = iter(demo.ground_truth["annotations"])
    seen_values = set()
    for scene in demo.scenes[:30]:
        for position, thing in enumerate(scene.things):
            if not thing.is_annotated:
                continue
            annotation = next(annotations)
            assert annotation["image_id"] == scene.number
            assert tuple(annotation["bbox"]) == thing.box
            share = _visible_share(scene, position)
            expected = "none" if share >= 0.9 else "partial" if share >= 0.5 else "heavy"
            assert annotation["attributes"] == {"occlusion": expected}
            assert share > 0.1
            seen_values.add(expected)
    assert seen_values == {"none", "partial", "heavy"}


def _visible_share(scene: Scene, position: int) -> float:
    """Paint the things one by one, pixel by pixel, and see who is on top."""
    top: dict[tuple[int, int], int] = {}
    for number, thing in enumerate(scene.things):
        x, y, width, height = thing.box
        rows, columns = np.nonzero(sketch(thing.kind, thing.style, width, height))
        top.update(((x + column, y + row), number) for row, column in zip(rows.tolist(), columns.tolist(), strict=True))
        if number == position:
            drawn = len(rows)
    return sum(owner == position for owner in top.values()) / drawn


def test_what_is_covered_is_not_in_the_picture() -> None:
    front = Thing("van", 2, (100, 100, 130, 80))
    scene = Scene(0, 1, "street", "day", 16, (Thing("sign", 0, (150, 110, 12, 12)), front))
    without = Scene(0, 1, "street", "day", 16, (front,))
    assert visible_shares(scene.things) == [0.0, 1.0]
    assert np.array_equal(np.asarray(render_image(scene)), np.asarray(render_image(without)))


@pytest.mark.parametrize("kind", [*CLASSES, *OBSTACLES.values(), "people"])
def test_a_sketch_fills_its_box(kind: str) -> None:
    sizes = (
        [(60, 26), (110, 44), (81, 33)]
        if kind == "people"
        else [(4, 8), (8, 8), (11, 5), (30, 13), (45, 97), (130, 81)]
    )
    for width, height in sizes:
        for style in range(STYLES):
            is_drawn = sketch(kind, style, width, height) > 0
            assert is_drawn.shape == (height, width)
            assert all(side.any() for side in (is_drawn[0], is_drawn[-1], is_drawn[:, 0], is_drawn[:, -1]))
            assert is_drawn.mean() > 0.1


@pytest.mark.parametrize("place", PLACES)
def test_a_backdrop_leaves_no_hole(place: str) -> None:
    for number in range(20):
        assert (backdrop(place, stream(0, number)) > 0).all()


def test_palettes_get_darker() -> None:
    day, dusk, night = (palette(time).astype(int).sum() for time in TIMES)
    assert day > 1.3 * dusk > 1.3 * night
    assert palette("day", 15).sum() < palette("day", 17).sum()


def test_pick_follows_weights() -> None:
    chance = stream(7)
    drawn = Counter(pick(chance, "abc", (1, 0, 3)) for _ in range(4000))
    assert drawn["b"] == 0
    assert drawn["c"] / drawn["a"] == pytest.approx(3, rel=0.15)


def test_every_planted_weakness_strikes_often(demo: Demo) -> None:
    """Per weakness, the rate of its symptom in its slice and outside, from boxes alone: at least 60 and three times."""
    images = {image["id"]: image for image in demo.ground_truth["images"]}
    by_image: dict[int, list[dict[str, Any]]] = {number: [] for number in images}
    for row in demo.detections:
        if row["score"] >= 0.25:
            by_image[row["image_id"]].append(row)
    tally: dict[str, dict[bool, list[bool]]] = {weakness.cause: {True: [], False: []} for weakness in demo.weaknesses}
    for one in objects(demo):
        image = images[one["image_id"]]
        overlaps = [
            (_iou(row["bbox"], one["bbox"]), row["category_id"] == one["category_id"]) for row in by_image[image["id"]]
        ]
        is_found = any(iou >= 0.5 and same for iou, same in overlaps)
        symptoms = {
            "missed": all(iou < 0.1 for iou, _ in overlaps),
            "localization": not is_found and any(0.1 <= iou < 0.5 and same for iou, same in overlaps),
            "classification": not is_found and any(iou >= 0.5 and not same for iou, same in overlaps),
            "duplicate": sum(iou >= 0.5 and same for iou, same in overlaps) > 1,
        }
        facts = {
            "size": "small" if one["area"] < 32**2 else "medium" if one["area"] < 96**2 else "large",
            "class": CLASSES[one["category_id"] - 1],
            **one["attributes"],
            **image,
        }
        for weakness in demo.weaknesses:
            if weakness.cause in symptoms:
                is_inside = all(facts[key] == value for key, value in weakness.where.items())
                tally[weakness.cause][is_inside].append(symptoms[weakness.cause])
    boxes = {number: [] for number in images}
    for annotation in demo.ground_truth["annotations"]:
        boxes[annotation["image_id"]].append(annotation["bbox"])
    for number, rows in by_image.items():
        for row in rows:
            is_alarm = all(_iou(row["bbox"], box) < 0.1 for box in boxes[number])
            tally["background"][images[number]["scene"] == "harbour"].append(is_alarm)
    assert set(tally) == {"missed", "localization", "classification", "duplicate", "background"}
    for cause, counts in tally.items():
        assert sum(counts[True]) >= 60, cause
        assert np.mean(counts[True]) > 3 * np.mean(counts[False]), cause


def _iou(one: list[float], other: list[float]) -> float:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(across, 0.0) * max(down, 0.0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def test_json_has_one_record_a_line(demo: Demo) -> None:
    text = json_text(demo.ground_truth)
    assert json.loads(text) == demo.ground_truth
    assert json.loads(json_text(demo.detections)) == demo.detections
    assert sum('"bbox"' in line for line in text.splitlines()) == len(demo.ground_truth["annotations"])


@pytest.fixture(scope="module")
def make_planted() -> ModuleType:
    if not (DATASETS / "make_planted.py").is_file():
        pytest.skip("datasets/ belongs to the repository and is not there")
    spec = importlib.util.spec_from_file_location("make_planted", DATASETS / "make_planted.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_planted_data_has_not_drifted(
    make_planted: ModuleType, demo: Demo, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the demo made above instead of making it once more."""
    monkeypatch.setattr(make_planted, "make_demo", lambda: demo)
    monkeypatch.setattr(make_planted, "demo_files", lambda _: files.items())
    assert make_planted.drift(make_planted.PLANTED) == []


def test_drift_is_seen(make_planted: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_planted, "make_demo", lambda: make_demo(images=3))
    make_planted.write(tmp_path)
    assert make_planted.drift(tmp_path) == []
    ground_truth = json.loads((tmp_path / "gt.json").read_text())
    ground_truth["annotations"][0]["area"] += 1e-6
    (tmp_path / "gt.json").write_text(json.dumps(ground_truth))
    shutil.copy(tmp_path / "images/0001.png", tmp_path / "images/0002.png")
    (tmp_path / "images/0003.png").rename(tmp_path / "images/0004.png")
    assert make_planted.drift(tmp_path) == [
        "gt.json: differs",
        "images/0002.png: differs",
        "images/0003.png: missing",
        "images/0004.png: does not belong here",
    ]
    monkeypatch.setattr(make_planted, "PLANTED", tmp_path)
    monkeypatch.setattr(sys, "argv", ["make_planted.py", "--check"])
    assert make_planted.main() == 1
    monkeypatch.setattr(sys, "argv", ["make_planted.py"])
    assert make_planted.main() == 0
    assert make_planted.drift(tmp_path) == []


def test_numbers_are_compared_to_1e_9(make_planted: ModuleType) -> None:
    assert make_planted.is_close({"a": [1, 0.5, None]}, {"a": [1.0, 0.5 + 9e-10, None]})
    assert not make_planted.is_close([0.5], [0.5 + 2e-9])
    assert not make_planted.is_close([1], [True])
    assert not make_planted.is_close({"a": 1}, {"b": 1})
    assert not make_planted.is_close([1.0], ["1.0"])
