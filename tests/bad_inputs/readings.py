"""Scenes of forty pictures whose detections, or boxes of the ground truth, are written in another form."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from mapgap.readings.categories import COCO_IDS
from tests.bad_inputs.pair import Pair, Results, Truth, refused, silent, warned

PICTURES, OBJECTS_A_PICTURE = 40, 4
SIZES = ((640, 480), (480, 640), (500, 375), (612, 612), (333, 500))


def scene(class_ids: tuple[int, ...] = (2, 5, 9), recall: float = 0.7) -> tuple[Truth, Results]:
    """Forty pictures of several sizes and a middling detector."""
    rng = random.Random(7)
    images, annotations, results = [], [], []
    for k in range(PICTURES):
        width, height = SIZES[k % len(SIZES)]
        number = 139 + 17 * k
        images.append({"id": number, "width": width, "height": height, "file_name": f"{number:012}.jpg"})
        for _ in range(OBJECTS_A_PICTURE):
            w, h = rng.randint(40, width // 3), rng.randint(30, height // 3)
            box = [rng.randint(0, width - w), rng.randint(0, height - h), w, h]
            record = {"image_id": number, "category_id": rng.choice(class_ids)}
            annotations.append({"id": len(annotations) + 1, **record, "bbox": box, "area": w * h, "iscrowd": 0})
            if rng.random() < recall:
                moved = [box[0] + rng.randint(-2, 2), box[1] + rng.randint(-2, 2), w + rng.randint(-3, 3), h + 1]
                results.append({**record, "bbox": moved, "score": round(rng.uniform(0.4, 0.99), 3)})
            if rng.random() < 0.4:
                elsewhere = [rng.randint(0, width - w), rng.randint(0, height - h), w, h]
                results.append({**record, "bbox": elsewhere, "score": round(rng.uniform(0.05, 0.5), 3)})
    categories = [{"id": number, "name": f"class {number}"} for number in sorted(class_ids)]
    return {"images": images, "annotations": annotations, "categories": categories}, results


def other_readings() -> Iterator[Pair]:
    """Each of the mistakes that the doctor names with its evidence and the option for it."""
    truth, results = scene()
    yield silent("honest_scene", truth, results)
    yield from _boxes(truth, results)
    yield from _ids(truth, results)
    yield from _classes()
    turned = [{**record, "score": round(1 - record["score"], 3)} for record in results]
    yield warned("scores_reversed", "scores_reversed", "dt.json", "--score-format reversed", gt=truth, dt=turned)
    corners = [{**record, "bbox": _corners(record["bbox"])} for record in truth["annotations"]]
    codes = ("ground_truth_boxes", "box_outside_image")
    yield warned(
        "ground_truth_in_corners", codes, "gt.json", "--ground-truth-box-format xyxy",
        gt={**truth, "annotations": corners}, dt=results,
    )  # fmt: skip
    weak = [{**record, "bbox": [7 * k % 300, 11 * k % 300, 8, 8]} for k, record in enumerate(results)]
    yield warned("boxes_of_nothing", "few_matches", "dt.json", "none of", gt=truth, dt=weak)


def _boxes(truth: Truth, results: Results) -> Iterator[Pair]:
    sizes = {image["id"]: (image["width"], image["height"]) for image in truth["images"]}

    def written(form: str) -> Results:
        return [{**r, "bbox": _written(form, r["bbox"], *sizes[r["image_id"]])} for r in results]

    for form in ("xyxy", "yxyx", "cxcywh", "yxhw"):
        codes = ("other_box_format", "box_outside_image")
        yield warned(f"boxes_{form}", codes, "dt.json", f"--box-format {form}", "match", gt=truth, dt=written(form))
    for form in ("xywh-normalized", "xyxy-normalized", "cxcywh-normalized", "yxyx-normalized"):
        yield warned(f"boxes_{form}", "other_box_scale", f"--box-format {form}", gt=truth, dt=written(form))
    codes = ("other_box_scale", "box_outside_image")
    yield warned("boxes_resized", codes, "--box-format xywh-resized:416", gt=truth, dt=written("resized"))
    yield warned("boxes_letterboxed", codes, "--box-format xywh-letterboxed", gt=truth, dt=written("letterboxed"))


def _ids(truth: Truth, results: Results) -> Iterator[Pair]:
    """Image ids that are known, but another picture's; and classes likewise."""
    places = {image["id"]: k for k, image in enumerate(truth["images"])}
    renumbered = {
        "images": [{**image, "id": k + 1} for k, image in enumerate(truth["images"])],
        "annotations": [{**a, "image_id": places[a["image_id"]] + 1} for a in truth["annotations"]],
        "categories": truth["categories"],
    }
    of_40 = [{**r, "image_id": places[r["image_id"]] + 1} for r in results]
    later = [{**r, "image_id": r["image_id"] % PICTURES + 1} for r in of_40]
    yield silent("scene_numbered_from_1", renumbered, of_40)
    from_0 = [{**r, "image_id": r["image_id"] - 1} for r in of_40]
    codes = ("unknown_image", "other_image_ids")
    yield _told("image_ids_from_0", (*codes, "box_outside_image"), "--image-map", renumbered, from_0)
    of_others = [r for r in later if r["image_id"] != 1]
    yield warned(
        "image_ids_one_too_large",
        ("other_image_ids", "box_outside_image"),
        "--image-map -1",
        gt=renumbered,
        dt=of_others,
    )
    yield _told(
        "image_places",
        codes,
        "--image-map by-position",
        truth,
        [{**r, "image_id": places[r["image_id"]]} for r in results],
    )
    names = [{**r, "image_id": f"{r['image_id']:012}.jpg"} for r in results]
    yield _told("image_file_names", ("image_id_invalid", "other_image_ids"), "--image-map", truth, names)
    stems = [{**r, "image_id": f"{r['image_id']:012}"} for r in results]
    yield _told("image_stems", ("image_id_invalid", "other_image_ids"), "--image-map stem", truth, stems)
    class_names = [{**r, "category_id": f"class {r['category_id']}"} for r in results]
    yield _told(
        "class_names", ("category_id_invalid", "other_category_ids"), "--category-map by-name", truth, class_names
    )


