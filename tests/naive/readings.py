"""Boxes and ids as they were written, one at a time, from the words of each format."""

import math


def xywh(box: list[float], layout: str) -> list[float]:
    """The same box as x, y, width, height in the units it is written in."""
    a, b, c, d = box
    if layout == "xyxy":
        return [a, b, c - a, d - b]
    if layout == "yxyx":
        return [b, a, d - b, c - a]
    if layout == "xxyy":
        return [a, c, b - a, d - c]
    if layout == "yxhw":
        return [b, a, d, c]
    if layout == "yxwh":
        return [b, a, c, d]
    if layout == "cxcywh":
        return [a - c / 2, b - d / 2, c, d]
    if layout == "cycxhw":
        return [b - d / 2, a - c / 2, d, c]
    return box


def written(box: list[float], layout: str) -> list[float]:
    """An xywh box in another layout: the way back."""
    x, y, w, h = box
    return {
        "xywh": [x, y, w, h],
        "xyxy": [x, y, x + w, y + h],
        "yxyx": [y, x, y + h, x + w],
        "xxyy": [x, x + w, y, y + h],
        "yxhw": [y, x, h, w],
        "yxwh": [y, x, w, h],
        "cxcywh": [x + w / 2, y + h / 2, w, h],
        "cycxhw": [y + h / 2, x + w / 2, h, w],
    }[layout]


def into_input(
    box: list[float], coordinates: str, size: tuple[float, float] | None, width: float, height: float
) -> list[float]:
    """An xywh box of an image as it lies in the network's input."""
    x, y, w, h = box
    if coordinates == "pixels":
        return box
    if coordinates == "normalized":
        return [x / width, y / height, w / width, h / height]
    assert size is not None
    if coordinates == "resized":
        across, down = size[0] / width, size[1] / height
        return [x * across, y * down, w * across, h * down]
    if coordinates == "shorter":
        scale = size[0] / min(width, height)
        if max(width, height) * scale > size[1]:
            scale = size[1] / max(width, height)
        return [x * scale, y * scale, w * scale, h * scale]
    scale = min(size[0] / width, size[1] / height)
    left = (size[0] - width * scale) / 2 if coordinates == "letterboxed" else 0
    top = (size[1] - height * scale) / 2 if coordinates == "letterboxed" else 0
    return [x * scale + left, y * scale + top, w * scale, h * scale]


def score(one: float, score_format: str, all_scores: list[float]) -> float:
    """A score as it was written, as one that is the higher the surer."""
    if score_format == "percent":
        return one / 100
    if score_format == "logit":
        return 1 / (1 + math.exp(-one)) if one > -700 else 0.0
    inside = all(0 <= other <= 1 for other in all_scores)
    return 1 - one if inside and len({1 - other for other in all_scores}) == len(set(all_scores)) else -one
