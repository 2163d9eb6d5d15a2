"""What all runs on one ground truth share: read once, joined once, its pictures measured once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import Any

from mapgap.analysis.joined import read_attributes
from mapgap.analysis.outside_pictures import require_pictures_inside
from mapgap.analysis.sources import AttributesSource, GroundTruthSource, read_truth
from mapgap.attributes import Joined
from mapgap.pictures.places import picture_folder
from mapgap.pixels.measuring import Count, Measurements, measure_pictures
from mapgap.readings import USUAL, Reading
from mapgap.tables import GroundTruth, JoinedFile


@dataclass
class Truth:
    """A ground truth with what is joined to it and what its pictures show; each is made when first asked for."""

    source: GroundTruthSource
    iou_type: str = "bbox"
    images: str | PathLike[str] | None = None
    """The folder of its pictures."""
    attributes: AttributesSource | None = None
    jobs: int = 0
    """How many processes look at pictures, 0 for one a core."""
    reading: Reading = USUAL
    """How both inputs are read."""
    _measured: Measurements | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.images is not None:
            picture_folder(self.images)  # told before the work, not in the middle of it

    @cached_property
    def table(self) -> GroundTruth:
        """The ground truth. Raises InputError, AccessError."""
        return read_truth(self.source, self.iou_type, reading=self.reading)

    @cached_property
    def joined(self) -> tuple[Joined, JoinedFile] | None:
        """The joined columns and where they come from; None if nothing is joined."""
        return None if self.attributes is None else read_attributes(self.attributes, self.table)

    def measurements(self, count: Count | None = None) -> Measurements:
        """What the pictures show; `count` is told how many are done, the first time.

        Raises InputError for names that lead out of the folder, unless reading is lenient.
        """
        if self.images is None:
            raise ValueError("there is no folder of pictures")
        if self._measured is None:
            if not self.reading.lenient:
                require_pictures_inside(self.table, picture_folder(self.images))
            self._measured = measure_pictures(self.table, self.images, jobs=self.jobs, count=count)
        return self._measured


def truth_of(source: GroundTruthSource, options: Mapping[str, Any]) -> Truth:
    """The ground truth as the options of `analyze` have it."""
    return Truth(
        source,
        options.get("iou_type", "bbox"),
        options.get("images"),
        options.get("attributes"),
        options.get("jobs", 0),
        options.get("reading", USUAL),
    )
