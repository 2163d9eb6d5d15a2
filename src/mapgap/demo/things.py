"""How each kind of thing looks: cars, vans, people, bicycles, traffic signs, a dense group, and what hides them."""

from functools import lru_cache

import numpy as np

from mapgap.demo.palette import COLOURS
from mapgap.demo.shapes import Corners, Patch, ellipse, line, polygon, rectangle, ring

STYLES = 24
"""Looks of each kind; the style number chooses view, colours and details."""

_PAINTS = tuple(COLOURS[f"paint {number}"] for number in range(1, 9))
_SIGNS = ("sign red", "sign blue", "sign yellow", "sign white")
_FULL: Corners = (0, 0, 100, 100)


@lru_cache(maxsize=4096)
def sketch(kind: str, style: int, width: int, height: int) -> Patch:
    """(height, width) colour numbers of one thing, 0 where the background shows through; it touches all four sides."""
    patch = np.zeros((height, width), dtype=np.uint8)
    _SKETCHES[kind](patch, style)
    patch.setflags(write=False)
    return patch


def _car(patch: Patch, style: int) -> None:
    paint = _PAINTS[style % 8]
    if patch.shape[1] * 2 > patch.shape[0] * 3:
        _car_from_the_side(patch, paint, mirrored=style % 2 == 1)
    else:
        _car_from_the_front(patch, paint)


def _car_from_the_side(patch: Patch, paint: int, *, mirrored: bool) -> None:
    view = patch[:, ::-1] if mirrored else patch
    polygon(view, paint, ((30, 0), (70, 0), (88, 42), (14, 42)))
    rectangle(view, paint, (30, 0, 70, 20))
    polygon(view, COLOURS["glass"], ((33, 8), (48, 8), (48, 38), (20, 38)))
    polygon(view, COLOURS["glass"], ((53, 8), (68, 8), (81, 38), (53, 38)))
    rectangle(view, paint, (0, 40, 100, 82))
    rectangle(view, COLOURS["rubber"], (0, 74, 100, 82))
    rectangle(view, COLOURS["lamp"], (94, 48, 100, 58))
    rectangle(view, COLOURS["tail lamp"], (0, 48, 5, 58))
    _wheels(view, 60, ((11, 31), (69, 89)))


def _car_from_the_front(patch: Patch, paint: int) -> None:
    polygon(patch, paint, ((22, 0), (78, 0), (92, 42), (8, 42)))
    rectangle(patch, paint, (22, 0, 78, 10))
    polygon(patch, COLOURS["glass"], ((27, 8), (73, 8), (84, 38), (16, 38)))
    rectangle(patch, COLOURS["rubber"], (6, 74, 24, 100))
    rectangle(patch, COLOURS["rubber"], (76, 74, 94, 100))
    rectangle(patch, paint, (0, 40, 100, 84))
    rectangle(patch, COLOURS["rubber"], (32, 60, 68, 72))
    rectangle(patch, COLOURS["lamp"], (6, 50, 22, 62))
    rectangle(patch, COLOURS["lamp"], (78, 50, 94, 62))


def _van(patch: Patch, style: int) -> None:
    paint = _PAINTS[(style + 2) % 8]
    if patch.shape[1] * 5 > patch.shape[0] * 6:
        _van_from_the_side(patch, paint, mirrored=style % 2 == 1, striped=style % 3 == 0)
    else:
        _van_from_the_front(patch, paint)


def _van_from_the_side(patch: Patch, paint: int, *, mirrored: bool, striped: bool) -> None:
    view = patch[:, ::-1] if mirrored else patch
    polygon(view, paint, ((0, 0), (82, 0), (100, 48), (100, 84), (0, 84)))
    rectangle(view, paint, (0, 0, 72, 84))
    rectangle(view, paint, (0, 48, 100, 84))
    polygon(view, COLOURS["glass"], ((68, 10), (80, 10), (92, 42), (68, 42)))
    if striped:
        rectangle(view, COLOURS["sign yellow"], (4, 50, 62, 60))
    rectangle(view, COLOURS["rubber"], (64, 8, 66, 78))
    rectangle(view, COLOURS["lamp"], (95, 54, 100, 64))
    rectangle(view, COLOURS["tail lamp"], (0, 50, 3, 66))
    _wheels(view, 66, ((10, 28), (72, 90)))


