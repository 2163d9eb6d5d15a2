"""From a scene to pixels: things painted back to front over a backdrop, so that what is covered is really hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mapgap.demo.backdrops import HEIGHT, WIDTH, backdrop
from mapgap.demo.chance import stream
from mapgap.demo.descriptions import Scene, Thing
from mapgap.demo.palette import palette
from mapgap.demo.things import sketch

if TYPE_CHECKING:
    from PIL.Image import Image


_BACKDROP_STREAM = 2


def render_image(scene: Scene) -> Image:
    """The picture of a scene: RGB, 320 x 240, few flat colours, the same pixels on every machine."""
    from PIL import Image

    return Image.fromarray(render_pixels(scene))


def render_pixels(scene: Scene) -> NDArray[np.uint8]:
    """(240, 320, 3) red, green and blue of the picture of a scene."""
    canvas = backdrop(scene.place, stream(scene.seed, scene.number, _BACKDROP_STREAM))
    for thing in scene.things:
        x, y, width, height = thing.box
        patch = sketch(thing.kind, thing.style, width, height)
        view = canvas[y : y + height, x : x + width]
        view[patch > 0] = patch[patch > 0]
    return palette(scene.time_of_day, scene.exposure)[canvas]


def visible_shares(things: tuple[Thing, ...]) -> list[float]:
    """For each thing, the share of its drawn pixels that no later thing hides; things are given back to front."""
    is_taken = np.zeros((HEIGHT, WIDTH), dtype=bool)
    shares = []
    for thing in reversed(things):
        x, y, width, height = thing.box
        is_drawn = sketch(thing.kind, thing.style, width, height) > 0
        place = is_taken[y : y + height, x : x + width]
        drawn, hidden = int(np.count_nonzero(is_drawn)), int(np.count_nonzero(is_drawn & place))
        shares.append((drawn - hidden) / drawn)
        place |= is_drawn
    return shares[::-1]
