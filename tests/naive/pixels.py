"""What is measured on a window of a picture, one pixel after the other, from docs/pixels.md."""

import math
from collections.abc import Sequence

Tones = Sequence[Sequence[int]]
Window = Sequence[int]
"""left, top, right, bottom; right and bottom not included."""


def measures(tones: Tones, crop: Window, inside: Window, around: Window) -> list[float]:
    """Brightness, contrast, sharpness, noise, local contrast; NaN where undefined."""
    if not pixels(tones, crop):
        return [math.nan] * 5
    return [
        brightness(pixels(tones, crop)),
        contrast(pixels(tones, crop)),
        sharpness(cut(tones, crop)),
        noise(cut(tones, crop)),
        local_contrast(tones, inside, around),
    ]


def cut(tones: Tones, window: Window) -> list[list[int]]:
    left, top, right, bottom = window
    return [[int(tone) for tone in row[left:right]] for row in tones[top:bottom]] if left < right else []


def pixels(tones: Tones, window: Window) -> list[int]:
    return [tone for row in cut(tones, window) for tone in row]


def brightness(values: Sequence[int]) -> float:
    return sum(values) / (len(values) * 255)


def contrast(values: Sequence[int]) -> float:
    squares = len(values) * sum(value * value for value in values) - sum(values) ** 2
    return math.sqrt(squares) / (len(values) * 255)


def sharpness(rows: list[list[int]]) -> float:
    """The smaller share of the steps that is steeper than the mean step of the five around it, across and down."""
    if len(rows) < 8 or len(rows[0]) < 8:
        return math.nan
    shares = []
    for lines in (rows, [list(column) for column in zip(*rows, strict=True)]):
        beyond = whole = 0
        for line in lines:
            for place in range(2, len(line) - 3):
                step = 5 * abs(line[place + 1] - line[place])
                wide_step = abs(line[place + 3] - line[place - 2])
                whole += step
                beyond += max(0, step - wide_step)
        if whole:
            shares.append(beyond / whole)
    return min(shares) if shares else math.nan


def noise(rows: list[list[int]]) -> float:
    """Immerkaer's mask at every inner pixel; the lower median of the responses."""
    if len(rows) < 8 or len(rows[0]) < 8:
        return math.nan
    mask = ((1, -2, 1), (-2, 4, -2), (1, -2, 1))
    responses = sorted(
        abs(sum(mask[j][i] * rows[y + j][x + i] for j in range(3) for i in range(3)))
        for y in range(len(rows) - 2)
        for x in range(len(rows[0]) - 2)
    )
    return responses[(len(responses) + 1) // 2 - 1] / (6 * 0.6745 * 255)


def local_contrast(tones: Tones, inside: Window, around: Window) -> float:
    """The area between the shares of pixels up to each tone, of the object and of what is around it."""
    own = pixels(tones, inside)
    others = list(pixels(tones, around)) if own else []
    for tone in own:
        others.remove(tone)
    if not own or not others:
        return math.nan
    area = sum(
        abs(sum(v <= tone for v in own) * len(others) - sum(v <= tone for v in others) * len(own))
        for tone in range(255)
    )
    return area / (len(own) * len(others) * 255)
