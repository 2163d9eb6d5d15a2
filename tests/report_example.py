"""A small analysis made by hand: what the report's tests draw, without any other room."""

import random
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from mapgap.tables import (
    AREA_RANGES,
    CAUSES,
    GAP_CAUSES,
    IOU_THRESHOLDS,
    MAX_DETECTIONS,
    METRICS,
    NOT_AVAILABLE,
    NOT_AVAILABLE_BACKGROUND,
    Attribute,
    Candidates,
    Categories,
    Causes,
    CauseTotal,
    ConfusionMatrix,
    Debts,
    Detections,
    Errors,
    Example,
    FailureMode,
    GapSummary,
    GroundTruth,
    Hotter,
    ImageLevel,
    Images,
    Matches,
    Nearest,
    Notice,
    OperatingPoint,
    Results,
    Settings,
    Slices,
    Tide,
)

NAMES = ("person", "car", "traffic light", "unicorn")
SIZES = ("small", "medium", "large")
SCORE = 0.4
CATEGORY_IDS = (-1, 0, 7, 2**40)


def example_results(names: tuple[str, ...] = NAMES, *, images: int = 20, objects_per_image: int = 3) -> Results:
    """About 60 objects and 100 detections of four classes, the last without ground truth; the same every time."""
    chance = random.Random(7)
    objects = _objects(chance, images, objects_per_image)
    detections = _detections(chance, objects, images)
    truth = _ground_truth(objects, images, names)
    found = _found(detections, names)
    matches, causes = _matches(objects, detections)
    point = _operating_point(objects, detections)
    debts = _debts(chance, objects, detections)
    attributes = _attributes(objects, detections, names, images)
    errors = _errors(objects, detections)
    ap, ap50 = 1 - float(debts.gap.sum()), 1 - float(debts.gap_at_50.sum())
    slices = _slices(attributes, objects, detections, debts)
    return Results(
        settings=Settings(score_threshold=SCORE),
        ground_truth=truth,
        detections=found,
        matches=matches,
        analysis_threshold=0,
        metrics={
            name: {"AP": ap, "AP50": ap50, "APl": None}.get(name, 0.25 + 0.02 * i) for i, name in enumerate(METRICS)
        },
        class_ap=np.array([0.62, 0.4, 0.25, np.nan]),
        class_ap50=np.array([0.8, 0.7, 0.5, np.nan]),
        causes=causes,
        operating_point=point,
        errors=errors,
        debts=debts,
        gap=_gap(debts, ap, ap50),
        tide=Tide(
            ap50,
            {"Cls": 0.11, "Loc": 0.05, "Both": 0.0, "Dupe": 0.01, "Bkg": 0.0004, "Miss": 0.2, "FP": -0.01, "FN": 0.21},
            {"Cls": 8, "Loc": 9, "Both": 0, "Dupe": 6, "Bkg": 5, "Miss": 11},
        ),
        confusion_matrix=_confusion(objects, detections, names),
        candidates=Candidates(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)),
        image_level=ImageLevel(
            np.array([9, 8, 5, 0]),
            np.array([1, 2, 3, 4]),
            np.array([2, 2, 4, 0]),
            np.array([8, 8, 8, 16]),
            np.array([0.85, 0.8, 0.65, 0.8]),
            np.array([8 / 9, 0.8, 8 / 11, 0.8]),
            np.array([0.9, 0.85, 0.7, np.nan]),
        ),
        attributes=attributes,
        slices=slices,
        cause_totals=_cause_totals(errors, debts),
        failure_modes=_modes(truth, names),
        notices=(
            Notice("annotation_id_zero", "annotation id 0 is a match here; pycocotools says AP .41", 1, ("record 0",)),
            Notice("no_ground_truth", "detections of classes without ground truth owe nothing", 4),
        ),
    )


