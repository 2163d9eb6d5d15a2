"""What thresholds are chosen on and judged by: detections, objects, and the parts of both with one threshold each."""

from dataclasses import dataclass

import numpy as np

from mapgap.tables import BoolArray, FloatArray, IdArray, IndexArray


@dataclass(frozen=True)
class Population:
    """One row a detection that counts at the analysis IoU, one an object; both by index of their image."""

    score: FloatArray
    right: BoolArray
    """Whether the detection matches an object."""
    cost: FloatArray
    """By how much the cost of all errors changes when the detection is kept."""
    image: IndexArray
    object_image: IndexArray
    object_cost: FloatArray
    """What an object costs if nothing is kept."""
    chosen_on: BoolArray
    """(I,) which images thresholds are chosen on; they are judged on the others."""

    @property
    def everything(self) -> "Part":
        """All detections and objects."""
        return Part(np.arange(len(self.score)), np.arange(len(self.object_image)))

    def half(self, part: "Part", *, chosen_on: bool) -> "Part":
        """What of a part is in the images to choose on, or in the others."""
        is_in = self.chosen_on == chosen_on
        return Part(
            part.detections[is_in[self.image[part.detections]]], part.objects[is_in[self.object_image[part.objects]]]
        )


@dataclass(frozen=True)
class Part:
    """Rows of detections and of objects that one threshold is for, such as those of a class or of a slice."""

    detections: IdArray
    objects: IdArray


def parts_by_code(of_detections: IndexArray, of_objects: IndexArray, codes: int) -> list[Part]:
    """The part of each code from 0 on."""
    return [
        Part(rows, objects)
        for rows, objects in zip(_rows_by_code(of_detections, codes), _rows_by_code(of_objects, codes), strict=True)
    ]


def _rows_by_code(values: IndexArray, codes: int) -> list[IdArray]:
    order = np.argsort(values, kind="stable")
    return np.split(order, np.searchsorted(values[order], np.arange(1, codes)))
