"""A log-log plot as SVG: panels side by side, with axes, decades, and names at the ends of the lines."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

WIDTH, HEIGHT = 400, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 74, 34, 48
"""Margins of a panel; the names of the lines stand in the right one."""

COLOURS = ("#1f5fa8", "#b5490b", "#4d7c1f")
SUFFIXES = {0: "", 3: "k", 6: "M", 9: "G"}
LEAST_DISTANCE = 14
"""Between the names of two lines, in pixels."""

Point = tuple[float, float]
ToPixels = Callable[[Point], Point]


@dataclass(frozen=True)
class Line:
    """One quantity: its name and its points, x rising, all above 0."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Panel:
    """One pair of axes with lines on the same scale."""

    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]


def draw(panels: Sequence[Panel], description: str) -> str:
    """The SVG; the same numbers give the same text."""
    width = WIDTH * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
        'role="img" font-family="system-ui, sans-serif" font-size="12" fill="#222">',
        f"<title>{escape(description)}</title>",
        f'<rect width="{width}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({number * WIDTH} 0)">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>\n"])


def _panel(panel: Panel) -> Iterator[str]:
    points = [point for line in panel.lines for point in line.points]
    x_decades, y_decades = (_decades([point[axis] for point in points]) for axis in (0, 1))
    to_pixels = _scale(x_decades, y_decades)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    yield f'<text x="{LEFT}" y="20" font-weight="600">{escape(panel.title)}</text>'
    for exponent in x_decades:
        x, _ = to_pixels((10.0**exponent, 10.0 ** y_decades[0]))
        yield f'<path d="M{x:.1f} {TOP}V{bottom}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 17}" text-anchor="middle">{_power(exponent)}</text>'
    for exponent in y_decades:
        _, y = to_pixels((10.0 ** x_decades[0], 10.0**exponent))
        yield f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_power(exponent)}</text>'
    yield f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#222"/>'
    middle = (LEFT + right) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">{escape(panel.x_label)}</text>'
    across = (TOP + bottom) / 2
    yield f'<text transform="translate(14 {across}) rotate(-90)" text-anchor="middle">{escape(panel.y_label)}</text>'
    yield from _lines(panel.lines, to_pixels)


def _lines(lines: Sequence[Line], to_pixels: ToPixels) -> Iterator[str]:
    ends = [to_pixels(line.points[-1]) for line in lines]
    heights = _apart([y for _, y in ends])
    for line, colour, (x, _), height in zip(lines, COLOURS, ends, heights, strict=False):
        pixels = [to_pixels(point) for point in line.points]
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in pixels)
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in pixels)
        yield f'<text x="{x + 8:.1f}" y="{height + 4:.1f}" fill="{colour}">{escape(line.name)}</text>'


def _decades(values: Sequence[float]) -> range:
    """Exponents from the decade at or below the least value to the one at or above the greatest."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return range(low, max(high, low + 1) + 1)


def _scale(x_decades: range, y_decades: range) -> ToPixels:
    def to_pixels(point: Point) -> Point:
        along = (math.log10(point[0]) - x_decades[0]) / (x_decades[-1] - x_decades[0])
        up = (math.log10(point[1]) - y_decades[0]) / (y_decades[-1] - y_decades[0])
        return LEFT + along * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    return to_pixels


def _power(exponent: int) -> str:
    """A power of ten as people write it: 0.01, 1, 10k, 1M."""
    if exponent < 0:
        return f"{10.0**exponent:.{-exponent}f}"
    steps = min(exponent // 3 * 3, 9)
    return f"{10 ** (exponent - steps)}{SUFFIXES[steps]}"


def _apart(heights: Sequence[float]) -> list[float]:
    """The heights of the names, moved down where two would overlap."""
    moved = list(heights)
    order = sorted(range(len(moved)), key=moved.__getitem__)
    for upper, lower in pairwise(order):
        moved[lower] = max(moved[lower], moved[upper] + LEAST_DISTANCE)
    return moved