def empty_results() -> Results:
    """No images, no objects, no detections, no classes."""
    none_float, none_index, none_id = np.zeros(0), np.zeros(0, np.int32), np.zeros(0, np.int64)
    none_bool, none_code = np.zeros(0, bool), np.zeros(0, np.int8)
    example = example_results()
    truth = replace(
        example.ground_truth,
        images=Images(none_id, none_id, none_float, none_float, (), (), {}),
        categories=Categories(none_id, ()),
        record=none_id,
        ids=none_id,
        image=none_index,
        category=none_index,
        box=np.zeros((0, 4)),
        area=none_float,
        crowd=none_bool,
        attributes={},
        fields={},
    )
    found = Detections("none.json", None, none_id, none_index, none_index, np.zeros((0, 4)), none_float, none_float)
    return Results(
        settings=Settings(),
        ground_truth=truth,
        detections=found,
        matches=replace(
            example.matches,
            order=none_index,
            rank=none_index,
            class_order=none_index,
            class_offsets=np.zeros(1, np.int64),
            matched=np.zeros((1, 10, 0), np.int32),
            true_positive=np.zeros((4, 0), np.uint32),
            ignored=np.zeros((4, 0), np.uint32),
            positives=np.zeros((4, 0), np.int64),
        ),
        analysis_threshold=0,
        metrics=dict.fromkeys(METRICS),
        class_ap=none_float,
        class_ap50=none_float,
        causes=Causes(
            IOU_THRESHOLDS,
            np.zeros((10, 0), np.int8),
            np.zeros((10, 0), np.int8),
            Nearest(none_index, none_float, none_index, none_float, none_float, none_float),
        ),
        operating_point=OperatingPoint(None, 0.5, none_bool, none_bool, none_bool, none_id, none_id, none_id),
        errors=Errors(none_code, none_index, none_index, none_bool, none_index, none_index, none_float),
        debts=Debts(none_code, none_index, none_index, none_index, none_index, none_float, none_float),
        gap=GapSummary(None, dict.fromkeys(GAP_CAUSES, 0.0), None, dict.fromkeys(GAP_CAUSES, 0.0), None),
        tide=Tide(None, dict.fromkeys(("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss", "FP", "FN")), {}),
        confusion_matrix=ConfusionMatrix.of_cells(("background",), none_index, none_index),
        candidates=Candidates(none_index, none_index),
        image_level=ImageLevel(none_id, none_id, none_id, none_id, none_float, none_float, none_float),
        attributes=(Attribute("size", "geometry", ("n/a",), none_index, none_index),),
        slices=Slices((), none_id, none_id, none_id, none_id, none_id, none_float, none_float, none_bool),
        cause_totals=tuple(CauseTotal(cause, 0, 0, 0.0, None) for cause in CAUSES),
        failure_modes=(),
        notices=(),
    )


def _objects(chance: random.Random, images: int, per_image: int) -> list[dict[str, Any]]:
    objects = []
    for image in range(images):
        for place in range(per_image):
            size = chance.choice(SIZES)
            side = {"small": 20.0, "medium": 60.0, "large": 120.0}[size]
            objects.append(
                {
                    "image": image,
                    "category": chance.choice((0, 0, 1, 1, 2)),
                    "box": [place * 150.0, 10.0, side, side / 2],
                    "size": size,
                    "occlusion": chance.choice(("none", "partial", "heavy", None)),
                    "truncated": chance.choice((True, False, None)),
                    "lanes": chance.choice((1, 2, 3)),
                    "crowd": len(objects) in (4, 31),
                }
            )
    return objects


