"""Slices by definitions.md 6, with one loop over everything for every slice."""

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, product

import numpy as np

from mapgap.tables import Attribute, IdArray, IndexArray
from tests.generated import CocoPair
from tests.naive.causes import detection_causes
from tests.naive.gap import THRESHOLDS, average_precision, ranked
from tests.naive.matching import match
from tests.small_tables import Scene


def value_at(attribute: Attribute, g: int, d: int) -> int:
    """Code at an address: the object's, or the detection's own for background."""
    return int(attribute.object_codes[g]) if g >= 0 else int(attribute.detection_codes[d])


def naive_slices(
    scene: Scene, crosses: list[tuple[str, ...]], average_precision: Callable[[set[int], set[int]], float]
) -> list[dict[str, object]]:
    """One dict a slice; `average_precision` takes the objects and the detections (own values) of the slice."""
    by_name = {attribute.name: attribute for attribute in scene.attributes}
    rows = []
    for names in sorted({tuple(sorted(set(c))) for c in crosses}, key=lambda c: (len(c), c)):
        chosen = [by_name[name] for name in names]
        for codes in product(*(range(len(a.values)) for a in chosen)):
            row = _slice(scene, chosen, codes, average_precision)
            if row is not None:
                rows.append(row)
    return rows


def all_crosses(scene: Scene) -> list[tuple[str, ...]]:
    names = [attribute.name for attribute in scene.attributes]
    return [(name,) for name in names] + list(combinations(names, 2))


def slice_average_precision(
    pair: CocoPair, of_object: list[int], of_detection: list[int], codes: int
) -> list[Fraction | None]:
    """Exact AP of the slice of each code, from the matches of the whole data; None without objects."""
    annotations = pair.ground_truth["annotations"]
    cells: list[list[Fraction]] = [[] for _ in range(codes)]
    for threshold in THRESHOLDS:
        matches = match(pair.ground_truth, pair.detections, threshold)
        points_at = {
            index: target for index, (_, target) in detection_causes(matches, pair.ground_truth, threshold).items()
        }
        points_at |= {index: g for g, index in matches.found.items()}
        code_of = {d: of_detection[d] if g is None else of_object[g] for d, g in points_at.items()}
        for category in pair.ground_truth["categories"]:
            rows = ranked(matches, category["id"])
            for code in range(codes):
                objects = [g for g in matches.objects if of_object[g] == code]
                objects = [g for g in objects if annotations[g]["category_id"] == category["id"]]
                if objects:
                    inside = [row for row in rows if code_of[row[2]] == code]
                    cells[code].append(average_precision(inside, len(objects)))
    return [sum(cell, Fraction(0)) / len(cell) if cell else None for cell in cells]


def slice_counts(
    of_place: list[int],
    cells: int,
    gap: list[float],
    objects: IdArray,
    image: IndexArray,
    found: IdArray,
    false_positives: IdArray,
) -> list[tuple[int, int, int, int, float]]:
    """What lies in each cell: objects, images, found, false positives, gap."""
    rows = []
    for cell in range(cells):
        inside = [place for place, code in enumerate(of_place) if code == cell]
        mine = [place in inside for place in objects.tolist()]
        images = {i for i, is_mine in zip(image.tolist(), mine, strict=True) if is_mine}
        hits, misses = (sum(place in inside for place in part.tolist()) for part in (found, false_positives))
        rows.append((sum(mine), len(images), hits, misses, sum((gap[i] for i in inside), 0.0)))
    return rows


def cell_sums(of_place: list[int], cells: int, weights: list[float]) -> list[float]:
    """The weights of the places in each cell, added one after another."""
    return [sum((w for w, code in zip(weights, of_place, strict=True) if code == cell), 0.0) for cell in range(cells)]


def _slice(
    scene: Scene,
    chosen: list[Attribute],
    codes: tuple[int, ...],
    average_precision: Callable[[set[int], set[int]], float],
) -> dict[str, object] | None:
    def is_inside(g: int, d: int) -> bool:
        return all(value_at(a, g, d) == code for a, code in zip(chosen, codes, strict=True))

    truth, errors, debts = scene.ground_truth, scene.errors, scene.debts
    objects = {g for g in range(len(truth.ids)) if truth.is_object[g] and is_inside(g, -1)}
    mine = [i for i in range(len(errors.cause)) if is_inside(int(errors.object[i]), int(errors.detection[i]))]
    owed = [i for i in range(len(debts.cause)) if is_inside(int(debts.object[i]), int(debts.detection[i]))]
    if not objects and not mine and not owed:
        return None
    own = {d for d in range(len(scene.detections.record)) if is_inside(-1, d)}
    pairs = list(zip(chosen, codes, strict=True))
    return {
        "where": [(a.name, repr(a.values[code])) for a, code in pairs],
        "objects": len(objects),
        "images": len({int(truth.image[g]) for g in objects}),
        "tp": sum(bool(scene.operating_point.found[g]) for g in objects),
        "fp": sum(not errors.is_false_negative[i] for i in mine),
        "fn": sum(not scene.operating_point.found[g] for g in objects),
        "gap": sum(float(debts.gap[i]) for i in owed),
        "ap": average_precision(objects, own) if objects else float(np.nan),
        "without_background": any(a.kind == "object" and a.values[code] != "n/a (background)" for a, code in pairs),
    }
