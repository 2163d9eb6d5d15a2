"""The colours of the pictures by day, at dusk and at night, as whole numbers."""

import numpy as np
from numpy.typing import NDArray

TIMES = ("day", "dusk", "night")
NOTHING = 0
EXPOSURES = (15, 16, 17)
"""Sixteenths by which a picture is darker or brighter than its time of day."""

_DAY: dict[str, tuple[int, int, int]] = {
    "nothing": (0, 0, 0),
    "sky 1": (112, 170, 226),
    "sky 2": (140, 190, 234),
    "sky 3": (170, 208, 240),
    "sky 4": (200, 224, 244),
    "cloud": (236, 242, 248),
    "wall 1": (196, 150, 120),
    "wall 2": (170, 174, 180),
    "wall 3": (214, 196, 158),
    "wall 4": (150, 120, 112),
    "roof": (120, 72, 64),
    "pavement": (186, 184, 178),
    "kerb": (214, 212, 206),
    "road": (108, 110, 116),
    "road near": (96, 98, 104),
    "marking": (232, 230, 220),
    "grass 1": (128, 184, 96),
    "grass 2": (112, 170, 84),
    "grass 3": (98, 154, 74),
    "leaves 1": (66, 124, 62),
    "leaves 2": (84, 142, 70),
    "trunk": (104, 78, 56),
    "path": (210, 192, 150),
    "water 1": (84, 140, 184),
    "water 2": (104, 160, 200),
    "hull": (70, 78, 104),
    "cabin": (232, 232, 228),
    "steel": (206, 148, 54),
    "container 1": (176, 84, 66),
    "container 2": (62, 116, 138),
    "container 3": (106, 140, 84),
    "quay 1": (176, 172, 166),
    "quay 2": (162, 158, 152),
    "quay 3": (148, 144, 140),
    "paint 1": (204, 52, 48),
    "paint 2": (44, 92, 182),
    "paint 3": (240, 240, 236),
    "paint 4": (60, 64, 72),
    "paint 5": (236, 188, 52),
    "paint 6": (54, 134, 92),
    "paint 7": (226, 122, 44),
    "paint 8": (128, 84, 160),
    "glass": (64, 84, 104),
    "rubber": (34, 34, 38),
    "rim": (168, 170, 176),
    "skin 1": (232, 188, 152),
    "skin 2": (142, 98, 72),
    "hair": (58, 42, 34),
    "trousers 1": (52, 66, 108),
    "trousers 2": (84, 76, 68),
    "pole": (134, 138, 144),
    "sign red": (206, 32, 40),
    "sign blue": (28, 84, 178),
    "sign yellow": (246, 206, 40),
    "sign white": (246, 246, 242),
    "lamp": (236, 232, 206),
    "tail lamp": (150, 28, 30),
    "window": (98, 122, 146),
    "lit window": (98, 122, 146),
}

# What shines by itself or is lit from behind does not darken with the rest.
_DUSK: dict[str, tuple[int, int, int]] = {
    "sky 1": (78, 66, 110),
    "sky 2": (120, 82, 116),
    "sky 3": (172, 104, 106),
    "sky 4": (214, 136, 92),
    "cloud": (190, 120, 110),
    "lamp": (255, 236, 170),
    "tail lamp": (220, 40, 36),
    "lit window": (232, 190, 104),
}
_NIGHT: dict[str, tuple[int, int, int]] = {
    "sky 1": (8, 10, 28),
    "sky 2": (12, 14, 36),
    "sky 3": (16, 20, 44),
    "sky 4": (22, 26, 52),
    "cloud": (24, 28, 50),
    "lamp": (255, 232, 150),
    "tail lamp": (190, 26, 26),
    "lit window": (206, 166, 82),
}

COLOURS: dict[str, int] = {name: number for number, name in enumerate(_DAY)}


def palette(time_of_day: str, exposure: int = 16) -> NDArray[np.uint8]:
    """(C, 3) red, green and blue of every colour number, at a time of day and an exposure in sixteenths."""
    rows = [_toned(name, colour, time_of_day) for name, colour in _DAY.items()]
    return np.minimum(np.array(rows, dtype=np.int64) * exposure // 16, 255).astype(np.uint8)


def _toned(name: str, colour: tuple[int, int, int], time_of_day: str) -> tuple[int, int, int]:
    red, green, blue = colour
    if time_of_day == "dusk":
        return _DUSK.get(name, (red * 124 // 256 + 8, green * 104 // 256 + 2, blue * 116 // 256 + 10))
    if time_of_day == "night":
        return _NIGHT.get(name, (red * 60 // 256 + 3, green * 62 // 256 + 4, blue * 78 // 256 + 9))
    return colour