def _detections(chance: random.Random, objects: list[dict[str, Any]], images: int) -> list[dict[str, Any]]:
    """Each is a shrunken copy of its object, so that its IoU is the share that is left of the width."""
    detections: list[dict[str, Any]] = []

    def add(role: str, target: int, image: int, category: int, box: list[float], iou: float, score: float) -> None:
        detections.append(
            {
                "role": role,
                "object": target,
                "image": image,
                "category": category,
                "box": box,
                "iou": iou,
                "score": score,
            }
        )

    for g, thing in enumerate(objects):
        image, category, (x, y, w, h) = thing["image"], thing["category"], thing["box"]
        if thing["crowd"]:
            add("ignored", g, image, category, [x, y, w / 2, h], 1.0, 0.7)
            continue
        hard = thing["size"] == "small" and image % 2
        fate = chance.choice(("missed", "loose", "class", "low") if hard else ("hit", "hit", "hit", "loose", "class"))
        share = {"hit": chance.choice((0.65, 0.75, 0.875)), "loose": 0.375, "low": 0.75, "class": 0.75}.get(fate, 0.0)
        thing["fate"] = fate
        if fate != "missed":
            score = round(chance.uniform(0.05, 0.35) if fate == "low" else chance.uniform(0.45, 0.99), 3)
            named = (category + 1) % 3 if fate == "class" else category
            add(fate, g, image, named, [x, y, w * share, h], share, score)
        if fate == "hit" and chance.random() < 0.5:
            add("duplicate", g, image, category, [x, y, w * 0.625, h], 0.625, 0.42)
    for image in range(images):
        add(
            "background",
            -1,
            image,
            chance.choice((0, 1, 3)),
            [500.0, 300.0, 40.0, 40.0],
            0.0,
            round(chance.random(), 3),
        )
    add("cut", -1, 0, 0, [500.0, 380.0, 9.0, 9.0], 0.0, 0.01)
    chance.shuffle(detections)
    return detections


def _ground_truth(objects: list[dict[str, Any]], images: int, names: tuple[str, ...]) -> GroundTruth:
    ids = np.array([-2, 0, *range(2**33, 2**33 + images - 2)], np.int64)
    box = np.array([thing["box"] for thing in objects])
    return GroundTruth(
        name="instances.json",
        sha256="ab" * 32,
        images=Images(
            ids,
            np.arange(images),
            np.full(images, 640.0),
            np.full(images, 480.0),
            tuple(None if i == 1 else f"street/{i:03}.jpg" for i in range(images)),
            (None,) * images,
            {},
        ),
        categories=Categories(np.array(CATEGORY_IDS, np.int64), names),
        record=np.arange(len(objects)),
        ids=np.arange(len(objects), dtype=np.int64) - 1,
        image=np.array([thing["image"] for thing in objects], np.int32),
        category=np.array([thing["category"] for thing in objects], np.int32),
        box=box,
        area=box[:, 2] * box[:, 3],
        crowd=np.array([thing["crowd"] for thing in objects]),
        attributes={},
        fields={},
        notices=(Notice("dates", "no image is dated", 20),),
    )


def _found(detections: list[dict[str, Any]], names: tuple[str, ...]) -> Detections:
    box = np.array([row["box"] for row in detections])
    return Detections(
        name="yolo.json",
        sha256=None,
        record=np.arange(len(detections)) + 10,
        image=np.array([row["image"] for row in detections], np.int32),
        category=np.array([row["category"] for row in detections], np.int32),
        box=box,
        area=box[:, 2] * box[:, 3],
        score=np.array([row["score"] for row in detections]),
    )


