"""Slow twin of the room tide: tidecv's rules in plain Python, from COCO dicts, image by image and one run at a time."""

from typing import Any

from tests.generated import CocoPair

POSITIVE, BACKGROUND, LIMIT = 0.5, 0.1, 100
MAIN = ("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss")


def tide(pair: CocoPair) -> dict[str, Any]:
    """{"ap50", "dap", "counts"} as `mapgap.tables.Tide` has them."""
    objects = [{**a, "found": False, "best": None} for a in pair.ground_truth["annotations"]]
    detections: list[dict[str, Any]] = []
    for image in pair.ground_truth["images"]:
        here = [o for o in objects if o["image_id"] == image["id"]]
        proposed = [dict(d) for d in pair.detections if d["image_id"] == image["id"]]
        kept = sorted(proposed, key=lambda d: -d["score"])[:LIMIT]
        _run_image(kept, here)
        detections += kept
    real = [o for o in objects if not o["iscrowd"]]
    found_or_proposed = [o for o in real if o["found"] or o["best"] is not None]
    found = [o for o in real if o["found"]]

    now = _mean_ap(_points(detections, fixed=None, errors_first=False), real)
    runs = {name: _mean_ap(_points(detections, fixed=name), real) for name in MAIN[:-1]}
    runs["Miss"] = _mean_ap(_points(detections, fixed=None), found_or_proposed)
    dap = {name: None if now is None or then is None else max(then - now, 0.0) for name, then in runs.items()}
    perfect = [(category, float(right), right) for category, _, right in _points(detections, fixed=None)]
    special = {
        "FP": _mean_ap(perfect, real),
        "FN": _mean_ap(_points(detections, fixed=None), found),
    }
    dap |= {name: None if now is None or then is None else then - now for name, then in special.items()}
    counts = {name: sum(d["type"] == name for d in detections) for name in MAIN[:-1]}
    false_positives = sum(d["type"] != "TP" and not d["ignored"] for d in detections)
    return {
        "ap50": now,
        "dap": dap,
        "counts": {
            **counts,
            "Miss": len(real) - len(found_or_proposed),
            "FP": false_positives,
            "FN": len(real) - len(found),
        },
    }


def _run_image(detections: list[dict[str, Any]], annotations: list[dict[str, Any]]) -> None:
    """Gives the detections of one image, sorted by score, their `type`, `ignored` and `target`."""
    objects = [a for a in annotations if not a["iscrowd"]]
    crowds = [a for a in annotations if a["iscrowd"]]
    for detection in detections:
        detection.update(type=None, ignored=False, target=None)
        free = [o for o in objects if _is_same(detection, o) and not o["found"]]
        best = _first_best(detection, free)
        if best is not None and _iou(detection, best) >= POSITIVE:
            best["found"] = True
            detection.update(type="TP", target=best)
    for detection in detections:
        if detection["type"] == "TP":
            continue
        detection["ignored"] = any(_is_same(detection, c) and _iou(detection, c) > POSITIVE for c in crowds)
        detection["type"], detection["target"] = _error_type(detection, objects)
        target = detection["target"]
        if target is not None and not target["found"] and target["best"] is None:
            target["best"] = detection


def _error_type(detection: dict[str, Any], objects: list[dict[str, Any]]) -> tuple[str, dict[str, Any] | None]:
    """The type of an unmatched detection, and the object that a Cls or Loc error points at."""
    same = _first_best(detection, [o for o in objects if _is_same(detection, o)])
    if same is not None and BACKGROUND <= _iou(detection, same) <= POSITIVE:
        return "Loc", same
    other = _first_best(detection, [o for o in objects if not _is_same(detection, o)])
    if other is not None and _iou(detection, other) >= POSITIVE:
        return "Cls", other
    if any(_is_same(detection, o) and o["found"] and _iou(detection, o) >= POSITIVE for o in objects):
        return "Dupe", None
    if all(_iou(detection, o) <= BACKGROUND for o in objects):
        return "Bkg", None
    return "Both", None


def _points(
    detections: list[dict[str, Any]], fixed: str | None, errors_first: bool = True
) -> list[tuple[int, float, bool]]:
    """(category, score, right) of what counts once the errors of one type are fixed, in the order of equal scores."""
    errors, right = [], []
    everything = []
    for detection in detections:
        point = (detection["category_id"], detection["score"], detection["type"] == "TP")
        if detection["type"] == "TP":
            right.append(point)
        elif detection["type"] == fixed:
            target = detection["target"]
            if target is None or target["found"] or target["best"] is not detection:
                continue
            point = (target["category_id"], detection["score"], True)
            errors.append(point)
        elif not detection["ignored"]:
            errors.append(point)
        else:
            continue
        everything.append(point)
    return errors + right if errors_first else everything


def _mean_ap(points: list[tuple[int, float, bool]], objects: list[dict[str, Any]]) -> float | None:
    categories = sorted({o["category_id"] for o in objects})
    if not categories:
        return None
    values = [
        _average_precision(
            [(score, right) for of, score, right in points if of == category],
            sum(o["category_id"] == category for o in objects),
        )
        for category in categories
    ]
    return sum(values) / len(values)


def _average_precision(points: list[tuple[float, bool]], objects: int) -> float:
    precision, recall, right = [], [], 0
    for rank, (_, is_right) in enumerate(sorted(points, key=lambda point: -point[0]), start=1):
        right += is_right
        precision.append(right / rank)
        recall.append(right / objects)
    reached = [
        max((p for p, r in zip(precision, recall, strict=True) if r >= point / 100), default=0.0)
        for point in range(101)
    ]
    return sum(reached) / 101


def _is_same(detection: dict[str, Any], annotation: dict[str, Any]) -> bool:
    return bool(detection["category_id"] == annotation["category_id"])


def _first_best(detection: dict[str, Any], objects: list[dict[str, Any]]) -> dict[str, Any] | None:
    return max(objects, key=lambda o: _iou(detection, o), default=None)


def _iou(detection: dict[str, Any], annotation: dict[str, Any]) -> float:
    one, other = detection["bbox"], annotation["bbox"]
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    detected = one[2] * one[3]
    return float(both / (detected if annotation["iscrowd"] else detected + other[2] * other[3] - both))
