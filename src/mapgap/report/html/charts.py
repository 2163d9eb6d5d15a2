"""Charts as drawings: axes, lines, dots. `scripts/charts.js` draws the same, number by number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mapgap.number_words import count
from mapgap.report.html.markup import Child, Markup, element

WIDTH, HEIGHT = 340, 236
LEFT, RIGHT, TOP, BOTTOM = 44, 330, 24, 192
"""Where the axes are."""
MOST_TICKS = 5
SPARK_WIDTH, SPARK_HEIGHT = 50, 16


@dataclass(frozen=True)
class Axis:
    """What a side of a chart spans, and what it is called."""

    label: str
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Frame:
    """The two axes of a chart."""

    x: Axis
    y: Axis

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a point is drawn."""
        across = (x - self.x.low) / (self.x.high - self.x.low)
        up = (y - self.y.low) / (self.y.high - self.y.low)
        return LEFT + across * (RIGHT - LEFT), BOTTOM - up * (BOTTOM - TOP)


def chart(
    key: str, title: str, explanation: Child, frame: Frame, drawn: Child, readout: str, *, has_links: bool = False
) -> Markup:
    """A figure: what it shows, the drawing, and its numbers at the report's own threshold in words."""
    parts = [
        element("g", axes(frame), class_="axes"),
        element("g", drawn, class_="drawn"),
        _label(frame.x.label, (LEFT + RIGHT) / 2, HEIGHT - 8, "middle"),
        _label(frame.y.label, 2, 12, "start"),
    ]
    role = "group" if has_links else "img"  # what is in a picture cannot be reached
    drawing = element(
        "svg", parts, class_="chart", viewBox=f"0 0 {WIDTH} {HEIGHT}", role=role, aria_label=f"{title}: {readout}"
    )
    caption = element("figcaption", element("b", title, id=f"chart-{key}"), " ", explanation)
    return element("figure", caption, drawing, element("p", readout, class_="readout"), data_chart=key)


def axes(frame: Frame) -> list[Markup]:
    """Lines across the chart at round numbers, and the numbers."""
    across = [_grid_line(frame.place(value, frame.y.low)[0], TOP, is_upright=True) for value, _ in ticks(frame.x)]
    up = [_grid_line(frame.place(frame.x.low, value)[1], LEFT, is_upright=False) for value, _ in ticks(frame.y)]
    below = [_label(text, frame.place(value, frame.y.low)[0], BOTTOM + 15, "middle") for value, text in ticks(frame.x)]
    beside = [_label(text, LEFT - 6, frame.place(frame.x.low, value)[1] + 4, "end") for value, text in ticks(frame.y)]
    return [*across, *up, *below, *beside]


def ticks(axis: Axis) -> list[tuple[float, str]]:
    """Round numbers on an axis with their texts, a few."""
    span = axis.high - axis.low
    powers = ((factor, power) for power in range(-300, 300) for factor in (1, 2, 5))
    factor, power = next(pair for pair in powers if span <= MOST_TICKS * float(f"{pair[0]}e{pair[1]}"))
    step, digits = float(f"{factor}e{power}"), max(0, -power)
    first = -int(-axis.low // step)
    values = [place * step for place in range(first, first + MOST_TICKS + 1) if place * step <= axis.high]
    return [(value, _tick_text(value, digits)) for value in values]


def _tick_text(value: float, digits: int) -> str:
    if digits == 0:
        return count(round(value))
    text = f"{value:.{digits}f}"
    sign, size = ("−", text[1:]) if text.startswith("-") else ("", text)
    if float(size) == 0:
        return "0"
    if size == f"{1:.{digits}f}":
        return f"{sign}1"
    return sign + size.removeprefix("0")


def line(frame: Frame, xs: Iterable[float], ys: Iterable[float], class_: str = "curve") -> Markup:
    """Points joined by straight lines."""
    places = [frame.place(x, y) for x, y in zip(xs, ys, strict=True)]
    return element("path", d="M" + " ".join(f"{_short(x)} {_short(y)}" for x, y in places), class_=class_)


def steps(frame: Frame, xs: Iterable[float], ys: Iterable[float]) -> Markup:
    """Each value stays until the next point."""
    places = [frame.place(x, y) for x, y in zip(xs, ys, strict=True)]
    x, y = places[0]
    moves = "".join(f"H{_short(x)}V{_short(y)}" for x, y in places[1:])
    return element("path", d=f"M{_short(x)} {_short(y)}{moves}", class_="curve")


def dot(frame: Frame, x: float, y: float, class_: str, radius: float = 5) -> Markup:
    """A point of its own."""
    across, up = frame.place(x, y)
    return element("circle", cx=_short(across), cy=_short(up), r=_short(radius), class_=class_)


def span(frame: Frame, x: float, low: float, high: float, class_: str) -> Markup:
    """A line from one value up to another."""
    (across, bottom), (_, top) = frame.place(x, low), frame.place(x, high)
    return element("line", x1=_short(across), x2=_short(across), y1=_short(bottom), y2=_short(top), class_=class_)


def upright(frame: Frame, x: float, class_: str) -> Markup:
    """A line from bottom to top."""
    across = _short(frame.place(x, frame.y.low)[0])
    return element("line", x1=across, x2=across, y1=str(TOP), y2=str(BOTTOM), class_=class_)


def block(frame: Frame, low: float, high: float, y: float, title: str) -> Markup:
    """A bar from the bottom up, with its numbers on hover."""
    (left, top), (right, _) = frame.place(low, y), frame.place(high, y)
    return element(
        "rect",
        element("title", title),
        x=_short(left),
        y=_short(top),
        width=_short(right - left),
        height=_short(BOTTOM - top),
        class_="block",
    )


def nothing(text: str) -> Markup:
    """In place of a curve that there is not."""
    return _label(text, (LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2, "middle")


def sparkline(values: Sequence[float]) -> Markup:
    """A tiny line of fractions of 1; decoration, as a number stands next to it."""
    step = SPARK_WIDTH / (len(values) - 1)
    points = " ".join(f"{_short(at * step)} {_short(SPARK_HEIGHT * (1 - y))}" for at, y in enumerate(values))
    path = element("path", d=f"M{points}")
    return element("svg", path, class_="spark", viewBox=f"0 0 {SPARK_WIDTH} {SPARK_HEIGHT}", aria_hidden="true")


def _grid_line(at: float, start: int, *, is_upright: bool) -> Markup:
    place = _short(at)
    if is_upright:
        return element("line", x1=place, x2=place, y1=str(start), y2=str(BOTTOM))
    return element("line", x1=str(start), x2=str(RIGHT), y1=place, y2=place)


def _label(text: str, x: float, y: float, anchor: str) -> Markup:
    return element("text", text, x=_short(x), y=_short(y), text_anchor=anchor)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
