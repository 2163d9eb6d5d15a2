"""Compares mapgap's TIDE numbers with tidecv 1.0.1 on random cases; prints a table, and every case that differs.

    python benchmarks/tide_against_tidecv.py PYTHON_WITH_TIDECV [CASES] [SEED]

PYTHON_WITH_TIDECV is the interpreter of an environment with `tidecv==1.0.1`, `numpy<2` and `opencv-python-headless`.
mapgap differs on purpose where a class has no ground truth, or has none left after a fix: so detections of classes
without ground truth are not generated, and where a fix leaves a class without objects ("class emptied") mapgap's number
is compared with the mean of tidecv's values over the classes that are left.
"""

import json
import math
import random
import subprocess
import sys
from collections import Counter
from typing import Any

Case = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Exit code 1 if a number differs by more than 1e-9."""
    if arguments == ["--tidecv"]:
        answer_for_tidecv()
        return 0
    other_python, cases, seed = arguments[0], int((arguments[1:2] or [2000])[0]), int((arguments[2:3] or [0])[0])
    chance = random.Random(seed)
    generated = [random_case(chance) for _ in range(cases)]
    lines = "\n".join(json.dumps(case) for case in generated)
    command = [other_python, __file__, "--tidecv"]
    answers = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    theirs = [json.loads(answer) for answer in answers]
    compared, differing = Counter[str](), Counter[str]()
    for number, (case, their) in enumerate(zip(generated, theirs, strict=True)):
        compare(number, run_mapgap(case), their, compared, differing)
    for name, times in sorted(compared.items()):
        print(f"{name:23} compared {times:6}  different {differing[name]:6}")
    return int(differing.total() > 0)


def compare(number: int, ours: Case, theirs: Case, compared: Counter[str], differing: Counter[str]) -> None:
    """Adds one case to the two tallies."""
    for name, value in theirs.items():
        mine = ours[name.partition(",")[0]]
        compared[name] += 1
        is_equal = mine == value if mine is None or value is None else abs(mine - value) <= 1e-9
        if not is_equal:
            differing[name] += 1
            print(f"case {number}: {name} is {mine} here, {value} by tidecv")


def random_case(chance: random.Random) -> Case:
    """Boxes on a small grid, so that ties and overlaps of exactly .1 and .5 happen; every class has an object."""
    image_ids = chance.sample(range(50), chance.randint(1, 4))
    class_ids = list(range(chance.randint(1, 4)))
    grid, scale = chance.choice([2, 4, 6, 10]), chance.choice([1, 1, 10, 0.1])
    annotations = [
        {
            "image_id": image,
            "category_id": chance.choice(class_ids),
            "bbox": random_box(chance, grid, scale),
            "iscrowd": int(chance.random() < 0.15),
        }
        for image in image_ids
        for _ in range(chance.randint(0, 8))
    ]
    # An image and class without an annotation happens; a class without any object does not.
    annotations += [
        {"image_id": image_ids[0], "category_id": one, "bbox": random_box(chance, grid, scale), "iscrowd": 0}
        for one in class_ids
    ]
    most = chance.choice([3, 10, 10, 30, 130])
    detections = [
        random_detection(chance, annotations, image, class_ids, grid, scale)
        for image in image_ids
        for _ in range(chance.randint(0, most))
    ]
    chance.shuffle(detections)
    return {"images": image_ids, "classes": class_ids, "annotations": annotations, "detections": detections}


def random_detection(
    chance: random.Random, annotations: list[Case], image: int, class_ids: list[int], grid: int, scale: float
) -> Case:
    """A box of its own, or that of an annotation of the image with one side moved, often of the same class."""
    box, category = random_box(chance, grid, scale), chance.choice(class_ids)
    here = [a for a in annotations if a["image_id"] == image]
    if here and chance.random() < 0.75:
        source = chance.choice(here)
        box = list(source["bbox"])
        box[chance.randrange(4)] += chance.choice([0, 0, 1, 2]) * scale
        if chance.random() < 0.7:
            category = source["category_id"]
    return {"image_id": image, "category_id": category, "bbox": box, "score": chance.randint(1, 12) / 12}


def random_box(chance: random.Random, grid: int, scale: float) -> list[float]:
    """[x, y, width, height]."""
    low = (0, 0, 1, 1)
    return [chance.randint(start, grid) * scale for start in low]


def run_mapgap(case: Case) -> Case:
    """AP50, dAP and counts by mapgap."""
    from mapgap.coco.detections import read_detections
    from mapgap.coco.ground_truth import read_ground_truth
    from mapgap.matching import match_detections
    from mapgap.tables import BACKGROUND_IOU
    from mapgap.tide import tide

    ground_truth = read_ground_truth(
        {
            "images": [{"id": i, "width": 200, "height": 200, "file_name": f"{i}.jpg"} for i in case["images"]],
            "annotations": [
                {"id": number, "area": a["bbox"][2] * a["bbox"][3], **a}
                for number, a in enumerate(case["annotations"], start=1)
            ],
            "categories": [{"id": one, "name": f"class {one}"} for one in case["classes"]],
        }
    )
    detections = read_detections(case["detections"], ground_truth)
    matches, pairs = match_detections(ground_truth, detections, minimum_pair_iou=BACKGROUND_IOU, across_classes=True)
    result = tide(ground_truth, detections, matches, pairs)
    numbers: Case = {"AP50": result.ap50}
    numbers |= {f"dAP {name}": value for name, value in result.dap.items()}
    numbers |= {f"count {name}": value for name, value in result.counts.items()}
    return numbers


def answer_for_tidecv() -> None:
    """Reads one case a line, writes tidecv's numbers one case a line; runs under the other interpreter."""
    for line in sys.stdin:
        print(json.dumps(run_tidecv(json.loads(line))))


