"""Small data sets with one thing wrong, for the rules that give advice."""

from typing import Any

import mapgap
from mapgap.tables import Recommendation

Box = list[float]
IMAGES = 120


class World:
    """A COCO pair under construction; boxes up to 1,000 have one position, the first third of the picture."""

    def __init__(self, images: int = IMAGES, **image_fields: Any):
        self.images = [
            {
                "id": i,
                "width": 3000,
                "height": 3000,
                "file_name": f"{i}.jpg",
                **{name: values[i % len(values)] for name, values in image_fields.items()},
            }
            for i in range(1, images + 1)
        ]
        self.annotations: list[dict[str, Any]] = []
        self.detections: list[dict[str, Any]] = []
        self.names: list[str] = []

    def ids(self) -> list[int]:
        return [image["id"] for image in self.images]

    def object(self, image: int, box: Box, name: str = "thing", **attributes: Any) -> None:
        self.annotations.append(
            {
                "id": len(self.annotations) + 1,
                "image_id": image,
                "category_id": self._category(name),
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
                "attributes": attributes,
            }
        )

    def detection(self, image: int, box: Box, name: str = "thing", score: float = 0.9) -> None:
        self.detections.append({"image_id": image, "category_id": self._category(name), "bbox": box, "score": score})

    def found(self, image: int, box: Box, name: str = "thing", score: float = 0.9, **attributes: Any) -> None:
        """An object with an exact detection."""
        self.object(image, box, name, **attributes)
        self.detection(image, box, name, score)

    @property
    def ground_truth(self) -> dict[str, Any]:
        """In COCO's form."""
        categories = [{"id": k, "name": name} for k, name in enumerate(self.names)]
        return {"images": self.images, "annotations": self.annotations, "categories": categories}

    def analysis(self, **options: Any) -> mapgap.Analysis:
        return mapgap.analyze(self.ground_truth, self.detections, **{"resamples": 0, **options})

    def advice(self, cause: str, **options: Any) -> list[Recommendation | None]:
        """Of every hot spot of the cause; there must be one."""
        modes = [mode for mode in self.analysis(**options).results.failure_modes if mode.cause == cause]
        assert modes, f"no hot spot of {cause}"
        return [mode.recommendation for mode in modes]

    def actions(self, cause: str, **options: Any) -> set[str | None]:
        return {advice and advice.action for advice in self.advice(cause, **options)}

    def _category(self, name: str) -> int:
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)


def missed_small(*, only_at_night: bool) -> World:
    """Small objects nothing is proposed for, everywhere or at night only; larger ones are found."""
    world = World(time=["day", "night"])
    for i in world.ids():
        world.found(i, [500, 500, 64, 64])
        if i % 2 == 0 or not only_at_night:
            world.object(i, [100, 100, 20, 20])
        else:
            world.found(i, [100, 100, 20, 20])
    world.detection(1, [2500, 2500, 20, 20], score=0.01)
    return world


def missed_in(attribute: str, value: str) -> World:
    """Objects nothing is proposed for in every second image, which has the value."""
    world = World(**{attribute: ["other", value]})
    for i in world.ids():
        for x in (100, 500):
            (world.found if i % 2 == 0 or x == 500 else world.object)(i, [x, 100, 64, 64])
    world.detection(1, [2500, 2500, 20, 20], score=0.01)
    return world


def loose(attribute: str, shares: tuple[float, ...], *, kept: int = IMAGES) -> World:
    """Objects with the value "heavy" get boxes of their own corner and these shares of their width, by turns.

    All but the first `kept` boxes have a score of .1.
    """
    world = World()
    for i in world.ids():
        world.found(i, [500, 500, 100, 100], **{attribute: "none"})
        world.object(i, [100, 100, 100, 100], **{attribute: "heavy"})
        world.detection(i, [100, 100, 100 * shares[i % len(shares)], 100], score=0.9 if i <= kept else 0.1)
    return world


def suppressed_neighbours(*, iou_of_kept: float) -> World:
    """Pairs of objects with IoU .6, the second of each hidden and with a loose box; other kept pairs overlap too."""
    world = World()
    for i in world.ids():
        if i % 3:
            world.found(i, [100, 100, 100, 100], occlusion="none")
            world.object(i, [125, 100, 100, 100], occlusion="heavy")
            world.detection(i, [150, 100, 100, 200])
        shift = 100 * (1 - iou_of_kept) / (1 + iou_of_kept)
        world.found(i, [500, 500, 100, 100], occlusion="none")
        world.found(i, [500 + shift, 500, 100, 100], occlusion="none")
    return world


