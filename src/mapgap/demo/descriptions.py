"""The frozen descriptions that the demo's modules pass on: things, scenes, planted weaknesses, and the whole demo."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CLASSES = ("car", "person", "sign", "bicycle", "van")
"""Category names; the category id is the place in this tuple, from 1."""

PLACES = ("street", "park", "harbour")

OBSTACLES = {"street": "hoarding", "park": "bush", "harbour": "container"}
"""What stands before things in each place without being an object: it hides, but has no annotation."""


@dataclass(frozen=True)
class Thing:
    """One drawn thing: its kind, the number of its look, and its full extent (x, y, width, height) in whole pixels."""

    kind: str
    """One of CLASSES, "people" for a dense group, or one of OBSTACLES."""
    style: int
    box: tuple[int, int, int, int]

    @property
    def is_annotated(self) -> bool:
        """Whether the ground truth has an annotation of it."""
        return self.kind not in OBSTACLES.values()


@dataclass(frozen=True)
class Scene:
    """Everything that one picture is drawn from; `things` are in drawing order, back to front."""

    seed: int
    number: int
    """The image id, from 1; with `seed` it starts the picture's own random numbers."""
    place: str
    time_of_day: str
    exposure: int
    """Sixteenths of the usual brightness of the time of day."""
    things: tuple[Thing, ...]

    @property
    def file_name(self) -> str:
        """The picture's name, with a forward slash on every system."""
        return f"images/{self.number:04d}.png"


@dataclass(frozen=True)
class Weakness:
    """One planted weakness: the cause of its errors, the slice it strikes, and the same in plain words."""

    cause: str
    where: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class PlantedChange:
    """What a later detector does better ("fixed") or worse ("broken"), where, and the same in plain words."""

    change: str
    where: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class WrongLabel:
    """One ground-truth object whose class was changed on purpose: what the file says and what is in the picture."""

    annotation_id: int
    labelled: str
    drawn: str


@dataclass(frozen=True)
class Demo:
    """Ground truth and detections in COCO layout, what was planted in them, and the scenes to draw."""

    ground_truth: dict[str, Any]
    detections: list[dict[str, Any]]
    weaknesses: tuple[Weakness, ...]
    wrong_labels: tuple[WrongLabel, ...]
    scenes: tuple[Scene, ...]
    later_detections: list[dict[str, Any]]
    """Of the same detector after one more round of training."""
    changes: tuple[PlantedChange, ...]
    """What that changed."""