def run_tidecv(case: Case) -> Case:
    """AP50, dAP and counts by tidecv, as fractions of 1."""
    from tidecv import TIDE, Data

    ground_truth, detections = Data("ground truth", max_dets=100), Data("detections", max_dets=100)
    for image in case["images"]:
        ground_truth.add_image(image, str(image))
    for one in case["classes"]:
        ground_truth.add_class(one, str(one))
    for a in case["annotations"]:
        add = ground_truth.add_ignore_region if a["iscrowd"] else ground_truth.add_ground_truth
        add(a["image_id"], a["category_id"], a["bbox"])
    for d in case["detections"]:
        detections.add_detection(d["image_id"], d["category_id"], d["score"], d["bbox"])
    run = TIDE().evaluate(ground_truth, detections, mode=TIDE.BOX)
    fixes = {
        kind.short_name: run.fix_errors(lambda error, kind=kind: isinstance(error, kind)) for kind in TIDE._error_types
    }
    fixes["FP"] = run.fix_errors(transform=TIDE._special_error_types[0].fix)
    fixes["FN"] = run.fix_errors(false_neg_dict=run.false_negatives)
    numbers = {"AP50": run.ap / 100}
    for name, data in fixes.items():
        numbers |= rise(name, run.ap, data)
    numbers |= {f"count {kind.short_name}": value for kind, value in run.count_errors().items()}
    numbers["count FN"] = sum(len(missed) for missed in run.false_negatives.values())
    points = [point for of_class in run.ap_data.objs.values() for point in of_class.data_points.values()]
    numbers["count FP"] = sum(not is_right for _, is_right, _ in points)
    return numbers


def rise(name: str, before: float, data: Any) -> Case:
    """dAP of one fixed run, under another name and with mapgap's mean where a class is left without objects."""
    left = [of_class.get_ap() for of_class in data.objs.values() if of_class.num_gt_positives > 0]
    is_emptied = len(left) < len(data.objs)
    mean = data.get_mAP() if not is_emptied else sum(left) / len(left) if left else None
    lowest = -math.inf if name in ("FP", "FN") else 0
    value = None if mean is None else max(mean - before, lowest) / 100
    return {f"dAP {name}, class emptied" if is_emptied else f"dAP {name}": value}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