def _matches(objects: list[dict[str, Any]], detections: list[dict[str, Any]]) -> tuple[Matches, Causes]:
    d, n, t = len(detections), len(objects), len(IOU_THRESHOLDS)
    matched = np.full((1, t, d), -1, np.int32)
    true_positive, ignored = np.zeros((4, d), np.uint32), np.zeros((4, d), np.uint32)
    cause, object_cause = np.full((t, d), -1, np.int8), np.full((t, n), -1, np.int8)
    for i, threshold in enumerate(IOU_THRESHOLDS):
        for g, thing in enumerate(objects):
            object_cause[i, g] = -1 if thing["crowd"] else CAUSES.index("missed")
        for j, row in enumerate(detections):
            role, g = row["role"], row["object"]
            if role == "ignored":
                matched[0, i, j] = g
                ignored[:, j] |= np.uint32(1 << i)
            elif role in ("hit", "low", "loose") and row["iou"] >= threshold:
                matched[0, i, j] = g
                true_positive[:, j] |= np.uint32(1 << i)
                object_cause[i, g] = -1
            elif role != "cut":
                kind = {"class": "classification", "background": "background"}.get(role, "localization")
                kind = "duplicate" if role == "duplicate" and row["iou"] >= threshold else kind
                cause[i, j] = CAUSES.index(kind)
                if g >= 0 and object_cause[i, g] >= 0 and kind in ("localization", "classification"):
                    object_cause[i, g] = CAUSES.index(kind)
    is_same = np.array([row["role"] not in ("class", "background", "cut", "ignored") for row in detections])
    is_other = np.array([row["role"] == "class" for row in detections])
    target = np.array([row["object"] for row in detections], np.int32)
    iou = np.array([row["iou"] for row in detections])
    nearest = Nearest(
        np.where(is_same, target, -1).astype(np.int32),
        np.where(is_same, iou, 0.0),
        np.where(is_other, target, -1).astype(np.int32),
        np.where(is_other, iou, 0.0),
        np.zeros(n),
        np.zeros(n),
    )
    matches = Matches(
        iou_thresholds=IOU_THRESHOLDS,
        area_ranges=AREA_RANGES,
        max_detections=MAX_DETECTIONS,
        order=np.arange(d, dtype=np.int32),
        rank=np.array([100 if row["role"] == "cut" else 0 for row in detections], np.int32),
        class_order=np.arange(d, dtype=np.int32),
        class_offsets=np.zeros(5, np.int64),
        matched=matched,
        true_positive=true_positive,
        ignored=ignored,
        positives=np.zeros((4, 4), np.int64),
    )
    return matches, Causes(IOU_THRESHOLDS, cause, object_cause, nearest)


def _is_kept(row: dict[str, Any]) -> bool:
    return row["role"] not in ("ignored", "cut") and row["score"] >= SCORE


def _operating_point(objects: list[dict[str, Any]], detections: list[dict[str, Any]]) -> OperatingPoint:
    kept = np.array([_is_kept(row) for row in detections])
    hit = np.array([_is_kept(row) and row["role"] == "hit" for row in detections])
    found = np.zeros(len(objects), bool)
    tp, fp, fn = (np.zeros(4, np.int64) for _ in range(3))
    for row, is_kept, is_hit in zip(detections, kept, hit, strict=True):
        if is_hit:
            found[row["object"]] = True
            tp[row["category"]] += 1
        elif is_kept:
            fp[row["category"]] += 1
    for thing, is_found in zip(objects, found, strict=True):
        fn[thing["category"]] += not (thing["crowd"] or is_found)
    return OperatingPoint(SCORE, 0.5, kept, hit, found, tp, fp, fn)


_ROLE_CAUSES = {
    "loose": "localization",
    "class": "classification",
    "duplicate": "duplicate",
    "background": "background",
}
_FATE_CAUSES = {
    "missed": "missed",
    "loose": "localization",
    "class": "classification",
    "low": "below_threshold",
}


def _errors(objects: list[dict[str, Any]], detections: list[dict[str, Any]]) -> Errors:
    rows = []
    for j, row in enumerate(detections):
        if _is_kept(row) and row["role"] in _ROLE_CAUSES:
            target = row["object"]
            category = row["category"] if target < 0 else objects[target]["category"]
            rows.append((CAUSES.index(_ROLE_CAUSES[row["role"]]), target, j, False, row["image"], category, np.nan))
    for g, thing in enumerate(objects):
        if thing.get("fate") in _FATE_CAUSES:
            cause = _FATE_CAUSES[thing["fate"]]
            behind = next((j for j, row in enumerate(detections) if row["object"] == g), -1)
            score = detections[behind]["score"] if cause == "below_threshold" else np.nan
            rows.append((CAUSES.index(cause), g, behind, True, thing["image"], thing["category"], score))
    types = (np.int8, np.int32, np.int32, bool, np.int32, np.int32, float)
    return Errors(*(np.array([row[i] for row in rows], kind) for i, kind in enumerate(types)))


