"""Attributes recomputed one row at a time with plain loops and exact fractions, from definitions.md 5."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from mapgap.tables import Detections, GroundTruth, Scalar

MISSING = "n/a"
BACKGROUND = "n/a (background)"

Box = tuple[Fraction, Fraction, Fraction, Fraction]


@dataclass(frozen=True)
class Told:
    """What one attribute says: all its values, each annotation's (None for crowds) and each detection's."""

    values: list[Scalar]
    objects: list[Scalar]
    detections: list[Scalar]


def built_in(ground_truth: GroundTruth, detections: Detections) -> dict[str, Told]:
    """Every built-in attribute but capture_month and class."""
    g, d = Rows.of(ground_truth, ground_truth), Rows.of(detections, ground_truth)
    is_object = [bool(flag) for flag in ground_truth.is_object]
    objects = [i for i in range(len(g.box)) if is_object[i]]
    sizes = ["small", "medium", "large"]
    details = ["tiny", "small", "medium", "large", "huge"]
    told = {
        "size": geometry(sizes, [size(a) for a in g.area], [size(b[2] * b[3]) for b in d.box], is_object),
        "size_detail": geometry(details, [detail(a) for a in g.area], [detail(b[2] * b[3]) for b in d.box], is_object),
        "aspect": geometry(["tall", "square", "wide"], *([aspect(b) for b in r.box] for r in (g, d)), is_object),
        "border": geometry(["touching", "inside"], *([border(*row) for row in r.placed()] for r in (g, d)), is_object),
        "position": geometry(places(), *([position(*row) for row in r.placed()] for r in (g, d)), is_object),
    }
    crowding, covered = [], []
    for i in range(len(g.box)):
        others = [g.box[j] for j in objects if j != i and g.image[j] == g.image[i]]
        near = sum(iou(g.box[i], other) > Fraction(0.1) for other in others)
        crowding.append("none" if near == 0 else "1-2" if near <= 2 else "3+")
        covered.append(cover_name(covered_share(g.box[i], others)))
    told["crowding"] = for_objects(["none", "1-2", "3+"], crowding, is_object, len(d.box))
    told["covered"] = for_objects(["free", "light", "partial", "heavy"], covered, is_object, len(d.box))

    in_image = [sum(g.image[i] == image for i in objects) for image in range(len(ground_truth.images.ids))]
    names = image_names(in_image)
    few_to_many = [name for name in ("few", "some", "many") if name in names]
    told["image_crowding"] = Told(few_to_many, [names[i] for i in g.image], [names[i] for i in d.image])

    in_class = [sum(g.category[i] == k for i in objects) for k in range(len(ground_truth.categories.ids))]
    frequency = third_names([n for n in in_class if n > 0], ("rare", "common", "frequent"))
    rare_to_frequent = [name for name in ("rare", "common", "frequent") if name in frequency.values()]
    told["class_frequency"] = for_objects(
        rare_to_frequent, [frequency.get(in_class[k], MISSING) for k in g.category], is_object, len(d.box)
    )
    return {name: hide_crowds(one, is_object) for name, one in told.items()}


@dataclass(frozen=True)
class Rows:
    """Boxes, areas, images, categories and image sizes as plain lists of exact numbers."""

    box: list[Box]
    area: list[Fraction]
    image: list[int]
    category: list[int]
    image_size: list[tuple[float, float]]

    @classmethod
    def of(cls, table: GroundTruth | Detections, ground_truth: GroundTruth) -> "Rows":
        sizes = list(zip(ground_truth.images.width.tolist(), ground_truth.images.height.tolist(), strict=True))
        return cls(
            [tuple(Fraction(value) for value in box) for box in table.box.tolist()],
            [Fraction(area) for area in table.area.tolist()],
            table.image.tolist(),
            table.category.tolist(),
            [sizes[image] for image in table.image.tolist()],
        )

    def placed(self) -> Iterable[tuple[Box, tuple[float, float]]]:
        return zip(self.box, self.image_size, strict=True)


def geometry(values: list[Scalar], objects: list[Scalar], detections: list[Scalar], is_object: list[bool]) -> Told:
    seen = [value for value, counts in zip(objects, is_object, strict=True) if counts] + detections
    return Told([*values, *([MISSING] if MISSING in seen else [])], objects, detections)


def for_objects(values: list[Scalar], objects: list[Scalar], is_object: list[bool], detections: int) -> Told:
    seen = [value for value, counts in zip(objects, is_object, strict=True) if counts]
    all_values = [*values, *([MISSING] if MISSING in seen else []), BACKGROUND]
    return Told(all_values, objects, [BACKGROUND] * detections)


def hide_crowds(told: Told, is_object: list[bool]) -> Told:
    return Told(
        told.values, [v if counts else None for v, counts in zip(told.objects, is_object, strict=True)], told.detections
    )


def size(area: Fraction) -> str:
    return "small" if area < 1024 else "medium" if area < 9216 else "large"


def detail(area: Fraction) -> str:
    return "tiny" if area < 256 else "huge" if area >= 82944 else size(area)


def aspect(box: Box) -> str:
    if box[3] == 0:
        return MISSING
    ratio = box[2] / box[3]
    return "tall" if ratio < Fraction(3, 4) else "square" if ratio < Fraction(4, 3) else "wide"


def border(box: Box, image_size: tuple[float, float]) -> str:
    if not all(length > 0 for length in image_size):
        return MISSING
    x, y, w, h = box
    distances = [x, y, Fraction(image_size[0]) - x - w, Fraction(image_size[1]) - y - h]
    return "touching" if min(distances) <= 1 else "inside"


def places() -> list[Scalar]:
    return ["top left", "top", "top right", "left", "centre", "right", "bottom left", "bottom", "bottom right"]


def position(box: Box, image_size: tuple[float, float]) -> str:
    if not all(length > 0 for length in image_size):
        return MISSING
    x, y, w, h = box
    across, down = (x + w / 2) / Fraction(image_size[0]), (y + h / 2) / Fraction(image_size[1])
    column = "left" if across < Fraction(1, 3) else "" if across < Fraction(2, 3) else "right"
    row = "top" if down < Fraction(1, 3) else "" if down < Fraction(2, 3) else "bottom"
    return f"{row} {column}".strip() or "centre"


def iou(a: Box, b: Box) -> Fraction:
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = wide * high if wide > 0 and high > 0 else Fraction(0)
    union = a[2] * a[3] + b[2] * b[3] - shared
    return shared / union if union > 0 else Fraction(0)


def covered_share(box: Box, others: list[Box]) -> Fraction:
    """Cut the plane at every side of every box and add up the cells of the box that another box covers."""
    x, y, w, h = box
    if w * h == 0:
        return Fraction(0)
    columns = sorted({x, x + w, *(side for o in others for side in (o[0], o[0] + o[2]) if x < side < x + w)})
    rows = sorted({y, y + h, *(side for o in others for side in (o[1], o[1] + o[3]) if y < side < y + h)})
    covered = Fraction(0)
    for left, right in pairwise(columns):
        for top, bottom in pairwise(rows):
            is_covered = any(
                o[0] <= left and right <= o[0] + o[2] and o[1] <= top and bottom <= o[1] + o[3] for o in others
            )
            covered += (right - left) * (bottom - top) if is_covered else 0
    return covered / (w * h)


def cover_name(share: Fraction) -> str:
    if share == 0:
        return "free"
    return "light" if share <= Fraction(1, 10) else "partial" if share <= Fraction(1, 2) else "heavy"


def image_names(in_image: list[int]) -> list[str]:
    """Name of each image's number of objects."""
    names = third_names([n for n in in_image if n > 0], ("few", "some", "many"))
    return [names[n] if n > 0 else "few" for n in in_image]


