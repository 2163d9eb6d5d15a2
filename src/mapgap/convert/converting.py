"""A conversion by the name of its format, as `mapgap convert` asks for it."""

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any

from mapgap.convert.bdd100k import from_bdd100k, results_from_bdd100k
from mapgap.convert.chosen_pictures import Only
from mapgap.convert.class_lists import Classes
from mapgap.convert.converted import Converted
from mapgap.convert.detecting import BDD100K, FORMATS, KITTI, VOC, YOLO, format_of
from mapgap.convert.kitti import from_kitti, results_from_kitti
from mapgap.convert.voc import from_voc
from mapgap.convert.yolo import from_yolo, results_from_yolo
from mapgap.errors import InputError

WITHOUT_A_CHOICE = {
    (YOLO, False): ("difficult", "corners"),
    (VOC, False): (),
    (KITTI, False): ("difficult",),
    (BDD100K, False): ("difficult", "images"),
    (YOLO, True): ("difficult", "corners", "images", "only"),
    (KITTI, True): ("difficult", "images", "classes", "only"),
    (BDD100K, True): ("difficult", "images", "classes", "only"),
}
"""(format, whether results are read) -> the options that mean nothing there."""


@dataclass(frozen=True)
class Asked:
    """What the user wants beyond the format; None for what was not said."""

    images: str | PathLike[str] | None = None
    classes: Classes | None = None
    only: Only | None = None
    results_for: Any = None
    """The ground truth of results; without it the source is ground truth."""
    difficult: str | None = None
    corners: str | None = None
    max_input_bytes: int | None = None


def convert(source: str | PathLike[str], source_format: str | None = None, asked: Asked | None = None) -> Converted:
    """Ground truth, or detections where `results_for` is given.

    InputError for a format that there is not, an option that means nothing for it, and all that its reader refuses.
    """
    asked = asked or Asked()
    name = format_of(source) if source_format is None else source_format
    if name not in FORMATS:
        raise InputError(f"there is no format {name!r}", fix=f"Use one of: {', '.join(FORMATS)}")
    is_results = asked.results_for is not None
    if name == VOC and is_results:
        raise InputError(
            "VOC's annotations are no results", fix="Leave out --results-for, or give results of another format"
        )
    given = {
        option: value
        for option in ("images", "classes", "only", "difficult", "corners", "max_input_bytes")
        if (value := getattr(asked, option)) is not None
    }
    for option in WITHOUT_A_CHOICE[name, is_results]:
        if option in given:
            kind = "results" if is_results else "labels"
            raise InputError(f"--{option} means nothing for {name} {kind}", fix="Leave it out")
    if is_results:
        return _RESULTS[name](source, asked.results_for, **given)
    return _LABELS[name](source, **given)


_LABELS: dict[str, Callable[..., Converted]] = {
    YOLO: from_yolo,
    VOC: from_voc,
    KITTI: from_kitti,
    BDD100K: from_bdd100k,
}
_RESULTS: dict[str, Callable[..., Converted]] = {
    YOLO: results_from_yolo,
    KITTI: results_from_kitti,
    BDD100K: results_from_bdd100k,
}