def _debts(chance: random.Random, objects: list[dict[str, Any]], detections: list[dict[str, Any]]) -> Debts:
    rows = []
    for j, row in enumerate(detections):
        if row["role"] in _ROLE_CAUSES and row["category"] != 3:
            category = row["category"] if row["object"] < 0 else objects[row["object"]]["category"]
            cause = CAUSES.index(_ROLE_CAUSES[row["role"]])
            rows.append((cause, row["object"], j, row["image"], category, chance.random(), chance.random()))
    for g, thing in enumerate(objects):
        if thing.get("fate") in ("missed", "loose", "class", "hit"):
            cause = {"hit": "localization"}.get(thing["fate"]) or _FATE_CAUSES[thing["fate"]]
            at_50 = 0.0 if thing["fate"] == "hit" else 3 * chance.random()
            rows.append((CAUSES.index(cause), g, -1, thing["image"], thing["category"], 2 * chance.random(), at_50))
    gap, gap_at_50 = np.array([row[5] for row in rows]), np.array([row[6] for row in rows])
    types = (np.int8, np.int32, np.int32, np.int32, np.int32)
    columns = (np.array([row[i] for row in rows], kind) for i, kind in enumerate(types))
    return Debts(*columns, 0.58 * gap / gap.sum(), 0.34 * gap_at_50 / gap_at_50.sum())


def _gap(debts: Debts, ap: float, ap50: float) -> GapSummary:
    def by_cause(gap: Any) -> dict[str, float]:
        return {cause: float(gap[debts.cause == code].sum()) for code, cause in enumerate(GAP_CAUSES)}

    residual = float(debts.gap.sum()) - (1 - ap)
    return GapSummary(1 - ap, by_cause(debts.gap), 1 - ap50, by_cause(debts.gap_at_50), residual)


def _attributes(
    objects: list[dict[str, Any]], detections: list[dict[str, Any]], names: tuple[str, ...], images: int
) -> tuple[Attribute, ...]:
    def coded(rows: list[dict[str, Any]], values: tuple[Any, ...], key: str) -> Any:
        return np.array([values.index(NOT_AVAILABLE if row[key] is None else row[key]) for row in rows], np.int32)

    def background(values: tuple[Any, ...]) -> Any:
        return np.full(len(detections), len(values) - 1, np.int32)

    occlusion = ("none", "partial", "heavy", NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND)
    truncated = (False, True, NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND)
    lanes = (1, 2, 3, NOT_AVAILABLE_BACKGROUND)
    night = [np.array([row["image"] % 2 for row in rows], np.int32) for rows in (objects, detections)]
    return (
        Attribute(
            "size", "geometry", SIZES, coded(objects, SIZES, "size"), np.zeros(len(detections), np.int32),
            numbers=np.array([thing["box"][2] * thing["box"][3] for thing in objects]), edges=(1024.0, 9216.0),
        ),
        Attribute("time_of_day", "image", ("day", "night"), *night),
        Attribute("occlusion", "object", occlusion, coded(objects, occlusion, "occlusion"), background(occlusion)),
        Attribute("truncated", "object", truncated, coded(objects, truncated, "truncated"), background(truncated)),
        Attribute("Width", "object", lanes, coded(objects, lanes, "lanes"), background(lanes)),
        Attribute(
            "class", "class", names,
            *(np.array([row["category"] for row in rows], np.int32) for rows in (objects, detections)),
        ),
    )  # fmt: skip