def third_names(numbers: list[int], names: tuple[str, str, str]) -> dict[int, str]:
    """Name of each number: where a third of the sorted ones begins, a new name begins."""
    first_of_bins = bin_starts(numbers, 3)
    names_used = {1: names[1:2], 2: (names[0], names[2]), 3: names}[len(first_of_bins)] if numbers else ()
    return {n: names_used[sum(n >= start for start in first_of_bins) - 1] for n in numbers}


def bin_starts(numbers: Sequence[float], parts: int) -> list[float]:
    """The smallest number of every quantile bin: the sorted number at each i-th part, or the next larger one for a
    bin that would swallow all before it; ties merge bins."""
    if not numbers:
        return []
    ordered = sorted(numbers)
    starts = {ordered[0]}
    for part in range(1, parts):
        start = ordered[math.floor(Fraction(part * len(ordered), parts))]
        larger = [n for n in ordered if n > ordered[0]]
        if start > ordered[0]:
            starts.add(start)
        elif larger:
            starts.add(larger[0])
    return sorted(starts)


def is_missing(value: Scalar) -> bool:
    if value is None or value in (MISSING, BACKGROUND):
        return True
    return isinstance(value, float) and not math.isfinite(value)


def kind_of(column: Sequence[Scalar]) -> str:
    """What a column becomes: "nothing", "categories", "bins" or "left out"."""
    present = [value for value in column if not is_missing(value)]
    distinct: list[Scalar] = []
    for value in present:
        if not any(same(value, other) for other in distinct):
            distinct.append(value)
    types = {type(value) for value in present}
    if not present:
        return "nothing"
    if types == {int} and len(distinct) <= 10:
        return "categories"
    if types <= {int, float}:
        return "bins"
    return "categories" if len(distinct) <= 50 else "left out"


def same(a: Scalar, b: Scalar) -> bool:
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def category_values(column: Sequence[Scalar]) -> list[Scalar]:
    """The distinct values in the order booleans, numbers, text."""
    distinct: list[Scalar] = []
    for value in column:
        if not is_missing(value) and not any(same(value, other) for other in distinct):
            distinct.append(value)
    flags = sorted(value for value in distinct if isinstance(value, bool))
    numbers = sorted(value for value in distinct if isinstance(value, int | float) and not isinstance(value, bool))
    return [*flags, *numbers, *sorted(value for value in distinct if isinstance(value, str))]
