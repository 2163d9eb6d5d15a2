"""What is where in each picture: things placed alone, or in pairs of which the front one covers the back one."""

from functools import lru_cache
from math import sqrt

import numpy as np

from mapgap.demo.backdrops import HEIGHT, WIDTH
from mapgap.demo.chance import between, happens, pick, stream, whole
from mapgap.demo.descriptions import CLASSES, OBSTACLES, PLACES, Scene, Thing
from mapgap.demo.drawing import visible_shares
from mapgap.demo.palette import EXPOSURES, TIMES
from mapgap.demo.things import STYLES

_SCENE_STREAM = 0

Group = tuple[Thing, ...]
"""One thing, or two of which the second stands before the first."""

EMPTY_IMAGES = 0.05
CROWDED_IMAGES = 0.06
"""Share of the pictures that show a dense group of people."""
GROUPS = (4, 8)
"""Fewest and most things or pairs of things in a picture."""
CLASS_WEIGHTS = (26, 17, 16, 22, 25)
SIDES = ((8, 30), (34, 88), (98, 122))
"""Square root of the area of small, medium and large things, in pixels."""
SIDE_WEIGHTS = (40, 36, 24)
ASPECTS: dict[str, tuple[tuple[float, float], ...]] = {
    "car": ((1.6, 2.1), (1.05, 1.3)),
    "van": ((1.35, 1.8), (0.85, 1.05)),
    "person": ((0.36, 0.5), (0.36, 0.5), (0.68, 0.85)),
    "bicycle": ((1.35, 1.7), (0.85, 1.2)),
    "sign": ((0.45, 0.7), (0.85, 1.0)),
    "hoarding": ((1.0, 1.5),),
    "bush": ((1.1, 1.6),),
    "container": ((1.3, 1.9),),
}
"""Width / height, one range a view."""
HEAVILY_COVERED = 0.17
PARTLY_COVERED = 0.17
"""Share of the groups that are such a pair."""
HEAVY_SHARE = (0.15, 0.46)
PARTIAL_SHARE = (0.54, 0.86)
"""Visible share of the back thing of a pair."""
COVERING_CLASSES = {
    "car": ("person", "sign"),
    "van": ("person", "sign"),
    "person": ("car", "van", "sign"),
    "sign": ("car", "van", "person"),
    "bicycle": ("car", "van", "person", "sign"),
}
"""Which class may stand before which. Never a car before a van or a van before a car: a van taken for a car would then
look like a loose box of that car."""
BEHIND_OBSTACLES = 0.45
"""Share of the pairs whose front is scenery, so that annotated occlusion is more than overlap with other objects."""
COVERING_SCALE = (1.0, 1.6)
HIDDEN = 0.12
"""A thing of which less is visible is taken out of the scene."""
SPOILT = 0.25
"""A thing or pair is left out where its best place hides more than this of anybody by chance."""
OVERLAP_COST = 0.2
"""How much less a place is liked for overlapping boxes, against hiding pixels."""
_TRIES = 40