def _classes() -> Iterator[Pair]:
    truth, results = scene((1, 2, 3, 4))
    shifted = [{**r, "category_id": r["category_id"] - 1} for r in results]
    yield _told("class_ids_from_0", ("unknown_category", "other_category_ids"), "--category-map +1", truth, shifted)
    coco, found = scene(tuple(COCO_IDS))
    places: Mapping[int, int] = {number: k for k, number in enumerate(COCO_IDS)}
    of_80 = [{**r, "category_id": places[r["category_id"]]} for r in found]
    codes = ("unknown_category", "other_category_ids")
    yield _told("coco_classes_from_0_to_79", codes, "--category-map", coco, of_80)


def _told(name: str, codes: tuple[str, ...], option: str, truth: Truth, results: Results) -> Pair:
    """A pair that is refused as it stands, for which the doctor names a reading all the same."""
    images, classes = ({record["id"] for record in truth[name]} for name in ("images", "categories"))
    known = [record for record in results if record["image_id"] in images and record["category_id"] in classes]
    return refused(name, codes, "dt.json", option, gt=truth, dt=results, rest=(truth, known))


def _corners(box: list[int]) -> list[int]:
    return [box[0], box[1], box[0] + box[2], box[1] + box[3]]


def _written(form: str, box: list[int], width: int, height: int) -> list[Any]:
    layout, _, scale = form.partition("-")
    x, y, w, h = box
    if layout == "resized":
        return [x * 416 / width, y * 416 / height, w * 416 / width, h * 416 / height]
    if layout == "letterboxed":
        factor = 640 / max(width, height)
        left, top = (640 - factor * width) / 2, (640 - factor * height) / 2
        return [left + x * factor, top + y * factor, w * factor, h * factor]
    if scale == "normalized":
        x, w, y, h = x / width, w / width, y / height, h / height  # type: ignore[assignment]
    return {
        "xywh": [x, y, w, h],
        "xyxy": [x, y, x + w, y + h],
        "yxyx": [y, x, y + h, x + w],
        "cxcywh": [x + w / 2, y + h / 2, w, h],
        "yxhw": [y, x, h, w],
    }[layout]