def mixed_up(called: tuple[str, ...]) -> World:
    """Objects of class van are called by these names, by turns; five other classes are named rightly."""
    world = World()
    for i in world.ids():
        for place, name in enumerate(("car", "bus", "truck", "bike", "cart")):
            world.found(i, [100 + 150 * place, 500, 100, 100], name)
        world.object(i, [100, 100, 100, 100], "van")
        world.detection(i, [100, 100, 100, 100], called[i % len(called)])
    return world


def called_at_night(names: tuple[str, ...]) -> World:
    """At night the objects of four classes are called by these names; by day they are named rightly."""
    world = World(time=["day", "night"])
    classes = ("a", "b", "c", "d")
    for i in world.ids():
        for place, name in enumerate(classes):
            is_night = i % 2 == 1
            world.object(i, [100 + 150 * place, 500, 100, 100], name)
            called = names[(place + i // 2 + 1) % len(names)] if is_night else name
            world.detection(i, [100 + 150 * place, 500, 100, 100], called)
        world.found(i, [100, 100, 100, 100], "e")
    return world


def duplicated(*, iou: float, pairs: int, of_pairs: float = 0.7) -> World:
    """Second boxes in the harbour, `iou` with the first, and pairs of found objects that overlap by `of_pairs`."""
    world = World(scene=["street", "harbour"])
    shift = 100 * (1 - iou) / (1 + iou)
    for i in world.ids():
        world.found(i, [100, 100, 100, 100])
        world.found(i, [400, 100, 100, 100], score=0.5)
        if i % 2:
            world.detection(i, [100 + shift, 100, 100, 100], score=0.8)
        for place in range(pairs):
            world.found(i, [300 * place, 500, 100, 100])
            apart = 100 * (1 - of_pairs) / (1 + of_pairs)
            world.found(i, [300 * place + apart, 500, 100, 100], score=0.85)
    return world


def alarms_in_harbour(score: float) -> World:
    """Boxes on nothing in the harbour, with this score; right ones score .3 to .99."""
    world = World(scene=["street", "harbour"])
    for i in world.ids():
        world.found(i, [100, 100, 100, 100], score=0.3 + 0.69 * (i % 7) / 6)
        world.found(i, [600, 100, 100, 100], score=0.3 + 0.69 * (i % 5) / 4)
        if i % 2:
            world.detection(i, [500, 700, 100, 100], score=score)
    return world


def faint_at_night(right_in: set[int], *, of: str = "image", images: int = 400) -> World:
    """Faint boxes: by day on nothing, at night on objects in the images `right_in` and on nothing in the others.

    Night is a value of the image or, as a detector cannot know it, of the object, or shows in the number of objects.
    """
    world = World(images, **({"time": ["day", "night"]} if of == "image" else {}))
    for i in world.ids():
        time = {} if of != "object" else {"time": "night" if i % 2 else "day"}
        for x in (100, 300, 500):
            world.found(i, [x, 100, 64, 64], **time)
        if i % 2 == 0:
            for x in (100, 200, 300, 400, 500, 600):
                world.detection(i, [x, 700, 64, 64], score=0.3)
            for x in (100, 300, 500) if of != "number" else ():
                world.found(i, [x, 400, 64, 64], **time)
            continue
        for x in (100, 300, 500):
            world.object(i, [x, 400, 64, 64], **time)
            world.detection(i, [x, 400 if i in right_in else 800, 64, 64], score=0.3)
    return world


def beyond_the_limit(alarms: int) -> World:
    """Parking lots where so many boxes on nothing come before the one right box."""
    world = World(80, scene=["street", "lot"])
    for i in world.ids():
        world.found(i, [900, 900, 64, 64], score=0.99)
        if i % 2:
            world.object(i, [800, 100, 64, 64])
            for place in range(alarms):
                world.detection(i, [60 * (place % 12), 60 * (place // 12), 20, 20], score=0.5)
            world.detection(i, [800, 100, 64, 64], score=0.1)
    return world