def make_scene(seed: int, number: int) -> Scene:
    """The scene of image `number`: times of day and places take turns, so that they are independent of everything."""
    chance = stream(seed, number, _SCENE_STREAM)
    turn = number - 1
    place = PLACES[turn // 3 % 3]
    return Scene(
        seed=seed,
        number=number,
        place=place,
        time_of_day=TIMES[turn % 3],
        exposure=pick(chance, EXPOSURES),
        things=() if happens(chance, EMPTY_IMAGES) else _without_hidden(_back_to_front(_groups(chance, place))),
    )


def _groups(chance: np.random.Generator, place: str) -> list[Group]:
    """Placed groups, the largest first, because large things find no room later."""
    groups: list[Group] = []
    if happens(chance, CROWDED_IMAGES):
        people = Thing("people", whole(chance, 0, STYLES - 1), (0, 0, whole(chance, 60, 110), whole(chance, 26, 44)))
        groups.append(_moved(chance, (people,)))
    spans = [pick(chance, SIDES, SIDE_WEIGHTS) for _ in range(whole(chance, *GROUPS))]
    for side in sorted((between(chance, *span) for span in spans), reverse=True):
        _place(chance, groups, _new_group(chance, side, OBSTACLES[place]))
    return groups


def _new_group(chance: np.random.Generator, side: float, obstacle: str) -> Group:
    """One thing or a pair, at the upper left corner of nowhere in particular."""
    visible = pick(
        chance,
        (None, HEAVY_SHARE, PARTIAL_SHARE),
        (1 - HEAVILY_COVERED - PARTLY_COVERED, HEAVILY_COVERED, PARTLY_COVERED),
    )
    kind = pick(chance, CLASSES, CLASS_WEIGHTS)
    fronts = (obstacle,) if happens(chance, BEHIND_OBSTACLES) else COVERING_CLASSES[kind]
    for _ in range(5):
        back = _thing(chance, kind, side)
        front = _thing(chance, pick(chance, fronts), side * between(chance, *COVERING_SCALE))
        pair = None if visible is None else _pair(chance, back, front, visible)
        if pair is not None:
            return pair
    return (back,)


def _thing(chance: np.random.Generator, kind: str, side: float) -> Thing:
    aspect = sqrt(between(chance, *pick(chance, ASPECTS[kind])))
    width, height = max(4, round(side * aspect)), max(4, round(side / aspect))
    return Thing(kind, whole(chance, 0, STYLES - 1), (0, 0, width, height))


def _pair(chance: np.random.Generator, back: Thing, front: Thing, visible: tuple[float, float]) -> Group | None:
    """Both, so placed that the wanted share of the back one is visible, or None where no such place was found."""
    _, _, width, height = back.box
    _, _, front_width, front_height = front.box
    for _ in range(_TRIES):
        left = whole(chance, -front_width * 4 // 5, width * 4 // 5)
        top = height - front_height + whole(chance, 0, 3)
        pair = _shifted((back, _at(front, left, top)), max(0, -left), max(0, -top))
        if not all(_is_inside(thing) for thing in pair):
            continue
        if visible[0] <= visible_shares(pair)[0] < visible[1]:
            return pair
    return None


def _place(chance: np.random.Generator, groups: list[Group], group: Group) -> None:
    """Add the group on free ground, or where it covers the others least, or not at all."""
    best_cost, best_spoilt, best = 2.0, 1.0, group
    for _ in range(_TRIES):
        moved = _moved(chance, group)
        spoilt = _spoilt([*groups, moved])
        others = [thing for other in groups for thing in other]
        cost = spoilt + OVERLAP_COST * max((_covers(other, thing) for other in others for thing in moved), default=0.0)
        if cost < best_cost:
            best_cost, best_spoilt, best = cost, spoilt, moved
        if best_cost < 0.02:
            break
    if best_spoilt < SPOILT:
        groups.append(best)


def _moved(chance: np.random.Generator, group: Group) -> Group:
    """The group on the ground: small things may stand far away, tall ones stand near; a few reach the border."""
    width = max(thing.box[0] + thing.box[2] for thing in group)
    height = max(thing.box[1] + thing.box[3] for thing in group)
    bottom = whole(chance, max(106, min(HEIGHT - 8, height + 20)), HEIGHT - 1)
    left = whole(chance, -12, WIDTH - width + 12)
    return _shifted(group, min(max(left, 0), WIDTH - width), max(bottom - height, 0))


def _shifted(group: Group, right: int, down: int) -> Group:
    return tuple(_at(thing, thing.box[0] + right, thing.box[1] + down) for thing in group)


def _at(thing: Thing, left: int, top: int) -> Thing:
    return Thing(thing.kind, thing.style, (left, top, thing.box[2], thing.box[3]))


def _is_inside(thing: Thing) -> bool:
    left, top, width, height = thing.box
    return left >= 0 and top >= 0 and left + width <= WIDTH and top + height <= HEIGHT


def _covers(front: Thing, back: Thing) -> float:
    """Share of the back thing's box inside the front thing's box."""
    x, y, width, height = back.box
    front_x, front_y, front_width, front_height = front.box
    across = min(x + width, front_x + front_width) - max(x, front_x)
    down = min(y + height, front_y + front_height) - max(y, front_y)
    return max(across, 0) * max(down, 0) / (width * height)


def _back_to_front(groups: list[Group]) -> Group:
    """All things by the lower edge of their group's last thing: who stands lower in the picture stands nearer."""
    ends = [group[-1].box[1] + group[-1].box[3] for group in groups]
    return tuple(
        thing for place in sorted(range(len(groups)), key=lambda place: ends[place]) for thing in groups[place]
    )


def _spoilt(groups: list[Group]) -> float:
    """How much of anybody the groups hide of each other, beyond what each pair is meant to hide."""
    things = _back_to_front(groups)
    shares = dict(zip(things, visible_shares(things), strict=True))
    return max(
        meant - shares[thing] for group in groups for thing, meant in zip(group, _meant_shares(group), strict=True)
    )


@lru_cache(maxsize=256)
def _meant_shares(group: Group) -> list[float]:
    return visible_shares(group)


def _without_hidden(things: Group) -> Group:
    """The things that can be seen; taking one out may uncover another, so one at a time, the least visible first."""
    while things:
        shares = visible_shares(things)
        least = min(range(len(things)), key=lambda place: (shares[place], place))
        if shares[least] >= HIDDEN:
            break
        things = things[:least] + things[least + 1 :]
    return things