def _van_from_the_front(patch: Patch, paint: int) -> None:
    rectangle(patch, COLOURS["rubber"], (6, 80, 24, 100))
    rectangle(patch, COLOURS["rubber"], (76, 80, 94, 100))
    rectangle(patch, paint, (4, 0, 96, 50))
    rectangle(patch, paint, (0, 46, 100, 88))
    rectangle(patch, COLOURS["glass"], (12, 12, 88, 44))
    rectangle(patch, COLOURS["rubber"], (30, 66, 70, 76))
    rectangle(patch, COLOURS["lamp"], (6, 58, 20, 70))
    rectangle(patch, COLOURS["lamp"], (80, 58, 94, 70))


def _wheels(view: Patch, top: int, spans: tuple[tuple[int, int], ...]) -> None:
    for left, right in spans:
        ellipse(view, COLOURS["rubber"], (left, top, right, 100))
        rectangle(view, COLOURS["rubber"], ((left + right) // 2 - 2, 90, (left + right) // 2 + 2, 100))
        if view.shape[0] >= 24:
            middle, third = (left + right) // 2, (right - left) // 5
            ellipse(view, COLOURS["rim"], (middle - third, top + 13, middle + third, 87))


def _person(patch: Patch, style: int) -> None:
    skin = COLOURS[("skin 1", "skin 2")[style // 8 % 2]]
    trousers = COLOURS[("trousers 1", "trousers 2")[style % 2]]
    shirt = _PAINTS[(style * 3 + 1) % 8]
    has_umbrella = patch.shape[1] * 5 > patch.shape[0] * 3
    left, right = (28, 72) if has_umbrella else (0, 100)
    third = (right - left) // 3
    rectangle(patch, trousers, (left + third // 2, 58, 48, 100))
    rectangle(patch, trousers, (52, 58, right - third // 2, 100))
    rectangle(patch, shirt, (left, 24, right, 36))
    rectangle(patch, shirt, (left + third // 2, 24, right - third // 2, 62))
    rectangle(patch, skin, (left, 34, left + third // 3, 56))
    rectangle(patch, skin, (right - third // 3, 34, right, 56))
    _head(patch, skin, (left + third - 4, 12 if has_umbrella else 0, right - third + 4, 26 if has_umbrella else 22))
    if has_umbrella:
        _umbrella(patch, _PAINTS[(style + 4) % 8])


def _head(patch: Patch, skin: int, corners: Corners) -> None:
    left, top, right, bottom = corners
    ellipse(patch, skin, corners)
    rectangle(patch, skin, (46, top, 54, bottom))
    rectangle(patch, COLOURS["hair"], (left + 4, top, right - 4, top + 5))


def _umbrella(patch: Patch, paint: int) -> None:
    roof = patch[: max(2, patch.shape[0] * 24 // 100)]
    polygon(roof, paint, ((42, 0), (58, 0), (100, 100), (0, 100)))
    rectangle(roof, paint, (44, 0, 56, 100))
    roof[-1, :] = paint


def _bicycle(patch: Patch, style: int) -> None:
    paint = _PAINTS[(style * 5) % 8]
    view = patch[:, ::-1] if style % 2 else patch
    thickness = max(1, min(patch.shape) // 14)
    for left, right in ((0, 44), (56, 100)):
        ring(view, COLOURS["rubber"], (left, 36, right, 100), thickness)
        rectangle(view, COLOURS["rubber"], ((left + right) // 2 - 1, 97, (left + right) // 2 + 1, 100))
    for corners in ((22, 68, 42, 30), (42, 30, 70, 26), (70, 26, 48, 68), (42, 30, 48, 68), (22, 68, 48, 68)):
        line(view, paint, corners, thickness)
    line(view, paint, (78, 68, 70, 8), thickness)
    rectangle(view, COLOURS["rubber"], (34, 20, 50, 27))
    rectangle(view, COLOURS["rubber"], (62, 0, 82, 8))
    rectangle(view, COLOURS["rubber"], (0, 64, 2, 72))
    rectangle(view, COLOURS["rubber"], (98, 64, 100, 72))


def _sign(patch: Patch, style: int) -> None:
    height, width = patch.shape
    rectangle(patch, COLOURS["pole"], (45, 0, 55, 100))
    plate = patch[: min(width, height)]
    colour = COLOURS[_SIGNS[style // 4 % 4]]
    rim = COLOURS["sign red" if style // 4 % 4 >= 2 else "sign white"]
    _PLATES[style % 4](plate, colour, rim)


def _round_plate(plate: Patch, colour: int, rim: int) -> None:
    ellipse(plate, rim, _FULL)
    ellipse(plate, colour, (12, 12, 88, 88))
    rectangle(plate, rim, (26, 43, 74, 57))
    _touch_sides(plate, rim)


def _square_plate(plate: Patch, colour: int, rim: int) -> None:
    rectangle(plate, rim, _FULL)
    rectangle(plate, colour, (10, 10, 90, 90))
    rectangle(plate, rim, (44, 26, 56, 74))


def _triangle_plate(plate: Patch, colour: int, rim: int) -> None:
    polygon(plate, rim, ((50, 0), (100, 100), (0, 100)))
    rectangle(plate, rim, (47, 0, 53, 4))
    polygon(plate, colour, ((50, 24), (84, 90), (16, 90)))
    plate[-1, :] = rim


def _diamond_plate(plate: Patch, colour: int, rim: int) -> None:
    polygon(plate, rim, ((50, 0), (100, 50), (50, 100), (0, 50)))
    polygon(plate, colour, ((50, 16), (84, 50), (50, 84), (16, 50)))
    _touch_sides(plate, rim)


def _touch_sides(plate: Patch, colour: int) -> None:
    rectangle(plate, colour, (46, 0, 54, 4))
    rectangle(plate, colour, (0, 46, 4, 54))
    rectangle(plate, colour, (96, 46, 100, 54))


def _people(patch: Patch, style: int) -> None:
    """A dense group: two rows of people that cover each other, drawn back to front."""
    height, width = patch.shape
    person_height = height * 4 // 5
    person_width = max(4, person_height * 2 // 5)
    for row, bottom in enumerate((person_height, height)):
        for place, left in enumerate(range(row * person_width // 3, width - person_width + 1, person_width * 2 // 3)):
            _stamp(patch, (style + 5 * place + 7 * row) % STYLES, left, bottom, (person_width, person_height))
        _stamp(patch, (style + row) % STYLES, 0 if row else width - person_width, bottom, (person_width, person_height))


def _stamp(patch: Patch, style: int, left: int, bottom: int, size: tuple[int, int]) -> None:
    person = sketch("person", style, *size)
    view = patch[bottom - size[1] : bottom, left : left + size[0]]
    view[person > 0] = person[person > 0]


def _hoarding(patch: Patch, style: int) -> None:
    rectangle(patch, COLOURS["steel"], _FULL)
    for left in range(2, 98, 16):
        rectangle(patch, COLOURS["wall 3" if style % 2 else "cabin"], (left, 5, left + 13, 95))


def _bush(patch: Patch, style: int) -> None:
    leaves, light = COLOURS["leaves 1"], COLOURS["leaves 2"]
    ellipse(patch, leaves, (0, 20, 56, 100))
    ellipse(patch, leaves, (44, 20, 100, 100))
    rectangle(patch, leaves, (0, 58, 100, 100))
    ellipse(patch, leaves, (18, 0, 82, 90))
    ellipse(patch, light, (26 + style, 14, 50 + style, 40))
    rectangle(patch, leaves, (47, 0, 53, 6))


def _container(patch: Patch, style: int) -> None:
    rectangle(patch, COLOURS["paint 4"], _FULL)
    for left in range(2, 98, 8):
        rectangle(patch, COLOURS[f"container {style % 3 + 1}"], (left, 4, left + 7, 96))


_SKETCHES = {
    "car": _car,
    "van": _van,
    "person": _person,
    "bicycle": _bicycle,
    "sign": _sign,
    "people": _people,
    "hoarding": _hoarding,
    "bush": _bush,
    "container": _container,
}
_PLATES = (_round_plate, _square_plate, _triangle_plate, _diamond_plate)
