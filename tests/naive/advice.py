"""Slow twins of the computations behind advice, in plain loops."""

from collections.abc import Sequence

Box = Sequence[float]


def naive_iou(a: Box, b: Box) -> float:
    """IoU of two xywh boxes."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(across, 0.0) * max(down, 0.0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def naive_suppression(boxes: Sequence[Box], scores: Sequence[float], iou: float) -> set[int]:
    """Greedy non-maximum suppression of one image and class: the indices that are removed."""
    waiting = sorted(range(len(boxes)), key=lambda i: (-scores[i], i))
    removed: set[int] = set()
    for place, i in enumerate(waiting):
        if i in removed:
            continue
        for j in waiting[place + 1 :]:
            if naive_iou(boxes[i], boxes[j]) > iou:
                removed.add(j)
    return removed


def naive_first_half(image_id: int) -> bool:
    """The last bit of SplitMix64's finaliser, in whole numbers of any size."""
    mask = (1 << 64) - 1
    mixed = (image_id + 0x9E3779B97F4A7C15) & mask
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
    return (mixed ^ (mixed >> 31)) % 2 == 0


def naive_is_clearly_higher(rows: Sequence[tuple[bool, str, int]]) -> bool:
    """Rows are (is it an error, "part" or "rest" or "", image)."""
    rates, sizes = {}, {}
    for side in ("part", "rest"):
        errors = [is_error for is_error, of, _ in rows if of == side]
        if not errors:
            return False
        rates[side], sizes[side] = sum(errors) / len(errors), len(errors)
    variance = 0.0
    for image in {image for _, _, image in rows}:
        total = 0.0
        for is_error, side, of_image in rows:
            if of_image == image and side:
                sign = 1 if side == "part" else -1
                total += sign * (is_error - rates[side]) / sizes[side]
        variance += total**2
    difference = rates["part"] - rates["rest"]
    return rates["part"] >= 1.25 * rates["rest"] and difference > 1.645 * variance**0.5


def naive_best_threshold(rows: Sequence[tuple[float, bool, bool]], objects: int, now: float) -> float | None:
    """Rows are (score, is it right, is it in the slice): the best score below `now` by F1, None if none is better."""

    def f1(threshold: float) -> float:
        kept = [right for score, right, inside in rows if score >= (threshold if inside else now) or score >= now]
        return 2 * sum(kept) / max(1, len(kept) + objects)

    candidates = sorted({score for score, _, inside in rows if inside and score < now}, reverse=True)
    best = max(candidates, key=f1, default=None)
    return None if best is None or f1(best) <= f1(now) else best
