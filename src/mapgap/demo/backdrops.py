"""What stands behind the things: a street, a park or a harbour, drawn without any of the annotated kinds."""

import numpy as np

from mapgap.demo.chance import happens, pick, whole
from mapgap.demo.palette import COLOURS
from mapgap.demo.shapes import Patch, ellipse, line, polygon, rectangle

WIDTH, HEIGHT = 320, 240
HORIZON = 96
_FULL = (0, 0, 100, 100)


def backdrop(place: str, chance: np.random.Generator) -> Patch:
    """(240, 320) colour numbers of an empty street, park or harbour."""
    canvas = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    _bands(canvas, 0, (("sky 1", 30), ("sky 2", 26), ("sky 3", 22), ("sky 4", HORIZON - 78)))
    for _ in range(whole(chance, 0, 3)):
        left, top, width = whole(chance, 0, 260), whole(chance, 6, 40), whole(chance, 26, 60)
        ellipse(canvas[top : top + 8, left : left + width], COLOURS["cloud"], _FULL)
    _PLACES[place](canvas, chance)
    return canvas


def _bands(canvas: Patch, top: int, bands: tuple[tuple[str, int], ...]) -> None:
    for name, height in bands:
        canvas[top : top + height] = COLOURS[name]
        top += height


def _street(canvas: Patch, chance: np.random.Generator) -> None:
    left = 0
    while left < WIDTH:
        width = whole(chance, 36, 70)
        _building(canvas[HORIZON + 10 - whole(chance, 46, 92) : HORIZON + 10, left : left + width], chance)
        left += width
    _bands(canvas, HORIZON + 10, (("pavement", 18), ("kerb", 3), ("road", 59), ("road near", 54)))
    for top, height in ((154, 3), (196, 5)):
        for left in range(whole(chance, 0, 30), WIDTH, 52):
            canvas[top : top + height, left : left + 28] = COLOURS["marking"]
    for left in range(whole(chance, 10, 60), WIDTH, 110):
        canvas[HORIZON - 46 : HORIZON + 14, left : left + 3] = COLOURS["pole"]
        canvas[HORIZON - 48 : HORIZON - 43, left - 4 : left + 7] = COLOURS["lamp"]


def _building(wall: Patch, chance: np.random.Generator) -> None:
    wall[:] = COLOURS[f"wall {whole(chance, 1, 4)}"]
    wall[:4] = COLOURS["roof"]
    for top in range(10, wall.shape[0] - 14, 15):
        for left in range(6, wall.shape[1] - 8, 13):
            wall[top : top + 8, left : left + 6] = COLOURS["lit window" if happens(chance, 0.35) else "window"]


def _park(canvas: Patch, chance: np.random.Generator) -> None:
    for left in range(-10, WIDTH, 40):
        tall = whole(chance, 18, 44)
        leaves = canvas[HORIZON - tall : HORIZON + 14, max(0, left) : left + 62]
        ellipse(leaves, COLOURS[f"leaves {whole(chance, 1, 2)}"], _FULL)
    _bands(canvas, HORIZON, (("grass 1", 34), ("grass 2", 46), ("grass 3", 64)))
    foot = whole(chance, 20, 60)
    meadow = canvas[HORIZON + 2 :]
    polygon(meadow, COLOURS["path"], ((foot + 4, 0), (foot + 9, 0), (foot + 30, 100), (foot - 12, 100)))
    if happens(chance, 0.6):
        left = whole(chance, 0, 200)
        ellipse(canvas[HORIZON + 14 : HORIZON + 36, left : left + 92], COLOURS["water 2"], _FULL)
    for _ in range(whole(chance, 2, 4)):
        _tree(canvas, chance)


def _tree(canvas: Patch, chance: np.random.Generator) -> None:
    left, size = whole(chance, 0, WIDTH - 60), whole(chance, 36, 58)
    foot = HORIZON + whole(chance, 10, 30)
    canvas[foot - size : foot, left + size // 2 - 3 : left + size // 2 + 3] = COLOURS["trunk"]
    crown = canvas[max(0, foot - size - size // 2) : foot - size // 3, left : left + size]
    ellipse(crown, COLOURS[pick(chance, ("leaves 1", "leaves 2"))], _FULL)


def _harbour(canvas: Patch, chance: np.random.Generator) -> None:
    _bands(canvas, HORIZON - 14, (("water 1", 18), ("water 2", 16)))
    for left in range(whole(chance, 0, 20), WIDTH, 46):
        canvas[HORIZON - 4, left : left + 16] = COLOURS["water 2"]
    for left in (whole(chance, 0, 60), whole(chance, 150, 210)):
        _ship(canvas[HORIZON - 44 : HORIZON + 8, left : left + whole(chance, 70, 100)])
    _crane(canvas[HORIZON - 84 : HORIZON + 24, whole(chance, 0, 230) :][:, :84])
    _bands(canvas, HORIZON + 20, (("quay 1", 30), ("quay 2", 42), ("quay 3", 52)))
    canvas[HORIZON + 20 : HORIZON + 23] = COLOURS["sign yellow"]
    for _ in range(whole(chance, 3, 5)):
        left, stack = whole(chance, 0, WIDTH - 46), whole(chance, 1, 3)
        for level in range(stack):
            bottom = HORIZON + 34 - 15 * level
            _container(canvas[bottom - 15 : bottom, left : left + 42], whole(chance, 1, 3))
    for left in range(whole(chance, 10, 50), WIDTH, 74):
        rectangle(canvas[HORIZON + 24 : HORIZON + 32, left : left + 6], COLOURS["paint 4"], _FULL)


def _ship(view: Patch) -> None:
    polygon(view, COLOURS["hull"], ((0, 62), (100, 62), (90, 100), (8, 100)))
    rectangle(view, COLOURS["cabin"], (12, 26, 34, 62))
    rectangle(view, COLOURS["lit window"], (15, 34, 31, 42))
    rectangle(view, COLOURS["container 1"], (42, 42, 60, 62))
    rectangle(view, COLOURS["container 2"], (62, 36, 84, 62))


def _crane(view: Patch) -> None:
    for corners in ((24, 100, 24, 12), (56, 100, 56, 12), (24, 60, 56, 60), (24, 100, 56, 60)):
        line(view, COLOURS["steel"], corners, 3)
    line(view, COLOURS["steel"], (0, 20, 100, 20), 4)
    line(view, COLOURS["steel"], (40, 0, 96, 20), 2)
    line(view, COLOURS["steel"], (40, 0, 2, 20), 2)
    line(view, COLOURS["paint 4"], (82, 20, 82, 52), 1)
    rectangle(view, COLOURS["lamp"], (38, 0, 42, 3))


def _container(view: Patch, number: int) -> None:
    view[:] = COLOURS[f"container {number}"]
    view[:1] = COLOURS["paint 4"]
    view[:, :1] = COLOURS["paint 4"]
    view[3:-2, 5::6] = COLOURS["paint 4"]


_PLACES = {"street": _street, "park": _park, "harbour": _harbour}