def _slices(
    attributes: tuple[Attribute, ...], objects: list[dict[str, Any]], detections: list[dict[str, Any]], debts: Debts
) -> Slices:
    single = [((a,), (code,)) for a in attributes for code in range(len(a.values))]
    double = [
        ((a, b), (i, j))
        for a, b in combinations(sorted(attributes, key=lambda a: a.name), 2)
        for i in range(len(a.values))
        for j in range(len(b.values))
    ]
    real = np.array([not thing["crowd"] for thing in objects])
    hit = np.array([thing.get("fate") == "hit" for thing in objects])
    image = np.array([thing["image"] for thing in objects])
    wrong = [j for j, row in enumerate(detections) if _is_kept(row) and row["role"] in _ROLE_CAUSES]
    wrong_at = np.array([detections[j]["object"] for j in wrong], np.int32)
    columns: list[tuple[Any, ...]] = []
    for attributes_, codes in sorted(single, key=lambda entry: entry[0][0].name) + double:
        pairs = list(zip(attributes_, codes, strict=True))
        inside = real & np.all([a.object_codes == code for a, code in pairs], axis=0)
        fp = np.all([a.codes_at(wrong_at, np.array(wrong, np.int32)) == code for a, code in pairs], axis=0).sum()
        owes = np.all([a.codes_at(debts.object, debts.detection) == code for a, code in pairs], axis=0)
        n = int(inside.sum())
        if n or fp:
            columns.append(
                (
                    {a.name: a.values[code] for a, code in pairs}, n, len(set(image[inside])),
                    int((inside & hit).sum()),
                    int(fp), int((inside & ~hit).sum()), float(debts.gap[owes].sum()), 0.4 if n else np.nan,
                    any(a.kind == "object" for a in attributes_),
                )
            )  # fmt: skip
    where, *rest = zip(*columns, strict=True)
    return Slices(tuple(where), *(np.array(column) for column in rest))


def _confusion(
    objects: list[dict[str, Any]], detections: list[dict[str, Any]], names: tuple[str, ...]
) -> ConfusionMatrix:
    counts = np.zeros((5, 5), np.int64)
    seen = set()
    for row in detections:
        if _is_kept(row):
            is_pair = row["role"] in ("hit", "class")
            counts[objects[row["object"]]["category"] if is_pair else 4, row["category"]] += 1
            seen |= {row["object"]} if is_pair else set()
    for g, thing in enumerate(objects):
        counts[thing["category"], 4] += g not in seen and not thing["crowd"]
    truth, prediction = np.nonzero(counts)
    times = counts[truth, prediction]
    cells = np.repeat(truth, times), np.repeat(prediction, times)
    return ConfusionMatrix.of_cells((*names, "background"), *cells)


def _cause_totals(errors: Errors, debts: Debts) -> tuple[CauseTotal, ...]:
    return tuple(
        CauseTotal(
            cause,
            int((errors.cause == code).sum()),
            len(set(errors.image[errors.cause == code].tolist())),
            float(debts.gap[debts.cause == code].sum()),
            None if code > 6 else 0.01 * (code + 1),
        )
        for code, cause in enumerate(CAUSES)
    )


def _modes(truth: GroundTruth, names: tuple[str, ...]) -> tuple[FailureMode, ...]:
    first, second = (int(truth.images.ids[i]) for i in (0, 3))
    night = {"size": "small", "time_of_day": "night"}
    return (
        FailureMode(
            "missed", night, 9, 6, 14, 0.093, 0.071,
            (Hotter({**night, "occlusion": "heavy"}, 4, 5, 0.02), Hotter({**night, "class": names[2]}, 3, 4, 0.0004)),
            0.088, (), (Example(first, 1, None), Example(second, 10, 14)),
        ),
        FailureMode(
            "classification", {"class": names[0]}, 8, 7, 22, 0.06, 0.03, (), 0.05, (), (Example(first, 0, 12),),
        ),
        FailureMode("localization", {"occlusion": "heavy"}, 11, 8, 12, 0.05, 0.02, (), 0.12, ("too_few",), ()),
        FailureMode("background", {"time_of_day": "night"}, 5, 5, 31, 0.013, 0.009, (), None, ("too_few",), ()),
        FailureMode("below_threshold", {"truncated": True}, 4, 4, 14, 0.0, 0.0, (), None, ("too_few",), ()),
    )  # fmt: skip
